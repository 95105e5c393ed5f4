"""REST: what happened in a room: messages, runs, events, and the notebook at a moment."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterable
from typing import Any, ClassVar

from pydantic import BaseModel

from ..core import clock
from ..core.errors import BadRequest
from ..core.models import JSON, Event, EventKind
from ..core.permissions import Permission
from .base import RoomResource

_PAGE = 5_000
_LAST = (1 << 31) - 1
_NDJSON = "application/x-ndjson"


class RecordResource(RoomResource):
    """Something to review."""

    needs: ClassVar = {"GET": Permission.REVIEW}

    async def answer_list(self, name: str, items: list[JSON], **fields: Any) -> None:
        """Finish with JSON, or with a line for each item when the client asks for that."""
        if _NDJSON not in self.request.headers.get("Accept", ""):
            await self.answer_large({name: items, **fields})
            return
        text = await asyncio.get_running_loop().run_in_executor(None, _lines, items)
        self.set_header("Content-Type", _NDJSON)
        self.set_header("Cache-Control", "no-store")
        self.finish(text)


class MessagesHandler(RecordResource):
    """``GET /api/interview/rooms/<room>/messages``."""

    async def get(self, target: str) -> None:
        """All chat messages."""
        await self.answer_list("messages", await self.services.records.messages(await self.room(target)))


class MessageChanges(BaseModel, extra="forbid", strict=True):
    """Body of a change to a message."""

    hidden: bool


class MessageHandler(RoomResource):
    """``PATCH /api/interview/rooms/<room>/messages/<seq>``."""

    needs: ClassVar = {"PATCH": Permission.MANAGE}

    async def patch(self, target: str, seq: str) -> None:
        """Hide it."""
        if not self.body(MessageChanges).hidden:
            raise BadRequest("A message that was hidden stays so.", field="hidden")
        live = await self.open_room(target)
        self.answer(await live.messages.hide(self.by, int(seq)))


class RunsHandler(RecordResource):
    """``GET /api/interview/rooms/<room>/runs``."""

    async def get(self, target: str) -> None:
        """All runs."""
        await self.answer_list("runs", await self.services.records.runs(await self.room(target)))


class EventsHandler(RecordResource):
    """``GET /api/interview/rooms/<room>/events``."""

    async def get(self, target: str) -> None:
        """A page of the log."""
        room = await self.room(target)
        kinds = _kinds(self.get_query_arguments("kind"))
        after = self.number("after", 0, _LAST)
        limit = max(1, self.number("limit", 1_000, _PAGE))
        with_data = self.get_query_argument("data", "1") != "0"
        events, following = await self.services.records.events(room, after=after, kinds=kinds, limit=limit)
        names = {member.key: member.id for member in await self.services.records.members(room)}

        def work() -> list[JSON]:
            return [_event_json(event, names.get(event.member), with_data) for event in events]

        items = await asyncio.get_running_loop().run_in_executor(None, work)
        await self.answer_list("events", items, next=following)


class NotebookHandler(RecordResource):
    """``GET /api/interview/rooms/<room>/notebook``."""

    async def get(self, target: str) -> None:
        """The ``.ipynb`` as it stood."""
        room = await self.room(target)
        notebook, seq = await self.services.replay.notebook(room, self.get_query_argument("at", None))
        self.set_header("Content-Type", "application/x-ipynb+json")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Disposition", 'attachment; filename="interview.ipynb"')
        self.set_header("X-Interview-Seq", str(seq))
        loop = asyncio.get_running_loop()
        self.finish(await loop.run_in_executor(None, lambda: json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"))


def _lines(items: list[JSON]) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def _kinds(names: Iterable[str]) -> list[EventKind] | None:
    wanted = [name for text in names for name in text.split(",") if name]
    known = {kind.label: kind for kind in EventKind}
    if unknown := [name for name in wanted if name not in known]:
        raise BadRequest(f"There is no kind {unknown[0][:50]!r}. There are: {', '.join(known)}.", field="kind")
    return [known[name] for name in wanted] or None


def _event_json(event: Event, member: str | None, with_data: bool) -> JSON:
    data = base64.b64encode(event.data).decode() if with_data and event.data is not None else None
    return {
        "seq": event.seq,
        "ts": clock.iso(event.at),
        "kind": event.kind.label,
        "member": member,
        "connection": event.connection,
        "payload": event.payload,
        "data": data,
    }
