"""Are the migrations the tables, and is a database of another version refused?"""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.command import downgrade
from alembic.command import upgrade as upgrade_to
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text

from jupyter_interview.core.errors import StorageUnavailable
from jupyter_interview.core.models import EventKind, RoomFile, RoomState
from jupyter_interview.db import Database, SchemaMismatch, schema
from jupyter_interview.db.engine import open_engine
from jupyter_interview.db.events import read_events
from jupyter_interview.db.files import insert_files, list_files, read_files
from jupyter_interview.db.rooms import delete_room, get_room
from jupyter_interview.db.tables import metadata
from tests.db.conftest import VAULT


def _run(url: str, statement: str, **values: str) -> None:
    engine = open_engine(url, writer=True, vault=VAULT)
    with engine.connect() as connection, connection.begin():
        connection.execute(text(statement), values)
    engine.dispose()


def _prepare(url: str) -> None:
    engine = open_engine(url, writer=True, vault=VAULT)
    try:
        schema.prepare(engine)
    finally:
        engine.dispose()


def _indexes(connection: Connection) -> dict[str | None, tuple[str, ...]]:
    inspector = inspect(connection)
    return {
        index["name"]: tuple(str(column) for column in index["column_names"])
        for table in inspector.get_table_names()
        for index in inspector.get_indexes(table)
    }


def test_migrations_make_the_tables(ji_database_url: str) -> None:
    _prepare(ji_database_url)
    engine = open_engine(ji_database_url, writer=True, vault=VAULT)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
        assert compare_metadata(context, metadata) == []
        found = _indexes(connection)
    engine.dispose()
    for table in metadata.tables.values():
        for index in table.indexes:
            assert found[index.name] == tuple(column.name for column in index.columns)


def test_tables_made_directly_are_the_migrations_to_the_letter(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite keeps the statements themselves: without rowid and all."""
    statements = []
    for name in ("migrated", "made"):
        url = f"sqlite:///{tmp_path_factory.mktemp(name) / 'db'}"
        engine = open_engine(url, writer=True, vault=VAULT)
        if name == "migrated":
            schema.prepare(engine)
        else:
            metadata.create_all(engine)
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
            )
            flat = {row.name: " ".join(row.sql.split()) for row in rows}
        engine.dispose()
        assert flat["event"].endswith("WITHOUT ROWID")
        statements.append({name: set(sql.replace("(", " ( ").replace(",", " ").split()) for name, sql in flat.items()})
    assert statements[0] == statements[1]


def test_an_empty_database_is_prepared_once_and_for_all(ji_database_url: str) -> None:
    _prepare(ji_database_url)
    _run(ji_database_url, "INSERT INTO revoked_token VALUES ('t', 1)")
    _prepare(ji_database_url)
    engine = open_engine(ji_database_url, writer=False)
    with engine.connect() as connection:
        assert schema.revision(connection) == schema.head()
        assert connection.execute(text("SELECT jti FROM revoked_token")).scalars().all() == ["t"]
    engine.dispose()


@pytest.mark.parametrize("revision", ["0000", "ffff"])
def test_another_revision_is_refused_with_the_command(ji_database_url: str, revision: str) -> None:
    _prepare(ji_database_url)
    _run(ji_database_url, "UPDATE alembic_version SET version_num = :revision", revision=revision)
    with pytest.raises(SchemaMismatch, match=rf"at revision {revision}.*needs {schema.head()}.*interview db upgrade"):
        Database(ji_database_url, VAULT).prepare()
    engine = open_engine(ji_database_url, writer=False)
    with engine.connect() as connection:
        assert schema.revision(connection) == revision, "merely starting changes nothing"
    engine.dispose()


def test_tables_without_a_revision_are_refused(ji_database_url: str) -> None:
    _run(ji_database_url, "CREATE TABLE room (key INTEGER)")
    with pytest.raises(SchemaMismatch, match="revision unknown"):
        Database(ji_database_url, VAULT).prepare()


def test_upgrade_leaves_a_newer_database_alone(ji_database_url: str) -> None:
    _prepare(ji_database_url)
    _run(ji_database_url, "UPDATE alembic_version SET version_num = 'ffff'")
    engine = open_engine(ji_database_url, writer=True, vault=VAULT)
    with pytest.raises(SchemaMismatch, match="ffff, which a newer version wrote"):
        schema.upgrade(engine)
    engine.dispose()


def test_upgrade_brings_any_known_database_to_the_newest_revision(ji_database_url: str) -> None:
    engine = open_engine(ji_database_url, writer=True, vault=VAULT)
    assert schema.upgrade(engine) == schema.head()
    assert schema.upgrade(engine) == schema.head()
    with engine.connect() as connection, connection.begin():
        downgrade(schema.configuration(connection), "base")
    with engine.connect() as connection, connection.begin():
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert schema.upgrade(engine) == schema.head()
    engine.dispose()
    _prepare(ji_database_url)


_ROOM_OF_0001 = """
    INSERT INTO room (key, id, title, language, state, owner, settings, tags, created_at)
    VALUES (7, 'old', 'Old interview', 'python', 'live', 0, :settings, '["a"]', 5)
"""
_EVENT_OF_0001 = """
    INSERT INTO event (room, seq, at, member, connection, kind, payload)
    VALUES (7, 1, 5, 0, 0, 51, :payload)
"""


def test_rooms_of_the_first_schema_are_kept_and_can_hold_files(ji_database_url: str) -> None:
    """A database of 0001 is refused, then upgraded: its rooms are as they were, without files."""
    engine = open_engine(ji_database_url, writer=True, vault=VAULT)
    with engine.connect() as connection, connection.begin():
        upgrade_to(schema.configuration(connection), "0001")
        assert not inspect(connection).has_table("room_file")
    _run(ji_database_url, _ROOM_OF_0001, settings='{"seats":2}')
    _run(ji_database_url, _EVENT_OF_0001, payload='{"title":"Old interview","language":"python"}')
    with pytest.raises(SchemaMismatch, match=r"at revision 0001.*interview db upgrade"):
        Database(ji_database_url, VAULT).prepare()
    assert schema.upgrade(engine) == schema.head()
    _prepare(ji_database_url)
    file = RoomFile("a.csv", 3, "0" * 64)
    with engine.connect() as connection, connection.begin():
        room = get_room(connection, "old")
        assert room is not None
        assert (room.key, room.title, room.state, room.files) == (7, "Old interview", RoomState.LIVE, ())
        assert (room.settings, room.tags) == ({"seats": 2}, ("a",))
        assert [event.kind for event in read_events(connection, 7)] == [EventKind.ROOM_CREATED]
        insert_files(connection, 7, [(file, b"1,2")])
        assert list_files(connection, [7]) == {7: (file,)} and read_files(connection, 7) == {"a.csv": b"1,2"}
        delete_room(connection, 7)
        assert read_files(connection, 7) == {}
    with engine.connect() as connection, connection.begin():
        downgrade(schema.configuration(connection), "0001")
        assert not inspect(connection).has_table("room_file")
    engine.dispose()


def test_a_database_that_cannot_be_reached_is_said_so(tmp_path_factory: pytest.TempPathFactory) -> None:
    nowhere = tmp_path_factory.mktemp("x") / "no" / "such" / "folder.db"
    with pytest.raises(StorageUnavailable, match="cannot be used: "):
        Database(f"sqlite:///{nowhere}", VAULT).prepare()
    with pytest.raises(StorageUnavailable, match="cannot be used: "):
        Database(f"postgresql://nobody@/x?host={nowhere}", VAULT).prepare()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("sqlite://", "in-memory"),
        ("sqlite:///:memory:", "in-memory"),
        ("mysql://x@y/z", "not supported"),
        ("sqlite:///x.db?synchronous=SOMETIMES", "SOMETIMES"),
        ("nonsense", "URL"),
    ],
)
def test_a_url_that_is_of_no_use_is_refused(url: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem) if "://" in url else pytest.raises(Exception, match=problem):
        open_engine(url, writer=True, vault=VAULT)


def test_the_newest_revision_is_alembics() -> None:
    with create_engine("sqlite://").connect() as connection:
        config = schema.configuration(connection)
        assert schema.head() == ScriptDirectory.from_config(config).get_current_head()


@pytest.mark.parametrize(("suffix", "level"), [("", 2), ("?synchronous=NORMAL", 1), ("?synchronous=off", 0)])
def test_sqlite_is_opened_as_promised(tmp_path_factory: pytest.TempPathFactory, suffix: str, level: int) -> None:
    engine = open_engine(f"sqlite:///{tmp_path_factory.mktemp('s') / 'db'}{suffix}", writer=True)
    with engine.connect() as connection:
        for pragma, expected in (("journal_mode", "wal"), ("synchronous", level), ("foreign_keys", 1)):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == expected
    engine.dispose()
