"""Is what somebody is in the middle of saying counted, bounded, and forgotten once it was handled?"""

from __future__ import annotations

import asyncio
import itertools
import logging
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import ClassVar, cast

import pytest
import pytest_asyncio
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application
from tornado.websocket import WebSocketProtocol13, _WebSocketParams

from jupyter_interview.core.limits import Limits
from jupyter_interview.managers.services import Services
from jupyter_interview.web.socket import InterviewSocket
from jupyter_interview.web.unheard import FREE_BODY_BYTES, FREE_BYTES, Bodies, Hearing, Unheard

LARGE, MOST = 1_000_000, 2_000_000
OWNER = "address 127.0.0.1"


async def test_nothing_more_is_held_until_something_was_handled() -> None:
    """Of the same owner; a short message waits for nobody, and others have their own."""
    unheard = Unheard()
    first, second, third = (Hearing(unheard, "user a", MOST) for _ in range(3))
    other = Hearing(unheard, "user b", MOST)
    for hearing in (first, second, other):
        await hearing.hold(LARGE)
    waiting = asyncio.create_task(third.hold(LARGE))
    await third.hold(FREE_BYTES)
    third.let_go()
    await asyncio.sleep(0)
    assert not waiting.done() and unheard.of("user a") == 2 * LARGE
    second.let_go()
    await waiting
    assert unheard.of("user a") == 2 * LARGE
    for hearing in (first, third, other):
        hearing.let_go()
    assert unheard.of("user a") == unheard.of("user b") == 0 and not unheard._held and not unheard._waiting


async def test_the_eldest_comes_to_an_end() -> None:
    """Many that have a part each do not wait for each other for ever; one alone may be larger than the limit."""
    unheard = Unheard()
    first, second = (Hearing(unheard, "user a", MOST) for _ in range(2))
    await first.hold(LARGE)
    await second.hold(LARGE)
    later = asyncio.create_task(second.hold(LARGE + 1))
    await first.hold(2 * MOST)
    assert not later.done()
    first.let_go()
    await later


def test_bodies_are_bounded_by_network_and_in_all() -> None:
    """Short ones pass, so that whoever wants to log in or join can."""
    bodies = Bodies(2 * LARGE, 3 * LARGE)
    assert [bodies.begin("a", LARGE) for _ in range(3)] == [True, True, False]
    assert [bodies.begin("b", LARGE) for _ in range(2)] == [True, False]
    assert bodies.begin("c", FREE_BODY_BYTES) and not bodies.begin("c", FREE_BODY_BYTES + 1)
    bodies.end("a", LARGE)
    bodies.end("c", FREE_BODY_BYTES)
    assert bodies.begin("c", LARGE)
    for network, size in (("a", LARGE), ("b", LARGE), ("c", LARGE)):
        bodies.end(network, size)
    assert bodies.bytes == 0 and not bodies._bytes


class _Heard(InterviewSocket):
    """A socket for anybody that is done with a message when the test says so."""

    log = logging.getLogger(__name__)
    services = cast(Services, SimpleNamespace(limits=Limits(member_unheard_bytes=MOST)))
    max_message_size = 2 * LARGE
    came: ClassVar[asyncio.Queue[int]]
    done: ClassVar[asyncio.Semaphore]

    def prepare(self) -> None:
        """No gate."""

    def check_origin(self, origin: str | None = None) -> bool:
        return True

    async def on_message(self, message: str | bytes) -> None:
        self.came.put_nowait(len(message))
        await self.done.acquire()


class _Told(Unheard):
    """Says when what it counts has changed."""

    def __init__(self) -> None:
        super().__init__()
        self.news = asyncio.Event()
        self.most = 0

    def hold(self, hearing: Hearing, size: int) -> None:
        super().hold(hearing, size)
        self.most = max(self.most, self.of(OWNER))
        self.news.set()

    async def until(self, size: int) -> None:
        """Wait until so many bytes are held."""
        while self.of(OWNER) != size:
            self.news.clear()
            await self.news.wait()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> _Told:
    """What counts for all sockets."""
    told = _Told()
    monkeypatch.setattr("jupyter_interview.web.socket.UNHEARD", told)
    return told


@pytest_asyncio.fixture
async def clients(told: _Told) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """Websockets by hand, three of one address."""
    async with _serving(_Heard) as port:
        writers = [await _open(port) for _ in range(3)]
        yield writers
        for writer in writers:
            writer.transport.abort()
        await told.until(0)


@asynccontextmanager
async def _serving(handler: type[_Heard]) -> AsyncIterator[int]:
    """A server whose sockets are of this kind; its port."""
    _Heard.came, _Heard.done = asyncio.Queue(), asyncio.Semaphore(0)
    listening, port = bind_unused_port()
    server = HTTPServer(Application([("/", handler)]))
    server.add_socket(listening)
    yield port
    server.stop()
    await server.close_all_connections()


async def _open(port: int) -> asyncio.StreamWriter:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"
    writer.write(f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{upgrade}\r\n".encode())
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return writer


def _frame(size: int, came: int | None = None, *, begins: bool = True, ends: bool = True) -> bytes:
    """A frame of a binary message, masked with zeros, of which ``came`` bytes have come."""
    head = struct.pack("!BBQ", (0x80 if ends else 0) | (0x2 if begins else 0), 0xFF, size) + bytes(4)
    return head + bytes(size if came is None else came)


@pytest.mark.timeout(60)
async def test_a_message_counts_from_its_head_until_it_was_handled(
    told: _Told, clients: list[asyncio.StreamWriter]
) -> None:
    """Also one of which the end does not come; when its socket closes it counts no more."""
    unfinished, whole, last = clients
    unfinished.write(_frame(LARGE, 1_000))
    await told.until(LARGE)
    whole.write(_frame(LARGE))
    assert await _Heard.came.get() == LARGE
    last.write(_frame(LARGE - 1) + _frame(5))
    whole.write(_frame(6))
    _Heard.done.release()
    # Either was waiting: the one behind a message that was not handled, the other for its place.
    assert {await _Heard.came.get(), await _Heard.came.get()} == {6, LARGE - 1}
    assert told.most <= MOST + 6
    for _ in range(2):
        _Heard.done.release()
    assert await _Heard.came.get() == 5
    _Heard.done.release()
    await told.until(LARGE)
    unfinished.transport.abort()
    await told.until(0)


@pytest.mark.timeout(60)
async def test_parts_of_a_message_count_together(told: _Told, clients: list[asyncio.StreamWriter]) -> None:
    """However small each is."""
    client = clients[0]
    client.write(_frame(8, ends=False))
    for _ in range(99):
        client.write(_frame(8, begins=False, ends=False))
    await told.until(800)
    client.write(_frame(8, begins=False))
    assert await _Heard.came.get() == 808
    _Heard.done.release()
    await told.until(0)


@pytest.mark.timeout(60)
async def test_others_have_their_turn_between_two_messages() -> None:
    """However many of them have come already."""
    turns = 0
    handled: list[int] = []

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    class Quick(_Heard):
        def on_message(self, message: str | bytes) -> None:  # type: ignore[override]  # as some of ours
            handled.append(turns)
            self.came.put_nowait(len(message))

    async with _serving(Quick) as port:
        writer = await _open(port)
        busy = asyncio.create_task(others())
        writer.write(_frame(8) * 200)
        for _ in range(200):
            await _Heard.came.get()
        busy.cancel()
        writer.transport.abort()
    assert all(later > earlier for earlier, later in itertools.pairwise(handled))


@pytest.mark.timeout(60)
async def test_what_comes_after_a_close_is_not_heard() -> None:
    """But for the other side's own close, which ends it in good order."""

    class Once(_Heard):
        def on_message(self, message: str | bytes) -> None:  # type: ignore[override]  # as some of ours
            self.came.put_nowait(len(message))
            self.close(4400, "no more")

        def on_close(self) -> None:
            super().on_close()
            self.came.put_nowait(-(self.close_code or 0))

    close = struct.pack("!BB", 0x88, 0x82) + bytes(4) + struct.pack("!H", 4001)
    async with _serving(Once) as port:
        writer = await _open(port)
        writer.write(_frame(8) + _frame(9) * 50 + close)
        assert [await _Heard.came.get(), await _Heard.came.get()] == [8, -4001]
        writer.transport.abort()


def test_what_we_use_of_tornado_is_there() -> None:
    """Read at 6.6: `_receive_frame` reads a frame in pieces by `_read_bytes`, and handles it before it returns."""
    names = set(WebSocketProtocol13._receive_frame.__code__.co_names)
    assert {"_read_bytes", "_fragmented_message_buffer", "params", "max_message_size", "_handle_message"} <= names
    assert "_receive_frame" in WebSocketProtocol13._receive_frame_loop.__code__.co_names
    assert "server_terminated" in WebSocketProtocol13.close.__code__.co_names
    assert "max_message_size" in vars(_WebSocketParams())
