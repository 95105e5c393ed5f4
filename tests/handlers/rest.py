"""What do the tests of the REST API share? Servers, an account's program, and the form of a refusal."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.fixtures.server import Server
from tests.integration.clients import House
from tests.integration.fixtures import UNLIMITED, watched

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


@pytest.fixture(scope="session")
def database_servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Server]]:
    """A server on each of the databases, shared by the tests of this folder: each starts once, when it is needed."""
    running: dict[str, Server] = {}

    def make(name: str) -> Server:
        options = list(UNLIMITED)
        if name == "postgresql":
            postgresql = request.getfixturevalue("ji_postgresql")
            options.append(f"--InterviewApp.database_url={postgresql.url(postgresql.create())}")
        server = Server(tmp_path_factory.mktemp(name), options)
        for account in ("ada", "bob"):
            added = server.run("user", "add", f"{account}@example.org", *options[-1:], stdin=f"{PASSWORD}\n")
            assert added.returncode == 0, added.stderr
        return server

    def get(name: str) -> Server:
        if name not in running:
            running[name] = make(name)
            running[name].start()
        return running[name]

    yield get
    for server in running.values():
        server.stop()


# A parameter is of one test after the other: a server that lived as long as its parameter would start for each file.
@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], scope="module")
def database_server(request: pytest.FixtureRequest, database_servers: Callable[[str], Server]) -> Server:
    """One of them."""
    return database_servers(request.param)


@pytest_asyncio.fixture
async def database_house(database_server: Server) -> AsyncIterator[House]:
    """It, seen from outside; nothing that a client sends makes it complain."""
    async with watched(database_server) as house:
        yield house


async def log_in(house: House, name: str = "ada") -> httpx.AsyncClient:
    """An account's program."""
    answer = await house.nobody.post("api/interview/login", json={"email": f"{name}@example.org", "password": PASSWORD})
    house.nobody.cookies.clear()
    assert answer.status_code == 200, answer.text
    return house.client({"Authorization": f"Bearer {answer.json()['token']}"})
