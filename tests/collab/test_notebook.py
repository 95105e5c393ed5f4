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
from jupyter_interview.collab.cells import Cells
from jupyter_interview.collab.notebook import (
    change_text,
    end_lines,
    first_state,
    in_language,
    read_notebook,
    starting_notebook,
    yjs_value,
)
from jupyter_interview.core.jsontext import as_text
from jupyter_interview.core.models import JSON
from jupyter_interview.core.properties import UNFIT

KINDS = ("code", "markdown", "raw")
TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
NAMES = st.sampled_from(
    [
        *("id", "cell_type", "source", "metadata", "outputs", "execution_count", "attachments", "output_type", "name"),
        *("text", "data", "ename", "evalue", "traceback", "tags", "collapsed", "scrolled", "jupyter", "format"),
        *("kernelspec", "language_info", "orig_nbformat", "title", "authors", "execution", "display_name"),
        *UNFIT,
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
    known = Cells(doc)
    for cell in known.code():
        if isinstance(name := cell.get("id"), str):
            assert known.find(name) is not None
    known.close()


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


@pytest.mark.parametrize("deep", [0, 2])
@pytest.mark.parametrize("kind", ["code", "markdown", "raw", "none such"])
def test_nobody_is_told_whom_to_trust(kind: str, deep: int) -> None:
    """Neither by a notebook that a room starts from, nor by what a member writes into the document."""
    cell = {**NOTEBOOK["cells"][0], "cell_type": kind, "metadata": {"trusted": True, "tags": ["x"]}}
    (read,) = read_notebook(document([cell], deep=deep))["cells"]
    assert read["metadata"] == {"tags": ["x"]}
    if kind != "none such":
        doc: Doc[Any] = Doc()
        doc.apply_update(first_state({**NOTEBOOK, "cells": [cell]}))
        assert doc.get("cells", type=Array)[0]["metadata"].to_py() == {"tags": ["x"]}


def test_a_new_notebook_has_one_code_cell() -> None:
    notebook = fold([first_state(in_language(starting_notebook("x = 1"), "python"))])
    validate(notebook)
    assert [(cell["cell_type"], cell["source"]) for cell in notebook["cells"]] == [("code", "x = 1")]
    assert notebook["metadata"]["kernelspec"]["name"] == "python"


def test_a_notebook_of_another_language_becomes_one_of_the_room() -> None:
    info = {"name": "rust", "mimetype": "text/rust"}
    other = {"kernelspec": {"name": "ir", "display_name": "R"}, "language_info": {"name": "R", "version": "4"}, "x": 1}
    metadata = fold([first_state(in_language({**NOTEBOOK, "metadata": other}, "rust", info))])["metadata"]
    assert metadata == {
        "kernelspec": {"name": "rust", "display_name": "Rust", "language": "rust"},
        "language_info": info,
        "x": 1,
    }


def test_lines_begin_with_one_kind_of_end() -> None:
    """In sources of all kinds; what was printed over in an output is gone."""
    cells = [{**NOTEBOOK["cells"][0], "id": kind, "cell_type": kind, "source": "a\r\nb\rc\n"} for kind in KINDS]
    cells[0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1%\r2%\r\n"}]
    read = fold([first_state({**NOTEBOOK, "cells": cells})])["cells"]
    assert [cell["source"] for cell in read] == ["a\nb\nc\n"] * len(KINDS)
    assert read[0]["outputs"][0]["text"] == "2%\n"


def test_a_shared_text_gets_the_same_ends() -> None:
    doc: Doc[Any] = Doc()
    doc["text"] = text = Text("é\r\n🎉\r\rx\n")
    end_lines(text)
    assert str(text) == "é\n🎉\n\nx\n"


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


UNFIT_VALUE: JSON = {name: {"a": [{name: 5.0}]} for name in sorted(UNFIT)}
FIT_VALUE: JSON = {f"_{name}": {"a": [{f"_{name}": 5}]} for name in sorted(UNFIT)}


def _cells(value: JSON) -> list[JSON]:
    shown = {"output_type": "display_data", "data": {"application/json": value}, "metadata": value}
    code = {"cell_type": "code", "source": "x", "metadata": value, "outputs": [shown], "execution_count": None}
    text = {"cell_type": "raw", "source": "y", "metadata": {}, "attachments": {"a.txt": {"text/plain": "z"}, **value}}
    return [{**code, "id": "code"}, {**text, "id": "text"}]


def test_what_is_read_has_names_that_objects_can_have() -> None:
    read = read_notebook(document(_cells(UNFIT_VALUE), UNFIT_VALUE))
    expected = read_notebook(document(_cells(FIT_VALUE), FIT_VALUE))
    assert read == expected and read["metadata"] == FIT_VALUE
    assert "constructor" not in json.dumps(read).replace("_constructor", "")
    assert set(read["cells"][1]["attachments"]) == {"a.txt", *(f"_{name}" for name in UNFIT)}


def test_a_given_notebook_gets_names_that_objects_can_have() -> None:
    doc: Doc[Any] = Doc()
    doc.apply_update(first_state({"cells": _cells(UNFIT_VALUE), "metadata": UNFIT_VALUE, "nbformat": 4}))
    stored = json.loads(str(doc.get("cells", type=Array)))
    metadata = json.loads(str(doc.get("meta", type=Map)))["metadata"]
    assert stored[0]["metadata"] == yjs_value(FIT_VALUE) == {name: metadata[name] for name in FIT_VALUE}
    assert UNFIT.isdisjoint(metadata)
    assert stored[0]["outputs"][0]["data"]["application/json"] == as_text(UNFIT_VALUE)


def test_no_name_takes_the_place_of_another() -> None:
    assert yjs_value({"constructor": 1, "_constructor": 2, "__constructor": 3}) == {
        "___constructor": 1.0,
        "_constructor": 2.0,
        "__constructor": 3.0,
    }


def test_a_given_notebook_has_numbers_of_any_size() -> None:
    value = {"x": [10**400, 2**1023, 2**60, 7, True]}
    cells = [{**_cells({})[0], "metadata": value, "execution_count": 3}]
    doc: Doc[Any] = Doc()
    doc.apply_update(first_state({"cells": cells, "metadata": value, "nbformat": 4, "nbformat_minor": 5}))
    read = read_notebook(doc)
    expected = {"x": [str(10**400), str(2**1023), 2**60, 7, True]}
    assert (read["metadata"]["x"], read["cells"][0]["metadata"]) == (expected["x"], expected)
    assert read["cells"][0]["execution_count"] == 3
