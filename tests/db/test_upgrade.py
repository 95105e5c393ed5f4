"""Does an upgrade seal and chain what was recorded before, and lose nothing of it?

`interview_0002.json` has the rows of a database that the last version of revision 0002 wrote: an interview that has
ended, with a removed spectator, runs and a message, and one that was live when the server stopped.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from alembic.command import downgrade
from alembic.command import upgrade as upgrade_to
from sqlalchemy import Connection, Engine, text

from jupyter_interview.core.models import Event, EventKind
from jupyter_interview.db import SchemaMismatch, schema
from jupyter_interview.db.engine import open_engine
from jupyter_interview.db.events import read_events
from jupyter_interview.db.members import list_members
from jupyter_interview.managers.evidence import Evidence, sign_ended
from tests.managers.house import SIGNING, VAULT, House

ROWS = Path(__file__).parent / "interview_0002.json"
TABLES = ("room", "room_file", "member", "invitation", "event", "record")
ENDED, LIVE = 1, 2


def _value(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value


def _rows() -> dict[str, list[dict[str, Any]]]:
    found = json.loads(ROWS.read_text())
    return {table: [{name: _value(cell) for name, cell in row.items()} for row in found[table]] for table in TABLES}


@pytest.fixture
def old(ji_database_url: str) -> Engine:
    """A database of 0002 with interviews in it."""
    engine = open_engine(ji_database_url, writer=True, vault=VAULT)
    with engine.connect() as connection, connection.begin():
        _store(connection)
    return engine


def _as_before(event: Event) -> dict[str, Any]:
    return {
        "room": event.room,
        "seq": event.seq,
        "at": event.at,
        "member": event.member,
        "connection": event.connection,
        "kind": int(event.kind),
        "payload": event.payload,
        "data": event.data,
    }


def _store(connection: Connection) -> None:
    upgrade_to(schema.configuration(connection), "0002")
    for table, rows in _rows().items():
        for row in rows:
            names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)  # noqa: S608


def _events(connection: Connection) -> list[Event]:
    return read_events(connection, ENDED) + read_events(connection, LIVE)


def _expected() -> list[dict[str, Any]]:
    return [{**row, "payload": row["payload"] and json.loads(row["payload"])} for row in _rows()["event"]]


async def test_older_interviews_are_sealed_chained_signed_and_go_on(old: Engine, ji_database_url: str) -> None:
    with pytest.raises(SchemaMismatch, match=r"at revision 0002.*interview db upgrade"):
        House(ji_database_url).database.prepare()
    assert schema.upgrade(old) == schema.head()
    with old.connect() as connection, connection.begin():
        events = _events(connection)
        members = {member.key: member for member in list_members(connection, ENDED)}
        assert [_as_before(event) for event in events] == _expected()
        stored = connection.execute(text("SELECT payload, data FROM event")).all()
        assert not any(b"Hello" in bytes(value or b"") for row in stored for value in row)
    old.dispose()
    removed = next(event for event in events if event.kind is EventKind.REMOVE)
    assert {member.invitation for member in members.values()} == {None}, "nobody knows any more"
    assert members[removed.subject].name == "Eve Stranger" and members[removed.member].name == "Grace Hopper"
    outputs = [event for event in events if (event.payload or {}).get("source") == "kernel"]
    assert {members[event.subject].name for event in outputs} == {"Ada Lovelace", "Grace Hopper"}
    assert all(event.subject == event.member for event in events if event not in outputs and event is not removed)

    house = await House(ji_database_url).start()
    assert await sign_ended(house.database, SIGNING) == 1
    evidence = Evidence(house.database, SIGNING)
    ids = {row["key"]: row["id"] for row in _rows()["room"]}
    ended = await house.rooms.get(ids[ENDED])
    verdict = await evidence.verify(ended)
    assert verdict.damage is None and verdict.signed == verdict.events == len([e for e in events if e.room == ENDED])
    [before] = _rows()["record"]
    record = await house.records.record(ended)
    assert record is not None
    assert {name: record[name] for name in ("notebook", "messages", "members", "runs")} == {
        name: json.loads(before[name]) for name in ("notebook", "messages", "members", "runs")
    }
    live = await house.rooms.open(ids[LIVE])
    assert live.document.code() == "y = 1\n"
    [bob] = live.members.values()
    live.document.set_code("y = 2\n", bob, 1)
    await house.rooms.end(ids[LIVE], bob)
    assert (await evidence.verify(await house.rooms.get(ids[LIVE]))).damage is None
    await house.stop()


def test_a_downgrade_gives_back_what_there_was(old: Engine) -> None:
    schema.upgrade(old)
    with old.connect() as connection, connection.begin():
        downgrade(schema.configuration(connection), "0002")
    with old.connect() as connection, connection.begin():
        found = [dict(row._mapping) for row in connection.execute(text("SELECT * FROM event ORDER BY room, seq"))]
        [record] = connection.execute(text("SELECT * FROM record")).all()
    old.dispose()
    assert found == _rows()["event"]
    [before] = _rows()["record"]
    assert {name: json.loads(record._mapping[name]) for name in ("notebook", "runs")} == {
        name: json.loads(before[name]) for name in ("notebook", "runs")
    }


def test_an_upgrade_leaves_nothing_in_the_clear_on_the_disk(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'db'}", writer=True, vault=VAULT)
    with engine.connect() as connection:
        # As it was opened before this version.
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA secure_delete=OFF")
        with connection.begin():
            _store(connection)

    def raw() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir())

    assert b"Hello from 0002" in raw() and "Größe".encode() in raw()
    schema.upgrade(engine)
    assert b"Hello from 0002" not in raw() and "Größe".encode() not in raw()
    engine.dispose()
