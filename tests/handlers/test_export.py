"""Who can take what away by REST, and what comes when something goes wrong?"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import sqlite3
import zipfile
from collections import Counter
from typing import ClassVar

import httpx
import pytest
from jupyter_server.auth import User

from jupyter_interview.core.errors import RateLimited
from jupyter_interview.handlers.export import Download
from tests.handlers.rest import error_of
from tests.integration.clients import House, Person, Room
from tests.managers.logs import read

pytestmark = pytest.mark.integration


async def ended(house: House) -> tuple[Room, Person, Person]:
    """An interview that is over, its candidate and its interviewer."""
    room = await house.room("Grüße")
    cara, ivan = await room.join("Cara"), await room.invite("interviewer", "Ivan")
    notebook, channel = await cara.document(), await cara.channel()
    await notebook.set_source("print('out')")
    await notebook.saved()
    await channel.ask("chat_message", "hello")
    await cara.run(notebook.cell())
    await channel.expect("run_finished")
    his = await ivan.channel()
    await his.ask("chat_message", "a secret of the interviewer's")
    await room.end()
    return room, cara, ivan


async def test_every_format(house: House) -> None:
    room, _, ivan = await ended(house)
    path = f"api/interview/rooms/{room.id}/export"
    for client in (house.owner, ivan.rest):
        for form, kind in (
            ("ipynb", "application/x-ipynb+json"),
            ("jsonl", "application/x-ndjson"),
            ("html", "text/html; charset=utf-8"),
            ("zip", "application/zip"),
        ):
            answer = await client.get(f"{path}?format={form}")
            assert answer.status_code == 200, answer.text
            assert answer.headers["Content-Type"] == kind
            name = f'attachment; filename="interview-grue-{room.id[:8]}.{form}"'
            assert answer.headers["Content-Disposition"] == name
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            if form in ("jsonl", "zip"):
                assert answer.headers["Transfer-Encoding"] == "chunked" and "Content-Length" not in answer.headers
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    reader, events = read(archive.read("log.jsonl"))
    assert reader.header.room["title"] == "Grüße" and len(events) == len(await room.events())


async def test_a_live_room_and_a_moment(house: House) -> None:
    room = await house.room()
    notebook = await (await room.join("Cara")).document()
    await notebook.set_source("first = 1")
    await notebook.saved()
    seq = (await room.events())[-1]["seq"]
    await notebook.type("# more\n")
    await notebook.saved()
    path = f"api/interview/rooms/{room.id}/export"
    then = (await house.owner.get(f"{path}?format=ipynb&at={seq}")).json()
    assert then["cells"][0]["source"] == "first = 1"
    reader, _ = read((await house.owner.get(f"{path}?format=jsonl")).content)
    assert reader.header.room["state"] == "live"


async def test_what_is_refused(house: House) -> None:
    room, cara, _ = await ended(house)
    path = f"api/interview/rooms/{room.id}/export"
    for query in ("format=docx", "format=", "format=ipynb&at=x", "format=zip&at=3", "format=ipynb&at=%00"):
        error_of(await house.owner.get(f"{path}?{query}"), 400, "bad_request")
    error_of(await house.owner.get(f"{path}?format=ipynb&at=0"), 404, "not_found")
    error_of(await house.nobody.get(path), 401, "unauthorized")
    error_of(await cara.rest.get(path), 403, "forbidden")


async def test_a_download_that_fails_is_never_taken_for_whole(house: House) -> None:
    """What was sent cannot be taken back: the connection is cut."""
    room, _, _ = await ended(house)
    file = next(house.server.directory.rglob("interview.sqlite"))
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "UPDATE event SET kind = 9999 WHERE seq = 7 AND room = (SELECT key FROM room WHERE id = ?)", (room.id,)
        )
    with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
        await house.owner.get(f"api/interview/rooms/{room.id}/export?format=jsonl")
    assert "An export was broken off: The log of this interview is damaged at event 7." in house.server.log


async def test_a_candidate_gets_their_own_part(house: House) -> None:
    """Also when the interview is over; nobody else's, and nobody else gets it."""
    room, cara, ivan = await ended(house)
    answer = await cara.rest.get("api/me/export")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == f'attachment; filename="interview-{room.id[:8]}-my-part.json"'
    own = answer.json()
    assert [message["content"] for message in own["messages"]] == ["hello"]
    (run,) = own["runs"]
    assert run["source"] == "print('out')" and run["outputs"][0]["text"] == "out\n"
    assert "secret" not in answer.text
    his = (await ivan.rest.get("api/me/export")).json()
    assert [message["content"] for message in his["messages"]] == ["a secret of the interviewer's"]
    assert his["runs"] == []
    path = f"{room.path}api/me/export"
    error_of(await house.nobody.get(path), 401, "unauthorized")
    # The owner reviews, but had no seat.
    error_of(await house.owner.get(path), 404, "not_found")
    outsider = await (await house.room()).join("Otto")
    error_of(await house.client(outsider.headers, room.path).get("api/me/export"), 401, "unauthorized")


async def test_how_much_is_recorded(house: House) -> None:
    room = await house.room()
    cara = await room.join("Cara")
    channel = await cara.channel()
    await channel.ask("chat_message", "hello")
    first = (await cara.rest.get("api/me/recorded")).json()
    assert first["messages"] == 1 and first["joins"] == 1 and first["edits"] == 0
    await channel.ask("chat_message", "hello again")
    assert (await cara.rest.get("api/me/recorded")).json() == {**first, "messages": 2}


def test_one_at_a_time_for_each_user_and_four_for_all() -> None:
    class Asker(Download):
        """A request of somebody, of which nothing but the name counts."""

        running: ClassVar[Counter[str]] = Counter()

        def __init__(self, name: str) -> None:
            self.interview_user = User(username=name)

    with contextlib.ExitStack() as turns:
        turns.enter_context(Asker("ada").turn("export"))
        with pytest.raises(RateLimited):
            turns.enter_context(Asker("ada").turn("export"))
        # Her own part is something else.
        turns.enter_context(Asker("ada").turn("own"))
        for name in ("bob", "eve", "ian"):
            turns.enter_context(Asker(name).turn("export"))
        with pytest.raises(RateLimited):
            turns.enter_context(Asker("joe").turn("export"))
    assert not Asker.running


async def test_exports_that_come_at_once(house: House) -> None:
    """Who has to wait is told so, and can come again."""
    _, cara, ivan = await ended(house)
    answers = await asyncio.gather(*(cara.rest.get("api/me/export") for _ in range(6)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200 and set(codes) <= {200, 429}
    for answer in answers:
        if answer.status_code == 429:
            assert error_of(answer, 429, "rate_limited")["details"] == {"retry_after": 10}
    assert (await cara.rest.get("api/me/export")).status_code == 200
    assert json.loads((await ivan.rest.get("api/me/export")).text)["member"]["name"] == "Ivan"
