"""Which text did an undo bring back?

Yjs cannot take a removal back: it inserts a copy, directly before the removed original, and the update says so (its
*right origin* is the original's id). So it is enough to know of what operations a source is made, and what those that
were removed said. Text that is typed has a right origin that is not removed, since Yjs types behind what was removed.

Source: https://github.com/yjs/yjs, src/structs/Item.js, `redoItem`; src/types/YText.js, `minimizeAttributeChanges`.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ..core.moment import Runs, cut, part_of_runs, units
from .ids import UNKNOWN, Ids
from .places import Id
from .updates import Claims, Struct

_KEPT_UNITS = 50_000


class Removed:
    """What removed operations said, and who had written it; the newest 50,000 units of it.

    Args:
        values: from `to_json`.
    """

    def __init__(self, values: Iterable[Sequence[Any]] = ()) -> None:
        self._said: dict[Id, tuple[str, Runs]] = {}
        self._clocks: dict[int, list[int]] = {}
        self._length = 0
        for client, clock, text, runs in values:
            self._keep(client, clock, text, runs)

    def to_json(self) -> list[list[Any]]:
        """All of it, the oldest first."""
        return [[client, clock, text, runs] for (client, clock), (text, runs) in self._said.items()]

    def add(self, ids: Ids, text: str, runs: Runs) -> None:
        """A text was removed."""
        at = 0
        for client, clock, count in ids.runs:
            if client != UNKNOWN:
                self._keep(client, clock, cut(text, at, at + count), part_of_runs(runs, at, at + count))
            at += count

    def writers(self, client: int, clock: int, text: str) -> Runs | None:
        """Who had written a text; ``None`` where the operations from ``clock`` on did not say it."""
        clocks = self._clocks.get(client, [])
        index = bisect_right(clocks, clock) - 1
        runs: Runs = []
        at, length = 0, units(text)
        while 0 <= index < len(clocks) and at < length:
            said, theirs = self._said[client, clocks[index]]
            start = clock + at - clocks[index]
            count = min(units(said) - start, length - at)
            if count <= 0 or cut(said, start, start + count) != cut(text, at, at + count):
                return None
            runs += part_of_runs(theirs, start, start + count)
            at += count
            index += 1
        return runs if at == length else None

    def _keep(self, client: int, clock: int, text: str, runs: Runs) -> None:
        if (client, clock) in self._said:
            return
        self._said[client, clock] = (text, runs)
        insort(self._clocks.setdefault(client, []), clock)
        self._length += len(text)
        while self._length > _KEPT_UNITS:
            oldest = next(iter(self._said))
            self._length -= len(self._said.pop(oldest)[0])
            self._clocks[oldest[0]].remove(oldest[1])


class Part(NamedTuple):
    """A part of a text that came in: ``runs`` tells who wrote it where it came back."""

    text: str
    runs: Runs | None


def parts_of(text: str, ids: Ids, claims: Claims, removed: Removed) -> list[Part]:
    """A text that came in, in parts that came back and parts that did not."""
    parts: list[Part] = []
    for piece, runs in _pieces(text, ids, claims, removed):
        if parts and runs is None and parts[-1].runs is None:
            parts[-1] = Part(parts[-1].text + piece, None)
        else:
            parts.append(Part(piece, runs))
    return parts


def _pieces(text: str, ids: Ids, claims: Claims, removed: Removed) -> Iterator[tuple[str, Runs | None]]:
    at = 0
    for client, clock, count in ids.runs:
        end = clock + count
        structs = claims.structs.get(client, [])
        while clock < end:
            index = next((n for n, each in enumerate(structs) if each.start <= clock < each.end), None)
            until = end if index is None else min(end, structs[index].end)
            piece = cut(text, at, at + until - clock)
            original = None if index is None else _original(structs, index, client, clock)
            yield piece, None if original is None else removed.writers(*original, piece)
            at += until - clock
            clock = until


def _original(structs: list[Struct], index: int, client: int, clock: int) -> Id | None:
    """The operation whose copy this one is, if it is a copy.

    What came into the midst of a copy later has split it.
    """
    right = structs[index].right
    if right is None:
        return None
    while (
        index > 0
        and structs[index].left == (client, structs[index].start - 1)
        and structs[index - 1].end == structs[index].start
        and structs[index - 1].right == right
    ):
        index -= 1
    return right[0], right[1] + clock - structs[index].start
