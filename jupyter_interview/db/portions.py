"""How is a long log moved? In portions, because events are as small as a keystroke and as large as a document."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from ..core.models import EventKind
from .tables import event

PORTION_BYTES = 1024 * 1024
PORTION_ROWS = 2_000


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
    size = func.coalesce(func.length(event.c.payload), 0) + func.coalesce(func.length(event.c.data), 0)
    query = select(event.c.seq, size).where(event.c.room == room_key, event.c.seq > after, event.c.seq <= until)
    if kinds is not None:
        query = query.where(event.c.kind.in_([int(kind) for kind in kinds]))
    last, total = after, 0
    for seq, content in connection.execute(query.order_by(event.c.seq).limit(rows)):
        total += content
        if total > most and last > after:
            break
        last = seq
    return last


def count_kinds(connection: Connection, room_key: int, member: int, *, after: int = 0) -> tuple[dict[int, int], int]:
    """How many events of each kind (its number) behind ``after`` are of a member; and the last event of the room."""
    query = select(event.c.kind, func.count()).where(
        event.c.room == room_key, event.c.seq > after, event.c.member == member
    )
    newest = connection.execute(select(func.max(event.c.seq)).where(event.c.room == room_key)).scalar() or 0
    rows = connection.execute(query.where(event.c.seq <= newest).group_by(event.c.kind))
    return {kind: count for kind, count in rows}, newest
