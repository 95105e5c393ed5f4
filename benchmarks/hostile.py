"""How long does a neighbour's keystroke take while somebody in another room does their worst?

One server with default limits. Two typists in one room, 10 keys a second, first alone and then while a member of
another room sends one kind of hostile load for as long: the next message as soon as the one before was dealt with, over
a new socket where the server closed it. Each kind once as a candidate and once as a spectator. A flood waits for no
answer, on twenty sockets (`benchmarks.flood`). The last row sends frames of all kinds, malformed and hostile, to all
kinds of sockets (`tests/fuzz`), by default 100,000.

    python -m benchmarks.hostile --seconds 10
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.fuzz.frames import Frames, Session

from . import yjs
from .attackers import Attacker, Fuzzer, attacked_room, fuzzers, kernel_of
from .common import JSON, BenchmarkError, Report, Server, parser, percentile, progress, scratch
from .keystroke import KEYS_PER_SECOND, Typist
from .servers import document_seat, interview, new_room
from .websocket import connect

GOAL_MS = 50
_ANY, _GC, _STRING, _TYPE, _TEXT = 8, 0, 4, 7, 2
_NULL = b"\x7e"

Shape = Callable[[], Iterator[bytes]]


# -- what is sent


def _update(client: int, structs: list[bytes]) -> bytes:
    whole = b"\1" + yjs.varuint(len(structs)) + yjs.varuint(client) + b"\0" + b"".join(structs) + b"\0"
    return yjs.sync(yjs.UPDATE, whole)


def _clients() -> Iterator[int]:
    return iter(random.Random(7).sample(range(2**20, 2**31), 10_000))


def in_a_root(count: int = 9_000) -> Iterator[bytes]:
    """Items that all want to be the first of one root."""
    item = bytes((_ANY, 1)) + yjs.varuint(5) + b"state" + b"\1" + _NULL
    return (_update(client, [item] * count) for client in _clients())


def in_a_text(count: int = 9_000) -> Iterator[bytes]:
    """Items that all want to be the first of one text."""
    for client in _clients():
        text = bytes((_TYPE | 0x20, 1)) + b"\4meta" + b"\1t" + bytes((_TEXT,))
        item = bytes((_STRING, 0)) + yjs.varuint(client) + b"\0" + b"\1a"
        yield _update(client, [text, *[item] * count])


def tiny_structs(size: int = 950_000) -> Iterator[bytes]:
    """As many structs as one message holds."""
    return (_update(client, [bytes((_GC, 1))] * (size // 2)) for client in _clients())


def dropped() -> Iterator[bytes]:
    """A small update that stands on others which nobody has."""
    for client in _clients():
        item = bytes((_STRING | 0x80,)) + yjs.varuint(client) + yjs.varuint(1_000_000) + b"\1a"
        yield _update(client, [item])


def step_1() -> Iterator[bytes]:
    """Somebody who has nothing asks for all, again and again."""
    return itertools.repeat(yjs.sync(yjs.STEP1, b"\0"))


SHAPES: dict[str, Shape] = {
    "contention in a root": in_a_root,
    "contention in a text": in_a_text,
    "many tiny structs": tiny_structs,
    "updates that are dropped": dropped,
    "sync step 1": step_1,
}


# -- who feels it


class Memory:
    """The most memory that a process had since this was made."""

    def __init__(self, server: Server) -> None:
        self._path = Path(f"/proc/{server.process.pid}/statm")
        self._first = self.most = self._now()

    def look(self) -> None:
        """Take note."""
        self.most = max(self.most, self._now())

    @property
    def grown(self) -> float:
        """In MB."""
        return (self.most - self._first) / 1e6

    def _now(self) -> int:
        return int(self._path.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def neighbour(server: Server, seconds: float, beside: Callable[[asyncio.Event], object] | None) -> JSON:
    """Type for so long, at least until ``beside`` is done; the figures of a row.

    Args:
        server: the server.
        seconds: for how long.
        beside: what goes on meanwhile: a coroutine function that stops when the event is set.
    """
    room, tokens = await asyncio.to_thread(new_room, server, "Neighbours")
    writer, reader = Typist("Candidate"), Typist("Interviewer")
    for typist, token in zip((writer, reader), tokens, strict=True):
        await typist.enter(await asyncio.to_thread(document_seat, server, room, token))
    reader.watch(writer)
    writer.prepare(round(seconds * KEYS_PER_SECOND), cursors=True)
    memory, over = Memory(server), asyncio.Event()

    async def look() -> None:
        while not over.is_set():
            memory.look()
            await asyncio.sleep(0.05)

    tasks = [asyncio.create_task(look())]
    if beside is not None:
        tasks.append(asyncio.ensure_future(beside(over)))  # type: ignore[call-overload]  # a coroutine function
    await writer.type(time.perf_counter())
    # Nothing new is sent, but what the server has begun with may hold up the last keys still.
    over.set()
    await reader.rest(writer)
    await asyncio.gather(*tasks)
    memory.look()
    writer.leave()
    reader.leave()
    delays = [delay * 1000 for delay in reader.delays]
    figures = {name: percentile(delays, rank) for name, rank in (("p50", 50), ("p95", 95), ("longest", 100))}
    return {**figures, "goal": figures["p95"] / GOAL_MS, "keys": len(delays), "grown": memory.grown}


# -- the rows


async def measure(server: Server, shape: Shape, role: str, seconds: float) -> JSON:
    """The row of one kind of load."""
    room, token = await asyncio.to_thread(attacked_room, server, role)
    attacker = Attacker(await asyncio.to_thread(document_seat, server, room, token))
    messages = shape()

    async def send(over: asyncio.Event) -> None:
        while not over.is_set():
            await attacker.deal(next(messages))

    row = await neighbour(server, seconds, send)
    attacker.leave()
    return {"role": role, "sent": attacker.sent, "closed": attacker.closed, "refused": attacker.refused, **row}


async def flood(server: Server, role: str, seconds: float) -> JSON:
    """The row of a flood: messages that wait for nothing, on many sockets to a kernel."""
    room, token = await asyncio.to_thread(attacked_room, server, role)
    seat = await asyncio.to_thread(document_seat, server, room, token)
    # A candidate in the room is what its kernel starts for.
    hears = await connect(f"{server.url}/interview/{room}/api/channel", seat.headers)
    kernel = f"{server.url}/interview/{room}/api/kernels/{await kernel_of(server, room, token)}/channels"
    told: JSON = {}

    async def send(over: asyncio.Event) -> None:
        command = (sys.executable, "-m", "benchmarks.flood")
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        given = {"url": kernel, "headers": dict(seat.headers), "seconds": seconds}
        output, _ = await process.communicate(json.dumps(given).encode())
        if process.returncode:
            raise BenchmarkError("the flood failed")
        told.update(json.loads(output))

    row = await neighbour(server, seconds, send)
    hears.close()
    return {"role": role, **told, **row}


async def fuzz(server: Server, count: int, seconds: float) -> JSON:
    """The row of so many frames of all kinds to sockets of all kinds; it lasts as long as that takes."""
    senders, session, rows = await fuzzers(server), Session(""), list[JSON]()
    attackers = [sender.attacker for sender in senders]
    numbers = itertools.count()

    def sent() -> int:
        return sum(attacker.sent for attacker in attackers)

    async def sends(sender: Fuzzer, over: asyncio.Event) -> None:
        while not over.is_set() and sent() < count:
            frames = [sender.make(Frames(random.Random(next(numbers)), session)) for _ in range(sender.portion)]
            await sender.attacker.deal(*frames)

    async def send(over: asyncio.Event) -> None:
        await asyncio.gather(*(sends(sender, over) for sender in senders))

    while sent() < count:
        rows.append(await neighbour(server, seconds, send))
        progress(f"{sent()} frames")
    for attacker in attackers:
        attacker.leave()
    worst = max(rows, key=lambda row: float(row["p95"]))
    closed, refused = (sum(getattr(each, name) for each in attackers) for name in ("closed", "refused"))
    told = {"sent": sent(), "closed": closed, "refused": refused, "keys": sum(row["keys"] for row in rows)}
    return {"role": "everybody", **worst, **told, "grown": max(float(row["grown"]) for row in rows)}


async def run(server: Server, shapes: list[str], seconds: float, frames: int) -> list[JSON]:
    """All rows; the quiet ones first and last."""
    rows = [{"shape": "quiet", **await neighbour(server, seconds, None)}]
    for name in shapes:
        for role in ("candidate", "spectator"):
            progress(f"{name}, {role}")
            rows.append({"shape": name, **await measure(server, SHAPES[name], role, seconds)})
    for role in ("candidate", "spectator"):
        progress(f"a flood, {role}")
        rows.append({"shape": "a flood to a kernel", **await flood(server, role, seconds)})
    if frames:
        progress("frames of all kinds")
        rows.append({"shape": "frames of all kinds", **await fuzz(server, frames, seconds)})
    rows.append({"shape": "quiet again", **await neighbour(server, seconds, None)})
    return rows


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=10.0, help="how long each kind of load goes on")
    options.add_argument("--frames", type=int, default=100_000, help="frames of all kinds; 0 leaves them out")
    options.add_argument("--shapes", nargs="*", choices=list(SHAPES), default=list(SHAPES))
    chosen = options.parse_args()
    columns = {
        "shape": "load", "role": "by a", "p50": "p50 ms", "p95": "p95 ms", "longest": "longest ms",
        "goal": f"p95 ÷ goal of {GOAL_MS} ms", "keys": "keys", "sent": "messages dealt with",
        "closed": "sockets closed", "refused": "and refused", "grown": "server grew by MB",
    }  # fmt: skip
    note = (
        f"A neighbour's keystroke to the other typist, {KEYS_PER_SECOND} keys/s, {chosen.seconds:g} s for each row. "
        "The attacker's client is in the same process. Memory is the most that the server had in the row, less what it "
        "had at its beginning. Of the frames of all kinds the worst such time."
    )
    report = Report("hostile", "A neighbour's latency under hostile load", columns, [note])
    with scratch() as folder, interview(folder) as server:
        report.rows = asyncio.run(run(server, chosen.shapes, chosen.seconds, chosen.frames))
        log = (folder / "server.log").read_text(errors="replace")
        if "Traceback" in log:
            raise BenchmarkError(f"something failed:\n{log[log.index('Traceback') - 1_000 :][:5_000]}")
    report.publish(chosen.output)
    if slow := [row["shape"] for row in report.rows if float(row["p95"]) > GOAL_MS]:
        raise BenchmarkError(f"a neighbour waited for more than {GOAL_MS} ms: {', '.join(slow)}")


if __name__ == "__main__":
    main()
