"""Fixtures of the battery of pages.

- `ji_pages_server`: one server for all of it
- `ji_pages_house`: the same, seen from outside
- `ji_pages_browser`: Chromium, for all of it
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fixtures.browser import Browsers, chromium
from tests.fixtures.server import Server
from tests.integration.clients import House
from tests.integration.fixtures import RATES, complaints

LIMITS = (
    "document_bytes=64000000",
    "code_bytes=2000000",
    "document_message_bytes=4000000",
    "document_message_parts=100000",
    "log_minute_bytes=256000000",
    "log_outputs_minute_bytes=256000000",
)
"""What is not asked here: how much of it a room takes."""


@pytest.fixture(scope="module")
def ji_pages_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose limits the battery does not reach; it must have nothing to complain about."""
    rates = [f"--InterviewApp.rates={name}=50000/second" for name in RATES]
    limits = [f"--InterviewApp.limits={limit}" for limit in LIMITS]
    server = Server(Path(tmp_path_factory.mktemp("pages")), [*limits, *rates])
    try:
        server.start()
        yield server
        said = complaints(server.log)
    finally:
        server.stop()
    assert not said, said


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ji_pages_house(ji_pages_server: Server) -> AsyncIterator[House]:
    """The server, seen from outside."""
    async with House(ji_pages_server) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ji_pages_browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browsers]:
    """Chromium for all cases of a module."""
    async with chromium() as browser:
        yield Browsers(browser, tmp_path_factory.mktemp("pages-artifacts"))
