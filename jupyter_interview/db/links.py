"""How does a log lie in the database, for whoever checks, exports or imports it?

Each event both as the chain sees it, sealed, and opened.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import Connection, insert, select

from ..core.chain import Link
from ..core.errors import LogDamaged
from ..core.models import Event
from .events import Opener
from .tables import event, member, room


def read_links(
    connection: Connection, room_key: int, *, after: int = 0, until: int | None = None, limit: int | None = None
) -> list[tuple[Link, Event | None]]:
    """A portion of a room's log: each event as it is stored, and opened.

    Args:
        connection: where to read.
        room_key: of the room.
        after: only events with a greater number.
        until: only those up to this number, inclusive.
        limit: at most so many; as many as there are when ``None``.

    Returns:
        For each event what the chain sees of it, and its content in the clear; ``None`` when it does not open. An
        author or subject that is not a member of the room has the id ``?`` and its database key.
    """
    query = select(event).where(event.c.room == room_key, event.c.seq > after).order_by(event.c.seq)
    if limit is not None:
        query = query.limit(limit)
    if until is not None:
        query = query.where(event.c.seq <= until)
    rows = connection.execute(query).all()
    room_id = connection.execute(select(room.c.id).where(room.c.key == room_key)).scalar() or ""
    members = connection.execute(select(member.c.key, member.c.id).where(member.c.room == room_key))
    names = {0: "", **{row.key: row.id for row in members}}
    opener = Opener(connection, room_key, rows)
    found: list[tuple[Link, Event | None]] = []
    for row in rows:
        link = Link(
            room_id,
            row.seq,
            row.at,
            row.kind,
            row.connection,
            names.get(row.member, f"?{row.member}"),
            names.get(row.subject, f"?{row.subject}"),
            None if row.payload is None else bytes(row.payload),
            None if row.data is None else bytes(row.data),
            bytes(row.hash),
        )
        try:
            found.append((link, opener.event(row)))
        except LogDamaged:
            found.append((link, None))
    return found


def hashes_at(connection: Connection, room_key: int, seqs: Collection[int]) -> dict[int, bytes]:
    """The hashes of some events of a room, by number; those that it does not have are left out."""
    query = select(event.c.seq, event.c.hash).where(event.c.room == room_key)
    found: dict[int, bytes] = {}
    wanted = sorted(seqs)
    # SQLite takes so many parameters at once.
    for start in range(0, len(wanted), 500):
        rows = connection.execute(query.where(event.c.seq.in_(wanted[start : start + 500])))
        found.update((row.seq, bytes(row.hash)) for row in rows)
    return found


def insert_links(connection: Connection, room_key: int, links: Sequence[Link], members: Mapping[str, int]) -> None:
    """Store events of an imported log as they are, with the hashes that they have. For the writer.

    Args:
        connection: of the writer.
        room_key: of the new room.
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
