"""What remains of an interview when it ends, and what can be read of it?"""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from sqlalchemy import Connection

from jupyter_interview.core import clock
from jupyter_interview.core.errors import BadRequest, Conflict, NotFound, RoomEnded, StorageUnavailable
from jupyter_interview.core.models import EventKind
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.channel import ENDED
from tests.managers.conftest import MakeHouse
from tests.managers.house import SECONDS
from tests.managers.weather import before, turn_read_only


async def test_the_end_stores_the_record_and_tells_everybody(ji_house: MakeHouse) -> None:
    house = await ji_house(grace_seconds=0.01)
    live = await house.room(starter="1 + 1")
    candidate = await house.seat(live, name="Ada")
    interviewer = await house.seat(live, Role.INTERVIEWER, "Grace")
    sockets = [house.socket(live, member) for member in (candidate, interviewer)]
    await live.messages.post(candidate, sockets[0].connection, "hello", None)
    await live.runs.request(candidate, 0, [(None, None)])
    kernel = house.kernels[live.room.id]
    kernel.begin().stream("stdout", "2")
    kernel.end()
    ended = await house.rooms.end(live.room.id, interviewer)
    assert (ended["state"], ended["members_online"], ended["members"]) == ("ended", 0, [])
    assert kernel.shut and live.document.frozen  # type: ignore[attr-defined]
    for socket in sockets:
        assert socket.of("room_ended")[0]["content"]["state"] == "ended"
        assert socket.closed == ENDED
    with pytest.raises(RoomEnded):
        await house.rooms.end(live.room.id, interviewer)
    with pytest.raises(RoomEnded):
        await house.rooms.open(live.room.id)
    room = await house.rooms.get(live.room.id)
    record = await house.records.record(room)
    assert record is not None
    assert room.ended and room.ended_at == record["ended_at"] and record["language"] == "python"
    assert record["started_at"] == room.started_at
    assert record["duration"] == record["ended_at"] - record["started_at"] > 0
    assert record["notebook"]["cells"][0]["outputs"][0]["text"] == "2"
    assert record["notebook"] == (await house.records.notebook(room))[0]
    assert [(m["sender"]["name"], m["content"]) for m in record["messages"]] == [("Ada", "hello")]
    assert [(run["status"], run["source"], run["member"]["name"]) for run in record["runs"]] == [("ok", "1 + 1", "Ada")]
    seats = {seat["name"]: seat for seat in record["members"]}
    assert seats["Ada"]["role"] == "candidate" and seats["Grace"]["role"] == "interviewer"
    assert all(len(seat["present"]) == 1 for seat in seats.values())
    (event,) = await house.story(live, EventKind.ROOM_ENDED)
    assert event.member == interviewer.key
    with pytest.raises(RoomEnded):
        await house.rooms.update(live.room.id, OWNER, {"title": "x"})


async def test_an_interview_lasts_as_long_as_it_lasted(ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that is set forward by a day meanwhile makes none of it longer."""
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live)
    socket = house.socket(live, member)
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + 86_400_000_000_000)
    await live.messages.post(member, socket.connection, "hello", None)
    await house.rooms.end(live.room.id, OWNER)
    record = await house.records.record(await house.rooms.get(live.room.id))
    assert record is not None
    assert record["ended_at"] - record["started_at"] > 86_000_000_000
    assert 0 < record["duration"] < 3_600_000_000


async def test_nobody_says_anything_after_the_end(ji_house: MakeHouse) -> None:
    """What is confirmed is in the record: between the end and the record nothing is taken any more."""
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live)
    socket = house.socket(live, member)
    loop, waits, goes_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def wait(_: Connection) -> None:
        loop.call_soon_threadsafe(waits.set)
        assert goes_on.wait(SECONDS)

    with before(house, "INSERT INTO record", wait):
        ending = asyncio.ensure_future(house.rooms.end(live.room.id, OWNER))
        await waits.wait()
        with pytest.raises(RoomEnded):
            await live.messages.post(member, socket.connection, "late", None)
        with pytest.raises(RoomEnded):
            await live.runs.request(member, 0, [(None, None)])
        goes_on.set()
        await ending
    assert await house.story(live, EventKind.CHAT_MESSAGE) == []


async def test_a_crash_between_the_end_and_its_record_is_repaired(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    await house.seat(live)
    await live.log.record(EventKind.ROOM_ENDED, payload={"by": "owner"})
    await house.crash()
    house = await ji_house()
    assert not (await house.rooms.get(live.room.id)).ended
    for _ in range(2):
        with pytest.raises(RoomEnded):
            await house.rooms.open(live.room.id)
    room = await house.rooms.get(live.room.id)
    record = await house.records.record(room)
    assert room.ended and record is not None and record["ended_at"] == room.ended_at
    assert house.rooms.open_rooms == []


async def test_an_end_that_cannot_be_stored_is_made_up_for(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    socket = house.socket(live, await house.seat(live))
    with (
        before(house, "INSERT INTO record", turn_read_only),
        pytest.raises(StorageUnavailable),
    ):
        await house.rooms.end(live.room.id, OWNER)
    assert socket.closed == 4503 and house.rooms.opened(live.room.id) is None
    with pytest.raises(RoomEnded):
        await house.rooms.open(live.room.id)
    assert (await house.rooms.get(live.room.id)).ended
    assert len(await house.story(live, EventKind.ROOM_ENDED)) == 1


async def test_two_who_end_it_end_it_once(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    results = await asyncio.gather(*(house.rooms.end(live.room.id, OWNER) for _ in range(3)), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["RoomEnded", "RoomEnded", "dict"]
    assert len(await house.story(live, EventKind.ROOM_ENDED)) == 1


async def test_only_an_ended_room_is_deleted(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    with pytest.raises(Conflict):
        await house.rooms.delete(live.room.id, OWNER)
    await house.rooms.end(live.room.id, OWNER)
    await house.rooms.delete(live.room.id, OWNER)
    with pytest.raises(NotFound):
        await house.rooms.get(live.room.id)
    assert await house.log(live) == []


async def test_a_notebook_stands_as_it_stood(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(starter="")
    member = await house.seat(live)
    seqs = []
    for text in ("a", "ab", "abc"):
        live.document.set_code(text, member, 1)
        await live.log.barrier()
        seqs.append(live.log.seq)
    sources = []
    for at in (None, *map(str, seqs), "99999999999"):
        notebook, seq = await house.records.notebook(live.room, at)
        sources.append(notebook["cells"][0]["source"])
        assert seq == (live.log.seq if at in (None, "99999999999") else int(at))
    assert sources == ["abc", "a", "ab", "abc", "abc"]
    at_the_first = (await house.log(live))[seqs[0] - 1].at
    notebook, _ = await house.records.notebook(live.room, clock.iso(at_the_first))
    assert notebook["cells"][0]["source"].startswith("a")
    for early in ("0", "1", "1999-01-01T00:00:00Z"):
        with pytest.raises(NotFound):
            await house.records.notebook(live.room, early)
    for wrong in ("", "-1", "x", "²", "99999-01-01", "1" * 12):
        with pytest.raises(BadRequest):
            await house.records.notebook(live.room, wrong)


async def test_the_log_is_read_in_pages(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    for _ in range(5):
        live.log.append(EventKind.INTERRUPT)
    await live.log.barrier()
    after: int | None = 0
    seen: list[int] = []
    while after is not None:
        page, after = await house.records.events(live.room, after=after, kinds=None, limit=3)
        seen += [event.seq for event in page]
    assert seen == list(range(1, live.log.seq + 1))
    only, after = await house.records.events(live.room, after=0, kinds=[EventKind.INTERRUPT], limit=5)
    assert len(only) == 5 and after is None
