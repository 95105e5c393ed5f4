"""How does a test talk to a server as its people do?

`House` is a running server seen from outside. `Person` is one seat in one room with what a browser would have: REST, the
channel, the document, the kernel socket. Every wait has a deadline and is woken by what arrives; nothing sleeps.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from pycrdt import Array, Doc, Map, Text, create_sync_message, create_update_message, handle_sync_message
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect

from tests.fixtures.server import Server

SECONDS = 20.0
"""Deadline of every wait: far above what a busy machine needs, and only reached by a failure."""

JSON = dict[str, Any]


class House:
    """A server, asked by its own user unless said otherwise. Use it with ``async with``."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.url = server.url
        self.people: list[Person] = []
        self._clients: list[httpx.AsyncClient] = []
        self.owner = self.client({"Authorization": f"token {server.token}"})
        self.nobody = self.client()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for person in self.people:
            await person.close()
        for client in self._clients:
            await client.aclose()

    def client(self, headers: dict[str, str] | None = None, path: str = "") -> httpx.AsyncClient:
        """An HTTP client that keeps cookies as a browser does; paths are relative to ``path``."""
        client = httpx.AsyncClient(base_url=self.url + path, headers=headers, timeout=SECONDS)
        self._clients.append(client)
        return client

    async def api(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """A call of the REST API as the server's own user that has to succeed; its JSON answer."""
        answer = await self.owner.request(method, f"api/interview/{path}", json=body, **options)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def room(self, title: str = "Interview", **fields: Any) -> Room:
        """A new room."""
        made = await self.api("POST", "rooms", {"title": title, "language": "python", **fields})
        return Room(self, made["id"])

    async def connect(self, path: str, **headers: str) -> WebSocketClientConnection:
        """A websocket; raises tornado's `HTTPClientError` when the handshake is refused."""
        protocols = [headers.pop("subprotocol")] if "subprotocol" in headers else None
        request = HTTPRequest(self.url.replace("http", "ws", 1) + path, headers=headers, connect_timeout=SECONDS)
        return await websocket_connect(request, subprotocols=protocols, max_message_size=64_000_000)

    async def channel(self, **headers: str) -> Channel:
        """A channel socket that is in no room yet."""
        return await Channel.open(await self.connect("api/interview/channel", **headers))


@dataclass
class Room:
    """A room, asked by the server's own user."""

    house: House
    id: str

    @property
    def path(self) -> str:
        """Of its facade, below the base URL, with a slash at its end."""
        return f"interview/{self.id}/"

    async def join(self, name: str = "Cara", **fields: Any) -> Person:
        """A seat by the link."""
        answer = await self.house.nobody.post(f"{self.path}join", json={"name": name, **fields})
        # A program keeps the token; the cookie would make each of us everybody.
        self.house.nobody.cookies.clear()
        assert answer.status_code == 200, answer.text
        return self.person(answer.json()["token"], answer.json()["member"])

    def person(self, token: str, member: JSON) -> Person:
        """Whom a token proves."""
        person = Person(self, token, member)
        self.house.people.append(person)
        return person

    async def invite(self, role: str, name: str | None = None, **fields: Any) -> Person:
        """A seat by invitation."""
        made = await self.api("POST", "/invitations", {"role": role, **fields})
        return await self.join(name or role.capitalize(), invite=made["url"].partition("#invite=")[2])

    async def api(self, method: str, path: str = "", body: Any = None, **options: Any) -> Any:
        """A call below ``rooms/<room>`` that has to succeed."""
        return await self.house.api(method, f"rooms/{self.id}{path}", body, **options)

    async def events(self, *kinds: str) -> list[JSON]:
        """The log; only these kinds."""
        found: list[JSON] = []
        after = 0
        while True:
            page = await self.api("GET", f"/events?after={after}&kind={','.join(kinds)}")
            found += page["events"]
            if page["next"] is None:
                return found
            after = page["next"]

    async def denied(self, member: str | None = None) -> list[JSON]:
        """What was refused; only to this member."""
        # A refusal is told before it is stored; a change of the room is stored, and all before it, when it is answered.
        await self.api("PATCH", "", {"tags": []})
        return [event for event in await self.events("denied") if member is None or event["member"] == member]

    async def until_denied(self, what: str, member: str | None = None) -> JSON:
        """The log's line about a refusal, once it is there."""

        async def look() -> JSON | None:
            found = await self.denied(member)
            return next((event["payload"] for event in found if event["payload"]["what"].startswith(what)), None)

        return await until(look)

    async def notebook(self, at: str | int | None = None) -> JSON:
        """The ``.ipynb`` as it stood."""
        notebook: JSON = await self.api("GET", "/notebook", params={} if at is None else {"at": str(at)})
        return notebook

    async def end(self) -> JSON:
        """End the interview."""
        ended: JSON = await self.api("POST", "/end")
        return ended


@dataclass
class Person:
    """A seat in a room."""

    room: Room
    token: str
    member: JSON
    sockets: list[Socket] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The member's."""
        member_id: str = self.member["id"]
        return member_id

    @property
    def headers(self) -> dict[str, str]:
        """That prove the seat."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def rest(self) -> httpx.AsyncClient:
        """Relative to the room's prefix."""
        if not hasattr(self, "_rest"):
            self._rest = self.room.house.client(self.headers, self.room.path)
        return self._rest

    async def _open(self, path: str, **headers: str) -> WebSocketClientConnection:
        return await self.room.house.connect(self.room.path + path, **{**self.headers, **headers})

    async def channel(self, **headers: str) -> Channel:
        """The room channel, joined."""
        channel = await Channel.open(await self._open("api/channel", **headers))
        self.sockets.append(channel)
        channel.joined = (await channel.expect("joined"))["content"]
        return channel

    async def document(self, doc: Doc[Any] | None = None) -> Notebook:
        """The shared notebook, synchronised."""
        path = f"api/collaboration/room/json:notebook:{self.room.id}?sessionId={self.room.id}"
        notebook = Notebook(await self._open(path), doc)
        self.sockets.append(notebook)
        await notebook.synchronise()
        return notebook

    async def kernel_id(self) -> str:
        """The kernel's id, once there is a kernel."""

        async def look() -> str | None:
            found = (await self.rest.get("api/kernels")).json()
            return found[0]["id"] if found else None

        return await until(look)

    async def kernel(self, kernel_id: str, subprotocol: str | None = None) -> Socket:
        """The kernel socket."""
        headers = {} if subprotocol is None else {"subprotocol": subprotocol}
        kernel = Socket(await self._open(f"api/kernels/{kernel_id}/channels", **headers))
        self.sockets.append(kernel)
        return kernel

    async def run(self, *cells: str) -> list[JSON]:
        """Queue cells as one batch."""
        answer = await self.rest.post("api/runs", json={"cells": [{"cell": cell} for cell in cells]})
        assert answer.status_code == 202, answer.text
        runs: list[JSON] = answer.json()["runs"]
        return runs

    async def close(self) -> None:
        """Close all sockets."""
        for each in self.sockets:
            await each.close()


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
        stream = self.connection.protocol.stream  # type: ignore[union-attr]  # open
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()

    def fall_asleep(self) -> None:
        """Read nothing any more: pings are not answered, and TCP still takes them."""
        stream = self.connection.protocol.stream  # type: ignore[union-attr]  # open
        stream.io_loop.remove_handler(stream.fileno())
        self._reader.cancel()

    async def half_a_frame(self) -> None:
        """The beginning of a frame whose end never comes."""
        await self.connection.protocol.stream.write(b"\x81\xfe\x10\x00abcd")  # type: ignore[union-attr]  # open

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
        return f"closed: {self.closed.is_set()} {self.close_code}; waiting: {[(f['type'], str(f['content'])[:120]) for f in self.frames[-12:]]}"

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
            return frame["type"] in ("ack", "error", "pong") and (
                frame["content"]["id"] if frame["type"] != "pong" else frame.get("id")
            ) == frame_id

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
        return self.doc.get("cells", type=Array)

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

    def edit(self, change: Callable[[], None]) -> bytes:
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
        await self.send(b"\x02\x04save" + bytes((number,)))
        wanted = f'"responseTo":{number},'.encode()
        await self.until(lambda: any(wanted in message for message in self.raw), "the answer to save")


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """The first true value of ``look``, asked again and again until the deadline: for what only REST can tell."""
    async with asyncio.timeout(SECONDS):
        while not (value := await look()):
            await asyncio.sleep(0)
    return value
