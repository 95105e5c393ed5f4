"""What can a dishonest client do on the document socket? Nothing, it is written down, and nobody else feels it."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import Any

import pytest
from pycrdt import Doc, create_update_message
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClosedError

from tests.integration.bytes_of import awareness_message, awareness_states, update_message
from tests.integration.clients import JSON, House, Notebook, Person, Room
from tests.integration.others import BAD, FORBIDDEN, TOO_BIG, Others

pytestmark = pytest.mark.integration


def forged_update(notebook: Notebook, client_id: int, text: str) -> bytes:
    """Text at the first cell's end, written with somebody's client id."""
    twin: Doc[Any] = Doc(client_id=client_id)
    twin.apply_update(notebook.doc.get_update())
    before = twin.get_state()
    twin.get("cells", type=type(notebook.cells))[0]["source"] += text
    return twin.get_update(before)


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

    await others.ivans.send(awareness_message(others.ivans.doc.client_id, 5, {"autosave": True}))
    await others.doras.until(lambda: any(states(others.doras, others.ivan)), "Ivan's cursor")
    for state in ({"autosave": False}, {"user": ivans}):
        notebook = await eve.document()
        await notebook.send(awareness_message(others.ivans.doc.client_id, 6, state))
        assert await notebook.until_closed() == BAD

    notebook = await eve.document()
    others.doras.awareness.clear()
    await notebook.send(awareness_message(notebook.doc.client_id, 1, {"user": {"name": "Ivan"}, "autosave": True}))
    [state] = await others.doras.until(lambda: states(others.doras, eve), "Eve's cursor")
    assert state["user"]["name"] == "Eve" and state["autosave"] is True
    # Her cursor goes with her socket; Ivan's stays.
    others.doras.awareness.clear()
    await notebook.close()
    await others.doras.until(
        lambda: any(awareness_states(message) == [None] for message in others.doras.awareness), "its end"
    )


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
    rng = random.Random(7)
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


async def test_a_paste_over_the_limit_of_a_message_is_taken_back(room: Room, eve: Person) -> None:
    """The socket stays open, the page hears why, and what comes later arrives."""
    channel = await eve.channel()
    notebook = await eve.document()
    await notebook.type("x" * 1_200_000)
    refused = await channel.expect("document_refused")
    assert refused["content"]["code"] == "too_large" and "at most 1 MB" in refused["content"]["message"]
    await notebook.type("later ")
    await notebook.saved()
    [source] = notebook.sources()
    assert "later " in source and len(source) < 1_000
