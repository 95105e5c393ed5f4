"""What happens to a download whose reader stalls or goes away, seen from within the server?"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator

import pytest
import pytest_asyncio
from jupyter_server.auth import User
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from jupyter_interview.handlers import export as exports
from jupyter_interview.handlers.export import Download
from jupyter_interview.managers.exports.exports import Export

SECONDS = 20
PIECE, PIECES = bytes(65_536), 4_000


class Endless(Download):
    """Sends more than any system takes for a reader.

    Attributes:
        made: how many pieces were made.
        closed: set when whoever makes them has been let go.
    """

    made = 0
    closed: asyncio.Event

    def set_default_headers(self) -> None:
        """None: what is asked is not who may."""

    async def prepare(self) -> None:  # type: ignore[override]
        """Everybody is Ada."""
        self.interview_user = self.current_user = User(username="ada")

    async def get(self) -> None:
        """All of it."""
        with self.turn("endless"):
            await self.send(Export("x", "application/octet-stream", self._pieces()))

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        try:
            for _ in range(PIECES):
                Endless.made += 1
                yield PIECE
        finally:
            Endless.closed.set()


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    """Where it is served."""
    Endless.made, Endless.closed = 0, asyncio.Event()
    server = HTTPServer(Application([("/", Endless)]))
    listening, port = bind_unused_port()
    server.add_socket(listening)
    yield port
    server.stop()
    await server.close_all_connections()
    assert not Endless.running, "nobody holds a turn"


async def asked(port: int) -> socket.socket:
    """A reader whose answer has begun."""
    reader = socket.socket()
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    reader.setblocking(False)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(SECONDS):
        await loop.sock_connect(reader, ("127.0.0.1", port))
        await loop.sock_sendall(reader, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await loop.sock_recv(reader, 15) == b"HTTP/1.1 200 OK"
    return reader


async def settled() -> int:
    """How many pieces were made, once no more are."""
    seen, same = -1, 0
    async with asyncio.timeout(SECONDS):
        while same < 1_000:
            # One turn of the loop, in which a piece could be made and written.
            await asyncio.sleep(0)
            seen, same = Endless.made, same + 1 if seen == Endless.made else 0
    return seen


async def test_no_more_is_made_than_is_read(port: int) -> None:
    with await asked(port) as reader:
        before = await settled()
        assert 0 < before < PIECES / 4
        taken = 0
        while taken < 100 * len(PIECE):
            taken += len(await asyncio.get_running_loop().sock_recv(reader, 1_000_000))
        assert before < await settled() < PIECES / 2
    async with asyncio.timeout(SECONDS):
        await Endless.closed.wait()
    assert Endless.made < PIECES


async def test_a_reader_that_stalls_is_cut_off(
    port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It does not hold its turn for ever, and does not take what it has for the whole."""
    monkeypatch.setattr(exports, "_STALL_SECONDS", 0.2)
    with await asked(port) as reader:
        async with asyncio.timeout(SECONDS):
            await Endless.closed.wait()
            got = b""
            while part := await asyncio.get_running_loop().sock_recv(reader, 1_000_000):
                got = got[-4:] + part
    assert not got.endswith(b"0\r\n\r\n")
    assert Endless.made < PIECES and "broken off" in caplog.text
