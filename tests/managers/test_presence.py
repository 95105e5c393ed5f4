"""Is a coming and going told once, and a refresh not at all?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_interview.core.errors import Forbidden
from jupyter_interview.core.models import EventKind
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers import presence
from jupyter_interview.managers.live import LiveRoom
from tests.managers.conftest import MakeHouse
from tests.managers.house import House, Socket

GOINGS = (EventKind.JOIN, EventKind.AWAY, EventKind.LEAVE)


async def _goings(house: House, live: LiveRoom) -> list[tuple[str, str | None]]:
    return [(event.kind.label, (event.payload or {}).get("reason")) for event in await house.story(live, *GOINGS)]


async def _watched(house: House) -> tuple[LiveRoom, Socket]:
    """A room with an interviewer who watches."""
    live = await house.room()
    return live, house.socket(live, await house.seat(live, Role.INTERVIEWER, "Grace"))


async def test_coming_and_going_is_told_to_the_others(ji_house: MakeHouse) -> None:
    house = await ji_house(grace_seconds=0.02)
    live, grace = await _watched(house)
    ada = await house.seat(live)
    assert live.presence.state(ada) == "left"
    socket = house.socket(live, ada)
    assert live.presence.state(ada) == "present" and ada.id in live.presence.online()
    assert grace.of("join")[0]["content"]["name"] == "Ada" and socket.of("join") == []
    live.presence.leave(socket.connection)
    assert live.presence.state(ada) == "away"
    assert grace.of("member_updated")[-1]["content"]["presence"] == "away" and grace.of("leave") == []
    await grace.until(lambda socket: "leave" in socket.kinds())
    assert grace.of("leave")[0]["content"]["reason"] == "timeout"
    assert live.presence.state(ada) == "left" and ada.id not in live.presence.online()
    assert await _goings(house, live) == [("join", None), ("join", None), ("away", "closed"), ("leave", "timeout")]


async def test_a_page_that_is_loaded_again_is_told_who_came_and_went(ji_house: MakeHouse) -> None:
    """As those heard it who were there; also after a restart. Who never had a seat did neither."""
    house = await ji_house(grace_seconds=600.0)
    live, _ = await _watched(house)
    ada, boris, dora = [await house.seat(live, Role.SPECTATOR, name) for name in ("Ada", "Boris", "Dora")]
    for member in (ada, boris):
        house.socket(live, member)
    live.presence.leave(house.socket(live, ada).connection)
    for member in (dora, boris):
        await house.members.remove(live, None, member.id)
    told = [("join", "Grace", None), ("join", "Ada", None), ("join", "Boris", None), ("leave", "Boris", "removed")]
    for _ in range(2):
        comings = live.presence.comings()
        assert [(each["kind"], each["member"]["name"], each["reason"]) for each in comings] == told
        await live.log.barrier()
        await house.crash()
        house = await ji_house(grace_seconds=600.0)
        live = await house.rooms.open(live.room.id)


async def test_a_refresh_makes_no_noise(ji_house: MakeHouse) -> None:
    house = await ji_house(grace_seconds=600.0)
    live, grace = await _watched(house)
    ada = await house.seat(live)
    for _ in range(3):
        sockets = [house.socket(live, ada, kind) for kind in ("channel", "document")]
        for socket in sockets:
            live.presence.leave(socket.connection)
            live.presence.leave(socket.connection)
    house.socket(live, ada)
    assert grace.kinds().count("join") == 1 and "leave" not in grace.kinds()
    assert live.presence._timers == {}
    goings = await _goings(house, live)
    assert goings.count(("join", None)) == 2 and ("leave", "timeout") not in goings
    assert goings.count(("join", "returned")) == goings.count(("away", "closed")) == 3


async def test_one_of_several_sockets_that_closes_is_nobodys_leaving(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, grace = await _watched(house)
    ada = await house.seat(live)
    first, second = house.socket(live, ada), house.socket(live, ada, "document")
    before = len(grace.frames)
    live.presence.leave(first.connection, "left")
    assert live.presence.state(ada) == "present" and len(grace.frames) == before
    live.presence.leave(second.connection, "left")
    assert live.presence.state(ada) == "left"
    assert grace.of("leave")[0]["content"]["reason"] == "left", "who says so has left at once"


async def test_sockets_of_a_member_are_counted(ji_house: MakeHouse) -> None:
    house = await ji_house(sockets_per_member=2)
    live, _ = await _watched(house)
    ada = await house.seat(live)
    sockets = [house.socket(live, ada) for _ in range(2)]
    with pytest.raises(Forbidden):
        house.socket(live, ada)
    live.presence.leave(sockets[0].connection)
    house.socket(live, ada)


async def test_whoever_was_there_at_a_crash_has_time_to_come_back(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, _ = await _watched(house)
    ada, bob = await house.seat(live), await house.seat(live, Role.SPECTATOR, "Bob")
    eve = await house.seat(live, Role.SPECTATOR, "Eve")
    for member in (ada, bob):
        house.socket(live, member)
    gone = house.socket(live, eve)
    live.presence.leave(gone.connection, "left")
    await house.crash()

    house = await ji_house(grace_seconds=0.3)
    live = await house.rooms.open(live.room.id)
    assert [live.presence.state(live.members[member.id]) for member in (ada, bob, eve)] == ["away", "away", "left"]
    socket = house.socket(live, live.members[ada.id])
    await socket.until(lambda socket: socket.kinds().count("leave") == 2)
    assert {frame["content"]["name"] for frame in socket.of("leave")} == {"Bob", "Grace"}
    assert socket.of("join") == [] and live.presence.state(live.members[ada.id]) == "present"
    goings = await _goings(house, live)
    assert goings[-3:] == [("join", "returned"), ("leave", "timeout"), ("leave", "timeout")]


async def test_typing_is_told_and_expires(ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "TYPING_SECONDS", 0.02)
    house = await ji_house()
    live, grace = await _watched(house)
    ada = await house.seat(live)
    socket = house.socket(live, ada)
    for _ in range(3):
        live.presence.typing(ada, socket.connection, on=True)
    assert [frame["content"] for frame in grace.of("typing")] == [True], "said once"
    assert grace.of("typing")[0]["sender"]["name"] == "Ada" and socket.of("typing") == []
    await grace.until(lambda socket: len(socket.of("typing")) == 2)
    assert [frame["content"] for frame in grace.of("typing")] == [True, False]
    live.presence.typing(ada, socket.connection, on=False)
    assert len(grace.of("typing")) == 2
    live.presence.typing(ada, socket.connection, on=True)
    live.presence.leave(socket.connection)
    assert [frame["content"] for frame in grace.of("typing")] == [True, False, True, False]


async def test_a_closed_room_keeps_no_timer(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, _ = await _watched(house)
    ada = await house.seat(live)
    socket = house.socket(live, ada)
    live.presence.typing(ada, socket.connection, on=True)
    live.presence.leave(socket.connection)
    await live.close()
    assert live.presence._timers == live.presence._typing == {}
    loop: Any = asyncio.get_running_loop()
    owners = [getattr(timer._callback, "__self__", None) for timer in loop._scheduled if not timer.cancelled()]
    assert live not in owners and live.presence not in owners and live.document not in owners
