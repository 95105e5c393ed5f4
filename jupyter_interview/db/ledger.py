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

from ..core.chain import Linker, linker
from .events import last_link
from .keys import find_keys, insert_key
from .tables import member, room
from .vault import DATA, PAYLOAD, Sealer

Row: TypeAlias = dict[str, Any]
_ROOMS = 1_024


class Unlinkable(Exception):
    """An event that cannot follow what is stored: its room or a member is unknown, or its number is not the next."""


class _Room:
    """What it takes to write on in a room's log."""

    __slots__ = ("digest", "id", "linkers", "names", "sealers", "seq")

    def __init__(self, room_id: str, seq: int, digest: bytes) -> None:
        self.id = room_id
        self.seq = seq
        self.digest = digest
        self.names = {0: ""}
        self.sealers: dict[int, Sealer] = {}
        self.linkers: dict[tuple[int, int], Linker] = {}

    def linker(self, author: int, subject: int) -> Linker | None:
        """What links the events of an author and a subject; ``None`` while their names have to be read."""
        names = self.names.get(author), self.names.get(subject)
        if names[0] is None or names[1] is None:
            return None
        made = self.linkers[author, subject] = linker(self.id, names[0], names[1])
        return made


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
        sealed: list[Row] = []
        links: list[Linker] = []
        seqs: dict[int, int] = {}
        for row in rows:
            key = row["room"]
            known = self._rooms.get(key)
            if known is None:
                return None
            seq = seqs.get(key, known.seq) + 1
            author, subject = row["member"], row["subject"]
            link = known.linkers.get((author, subject)) or known.linker(author, subject)
            sealer = known.sealers.get(subject)
            if row["seq"] != seq or link is None or sealer is None:
                return None
            seqs[key] = seq
            payload, data = row["payload"], row["data"]
            if payload is not None or data is not None:
                own = sealer.event(seq)
                payload = None if payload is None else own.seal(PAYLOAD, payload)
                data = None if data is None else own.seal(DATA, data)
            sealed.append({**row, "payload": payload, "data": data})
            links.append(link)
        # In a loop of its own, which stays in the processor's caches: it takes a fifth less (benchmarks/chain.py).
        digests = {key: self._rooms[key].digest for key in seqs}
        for row, link in zip(sealed, links, strict=True):
            key = row["room"]
            row["hash"] = digests[key] = link(
                digests[key], row["seq"], row["at"], row["kind"], row["connection"], row["payload"], row["data"]
            )
        for key, seq in seqs.items():
            known = self._rooms[key]
            known.seq, known.digest = seq, digests[key]
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
        known.names |= {row.key: row.id for row in connection.execute(query)}
    if any(number not in known.names for number in missing):
        raise Unlinkable("an event's author or subject is not a member of its room")


def _read_keys(connection: Connection, key: int, known: _Room, subjects: Iterable[int]) -> None:
    missing = [number for number in subjects if number not in known.sealers]
    if not missing:
        return
    found = find_keys(connection, key, missing)
    for number in missing:
        known.sealers[number] = Sealer(known.id, found.get(number) or insert_key(connection, key, number))
