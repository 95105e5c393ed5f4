"""How is the event log written and read?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select
from sqlalchemy.exc import DBAPIError

from ..core.models import JSON, Event, EventKind
from .tables import event

# The driver keeps that many prepared statements, one for each number of rows.
_TOGETHER = 64


def row_of(item: Event) -> dict[str, Any]:
    """The row of an event."""
    return {
        "room": item.room,
        "seq": item.seq,
        "at": item.at,
        "member": item.member,
        "connection": item.connection,
        "kind": int(item.kind),
        "payload": None if item.payload is None else _compact(item.payload),
        "data": item.data,
    }


def _compact(payload: JSON) -> str:
    """JSON as text that a database takes. Half a surrogate pair means nothing, and becomes a question mark."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()


class EventInsert:
    """How rows of the log are written: for each keystroke, so the statement is compiled once.

    Args:
        engine: of the writer.
    """

    def __init__(self, engine: Engine) -> None:
        compiled = insert(event).compile(dialect=engine.dialect, column_keys=[column.name for column in event.columns])
        self._text = str(compiled)
        self._dialect = engine.dialect
        self._row = f", ({', '.join('?' * len(event.columns))})"
        # PostgreSQL takes names and SQLite positions.
        self._parameters = itemgetter(*compiled.positiontup) if compiled.positiontup else dict

    def within(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        """Write in the transaction that the connection has begun."""
        connection.exec_driver_sql(self._text, [self._parameters(row) for row in rows])

    def alone(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> bool:
        """Write rows that need no transaction around them; false where it takes one.

        A single statement is a transaction of its own. It costs the writer two hand-overs of the interpreter instead of
        seven, and each of them waits for the event loop while that is busy.

        Raises:
            DBAPIError: the database refused; then none of the rows is written.
        """
        if self._dialect.name != "sqlite" or len(rows) > _TOGETHER:
            return False
        text = self._text + self._row * (len(rows) - 1)
        driver: Any = connection.connection.driver_connection
        try:
            driver.execute(text, [value for row in rows for value in self._parameters(row)])
        except sqlite3.Error as error:
            raise DBAPIError.instance(text, None, error, sqlite3.Error, dialect=self._dialect) from error
        return True


def _event_of(row: Row[Any]) -> Event:
    return Event(
        room=row.room,
        seq=row.seq,
        at=row.at,
        member=row.member,
        connection=row.connection,
        kind=EventKind(row.kind),
        payload=None if row.payload is None else json.loads(row.payload),
        data=row.data,
    )


def last_seq(connection: Connection, room: int) -> int:
    """The newest event's number; 0 for an empty log."""
    return connection.execute(select(func.max(event.c.seq)).where(event.c.room == room)).scalar() or 0


def read_events(
    connection: Connection,
    room: int,
    *,
    after: int = 0,
    until: int | None = None,
    kinds: Collection[EventKind] | None = None,
    limit: int | None = None,
    newest: bool = False,
) -> list[Event]:
    """Events of a room in their order.

    Args:
        connection: where to read.
        room: key of the room.
        after: only those with a greater number.
        until: only those up to this number, inclusive.
        kinds: only these kinds; all when ``None``.
        limit: at most so many.
        newest: with ``limit``, the last ones instead of the first.
    """
    query = select(event).where(event.c.room == room, event.c.seq > after)
    if until is not None:
        query = query.where(event.c.seq <= until)
    if kinds is not None:
        query = query.where(event.c.kind.in_([int(kind) for kind in kinds]))
    query = query.order_by(event.c.seq.desc() if newest else event.c.seq)
    if limit is not None:
        query = query.limit(limit)
    found = [_event_of(row) for row in connection.execute(query)]
    return found[::-1] if newest else found


def seq_at(connection: Connection, room: int, at: int) -> int:
    """Number of the last event at or before the moment ``at`` (microseconds); 0 when there is none."""
    query = select(func.max(event.c.seq)).where(event.c.room == room, event.c.at <= at)
    return connection.execute(query).scalar() or 0
