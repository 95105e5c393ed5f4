"""How long does a keystroke take to the other typist's browser?

Two typists in each room, 10 keys a second each. A keystroke is the update that a real Yjs client makes of one inserted
character, followed by the awareness update with its new cursor, as JupyterLab's editor sends them. Measured is the time
from handing the update to the socket until the other typist's socket has received it, in one client process. Each
server is started anew for each measurement, and the peers take turns. All typists press their keys at the same moments,
which is the hard case, unless ``--spread`` is given.

    python -m benchmarks.keystroke --rooms 1 10 30 --seconds 20
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pycrdt import Doc

from . import yjs
from .common import JSON, BenchmarkError, Report, parser, percentile, progress, scratch
from .servers import Seat, Site, install_y_websocket, ours, ours_normal, stock, y_websocket
from .websocket import Socket, connect

KEYS_PER_SECOND = 10
_WARM_UP_SECONDS = 2.0
_DRAIN_SECONDS = 90.0
_LONGER_ALONE = 4
_TEXT = "for item in range(10):\n    print(item, item ** 2)\n"
Peer = Callable[[Path], AbstractContextManager[Site]]


class Typist:
    """One member at a keyboard, with a Yjs document of his own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.user: JSON = {}
        self.client = random.getrandbits(32)
        self.doc: Doc[Any] = Doc(client_id=self.client)
        self.sent: list[float] = []
        # Of the other one's keys, in the order of arrival.
        self.delays: list[float] = []
        self.lateness: list[float] = []
        self.ready = asyncio.Event()
        self.first_clock = 0
        self._complete = asyncio.Event()
        self._socket: Socket | None = None
        self._keys: list[bytes] = []
        self._cursors: list[bytes] = []

    async def enter(self, seat: Seat) -> None:
        """Open the socket and get the document."""
        self.user = seat.user
        self._socket = await connect(seat.url, seat.headers)
        self._socket.listen(self._handshake)
        self._socket.send(yjs.sync(yjs.STEP1, self.doc.get_state()))
        await asyncio.wait_for(self.ready.wait(), 30)

    def begin_notebook(self) -> None:
        """Fill an empty document (y-websocket has no notebook of its own)."""
        before = self.doc.get_state()
        yjs.new_notebook(self.doc)
        self.send(yjs.sync(yjs.UPDATE, self.doc.get_update(before)))

    def send(self, message: bytes) -> None:
        """Send a message as it is."""
        assert self._socket is not None
        self._socket.send(message)

    def prepare(self, count: int, cursors: bool) -> None:
        """Make the messages of ``count`` keystrokes in advance, so that making them costs nothing later."""
        before = yjs.clock_of(self.doc, self.client)
        self.first_clock = before
        updates = yjs.keystrokes(self.doc, count, _TEXT)
        self._keys = [yjs.sync(yjs.UPDATE, update) for update in updates]
        if cursors:
            states = (yjs.cursor(self.user, self.client, before + number) for number in range(count))
            self._cursors = [yjs.awareness(self.client, number + 1, state) for number, state in enumerate(states)]

    def watch(self, other: Typist) -> None:
        """From now on note when keystrokes of ``other`` arrive here."""
        assert self._socket is not None

        def received(message: bytes) -> None:
            if message[0] != yjs.SYNC or message[1] == yjs.STEP1:
                return
            now = time.perf_counter()
            for client, start, end in yjs.written(yjs.Reader(message, 2).bytes()):
                if client == other.client:
                    for clock in range(max(start, other.first_clock), end):
                        self.delays.append(now - other.sent[clock - other.first_clock])
            if len(self.delays) == len(other._keys):
                self._complete.set()

        self._socket.listen(received)

    async def type(self, start: float) -> None:
        """Type all keys, the first at ``start`` (of `time.perf_counter`)."""
        assert self._socket is not None
        for number, key in enumerate(self._keys):
            due = start + number / KEYS_PER_SECOND
            await asyncio.sleep(due - time.perf_counter())
            now = time.perf_counter()
            self.lateness.append(now - due)
            self.sent.append(now)
            self._socket.send(key)
            if self._cursors:
                self._socket.send(self._cursors[number])

    def overhear(self, listener: Callable[[bytes], None]) -> None:
        """From now on hand every message to ``listener``."""
        assert self._socket is not None
        self._socket.listen(listener)

    async def rest(self, other: Typist) -> None:
        """Wait until everything that ``other`` typed has arrived here."""
        try:
            await asyncio.wait_for(self._complete.wait(), _DRAIN_SECONDS)
        except TimeoutError as error:
            raise BenchmarkError(f"{len(other.sent)} keys were sent and {len(self.delays)} arrived") from error

    def leave(self) -> None:
        """Close the socket; it must have been open until now."""
        assert self._socket is not None
        closed = self._socket.closed
        self._socket.close()
        if closed:
            raise BenchmarkError(f"{self.name}: {closed}")

    def _handshake(self, message: bytes) -> None:
        if message[0] != yjs.SYNC:
            return
        content = yjs.Reader(message, 2).bytes()
        if message[1] == yjs.STEP1:
            self.send(yjs.sync(yjs.STEP2, self.doc.get_update(content)))
            return
        if content != yjs.EMPTY_UPDATE:
            self.doc.apply_update(content)
        if message[1] == yjs.STEP2:
            self.ready.set()


@dataclass
class Measurement:
    """What one server did with so many rooms; times in milliseconds."""

    delays: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    sent: int = 0
    seconds: float = 0.0
    server_seconds: float = 0.0
    client_seconds: float = 0.0

    def row(self, peer: str, rooms: int) -> JSON:
        """The figures of a table's row."""
        if len(self.delays) != self.sent:
            raise BenchmarkError(f"{peer}, {rooms} rooms: {self.sent} keys sent and {len(self.delays)} received")
        return {
            "rooms": rooms,
            "peer": peer,
            "p50": percentile(self.delays, 50),
            "p95": percentile(self.delays, 95),
            "p99": percentile(self.delays, 99),
            "keys": self.sent,
            "server_load": 100 * self.server_seconds / self.seconds,
            "client_load": 100 * self.client_seconds / self.seconds,
            "client_late": percentile(self.lateness, 95),
        }


async def _pairs(site: Site, rooms: int) -> list[tuple[Typist, Typist]]:
    pairs: list[tuple[Typist, Typist]] = []
    for number in range(rooms):
        seats = await asyncio.to_thread(site.open_room, number)
        first, second = Typist("Candidate"), Typist("Interviewer")
        await first.enter(seats[0])
        if not yjs.has_notebook(first.doc):
            first.begin_notebook()
        await second.enter(seats[1])
        deadline = time.monotonic() + 10
        while not (yjs.has_notebook(first.doc) and yjs.has_notebook(second.doc)):
            if time.monotonic() > deadline:
                raise BenchmarkError("the notebook does not reach both typists")
            await asyncio.sleep(0.01)
        pairs.append((first, second))
    return pairs


@dataclass(frozen=True)
class Typing:
    """How they type.

    Args:
        seconds: for how long each server is measured in all.
        turns: in how many turns that is.
        cursors: whether each key is followed by an awareness update.
        together: whether all press their keys at the same moments, not spread evenly over time.
    """

    seconds: float
    turns: int
    cursors: bool
    together: bool

    def __str__(self) -> str:
        moments = "all at the same moments" if self.together else "spread over time"
        cursors = "with" if self.cursors else "without"
        return (
            f"Two typists a room, {KEYS_PER_SECOND} keys/s each, {moments}, {cursors} a cursor update at each key; "
            f"{self.seconds:g} s in {self.turns} turns after {_WARM_UP_SECONDS:g} s of warming up each; one room alone "
            f"{_LONGER_ALONE} times as long, since two typists have few keys."
        )

    def longer(self, times: int) -> Typing:
        """The same in so many times as many turns."""
        return replace(self, seconds=self.seconds * times, turns=self.turns * times)


async def _measure(site: Site, rooms: int, typing: Typing, into: Measurement) -> None:
    pairs = await _pairs(site, rooms)
    typists = [typist for pair in pairs for typist in pair]
    warm_up = round(_WARM_UP_SECONDS * KEYS_PER_SECOND)
    for first, second in pairs:
        first.watch(second)
        second.watch(first)
    for typist in typists:
        typist.prepare(warm_up + round(typing.seconds / typing.turns * KEYS_PER_SECOND), typing.cursors)
    gc.collect()
    gc.disable()
    start = time.perf_counter() + 0.1
    client, server = time.process_time(), site.server.processor_seconds()
    offsets = [0.0 if typing.together else random.random() / KEYS_PER_SECOND for _ in typists]
    await asyncio.gather(*(typist.type(start + offset) for typist, offset in zip(typists, offsets, strict=True)))
    into.seconds += time.perf_counter() - start
    into.client_seconds += time.process_time() - client
    into.server_seconds += site.server.processor_seconds() - server
    gc.enable()
    for first, second in pairs:
        await first.rest(second)
        await second.rest(first)
    for typist in typists:
        into.delays += [delay * 1000 for delay in typist.delays[warm_up:]]
        into.lateness += [late * 1000 for late in typist.lateness[warm_up:]]
        into.sent += len(typist.sent) - warm_up
        typist.leave()


def measure(peer: Peer, rooms: int, typing: Typing, into: Measurement) -> None:
    """Start the server, let them type, and add what was seen to ``into``."""
    with scratch() as folder, peer(folder) as site:
        asyncio.run(_measure(site, rooms, typing, into))


def compare(peers: dict[str, Peer], rooms: list[int], typing: Typing) -> list[JSON]:
    """The rows of the report: each peer with each number of rooms, and the ratios to the stock server."""
    rows: list[JSON] = []
    for count in rooms:
        seen = {name: Measurement() for name in peers}
        own = typing.longer(_LONGER_ALONE) if count == 1 else typing
        for turn in range(own.turns):
            for name, peer in peers.items():
                progress(f"{count} rooms, turn {turn + 1} of {own.turns}: {name}")
                measure(peer, count, own, seen[name])
        found = {name: measurement.row(name, count) for name, measurement in seen.items()}
        for row in found.values():
            if "stock" in found:
                row["p50_ratio"] = row["p50"] / found["stock"]["p50"]
                row["p95_ratio"] = row["p95"] / found["stock"]["p95"]
        rows += found.values()
    return rows


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--rooms", type=int, nargs="+", default=[1, 10, 30])
    options.add_argument("--seconds", type=float, default=20.0, help="typing time of each peer and number of rooms")
    options.add_argument("--turns", type=int, default=2, help="turns in which the peers alternate")
    options.add_argument("--without-cursors", action="store_true", help="send no awareness updates")
    options.add_argument("--spread", action="store_true", help="spread the typists evenly over time")
    options.add_argument("--peers", nargs="+", default=["stock", "ours", "y-websocket"])
    chosen = options.parse_args()
    columns = {
        "rooms": "rooms", "peer": "server", "p50": "p50 ms", "p95": "p95 ms", "p99": "p99 ms", "keys": "keys",
        "p50_ratio": "p50 ÷ stock", "p95_ratio": "p95 ÷ stock", "server_load": "server CPU %",
        "client_load": "client CPU %", "client_late": "client late p95 ms",
    }  # fmt: skip
    typing = Typing(chosen.seconds, chosen.turns, not chosen.without_cursors, not chosen.spread)
    name = "keystroke" if typing.together else "keystroke_spread"
    report = Report(name, "Keystroke to peer", columns, [str(typing)])
    with scratch() as folder:
        known: dict[str, Peer] = {"stock": stock, "ours": ours, "ours-normal": ours_normal}
        if "y-websocket" in chosen.peers and (program := install_y_websocket(folder)) is not None:
            known["y-websocket"] = y_websocket(program)
        peers = {name: known[name] for name in chosen.peers if name in known}
        report.rows = compare(peers, chosen.rooms, typing)
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
