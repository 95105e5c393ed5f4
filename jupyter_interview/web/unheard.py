"""How much is somebody in the middle of saying?

What has not come as a whole, or waits to be handled, is held by this process. Of sockets it is counted per *owner* as
in `.unsent`: beyond the limit nothing more is read of them until something was handled. Bodies of strangers' requests
are counted by network and in all: beyond a limit a request is refused by its head.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from tornado.websocket import WebSocketProtocol13

FREE_BYTES = 65_536
"""What is read of any socket: a keystroke waits for nobody's large message."""
FREE_BODY_BYTES = 16_384
"""What the body of any request may have: less than its connection costs, and enough to log in or to join."""
_HEAD_BYTES = 8
_CLOSE = 8


class Unheard:
    """What is held of each owner."""

    def __init__(self) -> None:
        # In the order in which each began to hold something.
        self._held: dict[str, dict[Hearing, int]] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    def of(self, owner: str) -> int:
        """Bytes that are held of this owner."""
        return sum(self._held.get(owner, {}).values())

    def takes(self, hearing: Hearing, size: int) -> bool:
        """Whether a connection may hold so many bytes.

        The eldest always may: it comes to an end, so that two who have half a message each do not wait for each other.
        """
        held = self._held.get(hearing.owner, {})
        others = sum(held.values()) - held.get(hearing, 0)
        return size <= FREE_BYTES or others + size <= hearing.most or next(iter(held), hearing) is hearing

    def hold(self, hearing: Hearing, size: int) -> None:
        """So many bytes are held now; nothing is kept of an owner of whom nothing is held."""
        held = self._held.setdefault(hearing.owner, {})
        before = held.get(hearing, 0)
        if size:
            held[hearing] = size
        else:
            held.pop(hearing, None)
            if not held:
                del self._held[hearing.owner]
        if size < before:
            for waiting in self._waiting.pop(hearing.owner, []):
                if not waiting.done():
                    waiting.set_result(None)

    async def changed(self, owner: str) -> None:
        """Wait until less is held of this owner."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, []).append(waiting)
        await waiting


class Hearing:
    """What is held of one connection.

    Args:
        unheard: where it is counted for its owner.
        owner: who that is.
        most: bytes for all connections of the owner; the eldest message apart.
    """

    def __init__(self, unheard: Unheard, owner: str, most: int) -> None:
        self._unheard = unheard
        self.owner = owner
        self.most = most
        self.bytes = 0

    async def hold(self, size: int) -> None:
        """Hold so many bytes in all, once that is allowed. Fewer than before always are."""
        while size > self.bytes and not self._unheard.takes(self, size):
            await self._unheard.changed(self.owner)
        self.let_go(size)

    def let_go(self, size: int = 0) -> None:
        """Hold so many bytes from now on."""
        if size != self.bytes:
            self.bytes = size
            self._unheard.hold(self, size)


class HeardProtocol(WebSocketProtocol13):
    """Tornado's websocket, which reads a frame once it may be held.

    Args:
        handler: whose it is. Its ``max_message_size`` is asked for each frame.
        params: tornado's.
        hearing: what is held of it.
    """

    def __init__(self, handler: Any, params: Any, hearing: Hearing) -> None:
        super().__init__(handler, False, params)
        self._hearing = hearing

    async def _read_bytes(self, n: int) -> bytes:
        if n > _HEAD_BYTES:
            await self._hearing.hold(self._parts + n)
        if n <= FREE_BYTES:
            return await super()._read_bytes(n)
        # In pieces: what a closed stream has not given out stays in its buffer until a collection finds the stream.
        pieces, left = [], n
        while left:
            piece = await self.stream.read_bytes(min(left, FREE_BYTES), partial=True)
            left -= len(piece)
            pieces.append(piece)
        self._wire_bytes_in += n
        return b"".join(pieces)

    async def _receive_frame(self) -> None:
        self.params.max_message_size = self.handler.max_message_size  # type: ignore[attr-defined]  # a WebSocketHandler
        await super()._receive_frame()
        # A whole message was handled by now. Parts of one count however small they are.
        await self._hearing.hold(self._parts)
        # Frames that have come already are read without a pause, and tornado makes one after hundreds of them only.
        await asyncio.sleep(0)

    def _handle_message(self, opcode: int, data: bytes) -> Any:
        if self.server_terminated and opcode != _CLOSE:
            # What was sent before the other side heard that we closed.
            return None
        return super()._handle_message(opcode, data)

    async def _receive_frame_loop(self) -> None:
        try:
            await super()._receive_frame_loop()
        finally:
            self._hearing.let_go()

    @property
    def _parts(self) -> int:
        """Bytes of a message of which the end has not come."""
        return len(self._fragmented_message_buffer or b"")


class Bodies:
    """The bodies of strangers' requests that are on their way.

    Args:
        most_of_network: bytes for one network.
        most: bytes for all.
    """

    def __init__(self, most_of_network: int, most: int) -> None:
        self._most_of_network = most_of_network
        self._most = most
        self._bytes: Counter[str] = Counter()
        self.bytes = 0

    def begin(self, network: str, size: int) -> bool:
        """Whether a body of so many bytes may come; then it counts until `end`."""
        of_network = self._bytes.get(network, 0)
        if size > FREE_BODY_BYTES and (of_network + size > self._most_of_network or self.bytes + size > self._most):
            return False
        self._bytes[network] += size
        self.bytes += size
        return True

    def end(self, network: str, size: int) -> None:
        """It has come, or never will; nothing is kept of a network from which nothing comes."""
        self.bytes -= size
        self._bytes[network] -= size
        if self._bytes[network] <= 0:
            del self._bytes[network]


UNHEARD = Unheard()
"""Of this process."""
