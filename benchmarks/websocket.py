"""How does a benchmark talk over a websocket without being the bottleneck itself?

A websocket client (RFC 6455) of the least that is needed: no compression, no fragments to send, and the mask of every
frame is zero, which the standard allows and which saves the exclusive-or. Handling a frame costs some microseconds.
"""

from __future__ import annotations

import asyncio
import base64
import os
import urllib.parse
from collections.abc import Callable, Mapping

from .common import BenchmarkError

_TEXT, _BINARY, _CLOSE, _PING, _PONG = 1, 2, 8, 9, 10
_MASKED = 0x80
_NO_MASK = bytes(4)


class Socket(asyncio.Protocol):
    """One client side of a websocket. Make it with `connect`.

    Set ``on_message`` to be called with the payload of each text or binary message.
    """

    def __init__(self, request: bytes) -> None:
        self.on_message: Callable[[bytes], None] | None = None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed: str | None = None
        self._request = request
        self._buffer = bytearray()
        self._waiting: list[bytes] = []
        self._fragments: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        """Part of `asyncio.Protocol`."""
        self.closed = self.closed or f"connection lost: {error}"
        if not self.opened.done():
            self.opened.set_exception(BenchmarkError(self.closed))

    def data_received(self, data: bytes) -> None:
        """Part of `asyncio.Protocol`."""
        self._buffer += data
        if not self.opened.done() and not self._read_answer():
            return
        while self._read_frame():
            pass

    def send(self, payload: bytes, text: bool = False) -> None:
        """Send one message."""
        self._write(_TEXT if text else _BINARY, payload)

    def close(self) -> None:
        """Say goodbye and close."""
        if self._transport is not None and not self._transport.is_closing():
            self.closed = "closed by us"
            self._write(_CLOSE, (1000).to_bytes(2, "big"))
            self._transport.close()

    def listen(self, on_message: Callable[[bytes], None]) -> None:
        """Set ``on_message``, and hand it first what came before."""
        self.on_message = on_message
        waiting, self._waiting = self._waiting, []
        for payload in waiting:
            on_message(payload)

    def _write(self, opcode: int, payload: bytes) -> None:
        if self._transport is None:
            raise BenchmarkError("the socket is not open")
        size = len(payload)
        if size < 126:
            head = bytes((0x80 | opcode, _MASKED | size))
        elif size < 65536:
            head = bytes((0x80 | opcode, _MASKED | 126)) + size.to_bytes(2, "big")
        else:
            head = bytes((0x80 | opcode, _MASKED | 127)) + size.to_bytes(8, "big")
        self._transport.write(head + _NO_MASK + payload)

    def _read_answer(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = bytes(self._buffer[: self._buffer.find(b"\r\n")])
        if b" 101 " not in status:
            self.opened.set_exception(BenchmarkError(f"no websocket: {bytes(self._buffer[:300])!r}"))
            return False
        del self._buffer[: end + 4]
        self.opened.set_result(None)
        return True

    def _read_frame(self) -> bool:
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        size, start = buffer[1] & 0x7F, 2
        if size == 126:
            size, start = int.from_bytes(buffer[2:4], "big"), 4
        elif size == 127:
            size, start = int.from_bytes(buffer[2:10], "big"), 10
        if len(buffer) < start + size:
            return False
        first = buffer[0]
        payload = bytes(buffer[start : start + size])
        del buffer[: start + size]
        self._take(first & 0x0F, bool(first & 0x80), payload)
        return True

    def _take(self, opcode: int, last: bool, payload: bytes) -> None:
        if opcode == _PING:
            self._write(_PONG, payload)
        elif opcode == _CLOSE:
            self.closed = f"closed by the server: {payload[:2].hex()} {payload[2:].decode(errors='replace')}"
        elif opcode != _PONG:
            self._fragments.append(payload)
            if last:
                whole = b"".join(self._fragments)
                self._fragments.clear()
                if self.on_message is None:
                    self._waiting.append(whole)
                else:
                    self.on_message(whole)


async def connect(url: str, headers: Mapping[str, str]) -> Socket:
    """Open a websocket to ``url`` (``http://host:port/path?query``) with additional ``headers``.

    Raises:
        BenchmarkError: the server does not want to.
    """
    parts = urllib.parse.urlsplit(url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        "Sec-WebSocket-Version: 13",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if parts.hostname is None or parts.port is None:
        raise BenchmarkError(f"{url} names no host and port")
    request = ("\r\n".join(lines) + "\r\n\r\n").encode()
    _, made = await asyncio.get_running_loop().create_connection(lambda: Socket(request), parts.hostname, parts.port)
    try:
        await asyncio.wait_for(made.opened, 30)
    except BaseException:
        # A server that refuses keeps the connection for the next request.
        made.close()
        raise
    return made
