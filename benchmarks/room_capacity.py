"""How much memory does a kernel that waits take, and how many rooms does this machine hold?

Real idle kernels, counted by their proportional set size (PSS): what several processes share counts in parts, so that
figures add up. Bare ``ipykernel`` processes are the peer of the kernels in the pool. Then a real server with as many
rooms, in each a candidate and an interviewer with their channels and documents open, and an idle kernel: by how much
the server process has grown for each. A room's memory is this and its kernel with the sandbox around it.

    python -m benchmarks.room_capacity --kernels 20
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from .common import JSON, BenchmarkError, Report, Server, engine_parser, of_engine, progress, scratch
from .house import house, proportional
from .keystroke import Typist
from .servers import document_seat, interview, new_room
from .websocket import Socket, connect

_SECONDS = 90.0
_REST_SECONDS = 3.0
_SHARE_SECONDS = 10.0
_MEGABYTE = 1_048_576
#: Of the memory that is free, what rooms may fill: the rest is for the system, and for what candidates' code needs.
_SHARE = 0.5


async def bare(count: int) -> float:
    """Bytes of each of ``count`` idle kernels of stock ``jupyter_client``."""
    managers: list[Any] = []
    try:
        for _ in range(count):
            manager: Any = AsyncKernelManager(kernel_name="python3")
            await manager.start_kernel()
            managers.append(manager)
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=_SECONDS)
            client.stop_channels()
        await asyncio.sleep(_REST_SECONDS)
        return proportional([manager.provisioner.pid for manager in managers]) / count
    finally:
        await asyncio.gather(*(manager.shutdown_kernel(now=True) for manager in managers))


async def pooled(count: int, sandbox: str, folder: Path) -> tuple[float, float]:
    """Bytes of each of ``count`` kernels in the pool: their own, and with their sandboxes' processes."""
    async with house(sandbox, folder, count) as place:
        place.pool.start()
        await place.warm(count)
        await asyncio.sleep(_REST_SECONDS)
        kernels = place.kernels.list_kernel_ids()
        own = [place.process(kernel) for kernel in kernels]
        everything = [pid for kernel in kernels for pid in place.sandbox(kernel)]
        return proportional(own) / count, proportional(everything) / count


async def _room(server: Server, number: int) -> list[Typist | Socket]:
    """A room with two people in it whose kernel is idle."""
    room, tokens = new_room(server, f"Room {number}")
    people: list[Typist | Socket] = []
    for token in tokens:
        channel = f"{server.url}/interview/{room}/api/channel"
        people.append(await connect(channel, {"Authorization": f"Bearer {token}"}))
        typist = Typist("Typist")
        await typist.enter(document_seat(server, room, token))
        people.append(typist)
    bearer = f"Bearer {tokens[0]}"
    deadline = time.monotonic() + _SECONDS
    while True:
        kernels = server.request("GET", f"/interview/{room}/api/kernels", authorization=bearer)
        if kernels and kernels[0]["execution_state"] == "idle":
            return people
        if time.monotonic() > deadline:
            raise BenchmarkError(f"room {number} has no kernel: {kernels}")
        await asyncio.sleep(0.1)


async def rooms(count: int, server: Server) -> tuple[float, float]:
    """Bytes, and share of one processor, that the server needs for each of ``count`` rooms with an idle kernel."""
    people = await _room(server, 0)
    await asyncio.sleep(_REST_SECONDS)
    before, idle = proportional([server.process.pid]), await _processor_share(server)
    for number in range(1, count + 1):
        progress(f"room {number} of {count}")
        people += await _room(server, number)
    await asyncio.sleep(_REST_SECONDS)
    each = (proportional([server.process.pid]) - before) / count
    share = (await _processor_share(server) - idle) / count
    for person in people:
        person.close() if isinstance(person, Socket) else person.leave()
    return each, share


async def _processor_share(server: Server) -> float:
    """Share of one processor that the server uses while nobody does anything."""
    begun, before = time.monotonic(), server.processor_seconds()
    await asyncio.sleep(_SHARE_SECONDS)
    return (server.processor_seconds() - before) / (time.monotonic() - begun)


def available() -> int:
    """Bytes of memory that this machine has free."""
    text = Path("/proc/meminfo").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("MemAvailable:")) * 1024


def main() -> None:
    """Run it."""
    options = engine_parser(__doc__)
    options.add_argument("--kernels", type=int, default=20)
    chosen = options.parse_args()
    count, free = chosen.kernels, available()
    with scratch() as folder:
        plain = asyncio.run(bare(count))
        own, sandboxed = asyncio.run(pooled(count, chosen.sandbox, folder))
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(interview(folder))
            grown, share = asyncio.run(rooms(count, server))
    room = sandboxed + grown
    holds = int(free * _SHARE / room)
    columns = {"what": "idle", "megabytes": "MB each (PSS)", "ratio": "÷ bare ipykernel"}
    notes = [
        f"{count} real ones of each; engine: {chosen.sandbox}.",
        f"This machine holds {holds} rooms with an idle kernel and two people each: half of the {free // _MEGABYTE} MB "
        "that were free, by the memory of a room; the other half is for the system and for what the candidates' code "
        "needs. A kernel may use up to `kernel_memory_bytes`.",
        f"A room where nobody does anything takes {share * 100:.2f} % of one processor in the server.",
    ]
    values = {
        "bare ipykernel": plain,
        "kernel in the pool": own,
        "kernel in the pool, with its sandbox's processes": sandboxed,
        "room: these, and its part of the server": room,
    }
    report = Report(of_engine("room_capacity", chosen.sandbox), "Memory of kernels and rooms", columns, notes)
    report.rows = [_row(what, size, plain) for what, size in values.items()]
    report.publish(chosen.output)


def _row(what: str, size: float, base: float) -> JSON:
    return {"what": what, "megabytes": size / _MEGABYTE, "ratio": size / base}


if __name__ == "__main__":
    main()
