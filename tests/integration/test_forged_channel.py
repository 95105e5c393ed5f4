"""What can a dishonest client do on the channel? Nothing, it is written down, and nobody else feels it."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from tornado.websocket import WebSocketClosedError

from tests.integration.clients import JSON, House, Person, Room
from tests.integration.others import TOO_BIG, Others

pytestmark = pytest.mark.integration


async def test_forged_message_sender(room: Room, eve: Person, others: Others) -> None:
    """The sender is who the socket belongs to; who says otherwise is refused."""
    channel = await eve.channel()
    sender = {"id": others.ivan.id, "name": "Ivan", "role": "interviewer"}
    answer = await channel.ask("chat_message", "I am Ivan", sender=sender)
    assert (answer["type"], answer["code"]) == ("error", "forbidden")
    assert (await room.until_denied("", eve.id))["code"] == "forbidden"
    odds: tuple[JSON, ...] = ({}, {"id": []}, {"id": {}}, {"id": None})
    for odd in odds:
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
            proof = {} if token is None else {"token": token}
            answer = await channel.ask("join_room", {"room": target, **proof})
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
    wrong: dict[str, list[Any]] = {
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
