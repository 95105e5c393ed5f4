"""What of a document may a member not change, and what happens to messages that nobody should send?"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Doc, Map

from jupyter_interview.collab import fold, wire
from jupyter_interview.collab.notebook import read_notebook
from jupyter_interview.collab.shares import Shares
from jupyter_interview.core.errors import BadMessage, Forbidden, RoomEnded, TooLarge
from jupyter_interview.core.models import EventKind
from jupyter_interview.core.permissions import Role
from tests.collab.clients import Client, new_cell
from tests.collab.conftest import MakePair
from tests.collab.test_updates import BASE


@pytest.mark.parametrize("role", [Role.CANDIDATE, Role.INTERVIEWER])
async def test_who_was_switched_off_cannot_edit(ji_pair: MakePair, role: Role) -> None:
    pair = await ji_pair()
    client = pair.candidate if role is Role.CANDIDATE else pair.interviewer
    members = pair.house.members
    await members.switch(pair.live, None, client.member.id, {"edit": False})
    client.type("no")
    await client.flush()
    assert [type(error) for error in client.refused] == [Forbidden]
    with pytest.raises(Forbidden):
        pair.document.set_code("no", client.member, 1)
    assert pair.document.code() == "print(1)"
    assert [entry["what"] for entry in await pair.denied()] == ["document_update", "code_update"]
    await members.switch(pair.live, None, client.member.id, {"edit": True})
    client.type("yes ")
    await client.flush()
    assert client.asked == 2, "it is asked for what was refused"
    await pair.settle()
    assert pair.document.code() == client.text() == "yes noprint(1)"


async def test_a_spectator_sees_all_and_changes_nothing(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    spectator = Client(pair.house, pair.live, await pair.house.seat(pair.live, Role.SPECTATOR))
    await spectator.connect()
    assert spectator.text() == "print(1)"
    # What a page of JupyterLab writes when it opens.
    spectator.doc.get("state", type=Map)["document_id"] = "x"
    await spectator.flush()
    assert spectator.refused == [] and await pair.denied() == []
    pair.candidate.type("hello ")
    await pair.settle()
    assert spectator.text() == "hello print(1)"
    fresh = Client(pair.house, pair.live, spectator.member)
    await fresh.connect()
    changes: list[Callable[[Client], None]] = [
        lambda client: client.type("no"),
        lambda client: client.cells.append(new_cell("no")),
        lambda client: client.delete(0, 3),
    ]
    for change in changes:
        change(fresh)
        await fresh.flush()
        # The page would reload: a new client with the server's state.
        fresh.close()
        assert [type(error) for error in fresh.refused] == [Forbidden]
        fresh = Client(pair.house, pair.live, spectator.member)
        await fresh.connect()
    fresh.close()
    spectator.close()
    assert pair.document.code() == "hello print(1)" and len(pair.document.code_cells()) == 1
    assert [entry["permission"] for entry in await pair.denied()] == ["edit"] * 3
    assert {event.member for event in await pair.edits()} == {pair.candidate.member.key}


async def test_harmless_writes_of_a_spectator_have_an_end(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    spectator = Client(pair.house, pair.live, await pair.house.seat(pair.live, Role.SPECTATOR))
    await spectator.connect()
    state: Map[Any] = spectator.doc.get("state", type=Map)
    state["x"] = 1
    update = wire.sync(wire.UPDATE, spectator.doc.get_update(pair.document.doc.get_state()))
    spectator._pending.clear()
    for _ in range(201):
        await spectator.send(update)
    assert [type(error) for error in spectator.refused] == [Forbidden]
    spectator.close()


async def test_a_forged_client_id_is_refused_and_logged(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    pair.interviewer.type("mine ")
    await pair.settle()
    forger = Client(pair.house, pair.live, pair.candidate.member, client_id=pair.interviewer.doc.client_id)
    await forger.connect()
    forger.type("forged ")
    await forger.flush()
    assert [type(error) for error in forger.refused] == [BadMessage]
    assert forger.refused[0].error_code == "forbidden"  # type: ignore[attr-defined]
    (entry,) = await pair.denied()
    assert entry["reason"] == "client id of another" and entry["client"] == pair.interviewer.doc.client_id
    forger.close()
    as_server = Client(pair.house, pair.live, pair.candidate.member, client_id=pair.document.doc.client_id)
    await as_server.connect()
    as_server.type("server ")
    await as_server.flush()
    assert [type(error) for error in as_server.refused] == [BadMessage]
    as_server.close()
    pair.interviewer.type("still ")
    await pair.settle()
    assert pair.document.code() == pair.candidate.text() == "still mine print(1)"
    assert pair.candidate.refused == pair.interviewer.refused == [], "others are undisturbed"


async def test_a_frozen_document_refuses_everybody(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    pair.document.freeze()
    for client in (pair.candidate, pair.interviewer):
        client.type("no")
        await client.flush()
        assert [type(error) for error in client.refused] == [RoomEnded]
        with pytest.raises(RoomEnded):
            pair.document.set_code("no", client.member, 1)
    late = Client(pair.house, pair.live, pair.interviewer.member)
    await late.connect()
    assert late.text() == "print(1)" and late.refused == []
    late.close()


async def test_code_update_keeps_to_the_sizes(ji_pair: MakePair) -> None:
    pair = await ji_pair(document_bytes=3_000, code_bytes=10)
    pair.document.set_code("ü" * 5, pair.interviewer.member, 1)
    with pytest.raises(TooLarge):
        pair.document.set_code("ü" * 5 + "x", pair.interviewer.member, 1)
    small = await ji_pair(document_bytes=1_200, code_bytes=10_000)
    small.document.set_code("x" * 100, small.interviewer.member, 1)
    with pytest.raises(TooLarge):
        small.document.set_code("x" * 2_000, small.interviewer.member, 1)
    assert small.document.code() == "x" * 100


async def test_one_member_cannot_be_thousands_of_editors(ji_pair: MakePair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_interview.collab.edits._CLIENTS_PER_MEMBER", 3)
    pair = await ji_pair()
    refused: list[Exception] = []
    for _ in range(5):
        client = Client(pair.house, pair.live, pair.candidate.member)
        await client.connect()
        client.type("x")
        await client.flush()
        refused += client.refused
        client.close()
    assert [type(error) for error in refused] == [TooLarge] * 2
    pair.interviewer.type("y")
    await pair.settle()
    assert pair.interviewer.refused == []


async def test_code_update_without_a_code_cell_is_refused(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    del pair.candidate.cells[0]
    await pair.settle()
    with pytest.raises(BadMessage, match="no code cell"):
        pair.document.set_code("x", pair.candidate.member, 1)
    assert pair.document.code() == "" and pair.document.source("gone") is None


MALFORMED = [
    b"",
    b"\0",
    b"\x09",
    b"\0\7\0",
    b"\0\2\5",
    b"\0\2\0",
    b"\0\2\2\0\0x",
    b"\0\0\1",
    b"\0\2\1\xff",
    b"\1\5",
    b"\1\1\1",
    b"\2\2no\1",
    b"\2\4save",
    bytes((wire.RAW,)) + b"\xff" * 9,
    wire.sync(wire.UPDATE, BASE[:-3]),
    wire.sync(wire.STEP2, b"\1" + BASE[1:]) if BASE[0] != 1 else b"\0",
]


@pytest.mark.parametrize("message", MALFORMED)
async def test_malformed_messages_are_refused_and_logged(ji_pair: MakePair, message: bytes) -> None:
    pair = await ji_pair()
    await pair.candidate.send(message)
    assert len(pair.candidate.refused) == 1 and isinstance(pair.candidate.refused[0], BadMessage)
    assert len(await pair.denied()) >= 1
    pair.interviewer.type("on ")
    await pair.settle()
    assert pair.interviewer.refused == [] and pair.document.code() == "on print(1)"


async def test_no_message_breaks_the_room(ji_pair: MakePair) -> None:
    """Thousands of garbled messages of two kinds of people: refused or applied, and the log is still the truth."""
    chance = random.Random(7)
    pair = await ji_pair(document_bytes=60_000_000)
    # Here nobody waits for what they took of the event loop.
    pair.document._sockets.shares = Shares(time.monotonic, lambda: 0)
    spectator = Client(pair.house, pair.live, await pair.house.seat(pair.live, Role.SPECTATOR))
    await spectator.connect()
    for number in range(1_200):
        client = Client(pair.house, pair.live, pair.candidate.member, client_id=5_000 + number % 7)
        client.doc.apply_update(pair.document.doc.get_update())
        client.socket = pair.candidate.socket
        with client.doc.transaction():
            client.cells.append(new_cell("x", "🎉"))
            client.type("é🎉")
        message = bytearray(client._pending.pop())
        client.socket = None
        client.close()
        for _ in range(chance.randrange(4)):
            message[chance.randrange(2, len(message))] = chance.choice([chance.randrange(256), 0, 4, 7, 8, 0x27, 0x84])
        sender = chance.choice([pair.candidate, spectator])
        await sender.send(bytes(message))
        if len(pair.document.code_cells()) > 20:
            pair.interviewer.doc.apply_update(pair.document.doc.get_update(pair.interviewer.doc.get_state()))
            del pair.interviewer.cells[1:]
            pair.interviewer._pending.clear()
            await pair.interviewer.send(
                wire.sync(wire.UPDATE, pair.interviewer.doc.get_update(pair.document.doc.get_state()))
            )
    assert {type(error) for error in pair.candidate.refused} <= {BadMessage, Forbidden, TooLarge}
    assert {type(error) for error in spectator.refused} <= {BadMessage, Forbidden, TooLarge}
    assert pair.candidate.refused and spectator.refused and pair.interviewer.refused == []
    spectator.close()
    await pair.live.log.barrier()
    events = await pair.house.story(pair.live, EventKind.DOCUMENT_SNAPSHOT, EventKind.DOCUMENT_UPDATE)
    live = json.dumps(pair.document.notebook())
    assert json.dumps(fold([event.data or b"" for event in events])) == live
    twin: Doc[Any] = Doc()
    twin.apply_update(pair.document.doc.get_update())
    assert json.dumps(read_notebook(twin)) == live, "nothing is in the document that is not in the log"
