"""Under which licences is what the server's own user gets from JupyterLab and from us?

JupyterLab's report, with two differences. Ours has the replay page's bundle, too. And it answers when it refuses: the
stock handler overrides `finish` with a coroutine that wants a type of contents, so that a stranger, and whoever asks
wrongly, waits for ever (jupyterlab-server 2.28).
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import APIHandler
from jupyterlab_server.licenses_handler import DEFAULT_THIRD_PARTY_LICENSE_FILE, LicensesManager
from jupyterlab_server.licenses_handler import LicensesHandler as Stock
from tornado.web import HTTPError, authenticated

REPLAY = Path(__file__).parent.parent / "static" / "replay"
_FORMATS = ("json", "csv", "markdown")
_BUNDLE = "jupyter-interview replay"


class Licenses(LicensesManager):
    """The report."""

    def bundles(self, bundles_pattern: str = ".*") -> dict[str, Any]:
        """The packages of each bundle."""
        found = super().bundles(bundles_pattern)
        if re.match(bundles_pattern, _BUNDLE):
            found[_BUNDLE] = json.loads((REPLAY / DEFAULT_THIRD_PARTY_LICENSE_FILE).read_text(encoding="utf-8"))
        return found


class LicensesHandler(Stock):
    """The report, and refusals."""

    def initialize(self) -> None:  # type: ignore[override]  # it is told less: the manager is ours
        """Called by tornado."""
        super().initialize(Licenses(parent=self.settings["interview_lab"]))

    @authenticated
    async def get(self, args: Any) -> None:
        """All licences."""
        if self.get_argument("format", "json") not in _FORMATS:
            raise HTTPError(400, f"format is one of {', '.join(_FORMATS)}")
        try:
            re.compile(self.get_argument("bundles", ".*"))
            for name in ("full_text", "download"):
                json.loads(self.get_argument(name, "0"))
        except (re.error, ValueError) as error:
            raise HTTPError(400, str(error)) from error
        answer = super().get(args)
        assert answer is not None, "a coroutine"
        await answer

    def finish(self, *args: Any, _mime_type: str | None = None, **_: Any) -> Any:
        """The report's end is a coroutine, every other one is tornado's."""
        if _mime_type is not None:
            return super().finish(_mime_type, *args)
        return APIHandler.finish(self, *args)


def licenses_handlers() -> list[tuple[str, type[LicensesHandler]]]:
    """In the place of JupyterLab's: for the servers that we start, whose extensions come after ours."""
    return [(r"/lab/api/licenses/(.*)", LicensesHandler)]
