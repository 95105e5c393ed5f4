"""What outlives a room whose log could not be written?

The room itself does not: what it holds in memory may be more than what is stored. Its kernel does, with all that was
defined in it, and waits for the room to be opened again from its log.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from ..core.models import JSON
from ..core.ports import Executor
from .endings import quietly

_GIVEN_UP = "The interview could not be stored, and nobody came back: its kernel was ended."


@dataclass(slots=True)
class Kept:
    """The kernel of one room that is not open, and what the log has to hear of it.

    ``executor`` is ``None`` where there is no kernel any more.
    """

    executor: Executor | None = None
    missed: list[tuple[str, JSON]] = field(default_factory=list)


class Keeping:
    """Kernels that wait for their rooms.

    Args:
        seconds: how long; then they are ended.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kept: dict[str, Kept] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, room_id: str, kept: Kept) -> None:
        """Keep it until somebody takes it, or its time is over."""
        self._kept[room_id] = kept
        if kept.executor is not None:
            loop = asyncio.get_running_loop()
            self._timers[room_id] = loop.call_later(self._seconds, self._expired, room_id)

    def take(self, room_id: str) -> Kept | None:
        """What was kept for this room, which is the caller's now."""
        if (timer := self._timers.pop(room_id, None)) is not None:
            timer.cancel()
        return self._kept.pop(room_id, None)

    def end(self, room_id: str) -> None:
        """Nobody will take this one: its interview is over."""
        if (kept := self.take(room_id)) is not None:
            self._end(kept)

    async def close(self) -> None:
        """End all that nobody took."""
        for room_id in list(self._kept):
            if (kept := self.take(room_id)) is not None:
                self._end(kept)
        await asyncio.gather(*self._tasks)

    def _expired(self, room_id: str) -> None:
        kept = self._kept[room_id]
        kernel = None if kept.executor is None else kept.executor.kernel_id
        kept.missed.append(("kernel_died", {"kernel": kernel, "message": _GIVEN_UP}))
        self._end(kept)

    def _end(self, kept: Kept) -> None:
        executor, kept.executor = kept.executor, None
        if executor is not None:
            task = asyncio.get_running_loop().create_task(quietly(executor.shutdown, "A kept kernel"))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
