"""Fixtures of the database's tests.

- `ji_database`: a started database, once on SQLite and once on PostgreSQL
- `ji_room`: the key of a room in it, to which events can be written
- `blocked`: holds the writer until it is told to go on
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from functools import partial
from types import TracebackType
from typing import Any

import pytest
from sqlalchemy import update

from jupyter_interview.core.models import Event, EventKind, MemberState, RoomState
from jupyter_interview.core.permissions import Role
from jupyter_interview.db import Database, Stream, Vault
from jupyter_interview.db.members import insert_member
from jupyter_interview.db.rooms import insert_room
from jupyter_interview.db.tables import member

SECONDS = 20.0
VAULT = Vault(b"v" * 32)


class Writes:
    """What became of the events that were appended: (room, seq, failure) in the order in which it was told."""

    def __init__(self, database: Database, room: int = 0) -> None:
        self.database = database
        self.room = room
        self.stream = Stream()
        self.told: list[tuple[int, Exception | None]] = []
        self._changed = asyncio.Event()

    def append(self, *seqs: int, **fields: Any) -> None:
        """Append events with these numbers."""
        for seq in seqs:
            values = {"at": seq, "member": 0, "connection": 0, "kind": EventKind.JOIN, **fields}
            self.database.append(Event(self.room, seq, **values), self.stream, partial(self._tell, seq))

    def _tell(self, seq: int, failure: Exception | None) -> None:
        self.told.append((seq, failure))
        self._changed.set()

    async def all(self, count: int) -> list[tuple[int, Exception | None]]:
        """Wait until so many were told."""
        async with asyncio.timeout(SECONDS):
            while len(self.told) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.told

    @property
    def stored(self) -> list[int]:
        """Numbers of those that were told to be stored."""
        return [seq for seq, failure in self.told if failure is None]

    @property
    def failed(self) -> list[int]:
        """Numbers of those that were told to have failed."""
        return [seq for seq, failure in self.told if failure is not None]


class blocked:
    """Holds a database's writer: whatever is written inside waits, and goes into one batch afterwards."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._go = threading.Event()
        self._holds = threading.Event()

    async def __aenter__(self) -> blocked:
        def work(connection: Any) -> None:
            self._holds.set()
            assert self._go.wait(SECONDS)

        self._job = asyncio.ensure_future(self._database.write(work))
        await asyncio.get_running_loop().run_in_executor(None, self._holds.wait, SECONDS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._go.set()
        await self._job


@pytest.fixture
async def ji_database(ji_database_url: str) -> AsyncIterator[Database]:
    """A started database."""
    database = Database(ji_database_url, VAULT)
    database.prepare()
    database.start()
    yield database
    await database.close()


async def make_room(database: Database, **fields: Any) -> int:
    """Store a room; its key."""
    count = await database.read(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM room").scalar())
    values: dict[str, Any] = {
        "id": f"room-{count}",
        "title": "Interview",
        "language": "python",
        "state": RoomState.WAITING,
        "owner": 0,
        "created_at": 1,
        "settings": {},
        "tags": (),
        **fields,
    }
    return (await database.write(lambda connection: insert_room(connection, **values))).key


async def make_member(database: Database, room: int, **fields: Any) -> int:
    """Store a member; its key."""
    count = await database.read(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM member").scalar())
    values: dict[str, Any] = {
        "id": f"member-{count}",
        "room": room,
        "role": Role.CANDIDATE,
        "name": "Ada",
        "state": MemberState.SEATED,
        "switches": {},
        "joined_at": 1,
        **fields,
    }
    key: int | None = values.pop("key", None)

    def work(connection: Any) -> int:
        made = insert_member(connection, **values).key
        if key is not None:
            connection.execute(update(member).where(member.c.key == made).values(key=key))
        return key or made

    return await database.write(work)


@pytest.fixture
async def ji_room(ji_database: Database) -> int:
    """The key of a room."""
    return await make_room(ji_database)
