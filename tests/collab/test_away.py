"""What is told of text that somebody wrote while the line was cut?"""

from __future__ import annotations

import pytest

from jupyter_interview.collab import History
from jupyter_interview.core.models import DOCUMENT_KINDS, EventKind
from jupyter_interview.core.moment import AWAY, PASTED, SEED, TYPED, Runs
from jupyter_interview.managers.live import LiveRoom
from tests.collab.clients import Client
from tests.managers.conftest import MakeHouse
from tests.managers.house import House

LONG = "for number in range(100):\n    print(number * number)\n"


async def _authors(house: House, live: LiveRoom) -> tuple[Runs, list[tuple[int, str]]]:
    """Who wrote the first cell and how, members as moments name them, and what was pasted."""
    history, pastes = History(), []
    for event in await house.log(live):
        history.add(event, 1 if event.member else 0)
        pastes += history.pastes
    runs: Runs = history.moment.cells[0]["authors"]
    history.close()
    return runs, pastes


@pytest.mark.parametrize("text", [LONG, "x = 1"])
async def test_how_text_came_about_that_was_written_without_a_connection_is_unknown(
    ji_house: MakeHouse, text: str
) -> None:
    """Typed letter by letter, it comes as one update."""
    house = await ji_house()
    live = await house.room(starter="# start\n")
    client = Client(house, live, await house.seat(live))
    await client.connect()
    client.disconnect()
    for letter in reversed(text):
        client.type(letter)
    await client.connect()
    assert client.refused == [] and live.document.source(next(iter(live.document.code_cells()))) == f"{text}# start\n"
    runs, pastes = await _authors(house, live)
    assert runs == [[len(text), 1, AWAY], [8, 0, SEED]] and pastes == []
    (brought,) = [event for event in await house.log(live) if event.kind is EventKind.DOCUMENT_RESYNC]
    assert brought.member == client.member.key and brought.payload is None
    client.close()


async def test_what_is_written_with_a_connection_is_told_as_before(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room(starter="")
    client = Client(house, live, await house.seat(live))
    await client.connect()
    client.type("x = 1\n")
    await client.flush()
    client.type(LONG)
    await client.flush()
    client.disconnect()
    await client.connect()
    runs, pastes = await _authors(house, live)
    assert [manner for _, _, manner in runs] == [PASTED, TYPED] and [size for size, _ in pastes] == [len(LONG)]
    assert all(event.kind is not EventKind.DOCUMENT_RESYNC for event in await house.log(live))
    assert {event.kind for event in await house.log(live)} & set(DOCUMENT_KINDS)
    client.close()


async def test_a_page_says_once_what_it_wrote_without_a_connection(ji_house: MakeHouse) -> None:
    """Nobody calls a paste by the other name for as long as the socket is open."""
    house = await ji_house()
    live = await house.room(starter="")
    client = Client(house, live, await house.seat(live))
    await client.connect()
    client.type(LONG)
    update = client._pending.pop()
    # The same change, as an answer to a question that was answered.
    await client.send(bytes((update[0], 1)) + update[2:])
    runs, pastes = await _authors(house, live)
    assert client.refused == [] and runs == [[len(LONG), 1, PASTED]] and len(pastes) == 1
    client.close()
