"""REST: an interview to take away; and to each member their own part of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from typing import ClassVar

from tornado.iostream import StreamClosedError

from ..core.errors import InterviewError, NotFound, RateLimited
from ..core.models import Member
from ..core.permissions import Permission
from ..managers.exports.exports import Export
from ..web import Gate
from .base import RoomResource

_STALL_SECONDS = 60.0
_AT_ONCE = 4
_RETRY_SECONDS = 10


class Download(Gate):
    """Sends something that is made while it is sent.

    Attributes:
        running: how many downloads go on, by kind and by user.
    """

    running: ClassVar[Counter[str]] = Counter()

    async def send(self, export: Export) -> None:
        """Finish with an export, no faster than the client takes it.

        The first piece is made before anything is sent: a refusal is an answer like any other. When a later one fails,
        the connection is cut, so that nobody takes what came for the whole. However it ends, whatever makes the pieces
        is let go at once.
        """
        async with contextlib.aclosing(export.pieces) as pieces:
            await self._send(export, pieces)

    async def _send(self, export: Export, pieces: AsyncGenerator[bytes, None]) -> None:
        first = await anext(pieces)
        self.set_header("Content-Type", export.content_type)
        self.set_header("Content-Disposition", f'attachment; filename="{export.name}"')
        self.set_header("Cache-Control", "no-store")
        try:
            await self._pass_on(first)
            async for piece in pieces:
                await self._pass_on(piece)
        except StreamClosedError:
            # Whoever asked has gone.
            return
        except (InterviewError, TimeoutError) as error:
            self.log.warning("An export was broken off: %s", error)
            self._cut()
            return
        except Exception:
            self._cut()
            raise
        self.finish()

    async def _pass_on(self, piece: bytes) -> None:
        self.write(piece)
        async with asyncio.timeout(_STALL_SECONDS):
            await self.flush()

    def _cut(self) -> None:
        stream = getattr(self.request.connection, "stream", None)
        if stream is not None:
            stream.close()

    @contextlib.contextmanager
    def turn(self, kind: str) -> Iterator[None]:
        """One export at a time for each user, and few for all: they take processor time and memory.

        Raises:
            RateLimited: not now.
        """
        user = self.interview_user.username if self.interview_user is not None else ""
        names = (kind, f"{kind} {user}")
        if self.running[names[0]] >= _AT_ONCE or self.running[names[1]]:
            raise RateLimited("Another export is still being made. Wait for it.", retry_after=_RETRY_SECONDS)
        self.running.update(names)
        try:
            yield
        finally:
            self.running.subtract(names)
            for name in names:
                if not self.running[name]:
                    del self.running[name]


class ExportHandler(Download, RoomResource):
    """``GET /api/interview/rooms/<room>/export``."""

    needs: ClassVar = {"GET": Permission.REVIEW}
    limit = "export"

    async def get(self, target: str) -> None:
        """The interview in a format."""
        room = await self.room(target)
        with self.turn("export"):
            form = self.get_query_argument("format", "ipynb")
            await self.send(await self.services.exports.open(room, form, self.get_query_argument("at", None)))


class _OwnResource(Gate):
    """Something about the member who asks; also when the interview is over."""

    after_end: ClassVar[Permission | None] = Permission.VIEW

    def _seated(self) -> Member:
        member = self.own_member()
        if not member.key:
            raise NotFound("You had no seat in this interview.")
        return member


class OwnExportHandler(Download, _OwnResource):
    """``GET /interview/<room>/api/me/export``."""

    limit = "export"

    async def get(self) -> None:
        """What is recorded of the member who asks."""
        member = self._seated()
        room = await self.services.rooms.get(self.room_id or "")
        with self.turn("own"):
            pieces = self.services.own.export(room, member)
            await self.send(Export(f"interview-{room.id[:8]}-my-part.json", "application/json", pieces))


class RecordedHandler(_OwnResource):
    """``GET /interview/<room>/api/me/recorded``."""

    async def get(self) -> None:
        """How much is recorded so far of the member who asks."""
        member = self._seated()
        room = await self.services.rooms.get(self.room_id or "")
        self.answer(await self.services.own.counts(room, member))
