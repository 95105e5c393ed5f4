"""Can anybody reach a kernel that waits for a room? And is anything left of the pool when the server has ended?"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError

from tests.fixtures.server import Server
from tests.integration.clients import House
from tests.integration.sockets import until

pytestmark = pytest.mark.integration


def _kernels(server: Server) -> set[str]:
    """Ids of all kernels of a server, told by their connection files."""
    runtime = server.directory / "data" / "interview" / "runtime"
    return {path.stem.removeprefix("kernel-") for path in runtime.glob("kernel-*.json")}


async def test_a_kernel_that_waits_is_in_nobodys_reach(ji_server: Callable[..., Server]) -> None:
    async with House(ji_server()) as house:
        room = await house.room()
        people = [await room.invite(role) for role in ("candidate", "interviewer", "spectator")]
        await people[0].channel()
        own = await people[0].kernel_id()

        async def look() -> set[str]:
            return _kernels(house.server) - {own}

        waiting = (await until(look)).pop()
        for person in people:
            assert [kernel["id"] for kernel in (await person.rest.get("api/kernels")).json()] == [own]
            assert (await person.rest.get(f"api/kernels/{own}")).status_code == 200
            assert (await person.rest.get(f"api/kernels/{waiting}")).status_code == 404
            for action in ("interrupt", "restart"):
                answer = await person.rest.post(f"api/kernels/{waiting}/{action}")
                assert answer.status_code in (403, 404), answer.text
            with pytest.raises(HTTPClientError, match="404"):
                await person.kernel(waiting)
        assert (await house.owner.get("api/kernels")).json() == []
        assert (await house.owner.get(f"api/kernels/{waiting}")).status_code == 404
        assert waiting in _kernels(house.server)


async def test_a_server_that_ends_leaves_no_kernel(ji_server: Callable[..., Server]) -> None:
    server = ji_server("--InterviewApp.sandbox=bubblewrap", "--InterviewApp.pool={'python': 2}")

    async def look() -> bool:
        return len(_kernels(server)) == 2

    assert await until(look)
    assert server.process is not None
    before = _descendants(server.process.pid)
    assert len(before) >= 2
    server.stop()
    assert _kernels(server) == set()
    assert not [pid for pid in before if os.path.exists(f"/proc/{pid}")]


def _descendants(pid: int) -> list[int]:
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            found += map(int, task.read_text().split())
    return found[1:]
