"""What does a reader cost who asks for an export and then reads nothing?"""

from __future__ import annotations

import random
import socket
from pathlib import Path

import pytest

from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import House, Room, until
from tests.integration.fixtures import UNLIMITED, complaints
from tests.managers.logs import read

pytestmark = pytest.mark.integration

LARGE = "--InterviewApp.limits"
ROOM = ("code_bytes=2000000", "document_message_bytes=4000000", "document_bytes=64000000")
EDITS, SIZE = 60, 1_000_000
MB = 1_000_000


def memory(server: Server) -> int:
    """Bytes of the server's process that are in memory."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


async def large(house: House) -> Room:
    """A room whose log does not fit into what is asked of the server's memory."""
    room, dice = await house.room(), random.Random(1)
    notebook = await (await room.join()).document()
    for _ in range(EDITS):
        await notebook.set_source(dice.randbytes(SIZE // 2).hex())
    return room


def asked(server: Server, path: str) -> socket.socket:
    """A connection that has asked, whose answer has begun, and which takes no more of it."""
    reader = socket.socket()
    # What the system takes for a reader is little.
    reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    reader.settimeout(60)
    reader.connect(("127.0.0.1", server.port))
    reader.sendall(f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: token {server.token}\r\n\r\n".encode())
    assert reader.recv(15) == b"HTTP/1.1 200 OK"
    return reader


async def test_the_server_waits_and_serves_the_others(ji_server: ServerFactory) -> None:
    """Its memory does not grow by what is not read, others are answered meanwhile, and who goes away leaves nothing."""
    server = ji_server(*UNLIMITED, *(f"{LARGE}={name}" for name in ROOM))
    async with House(server) as house:
        room = await large(house)
        path = f"api/interview/rooms/{room.id}/export?format=jsonl"
        whole = (await house.owner.get(path)).content
        assert len(whole) > EDITS * SIZE
        before = memory(server)
        for _ in range(3):
            with asked(server, path):
                most = 0
                for _ in range(300):
                    assert (await room.api("GET"))["state"] == "live"
                    most = max(most, memory(server))
                # What others ask meanwhile takes memory as well.
                assert most - before < len(whole) / 2, (most - before) / MB
                again = await house.owner.get(path)
                assert again.status_code == 429, "the export that is not read goes on"

            async def free() -> bool:
                return (await house.owner.get(path)).status_code == 200

            assert await until(free)
        _, events = read((await house.owner.get(path)).content)
        assert len(events) == len(await room.events())
    assert not complaints(server.log)
