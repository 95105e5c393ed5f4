"""Does the fold of frames give what the documents gave?"""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.core.models import JSON
from jupyter_interview.core.moment import (
    Misfit,
    Moment,
    cut,
    joined,
    part_of_runs,
    shifted,
    splice_runs,
    spliced,
    units,
)

VECTORS = sorted((Path(__file__).parent.parent / "vectors").glob("*.json"))
CELL: JSON = {
    "id": "a",
    "cell_type": "code",
    "metadata": {},
    "source": "a🎉c",
    "authors": [[4, 1, 0]],
    "outputs": [{"output_type": "stream", "name": "stdout", "text": "x"}],
    "execution_count": None,
    "execution_state": "idle",
    "run": None,
}
TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


def canonical(value: Any) -> str:
    """One text for equal values."""
    return json.dumps(value, sort_keys=True)


def moment(**fields: Any) -> Moment:
    """A moment with one cell."""
    return Moment({"cells": [{**CELL, **fields}], "metadata": {}, "cursors": {}})


def test_there_are_vectors() -> None:
    assert [path.stem for path in VECTORS] == ["cells", "everything", "runs", "stranger", "typing"]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_a_vector(path: Path) -> None:
    """From the frame that holds the event, and from the first one: both give the notebook, the writers, the cursors."""
    vector = json.loads(path.read_text(encoding="utf-8"))
    frames = vector["frames"]
    for wanted in vector["moments"]:
        seq = wanted["seq"]
        first = max((n for n, frame in enumerate(frames) if n == 0 or frames[n - 1]["entries"][-1][0] < seq), default=0)
        for start in {0, first}:
            found = Moment(frames[start]["state"])
            for frame in frames[start:]:
                found.fold(frame["entries"], until=seq)
            assert canonical(found.notebook()) == canonical(wanted["notebook"]), (seq, start)
            assert [cell["authors"] for cell in found.cells] == wanted["authors"]
            assert found.cursors == wanted["cursors"]
        plain = Moment(copy.deepcopy(frames[first]["state"]), plain=True)
        for frame in frames[first:]:
            plain.fold(copy.deepcopy(frame["entries"]), until=seq)
        assert canonical(plain.notebook()) == canonical(wanted["notebook"]), seq


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_each_frame_begins_where_the_one_before_ends(path: Path) -> None:
    frames = json.loads(path.read_text(encoding="utf-8"))["frames"]
    assert len(frames) > 2
    for before, after in itertools.pairwise(frames):
        found = Moment(before["state"])
        found.fold(before["entries"])
        assert canonical(found.state()) == canonical(after["state"])


@given(text=TEXT, inserted=TEXT, start=st.integers(0, 12), end=st.integers(0, 12))
def test_splices_count_utf16(text: str, inserted: str, start: int, end: int) -> None:
    first, last = sorted((min(start, len(text)), min(end, len(text))))
    pos, length = units(text[:first]), units(text[first:last])
    assert spliced(text, pos, length, inserted) == text[:first] + inserted + text[last:]
    assert cut(text, pos, pos + length) == text[first:last]


def test_half_a_character_stays_half() -> None:
    """A page may send one: to JavaScript each half is a character."""
    text = "a\ud83cé\udf89b"
    assert cut(text, 1, 4) == "\ud83cé\udf89" and cut(text, 1, 2) == "\ud83c"
    assert spliced(text, 2, 1, "\udf88") == "a🎈\udf89b"
    assert spliced("é", 1, 0, "\ud83c") == "é\ud83c"


@given(
    runs=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 1)), max_size=6),
    new=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 1)), max_size=3),
    pos=st.integers(0, 20),
    deleted=st.integers(0, 5),
)
def test_runs_are_what_each_unit_says(runs: Any, new: Any, pos: int, deleted: int) -> None:
    """As if each unit had its writer beside it."""

    def spread(those: Any) -> list[tuple[int, int]]:
        return [(member, manner) for length, member, manner in those for _ in range(length)]

    each = spread(runs)
    pos = min(pos, len(each))
    deleted = min(deleted, len(each) - pos)
    found = splice_runs(joined(runs), pos, deleted, joined(new))
    assert spread(found) == each[:pos] + spread(new) + each[pos + deleted :]
    assert all(one[1:] != other[1:] and one[0] > 0 for one, other in itertools.pairwise(found))
    assert spread(part_of_runs(joined(runs), pos, pos + deleted)) == each[pos : pos + deleted]


def test_a_cursor_sticks_to_the_character_behind_it() -> None:
    assert [shifted(at, 3, 2, 4) for at in (0, 2, 3, 4, 5, 6)] == [0, 2, 7, 7, 7, 8]
    found = moment()
    for operation in (["c", 7, 1, "a", 1, 3], ["c", 8, 2, "b", 1, 1], ["t", 0, 1, 0, "é", [[1, 1, 0]]]):
        found.apply(operation)
    assert found.cursors == {"7": [1, "a", 2, 4], "8": [2, "b", 1, 1]}
    found.apply(["c", 8])
    found.apply(["c", 9])
    assert list(found.cursors) == ["7"]


def test_the_state_is_a_copy() -> None:
    """What a reader was given does not change under it, and what it gave does not change the moment."""
    metadata = {"a": [1]}
    found = moment()
    found.apply(["m", metadata])
    found.apply(["s", 0, "attachments", {"x.png": {}}])
    before = found.state()
    metadata["a"].append(2)
    found.apply(["a", 0, 0, "y"])
    found.apply(["s", 0, "attachments", None])
    assert before["metadata"] == {"a": [1]} and before["cells"][0]["outputs"][0]["text"] == "x"
    assert "attachments" in before["cells"][0] and "attachments" not in found.cells[0]
    assert found.notebook()["cells"][0]["outputs"][0]["text"] == "xy"


def test_a_notebook_of_an_old_frame_tells_nobody_whom_to_trust() -> None:
    made = moment(metadata={"trusted": True, "tags": ["x"]})
    assert made.notebook()["cells"][0]["metadata"] == {"tags": ["x"]}
    assert made.state()["cells"][0]["metadata"] == {"trusted": True, "tags": ["x"]}, "the fold itself is exact"


def test_a_plain_moment_leaves_writers_and_cursors_alone() -> None:
    """And takes what it is given: nothing is copied."""
    state: JSON = {"cells": [copy.deepcopy(CELL)], "metadata": {}, "cursors": {"7": [1, "a", 1, 1]}}
    found = Moment(state, plain=True)
    found.apply(["t", 0, 0, 1, "é🎉", [[3, 2, 0]]])
    found.apply(["a", 0, 0, "y"])
    assert found.notebook()["cells"][0]["source"] == "é🎉🎉c"
    assert state["cells"][0]["outputs"][0]["text"] == "xy"
    assert found.cells[0]["authors"] == [[4, 1, 0]] and found.cursors == {"7": [1, "a", 1, 1]}


BEYOND = "a splice goes beyond the end of its source"
AUTHORS = "the authors of a text are not as long as it is"
NO_CELL = "there is no such cell"
FEWER_CELLS = "there are fewer cells than go"
FEWER_OUTPUTS = "there are fewer outputs than go"


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (["t", 1, 0, 0, "", []], "IndexError: .*"),
        (["t", -1, 0, 0, "", []], NO_CELL),
        (["t", 0, 5, 0, "", []], BEYOND),
        (["t", 0, 3, 2, "", []], BEYOND),
        (["t", 0, -1, 0, "", []], BEYOND),
        (["t", 0, 0, -1, "", []], BEYOND),
        (["t", 0, 0, 0, "x", []], AUTHORS),
        (["t", 0, 0, 0, "🎉", [[1, 1, 0]]], AUTHORS),
        (["t", 0, 0, 0], r"TypeError: \['t', 0, 0, 0\]"),
        (["+", 2, []], "cells come in behind the end"),
        (["+", -1, []], "cells come in behind the end"),
        (["-", 0, 2], FEWER_CELLS),
        (["-", -1, 1], FEWER_CELLS),
        (["-", 0, -1], FEWER_CELLS),
        (["s", 0, "source", "x"], "a cell has no field 'source'"),
        (["s", 0, "authors", []], "a cell has no field 'authors'"),
        (["s", 1, "run", "x"], "IndexError: .*"),
        (["o", 0, 1, 1, []], FEWER_OUTPUTS),
        (["o", 0, -1, 0, []], FEWER_OUTPUTS),
        (["a", 0, 1, "x"], "IndexError: .*"),
        (["a", 0, -1, "x"], "there is no such output"),
        (["a", 0, 0, "x", 3], "more of a stream goes than there is"),
        (["a", 0, 0, "x", -1], "more of a stream goes than there is"),
        (["a", 0, 0, 1], "TypeError: .*"),
        (["c", 1, 2], "a cursor has a member, a cell, an anchor and a head"),
        (["z"], "KeyError: .*"),
        ([], "IndexError: .*"),
        ([["t"]], "TypeError: .*"),
        (["z" * 200], "KeyError: .{100}"),
        (None, "TypeError: None"),
    ],
)
def test_what_does_not_fit(operation: Any, said: str) -> None:
    """A damaged frame is an error, and leaves the moment as it was."""
    found = moment()
    before = found.state()
    with pytest.raises(Misfit, match=f"^{said}$"):
        found.apply(operation)
    assert found.state() == before


def test_before_the_first_event_there_is_nothing() -> None:
    found = Moment(None)
    assert found.state() == {"cells": [], "metadata": {}, "cursors": {}}
    assert found.notebook() == {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def test_pictures_of_a_text_are_in_the_notebook() -> None:
    text = {"id": "t", "cell_type": "markdown", "source": "![](attachment:x.png)", "metadata": {}}
    pictures = {"x.png": {"image/png": "AA=="}}
    for cell in (text, {**text, "cell_type": "raw"}):
        held = {**cell, "attachments": pictures, "authors": [], "run": None, "outputs": [], "execution_count": None}
        found = Moment({"cells": [held], "metadata": {}, "cursors": {}})
        assert found.notebook()["cells"] == [{**cell, "attachments": pictures}]
