"""Who can log in, and until when?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_interview.core import clock
from jupyter_interview.core.errors import BadRequest, Conflict, NotFound, Unauthorized
from jupyter_interview.managers.accounts import OWNER, TOKEN_SECONDS
from tests.managers.conftest import MakeHouse

PASSWORD = "correct horse"


async def test_an_account_logs_in_with_its_password(ji_house: MakeHouse) -> None:
    house = await ji_house()
    made = await house.accounts.create(" Grace@Example.ORG ", "  Grace  Hopper ", PASSWORD)
    assert (made.email, made.name) == ("grace@example.org", "Grace Hopper") and not made.is_owner
    account, token, expires_at = await house.accounts.login("GRACE@example.org ", PASSWORD)
    assert account == made == await house.accounts.resolve(token)
    assert abs(expires_at - clock.now() - TOKEN_SECONDS * 1_000_000) < 60_000_000
    assert await house.accounts.list() == [(made, False)]


@pytest.mark.parametrize(
    ("email", "password"),
    [("grace@example.org", "wrong horse"), ("grace@example.org", ""), ("nobody@example.org", PASSWORD), ("", PASSWORD)],
)
async def test_all_failures_look_the_same(ji_house: MakeHouse, email: str, password: str) -> None:
    house = await ji_house()
    await house.accounts.create("grace@example.org", "", PASSWORD)
    with pytest.raises(Unauthorized, match="The email or the password is wrong"):
        await house.accounts.login(email, password)


async def test_logout_kills_the_token_for_good(ji_house: MakeHouse) -> None:
    house = await ji_house()
    await house.accounts.create("grace@example.org", "", PASSWORD)
    _, first, _ = await house.accounts.login("grace@example.org", PASSWORD)
    _, second, _ = await house.accounts.login("grace@example.org", PASSWORD)
    await house.accounts.logout(first)
    for found in (house, await ji_house()):
        with pytest.raises(Unauthorized):
            await found.accounts.resolve(first)
        with pytest.raises(Unauthorized):
            await found.accounts.logout(first)
        assert (await found.accounts.resolve(second)).email == "grace@example.org"


async def test_what_a_session_of_the_servers_own_user_got_ends_when_it_is_left(ji_house: MakeHouse) -> None:
    """For good, also on a server that starts again; not what another session got, and no account's."""
    house = await ji_house()
    live = await house.room()
    tokens = []
    for session in ("here", "there"):
        _, token = await house.members.seat_interviewer(live, replace(OWNER, session=session))
        tokens.append(token)
    began = house.tokens.read(tokens[0])["iat"]
    await house.accounts.leave("here")
    for found in (house, await house.again()):
        with pytest.raises(Unauthorized):
            await found.members.resolve(live.room.id, tokens[0])
        await found.members.resolve(live.room.id, tokens[1])
        assert not await found.accounts.still(0, "here", began)
        assert await found.accounts.still(0, "here", began + 3_600), "logged in anew, where a session has one name"
        assert await found.accounts.still(0, "there", began)


async def test_a_disabled_account_is_of_no_use_until_it_is_enabled(ji_house: MakeHouse) -> None:
    house = await ji_house()
    await house.accounts.create("grace@example.org", "", PASSWORD)
    _, token, _ = await house.accounts.login("grace@example.org", PASSWORD)
    await house.accounts.disable("Grace@example.org")
    with pytest.raises(Unauthorized):
        await house.accounts.resolve(token)
    with pytest.raises(Unauthorized):
        await house.accounts.login("grace@example.org", PASSWORD)
    ((_, disabled),) = await house.accounts.list()
    assert disabled
    await house.accounts.disable("grace@example.org", disabled=False)
    await house.accounts.resolve(token)


async def test_a_new_password_replaces_the_old(ji_house: MakeHouse) -> None:
    house = await ji_house()
    await house.accounts.create("grace@example.org", "", PASSWORD)
    await house.accounts.set_password("grace@example.org", "a new password")
    with pytest.raises(Unauthorized):
        await house.accounts.login("grace@example.org", PASSWORD)
    await house.accounts.login("grace@example.org", "a new password")
    for act in (house.accounts.set_password("x@y.z", PASSWORD), house.accounts.disable("x@y.z")):
        with pytest.raises(NotFound):
            await act


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("x", PASSWORD),
        ("a b@c", PASSWORD),
        ("@c", PASSWORD),
        ("a@", PASSWORD),
        ("a@b.c", "too short"),
    ],
)
async def test_what_is_unusable_makes_no_account(ji_house: MakeHouse, email: str, password: str) -> None:
    house = await ji_house()
    with pytest.raises(BadRequest):
        await house.accounts.create(email, "Grace", password)
    assert await house.accounts.list() == []


async def test_an_address_has_one_account(ji_house: MakeHouse) -> None:
    house = await ji_house()
    await house.accounts.create("grace@example.org", "", PASSWORD)
    with pytest.raises(Conflict):
        await house.accounts.create("GRACE@example.org", "", PASSWORD)


async def test_tokens_of_seats_are_no_logins(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    _, seat = await house.members.join(live.room.id, name="Ada")
    account = await house.accounts.create("grace@example.org", "", PASSWORD)
    _, login, _ = await house.accounts.login("grace@example.org", PASSWORD)
    for token in (seat, "", "x", login + "x"):
        with pytest.raises(Unauthorized):
            await house.accounts.resolve(token)
    with pytest.raises(Unauthorized):
        await house.members.resolve(live.room.id, login)
    place = await house.accounts.place(account, "192.0.2.1")
    older, _ = house.tokens.issue({"use": "account", "account": account.id}, 60)
    for token in (place, older):
        with pytest.raises(Unauthorized):
            await house.accounts.resolve(token)


async def test_a_new_password_ends_what_went_before_it_on_every_server(ji_house: MakeHouse) -> None:
    """Logins, seats of the account, and the places that are known; others' stay, and the next login is as ever."""
    house, other = await ji_house(), await ji_house()
    grace = await house.accounts.create("grace@example.org", "", PASSWORD)
    await house.accounts.create("mary@example.org", "", PASSWORD)
    _, token, _ = await house.accounts.login("grace@example.org", PASSWORD)
    _, mary, _ = await house.accounts.login("mary@example.org", PASSWORD)
    live = await house.room(grace)
    _, seat = await house.members.seat_interviewer(live, grace)
    _, operator = await house.members.seat_interviewer(live, OWNER)
    _, candidate = await house.members.join(live.room.id, name="Ada")
    place = await house.accounts.place(grace, "192.0.2.1")
    assert await other.accounts.known("grace@example.org", place, "192.0.2.2")
    await other.accounts.set_password("grace@example.org", "a new password")
    for each in (house, other):
        with pytest.raises(Unauthorized):
            await each.accounts.resolve(token)
        assert await each.accounts.known("grace@example.org", place, "192.0.2.2") is None
        await each.accounts.resolve(mary)
    with pytest.raises(Unauthorized):
        await house.members.resolve(live.room.id, seat)
    for untouched in (operator, candidate):
        await house.members.resolve(live.room.id, untouched)
    _, token, _ = await house.accounts.login("grace@example.org", "a new password")
    member, seat = await house.members.seat_interviewer(live, await other.accounts.resolve(token))
    assert await house.members.resolve(live.room.id, seat) == member
    await other.accounts.disable("grace@example.org")
    with pytest.raises(Unauthorized):
        await house.members.resolve(live.room.id, seat)


async def test_a_place_is_known_by_its_cookie_or_its_network(ji_house: MakeHouse) -> None:
    """For the account that logged in there, and for no other."""
    house = await ji_house()
    grace = await house.accounts.create("grace@example.org", "", PASSWORD)
    await house.accounts.create("mary@example.org", "", PASSWORD)
    place = await house.accounts.place(grace, "2001:db8::1")
    login = (await house.accounts.login("grace@example.org", PASSWORD))[1]
    known = house.accounts.known
    assert await known(" Grace@example.org", place, "192.0.2.9")
    assert await known("grace@example.org", None, "2001:db8::ffff")
    for email, token, address in (
        ("mary@example.org", place, "192.0.2.9"),
        ("mary@example.org", None, "2001:db8::1"),
        ("nobody@example.org", place, "192.0.2.9"),
        ("grace@example.org", None, "192.0.2.9"),
        ("grace@example.org", login, "192.0.2.9"),
        ("grace@example.org", "x.y.z", "192.0.2.9"),
    ):
        assert await known(email, token, address) is None
