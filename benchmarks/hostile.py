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
import contextlib
import itertools
import json
import os
import random
import sys
import time
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from tests.fuzz.frames import Frames, Session
from tests.integration.bytes_of import kernel_message

from . import yjs
from .common import JSON, BenchmarkError, Report, Server, parser, percentile, progress, scratch
from .keystroke import KEYS_PER_SECOND, Typist
from .servers import Seat, document_seat, interview, new_room
from .websocket import Socket, connect

GOAL_MS = 50
_SAVE = b"\2\4save\1"
_SAVED = b'"responseTo":1'
_PATIENCE_SECONDS = 120.0
_NOTEBOOK_CELLS, _CELL_CHARS = 60, 12_000
_ANY, _GC, _STRING, _TYPE, _TEXT = 8, 0, 4, 7, 2
_NULL = b"\x7e"

Shape = Callable[[], Iterator[bytes]]
Message = str | bytes


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


# -- who sends it


@dataclass
class Attacker:
    """One socket, opened again whenever it is closed."""

    seat: Seat
    probe: Callable[[], Message] = lambda: _SAVE
    answer: bytes = _SAVED
    repeats: bool = False
    sent: int = 0
    closed: int = 0
    refused: int = 0
    _socket: Socket | None = None

    async def deal(self, *messages: Message) -> None:
        """Send messages and wait until they were dealt with."""
        if self._socket is None or self._socket.closed:
            try:
                self._socket = await connect(self.seat.url, self.seat.headers)
            except BenchmarkError:
                # Too many of them, or too fast: the server has bounded it.
                self.refused += 1
                await asyncio.sleep(0.1)
                return
        answered, socket = asyncio.Event(), self._socket

        def received(message: bytes) -> None:
            if self.answer in message:
                answered.set()

        socket.listen(received)

        def send(message: Message) -> None:
            text = isinstance(message, str)
            socket.send(message.encode("utf-8", "replace") if isinstance(message, str) else message, text)

        for message in messages:
            send(message)
        start = asked = time.monotonic()
        send(self.probe())
        while not answered.is_set() and not socket.closed:
            now = time.monotonic()
            if now - start > _PATIENCE_SECONDS:
                raise BenchmarkError(f"the server does not deal with {messages!r:.500}")
            if now - asked > 1 and self.repeats:
                # The channel refuses, and does not close, what comes too fast: the question as well.
                asked = now
                send(self.probe())
            # A socket that is closed wakes nobody.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(answered.wait(), 0.02)
        self.sent += len(messages)
        if socket.closed:
            self.closed += 1
            socket.close()

    def leave(self) -> None:
        """Close it."""
        if self._socket is not None:
            self._socket.close()


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


# -- who feels it


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


def _notebook() -> JSON:
    cell: JSON = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [
        {**cell, "id": f"c{number}", "source": "x = 1\n" * (_CELL_CHARS // 6)} for number in range(_NOTEBOOK_CELLS)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def attacked_room(server: Server, role: str) -> tuple[str, str]:
    """A room with a notebook of some size, and the token of the one who attacks."""
    body = {"title": "Under attack", "language": "python", "notebook": _notebook()}
    room = server.request("POST", "/api/interview/rooms", body)["id"]
    invitation = server.request("POST", f"/api/interview/rooms/{room}/invitations", {"role": role})
    secret = urllib.parse.urlsplit(invitation["url"]).fragment.removeprefix("invite=")
    joined = server.request("POST", f"/interview/{room}/join", {"name": "Attacker", "invite": secret}, "")
    return room, joined["token"]


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


async def _kernel_of(server: Server, room: str, token: str) -> str:
    """The id of a room's kernel, once it is there."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = await asyncio.to_thread(
            server.request, "GET", f"/interview/{room}/api/kernels", None, f"Bearer {token}"
        )
        if found:
            return str(found[0]["id"])
        await asyncio.sleep(0.1)
    raise BenchmarkError("the room has no kernel")


async def flood(server: Server, role: str, seconds: float) -> JSON:
    """The row of a flood: messages that wait for nothing, on many sockets to a kernel."""
    room, token = await asyncio.to_thread(attacked_room, server, role)
    seat = await asyncio.to_thread(document_seat, server, room, token)
    # A candidate in the room is what its kernel starts for.
    hears = await connect(f"{server.url}/interview/{room}/api/channel", seat.headers)
    kernel = f"{server.url}/interview/{room}/api/kernels/{await _kernel_of(server, room, token)}/channels"
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


async def _fuzzers(server: Server) -> list[tuple[Attacker, Callable[[Frames], Message], int]]:
    """Attackers on sockets of all kinds: what each sends, and how much at a time."""
    room, token = await asyncio.to_thread(attacked_room, server, "candidate")
    watched, spectator = await asyncio.to_thread(attacked_room, server, "spectator")
    document = await asyncio.to_thread(document_seat, server, room, token)
    other = await asyncio.to_thread(document_seat, server, watched, spectator)
    place = f"{server.url}/interview/{room}/api"
    channel = Attacker(
        replace(document, url=f"{place}/channel"), lambda: '{"type":"ping","id":"probe"}', b'"pong"', True
    )
    await channel.deal('{"type":"ping"}')
    kernel = f"{place}/kernels/{await _kernel_of(server, room, token)}/channels"

    def look() -> Message:
        return kernel_message("kernel_info_request", "control", {}, None)

    # What closes a socket takes the rest of its portion along.
    return [
        (channel, Frames.channel, 10),
        (Attacker(replace(document, url=kernel), look, b"kernel_info_reply"), lambda frames: frames.kernel(None), 10),
        (Attacker(document), Frames.document, 1),
        (Attacker(other), Frames.document, 1),
    ]


async def fuzz(server: Server, count: int, seconds: float) -> JSON:
    """The row of so many frames of all kinds to sockets of all kinds; it lasts as long as that takes."""
    attackers, session, rows = await _fuzzers(server), Session(""), list[JSON]()
    numbers = itertools.count()

    def sent() -> int:
        return sum(attacker.sent for attacker, _, _ in attackers)

    async def send(over: asyncio.Event) -> None:
        while not over.is_set() and sent() < count:
            for attacker, make, portion in attackers:
                frames = [make(Frames(random.Random(next(numbers)), session)) for _ in range(portion)]
                await attacker.deal(*frames)

    while sent() < count:
        rows.append(await neighbour(server, seconds, send))
        progress(f"{sent()} frames")
    for attacker, _, _ in attackers:
        attacker.leave()
    worst = max(rows, key=lambda row: float(row["p95"]))
    closed, refused = (sum(getattr(each[0], name) for each in attackers) for name in ("closed", "refused"))
    told = {"sent": sent(), "closed": closed, "refused": refused, "keys": sum(row["keys"] for row in rows)}
    return {"role": "candidate and spectator", **worst, **told, "grown": max(float(row["grown"]) for row in rows)}


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
