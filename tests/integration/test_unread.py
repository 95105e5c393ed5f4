"""What does it cost the server when somebody does not read what they are sent?

Real sockets that are open and never read; pongs keep them alive. The neighbours are served, and the memory is bounded.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import select
import socket
import struct
from collections.abc import AsyncIterator, Iterator

import psutil  # type: ignore[import-untyped]  # it has none
import pytest
import pytest_asyncio

from tests.fixtures.server import Server, ServerFactory

from .bytes_of import kernel_message
from .clients import House, Person, Room
from .fixtures import UNLIMITED, complaints

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

MEGABYTES = 1_000_000
PONG = b"\x8a\x80" + bytes(4)
PING = b"\x89\x80" + bytes(4)
STEP1 = b"\x00\x00\x01\x00"


class Deaf:
    """A websocket by hand, whose end is never read after the handshake."""

    def __init__(self, server: Server, path: str, token: str) -> None:
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        self.socket.connect(("127.0.0.1", server.port))
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        head = b""
        while b"\r\n\r\n" not in head:
            head += self.socket.recv(1)
        assert b" 101 " in head.partition(b"\r\n")[0], head

    def say(self, message: bytes, kind: bytes = b"\x82") -> None:
        """Send a message, masked with zeros; ``kind`` is how its frame begins, of bytes or of text."""
        size = struct.pack("!B", 0x80 | len(message)) if len(message) < 126 else struct.pack("!BH", 0xFE, len(message))
        self.raw(kind + size + bytes(4) + message)

    def raw(self, frame: bytes) -> None:
        """Send a frame; whether anybody takes it is no matter."""
        with contextlib.suppress(OSError):
            self.socket.sendall(frame, socket.MSG_DONTWAIT)

    @property
    def cut(self) -> bool:
        """Whether the server has let go of it."""
        poll = select.poll()
        poll.register(self.socket, select.POLLRDHUP)
        return bool(poll.poll(0))


@pytest.fixture
def deaf() -> Iterator[list[Deaf]]:
    """Sockets that are closed with the test."""
    sockets: list[Deaf] = []
    yield sockets
    for each in sockets:
        each.socket.close()


TEXT = b"\x81"
LOG = "log_minute_bytes=256000000"
OUTPUTS = "log_outputs_minute_bytes=256000000"


@pytest_asyncio.fixture
async def room(ji_server: ServerFactory) -> AsyncIterator[Room]:
    """A room on a server of its own; fails the test that made the server complain."""
    server = ji_server(*UNLIMITED, f"--InterviewApp.limits={LOG}")
    async with House(server) as house:
        yield await house.room()
    assert not (said := complaints(server.log)), said


def _memory(server: Server) -> int:
    assert server.process is not None
    # Pages that are its own, without those of files.
    memory = psutil.Process(server.process.pid).memory_info()
    return int(memory.rss - memory.shared)


async def _fill(person: Person, sockets: list[Deaf], *, bytes_each: int = 40_000) -> int:
    """Chat until all the sockets are cut; the most memory that the server had meanwhile."""
    server, most = person.room.house.server, 0
    channel = await person.channel()
    for _ in range(4_000):
        if all(each.cut for each in sockets):
            return most
        for each in sockets:
            each.raw(PONG + PING)
        # Each answer says that the neighbour is served.
        assert (await channel.ask("chat_message", "\N{PILE OF POO}" * (bytes_each // 4)))["type"] == "ack"
        most = max(most, _memory(server))
    pytest.fail(f"{sum(not each.cut for each in sockets)} sockets are still open")


async def test_what_one_member_leaves_unread_is_bounded(room: Room, deaf: list[Deaf]) -> None:
    """A spectator with as many sockets as one may have, none of them read."""
    server = room.house.server
    cara, sam = await room.join(), await room.invite("spectator")
    await cara.document()
    before = _memory(server)
    deaf.extend(Deaf(server, f"{room.path}api/channel", sam.token) for _ in range(20))
    most = await _fill(cara, deaf)
    assert most - before <= 64 * MEGABYTES
    again = await sam.channel()
    assert again.joined["you"]["id"] == sam.id, "whoever was cut may come back"


async def test_each_kind_of_socket_is_cut(ji_server: ServerFactory, deaf: list[Deaf]) -> None:
    """The document's socket is sent every edit, the kernel's an answer to each question, the channel what is said."""
    limits = ("unsent_bytes=2000000", "document_bytes=60000000", "code_bytes=2000000", LOG, OUTPUTS)
    server = ji_server(*UNLIMITED, *(f"--InterviewApp.limits={limit}" for limit in limits))
    async with House(server) as house:
        room = await house.room()
        cara, sam = await room.join(), await room.invite("spectator")
        notebook, channel = await cara.document(), await cara.channel()
        kernel_id = await cara.kernel_id()
        for path in (f"collaboration/room/json:notebook:{room.id}", f"kernels/{kernel_id}/channels", "channel"):
            deaf.append(Deaf(server, f"{room.path}api/{path}", sam.token))
        for number in range(100):
            for each in deaf:
                each.raw(PONG + PING)
            if not deaf[0].cut:
                await notebook.set_source(f"# {number} " + "x" * 100_000)
        await _fill(cara, deaf[2:])
        asks = kernel_message("kernel_info_request", "shell", {}, None)
        assert isinstance(asks, str)
        while not deaf[1].cut:
            deaf[1].raw(PONG + PING)
            for _ in range(20):
                deaf[1].say(asks.encode(), TEXT)
            await channel.ask("ping", None)
        assert all(each.cut for each in deaf)
    assert not (said := complaints(server.log)), said


async def test_a_document_is_answered_once_at_a_time(room: Room, deaf: list[Deaf]) -> None:
    """Whoever asks for all of it again and again, and reads nothing, gets it once."""
    server = room.house.server
    cara, sam = await room.join(), await room.invite("spectator")
    notebook = await cara.document()
    for _ in range(20):
        await notebook.add_cells("x" * 150_000)
    before = _memory(server)
    sockets = [Deaf(server, f"{room.path}api/collaboration/room/json:notebook:{room.id}", sam.token) for _ in range(4)]
    deaf += sockets
    for _ in range(200):
        for each in sockets:
            each.say(STEP1)
    for number in range(20):
        await notebook.type(f"{number}\n")
        await notebook.saved()
    assert _memory(server) - before <= 64 * MEGABYTES


async def test_answers_that_nobody_reads_are_bounded(room: Room, deaf: list[Deaf]) -> None:
    """The notebook is asked for by many requests at once; beyond the limit they are told to read first."""
    server = room.house.server
    cara = await room.join()
    notebook = await cara.document()
    for _ in range(20):
        await notebook.add_cells("x" * 190_000)
    before = _memory(server)
    plain = [socket.create_connection(("127.0.0.1", server.port), 20) for _ in range(30)]
    for each in plain:
        each.sendall(
            f"GET /{room.path}api/contents/Interview.ipynb HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {cara.token}\r\n\r\n".encode()
        )
    heads = [await asyncio.to_thread(each.recv, 20) for each in plain]
    assert {head.split()[1] for head in heads} == {b"200", b"429"}
    assert _memory(server) - before <= 64 * MEGABYTES
    for each in plain:
        each.close()
    answer = await cara.rest.get("api/contents/Interview.ipynb")
    assert answer.status_code == 200, "once nothing waits"


async def test_what_a_busy_kernel_has_not_answered_is_bounded(room: Room) -> None:
    """The rest is not asked, and said so at once; once the kernel answers, it is asked again."""
    cara = await room.join()
    notebook, channel = await cara.document(), await cara.channel()
    kernel = await cara.kernel(await cara.kernel_id())
    await notebook.set_source("while True: pass")
    await cara.run(notebook.cell())
    await channel.expect("run_started")

    def answers(status: bytes, kind: bytes = b"complete_reply") -> int:
        messages = [_bytes(message) for message in kernel.received]
        return sum(kind in message and b'"status": "%s"' % status in message for message in messages)

    for _ in range(30):
        await kernel.send(kernel_message("complete_request", "shell", {"code": "x" * 200_000, "cursor_pos": 1}, None))
    await kernel.until(lambda: answers(b"aborted") == 26, "those that are not asked")
    await kernel.send(kernel_message("kernel_info_request", "control", {}, None))
    await kernel.until(lambda: answers(b"ok", b"kernel_info_reply"), "what no kernel is asked for")
    assert answers(b"ok") == 0
    await cara.rest.post(f"api/kernels/{await cara.kernel_id()}/interrupt")
    await channel.expect("run_finished")
    await kernel.until(lambda: answers(b"ok") == 4, "those that were asked")
    await kernel.send(kernel_message("inspect_request", "shell", {"code": "print", "cursor_pos": 5}, None))
    await kernel.until(lambda: answers(b"ok", b"inspect_reply"), "the next")


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message
