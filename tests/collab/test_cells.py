"""Are cells found without being read again and again?"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_interview.collab.cells import Cells
from tests.collab.clients import new_cell
from tests.collab.conftest import MakePair
from tests.collab.counting import reads


def walked(doc: Doc[Any]) -> list[tuple[Any, str]]:
    """The code cells and their sources, found by walking through the array."""
    cells = [cell for cell in doc.get("cells", type=Array) if isinstance(cell, Map)]
    code = [cell for cell in cells if cell.get("cell_type") == "code" and isinstance(cell.get("source"), Text)]
    return [(cell.get("id"), str(cell["source"])) for cell in code]


def test_a_cell_is_found_by_its_id_among_others() -> None:
    doc: Doc[Any] = Doc()
    cells: Array[Any] = doc.get("cells", type=Array)
    known = Cells(doc)
    cells.extend(
        [new_cell("m", "text", "markdown"), new_cell("a", "1"), "stranger", new_cell("a", "2"), new_cell("b", "3")]
    )
    first, last = known.find("a"), known.find("b")
    assert first is not None and str(first["source"]) == "1"
    assert last is not None and str(last["source"]) == "3"
    assert known.find("m") is None and known.find("z") is None
    assert known.ids() == ["a", "a", "b"] and list(known.named()) == ["m", "a", "b"]
    del cells[1]
    first = known.find("a")
    assert first is not None and str(first["source"]) == "2"
    known.close()


STEP = st.tuples(st.sampled_from(["insert", "insert", "markdown", "odd", "delete"]), st.integers(0, 30))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(STEP, max_size=6), max_size=8), st.booleans())
def test_it_is_what_a_walk_finds(changes: list[list[tuple[str, int]]], asked: bool) -> None:
    """After any changes, several in one transaction, of a document that was empty or not."""
    doc: Doc[Any] = Doc()
    cells: Array[Any] = doc.get("cells", type=Array)
    cells.extend([new_cell("first"), "odd"])
    known = Cells(doc)
    for number, steps in enumerate(changes):
        with doc.transaction():
            for kind, place in steps:
                at = place % (len(cells) + 1)
                if kind == "delete" and at < len(cells):
                    del cells[at]
                elif kind == "odd":
                    cells.insert(at, place)
                elif kind != "delete":
                    cells.insert(at, new_cell(f"c{place % 5}", str(number), "code" if kind == "insert" else kind))
        if asked:
            assert known.ids() == [name for name, _ in walked(doc)]
    expected = walked(doc)
    assert [(cell["id"], str(cell["source"])) for cell in known.code()] == expected
    for name, source in dict(reversed(expected)).items():
        found = known.find(name)
        assert found is not None and str(found["source"]) == source
    known.close()


def test_a_cell_is_read_once() -> None:
    doc: Doc[Any] = Doc()
    cells: Array[Any] = doc.get("cells", type=Array)
    known = Cells(doc)
    cells.extend([new_cell(f"c{number}") for number in range(100)])
    with reads() as first:
        known.find("c99")
    assert first["Array"] == 0 and first["Map"] <= 3 * 100
    with reads() as again:
        for number in range(100):
            known.find(f"c{number}")
    assert not again.total()
    cells.append(new_cell("new"))
    with reads() as one:
        assert known.find("new") is not None and len(known.ids()) == 101
    assert one["Array"] == 0 and one["Map"] <= 3


async def test_a_documents_cells_are_found_without_walking(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    pair.candidate.cells.extend([new_cell(f"c{number}", "x") for number in range(60)])
    await pair.settle()
    pair.document.code_cells()
    with reads() as counted:
        outputs = pair.document.outputs_of("c59", "run")
        for number in range(60):
            assert pair.document.source(f"c{number}") == "x"
        outputs.begin()
        outputs.stream("stdout", "x")
        outputs.finish(1)
    assert counted["Map"] < 2 * 60 + 20 and counted["Array"] < 10
