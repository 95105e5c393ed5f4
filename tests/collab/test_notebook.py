"""Is whatever strangers make of the document still a notebook?"""

from __future__ import annotations

import copy
import json
import math
import time
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from jupyter_interview.collab import fold
from jupyter_interview.collab.notebook import (
    change_text,
    code_cells,
    find_cell,
    first_state,
    read_notebook,
    starting_notebook,
    yjs_value,
)
from jupyter_interview.core.models import JSON
from tests.collab.clients import new_cell

TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
NAMES = st.sampled_from(
    [
        *("id", "cell_type", "source", "metadata", "outputs", "execution_count", "attachments", "output_type", "name"),
        *("text", "data", "ename", "evalue", "traceback", "tags", "collapsed", "scrolled", "jupyter", "format"),
        *("kernelspec", "language_info", "orig_nbformat", "title", "authors", "execution", "display_name"),
        *("text/plain", "application/json", "image/png", "application/vnd.x+json", "codemirror_mode", "mimetype"),
    ]
)
WORDS = st.sampled_from(
    ["code", "markdown", "raw", "stream", "display_data", "execute_result", "error", "stdout", "", "a b"]
)
SCALAR = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | TEXT | WORDS | st.binary(max_size=3)
VALUE = st.recursive(
    SCALAR,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXT, inner, max_size=5),
    max_leaves=15,
)
OUTPUT = st.fixed_dictionaries(
    {"output_type": WORDS},
    optional={name: VALUE for name in ("name", "text", "data", "metadata", "execution_count", "traceback")},
)
METADATA = st.dictionaries(NAMES, VALUE, max_size=5)
CELL = st.fixed_dictionaries(
    {"cell_type": WORDS, "id": VALUE},
    optional={
        "source": VALUE,
        "metadata": METADATA | VALUE,
        "outputs": st.lists(OUTPUT | VALUE, max_size=3),
        "execution_count": SCALAR,
        "attachments": st.dictionaries(TEXT, VALUE, max_size=2),
    },
)


def validate(notebook: JSON) -> None:
    """Raise when nbformat does not take it."""
    nbformat.validate(nbformat.from_dict(notebook))  # type: ignore[no-untyped-call]


def shared(value: Any, deep: int) -> Any:
    """A value with shared types in the upper levels, as browsers make them, or as a stranger would."""
    if deep and isinstance(value, dict):
        return Map({key: shared(item, deep - 1) for key, item in value.items()})
    if deep and isinstance(value, list):
        return Array([shared(item, deep - 1) for item in value])
    if deep and isinstance(value, str):
        return Text(value)
    return value


def document(cells: list[Any], metadata: Any = None, deep: int = 2) -> Doc[Any]:
    doc: Doc[Any] = Doc()
    doc.get("cells", type=Array).extend([shared(cell, deep) for cell in cells])
    meta: Map[Any] = doc.get("meta", type=Map)
    meta["metadata"] = shared(metadata, deep)
    meta["nbformat"] = "hostile"
    return doc


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CELL | VALUE, max_size=4), METADATA | VALUE, st.integers(0, 4))
def test_every_document_reads_as_a_valid_notebook(cells: list[Any], metadata: Any, deep: int) -> None:
    doc = document(cells, metadata, deep)
    notebook = read_notebook(doc)
    text = json.dumps(notebook, allow_nan=False)
    validate(json.loads(text))
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(ids) == len(set(ids))
    assert json.dumps(fold([doc.get_update()])) == text, "and the same from its log"
    for cell in code_cells(doc):
        if isinstance(name := cell.get("id"), str):
            assert find_cell(doc, name) is not None


NOTEBOOK: JSON = {
    "cells": [
        {
            "cell_type": "code",
            "id": "a",
            "metadata": {
                "tags": ["x"],
                "collapsed": True,
                "scrolled": "auto",
                "jupyter": {"source_hidden": True},
                "n": 1.5,
            },
            "source": "print('ü 🎉')\n",
            "execution_count": 3,
            "outputs": [
                {"output_type": "stream", "name": "stderr", "text": "é\n"},
                {
                    "output_type": "display_data",
                    "data": {"text/plain": "1", "application/json": {"a": [1, None]}},
                    "metadata": {"i": 1},
                },
                {"output_type": "execute_result", "data": {"text/html": "<b>"}, "metadata": {}, "execution_count": 3},
                {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]},
            ],
        },
        {
            "cell_type": "markdown",
            "id": "b",
            "metadata": {},
            "source": "# T",
            "attachments": {"p.png": {"image/png": "AA=="}},
        },
        {"cell_type": "raw", "id": "c", "metadata": {"format": "text/x"}, "source": "r"},
    ],
    "metadata": {
        "kernelspec": {"display_name": "Python", "language": "python", "name": "python"},
        "language_info": {
            "codemirror_mode": {"name": "ipython", "version": 3},
            "file_extension": ".py",
            "name": "python",
        },
        "title": "T",
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_an_ordinary_notebook_survives_to_the_letter() -> None:
    validate(copy.deepcopy(NOTEBOOK))
    assert fold([first_state(copy.deepcopy(NOTEBOOK))]) == NOTEBOOK


def test_a_new_notebook_has_one_code_cell() -> None:
    notebook = fold([first_state(starting_notebook("x = 1", "python"))])
    validate(notebook)
    assert [(cell["cell_type"], cell["source"]) for cell in notebook["cells"]] == [("code", "x = 1")]
    assert notebook["metadata"]["kernelspec"]["name"] == "python"


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (["a", "a", "a"], ["a", "a-2", "a-3"]),
        (["a-2", "a", "a"], ["a-2", "a", "a-3"]),
        (["a", "a-2", "a"], ["a", "a-2", "a-3"]),
        (["", None, 7, "ä ö", "x/y"], ["cell", "cell-2", "cell-3", "cell-4", "xy"]),
        (["l" * 70, "l" * 70], ["l" * 60, "l" * 52 + "-2"]),
    ],
)
def test_ids_are_made_unique(ids: list[Any], expected: list[str]) -> None:
    cells = [{"cell_type": "code", "id": cell_id, "source": ""} for cell_id in ids]
    assert [cell["id"] for cell in read_notebook(document(cells))["cells"]] == expected


def test_many_cells_of_one_id_are_read_in_no_time() -> None:
    doc = document([{"id": "same"}] * 5_000, deep=0)
    begin = time.process_time()
    assert len({cell["id"] for cell in read_notebook(doc)["cells"]}) == 5_000
    assert time.process_time() - begin < 1


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
def test_text_becomes_what_is_wanted(old: str, new: str) -> None:
    doc: Doc[Any] = Doc()
    text: Text = doc.get("text", type=Text)
    text += old
    with doc.transaction():
        change_text(text, new)
    assert str(text) == new


@pytest.mark.parametrize(
    ("old", "new", "bytes_changed"),
    [
        ("same 🎉", "same 🎉", 0),
        ("a🎉c", "a🎈c", 4),
        ("üäö", "üxäö", 1),
        ("x = 1\ny = 2\n", "x = 1\nz = 3\ny = 2\n", 6),
        ("aaaa", "aaa", 0),
        ("", "é", 2),
        ("e\u0301", "e", 0),
    ],
)
def test_no_more_is_inserted_than_needed(old: str, new: str, bytes_changed: int) -> None:
    """So that other people's cursors, and what they type meanwhile, stay where they are."""
    doc: Doc[Any] = Doc()
    doc["text"] = text = Text(old)
    deltas: list[Any] = []
    text.observe(lambda event: deltas.extend(event.delta))  # type: ignore[attr-defined]  # not in its stubs
    with doc.transaction():
        change_text(text, new)
    assert str(text) == new
    assert sum(len(delta.get("insert", "").encode()) for delta in deltas) == bytes_changed


def test_what_others_type_meanwhile_stays() -> None:
    first: Doc[Any] = Doc()
    first["text"] = mine = Text("def f():\n    return 1\n")
    second: Doc[Any] = Doc()
    second.apply_update(first.get_update())
    theirs: Text = second.get("text", type=Text)
    theirs.insert(0, "# hello\n")
    with first.transaction():
        change_text(mine, "def f():\n    return 22\n")
    first.apply_update(second.get_update(first.get_state()))
    assert str(mine) == "# hello\ndef f():\n    return 22\n"


def test_numbers_of_any_size_can_be_shown() -> None:
    value = yjs_value({"a": [1, True, None, 10**400, -(10**400), 2**60, math.pi]})
    doc: Doc[Any] = Doc()
    doc.get("m", type=Map)["v"] = value
    assert doc.get("m", type=Map).to_py() == {"v": value}
    assert value["a"][0] == 1.0 and isinstance(value["a"][0], float) and value["a"][1] is True


def test_a_cell_is_found_by_its_id_among_others() -> None:
    doc = document([], deep=0)
    cells: Array[Any] = doc.get("cells", type=Array)
    cells.extend(
        [new_cell("m", "text", "markdown"), new_cell("a", "1"), "stranger", new_cell("a", "2"), new_cell("b", "3")]
    )
    first, last = find_cell(doc, "a"), find_cell(doc, "b")
    assert first is not None and str(first["source"]) == "1"
    assert last is not None and str(last["source"]) == "3"
    assert find_cell(doc, "m") is None and find_cell(doc, "z") is None
