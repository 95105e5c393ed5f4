"""Does a server that runs erase by itself what is older than its retention?"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import pytest

from jupyter_interview.managers.erasure import NAME, TITLE
from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import House, Room, until
from tests.integration.fixtures import UNLIMITED, complaints

pytestmark = pytest.mark.integration

DAYS = 30
SAID = "what nobody may know in a month"


async def held(house: House, title: str) -> Room:
    """An interview that is over, in which somebody said something."""
    room = await house.room(title)
    channel = await (await room.join("Cara")).channel()
    await channel.ask("chat_message", SAID)
    await room.end()
    return room


def age(server: Server, room: Room, days: float) -> None:
    """Let the end of an interview be so many days ago. The server must not run."""
    file = next(server.directory.rglob("interview.sqlite"))
    change = "UPDATE room SET ended_at = ended_at - ? WHERE id = ?"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        assert connection.execute(change, (round(days * 86_400e6), room.id)).rowcount == 1


async def shown(house: House, room: Room) -> dict[str, Any]:
    """What everybody who may sees of an interview: title, names and what was said."""
    messages = (await room.api("GET", "/messages"))["messages"]
    return {
        "title": (await room.api("GET"))["title"],
        "names": [member["name"] for member in (await room.api("GET", "/members"))["members"]],
        "said": [message["content"] for message in messages],
    }


async def test_an_old_interview_is_erased_by_the_server_itself(ji_server: ServerFactory) -> None:
    """Nobody asks for it; a younger one and one that goes on stay."""
    server = ji_server(*UNLIMITED, f"--InterviewApp.retention_days={DAYS}")
    async with House(server) as house:
        old, young = await held(house, "Old"), await held(house, "Young")
        live = await house.room("Live")
        before = await shown(house, old)
        assert before == {"title": "Old", "names": ["Cara"], "said": [SAID]}
        # It was looked at: its replay lies in the database as well.
        assert SAID in (await house.owner.get(f"api/interview/rooms/{old.id}/replay/story")).text
    server.stop()
    age(server, old, DAYS + 1)
    age(server, young, DAYS - 1)
    before_start = len(server.log)
    server.start()
    async with House(server) as house:

        async def erased() -> bool:
            return bool((await Room(house, old.id).api("GET"))["title"] == TITLE)

        assert await until(erased)
        after = await shown(house, Room(house, old.id))
        assert after["names"] == [NAME] and SAID not in str(after)
        assert SAID not in (await house.owner.get(f"api/interview/rooms/{old.id}/replay/story")).text
        assert (await shown(house, Room(house, young.id))) == {**before, "title": "Young"}
        assert (await Room(house, live.id).api("GET"))["title"] == "Live"
        assert f"Interviews that ended more than {DAYS} days ago were erased: 1\n" in server.log
    assert not complaints(server.log[before_start:])
    server.stop()
    # What remains is signed and chained as before.
    checked = server.run("verify", old.id)
    assert checked.returncode == 0, checked.stdout + checked.stderr
