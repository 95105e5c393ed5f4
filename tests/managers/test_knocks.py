"""How long does somebody wait in front of a room, and who gets in after somebody was removed?"""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_interview.core import clock
from jupyter_interview.core.errors import Forbidden, SeatTaken
from jupyter_interview.core.models import EventKind, Member, MemberState
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.knocks import TOKEN_SECONDS
from jupyter_interview.managers.live import LiveRoom
from tests.managers.conftest import MakeHouse
from tests.managers.house import House


async def _knock(house: House, live: LiveRoom, name: str = "Bob", address: str = "192.0.2.1") -> str:
    """Knock; the token to ask again with."""
    with pytest.raises(SeatTaken) as refusal:
        await house.members.join(live.room.id, name=name, address=address)
    knock: str = refusal.value.details["knock"]
    return knock


async def _refused(house: House, live: LiveRoom, **fields: Any) -> str:
    """The code with which a join is refused."""
    with pytest.raises(Forbidden) as refusal:
        await house.members.join(live.room.id, **{"name": "Eve", "address": "192.0.2.99", **fields})
    return refusal.value.error_code


def _of(live: LiveRoom, name: str) -> Member:
    return next(member for member in live.members.values() if member.name == name)


async def test_a_knock_that_is_not_repeated_ends(ji_house: MakeHouse) -> None:
    """Interviewers see it go, the log has it; whoever comes back knocks anew, as the same person."""
    house = await ji_house(knock_seconds=0.2)
    live = await house.room()
    watching = house.socket(live, await house.seat(live, Role.INTERVIEWER, "Grace"))
    await house.seat(live)
    token = await _knock(house, live)
    await watching.until(lambda socket: socket.of("member_updated")[-1]["content"]["state"] == "gone")
    bob = _of(live, "Bob")
    assert bob.state is MemberState.GONE and bob.left_at is not None
    assert (await house.records.members(live.room))[-1] == bob
    with pytest.raises(SeatTaken) as refusal:
        await house.members.knock(live.room.id, token)
    assert refusal.value.details == {"knock": token}
    assert _of(live, "Bob").state is MemberState.KNOCKING
    assert watching.of("member_updated")[-1]["content"]["state"] == "knocking"
    await house.members.admit(live, None, bob.id, None, admitted=True)
    member, _ = await house.members.knock(live.room.id, token)
    assert member.id == bob.id
    story = await house.story(live, EventKind.KNOCK, EventKind.LEAVE, EventKind.ADMIT)
    assert [(event.kind, (event.payload or {}).get("reason")) for event in story] == [
        (EventKind.KNOCK, None),
        (EventKind.LEAVE, "gave_up"),
        (EventKind.KNOCK, None),
        (EventKind.ADMIT, None),
    ]


async def test_who_asks_stays_and_who_left_before_a_restart_goes(ji_house: MakeHouse) -> None:
    """Each question starts the time anew; a server that starts again gives those who knock the same time."""
    house = await ji_house(knock_seconds=600)
    live = await house.room()
    await house.seat(live)
    token = await _knock(house, live)
    first = live.knocks._timers[_of(live, "Bob").id]
    with pytest.raises(SeatTaken):
        await house.members.knock(live.room.id, token)
    assert first.cancelled() and live.knocks._timers[_of(live, "Bob").id].when() > first.when()
    await house.crash()
    house = await ji_house(knock_seconds=0.2)
    live = await house.rooms.open(live.room.id)
    watching = house.socket(live, (await house.members.seat_interviewer(live, OWNER))[0])
    await watching.until(lambda _: _of(live, "Bob").state is MemberState.GONE)


async def test_the_queue_is_bounded_as_a_whole_and_for_each_network(ji_house: MakeHouse) -> None:
    """One network cannot fill it; who is answered or gone leaves a place."""
    house = await ji_house(knocks=6, network_knocks=3)
    live = await house.room()
    await house.seat(live)
    for number in range(3):
        await _knock(house, live, f"p{number}", f"2001:db8::{number}")
    assert await _refused(house, live, address="2001:db8::ffff") == "room_full"
    for number in range(3, 6):
        await _knock(house, live, f"p{number}", f"192.0.2.{number}")
    assert await _refused(house, live) == "room_full"
    await house.members.admit(live, None, _of(live, "p0").id, None, admitted=True)
    await _knock(house, live, "p6", "2001:db8::ffff")


async def test_who_went_away_long_ago_counts_no_more(ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many knocked in all, the door opens again; the record keeps them, and an open room does not."""
    monkeypatch.setattr("jupyter_interview.managers.knocks._KNOWN", 3)
    house = await ji_house(knock_seconds=600, knocks=100, network_knocks=100)
    live = await house.room()
    await house.seat(live)
    token = await _knock(house, live, "p0")
    for number in range(1, 3):
        await _knock(house, live, f"p{number}")
    assert await _refused(house, live) == "room_full"
    for number in range(3):
        live.knocks.over(_of(live, f"p{number}").id)
        await live.knocks._end(_of(live, f"p{number}").id)
    assert await _refused(house, live) == "room_full", "they could come back"
    later = clock.now() + (TOKEN_SECONDS + 1) * 1_000_000
    monkeypatch.setattr(clock, "now", lambda: later)
    await _knock(house, live, "p3")
    assert [member.name for member in live.members.values()] == ["Ada", "p3"]
    assert len(await house.records.members(live.room)) == 5
    assert house.tokens.read(token)["exp"] - house.tokens.read(token)["iat"] <= TOKEN_SECONDS
    await house.crash()
    house = await ji_house(knock_seconds=600)
    live = await house.rooms.open(live.room.id)
    assert [member.name for member in live.members.values()] == ["Ada", "p3"]


@pytest.mark.parametrize("knocking", [False, True])
async def test_a_removal_closes_the_bare_link(ji_house: MakeHouse, knocking: bool) -> None:
    """Of somebody with a seat or of somebody who knocks: nobody comes by it until an interviewer opens it."""
    house = await ji_house()
    live = await house.room(settings={"seats": 1, "candidate": {"run": False}})
    interviewer = await house.seat(live, Role.INTERVIEWER, "Grace")
    watching = house.socket(live, interviewer)
    ada = await house.seat(live)
    if knocking:
        await _knock(house, live)
        await house.members.admit(live, interviewer, _of(live, "Bob").id, None, admitted=False)
    else:
        await house.members.remove(live, interviewer, ada.id)
    assert watching.of("room_updated")[-1]["content"]["settings"]["link"] == "closed"
    assert await _refused(house, live) == "link_closed"
    await house.seat(live, Role.SPECTATOR, "by invitation")
    await house.rooms.update(live.room.id, interviewer, {"settings": {"seats": 2}})
    assert await _refused(house, live) == "link_closed", "other settings do not open it"
    await house.crash()
    house = await ji_house()
    live = await house.rooms.open(live.room.id)
    assert await _refused(house, live) == "link_closed"
    await house.rooms.update(live.room.id, interviewer, {"settings": {"seats": 2, "link": "open"}})
    await house.seat(live, name="Bea")
    changes = [event.payload for event in await house.story(live, EventKind.ROOM_UPDATED) if event.payload]
    links = [change["settings"].get("link") for change in changes if "settings" in change]
    assert links == ["closed", "closed", "open"]


async def test_whose_knock_had_ended_does_not_pass_a_closed_link(ji_house: MakeHouse) -> None:
    house = await ji_house(knock_seconds=0.2)
    live = await house.room()
    watching = house.socket(live, await house.seat(live, Role.INTERVIEWER, "Grace"))
    ada = await house.seat(live)
    token = await _knock(house, live)
    await watching.until(lambda _: _of(live, "Bob").state is MemberState.GONE)
    await house.members.remove(live, None, ada.id)
    with pytest.raises(Forbidden) as refusal:
        await house.members.knock(live.room.id, token)
    assert refusal.value.error_code == "link_closed"
