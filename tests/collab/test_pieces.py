"""Is what contends for one place in an old log taken in by a few operations at a time, and is it the same then?"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from jupyter_interview.collab.notebook import first_state, starting_notebook
from jupyter_interview.collab.pieces import _CROWD, _PIECE, apply_logged, pieces
from jupyter_interview.collab.updates import inspect
from jupyter_interview.collab.wire import varuint

from .clients import new_cell


def crowd(count: int, client: int, root: bytes = b"state") -> bytes:
    """An update of items that all want to be the first of one root."""
    item = b"\x08\1" + varuint(len(root)) + root + b"\1\x7e"
    return varuint(1) + varuint(count) + varuint(client) + varuint(0) + item * count + b"\0"


def known(update: bytes) -> dict[int, int]:
    """How many operations of each client it has."""
    return {client: structs[-1].end for client, structs in inspect(update).structs.items()}


def test_a_crowd_comes_a_few_at_a_time() -> None:
    whole = crowd(1_000, 7)
    *parts, rest = pieces(whole)
    assert max(len(structs) for part in parts for structs in inspect(part).structs.values()) == _PIECE
    assert known(parts[-1]) == known(whole) and known(rest) == {}
    assert list(pieces(crowd(_CROWD, 7))) == [crowd(_CROWD, 7)]


def test_a_crowd_is_one_change() -> None:
    """Whoever looks at what an update changed is told once."""
    doc: Doc[Any] = Doc()
    state = doc.get("state", type=Array)
    told: list[int] = []
    subscription = state.observe(lambda event: told.append(len(event.delta[0]["insert"])))
    apply_logged(doc, crowd(1_000, 7))
    assert told == [1_000] and len(state) == 1_000
    state.unobserve(subscription)


def _pasted(doc: Doc[Any]) -> None:
    doc.get("cells", type=Array).extend([new_cell(f"c{number}", f"{number}") for number in range(100)])


def _written_twice(doc: Doc[Any]) -> None:
    """Each stands on what another author wrote a moment before."""
    cells: Array[Any] = doc.get("cells", type=Array)
    first: Text = cells[0]["source"]
    for number in range(60):
        other: Doc[Any] = Doc(client_id=random.Random(number).randrange(2**31))
        other.apply_update(doc.get_update())
        source: Text = other.get("cells", type=Array)[0]["source"]
        source.insert(0, f"{number} ")
        source.insert(len(source), "x")
        doc.apply_update(other.get_update(doc.get_state()))
    del first[3:9]


def _given_fields(doc: Doc[Any]) -> None:
    cell: Map[Any] = doc.get("cells", type=Array)[0]
    for number in range(200):
        cell["metadata"][f"{number % 3}"] = number


@pytest.mark.parametrize("edit", [_pasted, _written_twice, _given_fields])
def test_pieces_say_what_the_whole_says(edit: Callable[[Doc[Any]], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever honest pages make of a notebook, although they are never cut up: here all of it is a crowd."""
    monkeypatch.setattr("jupyter_interview.collab.pieces._CROWD", 0)
    base = first_state(starting_notebook("print(1)"))
    author: Doc[Any] = Doc(client_id=3)
    author.apply_update(base)
    before = author.get_state()
    edit(author)
    update = author.get_update(before)
    assert len(list(pieces(update))) > 10
    doc: Doc[Any] = Doc()
    for each in (base, update):
        apply_logged(doc, each)
    assert doc.get("cells", type=Array).to_py() == author.get("cells", type=Array).to_py()
    assert doc.get_state() == author.get_state()


def test_what_waits_for_others_comes_last() -> None:
    """It waits in the document, as it does where it is not cut up."""
    item = b"\x08\1\5state\1\x7e"
    behind = b"\x88" + varuint(9) + varuint(5) + b"\1\x7e"
    waiting = varuint(101) + varuint(8) + varuint(0) + behind + item * 100
    *parts, rest = pieces(varuint(2) + waiting + varuint(1) + varuint(9) + varuint(0) + item + b"\0")
    assert [known(part) for part in parts] == [{9: 1}] and known(rest) == {8: 101}


def test_what_is_no_update_is_left_to_who_applies_it() -> None:
    assert list(pieces(b"\xff" * 300)) == [b"\xff" * 300]
