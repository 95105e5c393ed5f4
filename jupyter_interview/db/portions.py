"""How is a long log moved? In portions, because events are as small as a keystroke and as large as a document."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Subquery, and_, case, func, literal, select, tuple_

from ..core.models import DOCUMENT_KINDS, EventKind
from .events import OUTPUT_BYTES, ROW_BYTES, last_seq
from .tables import event

PORTION_BYTES = 1024 * 1024
PORTION_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes that somebody wrote into a log.

    Attributes:
        member: key of the author; of outputs, of whoever asked for the run; 0 is the server.
        outputs: whether the server wrote them into the document for a run.
        size: as they are stored (`events.size_of`), but of each change of outputs `events.OUTPUT_BYTES` at least.
        at: when, in microseconds; 0 where it is not told.
    """

    member: int
    outputs: bool
    size: int
    at: int = 0


def portion_end(
    connection: Connection,
    room_key: int,
    *,
    after: int,
    until: int,
    most: int = PORTION_BYTES,
    rows: int = PORTION_ROWS,
    kinds: Collection[EventKind] | None = None,
) -> int:
    """Number of the last event of a portion of a room's log that begins behind ``after`` and goes to ``until`` at most.

    A portion has no more than so many rows and no more than ``most`` bytes, but at least one event; ``after`` when
    there is none. Only events of ``kinds`` count, where they are given.
    """
    newest = min(until, last_seq(connection, room_key))
    # No more is looked at than a portion can have: numbers have no gaps, so that only other kinds make it go on.
    step = rows if kinds is None else PORTION_ROWS
    last, total, found = after, 0, 0
    for begin in range(after, newest, step):
        part = _rows(room_key, begin, min(step, newest - begin))
        query = select(part.c.seq, part.c.content).order_by(part.c.seq)
        if kinds is not None:
            query = query.where(part.c.kind.in_([int(kind) for kind in kinds]))
        for seq, content in connection.execute(query):
            total += content
            found += 1
            if found > rows or (total > most and last > after):
                return last
            last = seq
        if found >= rows:
            break
    return last


def count_kinds(connection: Connection, room_key: int, member: int, *, after: int = 0) -> tuple[dict[int, int], int]:
    """How many events of each kind (its number) behind ``after`` are of a member; and the last event of the room."""
    newest = last_seq(connection, room_key)
    rows = _rows(room_key, after, newest - after)
    query = select(rows.c.kind, func.count()).where(rows.c.member == member)
    return {kind: count for kind, count in connection.execute(query.group_by(rows.c.kind))}, newest


def newest_kinds(connection: Connection, room_key: int, kinds: Collection[EventKind]) -> list[EventKind]:
    """Kinds, in order, of the newest events of ``kinds`` in a room: of the last portion that has any."""
    for end in range(last_seq(connection, room_key), 0, -PORTION_ROWS):
        after = max(0, end - PORTION_ROWS)
        rows = _rows(room_key, after, end - after)
        query = select(rows.c.kind).where(rows.c.kind.in_([int(kind) for kind in kinds])).order_by(rows.c.seq)
        if found := [EventKind(kind) for kind in connection.execute(query).scalars()]:
            return found
    return []


def sizes(connection: Connection, room_key: int) -> list[Written]:
    """Who wrote how much of a room's log, in one sum each; no content is read."""
    rows = _rows(room_key, 0, last_seq(connection, room_key))
    who, outputs, size = _account(rows)
    query = select(who, outputs, func.sum(size)).group_by(who, outputs)
    return [Written(row[0], bool(row[1]), int(row[2])) for row in connection.execute(query)]


def sizes_since(connection: Connection, room_key: int, *, after: int, since: int) -> list[Written]:
    """Who wrote how much of a room's log behind an event and since a moment (microseconds), event by event."""
    rows = _rows(room_key, after, last_seq(connection, room_key) - after)
    query = select(*_account(rows), rows.c.at).where(rows.c.at >= since).order_by(rows.c.seq)
    return [Written(row[0], bool(row[1]), row[2], row[3]) for row in connection.execute(query)]


def _rows(room_key: int, after: int, count: int) -> Subquery:
    """So many rows of a room behind ``after``, with the length of their contents; nothing more of these is read.

    Not by ``room = … AND seq <= …``: to see where such a range ends, SQLite compares each row with that end, and reads
    it with its contents for it.
    """
    lengths = (func.coalesce(func.length(column), 0) for column in (event.c.payload, event.c.data))
    columns = (event.c.room, event.c.seq, event.c.at, event.c.member, event.c.subject, event.c.kind)
    inner = (
        select(*columns, sum(lengths, literal(0)).label("content"))
        .where(tuple_(event.c.room, event.c.seq) > tuple_(literal(room_key), literal(after)))
        .order_by(event.c.room, event.c.seq)
        .limit(max(0, count))
        .subquery()
    )
    return select(inner).where(inner.c.room == room_key).subquery()


def _account(rows: Subquery) -> tuple[ColumnElement[int], ColumnElement[int], ColumnElement[int]]:
    """Whose bytes an event is, whether they are outputs, and how many: `Written`."""
    documents = rows.c.kind.in_([int(kind) for kind in DOCUMENT_KINDS])
    outputs = and_(rows.c.member == 0, rows.c.subject != 0, documents)
    size = rows.c.content + literal(ROW_BYTES)
    counted = case((and_(outputs, size < OUTPUT_BYTES), literal(OUTPUT_BYTES)), else_=size)
    return case((outputs, rows.c.subject), else_=rows.c.member), case((outputs, 1), else_=0), counted
