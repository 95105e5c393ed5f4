"""What can a dishonest client say to be? Nobody else; it is written down, and nobody else feels it."""

from __future__ import annotations

import json
import time

import pytest
from tornado.httpclient import HTTPClientError

from jupyter_interview.auth import SignedTokens, load_secret
from tests.integration.clients import Channel, House, Person, Room
from tests.integration.others import FORBIDDEN, Others

pytestmark = pytest.mark.integration


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
    known = await house.nobody.get(f"{room.path}api/me", headers={"Authorization": f"Bearer {good}"})
    assert known.status_code == 200
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
    # The seat is free again, and the link closed: it is no way around the removal.
    back = await room.house.nobody.post(f"{room.path}join", json={"name": "Eve"})
    assert (back.status_code, back.json()["error"]["code"]) == (403, "link_closed")
    settings = (await room.api("GET"))["settings"]
    await room.api("PATCH", "", {"settings": {**settings, "link": "open"}})
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
