"""How does one get a seat: by password, knock and invitation?"""

from __future__ import annotations

import json

import pytest

from tests.handlers.rest import error_of
from tests.integration.clients import House

pytestmark = pytest.mark.integration

CANDIDATES = {"view", "edit", "run", "chat"}


@pytest.fixture
def house(database_house: House) -> House:
    """On each of the databases."""
    return database_house


async def test_the_password_flow(house: House) -> None:
    """Asked of everybody who comes by the bare link, wrong ones are refused; an invitation needs none."""
    room = await house.room(password="open sesame")
    for body in ({"name": "Cara"}, {"name": "Cara", "password": ""}, {"name": "Cara", "password": "Open sesame"}):
        answer = await house.nobody.post(f"{room.path}join", json=body)
        error = error_of(answer, 403, "password_required")
        assert error["details"]["wrong"] is bool(body.get("password"))
    assert [event["payload"]["reason"] for event in await room.denied()] == ["password"] * 3
    assert (await room.join("Cara", password="open sesame")).member["role"] == "candidate"
    assert (await room.invite("spectator")).member["role"] == "spectator"
    await room.api("PATCH", "", {"password": "another one"})
    stale = await house.nobody.post(f"{room.path}join", json={"name": "X", "password": "open sesame"})
    error_of(stale, 403, "password_required")


async def test_the_knock_flow(house: House) -> None:
    """The seat is taken: one knocks, is admitted as candidate or in another role, or is refused."""
    room = await house.room()
    cara, ivan = await room.join("Cara"), await room.invite("interviewer")
    his = await ivan.channel()
    answer = await house.nobody.post(f"{room.path}join", json={"name": "Kim"})
    knock = error_of(answer, 403, "seat_taken")["details"]["knock"]
    told = (await his.expect("member_updated", lambda frame: frame["content"]["state"] == "knocking"))["content"]
    # What a candidate would have.
    assert told["name"] == "Kim" and {may for may, is_so in told["permissions"].items() if is_so} == CANDIDATES
    waiting = await house.nobody.post(f"{room.path}join", json={"knock": knock})
    assert (waiting.status_code, waiting.json()) == (202, {"knock": knock})
    assert waiting.headers["Cache-Control"] == "no-store" and "Set-Cookie" not in waiting.headers
    # Knocking is no seat.
    for use in ({"Authorization": f"Bearer {knock}"}, {"Cookie": f"interview-room-{room.id}={knock}"}):
        assert (await house.nobody.get(f"{room.path}api/me", headers=use)).status_code == 401
    members = f"api/interview/rooms/{room.id}/members"
    error_of(await cara.rest.patch(f"{members}/{told['id']}", json={"admitted": True}), 403, "forbidden")
    admitted = await ivan.rest.patch(f"{members}/{told['id']}", json={"admitted": True, "role": "spectator"})
    assert (admitted.status_code, admitted.json()["role"]) == (200, "spectator")
    error_of(await ivan.rest.patch(f"{members}/{told['id']}", json={"admitted": True}), 409, "conflict")
    seated = await house.nobody.post(f"{room.path}join", json={"knock": knock})
    house.nobody.cookies.clear()
    assert seated.status_code == 200 and seated.json()["member"]["id"] == told["id"]
    assert room.person(seated.json()["token"], seated.json()["member"]).rest is not None
    answer = await house.nobody.post(f"{room.path}join", json={"name": "Lou"})
    knock = error_of(answer, 403, "seat_taken")["details"]["knock"]
    lou = next(member for member in (await room.api("GET", "/members"))["members"] if member["name"] == "Lou")
    await room.api("PATCH", f"/members/{lou['id']}", {"admitted": False})
    error_of(await house.nobody.post(f"{room.path}join", json={"knock": knock}), 403, "forbidden")
    for forged in (cara.token, "x", knock[:-4] + "AAAA"):
        error_of(await house.nobody.post(f"{room.path}join", json={"knock": forged}), 401, "unauthorized")
    kinds = [event["kind"] for event in await room.events("knock", "admit", "remove")]
    assert kinds == ["knock", "admit", "knock", "remove"]


async def test_the_invitation_flow(house: House) -> None:
    """The secret is shown once, counts its uses, expires, and can be revoked."""
    room = await house.room()
    made = await room.api("POST", "/invitations", {"role": "interviewer", "name": "For Ivan", "max_uses": 1})
    url, _, secret = made["url"].partition("#invite=")
    assert url == f"/interview/{room.id}" and len(secret) > 30
    ivan = await room.join("Ivan", invite=secret)
    assert ivan.member["role"] == "interviewer"
    used = await house.nobody.post(f"{room.path}join", json={"name": "X", "invite": secret})
    error_of(used, 403, "invitation_invalid")
    listed = (await room.api("GET", "/invitations"))["invitations"]
    assert [(each["id"], each["uses"], each["revoked"]) for each in listed] == [(made["id"], 1, False)]
    assert secret not in json.dumps(listed) and secret not in json.dumps(await room.events())
    other = await room.api("POST", "/invitations", {"role": "spectator", "expires_in": 3600})
    assert other["expires_at"] and other["max_uses"] == 1
    assert (await room.api("POST", "/invitations", {"role": "spectator", "max_uses": None}))["max_uses"] is None
    secret = other["url"].partition("#invite=")[2]
    await room.api("DELETE", f"/invitations/{other['id']}")
    for invite in (secret, "", "x", "\0", "x" * 200):
        answer = await house.nobody.post(f"{room.path}join", json={"name": "X", "invite": invite})
        error_of(answer, 403, "invitation_invalid")
    error_of(await house.owner.delete(f"api/interview/rooms/{room.id}/invitations/{'f' * 16}"), 404, "not_found")
    elsewhere = await house.room()
    theirs = await elsewhere.api("POST", "/invitations", {"role": "spectator"})
    secret = theirs["url"].partition("#invite=")[2]
    foreign = await house.nobody.post(f"{room.path}join", json={"name": "X", "invite": secret})
    error_of(foreign, 403, "invitation_invalid")
    for body in ({}, {"role": "owner"}, {"role": "spectator", "expires_in": 0}, {"role": "spectator", "max_uses": 0},
                 {"role": "spectator", "expires_in": 10**12}, {"role": "spectator", "max_uses": 10**30},
                 {"role": "spectator", "name": 5}, {"role": "spectator", "x": 1}):  # fmt: skip
        error_of(await house.owner.post(f"api/interview/rooms/{room.id}/invitations", json=body), 400, "bad_request")


async def test_names_are_shown_as_they_can_be(house: House) -> None:
    """Control and direction marks go, spaces are one; nothing left is no name."""
    room = await house.room(settings={"seats": 20})
    names = {"  Cára \t Ö ": "Cára Ö", "A\u202eB\0C": "ABC", "李雷": "李雷", "e\u0301": "é", "😀": "😀"}
    for entered, shown in names.items():
        assert (await room.join(entered)).member["name"] == shown
    for name in ("", " ", "\u200b", "\0", "x" * 81, "\u202e"):
        error_of(await house.nobody.post(f"{room.path}join", json={"name": name}), 400, "bad_request")
    for email in ("x", "a@", "@b", "a b@c.d", "x" * 300 + "@y.z"):
        error_of(await house.nobody.post(f"{room.path}join", json={"name": "X", "email": email}), 400, "bad_request")


async def test_members_are_told_with_email_to_interviewers_only(house: House) -> None:
    """Emails stand in the list of members, which takes the right to review, and nowhere else."""
    room = await house.room()
    cara, ivan = await room.join("Cara", email="cara@example.org"), await room.invite("interviewer")
    path = f"api/interview/rooms/{room.id}"
    listed = (await ivan.rest.get(f"{path}/members")).json()["members"]
    assert [(member["name"], member["email"]) for member in listed] == [
        ("Cara", "cara@example.org"),
        ("Interviewer", None),
    ]
    error_of(await cara.rest.get(f"{path}/members"), 403, "forbidden")
    assert "cara@example.org" not in (await cara.rest.get(path)).text + (await cara.rest.get("api/me")).text
