"""Does the writer keep the order, lose nothing that it confirmed, and confirm nothing that it lost?"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text

from jupyter_interview.core.errors import Conflict, StorageUnavailable
from jupyter_interview.core.models import Event, EventKind
from jupyter_interview.db import Database, Stream
from jupyter_interview.db.events import last_seq, read_events
from tests.db.conftest import VAULT, Writes, blocked, make_member, make_room


async def _seqs(database: Database, room: int) -> list[int]:
    return [event.seq for event in await database.read(lambda connection: read_events(connection, room))]


async def test_events_come_back_as_they_were_written(ji_database: Database, ji_room: int) -> None:
    writes = Writes(ji_database, ji_room)
    one, two = await make_member(ji_database, ji_room), await make_member(ji_database, ji_room, key=2**31 - 1)
    text = 'Ä"\\\n\0 \u2028 漢 🎉'
    written = [
        Event(ji_room, 1, 5, 0, 0, EventKind.DOCUMENT_SNAPSHOT, {"source": "load"}, b"\0\xff"),
        Event(ji_room, 2, 5, one, 1 << 28, EventKind.DOCUMENT_UPDATE, None, b"", subject=one),
        Event(ji_room, 3, 2**53, two, 2**31 - 1, EventKind.CHAT_MESSAGE, {"text": text}, subject=two),
        Event(ji_room, 4, 2**53, 0, 0, EventKind.DENIED, {}, subject=one),
    ]
    for event in written:
        ji_database.append(event, writes.stream, lambda failure: writes._tell(0, failure))
    assert await writes.all(4) == [(0, None)] * 4
    stored = await ji_database.read(lambda connection: read_events(connection, ji_room))
    assert [replace(event, hash=b"") for event in stored] == written
    assert len({event.hash for event in stored}) == 4 and all(len(event.hash) == 32 for event in stored)


async def test_events_are_told_in_their_order_and_together_with_their_commit(
    ji_database: Database, ji_room: int
) -> None:
    writes = Writes(ji_database, ji_room)
    commits = 0

    def count(_: Any) -> None:
        nonlocal commits
        commits += 1

    sqlalchemy_event.listen(ji_database._writer, "commit", count)
    async with blocked(ji_database):
        writes.append(*range(1, 1_001))
        assert writes.told == [] and ji_database.backlog == 1_000
    assert await writes.all(1_000) == [(seq, None) for seq in range(1, 1_001)]
    assert await _seqs(ji_database, ji_room) == list(range(1, 1_001))
    assert ji_database.backlog == 0
    assert commits == 2, "the job's, and one for everything that waited"


async def test_nothing_is_told_before_it_is_durable(ji_database: Database, ji_room: int) -> None:
    """Whoever is told looks with another connection at what is there."""
    seen: list[int] = []
    told = asyncio.Event()

    def look(failure: Exception | None) -> None:
        assert failure is None
        with ji_database._reader.connect() as connection:
            seen.append(last_seq(connection, ji_room))
        told.set()

    for seq in range(1, 4):
        ji_database.append(Event(ji_room, seq, 0, 0, 0, EventKind.JOIN), Stream(), look)
        await told.wait()
        told.clear()
        assert seen[-1] >= seq


async def test_a_job_sees_what_was_written_before_it(ji_database: Database, ji_room: int) -> None:
    writes = Writes(ji_database, ji_room)
    async with blocked(ji_database):
        writes.append(1, 2)
        first = asyncio.ensure_future(ji_database.write(lambda connection: last_seq(connection, ji_room)))
        await asyncio.sleep(0)
        writes.append(3)
        second = asyncio.ensure_future(ji_database.write(lambda connection: last_seq(connection, ji_room)))
        await asyncio.sleep(0)
    assert (await first, await second) == (2, 3)


async def test_a_failing_job_is_undone_alone(ji_database: Database, ji_room: int) -> None:
    def failing(connection: Any) -> None:
        connection.execute(text("INSERT INTO revoked_token VALUES ('undone', 1)"))
        raise Conflict("no")

    def broken(connection: Any) -> None:
        connection.execute(text("INSERT INTO revoked_token VALUES ('twice', 1), ('twice', 1)"))

    def wrong(connection: Any) -> None:
        connection.execute(text("INSERT INTO revoked_token VALUES ('wrong', 1)"))
        raise ZeroDivisionError

    def fine(connection: Any) -> int:
        connection.execute(text("INSERT INTO revoked_token VALUES ('done', 1)"))
        return 42

    writes = Writes(ji_database, ji_room)
    async with blocked(ji_database):
        jobs = []
        for seq, work in enumerate((failing, broken, wrong, fine), start=1):
            writes.append(seq)
            jobs.append(asyncio.ensure_future(ji_database.write(work)))
            await asyncio.sleep(0)
        writes.append(5)
    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert [type(result) for result in results] == [Conflict, StorageUnavailable, ZeroDivisionError, int]
    await writes.all(5)
    assert writes.stored == [1, 2, 3, 4, 5] == await _seqs(ji_database, ji_room)
    names = await ji_database.read(lambda connection: connection.execute(text("SELECT jti FROM revoked_token")).all())
    assert [row.jti for row in names] == ["done"]


async def test_a_stream_that_failed_gets_no_gap_while_others_go_on(ji_database: Database, ji_room: int) -> None:
    other = await make_room(ji_database)
    good, bad = Writes(ji_database, other), Writes(ji_database, ji_room)
    async with blocked(ji_database):
        bad.append(1, 2)
    await bad.all(2)
    async with blocked(ji_database):
        bad.append(3)
        bad.append(2)  # a number that is taken: the database refuses it
        bad.append(4)
    await bad.all(5)
    async with blocked(ji_database):
        bad.append(5)
        good.append(1, 2)
    await good.all(2)
    await bad.all(6)
    assert bad.stored == [1, 2, 3] and bad.failed == [2, 4, 5]
    assert all(isinstance(failure, StorageUnavailable) for _, failure in bad.told[3:])
    assert good.stored == [1, 2]
    assert await _seqs(ji_database, ji_room) == [1, 2, 3], "what was told to have failed is not there: no gap"
    assert await _seqs(ji_database, other) == [1, 2]
    again = Writes(ji_database, ji_room)
    again.append(4)
    assert await again.all(1) == [(4, None)], "a new stream begins where the log ends"


async def test_an_event_that_cannot_be_written_takes_nobody_else_along(ji_database: Database, ji_room: int) -> None:
    """A room without a row, or a number that is taken: the events and jobs beside it in the batch are stored."""
    good, bad = Writes(ji_database, ji_room), Writes(ji_database, ji_room + 1_000)
    async with blocked(ji_database):
        good.append(1)
        bad.append(1)
        job = asyncio.ensure_future(
            ji_database.write(lambda connection: connection.execute(text("INSERT INTO revoked_token VALUES ('j', 1)")))
        )
        await asyncio.sleep(0)
        good.append(2)
    await asyncio.gather(good.all(2), bad.all(1), job)
    assert (good.stored, good.failed, bad.stored, bad.failed) == ([1, 2], [], [], [1])
    assert await _seqs(ji_database, ji_room) == [1, 2]
    found = await ji_database.read(lambda connection: connection.execute(text("SELECT jti FROM revoked_token")).all())
    assert len(found) == 1


@pytest.mark.parametrize("text_", ["\ud800", "a\0b", "\x1b[0m", "é\u202e"])
async def test_no_text_stops_the_writer(ji_database: Database, ji_room: int, text_: str) -> None:
    writes = Writes(ji_database, ji_room)
    writes.append(1, payload={"text": text_, text_: [text_]}, kind=EventKind.DENIED)
    assert await writes.all(1) == [(1, None)]
    (event,) = await ji_database.read(lambda connection: read_events(connection, ji_room))
    stored = text_.encode("utf-8", "replace").decode()
    assert event.payload == {"text": stored, stored: [stored]}


async def test_who_is_told_and_raises_stops_nobody(
    ji_database: Database, ji_room: int, caplog: pytest.LogCaptureFixture
) -> None:
    def raising(failure: Exception | None) -> None:
        raise ZeroDivisionError

    writes = Writes(ji_database, ji_room)
    async with blocked(ji_database):
        writes.append(1)
        ji_database.append(Event(ji_room, 2, 0, 0, 0, EventKind.JOIN), writes.stream, raising)
        writes.append(3)
    assert await writes.all(2) == [(1, None), (3, None)]
    assert ji_database.backlog == 0
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("limit", [1, 2, 10])
async def test_producers_wait_while_too_much_waits(ji_database_url: str, limit: int) -> None:
    database = Database(ji_database_url, VAULT, queue_limit=limit)
    database.prepare()
    database.start()
    writes = Writes(database, await make_room(database))
    async with blocked(database):
        writes.append(*range(1, limit))
        behind = [database.behind]
        await asyncio.wait_for(database.capacity(), 5)
        writes.append(limit)
        behind.append(database.behind)
        assert behind == [False, True]
        waiting = [asyncio.ensure_future(database.capacity()) for _ in range(3)]
        done, _ = await asyncio.wait(waiting, timeout=0)
        assert not done
    await asyncio.wait_for(asyncio.gather(*waiting), 5)
    assert not database.behind and writes.stored == list(range(1, limit + 1))
    await database.close()


async def test_close_writes_what_waits(ji_database_url: str) -> None:
    database = Database(ji_database_url, VAULT)
    database.prepare()
    database.start()
    room = await make_room(database)
    writes = Writes(database, room)
    async with blocked(database):
        writes.append(*range(1, 3_001))
        closing = asyncio.ensure_future(database.close())
        await asyncio.sleep(0)
        writes.append(3_001)
        with pytest.raises(StorageUnavailable, match="shutting down"):
            await database.write(lambda connection: None)
    await closing
    await database.close()
    await writes.all(3_001)
    assert writes.stored == list(range(1, 3_001)) and writes.failed == [3_001]
    assert database._thread is not None and not database._thread.is_alive()
    again = Database(ji_database_url, VAULT)
    again.prepare()
    assert await _seqs(again, room) == list(range(1, 3_001))
    await again.close()


async def test_whoever_goes_away_while_a_job_waits_does_no_harm(ji_database: Database) -> None:
    async with blocked(ji_database):
        job = asyncio.ensure_future(ji_database.write(lambda connection: 1))
        await asyncio.sleep(0)
        job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert await ji_database.write(lambda connection: 2) == 2


async def test_a_read_is_one_consistent_view(ji_database: Database, ji_room: int) -> None:
    """What is committed between two statements of one read is not seen by the second."""
    writes = Writes(ji_database, ji_room)
    writes.append(1)
    await writes.all(1)
    read, written = threading.Event(), threading.Event()

    def work(connection: Any) -> tuple[int, int]:
        first = last_seq(connection, ji_room)
        read.set()
        assert written.wait(20)
        return first, last_seq(connection, ji_room)

    reading = asyncio.ensure_future(ji_database.read(work))
    await asyncio.get_running_loop().run_in_executor(None, read.wait, 20)
    writes.append(2)
    await writes.all(2)
    written.set()
    assert await reading == (1, 1)


async def test_readers_do_not_wait_for_the_writer(ji_database: Database, ji_room: int) -> None:
    async with blocked(ji_database):
        assert await ji_database.read(lambda connection: last_seq(connection, ji_room)) == 0
