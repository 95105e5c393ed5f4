"""What remains of an ended interview, and how did the notebook stand at a moment?

Everything here is a fold over the log, never a look at the live room: what is stored at the end is what a replay shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..core import clock
from ..core.errors import BadRequest, LogDamaged, NotFound
from ..core.models import CHAT_KINDS, DOCUMENT_KINDS, JSON, RUN_KINDS, Event, EventKind, Member, Room, RoomState
from ..core.ports import OpenFold, Signer
from ..db import Database
from ..db.events import last_moment, last_seq, read_events, seq_at
from ..db.members import list_members
from ..db.portions import portion_end
from ..db.rooms import delete_record, get_record, insert_record, update_room
from .evidence import sign_log
from .messages import fold_messages
from .portions import Portions
from .runlog import fold_runs

_PAGE_BYTES = 4 * 1024 * 1024
_LAST = (1 << 31) - 1
STORY = (
    EventKind.CHAT_MESSAGE,
    EventKind.JOIN,
    EventKind.LEAVE,
    *RUN_KINDS,
    EventKind.ROOM_ENDED,
    EventKind.CLOCK_STEPPED,
)


class Records:
    """The log, read.

    Args:
        database: where it is.
        open_fold: makes what turns Yjs updates into a notebook.
        signer: signs the logs of interviews that end.
    """

    def __init__(self, database: Database, open_fold: OpenFold, signer: Signer) -> None:
        self._database = database
        self._open_fold = open_fold
        self._signer = signer

    async def events(
        self, room: Room, *, after: int, kinds: Sequence[EventKind] | None, limit: int
    ) -> tuple[list[Event], int | None]:
        """A page of the log, and the ``after`` of the next page. A page has some megabytes at most, or one event.

        Raises:
            LogDamaged: the page begins with an event that does not hold. One that would have it further down ends
                before it, and says that there is a next one.
        """

        def work(connection: Any) -> tuple[list[Event], int | None]:
            end = portion_end(connection, room.key, after=after, until=_LAST, most=_PAGE_BYTES, rows=limit, kinds=kinds)
            try:
                found = read_events(connection, room.key, after=after, until=end, kinds=kinds)
            except LogDamaged as damage:
                until = damage.details["seq"] - 1
                found = read_events(connection, room.key, after=after, until=until, kinds=kinds)
                if not found:
                    raise
                return found, found[-1].seq
            following = portion_end(connection, room.key, after=end, until=_LAST, rows=1, kinds=kinds)
            return found, end if following > end else None

        return await self._database.read(work)

    async def messages(self, room: Room) -> list[JSON]:
        """All chat messages."""
        return fold_messages(*await self._story(room, CHAT_KINDS))

    async def runs(self, room: Room) -> list[JSON]:
        """All runs."""
        events, members = await self._story(room, RUN_KINDS)
        return [run.to_json(members.get(run.member)) for run in fold_runs(events).values()]

    async def members(self, room: Room) -> list[Member]:
        """Everybody who had or asked for a seat."""
        return await self._database.read(lambda connection: list_members(connection, room.key))

    async def notebook(self, room: Room, at: str | None = None) -> tuple[JSON, int]:
        """The notebook as it stood at a moment, and the number of the last event until then.

        Args:
            room: which one.
            at: an event's number or an ISO 8601 time; now when ``None``.

        Raises:
            BadRequest: ``at`` is neither.
            NotFound: there was no notebook yet.
        """
        until = await seq_until(self._database, room, at)

        fold, loop, empty = self._open_fold(), asyncio.get_running_loop(), True
        async for events in Portions(self._database, room.key, until=until, kinds=DOCUMENT_KINDS):
            updates = [event.data for event in events if event.data is not None]
            empty = empty and not updates
            await loop.run_in_executor(None, fold.add, updates)
        if empty:
            raise NotFound("There was no notebook at that moment.")
        return await loop.run_in_executor(None, fold.notebook), until

    async def record(self, room: Room) -> JSON | None:
        """The final record of an ended room."""
        return await self._database.read(lambda connection: get_record(connection, room.key))

    async def store(self, room: Room) -> Room:
        """Store the final record of a room whose log says that it ended, and sign its log; the room as it is then.

        Idempotent, and all or nothing: an ended room has its record and its signature.
        """
        values = await self._values(room)
        ended_at: int = values["ended_at"]

        def work(connection: Any) -> None:
            if get_record(connection, room.key) is None:
                insert_record(connection, room.key, **values)
            update_room(connection, room.key, state=RoomState.ENDED.value, ended_at=ended_at)
            sign_log(connection, room, self._signer)

        await self._database.write(work)
        return replace(room, state=RoomState.ENDED, ended_at=ended_at)

    async def remake(self, room: Room) -> None:
        """Make the final record of an ended room anew from its log: after an erasure, or for a log from elsewhere."""
        values = await self._values(room)

        def work(connection: Any) -> None:
            delete_record(connection, room.key)
            insert_record(connection, room.key, **values)

        await self._database.write(work)

    async def _values(self, room: Room) -> dict[str, Any]:
        events, members = await self._story(room, STORY)
        _, last_at = await self._database.read(lambda connection: last_moment(connection, room.key))
        ends = [event.at for event in events if event.kind is EventKind.ROOM_ENDED]
        # The log of an interview that goes on elsewhere has no end.
        ended_at = ends[-1] if ends else last_at or room.created_at
        started_at = room.started_at
        steps = [
            (event.at, int((event.payload or {}).get("by", 0)))
            for event in events
            if event.kind is EventKind.CLOCK_STEPPED
        ]
        try:
            notebook, _ = await self.notebook(room)
        except NotFound:
            notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        return {
            "language": room.language,
            "started_at": started_at,
            "ended_at": ended_at,
            "duration": clock.went_by(room.created_at if started_at is None else started_at, ended_at, steps),
            "notebook": notebook,
            "messages": fold_messages(events, members),
            "members": [_seat_json(member, events, ended_at) for member in members.values()],
            "runs": [run.to_json(members.get(run.member)) for run in fold_runs(events).values()],
        }

    async def _story(self, room: Room, kinds: Sequence[EventKind]) -> tuple[list[Event], dict[int, Member]]:
        def work(connection: Any) -> tuple[list[Event], list[Member]]:
            return read_events(connection, room.key, kinds=kinds), list_members(connection, room.key)

        events, members = await self._database.read(work)
        return events, {member.key: member for member in members}


async def seq_until(database: Database, room: Room, at: str | int | None) -> int:
    """The number of the last event until a moment.

    Args:
        database: where the log is.
        room: whose.
        at: an event's number or an ISO 8601 time; now when ``None``.

    Raises:
        BadRequest: ``at`` is neither.
    """
    if isinstance(at, int):
        at = str(at)
    if at is None or (at.isascii() and at.isdigit() and len(at) < 12):
        last = await database.read(lambda connection: last_seq(connection, room.key))
        return last if at is None else min(int(at), last)
    try:
        moment = clock.parse(at)
    except (ValueError, OverflowError) as error:
        raise BadRequest("at is the number of an event or a time like 2026-01-31T12:00:00Z.", field="at") from error
    return await database.read(lambda connection: seq_at(connection, room.key, moment))


def _seat_json(member: Member, events: Sequence[Event], ended_at: int) -> JSON:
    """A member with the times in which it was there."""
    stays: list[list[int]] = []
    for event in events:
        if event.member != member.key:
            continue
        if event.kind is EventKind.JOIN and (event.payload or {}).get("reason") != "returned":
            stays.append([event.at, ended_at])
        elif event.kind is EventKind.LEAVE and stays:
            stays[-1][1] = event.at
    return {
        **member.to_json(),
        "email": member.email,
        "joined_at": clock.iso(member.joined_at),
        "left_at": clock.iso(member.left_at),
        "present": [{"from": clock.iso(start), "until": clock.iso(end)} for start, end in stays],
    }
