"""Which servers do the tests share, and what must no server ever say?

`server` is one process for all tests of a folder, with rate limits out of the way; `house` is it, seen from outside. A
test that needs limits of its own, or kills its server, takes `ji_server`. After each test the log is read: no refusal,
no kind of close and no bad input may leave a traceback or an error line.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fixtures.server import Server

from .clients import House

RATES = (
    "login",
    "join",
    "knock",
    "guess",
    "password",
    "rest",
    "socket",
    "frame",
    "channel",
    "chat",
    "document",
    "export",
)
UNLIMITED = [
    "--InterviewApp.limits=release_seconds=5",
    *(f"--InterviewApp.rates={name}=50000/second" for name in RATES),
]
"""Rates that no test reaches; rooms leave the memory soon, so that their kernels do not pile up."""
_BAD = re.compile(r"Traceback|^\[E |^\[C |Error in |never retrieved|never awaited|closed connection|StreamClosed", re.M)


def complaints(log: str) -> str:
    """What of a server's log is not to be there, with what stands around it."""
    found = _BAD.search(log)
    return "" if found is None else log[max(0, found.start() - 1_000) : found.start() + 4_000]


@asynccontextmanager
async def watched(server: Server) -> AsyncIterator[House]:
    """A server, seen from outside; nothing that is asked of it makes it complain."""
    before = len(server.log)
    async with House(server) as house:
        yield house
    assert not (said := complaints(server.log[before:])), said


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the tests of this folder."""
    server = Server(Path(tmp_path_factory.mktemp("shared")), list(UNLIMITED))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def server(shared_server: Server) -> Iterator[Server]:
    """The shared server; fails the test that made it complain."""
    before = len(shared_server.log)
    yield shared_server
    assert not (said := complaints(shared_server.log[before:])), said


@pytest_asyncio.fixture
async def house(server: Server) -> AsyncIterator[House]:
    """The shared server, seen from outside."""
    async with House(server) as house:
        yield house
