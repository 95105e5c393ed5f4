"""How is an interview looked at again?

`Replay` answers from frames (docs/developers/frames.md): what a request costs does not depend on how long the
interview was. Frames are made in the background while a room is live, and the rest of them when somebody asks. The few
rooms that were looked at last stay in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ...core.errors import InterviewError, NotFound
from ...core.models import JSON, Room
from ...core.moment import Moment
from ...core.ports import OpenHistory
from ...core.verify import Reason
from ...db import Database
from ..evidence import Evidence
from ..portions import Portions
from ..records import seq_until
from ..rooms import Rooms
from .framing import folded
from .reels import Reel
from .story import STORY_KINDS, Replaced, Story, manifest_json, replaced_outputs

AHEAD = 1_000
_PATIENCE_SECONDS = 0.8
_PROGRESS_SECONDS = 0.2
_WATCH_SECONDS = 20.0
_CHECK_AFTER_SECONDS = 10.0
_CHECK_SHARE = 0.25
_IDLE_SECONDS = 600.0
_REELS = 64
_FRAMERS = 16


class Building(Exception):
    """The frames are being made: ask again. No refusal, since nothing is wrong.

    Attributes:
        progress: from 0 to 1.
    """

    def __init__(self, progress: float) -> None:
        super().__init__("The replay is being prepared.")
        self.progress = progress


class Replay:
    """The replays of all rooms.

    Args:
        database: where logs and frames are.
        rooms: which rooms there are.
        histories: makes what turns a document's history into operations.
        evidence: checks a log as a whole; ``None`` leaves it at what is checked while frames are made.
    """

    def __init__(
        self, database: Database, rooms: Rooms, histories: OpenHistory, evidence: Evidence | None = None
    ) -> None:
        self._database = database
        self._rooms = rooms
        self._histories = histories
        self._evidence = evidence
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="interview-frames")
        self._reels: dict[int, asyncio.Task[Reel]] = {}
        self._checks: dict[int, asyncio.Task[None]] = {}
        self._behind: dict[str, int] = {}
        self._watcher: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Make frames of live rooms in the background."""
        self._watcher = asyncio.get_running_loop().create_task(self._watch())

    async def close(self) -> None:
        """Let go of everything. Idempotent."""
        tasks = [task for task in (self._watcher, *self._checks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for key in list(self._reels):
            await self.forget(key)
        self._worker.shutdown()

    async def forget(self, room: int) -> None:
        """A room's log is another now (erased, removed): what is in memory of it goes."""
        check = self._checks.pop(room, None)
        if check is not None:
            check.cancel()
        task = self._reels.pop(room, None)
        if task is not None:
            reels = await asyncio.gather(task, return_exceptions=True)
            if isinstance(reels[0], Reel):
                await reels[0].close()

    # -- what is asked

    async def manifest(self, room: Room, *, hurry: bool = False) -> JSON:
        """What a page needs to know before it shows a replay.

        Args:
            room: which one.
            hurry: rather hear how far it is than wait until the frames are made.

        Raises:
            Building: the frames are being made.
            NotFound: there is nothing yet.
        """
        reel = await self._current(room, hurry)
        if not reel.shown():
            raise NotFound("There is nothing to replay in this interview.")
        if room.ended:
            self._check(reel)
        damage = None if reel.damage is None else {"seq": reel.damage.seq, "reason": reel.damage.reason.value}
        told = self._rooms.json(room), reel.members, reel.shown(), reel.clock
        work = partial(manifest_json, *told, live=not room.ended, damage=damage, checked=self._is_checked(reel))
        return await asyncio.get_running_loop().run_in_executor(None, work)

    async def vouch(self, room: Room, progress: Callable[[int, int], object] | None = None) -> None:
        """`ready`, and the log of an ended interview was checked as a whole: what leaves the house has to hold."""
        await self.ready(room, progress)
        reel = await self._reel(room)
        if room.ended and self._evidence is not None and not self._is_checked(reel):
            slow = self._checks.pop(room.key, None)
            if slow is not None:
                slow.cancel()
            check = self._checked(self._evidence, reel, after=0.0, share=1.0)
            self._checks[room.key] = asyncio.get_running_loop().create_task(check)
            await asyncio.shield(self._checks[room.key])

    async def ready(self, room: Room, progress: Callable[[int, int], object] | None = None) -> None:
        """Wait until the frames of all that the log has by now are made.

        Args:
            room: which one.
            progress: told, now and then, how many of how many events are done.
        """
        reel = await self._reel(room)
        task = reel.update()
        while progress is not None and not task.done():
            progress(*reel.done)
            await asyncio.wait({task}, timeout=_PROGRESS_SECONDS)
        await asyncio.shield(task)

    async def frame(self, room: Room, number: int) -> bytes:
        """A frame, as gzip of JSON.

        Raises:
            NotFound: there is no such frame.
        """
        return (await self.tagged_frame(room, number))[0]

    async def tagged_frame(self, room: Room, number: int) -> tuple[bytes, str]:
        """A frame, as gzip of JSON, and a tag that changes with it.

        Raises:
            NotFound: there is no such frame.
        """
        reel = await self._reel(room)
        found = await reel.content(number)
        if found is None:
            await reel.mend(number)
            await asyncio.shield(reel.update())
            found = await reel.content(number)
        if found is None:
            raise NotFound("There is no such frame.", number=number)
        return found

    async def story(self, room: Room, *, hurry: bool = False) -> JSON:
        """Messages, runs, people and permissions, as far as the frames go; ``hurry`` as for `manifest`.

        Raises:
            Building: the frames are being made.
        """
        reel = await self._current(room, hurry)
        until = reel.seq
        told = Story(reel.people, reel.clock)

        async for events in Portions(self._database, room.key, until=until, kinds=STORY_KINDS):
            for event in events:
                told.add(event)
        replaced = await self.replaced(room, until)
        return await asyncio.get_running_loop().run_in_executor(None, partial(told.json, replaced))

    async def replaced(self, room: Room, until: int) -> dict[str, list[Replaced]]:
        """The runs whose outputs later ones replaced, as far as the frames go, up to event ``until``."""
        reel = await self._reel(room)
        work = partial(replaced_outputs, reel.shown(), until)
        return await asyncio.get_running_loop().run_in_executor(None, work)

    async def moment(self, room: Room, at: str | int | None = None, *, plain: bool = False) -> tuple[Moment, int]:
        """How the notebook stood at a moment, and the number of the last event until then.

        Where the log is damaged before that, it is the last moment that holds.

        Args:
            room: which one.
            at: an event's number or an ISO 8601 time; now when ``None``.
            plain: its notebook is all that is wanted, without who wrote it and cursors; that takes half the time.

        Raises:
            BadRequest: ``at`` is neither.
            NotFound: there was no notebook yet.
        """
        seq = await seq_until(self._database, room, at)
        reel = await self._reel(room)
        if reel.seq < seq and reel.damage is None:
            await asyncio.shield(reel.update())
        if reel.damage is not None:
            seq = min(seq, reel.damage.seq - 1)
        started = reel.started()
        if started is None or seq < started:
            raise NotFound("There was no notebook at that moment.")
        content, _ = await self.tagged_frame(room, reel.number_at(seq))
        return await asyncio.get_running_loop().run_in_executor(None, partial(folded, content, seq, plain=plain)), seq

    async def notebook(self, room: Room, at: str | None = None) -> tuple[JSON, int]:
        """`moment` as an nbformat notebook."""
        moment, seq = await self.moment(room, at, plain=True)
        return moment.notebook(), seq

    # -- inside

    async def _reel(self, room: Room) -> Reel:
        """The reel of a room, as it is stored."""
        task = self._reels.get(room.key)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = self._reels[room.key] = asyncio.get_running_loop().create_task(self._opened(room))
        reel = await asyncio.shield(task)
        reel.room = room
        reel.used = asyncio.get_running_loop().time()
        self._sweep()
        return reel

    async def _opened(self, room: Room) -> Reel:
        reel = Reel(self._database, room, self._worker, self._histories)
        await reel.open()
        return reel

    async def _current(self, room: Room, hurry: bool) -> Reel:
        """The reel of a room with what its log has by now.

        Raises:
            Building: that takes longer than somebody in a hurry waits.
        """
        reel = await self._reel(room)
        task = reel.update()
        done, _ = await asyncio.wait({task}, timeout=_PATIENCE_SECONDS if hurry else None)
        if not done:
            raise Building(round(reel.progress, 3))
        task.result()
        return reel

    def _check(self, reel: Reel) -> None:
        """Whether the stored log still holds: once, while somebody looks at it already."""
        key = reel.room.key
        if self._evidence is not None and key not in self._checks and reel.damage is None:
            # It takes seconds of a long log, which belong to whoever has just opened it, and to those who write.
            check = self._checked(self._evidence, reel, after=_CHECK_AFTER_SECONDS, share=_CHECK_SHARE)
            self._checks[key] = asyncio.get_running_loop().create_task(check)

    def _is_checked(self, reel: Reel) -> bool:
        """Whether no news is to come about a log: it is being written, known to be damaged, or was checked."""
        check = self._checks.get(reel.room.key)
        done = check is not None and check.done()
        return done or self._evidence is None or reel.damage is not None or not reel.room.ended

    async def _checked(self, evidence: Evidence, reel: Reel, *, after: float, share: float) -> None:
        await asyncio.sleep(after)
        with contextlib.suppress(InterviewError):
            verdict = await evidence.verify(reel.room, share=share)
            damage = verdict.damage
            # Another server signed what was imported: that its key is not ours says nothing against the log.
            if damage is not None and damage.reason is not Reason.UNKNOWN_KEY:
                # Frames that are still being made are cut like the others.
                await asyncio.shield(reel.update())
                await reel.cut(damage)

    def _sweep(self) -> None:
        """What was not looked at for long leaves the memory."""
        now = asyncio.get_running_loop().time()
        reels = sorted(
            (task.result() for task in self._reels.values() if task.done() and not _failed(task)),
            key=lambda reel: reel.used,
        )
        resting = [reel for reel in reels if not reel.busy and reel.framer is not None]
        live = {each.room.key for each in self._rooms.open_rooms}
        for number, reel in enumerate(resting):
            old = now - reel.used > _IDLE_SECONDS and reel.room.key not in live
            if old or len(resting) - number > _FRAMERS:
                asyncio.get_running_loop().create_task(reel.rest())
        for number, reel in enumerate(reels):
            old = now - reel.used > _IDLE_SECONDS and reel.room.key not in live
            if not reel.busy and (old or len(reels) - number > _REELS):
                asyncio.get_running_loop().create_task(self.forget(reel.room.key))

    async def _watch(self) -> None:
        """Follow the rooms that are live, and finish those that ended."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            with contextlib.suppress(InterviewError):
                await self.follow()

    async def follow(self) -> None:
        """Make the frames of live rooms that went on by much, and the last ones of those that left the memory."""
        now = {live.room.id: live for live in self._rooms.open_rooms}
        for room_id, live in now.items():
            done = self._behind.setdefault(room_id, 0)
            if live.log.durable_seq - done >= AHEAD:
                reel = await self._reel(live.room)
                await asyncio.shield(reel.update())
                self._behind[room_id] = reel.seq
        for room_id in [room_id for room_id in self._behind if room_id not in now]:
            del self._behind[room_id]
            room = await self._rooms.get(room_id)
            if room.ended:
                reel = await self._reel(room)
                await asyncio.shield(reel.update())
        if self._reels:
            self._sweep()


def _failed(task: asyncio.Task[Any]) -> bool:
    return task.cancelled() or task.exception() is not None
