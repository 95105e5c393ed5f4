"""Is an erased person gone from the database's files, and does what remains still hold?"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Array, Map, Text
from sqlalchemy import text

from jupyter_interview.collab import History, Redaction, fold
from jupyter_interview.core.errors import Conflict, NotFound
from jupyter_interview.core.models import DOCUMENT_KINDS, JSON, Event, Member, Room
from jupyter_interview.core.permissions import Role
from jupyter_interview.db.erasures import unerased
from jupyter_interview.db.events import read_events
from jupyter_interview.db.keys import Held, KeysGone, held_keys
from jupyter_interview.managers.erasure import NAME, TITLE, Erasure
from jupyter_interview.managers.evidence import Evidence
from jupyter_interview.managers.live import LiveRoom
from tests.managers.house import SECONDS, SIGNING, House

SECRET = "xylophone_of_the_candidate"
SAID = "I used to work at Acme Corporation"
HINT = "think of a dictionary"
OWN = "interviewers_own_words"


def _eraser(house: House) -> Erasure:
    return Erasure(house.database, house.records, Redaction, History)


async def _interview(house: House) -> tuple[Room, Member, Member]:
    """An interview in which a candidate and an interviewer wrote, said and ran something; it has ended."""
    live = await house.room(title="Interview with Ada Lovelace", tags=["Ada", "python"], files=[("ada.csv", b"1,2")])
    grace = await house.seat(live, Role.INTERVIEWER, "Grace Hopper")
    ada = await house.seat(live, Role.CANDIDATE, "Ada Lovelace")
    for member in (ada, grace):
        house.socket(live, member)
    await house.invitations.create(live, None, role=Role.SPECTATOR, name="Ada Lovelace")
    live.document.set_code(f"{SECRET} = 42\n", ada, 1)
    await _run(house, live, ada, f"output {SECRET}")
    await live.messages.post(ada, _connection(live, ada), SAID, None)
    await live.messages.post(grace, _connection(live, grace), HINT, None)
    await live.messages.post(grace, _connection(live, grace), "Thank you, Ada!", None)
    await _run(house, live, grace, f"again {SECRET}")
    live.document.set_code(f"{OWN} = 1\n", grace, 2)
    await _run(house, live, grace, "only graces")
    await house.rooms.end(live.room.id, grace)
    return await house.rooms.get(live.room.id), ada, grace


def _connection(live: LiveRoom, member: Member) -> Any:
    """The open connection of a member."""
    return live.peers.of(member.id)[0]


async def _run(house: House, live: LiveRoom, member: Member, output: str) -> None:
    await live.runs.request(member, 1, [(None, None)])
    outputs = house.kernels[live.room.id].begin()
    outputs.stream("stdout", output)
    house.kernels[live.room.id].end()
    await live.log.barrier()


def _shared(cell: JSON) -> Map[Any]:
    return Map({**cell, "source": Text(cell["source"]), "metadata": Map({}), "outputs": Array([])})


async def _events(house: House, room: Room) -> list[Event]:
    return await house.database.read(lambda connection: read_events(connection, room.key))


def _all_text(value: object) -> str:
    return repr(value)


async def test_an_erased_member_is_quoted_nowhere_and_the_log_still_holds(house: House) -> None:
    room, ada, _ = await _interview(house)
    before = await _events(house, room)
    assert SECRET in _all_text(before) and not any(event.erased for event in before)
    count = await _eraser(house).member(room, ada)
    after = await _events(house, room)
    assert [event.hash for event in after] == [event.hash for event in before]
    assert sum(event.erased for event in after) == count
    assert all(event.erased for event in after if event.subject == ada.key)
    record = await house.records.record(room)
    shown = _all_text((after, record, await house.rooms.get(room.id), await house.records.members(room)))
    for quote in (SECRET, SAID, "Ada", "Lovelace"):
        assert quote not in shown, quote
    for kept in (HINT, OWN, "only graces", "Grace Hopper"):
        assert kept in shown, kept
    verdict = await Evidence(house.database, SIGNING).verify(await house.rooms.get(room.id))
    assert verdict.damage is None and verdict.signed == after[-1].seq
    updates = [event.data for event in after if event.kind in DOCUMENT_KINDS and event.data is not None]
    assert fold(updates) == (await house.records.notebook(room))[0]
    assert OWN in _all_text(fold(updates))


async def test_the_database_files_hold_neither_name_nor_quote_afterwards(tmp_path: Path) -> None:
    """The name is in the tables in the clear until then; contents never are."""
    house = await House(f"sqlite:///{tmp_path / 'db'}").start()
    room, ada, _ = await _interview(house)

    def raw() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir())

    quotes = (SECRET, SAID, "Thank you", HINT, OWN)
    assert b"Lovelace" in raw() and not any(quote.encode() in raw() for quote in quotes)
    keys = await house.database.read(lambda c: c.exec_driver_sql("SELECT wrapped FROM member_key").all())
    assert all(row.wrapped in raw() for row in keys)
    kept = await house.database.read(
        lambda c: c.execute(text("SELECT wrapped FROM member_key WHERE member = :key"), {"key": ada.key}).all()
    )
    await _eraser(house).member(room, ada)
    assert b"Lovelace" not in raw() and b"Ada" not in raw()
    assert all(row.wrapped not in raw() for row in kept), "the key is gone from the disk, too"
    assert (tmp_path / "db-wal").stat().st_size == 0
    await _eraser(house).room(await house.rooms.get(room.id))
    assert b"Hopper" not in raw() and not any(row.wrapped in raw() for row in keys)
    await house.stop()


async def test_an_erased_interview_says_nothing_but_that_it_was(house: House) -> None:
    room, ada, _ = await _interview(house)
    other, _, _ = await _interview(house)
    before, others = await _events(house, room), await _events(house, other)
    await _eraser(house).member(room, ada)
    count = await _eraser(house).room(await house.rooms.get(room.id))
    after = await _events(house, room)
    assert count < len(after) and all(event.erased and event.payload is None for event in after)
    assert [event.hash for event in after] == [event.hash for event in before]
    again = await house.rooms.get(room.id)
    members = await house.records.members(again)
    assert (again.title, again.tags, again.files) == (TITLE, (), ())
    assert [(member.name, member.email) for member in members] == [(NAME, None)] * 2
    record = await house.records.record(again)
    shown = _all_text((after, again, members, record, await house.invitations.list(room.key)))
    for quote in (SECRET, SAID, HINT, OWN, "only graces", "Lovelace", "Hopper", "ada.csv"):
        assert quote not in shown, quote
    assert record is not None and record["runs"] == [] and record["ended_at"] == room.ended_at
    verdict = await Evidence(house.database, SIGNING).verify(again)
    assert verdict.damage is None and verdict.signed == len(after)
    assert await _events(house, other) == others, "other interviews are left alone"
    assert SECRET in _all_text(await house.records.record(other))


async def test_erasing_again_completes_what_a_crash_left(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    room, ada, _ = await _interview(house)

    async def crash(room: Room) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patch:
        patch.setattr(house.records, "remake", crash)
        with pytest.raises(asyncio.CancelledError):
            await _eraser(house).member(room, ada)
    assert await house.records.record(room) is None
    found, member = await _eraser(house).find(ada.id)
    assert member is not None and member.name == NAME
    assert await _eraser(house).member(found, member) == 0
    record = await house.records.record(room)
    assert record is not None and SECRET not in _all_text(record) and OWN in _all_text(record)


async def test_two_members_are_erased_one_after_the_other(house: House) -> None:
    room, ada, grace = await _interview(house)
    await _eraser(house).member(room, ada)
    await _eraser(house).member(await house.rooms.get(room.id), grace)
    after = await _events(house, room)
    for quote in (SECRET, HINT, OWN, "only graces", "Hopper"):
        assert quote not in _all_text((after, await house.records.record(room)))
    assert (await Evidence(house.database, SIGNING).verify(await house.rooms.get(room.id))).damage is None


async def test_a_cell_that_another_moved_is_erased_with_its_writer(house: House) -> None:
    """Moving is cutting and inserting: the text is in the mover's update then, and comes back as the mover's own."""
    live = await house.room()
    grace = await house.seat(live, Role.INTERVIEWER, "Grace")
    ada = await house.seat(live)
    live.document.set_code(f"{SECRET} = 42\n", ada, 1)
    document: Any = live.document
    with document.acting(grace.key, 2, None):
        cells = document.doc.get("cells", type=Array)
        moved = cells[0].to_py()
        del cells[0]
        cells.append(_shared(moved))
    with document.acting(grace.key, 2, None):
        cells.append(_shared({**moved, "id": "own", "source": f"{OWN} = 1"}))
    await live.log.barrier()
    assert SECRET in _all_text([event.data for event in await house.log(live) if event.subject == grace.key])
    await house.rooms.end(live.room.id, grace)
    room = await house.rooms.get(live.room.id)
    await _eraser(house).member(room, ada)
    notebook = (await house.records.notebook(room))[0]
    assert SECRET not in _all_text((await _events(house, room), notebook)) and OWN in _all_text(notebook)
    assert [cell["id"] for cell in notebook["cells"]] == [moved["id"], "own"]


async def test_the_account_behind_a_member_is_no_author_any_more(house: House) -> None:
    """Who was seated with an account may have made bookmarks from outside the room, too."""
    grace = await house.accounts.create("grace@example.com", "Grace Hopper", "long enough")
    joan = await house.accounts.create("joan@example.com", "Joan Clarke", "long enough")
    live = await house.room(grace)
    seated, _ = await house.members.seat_interviewer(live, grace)
    for by, note in ((grace, "outside"), (seated, "inside"), (joan, "another's")):
        await house.bookmarks.add(live.room, by, 1, note)
    await house.rooms.end(live.room.id, seated)
    room = await house.rooms.get(live.room.id)

    async def told() -> list[tuple[str, str]]:
        return [(item["author"], item["note"]) for item in await house.bookmarks.list(room)]

    await _eraser(house).member(room, seated)
    assert await told() == [("", ""), (NAME, ""), ("Joan Clarke", "another's")]
    await _eraser(house).room(await house.rooms.get(room.id))
    assert await told() == [("", ""), (NAME, ""), ("", "")]
    accounts = await house.database.read(lambda c: c.exec_driver_sql("SELECT account FROM bookmark").scalars().all())
    assert accounts == [None, None, None]


async def test_the_keys_that_were_there_tell_of_every_erasure(house: House) -> None:
    """Of one that takes a member's key, and of one that takes those of single events alone."""
    room, ada, grace = await _interview(house)

    async def held(before: Held | None = None) -> Held:
        return await house.database.read(lambda connection: held_keys(connection, room.key, before))

    first = await held()
    assert {0, ada.key, grace.key} <= first.members and first.events == 0
    assert await held(first) == first
    await _eraser(house).member(room, ada)
    with pytest.raises(KeysGone):
        await held(first)
    second = await held()
    assert grace.key not in second.members and second.events > 0, "she had quoted the other"
    assert await held(second) == second
    await _eraser(house).member(await house.rooms.get(room.id), grace)
    assert (await held()).members == second.members
    with pytest.raises(KeysGone):
        await held(second)


async def test_only_what_has_ended_can_be_erased(house: House) -> None:
    live = await house.room()
    ada = await house.seat(live)
    for name in (live.room.id, ada.id):
        with pytest.raises(Conflict, match="End the interview"):
            await _eraser(house).find(name)
    with pytest.raises(NotFound):
        await _eraser(house).find("nothing")


async def test_interviews_are_erased_when_they_are_old_enough(house: House) -> None:
    room, _, _ = await _interview(house)
    live = await house.room(title="goes on")
    eraser = _eraser(house)
    assert await eraser.expired(1) == 0
    assert SECRET in _all_text(await _events(house, room))
    earlier = {"shift": 2 * 86_400_000_000}
    await house.database.write(
        lambda c: c.execute(text("UPDATE room SET ended_at = ended_at - :shift WHERE ended_at IS NOT NULL"), earlier)
    )
    assert await eraser.expired(3) == 0
    ended_at = (await house.rooms.get(room.id)).ended_at
    assert ended_at is not None
    assert await house.database.read(lambda c: unerased(c, ended_at)) == [], "not on the day itself"
    assert [each.key for each in await house.database.read(lambda c: unerased(c, ended_at + 1))] == [room.key]
    assert await eraser.expired(1) == 1
    assert await eraser.expired(1) == 0, "once is enough"
    assert all(event.erased for event in await _events(house, room))
    assert (await house.rooms.get(live.room.id)).title == "goes on"


async def test_a_watch_goes_on_after_a_failure(house: House) -> None:
    """Also after the second, and what it missed it does then."""
    room, _, _ = await _interview(house)
    said = Said()
    await house.database.write(lambda c: c.execute(text("ALTER TABLE member_key RENAME TO lost")))
    with said.by("jupyter_interview.managers.erasure"):
        watch = asyncio.ensure_future(_eraser(house).watch(0, 0.01))
        await said.until("could not be erased")
        await said.until("could not be erased")
        await house.database.write(lambda c: c.execute(text("ALTER TABLE lost RENAME TO member_key")))
        await said.until("were erased: 1")
    watch.cancel()
    await asyncio.wait([watch])
    assert all(event.erased for event in await _events(house, room))


async def test_a_clock_that_was_set_erases_nothing_at_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither where it is put right until the next look; what is still too old then goes."""
    room, _, _ = await _interview(house)
    eraser, said, real, days = _eraser(house), Said(), time.time_ns, [0]
    monkeypatch.setattr(time, "time_ns", lambda: real() + days[0] * 86_400_000_000_000)
    with said.by("jupyter_interview.managers.erasure"):
        watch = asyncio.ensure_future(eraser.watch(30, 0.01))
        await asyncio.sleep(0)
        days[0] = 40
        await said.until("until the next look")
        days[0] = 0
        await said.until("until the next look")
        assert not any(event.erased for event in await _events(house, room))
        days[0] = 40
        await said.until("until the next look")
        await said.until("were erased: 1")
    watch.cancel()
    await asyncio.wait([watch])


class Said(logging.Handler):
    """What a logger says, waited for."""

    def __init__(self) -> None:
        super().__init__()
        self._texts = asyncio.Queue[str]()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self._texts.put_nowait(record.getMessage())

    @contextmanager
    def by(self, name: str) -> Iterator[None]:
        """Listen to a logger."""
        logger = logging.getLogger(name)
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)

    async def until(self, words: str) -> None:
        """The next text that has these words."""
        async with asyncio.timeout(SECONDS):
            while words not in await self._texts.get():
                continue
