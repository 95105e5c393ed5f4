"""How is a log read that need not be in memory at once? In portions, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ..core.models import Event, EventKind
from ..db import Database
from ..db.events import read_events
from ..db.portions import portion_end


class Portions:
    """The events of a room in their order, as an asynchronous iterator over lists of them.

    A list has a megabyte of content at most, or one event. What is read may be appended to meanwhile, but not erased.

    Args:
        database: where they are.
        room: key of the room.
        until: number of the last one.
        kinds: only these kinds.
        after: only those with a greater number.
    """

    def __init__(
        self, database: Database, room: int, *, until: int, kinds: Collection[EventKind], after: int = 0
    ) -> None:
        self._database = database
        self._room = room
        self._until = until
        self._kinds = kinds
        self._after = after

    def __aiter__(self) -> Portions:
        return self

    async def __anext__(self) -> list[Event]:
        """The next portion.

        Raises:
            LogDamaged: one of its events does not open.
            StorageUnavailable: the database failed.
        """
        if not (events := await self._database.read(self._read)):
            raise StopAsyncIteration
        self._after = events[-1].seq
        return events

    def _read(self, connection: Any) -> list[Event]:
        room, after, kinds = self._room, self._after, self._kinds
        end = portion_end(connection, room, after=after, until=self._until, kinds=kinds)
        return read_events(connection, room, after=after, until=end, kinds=kinds) if end > after else []
