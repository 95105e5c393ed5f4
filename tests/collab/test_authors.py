"""Does each character belong to whom it belongs, whatever happened to it since?"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.interviews import Script
from jupyter_interview.collab.authors import Edit, Writer, composed, inherited, written_by
from jupyter_interview.collab.frames import History
from jupyter_interview.collab.graves import Cemetery, Gone, Graves, Written
from jupyter_interview.core.models import JSON, Event, EventKind
from jupyter_interview.core.moment import PASTED, SEED, TYPED, units
from tests.collab.sessions import CLIENT, PLACE, Session
from tests.collab.sessions import cell as new_cell

_LETTERS = ("abcdefg", "hijklmn", "opqrstu")
_SEED = "0123456789"
NOTEBOOK: JSON = {
    "cells": [
        {"cell_type": "code", "id": "one", "metadata": {}, "source": _SEED, "outputs": [], "execution_count": None},
        {"cell_type": "code", "id": "two", "metadata": {}, "source": _SEED, "outputs": [], "execution_count": None},
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


class Marked(Session):
    """Each person types letters of their own, and pastes capital ones: a character says itself whose it is."""

    def _typed(self, who: int, place: int, at: int, length: int) -> None:
        self._type(who, place, at, "".join(_LETTERS[who][(at + n) % 7] for n in range(length)))

    def _pasted(self, who: int, place: int, at: int, length: int) -> None:
        self._type(who, place, at, "".join(_LETTERS[who][(at + n) % 7] for n in range(length + 60)).upper())

    # Without a connection a copy of an old state is moved: a guess (docs/developers/frames.md).

    def _move(self, who: int, place: int, to: int) -> None:
        if self.clients[who].online:
            super()._move(who, place, to)

    def _move_text(self, who: int, place: int, start: int, end: int, to: int) -> None:
        if self.clients[who].online:
            super()._move_text(who, place, start, end, to)

    def _split(self, who: int, place: int, at: int) -> None:
        """As JupyterLab does it: the parts are new cells, one of which has the id of the old."""
        client = self.clients[who]
        if client.online and len(client.cells):
            index = place % len(client.cells)
            held = client.cells[index].to_py()
            middle = at % (len(held["source"]) + 1)
            with client.doc.transaction():
                del client.cells[index]
                client.cells.insert(index, new_cell(held["id"], held["source"][:middle]))
                client.cells.insert(index + 1, new_cell(f"rest{len(self.events)}", held["source"][middle:]))


def writer_of(char: str) -> tuple[int, int]:
    """Whose a character is, and how it came."""
    if char in _SEED:
        return 0, SEED
    who = next(number for number, letters in enumerate(_LETTERS, 1) if char.lower() in letters)
    return who, PASTED if char.isupper() else TYPED


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("typed"), CLIENT, PLACE, PLACE, st.integers(1, 4)),
        st.tuples(st.just("typed"), CLIENT, PLACE, PLACE, st.integers(1, 4)),
        st.tuples(st.just("pasted"), CLIENT, PLACE, PLACE, st.integers(0, 9)),
        st.tuples(st.just("delete"), CLIENT, PLACE, PLACE, PLACE),
        st.tuples(st.just("undo"), CLIENT),
        st.tuples(st.just("redo"), CLIENT),
        st.tuples(st.just("move"), CLIENT, PLACE, PLACE),
        st.tuples(st.just("move_text"), CLIENT, PLACE, PLACE, PLACE, PLACE),
        st.tuples(st.just("split"), CLIENT, PLACE, PLACE),
        st.tuples(st.just("remove"), CLIENT, PLACE),
        st.tuples(st.just("offline"), CLIENT),
        st.tuples(st.just("online"), CLIENT),
    ),
    min_size=3,
    max_size=25,
)


@settings(max_examples=200, deadline=None)
@given(steps=STEPS)
def test_every_character_is_its_writers(steps: list[Any]) -> None:
    """Under concurrent edits, moves, splits, undo and pastes."""
    session = Marked(NOTEBOOK)
    session.play(steps)
    history = History()
    for event in session.events:
        history.add(event, event.member)
        for cell in history.moment.cells:
            told = [(member, manner) for length, member, manner in cell["authors"] for _ in range(length)]
            assert told == [writer_of(char) for char in cell["source"]], (event.seq, cell["source"], cell["authors"])
    history.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_as_the_generator_of_interviews_knows_it(seed: int) -> None:
    """Half an hour of two people, who type at the same time, correct, paste, move and remove."""
    script, history = Script(0.5, seed, 0.3), History()
    for seq, line in enumerate(script.lines(), 1):
        event = Event(1, seq, line.at, line.member, line.connection, line.kind, line.payload, line.data)
        history.add(event, line.member)
        if seq % 50 and line.kind is not EventKind.ROOM_ENDED:
            continue
        for cell, truth in zip(history.moment.cells, script.truth, strict=True):
            told = [(member, manner) for length, member, manner in cell["authors"] for _ in range(length)]
            wanted = zip(truth.text, truth.writers, strict=True)
            assert cell["source"] == truth.text
            assert told == [writer for char, writer in wanted for _ in range(units(char))], (seq, cell["id"])
    assert history.check() == [] and len(script.truth) > 3
    history.close()


def edited(graves: Graves, text: str, runs: Any, pos: int, removed: int, inserted: str, member: int) -> tuple[str, Any]:
    """A text after a splice, in which what goes stands alone."""
    edit = Edit(pos, text[pos : pos + removed], inserted, [[removed, *runs]] if removed else [])
    told = written_by(edit, graves, [Written(edit.removed, edit.runs)] if removed else [], [], Writer(member))
    return text[:pos] + inserted + text[pos + removed :], told


def test_undo_brings_the_writers_back() -> None:
    """Removed piece by piece, brought back at once, beside what came meanwhile; not by another, or a letter of it."""
    graves = Graves()
    text = "hello world"
    for at in range(10, 5, -1):
        text, _ = edited(graves, text, (1, TYPED), at, 1, "", 2)
    text, _ = edited(graves, text, (), 6, 0, "big ", 3)
    assert edited(graves, text, (), 6, 0, "world", 3)[1] == [[5, 3, TYPED]]
    graves = Graves.of(graves.to_json())
    assert edited(graves, text, (), 15, 0, "d", 2)[1] == [[1, 1, TYPED]]
    graves = Graves()
    text, _ = edited(graves, "hello world", (1, TYPED), 6, 5, "", 2)
    assert edited(graves, text, (), 6, 0, "w", 2)[1] == [[1, 2, TYPED]]
    assert edited(graves, "hello w", (), 7, 0, "world", 2)[1] == [[5, 1, TYPED]]


def test_what_is_pasted() -> None:
    """Long, or lines; whatever a plain client sends is typed."""
    assert Writer(1).runs("x" * 59) == [[59, 1, TYPED]] and Writer(1).runs("x" * 60) == [[60, 1, PASTED]]
    assert Writer(1).runs("x" * 22 + "\n") == [[23, 1, TYPED]] and Writer(1).runs("x" * 23 + "\n") == [[24, 1, PASTED]]
    assert Writer(1, TYPED).runs("🎉" * 60) == [[120, 1, TYPED]]
    writer = Writer(1)
    assert writer.runs("🎉" * 30) == [[60, 1, PASTED]] and writer.pasted == [60]


def test_what_is_split_and_merged() -> None:
    """The writers of each part go with it."""
    writer = Writer(9)
    pool = [Written("ab\ncd", [[3, 1, TYPED], [2, 2, TYPED]]), Written("ef", [[2, 3, TYPED]])]
    assert composed("cd", pool, writer) == [[2, 2, TYPED]]
    assert composed("ab\ncd\nef", pool, writer) == [[3, 1, TYPED], [2, 2, TYPED], [1, 9, TYPED], [2, 3, TYPED]]
    assert composed("new", pool, writer) == [[3, 9, TYPED]]
    assert inherited("zz", pool) is None and inherited("ab", pool, 8) is None


def test_a_cell_comes_back_with_its_writers() -> None:
    """As whoever brings it back removed it, else as somebody did; nobody remembers more than a little."""
    cemetery = Cemetery()
    gone = [Gone(f"c{n}", f"text {n}", [[6, 1, TYPED]], Graves()) for n in range(30)]
    for cell in gone:
        cemetery.bury(2, [cell])
    cemetery.bury(3, [Gone("c29", "text 29", [[6, 3, TYPED]], Graves())])
    cemetery = Cemetery(cemetery.to_json())

    def writer(member: int, cell: int) -> int | None:
        found = cemetery.returned(member, f"c{cell}", f"text {cell}")
        return None if found is None else found.runs[0][1]

    assert (writer(2, 29), writer(3, 29), writer(3, 28), writer(2, 0)) == (1, 3, 1, None)
    assert cemetery.returned(2, "c29", "other") is None
