"""How do the contents of older rooms get sealed and chained (and back)?

Part of migration 0003, in plain SQL: it stays as it is when tables and models go on. Events are read and written in
portions, so that a log of any length takes little memory. The format of seals and hashes is that of `core.chain` and
`db.vault`, which never change for what is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, text

from ...core import chain
from ..vault import DATA, DERIVED, PAYLOAD, Sealer, new_key, open_derived, seal_derived, vault_of

_PORTION = 1_000
_UPDATE, _REMOVE, _RUN_STARTED = 2, 25, 30
_CONTENT = ("notebook", "messages", "members", "runs")
_INSERT = text(
    "INSERT INTO event (room, seq, at, member, subject, connection, kind, payload, data, hash) "
    "VALUES (:room, :seq, :at, :member, :subject, :connection, :kind, :payload, :data, :hash)"
)
_RESTORE = text(
    "INSERT INTO event (room, seq, at, member, connection, kind, payload, data) "
    "VALUES (:room, :seq, :at, :member, :connection, :kind, :payload, :data)"
)


def seal_everything(connection: Connection) -> None:
    """Copy events and records from the tables that were set aside, sealed and chained."""
    for room in _rooms(connection):
        _seal_events(connection, room)
        _seal_record(connection, room)


def open_everything(connection: Connection) -> None:
    """Copy events and records back, in the clear. What was erased stays so."""
    for room in _rooms(connection):
        keys = _keys(connection, room.key)
        sealers = {member: Sealer(room.id, key) for member, key in keys.items()}
        for portion in _events(connection, room.key):
            connection.execute(_RESTORE, [_opened(row, sealers.get(row.subject)) for row in portion])
        _open_record(connection, room.key, keys)


def _rooms(connection: Connection) -> list[Row[Any]]:
    return list(connection.execute(text("SELECT key, id FROM room ORDER BY key")))


def _events(connection: Connection, room: int) -> Iterator[list[Row[Any]]]:
    query = text("SELECT * FROM event_old WHERE room = :room AND seq > :after ORDER BY seq LIMIT :limit")
    after = 0
    while True:
        rows = list(connection.execute(query, {"room": room, "after": after, "limit": _PORTION}))
        if not rows:
            return
        yield rows
        after = rows[-1].seq


def _seal_events(connection: Connection, room: Row[Any]) -> None:
    members = list(connection.execute(text("SELECT key, id FROM member WHERE room = :room"), {"room": room.key}))
    whose = _Subjects({row.id: row.key for row in members})
    names = {0: "", **{row.key: row.id for row in members}}
    sealers: dict[int, Sealer] = {}
    digest = chain.GENESIS
    for portion in _events(connection, room.key):
        sealed = []
        for row in portion:
            # A member that was never stored cannot be named: the event is the server's.
            member = row.member if row.member in names else 0
            subject = whose.of(row, member)
            if subject not in sealers:
                sealers[subject] = Sealer(room.id, _make_key(connection, room.key, subject))
            sealer = sealers[subject]
            payload = None if row.payload is None else sealer.seal(row.seq, PAYLOAD, row.payload.encode())
            data = None if row.data is None else sealer.seal(row.seq, DATA, bytes(row.data))
            link = chain.linker(room.id, names[member], names[subject])
            digest = link(digest, row.seq, row.at, row.kind, row.connection, payload, data)
            changed = {"member": member, "subject": subject, "payload": payload, "data": data, "hash": digest}
            sealed.append({**row._mapping, **changed})
        connection.execute(_INSERT, sealed)


class _Subjects:
    """Whose personal content an older event holds: as a rule its author's.

    A removal names who was removed; outputs of a run are of whoever asked for it.
    """

    def __init__(self, members: dict[str, int]) -> None:
        self._members = members
        self._runs: dict[str, int] = {}

    def of(self, row: Row[Any], author: int) -> int:
        if row.kind not in (_UPDATE, _REMOVE, _RUN_STARTED) or row.payload is None:
            return author
        payload = json.loads(row.payload)
        if row.kind == _RUN_STARTED:
            self._runs[payload["run"]] = author
        elif row.kind == _REMOVE:
            return self._members.get(payload.get("member"), author)
        return self._runs.get(payload.get("run"), author) if row.kind == _UPDATE else author


def _make_key(connection: Connection, room: int, member: int) -> bytes:
    key = new_key()
    connection.execute(
        text("INSERT INTO member_key (room, member, wrapped) VALUES (:room, :member, :wrapped)"),
        {"room": room, "member": member, "wrapped": vault_of(connection).wrap(key)},
    )
    return key


def _seal_record(connection: Connection, room: Row[Any]) -> None:
    row = connection.execute(text("SELECT * FROM record_old WHERE room = :room"), {"room": room.key}).first()
    if row is None:
        return
    content = {name: json.loads(row._mapping[name]) for name in _CONTENT}
    plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    sealed = seal_derived(_make_key(connection, room.key, DERIVED), "record", plain)
    connection.execute(
        text(
            "INSERT INTO record (room, language, started_at, ended_at, duration, content) "
            "VALUES (:room, :language, :started_at, :ended_at, :duration, :content)"
        ),
        {**row._mapping, "content": sealed},
    )


def _keys(connection: Connection, room: int) -> dict[int, bytes]:
    found = connection.execute(text("SELECT member, wrapped FROM member_key WHERE room = :room"), {"room": room})
    return {row.member: vault_of(connection).unwrap(bytes(row.wrapped)) for row in found}


def _opened(row: Row[Any], sealer: Sealer | None) -> dict[str, Any]:
    values = {**row._mapping, "payload": None, "data": None}
    if sealer is not None and row.payload is not None:
        values["payload"] = sealer.open(row.seq, PAYLOAD, bytes(row.payload)).decode()
    if sealer is not None and row.data is not None:
        values["data"] = sealer.open(row.seq, DATA, bytes(row.data))
    return values


def _open_record(connection: Connection, room: int, keys: dict[int, bytes]) -> None:
    row = connection.execute(text("SELECT * FROM record_old WHERE room = :room"), {"room": room}).first()
    if row is None or DERIVED not in keys:
        return
    content = json.loads(open_derived(keys[DERIVED], "record", bytes(row.content)))
    values = {name: json.dumps(content[name], ensure_ascii=False) for name in _CONTENT}
    connection.execute(
        text(
            "INSERT INTO record (room, language, started_at, ended_at, duration, notebook, messages, members, runs) "
            "VALUES (:room, :language, :started_at, :ended_at, :duration, :notebook, :messages, :members, :runs)"
        ),
        {**row._mapping, **values},
    )
