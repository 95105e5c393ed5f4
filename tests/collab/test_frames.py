"""Do plain operations tell what the Yjs updates do?"""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings

from jupyter_interview.collab.fold import fold
from jupyter_interview.collab.frames import History
from jupyter_interview.core.models import DOCUMENT_KINDS, JSON
from jupyter_interview.core.moment import Moment, units
from tests.collab.sessions import PLAIN_STEPS, STEPS, Session

NOTEBOOK: JSON = {
    "cells": [
        {
            "cell_type": "code",
            "id": "first",
            "metadata": {},
            "source": "héllo 🎉 = 1\nprint('a')\n",
            "outputs": [],
            "execution_count": None,
        },
        {"cell_type": "markdown", "id": "second", "metadata": {"tags": ["a"]}, "source": "# Title"},
    ],
    "metadata": {"language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}

KEYFRAMES = 3
"""Events from one keyframe to the next."""


def canonical(value: Any) -> str:
    """One text for equal values."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def prove(steps: list[Any]) -> None:
    """After every event the notebook is what the updates so far fold to, for the writer and for readers.

    One reader goes through all events. The others start with a keyframe, one at each third event, and have the
    operations behind it.
    """
    session = Session(NOTEBOOK)
    session.play(steps)
    history, reader, updates = History(), Moment(), []
    tails: dict[int, Moment] = {}
    for event in session.events:
        operations = json.loads(json.dumps(history.add(event, event.member)))
        for operation in operations:
            reader.apply(operation)
        if event.kind in DOCUMENT_KINDS:
            updates.append(event.data or b"")
        document, state = canonical(fold(updates)), canonical(history.moment.state())
        assert canonical(reader.notebook()) == document, (event.seq, operations)
        assert canonical(reader.state()) == state
        notebook = reader.notebook()
        for keyframe, tail in tails.items():
            tail.fold([[event.seq, 0, event.member, operations]])
            assert tail.notebook() == notebook, (event.seq, keyframe, operations)
        if event.seq % KEYFRAMES == 0:
            tails[event.seq] = Moment(json.loads(state))
        for cell in reader.cells:
            assert sum(run[0] for run in cell["authors"]) == units(cell["source"])
            assert all(one[1:] != other[1:] for one, other in zip(cell["authors"], cell["authors"][1:], strict=False))
    for keyframe, tail in tails.items():
        # To the letter: above, true would be as good as 1.
        assert canonical(tail.state()) == state, keyframe
    assert history.check() == []
    history.close()


@settings(max_examples=400, deadline=None)
@given(steps=PLAIN_STEPS)
def test_every_moment_is_the_documents(steps: list[Any]) -> None:
    prove(steps)


@settings(max_examples=400, deadline=None)
@given(steps=STEPS)
def test_whatever_a_stranger_writes(steps: list[Any]) -> None:
    prove(steps)
