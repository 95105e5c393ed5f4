"""The fixtures of real servers, of their routes, and of a room with somebody in every role."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.facade.cast import EMAILS, PASSWORD, Cast, make_cast
from tests.facade.routes import Route, routes_of
from tests.fixtures.server import Server
from tests.integration.clients import House
from tests.integration.fixtures import house, server, shared_server

__all__ = ["accounts", "cast", "house", "routes", "server", "shared_server"]


@pytest.fixture(scope="module")
def routes(shared_server: Server) -> list[Route]:
    """All routes."""
    return routes_of(shared_server)


@pytest.fixture(scope="module")
def accounts(shared_server: Server) -> None:
    """The accounts of `EMAILS`."""
    for email in EMAILS.values():
        added = shared_server.run("user", "add", email, stdin=f"{PASSWORD}\n")
        assert added.returncode == 0, added.stderr


@pytest_asyncio.fixture
async def cast(house: House, accounts: None) -> AsyncIterator[Cast]:
    """One cast, with a kernel in its room."""
    cast = await make_cast(house)
    channel = await cast.people["candidate"].channel()
    cast.kernel = await cast.people["candidate"].kernel_id()
    await channel.until(lambda: any(frame["content"]["kernel"]["state"] == "idle" for frame in channel.all
                                    if frame["type"] == "room_updated"), "an idle kernel")  # fmt: skip
    yield cast
