"""How are the vectors made that both folds of frames are held to? ``python -m tests.vectors`` writes them anew.

Each is a random session of several people (tests/collab/sessions.py), cut into frames, with the notebook, the writers
and the cursors after each of its events. The notebook is not the fold's, but what the Yjs updates give.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from jupyter_interview.collab.fold import fold
from jupyter_interview.collab.frames import History
from jupyter_interview.core.models import DOCUMENT_KINDS, JSON
from jupyter_interview.managers.replay.framing import Clock, Framer, People, unpacked
from tests.collab.sessions import ERROR, IMAGE, STREAM, TEXTS, Session

FOLDER = Path(__file__).parent
ENTRIES = 25
NOTEBOOK: JSON = {
    "cells": [
        {
            "cell_type": "code",
            "id": "first",
            "metadata": {},
            "source": "def f(n):\n    return n  # 🎉 é\n",
            "outputs": [],
            "execution_count": None,
        },
        {"cell_type": "markdown", "id": "second", "metadata": {"tags": ["task"]}, "source": "# Aufgabe *eins*"},
    ],
    "metadata": {"language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
_TYPING = ["type"] * 10 + ["delete"] * 4 + ["replace"] * 2 + ["cursor"] * 4 + ["undo"] * 3 + ["redo"]
_CELLS = ["insert", "remove", "move", "move", "split", "turn", "move_text"]
_RUNS = ["begin", "stream", "stream", "stream", "print_over", "display", "clear", "finish"]
_REST = ["metadata", "notebook", "code", "leave", "offline", "online", "online"]
_ODD = [
    "odd_cell",
    "odd_shared_cell",
    "odd_field",
    "odd_shared_field",
    "odd_output",
    "odd_output_field",
    "odd_text",
    "odd_attribute",
    "much",
]
SCENARIOS: dict[str, tuple[int, list[str]]] = {
    "typing": (110, _TYPING),
    "cells": (80, _TYPING + _CELLS * 3),
    "runs": (200, _TYPING[:6] + _RUNS * 4),
    "everything": (200, _TYPING + _CELLS + _RUNS * 2 + _REST),
    "stranger": (130, _TYPING[:8] + _CELLS + _RUNS + _ODD),
}


class _Dice:
    """Arguments by chance, the same ones each time."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # nothing secret

    def place(self) -> int:
        return self.random.randrange(40)

    def text(self) -> str:
        return self.random.choice([*TEXTS[1:], "a", "b", "(", "\n", "ü", "😀", "return 1"])

    def value(self) -> Any:
        return self.random.choice([None, True, 3, 2.5, "text", [1, "a"], {"b": 1, "a": {"c": [2]}}, STREAM, IMAGE])

    def kind(self) -> str:
        return self.random.choice(["code", "code", "markdown", "raw"])

    def step(self, name: str) -> tuple[Any, ...]:
        who, place, text, value = self.random.randrange(3), self.place, self.text, self.value
        field = self.random.choice(["source", "outputs", "id", "cell_type"])
        shapes: dict[str, tuple[Any, ...]] = {
            "type": (who, place(), place(), text()),
            "delete": (who, place(), place(), place()),
            "replace": (who, place(), place(), place(), text()),
            "move_text": (who, place(), place(), place(), place()),
            "undo": (who,),
            "redo": (who,),
            "insert": (who, place(), text(), self.kind()),
            "remove": (who, place()),
            "move": (who, place(), place()),
            "split": (who, place(), place()),
            "turn": (who, place(), self.kind()),
            "metadata": (who, place(), text(), value()),
            "notebook": (who, text(), value()),
            "begin": (place(),),
            "stream": (place(), text()),
            "print_over": (place(), text(), self.random.randrange(1, 9)),
            "display": (place(), self.random.choice([IMAGE, ERROR])),
            "clear": (place(),),
            "finish": (place(),),
            "code": (who, text()),
            "cursor": (who, place(), place(), place()),
            "leave": (who,),
            "offline": (who,),
            "online": (who,),
            "odd_cell": (who, place(), value()),
            "odd_shared_cell": (who, place()),
            "odd_field": (who, place(), field, value()),
            "odd_shared_field": (who, place(), field),
            "odd_output": (who, place(), place(), value()),
            "odd_output_field": (who, place(), place(), self.random.choice(["text", "name", "data"]), value()),
            "odd_text": (who, place(), place()),
            "odd_attribute": (who,),
            "much": (who, [(place(), place(), text()) for _ in range(4)]),
        }
        return (name, *shapes[name])


def vector(name: str, length: int, names: list[str], seed: int) -> JSON:
    """One of them."""
    dice = _Dice(seed)
    session = Session(NOTEBOOK)
    session.play([dice.step(dice.random.choice(names)) for _ in range(length)])
    history = History()
    framer = Framer(1, history, People([1, 2, 3], ["a", "b", "c"]), Clock(session.events[0].at), entries=ENTRIES)
    done, moments, updates = [], [], []
    for event in session.events:
        done.append(framer.add(event))
        if event.kind in DOCUMENT_KINDS:
            updates.append(event.data or b"")
        state = history.moment.state()
        authors = [cell["authors"] for cell in state["cells"]]
        moments.append({"seq": event.seq, "notebook": fold(updates), "authors": authors, "cursors": state["cursors"]})
    frames = [unpacked(framed.content) for framed in [*done, framer.close()] if framed is not None]
    history.close()
    return {"name": name, "frames": frames, "moments": moments}


def made(name: str) -> str:
    """The text of a vector's file."""
    seed, (length, names) = 1 + list(SCENARIOS).index(name), SCENARIOS[name]
    return json.dumps(vector(name, length, names, seed), ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> None:
    """Write all."""
    for name in SCENARIOS:
        (FOLDER / f"{name}.json").write_text(made(name), encoding="utf-8")


if __name__ == "__main__":
    main()
