"""How is the event log written and read?"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select

from ..core.models import JSON, Event, EventKind
from .tables import event


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


def event_insert(engine: Engine) -> tuple[str, Callable[[dict[str, Any]], Any]]:
    """The insert of an event as the driver takes it, and what makes a row its parameters.

    Written for each keystroke: compiling it once halves the time of a commit.
    """
    compiled = insert(event).compile(dialect=engine.dialect, column_keys=[column.name for column in event.columns])
    names = compiled.positiontup
    if names is None:
        return str(compiled), lambda row: row
    return str(compiled), itemgetter(*names)


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
