"""What does an interviewer find at ``/interview/<room>/replay``?

Not JupyterLab but the player alone: the page of an exported file, with the server behind it instead of data within it.
"""

from __future__ import annotations

from jupyter_server.auth.decorator import allow_unauthenticated

from ..core.permissions import Permission
from .entry import RoomPage
from .policy import Place, confine, replay_policy


class ReplayPage(RoomPage):
    """``/interview/<room>/replay``."""

    @allow_unauthenticated
    async def get(self, room: str, path: str = "") -> None:
        """The replay, for the interviewers of the room."""
        found = await self._found(room)
        if found is None:
            return
        member = await self.services.identity.member(self, room)
        if member is None or not member.can(Permission.REVIEW):
            account = await self._interviewer(found)
            if account is None:
                status = 403 if member is not None else 401
                self.render_notice(status, found.title, "Only the interviewers of this interview can see its replay.")
                return
            if not found.ended:
                self.require_visit()
                live = await self.services.rooms.open(room)
                _, token = await self.services.members.seat_interviewer(live, account)
                self.services.identity.seat(self, room, token)
        config = {
            "baseUrl": self.interview_url(room) + "/",
            "interviewPage": "replay",
            "interviewRoom": room,
            "interviewHome": self.services.identity.home(self, room),
            "token": "",
        }
        confine(self, replay_policy(Place.of(self), f"interview/{room}/"))
        self.finish_page("replay.html", title=found.title, config=config)
