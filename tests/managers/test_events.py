"""Does a room's log say when the clock was set, and people when it takes long to be stored?"""

from __future__ import annotations

import time

import pytest

from jupyter_interview.core.models import EventKind
from tests.db.conftest import blocked
from tests.managers.conftest import MakeHouse


async def test_who_waits_for_the_database_is_told(ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_interview.managers.events._LATE_SECONDS", 0.01)
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live)
    socket = house.socket(live, member)
    async with blocked(house.database):
        for text in ("a", "b"):
            live.log.append(EventKind.CHAT_MESSAGE, member=member.key, payload={"text": text})
        await socket.until(lambda socket: bool(socket.of("storing")))
    await socket.until(lambda socket: len(socket.of("storing")) == 2)
    assert [frame["content"] for frame in socket.of("storing")] == [{"late": True}, {"late": False}]
    assert live.log.failure is None


async def test_a_clock_that_is_set_is_logged_and_moments_go_on(
    ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live)
    clock = time.time_ns
    for hours in (-1, 24, 0):
        monkeypatch.setattr(time, "time_ns", lambda hours=hours: clock() + hours * 3_600_000_000_000)
        for text in ("a", "b"):
            before = live.log._at
            live.log.append(EventKind.CHAT_MESSAGE, member=member.key, payload={"text": text})
            live.log.budget.check(member.key, 10)
            assert live.log._at > before
    await live.log.barrier()
    events = await house.log(live)
    steps = [event.payload or {} for event in events if event.kind is EventKind.CLOCK_STEPPED]
    assert [round(step["by"] / 3_600_000_000) for step in steps] == [-1, 25, -24]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    moments = [event.at for event in events]
    assert moments == sorted(moments)
