"""Does the REST API do what the protocol says, and refuse everything else with a code?"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import httpx
import nbformat
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_interview.collab import fold
from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import SECONDS, House, Room
from tests.integration.fixtures import UNLIMITED, complaints

pytestmark = pytest.mark.integration

PASSWORD = "correct horse battery"


def error_of(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The error of a refusal, which has to be of the protocol's form."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    body = answer.json()
    assert set(body) == {"error"} and set(body["error"]) == {"code", "message", "details"}, body
    assert body["error"]["code"] == code, body
    assert body["error"]["message"] and "Traceback" not in answer.text
    error: dict[str, Any] = body["error"]
    return error


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Any:
    """A server on each of the databases, shared by this module."""
    options = list(UNLIMITED)
    if request.param == "postgresql":
        postgresql = request.getfixturevalue("ji_postgresql")
        options.append(f"--InterviewApp.database_url={postgresql.url(postgresql.create())}")
    server = Server(tmp_path_factory.mktemp(request.param), options)
    try:
        for name in ("ada", "bob"):
            added = server.run("user", "add", f"{name}@example.org", *options[-1:], stdin=f"{PASSWORD}\n")
            assert added.returncode == 0, added.stderr
        server.start()
        yield server
    finally:
        server.stop()


@pytest_asyncio.fixture
async def house(database_server: Server) -> AsyncIterator[House]:
    """It, seen from outside; nothing that a client sends makes it complain."""
    before = len(database_server.log)
    async with House(database_server) as house:
        yield house
    assert not (said := complaints(database_server.log[before:])), said


async def log_in(house: House, name: str = "ada") -> httpx.AsyncClient:
    """An account's program."""
    answer = await house.nobody.post(
        "api/interview/login", json={"email": f"{name}@example.org", "password": PASSWORD}
    )
    house.nobody.cookies.clear()
    assert answer.status_code == 200, answer.text
    return house.client({"Authorization": f"Bearer {answer.json()['token']}"})


# -- accounts


async def test_login_logout_and_the_dead_token(house: House) -> None:
    """A token for programs, a cookie for the desk; both die at logout, other sessions live."""
    browser = house.client()
    login = await browser.post("api/interview/login", json={"email": " Ada@Example.org ", "password": PASSWORD})
    body = login.json()
    assert set(body) == {"token", "expires_at", "account"}
    assert {name: body["account"][name] for name in ("email", "name")} == {"email": "ada@example.org", "name": "ada"}
    assert datetime.fromisoformat(body["expires_at"]).tzinfo is not None
    program = house.client({"Authorization": f"Bearer {body['token']}"})
    other = await log_in(house)
    assert (await program.get("api/interview/rooms")).status_code == 200
    # The cookie is the same proof, at the desk and for REST.
    assert (await browser.get("interview/")).status_code == 200
    assert (await browser.get("interview/api/interview/rooms")).status_code == 200
    assert (await program.post("api/interview/logout")).status_code == 204
    error_of(await program.get("api/interview/rooms"), 401, "unauthorized")
    error_of(await program.post("api/interview/logout"), 401, "unauthorized")
    error_of(await browser.get("api/interview/rooms"), 401, "unauthorized")
    assert (await browser.get("interview/")).status_code == 302
    assert (await other.get("api/interview/rooms")).status_code == 200
    for email, password in (("ada@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("", ""), ("\0", "\0")):
        answer = await house.nobody.post("api/interview/login", json={"email": email, "password": password})
        assert error_of(answer, 401, "unauthorized")["message"] == "The email or the password is wrong."


async def test_an_account_sees_only_its_own_rooms(house: House) -> None:
    """Another's room does not exist; the server's own user sees all."""
    ada, bob = await log_in(house), await log_in(house, "bob")
    room = (await ada.post("api/interview/rooms", json={"title": "Ada's"})).json()
    path = f"api/interview/rooms/{room['id']}"
    for suffix in ("", "/members", "/invitations", "/messages", "/runs", "/events", "/notebook"):
        error_of(await bob.get(path + suffix), 404, "not_found")
        assert (await ada.get(path + suffix)).status_code == 200
        assert (await house.owner.get(path + suffix)).status_code == 200
    error_of(await bob.post(f"{path}/end"), 404, "not_found")
    error_of(await bob.delete(path), 404, "not_found")
    error_of(await bob.patch(path, json={"title": "Bob's"}), 404, "not_found")
    assert room["id"] not in [each["id"] for each in (await bob.get("api/interview/rooms?limit=100")).json()["rooms"]]
    # To the room's page Bob is a stranger: the join page.
    assert "interviewRoom" not in (await bob.get(f"interview/{room['id']}")).text


# -- rooms


async def test_a_room_from_birth_to_deletion(house: House) -> None:
    """Created waiting, live with its candidate, ended for good, deleted with its record."""
    made = await house.owner.post(
        "api/interview/rooms",
        json={"title": "  Python\tinterview ", "language": "python", "password": "sesame", "tags": ["a", "b", "a"],
              "settings": {"seats": 2, "candidate": {"run": False}}},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    room = made.json()
    assert made.headers["Location"] == room["url"] == f"/interview/{room['id']}"
    assert (room["title"], room["state"], room["tags"], room["has_password"]) == (
        "Python interview",
        "waiting",
        ["a", "b"],
        True,
    )
    assert "sesame" not in made.text and room["settings"] == {"seats": 2, "candidate": {"run": False}}
    place = Room(house, room["id"])
    cara = await place.join("Cara", password="sesame")
    assert cara.member["permissions"]["run"] is False
    shown = await place.api("GET")
    assert shown["state"] == "live" and shown["started_at"]
    changed = await place.api("PATCH", "", {"title": "Other", "tags": ["c"], "password": None})
    assert (changed["title"], changed["tags"], changed["has_password"]) == ("Other", ["c"], False)
    error_of(await house.owner.delete(f"api/interview/rooms/{place.id}"), 409, "conflict")
    ended = await place.end()
    assert ended["state"] == "ended" and ended["ended_at"] and ended["members"] == []
    for method, path, body in (("POST", "/end", None), ("PATCH", "", {"title": "x"}), ("POST", "/invitations", {"role": "spectator"})):
        answer = await house.owner.request(method, f"api/interview/rooms/{place.id}{path}", json=body)
        error_of(answer, 410, "room_ended")
    error_of(await house.nobody.post(f"{place.path}join", json={"name": "Late"}), 410, "room_ended")
    error_of(await cara.rest.get("api/kernels"), 410, "room_ended")
    assert (await place.notebook())["nbformat"] == 4
    assert (await house.owner.delete(f"api/interview/rooms/{place.id}")).status_code == 204
    for suffix in ("", "/events", "/notebook"):
        error_of(await house.owner.get(f"api/interview/rooms/{place.id}{suffix}"), 404, "not_found")
    error_of(await house.owner.delete(f"api/interview/rooms/{place.id}"), 404, "not_found")


async def test_pages_of_rooms(house: House) -> None:
    """Newest first, each once, by cursor; filters by state, words and tag."""
    bob = await log_in(house, "bob")
    ids = []
    for number in range(7):
        body = {"title": f"Page {number} 100%_ö", "tags": [f"tag{number % 2}"]}
        ids.append((await bob.post("api/interview/rooms", json=body)).json()["id"])
    await house.api("POST", f"rooms/{ids[0]}/end")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await bob.get("api/interview/rooms", params=query)).json()
        assert len(page["rooms"]) <= 3
        seen += [room["id"] for room in page["rooms"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen[-7:] == ids[::-1] or seen[:7] == ids[::-1]

    async def found(**query: str) -> list[str]:
        answer = await bob.get("api/interview/rooms", params=query)
        return [room["id"] for room in answer.json()["rooms"] if room["id"] in ids]

    assert await found(state="ended") == ids[:1]
    assert await found(state="open") == ids[:0:-1]
    assert await found(q="page 3") == [ids[3]]
    assert await found(q="100%_ö") == ids[::-1]
    assert await found(q="%") == ids[::-1] and await found(q="100__") == []
    assert await found(tag="tag1") == [ids[5], ids[3], ids[1]] and await found(tag="tag") == []
    for query in ("cursor=x", "cursor=9999999999999999999999.1", "cursor=1.99999999999999999999", "cursor=%00",
                  "limit=x", "limit=-1", "state=x", "state=live,x", "q=%ff"):  # fmt: skip
        assert (await bob.get(f"api/interview/rooms?{query}")).status_code == 400, query
    for query in ("q=%00", "tag=%00", "limit=0", "limit=999999999999999", "cursor=1.1", "q=%F0%9F%98%80"):
        assert (await bob.get(f"api/interview/rooms?{query}")).status_code == 200, query


async def test_languages(house: House) -> None:
    """What can be chosen, with what is missing for each; nothing else can be."""
    listed = (await house.api("GET", "languages"))["languages"]
    python = next(language for language in listed if language["name"] == "python")
    assert python["available"] is True and python["display_name"]
    for language in ("klingon", "", "../python", "\0"):
        answer = await house.owner.post("api/interview/rooms", json={"title": "x", "language": language})
        error_of(answer, 400, "bad_request")


async def test_a_room_starts_from_a_notebook(house: House) -> None:
    """A valid one of any format is taken; anything else is refused and leaves no room."""
    old = nbformat.v3.new_notebook(worksheets=[nbformat.v3.new_worksheet(cells=[nbformat.v3.new_code_cell("1 + 1")])])
    new = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Task\nö 😀"),
            nbformat.v4.new_code_cell(
                "x = 1", outputs=[nbformat.v4.new_output("stream", text="a\nb\n")], execution_count=3
            ),
        ],
        metadata={"title": "t", "nested": {"a": [1, 2.5, None, True]}},
    )
    room = await house.room(notebook=json.loads(nbformat.writes(new)))
    taken = await room.notebook()
    nbformat.validate(nbformat.from_dict(taken))
    assert [(cell["cell_type"], cell["source"]) for cell in taken["cells"]] == [
        ("markdown", "# Task\nö 😀"),
        ("code", "x = 1"),
    ]
    assert taken["cells"][1]["outputs"][0]["text"] == "a\nb\n" and taken["cells"][1]["execution_count"] == 3
    assert taken["metadata"]["nested"] == {"a": [1, 2.5, None, True]}
    room = await house.room(notebook=json.loads(json.dumps(old)))
    assert (await room.notebook())["cells"][0]["source"] == "1 + 1"
    before = len((await house.api("GET", "rooms?limit=100"))["rooms"])
    for notebook in ({}, {"cells": []}, {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"x": 1}]},
                     {"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []},
                     {"nbformat": "4", "cells": 5}, {"nbformat": 4, "nbformat_minor": 5, "metadata": 5, "cells": []},
                     {"nbformat": 4, "nbformat_minor": 5, "metadata": {},
                      "cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": 5, "outputs": [],
                                 "execution_count": None}]}):  # fmt: skip
        answer = await house.owner.post("api/interview/rooms", json={"title": "x", "notebook": notebook})
        error_of(answer, 400, "bad_request")
    large = {**json.loads(nbformat.writes(nbformat.v4.new_notebook())), "metadata": {"x": "y" * 4_000_001}}
    error_of(await house.owner.post("api/interview/rooms", json={"title": "x", "notebook": large}), 413, "too_large")
    assert len((await house.api("GET", "rooms?limit=100"))["rooms"]) == before


# -- people


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
    error_of(await house.nobody.post(f"{room.path}join", json={"name": "X", "password": "open sesame"}), 403, "password_required")


async def test_the_knock_flow(house: House) -> None:
    """The seat is taken: one knocks, is admitted as candidate or in another role, or is refused."""
    room = await house.room()
    cara, ivan = await room.join("Cara"), await room.invite("interviewer")
    his = await ivan.channel()
    answer = await house.nobody.post(f"{room.path}join", json={"name": "Kim"})
    knock = error_of(answer, 403, "seat_taken")["details"]["knock"]
    told = (await his.expect("member_updated", lambda frame: frame["content"]["state"] == "knocking"))["content"]
    assert told["name"] == "Kim" and told["permissions"]["view"] in (True, False)
    waiting = await house.nobody.post(f"{room.path}join", json={"knock": knock})
    error_of(waiting, 403, "seat_taken")
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
    knock = error_of(await house.nobody.post(f"{room.path}join", json={"name": "Lou"}), 403, "seat_taken")["details"]["knock"]
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
    error_of(await house.nobody.post(f"{room.path}join", json={"name": "X", "invite": secret}), 403, "invitation_invalid")
    listed = (await room.api("GET", "/invitations"))["invitations"]
    assert [(each["id"], each["uses"], each["revoked"]) for each in listed] == [(made["id"], 1, False)]
    assert secret not in json.dumps(listed) and secret not in json.dumps(await room.events())
    other = await room.api("POST", "/invitations", {"role": "spectator", "expires_in": 3600})
    assert other["expires_at"]
    secret = other["url"].partition("#invite=")[2]
    await room.api("DELETE", f"/invitations/{other['id']}")
    for invite in (secret, "", "x", "\0", "x" * 200):
        answer = await house.nobody.post(f"{room.path}join", json={"name": "X", "invite": invite})
        error_of(answer, 403, "invitation_invalid")
    error_of(await house.owner.delete(f"api/interview/rooms/{room.id}/invitations/{'f' * 16}"), 404, "not_found")
    elsewhere = await house.room()
    theirs = await elsewhere.api("POST", "/invitations", {"role": "spectator"})
    secret = theirs["url"].partition("#invite=")[2]
    error_of(await house.nobody.post(f"{room.path}join", json={"name": "X", "invite": secret}), 403, "invitation_invalid")
    for body in ({}, {"role": "owner"}, {"role": "spectator", "expires_in": 0}, {"role": "spectator", "max_uses": 0},
                 {"role": "spectator", "expires_in": 10**12}, {"role": "spectator", "max_uses": 10**30},
                 {"role": "spectator", "name": 5}, {"role": "spectator", "x": 1}):  # fmt: skip
        error_of(await house.owner.post(f"api/interview/rooms/{room.id}/invitations", json=body), 400, "bad_request")


async def test_names_are_shown_as_they_can_be(house: House) -> None:
    """Control and direction marks go, spaces are one; nothing left is no name."""
    room = await house.room(settings={"seats": 20})
    for given, shown in (("  Cára \t Ö ", "Cára Ö"), ("A\u202eB\0C", "ABC"), ("李雷", "李雷"), ("e\u0301", "é"), ("😀", "😀")):
        assert (await room.join(given)).member["name"] == shown
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


# -- the record


async def test_the_notebook_at_any_moment(house: House) -> None:
    """By number and by time, it is exactly the fold of the log up to there; ended or not."""
    room = await house.room()
    cara = await room.join("Cara")
    notebook, channel = await cara.document(), await cara.channel()
    for number in range(5):
        await notebook.type(f"a{number} = {number}\n")
        await notebook.saved()
    await notebook.set_source("print('out')")
    await cara.run(notebook.cell())
    await channel.expect("run_finished")
    await room.api("PATCH", "", {"tags": ["settled"]})
    for _ in range(2):
        events = await room.events()
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        updates: list[bytes] = []
        first = next(event["seq"] for event in events if event["kind"] == "document_snapshot")
        for event in events:
            if event["kind"].startswith("document_"):
                updates.append(base64.b64decode(event["data"]))
            if event["seq"] < first:
                continue
            wanted = fold(updates)
            assert await room.notebook(event["seq"]) == wanted, event["seq"]
            following = [other for other in events if other["seq"] > event["seq"]]
            if not following or following[0]["ts"] > event["ts"]:
                assert await room.notebook(event["ts"]) == wanted, event["ts"]
        assert await room.notebook() == fold(updates)
        if (await room.api("GET"))["state"] != "ended":
            await room.end()
    answer = await house.owner.get(f"api/interview/rooms/{room.id}/notebook")
    assert int(answer.headers["X-Interview-Seq"]) == events[-1]["seq"] and answer.text.endswith("}\n")
    late = await house.owner.get(f"api/interview/rooms/{room.id}/notebook?at=99999999999")
    assert int(late.headers["X-Interview-Seq"]) == events[-1]["seq"]
    for at in ("0", "2000-01-01"):
        error_of(await house.owner.get(f"api/interview/rooms/{room.id}/notebook?at={at}"), 404, "not_found")
    for at in ("x", "-1", "1e3", "2026-13-01", "9" * 30, "%00", "", "9999-12-31T23:59:59-23:59"):
        answer = await house.owner.get(f"api/interview/rooms/{room.id}/notebook?at={at}")
        assert answer.status_code in (200, 400, 404), at
        assert at.startswith("9999") or answer.status_code == 400, at


async def test_the_record_as_lines(house: House) -> None:
    """Messages, runs and events as JSON, or one a line when asked; events by kind and page."""
    room = await house.room()
    channel = await (await room.join("Cara")).channel()
    for number in range(5):
        await channel.ask("chat_message", f"ö {number}")
    path = f"api/interview/rooms/{room.id}"
    for name in ("messages", "runs", "events"):
        plain = (await house.owner.get(f"{path}/{name}")).json()[name]
        lines = await house.owner.get(f"{path}/{name}", headers={"Accept": "application/x-ndjson"})
        assert lines.headers["Content-Type"].startswith("application/x-ndjson")
        # The kernel may have started between the two.
        assert [json.loads(line) for line in lines.text.splitlines()][: len(plain)] == plain
    first = (await house.owner.get(f"{path}/events?kind=chat_message&limit=2")).json()
    assert [event["payload"]["text"] for event in first["events"]] == ["ö 0", "ö 1"]
    second = (await house.owner.get(f"{path}/events?kind=chat_message&limit=3&after={first['next']}")).json()
    assert [event["payload"]["text"] for event in second["events"]] == ["ö 2", "ö 3", "ö 4"] and second["next"] is None
    bare = (await house.owner.get(f"{path}/events?kind=document_snapshot&data=0")).json()["events"]
    assert [event["data"] for event in bare] == [None]
    for query in ("kind=x", "after=-1", "after=x", "limit=x"):
        error_of(await house.owner.get(f"{path}/events?{query}"), 400, "bad_request")
    assert (await house.owner.get(f"{path}/events?after=9007199254740992")).json()["events"] == []


async def test_the_end_stores_what_the_protocol_says(house: House) -> None:
    """Frozen document, stopped kernel, everybody told; messages, runs and members can be read for ever."""
    room = await house.room()
    cara, ivan = await room.join("Cara"), await room.invite("interviewer")
    hers, notebook = await cara.channel(), await cara.document()
    kernel = await cara.kernel(await cara.kernel_id())
    await notebook.set_source("import time\nprint(1, flush=True)\ntime.sleep(600)")
    await hers.ask("chat_message", "bye")
    await cara.run(notebook.cell())
    await notebook.until(lambda: notebook.printed() == "1\n", "the first output")
    ended = await ivan.rest.post(f"api/interview/rooms/{room.id}/end")
    assert ended.status_code == 200
    assert (await hers.expect("room_ended"))["content"]["state"] == "ended"
    for socket in (hers, notebook, kernel):
        assert await socket.until_closed() == 4410
    final = await room.notebook()
    assert final["cells"][0]["outputs"][0]["text"] == "1\n"
    assert [message["content"] for message in (await room.api("GET", "/messages"))["messages"]] == ["bye"]
    [run] = (await room.api("GET", "/runs"))["runs"]
    assert run["status"] == "interrupted" and run["finished_at"]
    assert (await room.events())[-1]["kind"] == "room_ended"
    assert [member["role"] for member in (await room.api("GET", "/members"))["members"]] == ["candidate", "interviewer"]
    # The interviewer reviews below the prefix too.
    assert (await ivan.rest.get(f"api/interview/rooms/{room.id}/notebook")).json() == final


# -- bad input

PATHS = [
    ("POST", "api/interview/rooms"),
    ("PATCH", "api/interview/rooms/{room}"),
    ("POST", "api/interview/rooms/{room}/invitations"),
    ("PATCH", "api/interview/rooms/{room}/members/{member}"),
    ("POST", "api/interview/login"),
    ("POST", "interview/{room}/join"),
    ("POST", "interview/{room}/api/runs"),
    ("PUT", "interview/{room}/api/collaboration/session/Interview.ipynb"),
]
FIELDS = ("title", "language", "password", "notebook", "settings", "tags", "role", "name", "expires_in", "max_uses",
          "permissions", "admitted", "email", "invite", "knock", "cells", "format", "type", "seats", "candidate")  # fmt: skip
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(["\0", "\ud800", "candidate", "python", "x" * 2_000, "../..", "😀", "' OR 1=1 --"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
BODIES = st.one_of(
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5).map(json.dumps).map(str.encode),
    VALUES.map(json.dumps).map(str.encode),
    st.binary(max_size=40),
    st.sampled_from([b"", b"{", b"[" * 50_000, b'{"title":' * 5_000, b"\xff\xfe", b'{"title": "a", "title": "b"}', b"1e999"]),
)


def test_bad_bodies_never_break_anything(database_server: Server) -> None:
    """Whatever the body: the answer is the protocol's, never a 500, and the log stays quiet."""
    before = len(database_server.log)
    with database_server.client() as owner:
        room = database_server.create_room()["id"]
        joined = owner.post(f"interview/{room}/join", json={"name": "Cara"}, headers={"Authorization": ""}).json()
        seat = {"Authorization": f"Bearer {joined['token']}"}
        owner.cookies.clear()

        @settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(where=st.sampled_from(PATHS), body=BODIES)
        def fuzz(where: tuple[str, str], body: bytes) -> None:
            method, pattern = where
            path = pattern.format(room=room, member=joined["member"]["id"])
            headers = seat if "/api/" in path and path.startswith("interview/") else {}
            answer = owner.request(method, path, content=body, headers={"Content-Type": "application/json", **headers})
            owner.cookies.clear()
            assert answer.status_code < 500, (path, body, answer.text)
            if not answer.is_success:
                error = answer.json()["error"]
                assert set(error) == {"code", "message", "details"} and "Traceback" not in answer.text

        fuzz()
    assert not (said := complaints(database_server.log[before:])), said


async def test_bad_texts_are_refused_or_kept(house: House) -> None:
    """Texts that databases choke on (NUL, huge, half characters) are a 4xx or are kept as they are."""
    room = await house.room()
    for title in ("a\0b", "\ud800", "x" * 201, "", " \t", "x" * 1_001, "Ω≈ç√∫😀", "'; DROP TABLE room; --"):
        body = json.dumps({"title": title}).encode()
        for method, path in (("POST", "rooms"), ("PATCH", f"rooms/{room.id}")):
            answer = await house.owner.request(method, f"api/interview/{path}", content=body)
            assert answer.status_code in (200, 201, 400, 413), answer.text
            if answer.is_success:
                assert answer.json()["title"] == title.replace("\0", ""), title
    for tags in (["\0"], ["\ud800"], ["x" * 51], ["x"] * 101, [str(n) for n in range(21)], "x", [5]):
        answer = await house.owner.patch(
            f"api/interview/rooms/{room.id}", content=json.dumps({"tags": tags}).encode()
        )
        assert answer.status_code in (200, 400, 413), answer.text
    for settings_ in ({"seats": 0}, {"seats": 21}, {"seats": True}, {"candidate": {"fly": True}}, {"x": 1},
                      {"candidate": {"edit": 1}}, {"candidate": []}, {"\0": 1}):  # fmt: skip
        answer = await house.owner.patch(f"api/interview/rooms/{room.id}", json={"settings": settings_})
        error_of(answer, 400, "bad_request")
    invitation = await house.owner.post(
        f"api/interview/rooms/{room.id}/invitations", json={"role": "spectator", "name": "a\0b"}
    )
    assert invitation.status_code in (201, 400)


async def test_large_bodies_are_refused(house: House) -> None:
    """A stranger cannot make the server read or parse megabytes."""
    room = await house.room()
    for path in (f"{room.path}join", "api/interview/login"):
        answer = await house.nobody.post(path, content=b'{"name": "' + b"x" * 1_000_000 + b'"}')
        error_of(answer, 413, "too_large")
    error_of(
        await house.owner.patch(f"api/interview/rooms/{room.id}", content=b'{"title": "' + b"x" * 1_000_000 + b'"}'),
        413,
        "too_large",
    )


async def test_runs_name_cells_as_they_are_seen(house: House) -> None:
    """A hash of another source is a conflict; unknown cells are not found; the hash of the right one runs."""
    room = await house.room()
    cara = await room.join("Cara")
    notebook = await cara.document()
    cell = notebook.cell()
    wrong = await cara.rest.post("api/runs", json={"cells": [{"cell": cell, "source_hash": "0" * 64}]})
    error_of(wrong, 409, "source_changed")
    error_of(await cara.rest.post("api/runs", json={"cells": [{"cell": "none"}]}), 404, "not_found")
    for body in ({}, {"cells": []}, {"cells": [{}]}, {"cells": [{"cell": cell, "source_hash": "x"}]},
                 {"cells": [{"cell": cell, "x": 1}]}, {"cells": [{"cell": cell}] * 501}, []):  # fmt: skip
        error_of(await cara.rest.post("api/runs", json=body), 400, "bad_request")


# -- rate limits


async def test_rate_limits_say_when_to_come_back(ji_server: ServerFactory) -> None:
    """Login, join and REST: 429 with Retry-After, counted by address, account and member."""
    rates = {"login": "3/minute", "join": "3/minute", "rest": "20/minute"}
    server = ji_server(*(f"--InterviewApp.rates={name}={rate}" for name, rate in rates.items()))
    async with House(server) as house:
        room = await house.room()
        for limit, path, body in (
            ("login", "api/interview/login", {"email": "x@y.z", "password": "wrong"}),
            ("join", f"{room.path}join", {"name": ""}),
        ):
            statuses = []
            for _ in range(5):
                answer = await house.nobody.post(path, json=body)
                statuses.append(answer.status_code)
            assert statuses[3:] == [429, 429] and 429 not in statuses[:3], (limit, statuses)
            error = error_of(answer, 429, "rate_limited")
            assert 0 < int(answer.headers["Retry-After"]) <= 60 and error["details"]["retry_after"] > 0
        answers = await asyncio.gather(*(house.owner.get("api/interview/rooms") for _ in range(25)))
        assert {answer.status_code for answer in answers} == {200, 429}
        limited = next(answer for answer in answers if answer.status_code == 429)
        error_of(limited, 429, "rate_limited")
        assert int(limited.headers["Retry-After"]) <= SECONDS * 3
    assert not complaints(server.log)


