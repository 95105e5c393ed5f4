"""What was removed from the notebook, and who had written it?

A *grave* is text that was removed, at the gap where it stood; Yjs knows it too, but does not tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher
from typing import Any

from ..core.moment import Runs, cut, joined, part_of_runs, units

_GRAVE_UNITS = 20_000
_GRAVES = 200
_LOOKED = 40
_CELLS, _CELL_UNITS = 20, 50_000
_ALIGNED = 4_000_000


@dataclass(slots=True)
class Written:
    """A text with its writers; ``done``: how much of it, in characters, was found elsewhere."""

    text: str
    runs: Runs
    done: int = 0


@dataclass(slots=True)
class _Grave:
    """Text of one removal. It stood somewhere between ``pos`` and ``end``, between which all came in since.

    What was removed before splits a removal in two; both have its ``number``.
    """

    pos: int
    end: int
    text: str
    runs: Runs
    remover: int
    number: int


@dataclass(slots=True)
class Graves:
    """What was removed from one source, in the order of the text."""

    _graves: list[_Grave] = field(default_factory=list)

    def to_json(self) -> list[list[Any]]:
        """For `of`."""
        return [[grave.pos, grave.end, grave.text, grave.runs, grave.remover, grave.number] for grave in self._graves]

    @classmethod
    def of(cls, values: Iterable[list[Any]]) -> Graves:
        """From `to_json`."""
        return cls([_Grave(*value) for value in values])

    def copy(self) -> Graves:
        """The same, on its own."""
        return Graves([replace(grave) for grave in self._graves])

    def remove(self, pos: int, text: str, runs: Runs, remover: int) -> None:
        """A text at ``pos`` was removed."""
        length = units(text)
        number = max((grave.number for grave in self._graves), default=0) + 1
        before, inside, after = [], [], []
        last = 0
        for grave in self._graves:
            at = grave.pos - pos
            grave.pos, grave.end = (
                place if place <= pos else max(pos, place - length) for place in (grave.pos, grave.end)
            )
            if at <= 0:
                before.append(grave)
            elif at >= length:
                after.append(grave)
            else:
                if at > last:
                    part = part_of_runs(runs, last, at)
                    inside.append(_Grave(pos, pos, cut(text, last, at), part, remover, number))
                    last = at
                inside.append(grave)
        part = part_of_runs(runs, last, length)
        inside.append(_Grave(pos, pos, cut(text, last, length), part, remover, number))
        self._graves = [grave for grave in [*before, *inside, *after] if grave.text]
        self._bound(pos)

    def carried(self, old: str, new: str) -> Graves:
        """The same for another state of the text."""
        if len(old) * len(new) > _ALIGNED:
            return Graves()
        blocks = SequenceMatcher(None, _each(old), _each(new), autojunk=False).get_matching_blocks()

        def place(pos: int) -> int:
            found = next(block for block in blocks if pos <= block.a + block.size or not block.size)
            return found.b + max(0, min(pos - found.a, found.size))

        return Graves([replace(grave, pos=place(grave.pos), end=place(grave.end)) for grave in self._graves])

    def texts(self) -> list[Written]:
        """What was removed."""
        return [Written(grave.text, grave.runs) for grave in self._graves]

    def with_text(self, text: str, runs: Runs) -> Written:
        """The text as if nothing had been removed."""
        parts: list[str] = []
        all_runs: Runs = []
        at = 0
        for grave in sorted(self._graves, key=lambda grave: grave.pos):
            parts += [cut(text, at, grave.pos), grave.text]
            all_runs += [*part_of_runs(runs, at, grave.pos), *grave.runs]
            at = max(at, grave.pos)
        length = units(text)
        return Written("".join([*parts, cut(text, at, length)]), joined([*all_runs, *part_of_runs(runs, at, length)]))

    def insert(self, pos: int, length: int) -> None:
        """Units came in at ``pos``; whether before or behind what had stood there, nobody can tell."""
        for grave in self._graves:
            grave.pos += length if grave.pos > pos else 0
            grave.end += length if grave.end >= pos else 0

    def returned(self, pos: int, text: str, member: int) -> Runs | None:
        """The writers of a text that comes to ``pos``, when ``member`` had removed it there; it leaves its graves.

        It has to be all of one removal, or of some that followed each other: who types a letter does not bring back a
        word. `insert` is done by this, then.
        """
        here = [grave for grave in self._graves if grave.pos <= pos <= grave.end and grave.remover == member]
        numbers = _following(here, text) if text and here else frozenset()
        if not numbers:
            return None
        length, done = units(text), 0
        runs: Runs = []
        left: list[_Grave] = []
        for grave in self._graves:
            if grave.number in numbers and grave.pos <= pos <= grave.end:
                runs += grave.runs
                done += units(grave.text)
                continue
            if grave.pos > pos or (grave.pos == pos and done == length):
                grave.pos, grave.end = grave.pos + length, grave.end + length
            elif grave.pos == pos and done:
                grave.pos = grave.end = pos + done
            elif grave.end > pos:
                grave.end += length
            left.append(grave)
        self._graves = left
        return joined(runs)

    def _bound(self, newest: int) -> None:
        while len(self._graves) > _GRAVES or sum(len(grave.text) for grave in self._graves) > _GRAVE_UNITS:
            # What is far from the newest is forgotten first.
            del self._graves[0 if 2 * newest > self._graves[0].pos + self._graves[-1].pos else -1]


def _each(text: str) -> list[int]:
    """The UTF-16 units of a text."""
    return list(memoryview(text.encode("utf-16-le")).cast("H"))


def _following(graves: list[_Grave], text: str) -> frozenset[int]:
    """The numbers of removals that followed each other and are this text together; the newest such."""
    numbers = sorted({grave.number for grave in graves}, reverse=True)[:_LOOKED]
    for first in range(len(numbers)):
        for last in range(first + 1, len(numbers) + 1):
            chosen = frozenset(numbers[first:last])
            found = "".join(grave.text for grave in graves if grave.number in chosen)
            if len(found) >= len(text):
                if found == text:
                    return chosen
                break
    return frozenset()


@dataclass(slots=True)
class Gone:
    """A cell that was removed; ``run`` is the one that its outputs were of."""

    id: str
    source: str
    runs: Runs
    graves: Graves
    run: str | None = None


class Cemetery:
    """The cells that members removed, the newest last.

    Args:
        values: from `to_json`.
    """

    def __init__(self, values: Iterable[Sequence[Any]] = ()) -> None:
        self._gone = [
            (member, Gone(name, source, runs, Graves.of(graves))) for member, name, source, runs, graves in values
        ]

    def to_json(self) -> list[list[Any]]:
        """For the constructor."""
        return [[member, cell.id, cell.source, cell.runs, cell.graves.to_json()] for member, cell in self._gone]

    def bury(self, member: int, cells: Iterable[Gone]) -> None:
        """Cells went."""
        self._gone += [(member, cell) for cell in cells if cell.source or cell.graves.texts()]
        mine = [number for number, (remover, _) in enumerate(self._gone) if remover == member]
        length = sum(len(self._gone[number][1].source) for number in mine)
        while mine and (len(mine) > _CELLS or length > _CELL_UNITS):
            length -= len(self._gone.pop(mine[0])[1].source)
            mine = [number - 1 for number in mine[1:]]

    def all(self, cell_id: str) -> list[Gone]:
        """The cells with this id, whoever removed them, the newest first."""
        return [cell for _, cell in reversed(self._gone) if cell.id == cell_id]

    def returned(self, member: int, cell_id: str, source: str) -> Gone | None:
        """The cell that comes back as it went: as ``member`` removed it, else as somebody did."""
        found = [gone for gone in reversed(self._gone) if gone[1].id == cell_id and gone[1].source == source]
        mine = (cell for remover, cell in found if remover == member)
        return next(mine, found[0][1] if found else None)
