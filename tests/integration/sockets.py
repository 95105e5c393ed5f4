"""What is at the other end of our websockets? The three kinds as their clients see them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Any, Self

from pycrdt import Array, Doc, Map, Text, create_sync_message, create_update_message, handle_sync_message
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError

SECONDS = 60.0
"""Deadline of every wait: far above what a busy machine needs, and only reached by a failure."""

JSON = dict[str, Any]


class Socket:
    """A websocket whose messages are read as they come."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        self.connection = connection
        self._news = asyncio.Event()
        self.closed = asyncio.Event()
        self.received: list[str | bytes] = []
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while (message := await self.connection.read_message()) is not None:
            self.took(message)
            self._news.set()
        self.closed.set()
        self._news.set()

    def took(self, message: str | bytes) -> None:
        """Keep a message."""
        self.received.append(message)

    def heard(self, words: bytes) -> bool:
        """Whether a message with these words came."""
        return any(words in (each.encode() if isinstance(each, str) else each) for each in self.received)

    async def send(self, message: str | bytes) -> None:
        """Send as text or binary, as its type says."""
        await self.connection.write_message(message, binary=isinstance(message, bytes))

    async def until(self, condition: Callable[[], Any], what: object = "") -> Any:
        """The first true value of ``condition``, looked at whenever something arrived."""
        async with asyncio.timeout(SECONDS):
            while True:
                self._news.clear()
                if value := condition():
                    return value
                try:
                    await self._news.wait()
                except asyncio.CancelledError:  # the deadline
                    raise TimeoutError(f"waited for {what or condition}; {self.describe()}") from None

    def describe(self) -> str:
        """For the message of a failed wait."""
        return f"closed: {self.closed.is_set()} {self.close_code}; the last: {self.received[-5:]}"

    @property
    def close_code(self) -> int | None:
        """Why it was closed."""
        return self.connection.close_code

    async def until_closed(self) -> int | None:
        """The code with which the server closed it."""
        async with asyncio.timeout(SECONDS):
            await self.closed.wait()
        return self.close_code

    def reset(self) -> None:
        """Vanish as a machine that lost its power would answer: TCP reset, no closing handshake."""
        stream = self._stream()
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()

    def fall_asleep(self) -> None:
        """Read nothing any more: pings are not answered, and TCP still takes them."""
        stream = self._stream()
        stream.io_loop.remove_handler(stream.fileno())
        self._reader.cancel()

    async def half_a_frame(self) -> None:
        """The beginning of a frame whose end never comes."""
        await self._stream().write(b"\x81\xfe\x10\x00abcd")

    def hang_up(self) -> None:
        """Close TCP without the websocket's handshake."""
        self._stream().close()

    def _stream(self) -> Any:
        """What is below an open websocket."""
        assert self.connection.protocol is not None
        return self.connection.protocol.stream

    async def close(self) -> None:
        """Close in good order. Idempotent."""
        with contextlib.suppress(WebSocketClosedError):
            self.connection.close()
        with contextlib.suppress(asyncio.CancelledError):
            async with asyncio.timeout(SECONDS):
                await self._reader


class Channel(Socket):
    """The room channel. ``joined`` is what the server told at the door."""

    def __init__(self, connection: WebSocketClientConnection) -> None:
        super().__init__(connection)
        self.joined: JSON = {}
        self.frames: list[JSON] = []
        self.all: list[JSON] = []
        self._number = 0

    @classmethod
    async def open(cls, connection: WebSocketClientConnection) -> Self:
        """A channel on an open websocket."""
        return cls(connection)

    def took(self, message: str | bytes) -> None:
        """Frames are JSON text."""
        assert isinstance(message, str), message
        frame = json.loads(message)
        self.frames.append(frame)
        self.all.append(frame)

    def describe(self) -> str:
        """For the message of a failed wait."""
        waiting = [(frame["type"], str(frame["content"])[:120]) for frame in self.frames[-12:]]
        return f"closed: {self.closed.is_set()} {self.close_code}; waiting: {waiting}"

    async def tell(self, kind: str, content: Any = None, **fields: Any) -> str:
        """Send a frame; its id."""
        self._number += 1
        frame = {"type": kind, "id": f"{id(self)}-{self._number}", "content": content, **fields}
        await self.send(json.dumps(frame))
        return str(frame["id"])

    async def ask(self, kind: str, content: Any = None, **fields: Any) -> JSON:
        """Send a frame; the content of its ``ack`` or ``error``."""
        frame_id = await self.tell(kind, content, **fields)
        return await self.answer(frame_id)

    async def answer(self, frame_id: Any) -> JSON:
        """The content of the ``ack`` or ``error`` that answers a frame, with the frame's ``type``."""

        def match(frame: JSON) -> bool:
            return (
                frame["type"] in ("ack", "error", "pong")
                and (frame["content"]["id"] if frame["type"] != "pong" else frame.get("id")) == frame_id
            )

        frame = await self._take(match, f"the answer to {frame_id}")
        return {"type": frame["type"], **(frame["content"] or {})}

    async def expect(self, kind: str, condition: Callable[[JSON], Any] = lambda frame: True) -> JSON:
        """The first frame of this type that is not yet taken and fulfils ``condition``; it is taken."""
        return await self._take(lambda frame: frame["type"] == kind and condition(frame), kind)

    async def _take(self, match: Callable[[JSON], Any], what: str) -> JSON:
        def look() -> JSON | None:
            return next((frame for frame in self.frames if match(frame)), None)

        frame: JSON = await self.until(look, what)
        self.frames.remove(frame)
        return frame

    async def pending(self, *kinds: str) -> list[JSON]:
        """What came and was not taken, after everything that the server had sent so far has arrived."""
        frame_id = await self.tell("ping")
        await self.answer(frame_id)
        return [frame for frame in self.frames if not kinds or frame["type"] in kinds]


class Notebook(Socket):
    """The document socket with a document behind it, as JupyterLab's provider has one."""

    def __init__(self, connection: WebSocketClientConnection, doc: Doc[Any] | None = None) -> None:
        self.doc: Doc[Any] = doc if doc is not None else Doc()
        self.raw: list[bytes] = []
        self.awareness: list[bytes] = []
        self._synced = False
        self._saves = 0
        super().__init__(connection)

    def took(self, message: str | bytes) -> None:
        """Apply what the server sends."""
        assert isinstance(message, bytes), message
        if message[0] == 0:
            answer = handle_sync_message(message[1:], self.doc)
            self._synced = self._synced or message[1] == 1
            if answer is not None:
                with contextlib.suppress(WebSocketClosedError):
                    self.connection.write_message(answer, binary=True)
        elif message[0] == 1:
            self.awareness.append(message)
        else:
            self.raw.append(message)

    async def synchronise(self) -> None:
        """Ask for what this document lacks; what the server lacks goes the other way."""
        await self.send(create_sync_message(self.doc))
        await self.until(lambda: self._synced, "the first synchronisation")

    @property
    def cells(self) -> Array[Any]:
        """The cells."""
        cells: Array[Any] = self.doc.get("cells", type=Array)
        return cells

    def cell(self, index: int = 0) -> str:
        """A cell's id."""
        return str(self.cells[index]["id"])

    def text(self, index: int = 0) -> Text:
        """A cell's source."""
        text: Text = self.cells[index]["source"]
        return text

    def sources(self) -> list[str]:
        """All sources."""
        return [str(cell["source"]) for cell in self.cells]

    def outputs(self, index: int = 0) -> list[JSON]:
        """A cell's outputs, as they stand in the document."""
        outputs: list[JSON] = self.cells[index]["outputs"].to_py()
        return outputs

    def printed(self, index: int = 0) -> str:
        """What a cell has written to stdout."""
        return "".join(output["text"] for output in self.outputs(index) if output.get("name") == "stdout")

    def edit(self, change: Callable[[], Any]) -> bytes:
        """Change the document here only; the update."""
        before = self.doc.get_state()
        change()
        return self.doc.get_update(before)

    async def type(self, text: str, index: int = 0) -> None:
        """Write at a cell's end and send it, as one keystroke does."""
        update = self.edit(lambda: self.text(index).__iadd__(text))
        await self.send(create_update_message(update))

    async def set_source(self, source: str, index: int = 0) -> None:
        """Replace a cell's source."""

        def change() -> None:
            text = self.text(index)
            text.clear()
            text += source

        await self.send(create_update_message(self.edit(change)))
        await self.saved()

    async def add_cells(self, *sources: str) -> None:
        """Append code cells."""

        def change() -> None:
            for number, source in enumerate(sources, len(self.cells)):
                cell = {"id": f"cell-{number}", "cell_type": "code", "metadata": Map({}), "source": Text(source)}
                self.cells.append(Map({**cell, "outputs": Array(), "execution_count": None}))

        await self.send(create_update_message(self.edit(change)))
        await self.saved()

    async def saved(self) -> None:
        """Wait until all that was sent is durable."""
        self._saves += 1
        number = self._saves
        varint = bytes((number,)) if number < 128 else bytes((number & 127 | 128, number >> 7))
        await self.send(b"\x02\x04save" + varint)
        wanted = f'"responseTo":{number},'.encode()
        await self.until(lambda: any(wanted in message for message in self.raw), "the answer to save")


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """The first true value of ``look``, asked again and again until the deadline: for what only REST can tell."""
    async with asyncio.timeout(SECONDS):
        # Nothing tells a REST client when to ask again.
        while not (value := await look()):  # noqa: ASYNC110
            await asyncio.sleep(0)
    return value
