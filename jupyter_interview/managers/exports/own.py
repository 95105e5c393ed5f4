"""What is recorded of one member, for that member's own eyes?

Whoever was in an interview can ask for their own part: what they wrote, said and ran, and every event that is theirs,
in plain JSON. It is chosen by whose an event is, not by what it says: a run has the whole cell that was run, an update
of the document can carry text of others (a cell that was moved is written again), and whoever admits or removes
somebody names them.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections import Counter, OrderedDict
from collections.abc import AsyncGenerator, Sequence
from typing import Any

from ...core import clock
from ...core.errors import NotFound
from ...core.jsontext import values_of
from ...core.models import CHAT_KINDS, JSON, RUN_KINDS, Event, EventKind, Member, Room
from ...core.moment import Moment, cut
from ...db import Database
from ...db.events import read_events
from ...db.portions import count_kinds, portion_end
from ..messages import fold_messages
from ..replay.replay import Replay
from ..runlog import Run, fold_runs
from .annotated import MANNERS

FORMAT = "jupyter-interview own part"
_VERSION = 1
_REMEMBERED = 1_000
_COUNTED = {
    EventKind.DOCUMENT_UPDATE: "edits",
    EventKind.DOCUMENT_RESYNC: "edits",
    EventKind.CURSOR: "cursors",
    EventKind.CHAT_MESSAGE: "messages",
    EventKind.RUN_STARTED: "runs",
    EventKind.JOIN: "joins",
}
_NAMES = ("edits", "cursors", "messages", "runs", "joins", "other")
_ABOUT = (
    "This is what was recorded of you in this interview. What others wrote is in it where it is part of that:",
    "cells that you ran, changes of yours that moved or copied their text, names of members in your events.",
    "written: what of the notebook's text is yours, as it stood at the end (or now).",
    "messages: what you wrote in the chat. runs: the cells that you ran, as they then were, with their outputs.",
    "events: everything that was recorded of you, in order; changes of the notebook (Yjs) and cursors as base64.",
)


class OwnPart:
    """What is recorded of a member.

    Args:
        database: where it is.
        replay: how the notebook stood.
    """

    def __init__(self, database: Database, replay: Replay) -> None:
        self._database = database
        self._replay = replay
        self._counts: OrderedDict[tuple[int, int], tuple[Counter[str], int]] = OrderedDict()

    async def counts(self, room: Room, member: Member) -> dict[str, int]:
        """How many edits, cursors, messages, runs, joins and other events of a member are recorded so far."""
        key = (room.key, member.key)
        counted, last = self._counts.get(key, (Counter[str](), 0))
        kinds, newest = await self._database.read(
            lambda connection: count_kinds(connection, room.key, member.key, after=last)
        )
        if newest > last:
            counted = Counter(counted)
            for kind, count in kinds.items():
                counted[_COUNTED.get(EventKind(kind), "other")] += count
            self._counts[key] = counted, newest
            self._counts.move_to_end(key)
            while len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
        return {name: counted[name] for name in _NAMES}

    async def export(self, room: Room, member: Member) -> AsyncGenerator[bytes, None]:
        """Everything of a member as one JSON object, piece by piece."""
        yield _opening(room, member)
        yield b',\n"written": ' + _dumps(await self._written(room, member))
        yield b',\n"messages": ' + _dumps(await self._said(room, member))
        yield b',\n"runs": ['
        comma = b"\n"
        async for run in self._runs(room, member):
            yield comma + run
            comma = b",\n"
        yield b'\n],\n"events": ['
        comma = b"\n"
        async for events in self._events(room, member):
            yield comma + events
            comma = b",\n"
        yield b"\n]}\n"

    async def _said(self, room: Room, member: Member) -> list[JSON]:
        """What the member wrote in the chat, and when it was hidden; who did is another's part."""
        said = await self._database.read(lambda connection: read_events(connection, room.key, kinds=CHAT_KINDS))
        erased = {event.seq for event in said if event.payload is None}
        own = {event.seq for event in said if event.member == member.key} - erased
        messages = [each for each in fold_messages(said, {member.key: member}) if each["seq"] in own]
        return [
            {name: each[name] for name in ("seq", "ts", "content")}
            | ({"hidden": each["hidden"]["ts"]} if "hidden" in each else {})
            for each in messages
        ]

    async def _written(self, room: Room, member: Member) -> list[JSON]:
        try:
            manifest = await self._manifest(room)
            moment, _ = await self._replay.moment(room)
        except NotFound:
            return []
        index = next((n for n, each in enumerate(manifest["members"]) if each["id"] == member.id), None)
        return [] if index is None else _pieces(moment, index)

    async def _manifest(self, room: Room) -> JSON:
        await self._replay.ready(room)
        return await self._replay.manifest(room)

    async def _runs(self, room: Room, member: Member) -> AsyncGenerator[bytes, None]:
        """The member's runs with their outputs, in the order in which they ended."""
        events = await self._database.read(lambda connection: read_events(connection, room.key, kinds=RUN_KINDS))
        runs = [run for run in fold_runs(events).values() if run.member == member.key]
        runs.sort(key=lambda run: run.seq or 0)
        frames = (await self._manifest(room))["frames"] if runs else []
        loop = asyncio.get_running_loop()
        for frame in frames:
            here = [run for run in runs if run.over and frame["first_seq"] <= (run.seq or 0) <= frame["last_seq"]]
            if here:
                content = await self._replay.frame(room, frame["number"])
                outputs = await loop.run_in_executor(None, _outputs, content, here)
                for run in here:
                    runs.remove(run)
                    yield _dumps({**run.to_json(member), "outputs": outputs[run.id]})
        for run in runs:
            yield _dumps({**run.to_json(member), "outputs": None})

    async def _events(self, room: Room, member: Member) -> AsyncGenerator[bytes, None]:
        after = 0
        until = (1 << 31) - 1

        def portion(connection: Any) -> tuple[list[Event], int]:
            end = portion_end(connection, room.key, after=after, until=until)
            return read_events(connection, room.key, after=after, until=end), end

        while True:
            events, end = await self._database.read(portion)
            if end == after:
                return
            after = end
            own = [event for event in events if member.key in (event.member, event.subject)]
            if own:
                yield b",\n".join(map(_event, own))


def _opening(room: Room, member: Member) -> bytes:
    about = {
        "format": FORMAT,
        "version": _VERSION,
        "exported_at": clock.iso(clock.now()),
        "about": list(_ABOUT),
        "room": {
            "id": room.id,
            "title": room.title,
            "language": room.language,
            "started_at": clock.iso(room.started_at),
            "ended_at": clock.iso(room.ended_at),
        },
        "member": {
            "id": member.id,
            "name": member.name,
            "email": member.email,
            "role": member.role.value,
            "joined_at": clock.iso(member.joined_at),
        },
    }
    # What follows goes into the same object.
    return _dumps(about)[:-1]


def _pieces(moment: Moment, index: int) -> list[JSON]:
    """What one member wrote of the text of each cell."""
    found = []
    for cell in moment.cells:
        pieces, at = [], 0
        for length, member, manner in cell["authors"]:
            if member == index:
                pieces.append({"text": cut(cell["source"], at, at + length), "manner": MANNERS[manner]})
            at += length
        if pieces:
            found.append({"cell": cell["id"], "cell_type": cell["cell_type"], "pieces": pieces})
    return found


def _outputs(content: bytes, runs: Sequence[Run]) -> dict[str, list[JSON] | None]:
    """The outputs of runs that ended within a frame, as they were then."""
    frame = json.loads(gzip.decompress(content))
    moment = Moment(frame["state"])
    entries = frame["entries"]
    found: dict[str, list[JSON] | None] = {}
    done = 0
    for run in sorted(runs, key=lambda run: run.seq or 0):
        until = done
        while until < len(entries) and entries[until][0] <= (run.seq or 0):
            until += 1
        moment.fold(entries[done:until])
        done = until
        held = next((cell["outputs"] for cell in moment.cells if cell["run"] == run.id), None)
        found[run.id] = None if held is None else json.loads(json.dumps([values_of(output) for output in held]))
    return found


def _event(event: Event) -> bytes:
    return _dumps(
        {
            "seq": event.seq,
            "ts": clock.iso(event.at),
            "kind": event.kind.label,
            "payload": event.payload,
            "data": None if event.data is None else base64.b64encode(event.data).decode(),
        }
    )


def _dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
