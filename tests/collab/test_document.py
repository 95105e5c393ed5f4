"""Is every change in its author's name, allowed, durable before anybody sees it, and there after a restart?"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Doc, Map

from jupyter_interview.collab import fold, wire
from jupyter_interview.collab.document import SERVER
from jupyter_interview.collab.notebook import read_notebook
from jupyter_interview.collab.wire import prefixed, varuint
from jupyter_interview.core.errors import BadMessage, Forbidden, RoomEnded, TooLarge
from jupyter_interview.core.models import Event, EventKind
from jupyter_interview.core.permissions import Permission, Role
from tests.collab.clients import Client, new_cell
from tests.collab.conftest import MakeHouse, MakePair, Pair
from tests.collab.test_updates import BASE
from tests.db.conftest import blocked


async def _edits(pair: Pair) -> list[Event]:
    return await pair.house.story(pair.live, EventKind.DOCUMENT_UPDATE)


async def test_each_change_is_in_its_authors_name(ji_pair: MakePair) -> None:
    pair = await ji_pair("")
    pair.candidate.type("candidate ")
    pair.interviewer.type("interviewer ")
    await pair.settle()
    pair.document.set_code("plain websocket", pair.candidate.member, 77)
    await pair.settle()
    texts = {pair.document.code(), pair.candidate.text(), pair.interviewer.text()}
    assert texts == {"plain websocket"}
    authors = [(event.member, event.connection) for event in await _edits(pair)]
    connections = [(c.member.key, c.socket.connection.id) for c in (pair.candidate, pair.interviewer) if c.socket]
    assert authors == [*connections, (pair.candidate.member.key, 77)]


async def test_nobody_gets_the_own_change_back(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    second = Client(pair.house, pair.live, pair.candidate.member)
    await second.connect()
    before = len(pair.candidate.received)
    pair.candidate.type("x")
    await pair.settle()
    assert len(pair.candidate.received) == before
    assert second.text() == pair.interviewer.text() == pair.candidate.text()
    second.close()


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
    assert {event.member for event in await _edits(pair)} == {pair.candidate.member.key}


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


async def test_ownership_survives_a_restart(ji_pair: MakePair, ji_house: MakeHouse) -> None:
    pair = await ji_pair()
    pair.interviewer.type("mine ")
    await pair.settle()
    number = pair.interviewer.doc.client_id
    await pair.house.crash()
    house = await ji_house()
    live = await house.rooms.open(pair.live.room.id)
    candidate = live.members[pair.candidate.member.id]
    forger = Client(house, live, candidate, client_id=number)
    await forger.connect()
    forger.type("forged ")
    await forger.flush()
    assert [type(error) for error in forger.refused] == [BadMessage]
    forger.close()
    owner = pair.interviewer
    owner.house, owner.live = house, live
    await owner.connect()
    owner.type("again ")
    await owner.flush()
    assert owner.refused == [] and live.document.code() == "again mine print(1)"
    owner.close()


async def test_a_restart_with_offline_edits_loses_nothing_and_doubles_nothing(
    ji_pair: MakePair, ji_house: MakeHouse
) -> None:
    pair = await ji_pair("")
    pair.candidate.type("before ")
    await pair.settle()
    await pair.house.crash()
    for client in (pair.candidate, pair.interviewer):
        client.socket = None
    pair.candidate.type("offline ")
    pair.candidate.cells.append(new_cell("new", "1"))
    pair.interviewer.type("also ", at=7)
    house = await ji_house()
    live = await house.rooms.open(pair.live.room.id)
    for client in (pair.candidate, pair.interviewer):
        client.house, client.live = house, live
        await client.connect()
    await live.log.barrier()
    text = live.document.code()
    assert sorted(text.split()) == ["also", "before", "offline"]
    assert pair.candidate.text() == pair.interviewer.text() == text
    assert live.document.code_cells() == [live.document.code_cells()[0], "new"]
    assert pair.candidate.refused == pair.interviewer.refused == []


async def test_nothing_is_shown_before_it_is_durable(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    received = len(pair.interviewer.received)
    newcomer = Client(pair.house, pair.live, pair.interviewer.member)
    async with blocked(pair.house.database):
        pair.candidate.type("secret ")
        await pair.candidate.flush()
        assert pair.document.code() == "secret print(1)"
        joining = asyncio.ensure_future(newcomer.connect())
        await asyncio.wait([joining], timeout=0.05)
        assert len(pair.interviewer.received) == received
        assert not joining.done() and len(newcomer.cells) == 0
    await joining
    await pair.settle()
    assert pair.interviewer.text() == newcomer.text() == "secret print(1)"
    newcomer.close()


async def test_what_comes_while_a_newcomer_waits_is_not_shown_early(ji_pair: MakePair) -> None:
    """The answer to a newcomer is made of what is durable when it is sent, whatever was written meanwhile."""
    pair = await ji_pair("")
    newcomer = Client(pair.house, pair.live, pair.interviewer.member)
    typed: list[bool] = []
    take = pair.interviewer._receive

    def type_again(message: bytes) -> None:
        take(message)
        if not typed:
            typed.append(True)
            pair.candidate.type("second ")
            waiting = pair.document.receive(pair.candidate.socket.connection.id, pair.candidate._pending.pop(0))  # type: ignore[union-attr]
            assert waiting is None

    assert pair.interviewer.socket is not None
    pair.document._sockets[pair.interviewer.socket.connection.id].send = type_again
    seen = _watched(newcomer)
    async with blocked(pair.house.database):
        pair.candidate.type("first ")
        await pair.candidate.flush()
        joining = asyncio.ensure_future(newcomer.connect())
        await asyncio.wait([joining], timeout=0.05)
    await joining
    assert typed and seen == ["first "]
    newcomer.close()


def _watched(newcomer: Client) -> list[str]:
    """Notes what stands in the first answer that a newcomer gets, before anything else comes."""
    seen: list[str] = []
    take = newcomer._receive

    def receive(message: bytes) -> None:
        take(message)
        if message[:2] == bytes((wire.SYNC, wire.STEP2)):
            seen.append(newcomer.text())

    newcomer._receive = receive  # type: ignore[method-assign]
    return seen


async def test_an_update_with_a_gap_is_asked_for_and_not_applied(ji_pair: MakePair) -> None:
    pair = await ji_pair("")
    pair.candidate.type("lost ")
    pair.candidate._pending.clear()
    pair.candidate.type("seen ", at=5)
    asked, seq = pair.candidate.asked, pair.live.log.seq
    message = pair.candidate._pending.pop()
    await pair.candidate.send(message)
    assert pair.candidate.asked == asked + 1, "the server says how far it is"
    assert pair.document.code() == "" and pair.live.log.seq == seq
    assert pair.candidate.refused == []
    await pair.candidate.flush()
    await pair.settle()
    assert pair.document.code() == pair.interviewer.text() == "lost seen "


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


async def test_sizes_are_limited(ji_pair: MakePair) -> None:
    pair = await ji_pair(document_bytes=3_000, code_bytes=10, cells=3)
    pair.candidate.type("x" * 4_000)
    await pair.candidate.flush()
    assert [type(error) for error in pair.candidate.refused] == [TooLarge]
    assert pair.document.code() == "print(1)"
    pair.document.set_code("ü" * 5, pair.interviewer.member, 1)
    with pytest.raises(TooLarge):
        pair.document.set_code("ü" * 5 + "x", pair.interviewer.member, 1)
    for number in range(3):
        pair.interviewer.cells.append(new_cell(f"c{number}"))
        await pair.interviewer.flush()
    assert [type(error) for error in pair.interviewer.refused] == [TooLarge]
    assert len(pair.document.code_cells()) == 3


async def test_one_member_cannot_be_thousands_of_editors(ji_pair: MakePair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jupyter_interview.collab.document._CLIENTS_PER_MEMBER", 3)
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


async def test_a_source_is_waited_for(ji_pair: MakePair) -> None:
    pair = await ji_pair("")
    (cell,) = pair.document.code_cells()
    digest = hashlib.sha256("x = '漢'".encode()).hexdigest()
    waiting = asyncio.ensure_future(pair.document.wait_for_source(cell, digest, 20))
    await asyncio.wait([waiting], timeout=0)
    assert not waiting.done()
    pair.candidate.type("x = '漢'")
    await pair.settle()
    assert await asyncio.wait_for(waiting, 5) is True
    assert await pair.document.wait_for_source(cell, digest, 0.001) is True
    assert await pair.document.wait_for_source(cell, "0" * 64, 0.001) is False
    closing = asyncio.ensure_future(pair.document.wait_for_source(cell, "0" * 64, 20))
    await asyncio.wait([closing], timeout=0)
    await pair.live.close()
    assert await asyncio.wait_for(closing, 5) is False and pair.document._waiters == []


async def test_saving_is_confirmed_once_all_is_stored(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    request = bytes((wire.RAW,)) + prefixed(b"save") + varuint(300)
    async with blocked(pair.house.database):
        pair.candidate.type("x")
        await pair.candidate.flush()
        saving = asyncio.ensure_future(pair.candidate.send(request))
        await asyncio.wait([saving], timeout=0.02)
        assert pair.candidate.raw == []
    await saving
    (answer,) = pair.candidate.raw
    reader = wire.Reader(answer)
    assert reader.varuint() == wire.RAW
    assert json.loads(reader.bytes()) == {"type": "save", "responseTo": 300, "status": "success"}


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
    assert {type(error) for error in spectator.refused} <= {BadMessage, Forbidden}
    assert pair.candidate.refused and spectator.refused and pair.interviewer.refused == []
    spectator.close()
    await pair.live.log.barrier()
    events = await pair.house.story(pair.live, EventKind.DOCUMENT_SNAPSHOT, EventKind.DOCUMENT_UPDATE)
    live = json.dumps(pair.document.notebook())
    assert json.dumps(fold([event.data or b"" for event in events])) == live
    twin: Doc[Any] = Doc()
    twin.apply_update(pair.document.doc.get_update())
    assert json.dumps(read_notebook(twin)) == live, "nothing is in the document that is not in the log"


async def test_what_cannot_be_stored_is_not_shown(ji_pair: MakePair) -> None:
    """The database is gone: the room says so, and nothing more is taken."""
    pair = await ji_pair()
    received = len(pair.interviewer.received)
    await pair.house.database.close()
    pair.candidate.type("lost")
    await pair.candidate.flush()
    lost = asyncio.Event()
    asyncio.get_running_loop().call_soon(lost.set)
    await lost.wait()
    assert pair.live.log.failure is not None
    assert len(pair.interviewer.received) == received
    assert pair.candidate.socket is not None and pair.candidate.socket.closed == 4503
    before = pair.document.notebook()
    pair.candidate.type("more")
    await pair.candidate.flush()
    assert pair.document.notebook() == before, "the room has let go of its sockets"


async def test_a_socket_that_is_gone_is_not_heard(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    socket = pair.candidate.socket
    assert socket is not None
    pair.candidate.disconnect()
    pair.document.disconnect(socket.connection.id)
    assert pair.document.receive(socket.connection.id, b"rubbish") is None
    assert pair.document._owners[pair.document.doc.client_id] == SERVER
    with pytest.raises(Forbidden):
        pair.live.require("nobody", Permission.EDIT, 0, "x")
