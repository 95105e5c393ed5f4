"""Fixtures of the collaboration's tests.

- `ji_house`: a house of managers on a SQLite database of the test; `ji_house_url` names another database
- `ji_pair`: a room with a candidate and an interviewer, each with a connected client
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.collab.document import NotebookDocument
from jupyter_interview.core.models import Event, EventKind
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers.live import LiveRoom
from tests.collab.clients import Client
from tests.managers.house import House

MakeHouse = Callable[..., Awaitable[House]]


@pytest.fixture
async def ji_house(tmp_path: Path) -> AsyncIterator[MakeHouse]:
    """``await ji_house(document_bytes=1000)``: limits by name; all on one SQLite file."""
    made: list[House] = []

    async def make(**limits: Any) -> House:
        made.append(House(f"sqlite:///{tmp_path / 'interview.db'}", **limits))
        return await made[-1].start()

    yield make
    for house in reversed(made):
        await house.stop()


@dataclass
class Pair:
    """A room with two connected people."""

    house: House
    live: LiveRoom
    candidate: Client
    interviewer: Client

    @property
    def document(self) -> NotebookDocument:
        """The server's document."""
        document = self.live.document
        assert isinstance(document, NotebookDocument)
        return document

    async def settle(self) -> None:
        """Everything edited is handed over, stored and sent on."""
        for client in (self.candidate, self.interviewer):
            await client.flush()
        await self.live.log.barrier()
        for client in (self.candidate, self.interviewer):
            await client.flush()

    async def edits(self) -> list[Event]:
        """Logged updates of the document."""
        return await self.house.story(self.live, EventKind.DOCUMENT_UPDATE)

    async def denied(self) -> list[Any]:
        """What the log says was refused."""
        return [event.payload for event in await self.house.story(self.live, EventKind.DENIED)]


MakePair = Callable[..., Awaitable[Pair]]


async def ran(pair: Pair, index: int = 0) -> str:
    """A cell ran; its id."""
    cell = pair.document.code_cells()[index]
    outputs = pair.document.outputs_of(cell, "run", pair.candidate.member.key)
    outputs.begin()
    outputs.stream("stdout", "genuine\n")
    outputs.finish(3)
    await pair.settle()
    return cell


@pytest.fixture
async def ji_pair(ji_house: MakeHouse) -> MakePair:
    """``await ji_pair(document_bytes=1000, starter="print(1)")``."""

    async def make(starter: str = "print(1)", **limits: Any) -> Pair:
        house = await ji_house(**limits)
        live = await house.room(starter=starter)
        clients = []
        for role in (Role.CANDIDATE, Role.INTERVIEWER):
            client = Client(house, live, await house.seat(live, role, role.value))
            await client.connect()
            clients.append(client)
        return Pair(house, live, *clients)

    return make
