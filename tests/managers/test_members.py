"""Who gets a seat, and what do interviewers do with it?"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jupyter_interview.core import clock
from jupyter_interview.core.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    InterviewError,
    NotFound,
    PasswordRequired,
    RoomEnded,
    SeatTaken,
    Unauthorized,
)
from jupyter_interview.core.models import Account, EventKind, MemberState, RoomState
from jupyter_interview.core.permissions import Permission, Role
from jupyter_interview.managers.accounts import OWNER
from tests.managers.conftest import MakeHouse
from tests.managers.house import House, secret_of


async def _knocks(house: House, room: str, name: str = "Bob") -> str:
    """Knock; the token to ask again with."""
    with pytest.raises(SeatTaken) as refusal:
        await house.members.join(room, name=name)
    knock: str = refusal.value.details["knock"]
    return knock


async def test_the_first_by_the_bare_link_is_the_candidate(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    before = live.room
    assert (before.state, before.started_at) == (RoomState.WAITING, None)
    member, token = await house.members.join(live.room.id, name=" Ada\tLovelace ", email=" a@example.org ")
    assert (member.name, member.email, member.role, member.state) == (
        "Ada Lovelace",
        "a@example.org",
        Role.CANDIDATE,
        MemberState.SEATED,
    )
    assert await house.members.resolve(live.room.id, token) == member
    assert live.room.state is RoomState.LIVE and live.room.started_at is not None
    stored = await house.rooms.get(live.room.id)
    assert (stored.state, stored.started_at) == (RoomState.LIVE, live.room.started_at)


async def test_the_second_knocks_and_is_admitted(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    interviewer = await house.seat(live, Role.INTERVIEWER, "Grace")
    socket = house.socket(live, interviewer)
    ada = await house.seat(live)
    knock = await _knocks(house, live.room.id)
    bob = next(member for member in live.members.values() if member.name == "Bob")
    shown = socket.of("member_updated")[-1]["content"]
    assert (shown["name"], shown["state"]) == ("Bob", "knocking")
    assert not bob.can(Permission.VIEW)
    with pytest.raises(SeatTaken):
        await house.members.knock(live.room.id, knock)
    with pytest.raises(Unauthorized):
        await house.members.resolve(live.room.id, knock)
    await house.members.admit(live, interviewer, bob.id, Role.SPECTATOR, admitted=True)
    with pytest.raises(Conflict):
        await house.members.admit(live, interviewer, bob.id, None, admitted=True)
    member, token = await house.members.knock(live.room.id, knock)
    assert member.role is Role.SPECTATOR and member.state is MemberState.SEATED
    assert await house.members.resolve(live.room.id, token) == member
    kinds = [(event.kind, event.member) for event in await house.story(live, EventKind.KNOCK, EventKind.ADMIT)]
    assert kinds == [(EventKind.KNOCK, bob.key), (EventKind.ADMIT, interviewer.key)]
    with pytest.raises(Conflict):
        await house.members.admit(live, interviewer, ada.id, None, admitted=True)


async def test_who_is_not_admitted_hears_it(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    await house.seat(live)
    knock = await _knocks(house, live.room.id)
    bob = next(member for member in live.members.values() if member.name == "Bob")
    await house.members.admit(live, None, bob.id, None, admitted=False)
    with pytest.raises(Forbidden, match="did not admit"):
        await house.members.knock(live.room.id, knock)
    with pytest.raises(NotFound):
        await house.members.admit(live, None, bob.id, None, admitted=True)


async def test_a_knock_counts_for_its_room_only(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, other = await house.room(), await house.room()
    await house.seat(live)
    knock = await _knocks(house, live.room.id)
    _, seat = await house.members.join(other.room.id, name="Eve")
    for room, token in ((other.room.id, knock), (other.room.id, seat), (live.room.id, "x.y.z")):
        with pytest.raises(Unauthorized):
            await house.members.knock(room, token)
    with pytest.raises(Unauthorized):
        await house.members.resolve(live.room.id, seat)


async def test_seats_can_be_more_than_one(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(settings={"seats": 2, "candidate": {"run": False}})
    results = await asyncio.gather(
        *(house.members.join(live.room.id, name=f"p{number}") for number in range(4)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["SeatTaken", "SeatTaken", "tuple", "tuple"]
    seated = [member for member in live.members.values() if member.state is MemberState.SEATED]
    assert len(seated) == 2 and not any(member.can(Permission.RUN) for member in seated)


async def test_a_full_room_takes_nobody_and_those_who_went_leave_their_place(ji_house: MakeHouse) -> None:
    house = await ji_house(members=3)
    live = await house.room()
    members = [await house.seat(live, Role.SPECTATOR, f"s{number}") for number in range(3)]
    with pytest.raises(Forbidden) as refusal:
        await house.seat(live, Role.SPECTATOR)
    assert refusal.value.error_code == "room_full"
    await house.members.remove(live, None, members[0].id)
    await house.seat(live, Role.SPECTATOR)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada", "Ada"),
        ("  A\n d\ta  ", "A d a"),
        ("e\u0301", "é"),
        ("A\u202edA\u200b\u0000\ud800\ue000", "AdA"),
        ("张伟 🎉", "张伟 🎉"),
        ("x" * 80, "x" * 80),
        ("", None),
        (" \u200b\u202e ", None),
        ("x" * 81, None),
    ],
)
async def test_names_can_be_shown(ji_house: MakeHouse, name: str, shown: str | None) -> None:
    house = await ji_house()
    live = await house.room()
    if shown is None:
        with pytest.raises(BadRequest):
            await house.members.join(live.room.id, name=name)
        assert live.members == {}
    else:
        assert (await house.members.join(live.room.id, name=name))[0].name == shown


@pytest.mark.parametrize("email", ["x", "@", "a@", "@b", "a b@c", "a\0@b", "a\ud800@b", "x" * 250 + "@b.cd"])
async def test_a_malformed_email_is_refused(ji_house: MakeHouse, email: str) -> None:
    house = await ji_house()
    live = await house.room()
    with pytest.raises(BadRequest):
        await house.members.join(live.room.id, name="Ada", email=email)
    member, _ = await house.members.join(live.room.id, name="Ada", email="  ")
    assert member.email is None


async def test_a_password_is_asked_of_those_without_an_invitation(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(password="open sesame")
    for wrong in (None, "", "Open Sesame", "x" * 100):
        with pytest.raises(PasswordRequired) as refusal:
            await house.members.join(live.room.id, name="Ada", password=wrong)
        assert refusal.value.details == {"wrong": bool(wrong)}
    assert live.members == {}
    assert [event.payload for event in await house.story(live, EventKind.DENIED)] == [
        {"what": "join", "reason": "password"}
    ] * 4
    await house.members.join(live.room.id, name="Ada", password="open sesame")
    await house.seat(live, Role.SPECTATOR)


async def test_an_invitation_gives_its_role_until_it_is_used_up(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    made = await house.invitations.create(live, None, role=Role.INTERVIEWER, name="for Grace", max_uses=2)
    secret = secret_of(made)
    assert len(secret) >= 40 and made["url"].startswith("/base/interview/")
    for name in ("Grace", "Margaret"):
        member, _ = await house.members.join(live.room.id, name=name, invite=secret)
        assert member.role is Role.INTERVIEWER
    with pytest.raises(Forbidden) as refusal:
        await house.members.join(live.room.id, name="Eve", invite=secret)
    assert refusal.value.error_code == "invitation_invalid"
    (listed,) = await house.invitations.list(live.room.key)
    assert (listed["uses"], listed["max_uses"], listed["revoked"]) == (2, 2, False)
    assert "url" not in listed and secret not in str(listed)
    everything = str([event.payload for event in await house.log(live)])
    assert secret not in everything, "no log carries it"


async def test_invitations_expire_are_revoked_and_count_for_one_room(
    ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await ji_house()
    live, other = await house.room(), await house.room()

    async def make(**fields: Any) -> tuple[str, str]:
        made = await house.invitations.create(live, None, role=Role.SPECTATOR, **fields)
        return made["id"], secret_of(made)

    _, soon = await make(expires_in=60)
    revoked, gone = await make()
    _, good = await make()
    await house.invitations.revoke(live, None, revoked)
    with pytest.raises(NotFound):
        await house.invitations.revoke(other, None, revoked)
    later = clock.now() + 61 * 1_000_000
    for room, secret in ((live, gone), (live, "wrong"), (live, ""), (other, good)):
        with pytest.raises(Forbidden):
            await house.members.join(room.room.id, name="Eve", invite=secret)
    await house.members.join(live.room.id, name="Ada", invite=soon)
    with monkeypatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        with pytest.raises(Forbidden):
            await house.members.join(live.room.id, name="Eve", invite=soon)
    await house.members.join(live.room.id, name="Bob", invite=good)


@pytest.mark.parametrize("fields", [{"expires_in": 0}, {"expires_in": 10**9}, {"max_uses": 0}, {"max_uses": 1_001}])
async def test_an_invitation_has_bounds(ji_house: MakeHouse, fields: dict[str, Any]) -> None:
    house = await ji_house()
    live = await house.room()
    with pytest.raises(BadRequest):
        await house.invitations.create(live, None, role=Role.SPECTATOR, **fields)


@pytest.mark.parametrize(
    ("role", "name", "possible"),
    [
        (Role.CANDIDATE, "edit", True),
        (Role.CANDIDATE, "run", True),
        (Role.CANDIDATE, "chat", True),
        (Role.INTERVIEWER, "edit", True),
        (Role.INTERVIEWER, "run", True),
        (Role.INTERVIEWER, "chat", False),
        (Role.INTERVIEWER, "manage", False),
        (Role.SPECTATOR, "chat", True),
        (Role.SPECTATOR, "edit", False),
        (Role.SPECTATOR, "view", False),
        (Role.CANDIDATE, "manage", False),
        (Role.CANDIDATE, "sudo", False),
    ],
)
async def test_what_can_be_switched_is_switched_live(
    ji_house: MakeHouse, role: Role, name: str, possible: bool
) -> None:
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live, role)
    socket = house.socket(live, member)
    target = role is Role.SPECTATOR
    if not possible:
        with pytest.raises(BadRequest):
            await house.members.switch(live, None, member.id, {name: True})
        assert live.members[member.id] == member
        return
    await house.members.switch(live, None, member.id, {name: target})
    assert live.members[member.id].can(Permission(name)) is target
    assert socket.of("member_updated")[-1]["content"]["permissions"][name] is target
    (event,) = await house.story(live, EventKind.PERMISSION_CHANGED)
    assert event.payload == {"member": member.id, "permissions": {name: target}}
    await house.crash()
    again = await (await ji_house()).rooms.open(live.room.id)
    assert again.members[member.id].can(Permission(name)) is target


async def test_switches_at_the_same_moment_are_all_kept(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live)
    names = ("edit", "run", "chat")
    await asyncio.gather(*(house.members.switch(live, None, member.id, {name: False}) for name in names))
    assert dict(live.members[member.id].switches) == dict.fromkeys(names, False)
    (stored,) = await house.records.members(live.room)
    assert stored == live.members[member.id]


async def test_an_invitation_is_one_persons_unless_said_otherwise(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    made = await house.invitations.create(live, None, role=Role.CANDIDATE)
    assert made["max_uses"] == 1
    await house.members.join(live.room.id, name="Ada", invite=secret_of(made))
    with pytest.raises(Forbidden):
        await house.members.join(live.room.id, name="Bob", invite=secret_of(made))


async def test_the_interviewers_seat_is_the_same_each_time(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    account = Account(5, "a5", "g@example.org", "Grace")
    found = await asyncio.gather(*(house.members.seat_interviewer(live, account) for _ in range(3)))
    assert len({member.id for member, _ in found}) == 1
    owner, token = await house.members.seat_interviewer(live, OWNER)
    assert owner.id != found[0][0].id and owner.role is Role.INTERVIEWER
    await house.crash()
    house = await ji_house()
    live = await house.rooms.open(live.room.id)
    assert (await house.members.seat_interviewer(live, account))[0] == found[0][0]
    assert await house.members.resolve(live.room.id, token) == owner


async def test_a_seat_is_known_while_its_room_is_not_open(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    member, token = await house.members.join(live.room.id, name="Ada")
    await house.crash()
    house = await ji_house()
    assert await house.members.resolve(live.room.id, token) == member
    assert house.rooms.open_rooms == []
    with pytest.raises(NotFound):
        wrong, _ = house.tokens.issue({"use": "member", "room": "none", "member": member.id}, 60)
        await house.members.resolve("none", wrong)
    await house.rooms.end(live.room.id, OWNER)
    with pytest.raises(RoomEnded):
        await house.members.join(live.room.id, name="Bob")


async def test_a_flood_of_refusals_is_counted_not_written(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live, Role.SPECTATOR)
    for _ in range(200):
        with pytest.raises(InterviewError):
            live.require(member.id, Permission.EDIT, 1, "x")
    denied = await house.story(live, EventKind.DENIED)
    # A new minute may have begun meanwhile.
    assert 60 <= len(denied) <= 120
    assert denied[59].payload is not None and denied[59].payload["more"] == "suppressed"


async def test_an_invited_interviewer_decides_about_no_other_interviewer(ji_house: MakeHouse) -> None:
    """The owner's seat least of all; the owner may, and so may the account outside of the room."""
    house = await ji_house()
    live = await house.room()
    owner, _ = await house.members.seat_interviewer(live, OWNER)
    grace, mary = [await house.seat(live, Role.INTERVIEWER, name) for name in ("Grace", "Mary")]
    for other in (owner, mary):
        with pytest.raises(Forbidden):
            await house.members.remove(live, grace, other.id)
        with pytest.raises(Forbidden):
            await house.members.switch(live, grace, other.id, {"edit": False})
        assert live.members[other.id] == other
    denied = [event.payload for event in await house.story(live, EventKind.DENIED)]
    assert [payload["what"] for payload in denied if payload] == ["interviewer"] * 4
    await house.members.switch(live, grace, grace.id, {"edit": False})
    await house.members.switch(live, owner, grace.id, {"edit": True})
    await house.members.remove(live, owner, grace.id)
    await house.members.remove(live, None, mary.id)


async def test_only_the_owner_deletes_a_room(ji_house: MakeHouse) -> None:
    house = await ji_house()
    account = await house.accounts.create("grace@example.org", "", "correct horse")
    live = await house.room(account)
    owner, _ = await house.members.seat_interviewer(live, account)
    invited = await house.seat(live, Role.INTERVIEWER, "Mary")
    operator, _ = await house.members.seat_interviewer(live, OWNER)
    with pytest.raises(Forbidden):
        await house.rooms.delete(live.room.id, invited)
    await house.rooms.end(live.room.id, owner)
    with pytest.raises(Forbidden):
        await house.rooms.delete(live.room.id, invited)
    assert live.room.is_owned_by(operator)
    await house.rooms.delete(live.room.id, owner)
    with pytest.raises(NotFound):
        await house.rooms.get(live.room.id)
