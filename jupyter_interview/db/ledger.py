"""How does an event become a row of a log that nobody can change unseen?

In the writer's thread each event is sealed with its subject's key and chained to its predecessor. What that takes (the
newest hash of a room, the ids and keys of its members) is kept in memory for the rooms that are being written; it is
read from the database where it is not there, and forgotten whenever a batch failed: what is stored is the truth then,
whether or not the commit came through. Whether memory and database fit is seen by the number: an event has to be the
one after the newest, or the room is read again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias

from sqlalchemy import Connection, select

from ..core.chain import linked, place, text
from .events import last_link
from .keys import find_keys, insert_key
from .tables import member, room
from .vault import DATA, PAYLOAD, Sealer

Row: TypeAlias = dict[str, Any]
_ROOMS = 1_024
_SERVER = text("")


class Unlinkable(Exception):
    """An event that cannot follow what is stored: its room or a member is unknown, or its number is not the next."""


class _Room:
    """What it takes to write on in a room's log."""

    __slots__ = ("digest", "id", "names", "place", "sealers", "seq")

    def __init__(self, room_id: str, seq: int, digest: bytes) -> None:
        self.id = room_id
        self.place = place(text(room_id))
        self.seq = seq
        self.digest = digest
        self.names = {0: _SERVER}
        self.sealers: dict[int, Sealer] = {}


class Ledger:
    """The newest links of the rooms that are being written. Only the writer's thread may use it.

    Args:
        rooms: how many it remembers.
    """

    def __init__(self, rooms: int = _ROOMS) -> None:
        self._size = rooms
        self._rooms: OrderedDict[int, _Room] = OrderedDict()

    def forget(self, room_key: int | None = None) -> None:
        """What it remembers of a room, or of all, need not be true any more."""
        if room_key is None:
            self._rooms.clear()
        else:
            self._rooms.pop(room_key, None)

    def seal(self, rows: Sequence[Row]) -> list[Row] | None:
        """Rows as they are stored: sealed and with their hashes; ``None`` when something has to be `load`ed before.

        From then on they count as written: whoever fails to do so has to call `forget`.
        """
        sealed = []
        heads: dict[int, tuple[int, bytes]] = {}
        for row in rows:
            key = row["room"]
            known = self._rooms.get(key)
            if known is None:
                return None
            seq, digest = heads.get(key) or (known.seq, known.digest)
            author, name = known.names.get(row["member"]), known.names.get(row["subject"])
            sealer = known.sealers.get(row["subject"])
            if row["seq"] != seq + 1 or author is None or name is None or sealer is None:
                return None
            seq += 1
            payload, data = row["payload"], row["data"]
            if payload is not None or data is not None:
                own = sealer.event(seq)
                payload = None if payload is None else own.seal(PAYLOAD, payload)
                data = None if data is None else own.seal(DATA, data)
            people = author + name
            digest = linked(digest, known.place, seq, row["at"], row["kind"], row["connection"], people, payload, data)
            heads[key] = (seq, digest)
            sealed.append({**row, "payload": payload, "data": data, "hash": digest})
        for key, (seq, digest) in heads.items():
            known = self._rooms[key]
            known.seq, known.digest = seq, digest
            self._rooms.move_to_end(key)
        return sealed

    def load(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Read, or make, all that `seal` needs for these rows.

        Raises:
            Unlinkable: one of them cannot be sealed at all.
        """
        for key in {row["room"] for row in rows}:
            own = [row for row in rows if row["room"] == key]
            known = self._rooms.get(key)
            if known is None or known.seq + 1 != own[0]["seq"]:
                known = self._rooms[key] = _read_room(connection, key)
            for before, row in enumerate(own, known.seq):
                if row["seq"] != before + 1:
                    raise Unlinkable(f"event {row['seq']} does not follow {before}")
            _read_members(connection, key, known, {row["member"] for row in own} | {row["subject"] for row in own})
            _read_keys(connection, key, known, {row["subject"] for row in own})
        while len(self._rooms) > max(self._size, len(rows)):
            self._rooms.popitem(last=False)


def _read_room(connection: Connection, key: int) -> _Room:
    room_id = connection.execute(select(room.c.id).where(room.c.key == key)).scalar()
    if room_id is None:
        raise Unlinkable("there is no such room")
    return _Room(room_id, *last_link(connection, key))


def _read_members(connection: Connection, key: int, known: _Room, members: Iterable[int]) -> None:
    missing = [number for number in members if number not in known.names]
    if missing:
        query = select(member.c.key, member.c.id).where(member.c.room == key, member.c.key.in_(missing))
        known.names |= {row.key: text(row.id) for row in connection.execute(query)}
    if any(number not in known.names for number in missing):
        raise Unlinkable("an event's author or subject is not a member of its room")


def _read_keys(connection: Connection, key: int, known: _Room, subjects: Iterable[int]) -> None:
    missing = [number for number in subjects if number not in known.sealers]
    if not missing:
        return
    found = find_keys(connection, key, missing)
    for number in missing:
        known.sealers[number] = Sealer(known.id, found.get(number) or insert_key(connection, key, number))
