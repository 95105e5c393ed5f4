"""Who finds a place, and does the server outlive that there are no descriptors?"""

from __future__ import annotations

import os
import resource
import socket

import pytest

from jupyter_interview.web.connections import most_connections
from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import House, until
from tests.integration.fixtures import complaints

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

LIMIT = "--InterviewApp.limits"
HEAD = b"GET /api HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def connect(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), 60)


def answer(connection: socket.socket) -> bytes:
    """The status of an answer, or of a refusal that came without a question."""
    return connection.recv(65_536).partition(b"\r\n")[0]


@pytest.mark.parametrize(
    "limits", [("network_connections=10",), ("connections=20", "network_connections=1000"), ("connections=10",)]
)
async def test_connections_are_bounded_and_places_come_back(ji_server: ServerFactory, limits: tuple[str, ...]) -> None:
    server = ji_server(*(f"{LIMIT}={limit}" for limit in limits))
    # One network has half of all at most.
    most = 5 if limits == ("connections=10",) else 10
    held = [connect(server) for _ in range(most)]
    for each in held:
        each.sendall(HEAD)
        assert answer(each).endswith(b"200 OK")
    with connect(server) as late:
        assert answer(late) == b"HTTP/1.1 503 Service Unavailable"
    for each in held[: most // 2]:
        each.close()

    async def again() -> bool:
        with connect(server) as other:
            other.sendall(HEAD)
            try:
                return answer(other).endswith(b"200 OK")
            except ConnectionResetError:  # refused while the question was on its way
                return False

    assert await until(again)
    for each in held:
        each.close()
    assert not complaints(server.log)


async def test_the_proxys_connections_are_those_of_many(ji_server: ServerFactory) -> None:
    server = ji_server(f"{LIMIT}=network_connections=3", "--InterviewApp.trusted_proxies=127.0.0.1")
    held = [connect(server) for _ in range(8)]
    for each in held:
        each.sendall(HEAD)
        assert answer(each).endswith(b"200 OK")
        each.close()


async def test_without_descriptors_people_wait_and_the_log_stays_short(ji_server: ServerFactory) -> None:
    # Without a kernel: the watch of one would say that it cannot look at it.
    server = ji_server("--InterviewApp.pool=python=0")
    assert server.process is not None
    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    async with House(server) as house:
        assert (await house.owner.get("api")).status_code == 200
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + 2, before[1]))
        held = [connect(server) for _ in range(10)]

        async def said() -> bool:
            return "No connection can be taken" in server.log

        assert await until(said)
        assert (await house.owner.get("api")).status_code == 200, "who is connected is served"
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        for each in held:
            each.sendall(HEAD)
            assert answer(each).endswith(b"200 OK")
            each.close()
    assert server.log.count("No connection can be taken") == 1 and not complaints(server.log)


def test_a_reserve_of_descriptors_is_left() -> None:
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert most_connections(10) == min(10, files - max(64, files // 4))
    assert most_connections(10**9) == files - max(64, files // 4)
