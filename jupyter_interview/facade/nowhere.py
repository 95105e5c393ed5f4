"""What does somebody find at an address of ours that leads nowhere?

The interview, where a mail or a chat added to its link or wrote it otherwise: a full stop, a bracket, a space, upper
case. Else a page that says so, or the protocol's error. Without it jupyter-server would answer, and send a candidate
whose link was cut off to its own login page.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from jupyter_server.auth.decorator import allow_unauthenticated

from ..core.errors import NotFound
from ..web import ROOM
from .plain import PlainPage

# What stands around a link in a text. Marks that are no ASCII, a quote or a blank of no width, go anyway.
_AROUND = " \t\r\n.,;:!?'\"<>()[]{}*_/\\|`"
_ROOM = re.compile(rf"interview/(?P<room>{ROOM})(?P<page>/replay)?", re.IGNORECASE)


class Nowhere(PlainPage):
    """Whatever no other handler of ours is for; anybody may know that."""

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Whoever tries addresses is slowed down."""
        self.services.rates.hit("rest", self.request.remote_ip or "")
        await super().prepare(*args, **kwargs)

    @allow_unauthenticated
    async def get(self) -> None:
        """The way to the interview that is meant; a page for people, an error for programs."""
        if (meant := _meant(self.request.path.removeprefix(self.base_url))) is not None:
            self.redirect(self.base_url + meant + (f"?{self.request.query}" if self.request.query else ""))
            return
        if "/api/" in self.request.path:
            raise _nothing()
        text = "There is no interview at this address. Check the link: it may be incomplete."
        self.render_notice(404, "No such interview", text)

    @allow_unauthenticated
    async def post(self) -> None:
        """People send nothing here."""
        raise _nothing()

    put = patch = delete = post


def _meant(path: str) -> str | None:
    """The address that somebody meant, below the base URL; ``None`` where no room's is to be seen."""
    found = _ROOM.fullmatch(unquote(path).encode("ascii", "ignore").decode().strip(_AROUND))
    if found is None:
        return None
    meant = f"interview/{found['room'].lower()}{(found['page'] or '').lower()}"
    return meant if meant != path else None


def _nothing() -> NotFound:
    return NotFound("There is nothing at this address.")
