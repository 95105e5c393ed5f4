"""How does a room remember what happened?

`RoomLog` numbers a room's events without gaps, gives each its moment, and tells when each is durable.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from ..core import clock
from ..core.errors import InterviewError, StorageUnavailable
from ..core.limits import Limits
from ..core.models import JSON, Event, EventKind
from ..db import Database, Stream
from .budgets import Budget

Durable = Callable[[Event], None]
#: What takes longer to be stored, people are told of.
_LATE_SECONDS = 3.0

_log = logging.getLogger(__name__)

# Nobody is named: the server's own log is not erased with a person.
_TOLD = {
    EventKind.ROOM_CREATED: "opened",
    EventKind.JOIN: "joined",
    EventKind.LEAVE: "left",
    EventKind.REMOVE: "somebody was removed",
    EventKind.KERNEL_RESTARTED: "the kernel was restarted",
    EventKind.KERNEL_DIED: "the kernel died",
    EventKind.ROOM_ENDED: "ended",
}


class RoomLog:
    """The log of one open room. Only one exists for a room at a time.

    Args:
        database: where it goes.
        room: key of the room.
        last: number of the newest stored event.
        at: moment of the newest stored event; later ones are never earlier.
        failed: called once, when an event could not be stored. The room is then of no use and must be opened anew.
        budget: how much may be added; by default as much as the limits' defaults say.
        name: what the server's own log calls the room.

    Attributes:
        budget: asked by whoever lets a member begin something. `append` counts, and never refuses.
        late: told when events take long to be stored (true), and when they do no more (false).
        is_late: the last of that.
    """

    def __init__(
        self,
        database: Database,
        room: int,
        last: int,
        at: int,
        failed: Callable[[Exception], None],
        budget: Budget | None = None,
        name: str = "",
    ) -> None:
        self.budget = budget or Budget(Limits())
        self.late: Callable[[bool], None] = lambda _: None
        self._database = database
        self._room = room
        self._name = name
        self._moments = clock.Steady(at)
        self._at = at
        self._failed = failed
        self._stream = Stream()
        self._ended = False
        self.is_late = False
        self._look_again: asyncio.TimerHandle | None = None
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self.seq = last
        self.durable_seq = last
        self.failure: Exception | None = None

    def append(
        self,
        kind: EventKind,
        *,
        member: int = 0,
        subject: int | None = None,
        connection: int = 0,
        payload: JSON | None = None,
        data: bytes | None = None,
        durable: Durable | None = None,
    ) -> Event:
        """Give an event its number and moment and send it to the database; never blocks.

        After `end` nothing is logged, and nobody is told: what comes back is not part of the log.

        Args:
            kind: what happened.
            member: key of its author; 0 is the server.
            subject: key of the member whose personal content it holds; by default the author. Erasing the subject
                erases the content.
            connection: the socket it came by; 0 for none.
            payload: JSON of the kind.
            data: bytes of the kind.
            durable: called with the event once it is stored, in the log's order; never when that fails.
        """
        if self._ended:
            # The server signs the log up to its end: people leaving an ended room are no part of the interview.
            return Event(self._room, self.seq, self._at, member, connection, kind, payload, data)
        if (step := self._moments.step()) and self.failure is None:
            _log.warning("The server's clock was set by %+.1f s", step / 1e6)
            self._add(EventKind.CLOCK_STEPPED, 0, 0, 0, {"by": step}, None, None)
        return self._add(kind, member, member if subject is None else subject, connection, payload, data, durable)

    def _add(
        self,
        kind: EventKind,
        member: int,
        subject: int,
        connection: int,
        payload: JSON | None,
        data: bytes | None,
        durable: Durable | None,
    ) -> Event:
        self.seq += 1
        self._at = self._moments.now()
        event = Event(self._room, self.seq, self._at, member, connection, kind, payload, data, subject)
        size = self._database.append(event, self._stream, partial(self._settled, event, durable))
        self.budget.charge(event, size)
        if self._look_again is None:
            self._look_later()
        return event

    async def end(self, member: int, payload: JSON) -> Event:
        """Log that the interview ended, and wait until that is stored. Whatever comes later is not logged.

        Raises:
            StorageUnavailable: it could not be stored.
        """
        event = self.append(EventKind.ROOM_ENDED, member=member, payload=payload)
        self._ended = True
        await self.barrier()
        return event

    async def record(self, kind: EventKind, **fields: Any) -> Event:
        """`append`, and wait until it is stored.

        Raises:
            StorageUnavailable: it could not be.
        """
        event = self.append(kind, **fields)
        await self.barrier()
        return event

    async def barrier(self) -> None:
        """Wait until everything appended so far is stored.

        Raises:
            StorageUnavailable: it could not be.
        """
        if self.failure is not None:
            raise self.failure
        if self.durable_seq >= self.seq:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self.seq, future))
        await future

    async def close(self) -> None:
        """Store what was appended; what comes later is refused, since another `RoomLog` may go on with the numbers."""
        with contextlib.suppress(InterviewError):
            await self.barrier()
        if self._look_again is not None:
            self._look_again.cancel()
        if self.failure is None:
            self.failure = self._stream.failure = StorageUnavailable("The room was closed.")

    async def capacity(self) -> None:
        """Wait while the database is behind: producers call it before they produce."""
        await self._database.capacity()

    @property
    def at(self) -> int:
        """The moment of the newest event, in microseconds."""
        return self._at

    def now(self) -> int:
        """This moment, as the log counts: not before its newest event."""
        return self._moments.now()

    @property
    def behind(self) -> bool:
        """Whether producers had better wait for `capacity`."""
        return self._database.behind

    def _settled(self, event: Event, durable: Durable | None, failure: Exception | None) -> None:
        if failure is not None:
            self.fail(failure)
            return
        self.durable_seq = event.seq
        if self.is_late and self.durable_seq == self.seq:
            self._tell_late(False)
        if (told := _TOLD.get(event.kind)) is not None:
            _log.info("Interview %s: %s%s", self._name, told, f" (member {event.member})" if event.member else "")
        if durable is not None:
            try:
                durable(event)
            except Exception:  # it is stored all the same, and others wait for it
                _log.exception("An event could not be published")
        while self._waiting and self._waiting[0][0] <= event.seq:
            future = self._waiting.popleft()[1]
            if not future.done():
                future.set_result(None)

    def _look_later(self) -> None:
        # One timer for a room, and not one for each event.
        loop = asyncio.get_running_loop()
        self._look_again = loop.call_later(_LATE_SECONDS, self._look, self.seq)

    def _look(self, seq: int) -> None:
        """Some time after event ``seq``: is it stored?"""
        self._look_again = None
        if self.failure is None:
            self._tell_late(self.durable_seq < seq)
            if self.durable_seq < self.seq:
                self._look_later()

    def _tell_late(self, late: bool) -> None:
        if late != self.is_late:
            self.is_late = late
            self.late(late)

    def fail(self, failure: Exception) -> None:
        """Something could not be logged: from now on nothing is, and the room has to be opened anew."""
        self._stream.failure = failure
        first, self.failure = self.failure is None, failure
        while self._waiting:
            future = self._waiting.popleft()[1]
            if not future.done():
                future.set_exception(failure)
        if first:
            self._failed(failure)
