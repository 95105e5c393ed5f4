"""Is every change in its author's name, durable before anybody sees it, and there after a restart?"""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest

from jupyter_interview.collab import wire
from jupyter_interview.collab.document import SERVER
from jupyter_interview.collab.notebook import change_text
from jupyter_interview.collab.wire import prefixed, varuint
from jupyter_interview.core.errors import BadMessage, Forbidden
from jupyter_interview.core.permissions import Permission
from tests.collab.clients import Client, new_cell
from tests.collab.conftest import MakeHouse, MakePair
from tests.db.conftest import blocked


async def test_each_change_is_in_its_authors_name(ji_pair: MakePair) -> None:
    pair = await ji_pair("")
    pair.candidate.type("candidate ")
    pair.interviewer.type("interviewer ")
    await pair.settle()
    pair.document.set_code("plain websocket", pair.candidate.member, 77)
    await pair.settle()
    texts = {pair.document.code(), pair.candidate.text(), pair.interviewer.text()}
    assert texts == {"plain websocket"}
    authors = [(event.member, event.connection) for event in await pair.edits()]
    connections = [(c.member.key, c.socket.connection.id) for c in (pair.candidate, pair.interviewer) if c.socket]
    assert authors == [*connections, (pair.candidate.member.key, 77)]


async def test_lines_of_code_end_with_a_line_feed(ji_pair: MakePair) -> None:
    pair = await ji_pair("")
    pair.document.set_code("a\r\nb\rc\n", pair.candidate.member, 77)
    await pair.settle()
    assert pair.document.code() == pair.interviewer.text() == "a\nb\nc\n"


async def test_what_an_earlier_version_let_in_is_put_right_when_it_opens(
    ji_pair: MakePair, ji_house: MakeHouse
) -> None:
    """Other ends of lines; what stands between stays its author's."""
    pair = await ji_pair("")
    with pair.document.acting(pair.candidate.member.key, 77, None):
        change_text(pair.document.cells.named()[pair.document.code_cells()[0]]["source"], "a\r\nb")
    await pair.settle()
    await pair.house.crash()
    house = await ji_house()
    live = await house.rooms.open(pair.live.room.id)
    assert live.document.code() == "a\nb"
    await live.log.barrier()
    await house.crash()
    house = await ji_house()
    assert (await house.rooms.open(pair.live.room.id)).document.code() == "a\nb"


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
    pair.document._sockets._sockets[pair.interviewer.socket.connection.id].send = type_again
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
    assert pair.document._edits._owners[pair.document.doc.client_id] == SERVER
    with pytest.raises(Forbidden):
        pair.live.require("nobody", Permission.EDIT, 0, "x")
