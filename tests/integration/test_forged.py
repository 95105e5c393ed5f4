"""What can a dishonest client do? Nothing, it is written down, and nobody else feels it.

Each test has somebody at work with devtools while three others go on: an interviewer and another candidate edit and
chat, a spectator looks on.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from pycrdt import Doc, create_update_message
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClosedError

from jupyter_interview.auth import SignedTokens, load_secret
from tests.integration.bytes_of import V1, awareness_message, awareness_states, kernel_message, update_message
from tests.integration.clients import JSON, Channel, House, Notebook, Person, Room

pytestmark = pytest.mark.integration

FORBIDDEN, BAD, TOO_BIG = 4403, 4400, 1009


@dataclass
class Others:
    """An interviewer and a candidate who mind their own business."""

    room: Room
    ivan: Person
    dora: Person
    ivans: Notebook
    doras: Notebook
    ivan_hears: Channel
    dora_hears: Channel
    round: int = 0

    async def go_on(self) -> None:
        """Both edit and chat, and see what the other does."""
        self.round += 1
        for writer, reader, tell, hear, name in (
            (self.ivans, self.doras, self.ivan_hears, self.dora_hears, "ivan"),
            (self.doras, self.ivans, self.dora_hears, self.ivan_hears, "dora"),
        ):
            said = f"{name}-{self.round}"
            await writer.type(f"#{said}\n")
            await reader.until(lambda reader=reader, said=said: reader.sources()[0].count(said) == 1, said)
            answer = await tell.ask("chat_message", said)
            assert answer["type"] == "ack", answer
            await hear.expect("chat_message", lambda frame, said=said: frame["content"] == said)


@pytest_asyncio.fixture
async def room(house: House) -> Room:
    """A room that seats two candidates."""
    return await house.room(settings={"seats": 2})


@pytest_asyncio.fixture
async def eve(room: Room) -> Person:
    """The dishonest candidate."""
    return await room.join("Eve")


@pytest_asyncio.fixture
async def others(room: Room, eve: Person) -> AsyncIterator[Others]:
    """The honest ones; after the attack they still work, and nobody has lost a word."""
    ivan, dora = await room.invite("interviewer", "Ivan"), await room.join("Dora")
    others = Others(
        room,
        ivan,
        dora,
        await ivan.document(),
        await dora.document(),
        await ivan.channel(),
        await dora.channel(),
    )
    await others.go_on()
    yield others
    await others.go_on()
    texts = {others.ivans.sources()[0], others.doras.sources()[0], (await room.notebook())["cells"][0]["source"]}
    assert len(texts) == 1, texts


def forged_update(notebook: Notebook, client_id: int, text: str) -> bytes:
    """Text at the first cell's end, written with somebody's client id."""
    twin: Doc[Any] = Doc(client_id=client_id)
    twin.apply_update(notebook.doc.get_update())
    before = twin.get_state()
    twin.get("cells", type=type(notebook.cells))[0]["source"] += text
    return twin.get_update(before)


# -- the document socket


async def test_forged_client_id_is_refused(room: Room, eve: Person, others: Others) -> None:
    """Operations with the interviewer's client id: the socket closes, the document is as it was."""
    notebook = await eve.document()
    before = others.ivans.sources()
    await notebook.send(update_message(forged_update(notebook, others.ivans.doc.client_id, "EVIL")))
    assert await notebook.until_closed() == BAD
    denied = await room.until_denied("document_update", eve.id)
    assert denied["client"] == others.ivans.doc.client_id
    await others.go_on()
    assert "EVIL" not in others.ivans.sources()[0] and others.ivans.sources()[0].startswith(before[0])


async def test_forged_client_id_of_somebody_who_left_is_refused(room: Room, eve: Person, others: Others) -> None:
    """A client id belongs to its member also when the socket is gone, and when the room was opened anew."""
    client_id = others.doras.doc.client_id
    text = others.doras.sources()
    await others.doras.close()
    notebook = await eve.document()
    await notebook.send(update_message(forged_update(notebook, client_id, "EVIL")))
    assert await notebook.until_closed() == BAD
    others.doras = await others.dora.document(others.doras.doc)
    assert others.doras.sources() == text


async def test_forged_awareness_identity_is_refused(room: Room, eve: Person, others: Others) -> None:
    """A cursor in another's name, or over another's cursor: the socket closes. A made-up name is replaced."""
    ivans = {"username": others.ivan.id, "name": "Ivan", "display_name": "Ivan"}
    notebook = await eve.document()
    await notebook.send(awareness_message(77, 1, {"user": ivans}))
    assert await notebook.until_closed() == BAD
    assert (await room.until_denied("awareness", eve.id))["reason"]

    await others.ivans.send(awareness_message(others.ivans.doc.client_id, 5, {"cursor": 1}))
    await others.doras.until(lambda: any(states(others.doras, others.ivan)), "Ivan's cursor")
    for state in ({"cursor": 2}, {"user": ivans}):
        notebook = await eve.document()
        await notebook.send(awareness_message(others.ivans.doc.client_id, 6, state))
        assert await notebook.until_closed() == BAD

    notebook = await eve.document()
    others.doras.awareness.clear()
    await notebook.send(awareness_message(notebook.doc.client_id, 1, {"user": {"name": "Ivan"}, "cursor": 3}))
    [state] = await others.doras.until(lambda: states(others.doras, eve), "Eve's cursor")
    assert state["user"]["name"] == "Eve" and state["cursor"] == 3
    # Her cursor goes with her socket; Ivan's stays.
    others.doras.awareness.clear()
    await notebook.close()
    await others.doras.until(lambda: [None] in map(awareness_states, others.doras.awareness), "its end")


def states(notebook: Notebook, person: Person) -> list[JSON]:
    """What was heard of a person's cursor."""
    heard = [state for message in notebook.awareness for state in awareness_states(message)]
    return [state for state in heard if state is not None and state["user"]["username"] == person.id]


async def test_forged_edits_of_those_who_may_not(room: Room, eve: Person, others: Others) -> None:
    """A spectator, and a candidate whose editing was switched off in the middle: refused on the server's say."""
    sam = await room.invite("spectator")
    looking = await sam.document()
    await looking.type("EVIL")
    assert await looking.until_closed() == FORBIDDEN
    assert (await room.until_denied("document_update", sam.id))["permission"] == "edit"
    # What every page of JupyterLab writes when it opens is passed over.
    looking = await sam.document()
    state = looking.doc.get("state", type=type(looking.cells[0]))
    update = looking.edit(lambda: state.__setitem__("document_id", "x"))
    await looking.send(create_update_message(update))
    await looking.saved()

    notebook = await eve.document()
    await notebook.type("#allowed\n")
    await notebook.saved()
    await room.api("PATCH", f"/members/{eve.id}", {"permissions": {"edit": False}})
    await notebook.type("EVIL")
    assert await notebook.until_closed() == FORBIDDEN
    channel = await eve.channel()
    assert (await channel.ask("code_update", "EVIL"))["code"] == "forbidden"
    # A step-2 answer of the handshake carries edits as well.
    back = Notebook(await eve._open(f"api/collaboration/room/json:notebook:{room.id}"), notebook.doc)
    eve.sockets.append(back)
    assert await back.until_closed() == FORBIDDEN
    assert others.ivans.sources()[0].count("#allowed") == 1
    assert not any("EVIL" in source for source in others.ivans.sources())


def malformed_documents() -> list[bytes]:
    """What is no message of the document's protocol, or ends too early, or says absurd numbers."""
    rng = random.Random(7)  # noqa: S311  # no secret
    whole = update_message(b"\x01\x01\xc8\x01\x00\x04\x01\x05cells\x01x\x00")
    listed = [
        b"",
        b"\x00",
        b"\x00\x02",
        b"\x00\x02\xff\xff\xff\xff\x7f",
        b"\x00\x00\x05\x01\x02",
        b"\x00\x07\x00",
        b"\x09\x00",
        b"\x00\x02\x01\x00trailing",
        b"\x01\xff\xff\x03",
        b"\x01\x03\x01\x01\x01",
        b"\x02\x04shut\x00",
        b"\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        update_message(b"\x01\xff\xff\xff\xff\xff\xff\x0f\x01\x00"),
        update_message(b"\xff\xff\xff\xff\x0f"),
        update_message(b"\x01\x01\x05\x00\x0a\x05\x00"),
        update_message(b"\x01\x01\x05\x00\x04\x01\x05other\x01x\x00"),
        awareness_message(1, 1, "not JSON"),
        awareness_message(1, 1, "[1]"),
        awareness_message(1, 1, '{"user": {}, "a": "\\ud800"}'),
        awareness_message(1, 1, "[" * 10_000),
        awareness_message(1, 1, {"a": "x" * 20_000}),
    ]
    return [
        *listed,
        *(whole[:end] for end in range(2, len(whole), 3)),
        *(bytes((0, 2)) + rng.randbytes(rng.randrange(1, 60)) for _ in range(25)),
        *(rng.randbytes(rng.randrange(1, 60)) for _ in range(25)),
    ]


async def test_forged_and_malformed_document_frames(room: Room, eve: Person, others: Others) -> None:
    """Every one is passed over or closes its own socket, with a code; none reaches the document."""
    before = others.ivans.sources()
    closed = 0
    for message in malformed_documents():
        notebook = await eve.document()
        await notebook.send(message)
        # Well-formed by accident: the socket lives on and answers.
        saving = asyncio.create_task(notebook.saved())
        closing = asyncio.create_task(notebook.closed.wait())
        async with asyncio.timeout(20):
            await asyncio.wait({saving, closing}, return_when=asyncio.FIRST_COMPLETED)
        if notebook.closed.is_set():
            closed += 1
            assert notebook.close_code == BAD, message
        for task in (saving, closing):
            task.cancel()
        await asyncio.gather(saving, closing, return_exceptions=True)
        await notebook.close()
    assert closed > 40
    await room.until_denied("document_message", eve.id)
    assert others.ivans.sources() == before
    await others.go_on()


async def test_forged_kind_of_document_frame(room: Room, eve: Person, others: Others) -> None:
    """Text on the binary socket, and frames over the limit."""
    notebook = await eve.document()
    await notebook.send("text")
    assert await notebook.until_closed() == BAD
    for size in (1_000_001, 5_000_000):
        notebook = await eve.document()
        with contextlib.suppress(WebSocketClosedError):
            await notebook.send(update_message(b"\x00" * size))
        # Beyond twice the limit tornado hangs up while the frame is on its way, and the code may be lost.
        assert await notebook.until_closed() in (TOO_BIG, None)
    codes = [event["payload"].get("code") for event in await room.denied(eve.id)]
    assert "bad_message" in codes and "too_large" in codes


async def test_forged_document_room(room: Room, eve: Person, others: Others, house: House) -> None:
    """Another room's document, the server's global awareness and paths of files: not behind this prefix."""
    other = await house.room("Secret")
    for name in (f"json:notebook:{other.id}", "JupyterLab:globalAwareness", "json:notebook:x", "text:file:secret.py"):
        with pytest.raises(HTTPClientError, match="404"):
            await eve._open(f"api/collaboration/room/{name}")
    for path in ("Other.ipynb", "%2e%2e/Interview.ipynb", "Interview.ipynb/x"):
        assert (await eve.rest.put(f"api/collaboration/session/{path}", json={})).status_code == 404
    wrong = await eve.rest.put("api/collaboration/session/Interview.ipynb", json={"format": "text", "type": "file"})
    assert wrong.status_code == 404


# -- the channel


async def test_forged_message_sender(room: Room, eve: Person, others: Others) -> None:
    """The sender is who the socket belongs to; who says otherwise is refused."""
    channel = await eve.channel()
    sender = {"id": others.ivan.id, "name": "Ivan", "role": "interviewer"}
    answer = await channel.ask("chat_message", "I am Ivan", sender=sender)
    assert (answer["type"], answer["code"]) == ("error", "forbidden")
    assert (await room.until_denied("", eve.id))["code"] == "forbidden"
    for odd in ({}, {"id": []}, {"id": {}}, {"id": None}):
        assert (await channel.ask("chat_message", "odd", sender=odd))["code"] == "forbidden"
    own = await channel.ask("chat_message", "I am Eve", sender={"id": eve.id, "name": "Ivan", "role": "interviewer"})
    assert own["type"] == "ack"
    heard = await others.dora_hears.expect("chat_message")
    assert heard["content"] == "I am Eve" and heard["sender"] == {"id": eve.id, "name": "Eve", "role": "candidate"}


async def test_forged_room_ids(room: Room, eve: Person, others: Others, house: House) -> None:
    """A frame for a room that one is not in, and joining another with the wrong proof."""
    other = await house.room("Secret")
    insider = await (await other.join("Ina")).channel()
    channel = await eve.channel()
    for kind, content in (("chat_message", "hi"), ("code_update", "x"), ("run_code", None), ("typing", True)):
        assert (await channel.ask(kind, content, room=other.id))["code"] == "not_joined"
    await room.until_denied("chat_message", eve.id)
    tokens = (None, eve.token, "x", eve.token[:-2], "eyJhbGciOiJub25lIn0.e30.")
    for token in tokens:
        for target in (other.id, "00000000-0000-4000-8000-000000000000", "../x", "\0"):
            content = {"room": target} if token is None else {"room": target, "token": token}
            answer = await channel.ask("join_room", content)
            assert answer["type"] == "error" and answer["code"] in ("unauthorized", "bad_message", "not_found"), answer
    assert (await room.until_denied("join_room", eve.id))["code"] == "unauthorized"
    assert not await insider.pending("join", "chat_message", "code_update")
    assert await other.denied() == []


async def test_forged_and_malformed_channel_frames(room: Room, eve: Person, others: Others) -> None:
    """Each gets an ``error`` with a code, none closes the socket; over the limit it is closed with 1009."""
    channel = await eve.channel()
    frames: list[str | bytes] = [
        "",
        "x",
        "null",
        "[]",
        "5",
        "{}",
        '{"type": 5}',
        '{"type": "chat_message"',
        '{"type": "chat_message", "id": {}, "content": "x"}',
        '{"type": "chat_message", "id": "' + "x" * 101 + '", "content": "x"}',
        '{"type": "chat_message", "id": NaN, "content": "x"}',
        '{"type": "chat_message", "content": "\\ud800"}',
        '{"type": "\\ud800"}',
        '{"type": "chat_message", "room": 7, "content": "x"}',
        "[" * 100_000,
        '{"a":' * 20_000,
        '{"type": "ping", "id": ' + "9" * 5_000 + "}",
        b"\x00\x01",
        b'{"type": "ping"}',
    ]
    for frame in frames:
        await channel.send(frame)
        error = (await channel.expect("error"))["content"]
        assert error["code"] == "bad_message", (frame[:50], error)
    wrong = {
        "chat_message": [None, 5, {}, "", "  "],
        "typing": [None, "yes", 1],
        "code_update": [None, 5, []],
        "run_code": ["x", 5, {"cell": 5}],
        "join_room": [None, {}, {"room": 5}, {"room": room.id, "token": 5}],
    }
    for kind, contents in wrong.items():
        for content in contents:
            assert (await channel.ask(kind, content))["code"] == "bad_message", (kind, content)
    for kind in ("unknown", "joined", "ack", "room_ended", "__class__", ""):
        assert (await channel.ask(kind))["code"] == "unknown_type"
    assert (await channel.ask("chat_message", "x" * 10_001))["code"] == "too_large"
    assert (await channel.ask("code_update", "x" * 200_001))["code"] == "too_large"
    assert (await channel.ask("run_code", {"cell": "none"}))["code"] == "not_found"
    assert (await channel.ask("chat_message", "still here"))["type"] == "ack"
    for size in (262_145, 3_000_000):
        with contextlib.suppress(WebSocketClosedError):
            await channel.send("x" * size)
        assert await channel.until_closed() in (TOO_BIG, None)
        channel = await eve.channel()
    codes = {event["payload"].get("code") for event in await room.denied(eve.id)}
    assert {"bad_message", "unknown_type", "too_large"} <= codes


async def test_forged_permissions_on_the_channel(room: Room, eve: Person, others: Others) -> None:
    """What one may not: refused at once, also when the interviewer switched it off a moment ago."""
    sam = await (await room.invite("spectator")).channel()
    for kind, content in (("chat_message", "x"), ("typing", True), ("code_update", "x"), ("run_code", None)):
        assert (await sam.ask(kind, content))["code"] == "forbidden"
    channel = await eve.channel()
    await room.api("PATCH", f"/members/{eve.id}", {"permissions": {"chat": False, "run": False, "edit": False}})
    for kind, content in (("chat_message", "x"), ("typing", True), ("code_update", "x"), ("run_code", None)):
        assert (await channel.ask(kind, content))["code"] == "forbidden"
    assert {event["payload"]["what"] for event in await room.denied(eve.id)} >= {
        "chat_message",
        "typing",
        "code_update",
        "run_code",
    }
    assert (await eve.rest.post("api/runs", json={"cells": [{"cell": others.ivans.cell()}]})).status_code == 403
    kernel = await others.ivan.kernel_id()
    for action in ("interrupt", "restart"):
        assert (await eve.rest.post(f"api/kernels/{kernel}/{action}")).status_code == 403


# -- the kernel socket

FORGED = [
    ("execute_request", "shell", {"code": "open('/tmp/forged', 'w')", "silent": False, "store_history": True}),
    ("execute_request", "control", {"code": "open('/tmp/forged', 'w')", "silent": True}),
    ("comm_open", "shell", {"comm_id": "x", "target_name": "jupyter.widget", "data": {}}),
    ("comm_msg", "shell", {"comm_id": "x", "data": {}}),
    ("comm_close", "shell", {"comm_id": "x"}),
    ("input_reply", "stdin", {"value": "x"}),
    ("shutdown_request", "control", {"restart": False}),
    ("shutdown_request", "shell", {"restart": False}),
    ("interrupt_request", "control", {}),
    ("debug_request", "control", {"command": "attach"}),
    ("create_subshell_request", "control", {}),
    ("kernel_info_request", "iopub", {}),
    ("kernel_info_request", "stdin", {}),
    ("kernel_info_request", "nowhere", {}),
    ("\ud800", "shell", {}),
    ("x" * 100_000, "shell", {}),
]


@pytest.mark.parametrize("subprotocol", [None, V1], ids=["default", "v1"])
async def test_forged_execute_request_on_the_kernel_socket(
    room: Room, eve: Person, others: Others, subprotocol: str | None
) -> None:
    """Nothing that runs or ends anything goes to the kernel; each try is logged; what only looks works."""
    kernel_id = await others.ivan.kernel_id()
    await others.ivans.set_source("import os\nprint(os.path.exists('/tmp/forged'))")
    for person in (eve, others.ivan):
        kernel = await person.kernel(kernel_id, subprotocol)
        for kind, channel, content in FORGED:
            await kernel.send(kernel_message(kind, channel, content, subprotocol))
        for malformed in ("", "{}", "null", '{"header": 5}', '{"header": {"msg_type": {}}}', b"", b"\xff" * 40, "x"):
            await kernel.send(malformed)
        await kernel.send(kernel_message("kernel_info_request", "shell", {}, subprotocol))
        await kernel.until(lambda kernel=kernel: any(b"kernel_info_reply" in raw(message) for message in kernel.received))
        types = [event["payload"]["type"] for event in await room.denied(person.id)]
        assert types[:8] == [kind for kind, _, _ in FORGED][:8]
        assert len(types) == len(FORGED) + 8
    assert await others.ivan.kernel_id() == kernel_id
    assert [run["status"] for run in await run_all(others)] == ["ok"]
    assert others.ivans.printed() == "False\n"
    runs = (await room.api("GET", "/runs"))["runs"]
    assert [run["member"]["id"] for run in runs] == [others.ivan.id]


def raw(message: str | bytes) -> bytes:
    """A message's bytes."""
    return message if isinstance(message, bytes) else message.encode()


async def run_all(others: Others) -> list[JSON]:
    """Run the first cell and wait for its end."""
    asked = await others.ivan.run(others.ivans.cell())
    ids = {run["id"] for run in asked}
    frame = await others.dora_hears.expect("run_finished", lambda frame: frame["content"]["id"] in ids)
    await others.ivans.until(lambda: others.ivans.cells[0].get("execution_state") == "idle" and others.ivans.outputs())
    return [frame["content"]]


async def test_forged_kernel_help_by_a_spectator(room: Room, eve: Person, others: Others, house: House) -> None:
    """A spectator sees the kernel's state and gets no completion, which would run code of objects."""
    sam = await room.invite("spectator")
    kernel_id = await others.ivan.kernel_id()
    looking, helping = await sam.kernel(kernel_id), await eve.kernel(kernel_id)
    ask = kernel_message("complete_request", "shell", {"code": "pri", "cursor_pos": 3}, None)
    await looking.send(ask)
    await looking.send(kernel_message("kernel_info_request", "shell", {}, None))
    await helping.send(ask)
    await helping.until(lambda: any(b"complete_reply" in raw(message) for message in helping.received), "help")
    await looking.until(lambda: any(b"kernel_info_reply" in raw(message) for message in looking.received), "info")
    assert not any(b"complete_reply" in raw(message) for message in looking.received)
    assert (await room.until_denied("kernel_message", sam.id))["type"] == "complete_request"
    # Too large, and another room's kernel.
    await helping.send("x" * 300_000)
    assert await helping.until_closed() == TOO_BIG
    other = await house.room("Secret")
    ina = await other.join("Ina")
    await ina.channel()
    for path in (await ina.kernel_id(), "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(HTTPClientError, match="404"):
            await eve.kernel(path)


# -- who one is


SOCKETS = (
    "{room}api/channel",
    "{room}api/collaboration/room/json:notebook:{id}",
    "{room}api/kernels/{kernel}/channels",
    "{room}api/events/subscribe",
)


async def test_forged_origin_opens_no_socket(room: Room, eve: Person, others: Others, house: House) -> None:
    """A foreign page with the victim's cookie (cross-site websocket hijacking) gets none of the sockets."""
    kernel = await others.ivan.kernel_id()
    cookie = f"interview-room-{room.id}={eve.token}"
    for pattern in SOCKETS:
        path = pattern.format(room=room.path, id=room.id, kernel=kernel)
        for origin in ("https://evil.example", f"http://localhost:{house.server.port}", "null"):
            with pytest.raises(HTTPClientError, match="403"):
                await house.connect(path, Cookie=cookie, Origin=origin)
        own = await house.connect(path, Cookie=cookie, Origin=house.url.rstrip("/"))
        own.close()
        while await own.read_message() is not None:
            pass
    with pytest.raises(HTTPClientError, match="403"):
        await house.channel(Origin="https://evil.example")


async def test_forged_tokens_open_nothing(room: Room, eve: Person, others: Others, house: House) -> None:
    """Tampered, unsigned, expired, of another use, of another room: nobody."""
    secret = load_secret(house.server.directory / "data" / "interview" / "secret")
    claims = {"use": "member", "room": room.id, "member": others.ivan.id}
    late = SignedTokens(secret, clock=lambda: time.time() - 8 * 24 * 3600)
    other = await house.room("Elsewhere")
    head, body, signature = eve.token.split(".")
    tokens = {
        "tampered body": f"{head}.{body[:-4]}AAAA.{signature}",
        "tampered signature": f"{head}.{body}.{signature[:-4]}AAAA",
        "unsigned": f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.",
        "expired": late.issue(claims, 7 * 24 * 3600)[0],
        "another key": SignedTokens(b"x" * 32).issue(claims, 600)[0],
        "another use": SignedTokens(secret).issue({**claims, "use": "knock"}, 600)[0],
        "another room": (await other.join("Otto")).token,
        "nobody": SignedTokens(secret).issue({**claims, "member": "f" * 16}, 600)[0],
        "long": "x" * 5_000,
    }
    good = SignedTokens(secret).issue(claims, 600)[0]
    assert (await house.nobody.get(f"{room.path}api/me", headers={"Authorization": f"Bearer {good}"})).status_code == 200
    for name, token in tokens.items():
        for headers in ({"Authorization": f"Bearer {token}"}, {"Cookie": f"interview-room-{room.id}={token}"}):
            answer = await house.nobody.get(f"{room.path}api/me", headers=headers)
            assert answer.status_code == 401, (name, answer.text)
            for path in ("api/channel", f"api/collaboration/room/json:notebook:{room.id}"):
                with pytest.raises(HTTPClientError, match="401"):
                    await house.connect(room.path + path, **headers)


async def test_forged_presence_after_removal(room: Room, eve: Person, others: Others) -> None:
    """Whoever is removed is out at once: all three sockets close, nothing opens again, others are told why."""
    channel, notebook = await eve.channel(), await eve.document()
    kernel = await eve.kernel(await others.ivan.kernel_id())
    await room.api("DELETE", f"/members/{eve.id}")
    for socket in (channel, notebook, kernel):
        assert await socket.until_closed() == FORBIDDEN
    left = await others.dora_hears.expect("leave")
    assert left["content"]["id"] == eve.id and left["content"]["reason"] == "removed"
    others.dora_hears.frames.clear()
    for path in ("api/me", "api/contents", f"api/interview/rooms/{room.id}"):
        assert (await eve.rest.get(path)).status_code == 401
    for attempt in (eve.channel, eve.document):
        with pytest.raises(HTTPClientError, match="401"):
            await attempt()
    assert not await others.dora_hears.pending("join")
    # The seat is free again, and taking it is no way around the removal: it is somebody else's.
    assert (await room.join("Frank")).id != eve.id


async def test_forged_members_and_rights(room: Room, eve: Person, others: Others) -> None:
    """A candidate gives nobody rights, invites nobody, removes nobody and ends nothing; each try is logged."""
    rest = f"api/interview/rooms/{room.id}"
    tries = [
        ("PATCH", f"{rest}/members/{eve.id}", {"permissions": {"manage": True}}),
        ("PATCH", f"{rest}/members/{others.ivan.id}", {"permissions": {"edit": False}}),
        ("DELETE", f"{rest}/members/{others.ivan.id}", None),
        ("POST", f"{rest}/invitations", {"role": "interviewer"}),
        ("GET", f"{rest}/invitations", None),
        ("GET", f"{rest}/events", None),
        ("PATCH", rest, {"title": "EVIL"}),
        ("POST", f"{rest}/end", None),
        ("DELETE", rest, None),
    ]
    for method, path, body in tries:
        answer = await eve.rest.request(method, path, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden"), (method, path)
    logged = [event["payload"]["what"] for event in await room.denied(eve.id)]
    assert logged == [f"{method} /{path}" for method, path, _ in tries]
    # Nor does an interviewer make more of somebody than the table allows.
    for permissions in ({"manage": True}, {"review": True}, {"view": False}, {"fly": True}, {"edit": "yes"}):
        answer = await others.ivan.rest.patch(f"{rest}/members/{eve.id}", json={"permissions": permissions})
        assert answer.status_code == 400, answer.text


async def test_too_many_sockets_of_one_member(room: Room, eve: Person, others: Others) -> None:
    """One member's sockets are counted, all kinds together; the others' are not."""
    for _ in range(24):
        await eve.document()
    with pytest.raises(HTTPClientError, match="403"):
        await eve.document()
    # On the channel the refusal has words.
    channel = await Channel.open(await eve._open("api/channel"))
    eve.sockets.append(channel)
    assert (await channel.expect("error"))["content"]["code"] == "forbidden"
    await channel.until_closed()
    await eve.sockets[0].close()
    await eve.room.house.owner.get("api/status")
    extra = await others.dora.document()
    assert extra.sources() == others.doras.sources()
    json.dumps(await room.events("denied"))
