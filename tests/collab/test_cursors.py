"""Does the log know where everybody's cursor was, and no more of it than it takes?"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Assoc, Doc, Map, Text

from jupyter_interview.collab import cursors, wire
from jupyter_interview.collab.cursors import Cursors
from jupyter_interview.collab.notebook import cells_of
from jupyter_interview.collab.operations import Operations
from jupyter_interview.collab.updates import inspect
from jupyter_interview.collab.wire import prefixed, varuint
from jupyter_interview.core.models import JSON, EventKind
from tests.collab.clients import Client, new_cell
from tests.collab.conftest import MakePair, Pair


def kind_of(text: Text) -> JSON:
    """The id of a shared text."""
    found: JSON = text.sticky_index(0, Assoc.BEFORE).to_json()["type"]
    return found


class Typist:
    """A document whose operations are known by heart: each unit of the text with its id."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc(client_id=1)
        cells_of(self.doc).append(new_cell("a"))
        self.other: Doc[Any] = Doc(client_id=2)
        self.other.apply_update(self.doc.get_update())
        self.ids: list[tuple[int, int]] = []

    def insert(self, who: int, at: int, text: str) -> None:
        doc = (self.doc, self.other)[who]
        source = cells_of(doc)[0]["source"]
        place = len(str(source)[:at].encode())
        clock = self.clock(who + 1)
        before = len(str(source)[:at].encode("utf-16-le")) // 2
        source.insert(place, text)
        length = len(text.encode("utf-16-le")) // 2
        self.ids[before:before] = [(who + 1, clock + n) for n in range(length)]
        self.other.apply_update(self.doc.get_update())
        self.doc.apply_update(self.other.get_update())

    def remove(self, start: int, end: int) -> None:
        source = cells_of(self.doc)[0]["source"]
        text = str(source)
        del source[len(text[:start].encode()) : len(text[:end].encode())]
        first, last = (len(text[:n].encode("utf-16-le")) // 2 for n in (start, end))
        del self.ids[first:last]
        self.other.apply_update(self.doc.get_update())

    def operations(self) -> Operations:
        found = Operations()
        found.learn(inspect(self.doc.get_update()))
        return found

    def clock(self, client: int) -> int:
        return self.operations().state.get(client, 0)


EDITS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(0, 30), st.sampled_from(["a", "ab\n", "é", "漢字", "🎉", "x🎉y", "abc"])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(edits=EDITS, cut=st.tuples(st.integers(0, 20), st.integers(0, 6)))
async def test_each_place_of_a_text_is_found(edits: list[tuple[int, int, str]], cut: tuple[int, int]) -> None:
    """Whatever its characters are and in whichever order they were typed."""
    typist = Typist()
    for who, at, word in edits:
        typist.insert(who, at % (len(str(cells_of(typist.doc)[0]["source"])) + 1), word)
    text = str(cells_of(typist.doc)[0]["source"])
    start = cut[0] % (len(text) + 1)
    if start < min(len(text), start + cut[1]):
        typist.remove(start, min(len(text), start + cut[1]))
    logged: list[Any] = []
    state = typist.operations().state
    them = Cursors(typist.doc, lambda: state, lambda member, connection, data: logged.append(json.loads(data)))
    kind = kind_of(cells_of(typist.doc)[0]["source"])
    for place, (client, clock) in enumerate(typist.ids):
        position = {"type": kind, "tname": None, "item": {"client": client, "clock": clock}, "assoc": 0}
        them.heard(1, 100 + place, [{"anchor": position, "head": position, "primary": True}])
        assert logged.pop() == {"cell": "a", "anchor": place, "head": place}
    end = {"type": kind, "tname": None, "item": None, "assoc": 0}
    them.heard(1, 7, [{"anchor": end, "head": end}])
    assert logged.pop()["head"] == len(typist.ids)


async def point(client: Client, clock: int, positions: Any) -> None:
    """A browser says where its cursors are."""
    state = json.dumps({"user": client.member.to_user(), "cursors": positions}).encode()
    states = varuint(1) + varuint(client.doc.client_id) + varuint(clock) + prefixed(state)
    await client.send(bytes((wire.AWARENESS,)) + prefixed(states))


def end_of(client: Client, index: int = 0) -> JSON:
    """A cursor at the end of a cell, as JupyterLab has it."""
    kind = kind_of(client.cells[index]["source"])
    position = {"type": kind, "tname": None, "item": None, "assoc": 0}
    return {"anchor": position, "head": position, "primary": True, "empty": True}


async def logged(pair: Pair) -> list[tuple[int, Any]]:
    """Member and content of the cursor events."""
    await pair.settle()
    return [
        (event.member, json.loads(event.data or b"")) for event in await pair.house.story(pair.live, EventKind.CURSOR)
    ]


async def test_what_is_logged(ji_pair: MakePair) -> None:
    """A cursor that moved; not one that the own typing moves, and at its end that it is gone."""
    pair = await ji_pair(starter="print(1)")
    ada = pair.candidate
    await point(ada, 1, [end_of(ada)])
    for number in range(3):
        ada.type("x", len(ada.text()))
        await ada.flush()
        await point(ada, 2 + number, [end_of(ada)])
    place = {"cell": str(ada.cells[0]["id"]), "anchor": 8, "head": 8}
    assert await logged(pair) == [(ada.member.key, place)]
    ada.disconnect()
    assert await logged(pair) == [(ada.member.key, place), (ada.member.key, None)]


async def test_the_last_of_many_wins(ji_pair: MakePair) -> None:
    """At most one in 0.3 s of each socket."""
    pair = await ji_pair(starter="print(1)")
    ada = pair.candidate
    ada.cells.append(new_cell("second", "ab"))
    await ada.flush()
    for number in range(20):
        await point(ada, 1 + number, [end_of(ada, number % 2)])
    timers = [cursor.timer for cursor in pair.document._sockets._cursors._cursors.values()]
    assert len(await logged(pair)) == 1 and [timer is not None for timer in timers] == [True]
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    loop.call_later(cursors.SECONDS * 1.2, changed.set)
    await changed.wait()
    assert [place["cell"] for _, place in await logged(pair)][1:] == ["second"]


@pytest.mark.parametrize(
    "positions",
    [
        None,
        [],
        7,
        [None],
        [{}],
        [{"anchor": None, "head": None}],
        [{"anchor": {"type": {"client": 1, "clock": 1}}, "head": {}}],
        [{"anchor": {"type": {"client": -1, "clock": 1}}, "head": {"type": {"client": -1, "clock": 1}}}],
        [{"anchor": {"type": {"client": "x"}}, "head": {"type": 7}}],
        [{"anchor": {"type": {"client": 1 << 70, "clock": True}}, "head": {"type": {"client": 1, "clock": 1}}}],
    ],
)
async def test_what_makes_no_sense_is_not_logged(ji_pair: MakePair, positions: Any) -> None:
    pair = await ji_pair()
    await point(pair.candidate, 1, positions)
    assert await logged(pair) == []


async def test_characters_that_are_nowhere(ji_pair: MakePair) -> None:
    """Unknown ones, and those of a cell that was removed: the end of the text, and no harm."""
    pair = await ji_pair(starter="print(1)")
    ada = pair.candidate
    ada.cells.append(new_cell("second", "abc"))
    ada.cells[1]["metadata"]["deep"] = Map({"list": Array([Text("inner")])})
    await ada.flush()
    gone = kind_of(ada.cells[1]["source"])
    del ada.cells[1]
    await ada.flush()
    kind = kind_of(ada.cells[0]["source"])
    items = [{"client": 5, "clock": 5}, {"client": ada.doc.client_id, "clock": 1 << 40}, gone]
    items += [{"client": gone["client"], "clock": gone["clock"] + n} for n in range(1, 12)]
    for number, item in enumerate(items):
        client = Client(pair.house, pair.live, pair.candidate.member)
        await client.connect()
        position = {"type": kind, "tname": None, "item": item, "assoc": 0}
        await point(client, 1 + number, [{"anchor": position, "head": position}])
        client.close()
    places = [place for _, place in await logged(pair)]
    # Each comes, and goes with its connection. What nobody knows is the end, and what is gone the beginning.
    assert [place and place["head"] for place in places] == [8, None, 8, None, *[0, None] * 12]
    assert ada.refused == []
