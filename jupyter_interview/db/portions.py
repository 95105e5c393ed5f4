"""How is a long log moved? In portions, because events are as small as a keystroke and as large as a document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, func, insert, select

from ..core.chain import Link
from .tables import event

PORTION_BYTES = 4 * 1024 * 1024
PORTION_ROWS = 2_000


def portion_end(
    connection: Connection,
    room_key: int,
    *,
    after: int,
    until: int,
    most: int = PORTION_BYTES,
    rows: int = PORTION_ROWS,
) -> int:
    """Number of the last event of a portion of a room's log that begins behind ``after`` and goes to ``until`` at most.

    A portion has no more than so many rows and no more than ``most`` bytes, but at least one event; ``after`` when
    there is none.
    """
    size = func.coalesce(func.length(event.c.payload), 0) + func.coalesce(func.length(event.c.data), 0)
    query = select(event.c.seq, size).where(event.c.room == room_key, event.c.seq > after, event.c.seq <= until)
    last, total = after, 0
    for seq, content in connection.execute(query.order_by(event.c.seq).limit(rows)):
        total += content
        if total > most and last > after:
            break
        last = seq
    return last


def insert_links(connection: Connection, room_key: int, links: Sequence[Link], members: Mapping[str, int]) -> None:
    """Store a portion of an imported log as it is, with the hashes that it has. For the writer.

    Args:
        connection: of the writer.
        room_key: of the room.
        links: the events, in order; the first follows what is stored already.
        members: keys of the room's members by id.

    Raises:
        KeyError: an author or subject is not among ``members``.
    """
    keys = {"": 0, **members}
    rows = [
        {
            "room": room_key,
            "seq": link.seq,
            "at": link.at,
            "member": keys[link.member],
            "subject": keys[link.subject],
            "connection": link.connection,
            "kind": link.kind,
            "payload": link.payload,
            "data": link.data,
            "hash": link.hash,
        }
        for link in links
    ]
    if rows:
        connection.execute(insert(event), rows)


def count_kinds(connection: Connection, room_key: int, member: int, *, after: int = 0) -> tuple[dict[int, int], int]:
    """How many events of each kind (its number) behind ``after`` are of a member; and the last event of the room."""
    query = select(event.c.kind, func.count()).where(
        event.c.room == room_key, event.c.seq > after, event.c.member == member
    )
    newest = connection.execute(select(func.max(event.c.seq)).where(event.c.room == room_key)).scalar() or 0
    rows = connection.execute(query.where(event.c.seq <= newest).group_by(event.c.kind))
    return {kind: count for kind, count in rows}, newest
