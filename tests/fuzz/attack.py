"""How are hostile frames sent, and what has to be true meanwhile?

`Attack` has every kind of socket of one room open and sends to each in turn; a frame is *dealt with* once the server
answered what came behind it, or closed the socket with a code of a refusal. `Neighbour` types in another room: each
key has to arrive at the other browser, and to be stored, before the next one is pressed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Self

from tornado.websocket import WebSocketClosedError

from tests.integration.bytes_of import V1, kernel_message
from tests.integration.clients import Channel, House, Notebook, Person, Room, Socket

from .frames import Frame, Frames, Session

#: Codes with which a socket may be closed: refusals, and what tornado says of frames that are none. Never 1011.
REFUSALS = frozenset({1000, 1002, 1003, 1005, 1006, 1007, 1009, 4400, 4403, 4410, 4413, 4429, 4503, None})
Open = Callable[[], Awaitable[Socket]]


class _Target:
    """One socket under attack, opened again whenever the server closed it."""

    def __init__(
        self, name: str, opening: Open, frame: Callable[[Frames], Frame], probe: Callable[[], Frame], answer: bytes
    ) -> None:
        self.name = name
        self.socket: Socket | None = None
        self.closed: dict[int | None, int] = {}
        self._opening = opening
        self._frame = frame
        self._probe = probe
        self._answer = answer

    async def take(self, frames: Frames) -> None:
        """Send one frame and see that it was dealt with."""
        if self.socket is not None and self.socket.closed.is_set():
            # Tornado's client is only done with what it has closed itself.
            await self.socket.close()
            self.socket = None
        if self.socket is None:
            self.socket = await self._opening()
        socket, frame = self.socket, self._frame(frames)
        try:
            await socket.send(frame)
            seen = len(socket.received)
            await socket.send(self._probe())
            await socket.until(
                lambda: socket.closed.is_set() or self._answered(socket, seen), f"{self.name}: {frame!r:.300}"
            )
        except WebSocketClosedError:
            await socket.until_closed()
        socket.received.clear()
        if socket.closed.is_set():
            code = socket.close_code
            self.closed[code] = self.closed.get(code, 0) + 1
            assert code in REFUSALS, f"{self.name} was closed with {code} by {frame!r:.300}"

    def _answered(self, socket: Socket, seen: int) -> bool:
        messages = socket.received[seen:]
        return any(self._answer in (each if isinstance(each, bytes) else each.encode()) for each in messages)


class Attack:
    """A candidate and a spectator who send what they like.

    Args:
        room: theirs.
        candidate: may edit.
        spectator: may only watch.
        kernel: id of the room's kernel.
    """

    def __init__(self, room: Room, candidate: Person, spectator: Person, kernel: str) -> None:
        def ping() -> Frame:
            return '{"type":"ping","id":"probe"}'

        def save() -> Frame:
            return b"\2\4save\1"

        pong, saved = b'"pong"', b'"responseTo":1'
        self.sent = 0
        self.targets = [
            _Target("channel", lambda: _plain(candidate, "api/channel"), Frames.channel, ping, pong),
            _Target("spectator's channel", lambda: _plain(spectator, "api/channel"), Frames.channel, ping, pong),
            _Target("open channel", partial(_nobody, room.house), Frames.channel, ping, pong),
            _Target("document", lambda: _document(candidate), Frames.document, save, saved),
            _Target("spectator's document", lambda: _document(spectator), Frames.document, save, saved),
            _Target("kernel", lambda: candidate.kernel(kernel), lambda frames: frames.kernel(None), *_info(None)),
            _Target("kernel, v1", lambda: candidate.kernel(kernel, V1), lambda frames: frames.kernel(V1), *_info(V1)),
        ]
        self._session = Session(room.id)

    async def close(self) -> None:
        """Close all sockets."""
        for target in self.targets:
            if target.socket is not None:
                await target.socket.close()

    async def send(self, seeds: Iterable[int]) -> None:
        """A frame for each, to the socket that the seed says."""
        for seed in seeds:
            await self.targets[seed % len(self.targets)].take(Frames(Random(seed), self._session))
            self.sent += 1


class Neighbour:
    """Two people in a room of their own, who notice nothing."""

    def __init__(self, writer: Notebook, reader: Notebook, tells: Channel, hears: Channel) -> None:
        self._writer, self._reader, self._tells, self._hears = writer, reader, tells, hears
        self.typed = ""
        self.said = 0
        self._stop = False

    @classmethod
    async def move_in(cls, house: House) -> Self:
        """In a room of their own."""
        room = await house.room("Neighbours")
        one, two = await room.join("Nora"), await room.invite("interviewer", "Nils")
        return cls(await one.document(), await two.document(), await one.channel(), await two.channel())

    async def key(self) -> None:
        """Press one: it is stored, and the other one sees it where it belongs."""
        char = chr(ord("a") + len(self.typed) % 26)
        self.typed += char
        await self._writer.type(char)
        await self._writer.saved()
        self._writer.raw.clear()
        await self._reader.until(lambda: str(self._reader.text()).endswith(self.typed), f"key {len(self.typed)}")
        if len(self.typed) % 20 == 0:
            self.said += 1
            text = f"line {self.said}"
            assert (await self._tells.ask("chat_message", text))["type"] == "ack"
            await self._hears.expect("chat_message", lambda frame: bool(frame["content"] == text))

    @contextlib.asynccontextmanager
    async def typing(self) -> Any:
        """They type until the block ends, and once more afterwards."""
        self._stop = False
        task = asyncio.create_task(self._go_on())
        try:
            yield
        finally:
            self._stop = True
            await task
        await self.key()

    async def _go_on(self) -> None:
        while not self._stop:
            await self.key()


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _info(subprotocol: str | None) -> tuple[Callable[[], Frame], bytes]:
    """What a kernel is asked, and how it answers, also while it is busy. It takes no message twice."""
    return partial(kernel_message, "kernel_info_request", "control", {}, subprotocol), b"kernel_info_reply"


async def _plain(person: Person, path: str) -> Socket:
    socket = Socket(await person._open(path))
    person.sockets.append(socket)
    await socket.until(lambda: socket.received or socket.closed.is_set(), "joined")
    return socket


async def _document(person: Person) -> Socket:
    path = f"api/collaboration/room/json:notebook:{person.room.id}?sessionId={person.room.id}"
    return await _plain(person, path)


async def _nobody(house: House) -> Socket:
    return Socket(await house.connect("api/interview/channel"))


__all__ = ["REFUSALS", "Attack", "Neighbour", "resident"]
