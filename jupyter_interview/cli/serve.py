"""How does ``jupyter interview`` start?

As a stock Jupyter server with JupyterLab, in which our extension is always on and a failure to load it is fatal: a
server that went on without it would be an unguarded JupyterLab. Configuration files and options count as ever; the
values here only replace Jupyter's defaults.
"""

from __future__ import annotations

import gc
import logging
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from jupyter_server import serverapp
from jupyter_server.utils import JupyterServerAuthWarning

from ..app import InterviewApp, Unusable
from ..core.network import Proxies
from ..web.entrance import Entrance
from .later import collecting_later, import_lab
from .output import tell

# Rooms have a document server of their own, and two of them would write into one document twice: stock real-time
# collaboration is off in what we start. It belongs to `jupyter lab`, where it stays as it was.
EXTENSIONS = {
    "jupyter_interview": True,
    "jupyterlab": True,
    "jupyter_server_ydoc": False,
    "jupyter_server_fileid": False,
}

_LOCAL = ("127.0.0.0/8", "::1")


def defaults() -> dict[str, Any]:
    """Values of `ServerApp`'s traits that differ from Jupyter's own defaults."""
    return {
        "allow_unauthenticated_access": False,
        "default_url": "/lab",
        "ip": "127.0.0.1",
        "jpserver_extensions": dict(EXTENSIONS),
        # For those who are logged in: `web.entrance`.
        "max_body_size": 64 * 1024 * 1024,
        "open_browser": True,
        "reraise_server_extension_failures": True,
    }


class ServerApp(serverapp.ServerApp):
    """Jupyter's server with our entrance."""

    def init_httpserver(self) -> None:
        """Make it; upstream has one of its own, which is not bound yet."""
        super().init_httpserver()
        interview = self.web_app.settings["interview_app"]
        self._http_server = Entrance(
            self.web_app,
            proxies=self._proxies(interview.trusted_proxies),
            warn=_Once(self.log.warning),
            ssl_options=self.ssl_options,
            max_body_size=self.max_body_size,
            max_buffer_size=self.max_buffer_size,
        )

    def _proxies(self, named: list[str]) -> Proxies:
        if named:
            return Proxies(named)
        if self.trust_xheaders:
            self.log.warning(
                "c.ServerApp.trust_xheaders believes proxies on this machine (%s). Name others, and these, in "
                "c.InterviewApp.trusted_proxies.",
                ", ".join(_LOCAL),
            )
            return Proxies(_LOCAL)
        if self.allow_remote_access or set(self.local_hostnames) - {"localhost"}:
            self.log.warning(
                "This server is meant to be reached from elsewhere, and no proxy is named in "
                "c.InterviewApp.trusted_proxies: behind one, all visitors count as one address."
            )
        return Proxies()


class _Once:
    """Says something the first time only."""

    def __init__(self, say: Callable[..., None]) -> None:
        self._say: Callable[..., None] | None = say

    def __call__(self, *words: object) -> None:
        say, self._say = self._say, None
        if say is not None:
            say(*words)


def make_server(arguments: Sequence[str]) -> ServerApp:
    """A server that is configured and listens, but does not run yet.

    Raises:
        Unusable: the configuration of `InterviewApp`, or what it names, cannot be used.
    """
    import_lab()
    server: ServerApp = ServerApp.instance(**defaults())
    server.classes = [*server.classes, InterviewApp]
    for log in (server.log, logging.getLogger("LabApp")):
        log.addFilter(_is_news)
    server.aliases = {**server.aliases, **InterviewApp.aliases}
    server.initialize(argv=list(arguments), starter_extension=InterviewApp.name)
    _tell(server)
    return server


_NOISE = re.compile(
    r"extension was successfully |^Skipped non-installed|^JupyterLab (extension|application)|^Extension (Man|pack)"
)

# The event loop and the database's writer share one interpreter. At Python's own 5 ms either can hold up the other for
# as long as a keystroke takes altogether.
_SWITCH_SECONDS = 0.0005


def main(arguments: Sequence[str]) -> int:
    """Serve until stopped; exit status 1 and a line where it cannot."""
    # Of upstream's own handlers, which its own extensions would have to mend.
    warnings.filterwarnings("ignore", category=JupyterServerAuthWarning)
    try:
        with collecting_later():
            server = make_server(arguments)
    except Unusable as problem:
        tell(str(problem), error=True)
        return 1
    set_interpreter()
    server.start()
    return 0


def _is_news(record: logging.LogRecord) -> bool:
    """Not what upstream says at each start, whether anybody needs it or not."""
    return record.levelno > logging.INFO or _NOISE.search(str(record.msg)) is None


def _tell(server: ServerApp) -> None:
    """What our modules say goes where the server's own words go."""
    ours = logging.getLogger(InterviewApp.name)
    ours.handlers = list(server.log.handlers)
    ours.setLevel(server.log.level)
    ours.propagate = False


def set_interpreter() -> None:
    """Set Python as a server needs it, once everything is loaded."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    # What is loaded by now stays. While the collector looks through it, the event loop stands still.
    gc.collect()
    gc.freeze()
