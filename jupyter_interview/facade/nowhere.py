"""What does somebody find at an address of ours that leads nowhere?

A page that says so, or the protocol's error. Without it jupyter-server would answer, and send a candidate whose link
was cut off to its own login page.
"""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated

from ..core.errors import NotFound
from .entry import PlainPage


class Nowhere(PlainPage):
    """Whatever no other handler of ours is for; anybody may know that."""

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Whoever tries addresses is slowed down."""
        self.services.rates.hit("rest", self.request.remote_ip or "")
        await super().prepare(*args, **kwargs)

    @allow_unauthenticated
    async def get(self) -> None:
        """A page for people, an error for programs."""
        if "/api/" in self.request.path:
            raise _nothing()
        text = "There is no interview at this address. Check the link: it may be incomplete."
        self.render_notice(404, "No such interview", text)

    @allow_unauthenticated
    async def post(self) -> None:
        """People send nothing here."""
        raise _nothing()

    put = patch = delete = post


def _nothing() -> NotFound:
    return NotFound("There is nothing at this address.")
