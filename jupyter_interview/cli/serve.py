"""How does ``jupyter interview`` start?

As a stock Jupyter server with JupyterLab, in which our extension is always on and a failure to load it is fatal: a
server that went on without it would be an unguarded JupyterLab. Configuration files and options count as ever; the
values here only replace Jupyter's defaults.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Any

from jupyter_server.serverapp import ServerApp

from ..app import InterviewApp

# Rooms have a document server of their own, and two of them would write into one document twice: stock real-time
# collaboration is off in what we start. It belongs to `jupyter lab`, where it stays as it was.
EXTENSIONS = {
    "jupyter_interview": True,
    "jupyterlab": True,
    "jupyter_server_ydoc": False,
    "jupyter_server_fileid": False,
}


def defaults() -> dict[str, Any]:
    """Values of `ServerApp`'s traits that differ from Jupyter's own defaults."""
    return {
        "allow_unauthenticated_access": False,
        "default_url": "/lab",
        "ip": "127.0.0.1",
        "jpserver_extensions": dict(EXTENSIONS),
        # A body is read whole before anybody looks at it, also a stranger's.
        "max_body_size": 64 * 1024 * 1024,
        "open_browser": True,
        "reraise_server_extension_failures": True,
    }


def make_server(arguments: Sequence[str]) -> ServerApp:
    """A server that is configured and listens, but does not run yet."""
    server: ServerApp = ServerApp.instance(**defaults())
    server.aliases = {**server.aliases, **InterviewApp.aliases}
    server.initialize(argv=list(arguments), starter_extension=InterviewApp.name)
    return server


# The event loop and the database's writer share one interpreter. At Python's own 5 ms either can hold up the other for
# as long as a keystroke takes altogether.
_SWITCH_SECONDS = 0.0005


def main(arguments: Sequence[str]) -> int:
    """Serve until stopped."""
    server = make_server(arguments)
    set_interpreter()
    server.start()
    return 0


def set_interpreter() -> None:
    """Set Python as a server needs it, once everything is loaded."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    # What is loaded by now stays. While the collector looks through it, the event loop stands still.
    gc.collect()
    gc.freeze()
