"""Does an interview begin once, and stay while it is needed?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from jupyter_interview.collab import open_document
from jupyter_interview.core.errors import BadRequest, NotFound, StorageUnavailable, TooLarge
from jupyter_interview.core.models import JSON, Account, Event, EventKind, RoomState, RunStatus
from jupyter_interview.core.ports import Document
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.live import LiveRoom
from jupyter_interview.managers.presence import Presence
from tests.db.conftest import blocked
from tests.managers.conftest import MakeHouse
from tests.managers.house import House

ELSE = Account(7, "else", "e@example.org", "Else")


async def _released(house: House, live: LiveRoom) -> None:
    """Wait until a room has left the memory."""
    async with asyncio.timeout(20):
        while house.rooms.opened(live.room.id) is live or house.rooms._closing:
            gone = asyncio.Event()
            live._release = _after(house.rooms._discard, gone)
            if house.rooms._closing:
                await asyncio.gather(*house.rooms._closing.values())
            elif house.rooms.opened(live.room.id) is live:
                await gone.wait()


def _after(release: Any, gone: asyncio.Event) -> Any:
    def released(live: LiveRoom) -> None:
        release(live)
        gone.set()

    return released


async def test_a_new_room_is_there_with_all_its_metadata(ji_house: MakeHouse) -> None:
    house = await ji_house()
    room = await house.rooms.create(
        OWNER,
        title="  An   interview ",
        language="python",
        starter="print(1)",
        password="secret",
        settings={"seats": 2, "candidate": {"run": False}},
        tags=["a", "b", "a", " "],
    )
    assert room["title"] == "An interview" and room["tags"] == ["a", "b"]
    assert room["state"] == "waiting" and room["has_password"] and room["url"] == f"/base/interview/{room['id']}"
    assert "password_hash" not in room
    live = await house.rooms.open(room["id"])
    assert live.document.code() == "print(1)"
    stored = await house.rooms.get(room["id"])
    assert stored.settings == {"seats": 2, "candidate": {"run": False}}
    kinds = [event.kind for event in await house.log(live)]
    assert kinds == [EventKind.ROOM_CREATED, EventKind.DOCUMENT_SNAPSHOT]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"title": " "}, BadRequest),
        ({"title": "x" * 201}, TooLarge),
        ({"tags": ["x" * 51]}, TooLarge),
        ({"tags": [str(number) for number in range(21)]}, TooLarge),
        ({"settings": {"seats": 0}}, BadRequest),
        ({"settings": {"seats": True}}, BadRequest),
        ({"settings": {"colour": "red"}}, BadRequest),
        ({"settings": {"candidate": {"manage": True}}}, BadRequest),
        ({"settings": {"candidate": {"edit": "no"}}}, BadRequest),
    ],
)
async def test_what_is_malformed_makes_no_room(ji_house: MakeHouse, fields: JSON, error: type[Exception]) -> None:
    house = await ji_house()
    with pytest.raises(error):
        await house.room(**fields)
    assert house.rooms.open_rooms == [] and (await house.rooms.page(OWNER))[0] == []


async def test_a_room_is_opened_once_however_many_ask(ji_house: MakeHouse) -> None:
    house = await ji_house()
    room_id = (await house.room()).room.id
    await house.crash()
    opened = 0

    async def counting(live: LiveRoom, history: AsyncIterator[list[Event]], starting: JSON | None) -> Document:
        nonlocal opened
        opened += 1
        return await open_document(live, history, starting)

    house = await ji_house(documents=counting)
    asking = [asyncio.ensure_future(house.rooms.open(room_id)) for _ in range(10)]
    await asyncio.sleep(0)
    asking[0].cancel()
    found = await asyncio.gather(*asking[1:])
    assert len({id(live) for live in found}) == 1 and opened == 1
    assert await house.rooms.open(room_id) is found[0]
    assert house.rooms.open_rooms == [found[0]]


async def test_a_failing_open_leaves_no_trace(ji_house: MakeHouse) -> None:
    house = await ji_house()
    first = await house.room()
    house.socket(first, await house.seat(first))
    await house.log(first)
    await house.crash()
    failing = True

    async def documents(live: LiveRoom, history: AsyncIterator[list[Event]], starting: JSON | None) -> Document:
        if failing:
            raise StorageUnavailable("the weather is bad")
        return await open_document(live, history, starting)

    # The candidate was there: its time of grace begins with each opening, and must end with a failed one.
    house = await ji_house(documents=documents, grace_seconds=0.05)
    loop: Any = asyncio.get_running_loop()
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            await house.rooms.open(first.room.id)
        assert house.rooms._live == {} and house.rooms.opened(first.room.id) is None
    due = [timer._callback for timer in loop._scheduled if not timer.cancelled()]
    assert [callback for callback in due if isinstance(getattr(callback, "__self__", None), Presence)] == []
    failing = False
    live = await house.rooms.open(first.room.id)
    assert [event.seq for event in await house.log(live)] == list(range(1, live.log.seq + 1))


async def test_rooms_that_are_not_there_are_not_found(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(account=ELSE)
    with pytest.raises(NotFound):
        await house.rooms.open("no-such-room")
    assert await house.rooms.owned(ELSE, live.room.id) == live.room == await house.rooms.owned(OWNER, live.room.id)
    with pytest.raises(NotFound):
        await house.rooms.owned(Account(8, "x", "x@y", "X"), live.room.id)


async def test_rooms_are_listed_to_those_who_own_them(ji_house: MakeHouse) -> None:
    house = await ji_house()
    for number in range(5):
        await house.room(account=ELSE if number % 2 else OWNER, title=f"r{number}", tags=[f"t{number}"])
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = await house.rooms.page(OWNER, limit=2, cursor=cursor)
        seen += [room["title"] for room in page]
        if cursor is None:
            break
    assert seen == ["r4", "r3", "r2", "r1", "r0"]
    assert [room["title"] for room in (await house.rooms.page(ELSE))[0]] == ["r3", "r1"]
    assert [room["title"] for room in (await house.rooms.page(OWNER, text="R2"))[0]] == ["r2"]
    assert [room["title"] for room in (await house.rooms.page(OWNER, tag="t4"))[0]] == ["r4"]
    assert (await house.rooms.page(OWNER, states=[RoomState.ENDED]))[0] == []
    for wrong in ("", "x", "1", "1.x", "-1.2", "9" * 30 + ".1", "1.2.3", "²." + "1"):
        with pytest.raises(BadRequest):
            await house.rooms.page(OWNER, cursor=wrong)


async def test_metadata_change_live(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    socket = house.socket(live, await house.seat(live))
    changed = await house.rooms.update(live.room.id, OWNER, {"title": "New", "tags": ["x"], "password": "p"})
    assert (changed["title"], changed["tags"], changed["has_password"]) == ("New", ["x"], True)
    assert socket.of("room_updated")[-1]["content"]["title"] == "New"
    (event,) = await house.story(live, EventKind.ROOM_UPDATED)
    assert event.payload == {"title": "New", "tags": ["x"], "has_password": True}, "and no hash in the log"
    assert not (await house.rooms.update(live.room.id, OWNER, {"password": None}))["has_password"]
    assert (await house.rooms.get(live.room.id)).password_hash is None
    with pytest.raises(BadRequest):
        await house.rooms.update(live.room.id, OWNER, {"language": "r"})


async def test_an_empty_room_leaves_the_memory_and_comes_back_as_it_was(ji_house: MakeHouse) -> None:
    house = await ji_house(release_seconds=0.05, grace_seconds=0.01)
    live = await house.room(starter="")
    member = await house.seat(live)
    socket = house.socket(live, member)
    live.document.set_code("x = 1", member, socket.connection.id)
    await live.messages.post(member, socket.connection, "hello", "c1")
    await asyncio.wait([asyncio.ensure_future(live.log.barrier())])
    assert live._release_timer is None, "it stays while somebody is there"
    live.presence.leave(socket.connection)
    await _released(house, live)
    assert live.closed and house.rooms.open_rooms == [] and house.kernels[live.room.id].shut
    again = await house.rooms.open(live.room.id)
    assert again is not live and again.document.code() == "x = 1"
    assert [message["content"] for message in again.messages.recent()] == ["hello"]
    assert again.members == live.members


async def test_a_room_stays_while_code_runs(ji_house: MakeHouse) -> None:
    house = await ji_house(release_seconds=0.02)
    live = await house.room(starter="1")
    member = await house.seat(live)
    await live.runs.request(member, 0, [(None, None)])
    kernel = house.kernels[live.room.id]
    outputs = kernel.begin()
    expired = asyncio.Event()
    original = live._expired

    def note() -> None:
        original()
        expired.set()

    live._expired = note  # type: ignore[method-assign]
    live.idle()
    for _ in range(2):
        expired.clear()
        await asyncio.wait_for(expired.wait(), 10)
        assert house.rooms.opened(live.room.id) is live
    outputs.stream("stdout", "late")
    kernel.end()
    await _released(house, live)
    assert live.closed


async def test_a_room_stays_while_somebody_is_being_seated(ji_house: MakeHouse) -> None:
    house = await ji_house(release_seconds=0.02)
    live = await house.room()
    async with live.seats:
        live._expired()
        assert not live.closed and house.rooms.opened(live.room.id) is live
    await _released(house, live)


async def test_a_closing_room_is_not_opened_beside_itself(ji_house: MakeHouse) -> None:
    """Its kernel takes its time to end and still has something for the log: the numbers go on from there."""
    house = await ji_house()
    live = await house.room()
    live.runs.start_kernel()
    ending, end = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        ending.set()
        await end.wait()
        live.runs.kernel_event("kernel_died", {})

    house.kernels[live.room.id].on_shutdown = slowly
    house.rooms._discard(live)
    opening = asyncio.ensure_future(house.rooms.open(live.room.id))
    await ending.wait()
    done, _ = await asyncio.wait([opening], timeout=0.02)
    end.set()
    assert not done
    again = await opening
    again.log.append(EventKind.INTERRUPT)
    await again.log.barrier()
    events = await house.log(again)
    assert [event.seq for event in events] == list(range(1, again.log.seq + 1))
    assert [event.kind for event in events][-2:] == [EventKind.KERNEL_DIED, EventKind.INTERRUPT]


async def test_nothing_gets_into_the_log_of_a_closed_room(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live)
    await live.close()
    with pytest.raises(StorageUnavailable):
        house.socket(live, member)
    seq = len(await house.log(live))
    live.deny(member.key, 0, "late")
    live.log.append(EventKind.INTERRUPT)
    with pytest.raises(StorageUnavailable):
        await live.log.barrier()
    assert len(await house.log(live)) == seq
    await live.close()


async def test_a_lost_log_closes_the_room_and_no_other(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, other = await house.room(), await house.room()
    sockets = [house.socket(room, await house.seat(room)) for room in (live, other)]
    await live.log.barrier()
    live.log.seq -= 1  # the next number is taken: the database refuses it
    live.log.append(EventKind.INTERRUPT)
    await sockets[0].until(lambda socket: socket.closed is not None)
    assert sockets[0].closed == 4503
    assert sockets[0].of("error")[0]["content"]["code"] == "storage_unavailable"
    other.log.append(EventKind.INTERRUPT)
    await other.log.barrier()
    assert sockets[1].closed is None
    again = await house.rooms.open(live.room.id)
    again.log.append(EventKind.INTERRUPT)
    await again.log.barrier()
    assert [event.seq for event in await house.log(again)] == list(range(1, again.log.seq + 1))


async def _lose(house: House, live: LiveRoom) -> None:
    """Nothing of a room can be stored any more, as when the database is away."""
    await live.log.barrier()
    live.log.fail(StorageUnavailable("The database does not answer."))
    await house.rooms._closing[live.room.id]


async def test_a_lost_log_costs_no_kernel(ji_house: MakeHouse) -> None:
    """What runs is stopped and told; the kernel with its variables goes on with the room that is opened anew."""
    house = await ji_house()
    live = await house.room(starter="1")
    member = await house.seat(live)
    await live.runs.request(member, 0, [(None, None), (None, None)])
    kernel = house.kernels[live.room.id]
    kernel.start()
    kernel.begin()
    await _lose(house, live)
    assert not kernel.shut and kernel.running is None and kernel.waiting == []
    assert live.closed
    again = await house.rooms.open(live.room.id)
    assert again.runs.executor is kernel and kernel.observer is again.runs
    assert again.room_json()["kernel"]["id"] == "kernel" and again.room_json()["kernel"]["state"] == "idle"
    first, second = again.runs.recent()
    assert first["status"] == "died" and "could not store" in first["message"] and second["status"] == "skipped"
    await again.runs.request(member, 0, [(None, None)])
    kernel.begin()
    kernel.end()
    await again.log.barrier()
    kinds = (EventKind.KERNEL_STARTED, EventKind.KERNEL_DIED)
    assert [event.kind for event in await house.story(again, *kinds)] == [EventKind.KERNEL_STARTED]
    await again.close()
    assert kernel.shut


async def test_what_became_of_a_kept_kernel_is_logged_when_the_room_opens_again(ji_house: MakeHouse) -> None:
    house = await ji_house(release_seconds=0.02)
    live = await house.room(starter="1")
    live.runs.start_kernel()
    kernel = house.kernels[live.room.id]
    ended = asyncio.Event()
    kernel.on_shutdown = ended.set
    await _lose(house, live)
    kernel.observer.kernel_event("kernel_restarted", {"reason": "died"})
    await asyncio.wait_for(ended.wait(), 10)
    # It is no better than before: what is not stored is not forgotten.
    async with blocked(house.database):
        again = await house.rooms.open(live.room.id)
        again.log.fail(StorageUnavailable("The database does not answer."))
    again = await house.rooms.open(live.room.id)
    await again.log.barrier()
    kinds = (EventKind.KERNEL_RESTARTED, EventKind.KERNEL_DIED)
    told = [(event.kind, (event.payload or {}).get("message")) for event in await house.story(again, *kinds)]
    assert [kind for kind, _ in told] == list(kinds) and "nobody came back" in str(told[1][1])
    assert again.room_json()["kernel"]["state"] == "absent"


async def test_a_server_that_stops_ends_the_kernels_that_wait(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    live.runs.start_kernel()
    await _lose(house, live)
    assert not house.kernels[live.room.id].shut
    await house.stop()
    assert house.kernels[live.room.id].shut


async def test_an_end_that_cannot_be_stored_stops_nothing(ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await ji_house()
    live = await house.room(starter="1")
    member = await house.seat(live)
    await live.runs.request(member, 0, [(None, None)])
    kernel = house.kernels[live.room.id]
    kernel.begin()

    async def away(work: object) -> None:
        raise StorageUnavailable("The database does not answer.")

    with monkeypatch.context() as patch:
        patch.setattr(house.database, "write", away)
        with pytest.raises(StorageUnavailable):
            await house.rooms.end(live.room.id, OWNER)
    assert not kernel.shut and kernel.running is not None and house.rooms.opened(live.room.id) is live
    live.document.set_code("2", member, 0)
    kernel.end()
    assert (await house.rooms.end(live.room.id, OWNER))["state"] == "ended"
    assert kernel.shut


async def test_a_kernel_that_an_end_has_stopped_in_vain_is_logged(
    ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await ji_house()
    live = await house.room()
    live.runs.start_kernel()
    await live.log.barrier()

    async def away(member: int, payload: object) -> None:
        raise StorageUnavailable("The database does not answer.")

    monkeypatch.setattr(live.log, "end", away)
    with pytest.raises(StorageUnavailable):
        await house.rooms.end(live.room.id, OWNER)
    again = await house.rooms.open(live.room.id)
    await again.log.barrier()
    (event,) = await house.story(again, EventKind.KERNEL_DIED)
    assert event.payload is not None and "could not be stored" in event.payload["message"]


async def test_the_server_stops_with_everything_stored(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(starter="1")
    member = await house.seat(live)
    socket = house.socket(live, member)
    await live.runs.request(member, 0, [(None, None)])
    house.kernels[live.room.id].begin()
    live.document.set_code("last words", member, socket.connection.id)
    opening = asyncio.ensure_future(house.rooms.create(OWNER, title="half open", language="python"))
    await asyncio.sleep(0)
    await house.stop()
    await asyncio.gather(opening, return_exceptions=True)
    assert socket.closed is not None and house.kernels[live.room.id].shut
    house = await ji_house()
    again = await house.rooms.open(live.room.id)
    assert again.document.code() == "last words"
    assert [run["status"] for run in again.runs.recent()] == [RunStatus.DIED.value]
