"""What becomes of requests that are malformed, too large or too many? A refusal with a code."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fixtures.server import Server, ServerFactory
from tests.handlers.rest import error_of
from tests.integration.clients import SECONDS, House
from tests.integration.fixtures import complaints

pytestmark = pytest.mark.integration


@pytest.fixture
def house(database_house: House) -> House:
    """On each of the databases."""
    return database_house


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
          "permissions", "admitted", "email", "invite", "knock", "cells", "format", "type", "seats",
          "candidate", "files", "data")  # fmt: skip
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
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)
BODIES = st.one_of(
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=5).map(json.dumps).map(str.encode),
    VALUES.map(json.dumps).map(str.encode),
    st.binary(max_size=40),
    st.sampled_from(
        [b"", b"{", b"[" * 50_000, b'{"title":' * 5_000, b"\xff\xfe", b'{"title": 1, "title": "b"}', b"1e9"]
    ),
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
        answer = await house.owner.patch(f"api/interview/rooms/{room.id}", content=json.dumps({"tags": tags}).encode())
        assert answer.status_code in (200, 400, 413), answer.text
    wrong: tuple[Any, ...] = ({"seats": 0}, {"seats": 21}, {"seats": True}, {"candidate": {"fly": True}}, {"x": 1},
                              {"candidate": {"edit": 1}}, {"candidate": []}, {"\0": 1})  # fmt: skip
    for settings_ in wrong:
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
    bodies: tuple[Any, ...] = ({}, {"cells": []}, {"cells": [{}]}, {"cells": [{"cell": cell, "source_hash": "x"}]},
                               {"cells": [{"cell": cell, "x": 1}]}, {"cells": [{"cell": cell}] * 501}, [])  # fmt: skip
    for body in bodies:
        error_of(await cara.rest.post("api/runs", json=body), 400, "bad_request")


async def test_rate_limits_say_when_to_come_back(ji_server: ServerFactory) -> None:
    """Login, join and REST: 429 with Retry-After. The document's socket closes with a code of its own."""
    rates = {"login": "3/minute", "join": "3/minute", "rest": "20/minute", "document": "50/minute"}
    server = ji_server(*(f"--InterviewApp.rates={name}={rate}" for name, rate in rates.items()))
    async with House(server) as house:
        room = await house.room()
        notebook = await (await room.join()).document()
        for _ in range(60):
            await notebook.type("x")
        # The page keeps what it has and comes back later.
        assert await notebook.until_closed() == 4429
        for limit, path, body in (
            ("login", "api/interview/login", {"email": "x@y.z", "password": "wrong"}),
            ("join", f"{room.path}join", {"name": ""}),
        ):
            statuses = []
            for _ in range(5):
                answer = await house.nobody.post(path, json=body)
                statuses.append(answer.status_code)
            assert statuses[3:] == [429, 429] and 429 not in statuses[:2], (limit, statuses)
            error = error_of(answer, 429, "rate_limited")
            assert 0 < int(answer.headers["Retry-After"]) <= 60 and error["details"]["retry_after"] > 0
        answers = await asyncio.gather(*(house.owner.get("api/interview/rooms") for _ in range(25)))
        assert {answer.status_code for answer in answers} == {200, 429}
        limited = next(answer for answer in answers if answer.status_code == 429)
        error_of(limited, 429, "rate_limited")
        assert int(limited.headers["Retry-After"]) <= SECONDS * 3
    assert not complaints(server.log)
