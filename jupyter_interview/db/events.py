"""How is the event log written and read?"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select
from sqlalchemy.exc import DBAPIError

from ..core.chain import GENESIS, text
from ..core.encoding import json_bytes
from ..core.errors import LogDamaged
from ..core.models import Event, EventKind
from .keys import find_event_keys, find_keys
from .redactions import find_redactions
from .tables import event, room
from .vault import DATA, PAYLOAD, Broken, EventSealer, Sealer

# The driver keeps that many prepared statements, one for each number of rows.
_TOGETHER = 64
TAG_BYTES = 16
"""What sealing adds to a content."""
ROW_BYTES = 64
"""What a row takes besides its contents: hash and numbers."""
OUTPUT_BYTES = 4_000
"""What a change of outputs counts at least: the smallest costs an open room about that much memory."""


def row_of(item: Event) -> dict[str, Any]:
    """The row of an event, before the ledger seals and links it."""
    return {
        "room": item.room,
        "seq": item.seq,
        "at": item.at,
        "member": item.member,
        "subject": item.subject,
        "connection": item.connection,
        "kind": int(item.kind),
        "payload": None if item.payload is None else json_bytes(item.payload),
        "data": item.data,
    }


def size_of(row: dict[str, Any]) -> int:
    """Bytes that a row of `row_of` takes once it is stored; `portions.sizes` counts those of stored rows alike."""
    return ROW_BYTES + sum(len(row[name]) + TAG_BYTES for name in ("payload", "data") if row[name] is not None)


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


class Opener:
    """Opens the rows of one room.

    Args:
        connection: where its keys are.
        key: of the room.
        rows: those that will be opened.
    """

    def __init__(self, connection: Connection, key: int, rows: Sequence[Row[Any]]) -> None:
        subjects = {row.subject for row in rows}
        room_id = connection.execute(select(room.c.id).where(room.c.key == key)).scalar() if rows else None
        keys = find_keys(connection, key, subjects) if rows else {}
        self._room = text(room_id or "")
        self._sealers = {subject: Sealer(room_id or "", found) for subject, found in keys.items()}
        keyless = [row.seq for row in rows if row.subject not in self._sealers]
        self._single = find_event_keys(connection, key, min(keyless), max(keyless)) if keyless else {}
        self._redactions = find_redactions(connection, key, keyless)

    def sealer(self, row: Row[Any]) -> EventSealer | None:
        """What opens an event; ``None`` for an erased one."""
        if (whole := self._sealers.get(row.subject)) is not None:
            return whole.event(row.seq)
        single = self._single.get(row.seq)
        return None if single is None else EventSealer(self._room, single)

    def event(self, row: Row[Any]) -> Event:
        """An event with its content in the clear.

        Raises:
            LogDamaged: it does not open.
        """
        sealer = self.sealer(row)
        try:
            payload = self._open(sealer, PAYLOAD, row.payload)
            data = self._open(sealer, DATA, row.data)
            return Event(
                room=row.room,
                seq=row.seq,
                at=row.at,
                member=row.member,
                connection=row.connection,
                kind=EventKind(row.kind),
                payload=None if payload is None else json.loads(payload),
                data=data if sealer is not None else self._redactions.get(row.seq),
                subject=row.subject,
                hash=bytes(row.hash),
                erased=sealer is None,
            )
        except (Broken, ValueError) as error:
            raise LogDamaged(
                f"The log of this interview is damaged at event {row.seq}.", seq=row.seq, reason="content"
            ) from error

    @staticmethod
    def _open(sealer: EventSealer | None, field: int, sealed: bytes | None) -> bytes | None:
        return None if sealed is None or sealer is None else sealer.open(field, bytes(sealed))


def last_seq(connection: Connection, room_key: int) -> int:
    """The newest event's number; 0 for an empty log."""
    return connection.execute(select(func.max(event.c.seq)).where(event.c.room == room_key)).scalar() or 0


def last_moment(connection: Connection, room_key: int) -> tuple[int, int]:
    """The newest event's number and moment; 0 and 0 for an empty log."""
    query = select(event.c.seq, event.c.at).where(event.c.room == room_key).order_by(event.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return (0, 0) if row is None else (row.seq, row.at)


def last_link(connection: Connection, room_key: int) -> tuple[int, bytes]:
    """The newest event's number and hash; 0 and 32 zero bytes for an empty log."""
    query = select(event.c.seq, event.c.hash).where(event.c.room == room_key).order_by(event.c.seq.desc()).limit(1)
    row = connection.execute(query).first()
    return (0, GENESIS) if row is None else (row.seq, bytes(row.hash))


def read_events(
    connection: Connection,
    room_key: int,
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
        room_key: of the room.
        after: only those with a greater number.
        until: only those up to this number, inclusive.
        kinds: only these kinds; all when ``None``.
        limit: at most so many.
        newest: with ``limit``, the last ones instead of the first.

    Raises:
        LogDamaged: one of them does not open.
    """
    query = select(event).where(event.c.room == room_key, event.c.seq > after)
    if until is not None:
        query = query.where(event.c.seq <= until)
    if kinds is not None:
        query = query.where(event.c.kind.in_([int(kind) for kind in kinds]))
    query = query.order_by(event.c.seq.desc() if newest else event.c.seq)
    if limit is not None:
        query = query.limit(limit)
    rows = connection.execute(query).all()
    opener = Opener(connection, room_key, rows)
    found = [opener.event(row) for row in rows]
    return found[::-1] if newest else found


def seq_at(connection: Connection, room_key: int, at: int) -> int:
    """Number of the last event at or before the moment ``at`` (microseconds); 0 when there is none.

    Times never go back in a log, so it is found by halving: a long log costs a few looks more, not a scan.
    """
    found, low, high = 0, 1, last_seq(connection, room_key)
    while low <= high:
        middle = (low + high) // 2
        query = select(event.c.seq, event.c.at).where(event.c.room == room_key, event.c.seq.between(low, middle))
        row = connection.execute(query.order_by(event.c.seq.desc()).limit(1)).first()
        if row is None:
            low = middle + 1
        elif row.at <= at:
            found, low = row.seq, middle + 1
        else:
            high = row.seq - 1
    return found
