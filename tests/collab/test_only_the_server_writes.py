"""Does what a member says of a run, or hides in the document's roots, stay with that member?"""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Doc

from jupyter_interview.collab import wire
from jupyter_interview.collab.notebook import cells_of
from tests.collab.conftest import MakePair, ran


@pytest.mark.parametrize(("field", "value"), [("execution_count", 7.0), ("execution_state", "running")])
async def test_how_a_cell_ran_is_the_servers_to_say(ji_pair: MakePair, field: str, value: Any) -> None:
    """A number beside a cell is a claim that it was run. It stays in no copy, not even in its author's."""
    pair = await ji_pair()
    await ran(pair)
    before = cells_of(pair.document.doc)[0][field]
    pair.candidate.cells[0][field] = value
    await pair.settle()
    for copy in (cells_of(pair.document.doc), pair.interviewer.cells):
        assert copy[0][field] == before != value
    assert pair.candidate.cells[0].to_py().get(field) != value
    assert pair.candidate.refused == []


@pytest.mark.parametrize("field", ["execution_count", "execution_state"])
async def test_how_a_cell_ran_is_not_taken_away(ji_pair: MakePair, field: str) -> None:
    """It may be emptied with the outputs, as a page does it, and not be missing."""
    pair = await ji_pair()
    await ran(pair)
    before = cells_of(pair.document.doc)[0][field]
    pair.candidate.cells[0].pop(field)
    await pair.settle()
    assert cells_of(pair.document.doc)[0][field] == pair.interviewer.cells[0][field] == before
    [denied] = await pair.denied()
    assert denied["reason"] == "the removal of what is the server's"


@pytest.mark.parametrize("root", ["meta", "state"])
async def test_a_root_of_attributes_has_no_items(ji_pair: MakePair, root: str) -> None:
    """They would be in nobody's notebook, and in everybody's document."""
    pair = await ji_pair()
    hidden: Doc[Any] = Doc(client_id=9)
    hidden[root] = Array(["hidden"] * 3)
    before = pair.document.doc.get_update()
    await pair.candidate.send(wire.sync(wire.UPDATE, hidden.get_update()))
    await pair.settle()
    assert b"hidden" not in pair.document.doc.get_update() and b"hidden" in hidden.get_update()
    assert b"hidden" not in pair.interviewer.doc.get_update() and b"hidden" not in before
    assert len(await pair.denied()) == 1
