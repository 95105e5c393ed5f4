"""Where are the keys of members and rooms?

One row a key, wrapped by the vault. The row of member 0 is the room's own, -1 that of what is derived from its log. A
key is made when something is first sealed with it; an erased member's row is gone and never made again, because an
ended room's log does not grow. Where only some events of a subject were erased, the keys of the others are kept, a row
for each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from .tables import event_key, member_key
from .vault import DERIVED, new_key, vault_of


class KeysGone(Exception):
    """Keys of a room that were there are not any more: something of it was erased."""


@dataclass(frozen=True, slots=True)
class Held:
    """The keys of a room that are there.

    Args:
        members: who has one: members, and the room itself.
        events: how many single events have one. It grows only when a member's key goes.
    """

    members: frozenset[int] = frozenset()
    events: int = 0


def held_keys(connection: Connection, room: int, before: Held | None = None, *, lock: bool = False) -> Held:
    """Which keys of a room are there, if all are that were ``before``.

    What was opened with keys may be in memory longer than the keys are in the database: whoever keeps or shows it asks
    here first.

    Args:
        connection: where to look.
        room: its key.
        before: what this function said then; ``None`` to begin with.
        lock: nobody destroys them before the transaction ends. For the writer.

    Raises:
        KeysGone: some are gone.
    """
    query = select(member_key.c.member).where(member_key.c.room == room)
    found = connection.execute(query.with_for_update(read=True) if lock else query).scalars().all()
    count = select(func.count()).select_from(event_key).where(event_key.c.room == room)
    now = Held(frozenset(found) - {DERIVED}, connection.execute(count).scalar() or 0)
    if before is not None and not (before.members <= now.members and before.events <= now.events):
        raise KeysGone
    return now


def find_keys(connection: Connection, room: int, members: Collection[int] | None = None) -> dict[int, bytes]:
    """The keys of a room by member; of these members only, or all. Who is not in it has none (any more).

    Raises:
        VaultError: the vault is not the one that wrapped them.
    """
    query = select(member_key.c.member, member_key.c.wrapped).where(member_key.c.room == room)
    if members is not None:
        query = query.where(member_key.c.member.in_(members))
    vault = vault_of(connection)
    return {row.member: vault.unwrap(bytes(row.wrapped)) for row in connection.execute(query)}


def insert_key(connection: Connection, room: int, member: int, key: bytes | None = None) -> bytes:
    """Store a key (a fresh one by default); the key."""
    key = key or new_key()
    connection.execute(insert(member_key).values(room=room, member=member, wrapped=vault_of(connection).wrap(key)))
    return key


def delete_keys(connection: Connection, room: int, members: Collection[int] | None = None) -> None:
    """Destroy keys of a room, of these members or all (those of single events, too), and whatever they sealed."""
    query = delete(member_key).where(member_key.c.room == room)
    if members is None:
        connection.execute(delete(event_key).where(event_key.c.room == room))
    else:
        query = query.where(member_key.c.member.in_(members))
    connection.execute(query)


def keep_event_keys(connection: Connection, room: int, keys: Mapping[int, bytes]) -> None:
    """Store the keys of single events, by their numbers, before their subject's key is destroyed."""
    vault = vault_of(connection)
    if keys:
        rows = [{"room": room, "seq": seq, "wrapped": vault.wrap(key)} for seq, key in keys.items()]
        connection.execute(insert(event_key), rows)


def find_event_keys(connection: Connection, room: int, first: int, last: int) -> dict[int, bytes]:
    """The keys of single events that were kept, by the events' numbers, from ``first`` to ``last``.

    Raises:
        VaultError: the vault is not the one that wrapped them.
    """
    query = select(event_key.c.seq, event_key.c.wrapped).where(event_key.c.room == room)
    vault = vault_of(connection)
    rows = connection.execute(query.where(event_key.c.seq.between(first, last)))
    return {row.seq: vault.unwrap(bytes(row.wrapped)) for row in rows}


def delete_event_keys(connection: Connection, room: int, seqs: Collection[int]) -> None:
    """Destroy keys of single events."""
    query = delete(event_key).where(event_key.c.room == room, event_key.c.seq == bindparam("number"))
    if seqs:
        connection.execute(query, [{"number": seq} for seq in seqs])


def derived_key(connection: Connection, room: int) -> bytes | None:
    """The key of what is derived from a room's log; ``None`` when there is none yet."""
    return find_keys(connection, room, [DERIVED]).get(DERIVED)


def make_derived_key(connection: Connection, room: int) -> bytes:
    """The same, made when there is none. For the writer."""
    return derived_key(connection, room) or insert_key(connection, room, DERIVED)
