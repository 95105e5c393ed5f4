"""What happens when the disk is full, and when the server is gone?"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from jupyter_interview.core.errors import StorageUnavailable
from jupyter_interview.core.models import EventKind
from jupyter_interview.db import Database
from jupyter_interview.db.engine import open_engine
from jupyter_interview.db.events import read_events
from tests.db.conftest import VAULT, Writes, blocked, make_room
from tests.fixtures import postgresql

PAGES = 40


async def _fill(database: Database) -> None:
    """Let the disk have no page more than a few."""

    def work(connection: Any) -> None:
        used = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {used + PAGES}")

    await database.write(work)


async def test_a_lock_of_somebody_elses_is_waited_for_so_long(ji_postgresql: postgresql.PostgreSQL) -> None:
    """And it costs what waited for it, which is told so: nothing hangs."""
    url = ji_postgresql.url(ji_postgresql.create())
    database = Database(f"{url}&options=-c lock_timeout=200", VAULT)
    database.prepare()
    database.start()
    room = await make_room(database)
    writes = Writes(database, room)
    with psycopg.connect(url.replace("+psycopg", "")) as other:
        other.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
        writes.append(1)
        [(_, failure)] = await writes.all(1)
        assert isinstance(failure, StorageUnavailable) and failure.details["reason"] == "OperationalError"
        with pytest.raises(StorageUnavailable):
            await database.read(lambda connection: read_events(connection, room))
    again = Writes(database, room)
    again.append(1)
    assert await again.all(1) == [(1, None)]
    await database.close()


def test_locks_and_lost_servers_have_their_time(ji_postgresql: postgresql.PostgreSQL) -> None:
    for writer in (True, False):
        engine = open_engine(ji_postgresql.url(ji_postgresql.create()), writer=writer)
        with engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "10s"
        engine.dispose()


@pytest.fixture
async def ji_small_disk(tmp_path: Path) -> Database:
    """A SQLite database on a disk that is nearly full."""
    database = Database(f"sqlite:///{tmp_path / 'small.db'}", VAULT)
    database.prepare()
    database.start()
    return database


async def test_a_full_disk_fails_what_does_not_fit_and_nothing_else(ji_small_disk: Database) -> None:
    database = ji_small_disk
    room = await make_room(database)
    await _fill(database)
    writes = Writes(database, room)
    count = 0
    while not writes.failed:
        count += 1
        writes.append(count, data=b"x" * 4_000, kind=EventKind.DOCUMENT_UPDATE)
        await writes.all(count)
    failure = writes.told[-1][1]
    assert isinstance(failure, StorageUnavailable) and failure.details["reason"] == "OperationalError"
    assert writes.stored == list(range(1, count)) and 2 < count <= PAGES
    events = await database.read(lambda connection: read_events(connection, room))
    assert [event.seq for event in events] == writes.stored, "reading works, and all that was confirmed is there"
    writes.append(count + 1)
    assert (await writes.all(count + 1))[-1][1] is not None
    await database.close()


async def test_a_job_on_a_full_disk_takes_no_confirmed_event_along(ji_small_disk: Database) -> None:
    """SQLite undoes the whole transaction then, with events of the same batch in it: they must not count as stored."""
    database = ji_small_disk
    room = await make_room(database)
    await _fill(database)
    writes = Writes(database, room)
    async with blocked(database):
        writes.append(1, 2)
        job = asyncio.ensure_future(
            database.write(
                lambda c: c.execute(text("INSERT INTO revoked_token VALUES (:text, 1)"), {"text": "x" * 10**6})
            )
        )
        await asyncio.sleep(0)
        writes.append(3)
    with pytest.raises(StorageUnavailable):
        await job
    await writes.all(3)
    events = await database.read(lambda connection: read_events(connection, room))
    assert [event.seq for event in events] == writes.stored
    await database.close()


async def test_writing_goes_on_when_the_disk_has_room_again(ji_small_disk: Database) -> None:
    database = ji_small_disk
    room = await make_room(database)
    await _fill(database)
    writes = Writes(database, room)
    writes.append(1, data=b"x" * 10**6)
    assert (await writes.all(1))[0][1] is not None
    # The writer took a new connection, which knows nothing of the old one's limit: there is room again.
    again = Writes(database, room)
    again.append(1, data=b"x" * 10**6)
    assert await again.all(1) == [(1, None)]
    await database.close()


class Server:
    """A PostgreSQL server of this test's own, that can be stopped and started again."""

    def __init__(self, root: Path) -> None:
        self._programs, self._user = postgresql._programs(), postgresql._user()
        self.sockets = root
        self.server = postgresql.PostgreSQL(root)
        self._process: subprocess.Popen[bytes] | None = None
        if self._user:
            os.chown(root, self._user["user"], self._user["group"])
        make = [str(self._programs / "initdb"), "--pgdata", str(root / "data"), "--username=postgres", "--auth=trust"]
        make += ["--encoding=UTF8", "--no-locale", "--no-sync"]
        subprocess.run(make, cwd=root, env={}, check=True, stdout=subprocess.DEVNULL, **self._user)

    def start(self) -> None:
        command = [str(self._programs / "postgres"), "-D", str(self.sockets / "data"), "-k", str(self.sockets)]
        command += ["-c", "listen_addresses=", "-c", "fsync=off"]
        log = self.sockets / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command, cwd=self.sockets, env={}, stdout=output, stderr=output, **self._user
            )
        postgresql._wait(self._process, self.server, log)

    def stop(self) -> None:
        if self._process is not None:
            # Immediate shutdown: connections are cut, as by a crash.
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)
            self._process = None


@pytest.fixture
def ji_own_postgresql() -> Iterator[Server]:
    """A running server that the test may stop."""
    root = Path(tempfile.mkdtemp(prefix="ji-own-"))
    server = Server(root)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(root)


@pytest.mark.postgresql
async def test_a_lost_server_is_said_so_and_writing_goes_on_when_it_is_back(ji_own_postgresql: Server) -> None:
    database = Database(ji_own_postgresql.server.url("postgres"), VAULT)
    database.prepare()
    database.start()
    room = await make_room(database)
    writes = Writes(database, room)
    writes.append(1)
    await writes.all(1)

    ji_own_postgresql.stop()
    async with asyncio.timeout(20):
        writes.append(2, 3)
        await writes.all(3)
        with pytest.raises(StorageUnavailable, match="does not answer"):
            await database.write(lambda connection: connection.execute(text("SELECT 1")).scalar())
        with pytest.raises(StorageUnavailable, match="does not answer"):
            await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
    assert writes.stored == [1] and writes.failed == [2, 3]
    with pytest.raises(StorageUnavailable, match="cannot be used"):
        Database(database.url, VAULT).prepare()

    ji_own_postgresql.start()
    async with asyncio.timeout(20):
        assert await database.read(lambda connection: connection.execute(text("SELECT 1")).scalar()) == 1
        events = await database.read(lambda connection: read_events(connection, room))
        assert [event.seq for event in events] == [1]
        again = Writes(database, room)
        again.append(2)
        assert await again.all(1) == [(2, None)]
        writes.append(4)
        assert (await writes.all(4))[-1][1] is not None, "the stream that failed stays failed"
    await database.close()
