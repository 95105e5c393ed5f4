"""Is anything lost, doubled or told wrongly, however often the server is killed?

Two people type, chat and run code; the server is killed again and again, at any point of it, and they come back. In the
ordinary run of the tests twenty times; ``make chaos`` does it a thousand times.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
from collections import Counter
from typing import Any

import pytest
from tornado.websocket import WebSocketClosedError

from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import Channel, House, Person, Room, until
from tests.integration.fixtures import UNLIMITED, complaints
from tests.integration.typists import MARKS, Typist, agreement, logged_notebook, words_of

KILLS = int(os.environ.get("JUPYTER_INTERVIEW_KILLS", "20"))

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120 + 30 * KILLS)]


class Talker:
    """Somebody who chats and runs cells, and remembers what the server said that it has."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.said = 0
        self.acknowledged: set[int] = set()
        self.runs: list[str] = []
        self.channel: Channel

    async def come(self) -> None:
        """Come, or come back and say again what nobody acknowledged."""
        self.channel = await self.person.channel()
        for number in sorted(set(range(self.said)) - self.acknowledged):
            await self._say(number)

    async def go_on(self, cell: str) -> None:
        """A message and a run, and what was heard of those before."""
        self.said += 1
        with contextlib.suppress(WebSocketClosedError):
            await self._say(self.said - 1)
        with contextlib.suppress(Exception):  # the server may be gone: whatever it did not answer is not acknowledged
            self.runs += [run["id"] for run in await self.person.run(cell)]
        self.listen()

    def listen(self) -> None:
        """Take note of what was acknowledged."""
        names = {frame["content"]["id"] for frame in self.channel.all if frame["type"] == "ack"}
        self.acknowledged |= {number for number in range(self.said) if f"m{number}" in names}

    async def _say(self, number: int) -> None:
        frame = {"type": "chat_message", "id": f"m{number}", "content": f"message {number}"}
        await self.channel.send(json.dumps(frame))


@pytest.fixture
def mortal(ji_server: ServerFactory) -> Server:
    """A server to be killed."""
    return ji_server(*UNLIMITED)


async def until_killed(mortal: Server, typists: list[Typist], talker: Talker, dice: random.Random) -> None:
    """Everybody does what they do, and then the server dies in the midst of it."""
    stop = asyncio.Event()
    typing = [asyncio.create_task(typist.write_until(stop)) for typist in typists]
    goal = [typist.durable + dice.randrange(1, 40) for typist in typists]
    cell = typists[0].notebook.cell()

    async def reached() -> bool:
        await talker.go_on(cell)
        return all(typist.durable >= least for typist, least in zip(typists, goal, strict=True))

    await until(reached)
    mortal.kill()
    stop.set()
    await asyncio.gather(*typing)
    await talker.channel.until_closed()
    talker.listen()
    for typist in typists:
        await typist.notebook.until_closed()
        await typist.write()


def stored(typists: list[Typist], url: str, room: Room) -> None:
    """What was said to be safe is in the database, whoever comes back or not."""
    words = words_of(logged_notebook(url, room)["cells"][0]["source"])
    for typist in typists:
        assert all(words[f"{typist.mark}{number}"] == 1 for number in range(typist.durable))


async def told_once(room: Room, talker: Talker) -> None:
    """Each message once; each run that was acknowledged has an end."""

    async def all_acknowledged() -> bool:
        talker.listen()
        return len(talker.acknowledged) == talker.said

    await until(all_acknowledged)
    events = await room.events("chat_message")
    assert Counter(event["payload"]["text"] for event in events) == Counter(f"message {n}" for n in range(talker.said))

    async def over() -> dict[str, Any] | None:
        runs = {run["id"]: run for run in (await room.api("GET", "/runs"))["runs"]}
        return runs if all(run["finished_at"] for run in runs.values()) else None

    runs = await until(over)
    assert set(talker.runs) <= set(runs)
    ends = Counter(event["payload"]["run"] for event in await room.events("run_finished"))
    assert set(ends.values()) == {1} and set(talker.runs) <= set(ends)


async def written_by_hand(room: Room, typists: list[Typist]) -> None:
    """Nobody's text is another's, and none of it is called pasted."""
    answer = await room.house.owner.get(f"api/interview/rooms/{room.id}/export?format=ipynb")
    [cell] = answer.json()["cells"]
    about = cell["metadata"]["interview"]["authors"]
    counts = {author["id"]: author for author in about if author["id"] is not None}
    assert sum(author["pasted"] + author["generated"] for author in counts.values()) == 0
    for typist in typists:
        author = counts[typist.person.id]
        lengths = sum(len(f"{typist.mark}{number} ") for number in range(typist.written))
        assert author["typed"] + author["away"] == lengths
        assert author["typed"] > 0, "what was stored before a kill was typed in sight of the server"


async def test_what_was_acknowledged_outlives_every_kill(mortal: Server) -> None:
    dice = random.Random(KILLS)
    url = f"sqlite:///{mortal.directory / 'data' / 'interview' / 'interview.sqlite'}"
    async with House(mortal) as house:
        room = await house.room()
        typists = [Typist(await room.join("Cara"), MARKS[0]), Typist(await room.invite("interviewer"), MARKS[1])]
        talker = Talker(await room.invite("interviewer", "Theo"))
        people: list[Typist | Talker] = [*typists, talker]
        for each in people:
            await each.come()
        for _ in range(KILLS):
            await until_killed(mortal, typists, talker, dice)
            stored(typists, url, room)
            mortal.start()
            for each in dice.sample(people, len(people)):
                await each.come()
        await agreement(typists, room, url)
        await told_once(room, talker)
        await written_by_hand(room, typists)
    assert not (said := complaints(mortal.log)), said
