"""How do the frames of one room come about, and where are they?

A `Reel` has the frames of one room: the complete ones are in the database, the open one is in memory with what it takes
to go on. The log is checked while it is read: frames go up to the first event that does not hold, and not beyond.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from ...core.chain import GENESIS, Link
from ...core.errors import LogDamaged
from ...core.models import DOCUMENT_KINDS, Event, Frame, Member, Room
from ...core.ports import History, OpenHistory
from ...core.verify import Damage, Reason, Verifier
from ...db import Database
from ...db.events import last_seq, read_events
from ...db.frames import count_frames, delete_frames, insert_frame, list_frames, read_frame, read_trace
from ...db.keys import Held, KeysGone, held_keys
from ...db.links import hashes_at, read_links
from ...db.members import list_members
from ...db.portions import portion_end
from ..portions import Portions
from .framing import Clock, Framed, Framer, People, shortened, unpacked

T = TypeVar("T")


@dataclass(slots=True)
class _Found:
    """What a portion of the log gave."""

    seq: int
    at: int
    frames: list[Framed] = field(default_factory=list)
    damage: Damage | None = None


class Reel:
    """The frames of one room.

    Args:
        database: where log and frames are.
        room: which one, as it was last seen.
        worker: one thread, in which all that folds runs.
        histories: makes what turns events into operations.
    """

    def __init__(self, database: Database, room: Room, worker: Executor, histories: OpenHistory) -> None:
        self.room = room
        self.frames: list[Frame] = []
        self.people = People()
        self.members: list[Member] = []
        self.clock = Clock(room.created_at)
        self.seq = 0
        self.at = room.created_at
        self.damage: Damage | None = None
        self.framer: Framer | None = None
        self.used = 0.0
        self._database = database
        self._worker = worker
        self._histories = histories
        self._cut: dict[int, bytes] = {}
        self._held = Held()
        self._tail: tuple[int, bytes] | None = None
        self._verifier = Verifier(room.id)
        self._task: asyncio.Task[None] | None = None
        self._from = self._to = 0

    @property
    def busy(self) -> bool:
        """Whether frames are being made."""
        return self._task is not None and not self._task.done()

    @property
    def progress(self) -> float:
        """How far that is, from 0 to 1."""
        return min(1.0, (self.seq - self._from) / (self._to - self._from)) if self._to > self._from else 0.0

    @property
    def done(self) -> tuple[int, int]:
        """How many of how many events are framed."""
        return self.seq, max(self._to, self.seq)

    async def open(self) -> None:
        """Find the frames that are stored and are still those of the log."""

        def work(connection: Any) -> tuple[list[Frame], list[Member], dict[int, bytes], list[Event]]:
            frames = list_frames(connection, self.room.key)
            hashes = hashes_at(connection, self.room.key, [frame.last_seq for frame in frames])
            return frames, list_members(connection, self.room.key), hashes, _first(connection, self.room.key)

        frames, members, hashes, first = await self._database.read(work)
        self._know(members)
        if first:
            self.clock = Clock(first[0].at)
        following = 1
        for number, frame in enumerate(frames, 1):
            if (frame.number, frame.first_seq) != (number, following) or hashes.get(frame.last_seq) != frame.hash:
                break
            if "replaced" not in json.loads(frame.summary):
                # Made by a version that did not ask.
                break
            self.frames.append(frame)
            following = frame.last_seq + 1
        self._stand()

    def update(self) -> asyncio.Task[None]:
        """Make the frames of what the log has by now; those who ask at once share the work."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._update())
            # Whoever waits for it gets what it raises; nobody may.
            self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._task

    async def close(self) -> None:
        """Leave the memory."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.rest()

    async def rest(self) -> None:
        """Let go of what it takes to go on; the open frame goes, and is made again when it is asked for."""
        framer, self.framer, self._tail = self.framer, None, None
        if framer is not None:
            await self._thread(framer.history.close)
            self._stand()

    async def content(self, number: int) -> tuple[bytes, str] | None:
        """A frame as gzip of JSON, and a tag that changes with it; ``None`` when there is none, or what is in memory
        may hold what was erased since: the next `update` makes it anew."""
        if (number in self._cut or number > len(self.frames)) and not await self._holds():
            return None
        if number in self._cut:
            return self._cut[number], f"{number}-{self.frames[number - 1].last_seq}"
        if 0 < number <= len(self.frames):
            found = await self._database.read(lambda connection: read_frame(connection, self.room.key, number))
            return None if found is None else (found, self.frames[number - 1].hash.hex()[:32])
        framer = self.framer
        if framer is None or framer.draft is None or framer.draft.number != number:
            return None
        return await self._thread(lambda: self._open_frame(framer))

    async def _holds(self) -> bool:
        try:
            await self._database.read(lambda connection: held_keys(connection, self.room.key, self._held))
        except KeysGone:
            return False
        return True

    def _open_frame(self, framer: Framer) -> tuple[bytes, str] | None:
        draft = framer.draft
        if draft is None:
            return None
        if self._tail is None or self._tail[0] != draft.last_seq:
            self._tail = draft.last_seq, draft.packed()
        return self._tail[1], f"{draft.hash.hex()[:32]}"

    def number_at(self, seq: int) -> int:
        """The number of the frame that an event is in; the last one for later events."""
        numbers = [frame.number for frame in self.frames if frame.first_seq <= seq]
        draft = self.framer.draft if self.framer is not None else None
        if draft is not None and draft.first_seq <= seq:
            return draft.number
        return numbers[-1] if numbers else 1

    def shown(self) -> list[Frame]:
        """All frames, with the open one as it stands."""
        draft = self.framer.draft if self.framer is not None else None
        return self.frames if draft is None else [*self.frames, draft.frame(self.room.key)]

    def started(self) -> int | None:
        """The event with which the notebook began."""
        draft = self.framer.draft if self.framer is not None else None
        documents = (json.loads(frame.summary)["document"] for frame in self.frames)
        return next((seq for seq in documents if seq is not None), draft.document if draft is not None else None)

    async def mend(self, number: int) -> None:
        """A stored frame does not open: it and those after it are made anew by the next `update`."""
        if self.busy or not 0 < number <= len(self.frames) or number in self._cut:
            return
        await self._database.write(lambda connection: delete_frames(connection, self.room.key, since=number))
        self.frames = self.frames[: number - 1]
        await self.rest()
        self._stand()

    async def cut(self, damage: Damage) -> None:
        """The log does not hold from an event on: nothing of that is shown."""
        self.damage = damage
        await self.rest()
        self.frames = [frame for frame in self.frames if frame.first_seq < damage.seq]
        self._cut = {number: content for number, content in self._cut.items() if number <= len(self.frames)}
        if self.frames and self.frames[-1].last_seq >= damage.seq:
            last = self.frames[-1]
            found = await self.content(last.number)
            if found is None:
                self.frames.pop()
            else:
                self.frames[-1], self._cut[last.number] = shortened(last, found[0], damage.seq)
        self._stand()

    def _stand(self) -> None:
        """The frames end with the last complete one."""
        self.seq = self.frames[-1].last_seq if self.frames else 0
        self.at = self.frames[-1].last_at if self.frames else self.clock.first

    # -- making frames

    async def _update(self) -> None:
        while True:
            try:
                return await self._follow()
            except KeysGone:
                # Another process erased somebody, maybe while frames were made.
                await self._forget()

    async def _forget(self) -> None:
        """The log is another now: nothing that is in memory of it may be shown or stored."""
        await self.rest()
        self.frames, self._cut, self._held = [], {}, Held()
        self._stand()

    async def _follow(self) -> None:
        room = self.room

        def look(connection: Any) -> tuple[Held, int, int, list[Member]]:
            held = held_keys(connection, room.key, self._held)
            members = list_members(connection, room.key)
            return held, last_seq(connection, room.key), count_frames(connection, room.key), members

        held, last, stored, members = await self._database.read(look)
        if stored < len(self.frames):
            # Somebody threw them away: a member was erased once more.
            await self._forget()
        self._held = held
        self._know(members)
        if room.damage is not None and self.damage is None:
            self.damage = Damage(int(room.damage["seq"]), Reason(room.damage["reason"]), "")
        if self.damage is not None:
            last = min(last, self.damage.seq - 1)
        if self.seq < last:
            await self._advance(last)
        if room.ended and self.framer is not None and self.damage is None and self.seq >= last:
            # Nothing comes any more: the open frame is the last one.
            closed = await self._thread(self.framer.close)
            await self._store([] if closed is None else [closed])
            await self.rest()

    async def _advance(self, last: int) -> None:
        framer = self.framer
        if framer is None:
            framer = self.framer = await self._resumed()
        self._from, self._to = self.seq, last
        while self.seq < last:
            after = self.seq

            def portion(connection: Any, after: int = after) -> list[tuple[Link, Event | None]]:
                # What an erasure left need not fit what was folded before it. The keys are those that `_follow` found:
                # no key is made for events that are there already.
                held_keys(connection, self.room.key, self._held)
                until = portion_end(connection, self.room.key, after=after, until=last)
                return read_links(connection, self.room.key, after=after, until=until, limit=until - after)

            links = await self._database.read(portion)
            found = await self._thread(partial(self._take, framer, links))
            await self._store(found.frames)
            self.seq, self.at = found.seq, found.at
            if found.damage is not None or self.seq == after:
                # Numbers that are missing at the end of what was read are the log's own business.
                self.damage = found.damage or self.damage
                return

    async def _store(self, found: list[Framed]) -> None:
        for made in found:
            stored = partial(insert_frame, item=made.frame, content=made.content, trace=made.trace, held=self._held)
            await self._database.write(stored)
            self.frames.append(made.frame)

    def _take(self, framer: Framer, links: list[tuple[Link, Event | None]]) -> _Found:
        """Frame a portion of the log. In the worker's thread."""
        found = _Found(self.seq, self.at)
        for link, event in links:
            if not self._verifier.event(link, event.payload if event is not None else None):
                found.damage = self._verifier.damage
                break
            if event is None:
                self._verifier.sealed_otherwise()
                found.damage = self._verifier.damage
                break
            if event.seq == 1:
                self.clock.first = event.at
            try:
                made = framer.add(event)
            except ValueError as error:
                found.damage = Damage(event.seq, Reason.CONTENT, f"Event {event.seq} cannot be applied: {error}.")
                break
            found.seq, found.at = event.seq, event.at
            if made is not None:
                found.frames.append(made)
        return found

    async def _resumed(self) -> Framer:
        """What it takes to go on, from the beginning of the last stored frame; where that does not work, from the
        beginning of the log."""
        if self.frames:
            last = self.frames.pop()
            history = self._histories()
            try:
                await self._load(history, last)
                return self._framer(history, last.number)
            except (ValueError, KeyError, LogDamaged, OSError):
                await self._thread(history.close)
                self.frames.clear()
                await self._database.write(lambda connection: delete_frames(connection, self.room.key))
        return self._framer(self._histories(), 1)

    async def _load(self, history: History, frame: Frame) -> None:
        """Bring a history to the beginning of a stored frame."""
        until = frame.first_seq - 1
        async for events in Portions(self._database, self.room.key, until=until, kinds=DOCUMENT_KINDS):
            await self._thread(partial(history.load, [event.data for event in events if event.data is not None]))

        def stored(connection: Any) -> list[bytes | None]:
            return [read(connection, self.room.key, frame.number) for read in (read_frame, read_trace)]

        def resume(content: bytes, trace: bytes) -> None:
            history.resume(unpacked(content)["state"], unpacked(trace))

        content, trace = await self._database.read(stored)
        if content is None or trace is None:
            raise ValueError("the frame does not open")
        await self._thread(partial(resume, content, trace))

    def _framer(self, history: History, number: int) -> Framer:
        before = self.frames[-1] if self.frames else None
        self._stand()
        self._verifier = Verifier(self.room.id, members=None)
        self._verifier.seq, self._verifier.hash = self.seq, before.hash if before is not None else GENESIS
        framer = Framer(self.room.key, history, self.people, self.clock, number)
        framer.resume(before.last_at if before is not None else None)
        return framer

    def _know(self, members: list[Member]) -> None:
        self.members = members
        self.people.keys[:] = [member.key for member in members]
        self.people.ids[:] = [member.id for member in members]

    async def _thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)


def _first(connection: Any, room: int) -> list[Event]:
    try:
        return read_events(connection, room, limit=1)
    except LogDamaged:
        return []
