"""Nobody in a room passes for somebody with another role, or for the room itself; nobody is kept out by it."""

from __future__ import annotations

import pytest

from jupyter_interview.core.errors import BadRequest, Conflict, InterviewError, SeatTaken
from jupyter_interview.core.models import Account, EventKind, Member, MemberState
from jupyter_interview.core.permissions import Role
from jupyter_interview.db.members import insert_member
from jupyter_interview.managers import names
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.quotes import Name
from tests.managers.conftest import MakeHouse
from tests.managers.house import secret_of

HOST = "Ivan Interviewer"
PLAIN = "Ivan Petersen"
#: Other ways to write it: letter case, spaces, accents, forms, what is not seen, letters of other scripts, what stands
#: behind it.
LIKE_HOST = [
    HOST,
    "ivan  INTERVIEWER",
    "Ivan\u3164 Interviewer\u2800",
    "Iv\u034fan\ufe0f Interviewer",
    "Ïván Interviewer",
    "Ｉｖａｎ Ｉｎｔｅｒｖｉｅｗｅｒ",  # noqa: RUF001
    "Іvаn Intеrviеwеr",  # noqa: RUF001
    "lvan lnterviewer",
    "Ivan Interviewer (2)",
    "Ivan Interviewer (you)",
    "Ivan Interviewer [Interviewer]",
]
SAYS_A_ROLE = [
    "Bob (Interviewer)",
    "Bob, interviewer",
    "Interviewer_Bob",
    "Bob （Ｉｎｔｅｒｖｉｅｗｅｒ）",  # noqa: RUF001
    "Bob intervıewer",  # noqa: RUF001
]
LIKE_ALICE = ["Alice （2）", "Alice ⑵", "Aӏice", "Alıce", "Aliϲe", "Αlice", "Alιce"]  # noqa: RUF001
SYSTEM = [
    "Interview",
    "the Server",
    "SERVER",
    "jupyter-interview",
    "System",
    "Interviewer",
    "Interview (server)",
    "Interview:",
    "Server – notice",
]


@pytest.mark.parametrize("role", [Role.CANDIDATE, Role.SPECTATOR])
@pytest.mark.parametrize("name", [*LIKE_HOST, *SYSTEM, *SAYS_A_ROLE])
async def test_a_name_that_passes_for_anothers_is_refused(ji_house: MakeHouse, role: Role, name: str) -> None:
    """By the bare link, by an invitation, which lets in under another name, and by a knock."""
    house = await ji_house()
    live = await house.room()
    host = await house.seat(live, Role.INTERVIEWER, HOST)
    secret = secret_of(await house.invitations.create(live, None, role=role))
    for invite in (secret, None):
        with pytest.raises(Conflict) as refusal:
            await house.members.join(live.room.id, name=name, invite=invite)
        assert (refusal.value.error_code, refusal.value.details) == ("name_taken", {"field": "name"})
    assert list(live.members.values()) == [host]
    await house.members.join(live.room.id, name="Cara", invite=secret)
    if role is Role.SPECTATOR:
        await house.seat(live)
    with pytest.raises(Conflict):
        await house.members.join(live.room.id, name=name)
    assert all(member.state is not MemberState.KNOCKING for member in live.members.values())
    assert await house.story(live, EventKind.KNOCK) == []


@pytest.mark.parametrize("name", LIKE_ALICE)
async def test_a_name_that_looks_like_anothers_is_refused(ji_house: MakeHouse, name: str) -> None:
    house = await ji_house()
    live = await house.room()
    await house.seat(live, Role.INTERVIEWER, "Alice")
    with pytest.raises(Conflict):
        await house.seat(live, Role.CANDIDATE, name)


@pytest.mark.parametrize(
    "name", ["Ivan", "Ivana Petersen", "Ivan Interviewers", "(Ivan)", "伊万", "Mia", "Candidate 7", "Anna (Bern)"]
)
async def test_a_name_of_ones_own_is_not(ji_house: MakeHouse, name: str) -> None:
    house = await ji_house()
    live = await house.room()
    await house.seat(live, Role.INTERVIEWER, HOST)
    assert (await house.seat(live, Role.CANDIDATE, name)).name == name


async def test_the_host_is_known_before_coming(ji_house: MakeHouse) -> None:
    house = await ji_house()
    account = await house.accounts.create("ivan@example.org", HOST, "correct horse battery")
    live = await house.room(account)
    with pytest.raises(Conflict):
        await house.seat(live, Role.CANDIDATE, HOST)
    assert (await house.members.seat_interviewer(live, account))[0].name == HOST


async def test_people_of_one_role_may_be_called_the_same(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(settings={"seats": 6})
    given = ["Alex", "Alex", "alex", "Alex (2)", "Anna (Bern)", "Anna (Rome)"]
    seated = [(await house.seat(live, Role.CANDIDATE, name)).name for name in given]
    assert seated == ["Alex", "Alex (2)", "alex (3)", "Alex (4)", "Anna (Bern)", "Anna (Rome)"]


async def test_who_knocks_is_told_apart(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    await house.seat(live, Role.CANDIDATE, "Alex")
    for _ in range(2):
        with pytest.raises(SeatTaken):
            await house.members.join(live.room.id, name="Alex")
    assert [member.name for member in live.members.values()] == ["Alex", "Alex (2)", "Alex (3)"]


async def test_nobody_takes_an_accounts_seat_by_its_name(ji_house: MakeHouse) -> None:
    """Of a guest with the name of an interviewer who comes later, both are there, and are told apart."""
    house = await ji_house()
    live = await house.room()
    await house.seat(live, Role.CANDIDATE, PLAIN)
    account = Account(0, "owner", "", f"{PLAIN}\u3164")
    member, _ = await house.members.seat_interviewer(live, account)
    assert member.name == f"{PLAIN} (2)"
    assert (await house.members.seat_interviewer(live, account))[0] == member
    unseen = (await house.members.seat_interviewer(await house.room(), Account(0, "owner", "", "\u2800")))[0]
    assert unseen.name == OWNER.name


async def test_who_is_admitted_is_told_apart_from_who_came_meanwhile(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    await house.seat(live)
    with pytest.raises(SeatTaken):
        await house.members.join(live.room.id, name="Bob")
    bob = next(member for member in live.members.values() if member.name == "Bob")
    await house.seat(live, Role.INTERVIEWER, "Bob")
    admitted = await house.members.admit(live, None, bob.id, None, admitted=True)
    assert (admitted.name, admitted.state) == ("Bob (2)", MemberState.SEATED)
    assert live.members[bob.id] == admitted
    stored = {member.id: member.name for member in await house.records.members(live.room)}
    assert stored[bob.id] == "Bob (2)"


async def test_a_removed_guest_can_be_invited_into_another_role(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    member = await house.seat(live, Role.CANDIDATE, "Bob")
    await house.members.remove(live, None, member.id)
    assert (await house.seat(live, Role.INTERVIEWER, "Bob")).name == "Bob"


async def test_who_has_a_seat_keeps_it_whoever_else_has_the_name(ji_house: MakeHouse) -> None:
    """In a room of an earlier version, which let two have one name."""
    house = await ji_house()
    live = await house.room()
    bob, token = await house.members.join(live.room.id, name="Bob")
    same = {"room": live.room.key, "role": Role.INTERVIEWER, "name": "Bob\u3164", "state": MemberState.SEATED}
    values = {**same, "id": "f" * 16, "email": None, "account": None, "switches": {}, "joined_at": 1}
    await house.database.write(lambda connection: insert_member(connection, **values))
    house = await house.again()
    live = await house.rooms.open(live.room.id)
    assert await house.members.resolve(live.room.id, token) == bob
    assert [member.name for member in live.members.values()] == ["Bob", "Bob\u3164"]


@pytest.mark.parametrize(
    "name", ["\u3164", "\u2800\u2800", "\u034f", "\ufe0f", " \u115f\u1160 ", "\u0301", "\U0001d159"]
)
async def test_a_name_that_cannot_be_seen_is_none(name: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        names.checked(name)
    assert refusal.value.details == {"field": "name"}


def test_a_number_fits_behind_the_longest_name() -> None:
    numbered = names.unnumbered("Al (12)"), names.unnumbered("(12)"), names.unnumbered("Al (x)")
    assert numbered == ("Al", "(12)", "Al (x)")


async def test_the_longest_names_are_told_apart(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(settings={"seats": 12})
    seated = [(await house.seat(live, Role.CANDIDATE, "x" * 80)).name for _ in range(12)]
    assert len(set(seated)) == 12 and max(map(len, seated)) == 80


async def test_a_refusal_says_nothing_to_those_without_a_link(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(password="open sesame")
    await house.seat(live, Role.INTERVIEWER, HOST)
    for more in ({}, {"invite": "none"}):
        with pytest.raises(InterviewError) as refusal:
            await house.members.join(live.room.id, name=HOST, **more)
        assert refusal.value.error_code in ("password_required", "invitation_invalid")


def test_a_person_is_erased_also_where_others_write_no_number() -> None:
    """And a number that others write is nobody's name."""
    member = Member(1, "1", 1, Role.CANDIDATE, "Jo Li (2)", MemberState.SEATED, 1)
    assert Name(member).named("ask jo li") and Name(member).named("ask Jo Li (2)")
    assert not Name(member).named("see (2)")
