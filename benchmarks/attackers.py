"""Who sends the hostile load of a benchmark, and from which room?

An attacker deals with one socket: a message counts once the server has answered what came behind it, or closed the
socket. There is one for each kind of socket that the server has.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.fuzz.frames import Frames
from tests.integration.bytes_of import V1, kernel_message

from .common import JSON, BenchmarkError, Server
from .servers import Seat, document_seat, invited
from .websocket import Socket, connect

Message = str | bytes

_SAVE = b"\2\4save\1"
_SAVED = b'"responseTo":1'
_PATIENCE_SECONDS = 120.0
_NOTEBOOK_CELLS, _CELL_CHARS = 60, 12_000


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
    return room, invited(server, room, role, "Attacker")


async def kernel_of(server: Server, room: str, token: str) -> str:
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


@dataclass
class Fuzzer:
    """An attacker, what frames it makes, and how many at a time: what closes a socket takes the rest along."""

    attacker: Attacker
    make: Callable[[Frames], Message]
    portion: int


async def fuzzers(server: Server) -> list[Fuzzer]:
    """One for each kind of socket: those of a candidate, those of a spectator, and the channel of nobody yet."""
    room, candidate = await asyncio.to_thread(attacked_room, server, "candidate")
    watched, spectator = await asyncio.to_thread(attacked_room, server, "spectator")
    document = await asyncio.to_thread(document_seat, server, room, candidate)
    other = await asyncio.to_thread(document_seat, server, watched, spectator)
    place = f"{server.url}/interview/{room}/api"
    channels = [
        _channel(replace(document, url=f"{place}/channel")),
        _channel(replace(other, url=f"{server.url}/interview/{watched}/api/channel")),
        _channel(replace(document, url=f"{server.url}/api/interview/channel", headers={})),
    ]
    # A candidate in the room is what its kernel starts for.
    await channels[0].attacker.deal('{"type":"ping"}')
    kernel = replace(document, url=f"{place}/kernels/{await kernel_of(server, room, candidate)}/channels")
    documents = [Fuzzer(Attacker(seat), Frames.document, 1) for seat in (document, other)]
    return [*channels, _kernel(kernel, None), _kernel(kernel, V1), *documents]


def _channel(seat: Seat) -> Fuzzer:
    return Fuzzer(Attacker(seat, lambda: '{"type":"ping","id":"probe"}', b'"pong"', True), Frames.channel, 10)


def _kernel(seat: Seat, subprotocol: str | None) -> Fuzzer:
    if subprotocol is not None:
        seat = replace(seat, headers={**seat.headers, "Sec-WebSocket-Protocol": subprotocol})

    def look() -> Message:
        return kernel_message("kernel_info_request", "control", {}, subprotocol)

    return Fuzzer(Attacker(seat, look, b"kernel_info_reply"), lambda frames: frames.kernel(subprotocol), 10)
