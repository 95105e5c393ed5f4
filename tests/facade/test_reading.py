"""Does reading change anything?

What a member made may have any address of ours as a picture, and a browser reads it with the cookies of whoever looks.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from jupyter_interview.core.models import EventKind
from tests.facade.cast import Cast
from tests.facade.routes import Route, named

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

READERS = ("owner", "account", "interviewer", "candidate", "spectator")
#: What is only made of the log when somebody looks at a replay, and the log, to which refusals are added.
APART = {"frame", "record", "member_key", "event", "event_key", "head"}
#: What happened, without the refusals.
HAPPENED = "SELECT room, seq, kind FROM event WHERE kind != ?"


def stored(cast: Cast) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the server's database that reading has to leave alone."""
    path = cast.house.server.directory / "data" / "interview" / "interview.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} - APART
        rows = {name: sorted(database.execute(f"SELECT * FROM {name}"), key=repr) for name in names}  # noqa: S608
        return rows | {"event": sorted(database.execute(HAPPENED, [EventKind.DENIED]))}


@pytest.mark.parametrize("kind", ["image", "iframe", "empty"])
async def test_what_a_page_may_fetch_changes_nothing(cast: Cast, routes: list[Route], kind: str) -> None:
    before = stored(cast)
    assert {"room", "member", "event", "invitation", "bookmark", "account"} <= set(before)
    asked = 0
    for role in READERS:
        client = cast.client(role)
        for route in (route for route in routes if route.ours and "GET" in route.methods):
            path = route.example({**cast.values(), **named(route)[1]}).lstrip("/")
            answer = await client.get(path, headers={"Sec-Fetch-Dest": kind, "Sec-Fetch-Site": "same-origin"})
            cookies = [value for value in answer.headers.get_list("set-cookie") if value.startswith("interview-")]
            assert not cookies, (role, path, answer.status_code)
            asked += 1
    assert asked > 400
    after = stored(cast)
    assert set(after["event"]) - set(before["event"]) == set()
    assert after == before
