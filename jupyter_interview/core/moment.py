"""How did the notebook stand at a moment?

A *moment* is a notebook with who wrote what in it, the runs its outputs are from, and everybody's cursor. *Operations*
lead from one moment to the next; a *frame* is a moment and the operations after it. docs/developers/frames.md is the
specification; labextension/src/replay/fold.ts is the same fold in the page, and tests/vectors holds both to it.

Positions and lengths in text are UTF-16 code units.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .jsontext import values_of
from .models import JSON

FORMAT = 1
TRUST = "trusted"
"""The field of a cell's metadata that switches JupyterLab's sanitizer off: we neither read it nor pass it on."""
TYPED, PASTED, SEED, GENERATED, AWAY = 0, 1, 2, 3, 4
_MINOR = 5
_FIELDS = frozenset(
    {"id", "cell_type", "metadata", "execution_count", "execution_state", "run", "attachments"},
)

Runs = list[list[int]]
"""Who wrote a text: ``[length, member, manner]`` each, neighbours never alike."""

Operation = list[Any]


class Misfit(ValueError):
    """An operation does not fit to the moment: the frame is damaged."""


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, start: int, end: int) -> str:
    """A part of a text, by positions in UTF-16 units."""
    if text.isascii():
        return text[start:end]
    return text.encode("utf-16-le", "surrogatepass")[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")


def spliced(text: str, pos: int, deleted: int, inserted: str) -> str:
    """``text`` with ``deleted`` units at ``pos`` replaced."""
    if text.isascii():
        return text[:pos] + inserted + text[pos + deleted :]
    data = text.encode("utf-16-le", "surrogatepass")
    new = data[: 2 * pos] + inserted.encode("utf-16-le", "surrogatepass") + data[2 * (pos + deleted) :]
    return new.decode("utf-16-le", "surrogatepass")


def joined(runs: Iterable[Sequence[int]]) -> Runs:
    """The runs without empty ones, equal neighbours made one."""
    out: Runs = []
    for length, member, manner in runs:
        if length <= 0:
            continue
        if out and out[-1][1] == member and out[-1][2] == manner:
            out[-1][0] += length
        else:
            out.append([length, member, manner])
    return out


def part_of_runs(runs: Runs, start: int, end: int) -> Runs:
    """Who wrote the units from ``start`` to ``end``."""
    out: Runs = []
    at = 0
    for length, member, manner in runs:
        first, last = max(start, at), min(end, at + length)
        if first < last:
            out.append([last - first, member, manner])
        at += length
        if at >= end:
            break
    return out


def splice_runs(runs: Runs, pos: int, deleted: int, inserted: Runs) -> Runs:
    """Who wrote a text after a splice of it."""
    total = sum(run[0] for run in runs)
    return joined(part_of_runs(runs, 0, pos) + inserted + part_of_runs(runs, pos + deleted, total))


def shifted(position: int, pos: int, deleted: int, inserted: int) -> int:
    """Where a cursor is after a splice: it sticks to the character behind it."""
    return position if position < pos else max(position - deleted, pos) + inserted


class Moment:
    """A notebook at a moment. It is what `state` gives, and changes with `apply`.

    Args:
        state: an earlier one's; it is copied.
        plain: only `notebook` is asked for: who wrote what and cursors are left as they were, and values of ``state``
            and of operations are taken over, not copied. Whoever gives them must not use them again.
    """

    def __init__(self, state: JSON | None = None, *, plain: bool = False) -> None:
        self._plain = plain
        self._own: Callable[[Any], Any] = _taken if plain else copy.deepcopy
        made = self._own(state) if state is not None else {"cells": [], "metadata": {}, "cursors": {}}
        self.cells: list[JSON] = made["cells"]
        self.metadata: JSON = made["metadata"]
        self.cursors: dict[str, list[Any]] = made["cursors"]

    def state(self) -> JSON:
        """All of it as JSON values of its own."""
        return copy.deepcopy({"cells": self.cells, "metadata": self.metadata, "cursors": self.cursors})

    def notebook(self) -> JSON:
        """The nbformat notebook. It shares values with the moment: encode it before the next `apply`."""
        return {
            "cells": [_nbformat(cell) for cell in self.cells],
            "metadata": self.metadata,
            "nbformat": 4,
            "nbformat_minor": _MINOR,
        }

    def fold(self, entries: Iterable[Sequence[Any]], until: int | None = None) -> None:
        """Apply entries ``[seq, ms, member, operations]``, those after event ``until`` not.

        Raises:
            Misfit: an operation does not fit.
        """
        for seq, _, _, operations in entries:
            if until is not None and seq > until:
                return
            for operation in operations:
                self.apply(operation)

    def apply(self, operation: Operation) -> None:
        """Apply one operation.

        Raises:
            Misfit: it does not fit.
        """
        try:
            _APPLY[operation[0]](self, *operation[1:])
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise Misfit(f"{type(error).__name__}: {str(operation)[:100]}") from error

    def _text(self, index: int, pos: int, deleted: int, inserted: str, authors: Runs) -> None:
        cell = self._cell(index)
        source = cell["source"]
        length = len(source) if source.isascii() else units(source)
        if pos < 0 or deleted < 0 or pos + deleted > length:
            raise Misfit("a splice goes beyond the end of its source")
        if self._plain:
            cell["source"] = spliced(source, pos, deleted, inserted)
            return
        added = units(inserted)
        if sum(run[0] for run in authors) != added:
            raise Misfit("the authors of a text are not as long as it is")
        cell["source"] = spliced(source, pos, deleted, inserted)
        cell["authors"] = splice_runs(cell["authors"], pos, deleted, authors)
        for cursor in self.cursors.values():
            if cursor[1] == cell["id"]:
                cursor[2] = shifted(cursor[2], pos, deleted, added)
                cursor[3] = shifted(cursor[3], pos, deleted, added)

    def _insert(self, index: int, cells: list[JSON]) -> None:
        if not 0 <= index <= len(self.cells):
            raise Misfit("cells come in behind the end")
        self.cells[index:index] = self._own(cells)

    def _remove(self, index: int, count: int) -> None:
        if index < 0 or count < 0 or index + count > len(self.cells):
            raise Misfit("there are fewer cells than go")
        del self.cells[index : index + count]

    def _set(self, index: int, field: str, value: Any) -> None:
        cell = self._cell(index)
        if field not in _FIELDS:
            raise Misfit(f"a cell has no field {field[:50]!r}")
        if field == "attachments" and value is None:
            cell.pop(field, None)
        else:
            cell[field] = self._own(value)

    def _outputs(self, index: int, at: int, deleted: int, outputs: list[JSON]) -> None:
        held = self._cell(index)["outputs"]
        if at < 0 or deleted < 0 or at + deleted > len(held):
            raise Misfit("there are fewer outputs than go")
        held[at : at + deleted] = self._own(outputs)

    def _append(self, index: int, at: int, text: str, removed: int = 0) -> None:
        if at < 0:
            raise Misfit("there is no such output")
        output = self._cell(index)["outputs"][at]
        if removed:
            length = units(output["text"])
            if not 0 < removed <= length:
                raise Misfit("more of a stream goes than there is")
            output["text"] = cut(output["text"], 0, length - removed)
        output["text"] += text

    def _metadata(self, metadata: JSON) -> None:
        self.metadata = self._own(metadata)

    def _cursor(self, connection: int, *where: Any) -> None:
        if len(where) == 4:
            self.cursors[str(connection)] = list(where)
        elif where:
            raise Misfit("a cursor has a member, a cell, an anchor and a head")
        else:
            self.cursors.pop(str(connection), None)

    def _cell(self, index: int) -> JSON:
        if index < 0:
            raise Misfit("there is no such cell")
        return self.cells[index]


def _taken(value: Any) -> Any:
    return value


_APPLY: dict[str, Callable[..., None]] = {
    "t": Moment._text,
    "+": Moment._insert,
    "-": Moment._remove,
    "s": Moment._set,
    "o": Moment._outputs,
    "a": Moment._append,
    "m": Moment._metadata,
    "c": Moment._cursor,
}


def _nbformat(cell: JSON) -> JSON:
    made = {name: cell[name] for name in ("cell_type", "id", "metadata", "source")}
    if TRUST in made["metadata"]:
        # In a frame that an earlier version made.
        made["metadata"] = {name: value for name, value in made["metadata"].items() if name != TRUST}
    if cell["cell_type"] == "code":
        made.update(execution_count=cell["execution_count"], outputs=[values_of(output) for output in cell["outputs"]])
    elif "attachments" in cell:
        made["attachments"] = cell["attachments"]
    return made
