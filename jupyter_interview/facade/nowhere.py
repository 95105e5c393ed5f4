"""What does somebody find at an address of ours that leads nowhere?

A page that says so, or the protocol's error. Without it jupyter-server would answer, and send a candidate whose link
was cut off to its own login page.
"""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated

from ..core.errors import NotFound
from .entry import PlainPage


class Nowhere(PlainPage):
    """Whatever no other handler of ours is for; anybody may know that."""

    @allow_unauthenticated
    async def get(self) -> None:
        """A page for people, an error for programs."""
        self._refuse_program("/api/" in self.request.path)
        self.set_status(404)
        self.render_plain(
            "notice.html",
            title="No such interview",
            text="There is no interview at this address. Check the link: it may be incomplete.",
        )

    @allow_unauthenticated
    async def post(self) -> None:
        """People send nothing here."""
        self._refuse_program(True)

    put = patch = delete = post

    def _refuse_program(self, program: bool) -> None:
        self.services.rates.hit("rest", self.request.remote_ip or "")
        if program:
            raise NotFound("There is nothing at this address.")
