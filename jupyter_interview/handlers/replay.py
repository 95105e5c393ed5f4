"""REST: an interview looked at again: manifest, frames, story, bookmarks, forks.

docs/developers/frames.md has the shapes.
"""

from __future__ import annotations

import asyncio
import gzip
from typing import ClassVar

from pydantic import BaseModel, Field

from ..core.errors import BadRequest
from ..core.models import Account, Room
from ..core.permissions import Permission, Role
from ..managers.accounts import OWNER
from ..managers.replay.replay import Building
from .base import RoomResource
from .records import RecordResource

_LAST_SEQ = (1 << 31) - 1
_LAST_MS = 1e12


class ReplayHandler(RecordResource):
    """``GET /api/interview/rooms/<room>/replay``."""

    async def get(self, target: str) -> None:
        """The manifest, or how far the server is with it."""
        try:
            await self.answer_large(await self.services.replay.manifest(await self.room(target), hurry=True))
        except Building as building:
            self.answer({"progress": building.progress}, 202)


class StoryHandler(RecordResource):
    """``GET /api/interview/rooms/<room>/replay/story``."""

    async def get(self, target: str) -> None:
        """Everything that is not the notebook."""
        try:
            await self.answer_large(await self.services.replay.story(await self.room(target), hurry=True))
        except Building as building:
            self.answer({"progress": building.progress}, 202)


class FrameHandler(RecordResource):
    """``GET /api/interview/rooms/<room>/replay/frames/<number>``.

    It has a limit of its own: whoever drags over a long interview wants a frame with each picture.
    """

    limit = "frame"

    async def get(self, target: str, number: str) -> None:
        """A frame, as it is stored."""
        content, tag = await self.services.replay.tagged_frame(await self.room(target), int(number))
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Vary", "Accept-Encoding")
        self.set_header("Etag", f'"{tag}"')
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        if "gzip" in self.request.headers.get("Accept-Encoding", ""):
            self.set_header("Content-Encoding", "gzip")
        else:
            content = await asyncio.get_running_loop().run_in_executor(None, gzip.decompress, content)
        self.finish(content)


class NewBookmark(BaseModel, extra="forbid"):
    """Body of a new bookmark."""

    seq: int = Field(ge=1, le=_LAST_SEQ)
    ms: float | None = Field(default=None, ge=0, le=_LAST_MS, allow_inf_nan=False)
    note: str = Field(max_length=10_000)


class Note(BaseModel, extra="forbid"):
    """Body of a change."""

    note: str = Field(max_length=10_000)


class BookmarksHandler(RoomResource):
    """``/api/interview/rooms/<room>/bookmarks``."""

    needs: ClassVar = {"GET": Permission.REVIEW, "POST": Permission.REVIEW}

    async def get(self, target: str) -> None:
        """All of them."""
        self.answer({"bookmarks": await self.services.bookmarks.list(await self.room(target))})

    async def post(self, target: str) -> None:
        """A new one."""
        body = self.body(NewBookmark)
        room = await self.room(target)
        self.answer(await self.services.bookmarks.add(room, self.author, body.seq, body.note, ms=body.ms), 201)


class BookmarkHandler(RoomResource):
    """``/api/interview/rooms/<room>/bookmarks/<bookmark>``."""

    needs: ClassVar = {"PATCH": Permission.REVIEW, "DELETE": Permission.REVIEW}

    async def patch(self, target: str, bookmark_id: str) -> None:
        """Change its note."""
        note = self.body(Note).note
        self.answer(await self.services.bookmarks.change(await self.room(target), bookmark_id, note))

    async def delete(self, target: str, bookmark_id: str) -> None:
        """Remove it."""
        await self.services.bookmarks.remove(await self.room(target), bookmark_id)
        self.set_status(204)
        self.finish()


class NewFork(BaseModel, extra="forbid"):
    """Body of a fork."""

    at: int | str
    title: str | None = Field(default=None, max_length=1_000)
    rerun: bool = False


class ForkHandler(RoomResource):
    """``POST /api/interview/rooms/<room>/fork``."""

    needs: ClassVar = {"POST": Permission.MANAGE}

    async def post(self, target: str) -> None:
        """A room that begins at a moment of this one.

        A member without an account gets a link in with the answer: the new room is the account's whose this one is.
        """
        body = self.body(NewFork)
        if isinstance(body.at, int) and not 0 < body.at <= _LAST_SEQ:
            raise BadRequest("at is the number of an event or a time like 2026-01-31T12:00:00Z.", field="at")
        room = await self.room(target)
        account = self.account or _owner_of(room)
        if self.account is None:
            # Rooms of somebody else's account, with kernels of their own.
            self.services.rates.hit("fork", self.own_member().id)
        made = await self.services.forks.fork(room, account, body.at, body.title, rerun=body.rerun)
        if self.account is None:
            live = await self.services.rooms.open(made["id"])
            invitation = await self.services.invitations.create(live, None, role=Role.INTERVIEWER, max_uses=1)
            made = {**made, "url": invitation["url"]}
        self.set_header("Location", made["url"])
        self.answer(made, 201)


class ForkProgressHandler(RecordResource):
    """``GET /api/interview/rooms/<room>/forks/<fork>``."""

    async def get(self, target: str, fork: str) -> None:
        """How far its runs have been done again, and which differ."""
        self.answer(await self.services.forks.told(await self.room(target), fork))


def _owner_of(room: Room) -> Account:
    return OWNER if room.owner == OWNER.key else Account(room.owner, "", "", "")
