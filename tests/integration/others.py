"""Who goes on while somebody is at work with devtools?

An interviewer and another candidate edit and chat before, between and after: nobody else may feel a dishonest client.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial

import pytest_asyncio

from tests.integration.clients import JSON, Channel, House, Notebook, Person, Room

FORBIDDEN, BAD, TOO_BIG = 4403, 4400, 1009
"""Codes of closed sockets."""


def _has(notebook: Notebook, text: str) -> bool:
    return notebook.sources()[0].count(text) == 1


def _says(text: str, frame: JSON) -> bool:
    return bool(frame["content"] == text)


@dataclass
class Others:
    """An interviewer and a candidate who mind their own business."""

    room: Room
    ivan: Person
    dora: Person
    ivans: Notebook
    doras: Notebook
    ivan_hears: Channel
    dora_hears: Channel
    round: int = 0

    async def go_on(self) -> None:
        """Both edit and chat, and see what the other does."""
        self.round += 1
        for writer, reader, tell, hear, name in (
            (self.ivans, self.doras, self.ivan_hears, self.dora_hears, "ivan"),
            (self.doras, self.ivans, self.dora_hears, self.ivan_hears, "dora"),
        ):
            said = f"{name}-{self.round}"
            await writer.type(f"#{said}\n")
            await reader.until(partial(_has, reader, said), said)
            answer = await tell.ask("chat_message", said)
            assert answer["type"] == "ack", answer
            await hear.expect("chat_message", partial(_says, said))


@pytest_asyncio.fixture
async def room(house: House) -> Room:
    """A room that seats two candidates."""
    return await house.room(settings={"seats": 2})


@pytest_asyncio.fixture
async def eve(room: Room) -> Person:
    """The dishonest candidate."""
    return await room.join("Eve")


@pytest_asyncio.fixture
async def others(room: Room, eve: Person) -> AsyncIterator[Others]:
    """The honest ones; after the attack they still work, and nobody has lost a word."""
    ivan, dora = await room.invite("interviewer", "Ivan"), await room.join("Dora")
    others = Others(
        room,
        ivan,
        dora,
        await ivan.document(),
        await dora.document(),
        await ivan.channel(),
        await dora.channel(),
    )
    await others.go_on()
    yield others
    await others.go_on()
    texts = {others.ivans.sources()[0], others.doras.sources()[0], (await room.notebook())["cells"][0]["source"]}
    assert len(texts) == 1, texts
