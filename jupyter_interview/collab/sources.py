"""How do a cell, its source and a cursor look from outside of the document?

A text's event tells of its splices in bytes of UTF-8, as pycrdt counts; moments count UTF-16 units.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Map

from ..core.models import JSON
from ..core.moment import Runs, part_of_runs, units
from .authors import Edit
from .changes import Delta
from .graves import Graves
from .ids import Ids, alike

_LONGEST_ID = 200

Step = tuple[int, int, list[JSON]]
"""An index among the cells as they were, how many go there, and the values of those that come."""


@dataclass(slots=True)
class Slot:
    """What is known of a cell besides its moment.

    ``id`` is the document's own, ``ids`` the operations of its source, ``plain`` whether each output of the moment
    is the document's of the same index, ``again`` whether the place of a text has to tell what undo brought back: the
    cell was there before, or not all of its operations are known.
    """

    id: str
    graves: Graves = field(default_factory=Graves)
    plain: bool = True
    ids: Ids = field(default_factory=Ids)
    again: bool = False


def item(cell: Map[Any], name: str) -> Any:
    """What is under a name in a cell; ``None`` for nothing."""
    # `Map.get` asks twice, and the first time for all there is.
    try:
        return cell[name]
    except KeyError:
        return None


def steps_of(delta: Delta, count: int) -> list[Step] | None:
    """Which of ``count`` cells went and which came; ``None`` where that makes no sense, or something else came."""
    at = 0
    steps: list[Step] = []
    for part in delta:
        if "retain" in part:
            at += part["retain"]
        elif "delete" in part:
            steps.append((at, part["delete"], []))
            at += part["delete"]
        elif all(isinstance(value, Map) for value in part["insert"]):
            steps.append((at, 0, [json.loads(str(value)) for value in part["insert"]]))
        else:
            return None
    return steps if at <= count else None


def moment_of(read: JSON, value: JSON) -> JSON:
    """A cell of a moment, without its writers; ``read`` is it as nbformat, ``value`` as it is in the document."""
    state = value.get("execution_state")
    cell = {
        "id": read["id"],
        "cell_type": read["cell_type"],
        "metadata": read["metadata"],
        "source": read["source"],
        "authors": [],
        "outputs": read.get("outputs", []),
        "execution_count": read.get("execution_count"),
        "execution_state": state if isinstance(state, str) else None,
        "run": None,
    }
    if "attachments" in read:
        cell["attachments"] = read["attachments"]
    return cell


def edits_of(old: str, delta: Delta | None, new: str, runs: Runs) -> tuple[list[Edit], bool]:
    """The splices that make ``new`` of ``old``, positions each after the ones before it, and whether they are what the
    event says; else it is the shortest one."""
    if delta is not None:
        told = _told(old, delta, runs)
        if told is not None and told[1] == new:
            return told[0], True
    start, end = alike(old, new)
    pos = units(old[:start])
    removed = old[start : len(old) - end]
    return [Edit(pos, removed, new[start : len(new) - end], part_of_runs(runs, pos, pos + units(removed)))], False


def _told(old: str, delta: Delta, runs: Runs) -> tuple[list[Edit], str] | None:
    """The splices that a text's event tells of, and what they make; ``None`` where it makes no sense.

    pycrdt counts bytes of UTF-8.
    """
    data: bytes | str = old if old.isascii() else old.encode()
    take: Callable[[int, int], str] = _taker(data)
    edits: list[Edit] = []
    new: list[str] = []
    at = was = now = 0
    open_edit: Edit | None = None
    try:
        for part in delta:
            if "retain" in part:
                text = take(at, at + part["retain"])
                at += part["retain"]
                was, now = was + units(text), now + units(text)
                new.append(text)
                open_edit = None
                continue
            if open_edit is None:
                open_edit = Edit(now, "", "", [])
                edits.append(open_edit)
            if "delete" in part:
                text = take(at, at + part["delete"])
                at += part["delete"]
                open_edit.removed += text
                open_edit.runs = [*open_edit.runs, *part_of_runs(runs, was, was + units(text))]
                was += units(text)
            else:
                text = part["insert"]
                open_edit.text += text
                new.append(text)
                now += units(text)
        new.append(take(at, len(data)))
    except (TypeError, UnicodeDecodeError):
        return None
    return edits, "".join(new)


def _taker(data: bytes | str) -> Callable[[int, int], str]:
    if isinstance(data, str):
        return lambda start, end: data[start:end]
    return lambda start, end: data[start:end].decode()


def cursor_of(data: bytes | None) -> tuple[str, int, int] | None:
    """Cell, anchor and head of a cursor event; ``None`` for one that is gone, or that makes no sense."""
    try:
        value = json.loads(data or b"null")
        cell, anchor, head = value["cell"], value["anchor"], value["head"]
    except (ValueError, TypeError, KeyError):
        return None
    if not isinstance(cell, str) or len(cell) > _LONGEST_ID:
        return None
    if not all(isinstance(number, int) and 0 <= number < 1 << 31 for number in (anchor, head)):
        return None
    return cell, anchor, head
