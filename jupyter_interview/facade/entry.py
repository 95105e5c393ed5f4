"""What does somebody find behind a room's link?

No seat yet: the join page. Seated: the room. The room's interviewer gets a seat on the way in. When the interview is
over, an interviewer gets the replay, anybody else a page that says so, which has for who was seated their own part.
"""

from __future__ import annotations

import json

from jupyter_server.auth.decorator import allow_unauthenticated
from pydantic import BaseModel, Field

from ..core.errors import InterviewError, NotFound, SeatTaken, Unauthorized
from ..core.models import Account, Member, Room
from ..core.permissions import RULES, Permission, Role, allowed
from ..web import InterviewHandler
from .page import NOTEBOOK, LabPage
from .plain import PlainPage


class Join(BaseModel, extra="forbid"):
    """Body of a join, or of a repeated knock."""

    name: str = Field(default="", max_length=500)
    email: str | None = Field(default=None, max_length=1_000)
    password: str | None = Field(default=None, max_length=1_024)
    invite: str | None = Field(default=None, max_length=200)
    knock: str | None = Field(default=None, max_length=4_096)


class RoomPage(LabPage):
    """``/interview/<room>`` and JupyterLab's own addresses below it."""

    @allow_unauthenticated
    async def get(self, room: str, path: str = "") -> None:
        """The room, or the way to it."""
        self.services.rates.hit("rest", self.request.remote_ip or "")
        found = await self._found(room)
        if found is None:
            return
        member = await self.services.identity.member(self, room)
        account = None if member is not None else await self._interviewer(found)
        if found.ended:
            await self._ended(found, member, account)
        elif member is not None:
            await self._room(found, member)
        elif account is not None:
            self.require_visit()
            live = await self.services.rooms.open(room)
            member, token = await self.services.members.seat_interviewer(live, account)
            self.services.identity.seat(self, room, token)
            await self._room(found, member)
        elif path:
            # JupyterLab's addresses are for those who are in.
            self.redirect(self.interview_url(room))
        else:
            await self._join_page(found)

    async def _found(self, room_id: str) -> Room | None:
        try:
            return await self.services.rooms.get(room_id)
        except NotFound as error:
            self.render_notice(404, "No such interview", f"{error.message} Check the link.")
            return None

    async def _interviewer(self, room: Room) -> Account | None:
        account = await self.services.identity.account(self, room.id)
        if account is None:
            return None
        try:
            await self.services.rooms.owned(account, room.id)
        except NotFound:
            return None
        return account

    async def _ended(self, room: Room, member: Member | None, account: Account | None) -> None:
        if account is not None or (member is not None and member.can(Permission.REVIEW)):
            self.redirect(self.interview_url(room.id, "replay"))
            return
        # Whoever was removed has no seat, and is told what a stranger is.
        own_part = self.interview_url(room.id, "api/me/export") if member is not None else ""
        self.render_notice(410, room.title, "This interview is over. You can close this page.", own_part=own_part)

    async def _room(self, room: Room, member: Member) -> None:
        await self.render_lab(
            "room",
            self.interview_url(room.id) + "/",
            interviewRoom=room.id,
            interviewHome=self.services.identity.home(self, room.id),
            interviewMember=json.dumps(member.to_json()),
            interviewShare=self.services.rooms.url(room.id),
            mode="single-document",
            treePath=NOTEBOOK,
        )

    async def _join_page(self, room: Room) -> None:
        languages = {language["name"]: language["display_name"] for language in self.services.languages.list()}
        order = [Role.CANDIDATE, Role.INTERVIEWER, Role.SPECTATOR]
        roles = [
            {"name": role.value, "can": [rule.meaning for name, rule in RULES.items() if allowed(role, name)]}
            for role in order
        ]
        self.render_plain(
            "join.html",
            "join.js",
            "form.js",
            calls=f"interview/{room.id}/",
            room=room.id,
            title=room.title,
            language=languages.get(room.language, room.language),
            interviewer="",
            needs_password=room.password_hash is not None,
            closed=not room.link_open,
            ended=False,
            apart=self.origins.is_rooms(self.request),
            roles=roles,
        )


class JoinHandler(InterviewHandler):
    """``POST /interview/<room>/join``."""

    @allow_unauthenticated
    async def post(self, room: str) -> None:
        """A seat: its token, and the cookie that proves it. Whoever asks again and still waits is told so."""
        address = self.request.remote_ip or ""
        body = self.body(Join)
        self.services.rates.hit("join" if body.knock is None else "knock", address)
        if body.password is not None and body.invite is None:
            # By room and network: nobody's wrong passwords lock out the candidate, who comes from elsewhere.
            self.services.rates.hit("password", room, address)
        members = self.services.members
        if body.knock is not None:
            try:
                member, token = await members.knock(room, body.knock, address)
            except SeatTaken as waiting:
                # No refusal: a browser would report each answer as an error.
                self.answer({"knock": waiting.details["knock"]}, 202)
                return
        else:
            member, token = await members.join(
                room, name=body.name, email=body.email, password=body.password, invite=body.invite, address=address
            )
        self.services.identity.seat(self, room, token)
        self.answer({"token": token, "member": member.to_json()})


class EnterHandler(PlainPage):
    """``POST /interview/<room>/enter``, at the rooms' own origin."""

    def check_xsrf_cookie(self) -> None:
        """The form comes from another origin. Its token, and where it came from, are the proof."""

    @allow_unauthenticated
    async def post(self, room: str) -> None:
        """From a hand-over to the room, or to its replay."""
        self.services.rates.hit("join", self.request.remote_ip or "")
        if not self.origins.is_rooms(self.request):
            raise NotFound("There is nothing at this address.")
        try:
            self.services.identity.take_over(self, room, self.get_body_argument("token", ""))
        except Unauthorized as error:
            self.render_notice(401, "Not entered", error.message)
            return
        page = "/replay" if self.get_body_argument("page", "") == "replay" else ""
        self.redirect(f"{self.base_url}interview/{room}{page}", status=303)


class LoginPage(PlainPage):
    """``/interview/login``."""

    @allow_unauthenticated
    def get(self) -> None:
        """The form."""
        self.render_plain("login.html", "login.js", "form.js", calls="api/interview/login")


class DeskPage(LabPage):
    """``/interview/`` and JupyterLab's own addresses below it."""

    @allow_unauthenticated
    async def get(self, path: str = "") -> None:
        """The desk of an account; the way to log in for anybody else."""
        try:
            account = await self.services.identity.account(self)
        except InterviewError as error:
            if not isinstance(error, Unauthorized):
                raise
            account = None
        if account is None:
            self.redirect(self.interview_url("login"))
            return
        await self.render_lab("desk", self.interview_url() + "/")
