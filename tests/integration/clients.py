"""How does a test talk to a server as its people do?

`House` is a running server seen from outside. `Person` is one seat in one room with what a browser would have: REST,
the channel, the document, the kernel socket. Every wait has a deadline and is woken by what arrives; nothing sleeps.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import httpx
from pycrdt import Doc
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from tests.fixtures.server import Server

from .sockets import JSON, SECONDS, Channel, Notebook, Socket, until


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

        payload: JSON = await until(look)
        return payload

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

        kernel_id: str = await until(look)
        return kernel_id

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


__all__ = ["JSON", "SECONDS", "Channel", "House", "Notebook", "Person", "Room", "Socket", "until"]
