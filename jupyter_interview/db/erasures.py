"""How is it made sure that contents of a log can never be opened again?

By destroying their keys. Where events of a subject go and others stay, the subject's key is destroyed and the keys of
the events that stay are kept. Everything derived from the log goes with its key.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, exists, or_, select

from ..core.models import Room, RoomState
from .frames import delete_frames
from .keys import delete_event_keys, delete_keys, find_keys, keep_event_keys
from .rooms import delete_record, rooms_of
from .tables import event, event_key, member_key, room, room_file
from .vault import DERIVED, Sealer


def destroy_events(connection: Connection, item: Room, seqs: Collection[int], member: int) -> None:
    """Destroy the keys of the events ``seqs``, and the key of ``member`` in any case. For the writer."""
    gone = set(seqs)
    query = select(event.c.subject, event.c.seq).where(event.c.room == item.key)
    by_subject: dict[int, list[int]] = {}
    for row in connection.execute(query):
        by_subject.setdefault(row.subject, []).append(row.seq)
    keys = find_keys(connection, item.key)
    for subject, all_seqs in by_subject.items():
        if subject in keys and subject != member and not gone.isdisjoint(all_seqs):
            sealer = Sealer(item.id, keys[subject])
            stay = {seq: sealer.key(seq) for seq in all_seqs if seq not in gone}
            keep_event_keys(connection, item.key, stay)
            delete_keys(connection, item.key, [subject])
    delete_keys(connection, item.key, [member, DERIVED])
    delete_event_keys(connection, item.key, gone | set(by_subject.get(member, ())))
    delete_frames(connection, item.key)
    delete_record(connection, item.key)


def destroy_everything(connection: Connection, key: int) -> None:
    """Destroy all keys of a room, what is derived from its log, and its files. For the writer."""
    delete_keys(connection, key)
    delete_frames(connection, key)
    delete_record(connection, key)
    connection.execute(delete(room_file).where(room_file.c.room == key))


def unerased(connection: Connection, before: int) -> list[Room]:
    """The rooms that ended before a moment and of which something can still be read, oldest first."""
    whole = exists().where(member_key.c.room == room.c.key, member_key.c.member != DERIVED)
    single = exists().where(event_key.c.room == room.c.key)
    query = select(room).where(room.c.state == RoomState.ENDED.value, room.c.ended_at < before, or_(whole, single))
    return rooms_of(connection, connection.execute(query.order_by(room.c.key)).all())
