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

from pycrdt import Assoc, Text

from ..core.moment import Runs, cut, part_of_runs, units
from .updates import Claims, Id, Struct

_KEPT_UNITS = 50_000
_PIECES = 1_000
_UNKNOWN = -1


def alike(old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int]:
    """How many are the same at the start and at the end."""
    most = min(len(old), len(new))
    start = 0
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, end


class Ids:
    """The operations that a text is made of, in its order.

    Args:
        runs: ``[client, first clock, count]`` each; a unit of text of which nothing is known has the client -1.
    """

    __slots__ = ("runs",)

    def __init__(self, runs: Iterable[Sequence[int]] = ()) -> None:
        self.runs = [list(run) for run in runs]

    @property
    def known(self) -> bool:
        """Whether all of them are known."""
        return all(run[0] != _UNKNOWN for run in self.runs)

    @classmethod
    def unknown(cls, length: int) -> Ids:
        """A text of which nothing is known."""
        return cls([[_UNKNOWN, 0, length]] if length else [])

    def splice(self, pos: int, deleted: int, inserted: Ids) -> Ids:
        """Put operations in the place of others, which are the answer."""
        first = self._cut(pos)
        last = self._cut(pos + deleted) if deleted else first
        gone = self.runs[first:last]
        self.runs[first:last] = [list(run) for run in inserted.runs]
        self._join(first + len(inserted.runs))
        self._join(first)
        return Ids(gone)

    def _cut(self, pos: int) -> int:
        """The index of the run that begins at a position; it is made to."""
        at = 0
        for index, (client, clock, count) in enumerate(self.runs):
            if at >= pos:
                return index
            if at + count > pos:
                head = pos - at
                self.runs[index : index + 1] = [[client, clock, head], [client, clock + head, count - head]]
                return index + 1
            at += count
        return len(self.runs)

    def _join(self, index: int) -> None:
        if 0 < index < len(self.runs):
            before, after = self.runs[index - 1], self.runs[index]
            if before[0] == after[0] != _UNKNOWN and before[1] + before[2] == after[1]:
                before[2] += after[2]
                del self.runs[index]


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
            if client != _UNKNOWN:
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


def size(text: str) -> int:
    """Length in bytes of UTF-8, as pycrdt counts."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


class Part(NamedTuple):
    """A part of a text that came in: ``runs`` tells who wrote it where it came back."""

    text: str
    runs: Runs | None


def ids_of(shared: Text, text: str, pos: int, claims: Claims) -> Ids:
    """The operations of a text that an update brought.

    Args:
        shared: the text that it is in, after the update.
        text: what came.
        pos: where it is, in bytes of UTF-8 as pycrdt counts.
        claims: the update's.
    """
    those = [(client, struct) for client, structs in claims.structs.items() for struct in structs if struct.text]
    if len(those) == 1 and those[0][1].text == text:
        [(client, struct)] = those
        return Ids([[client, struct.start, struct.end - struct.start]])
    ids: list[Sequence[int]] = []
    done, length = 0, units(text)
    while done < length:
        run = _run_at(shared, cut(text, done, length), pos, claims) if len(ids) < _PIECES else None
        if run is None:
            return Ids([*ids, [_UNKNOWN, 0, length - done]])
        ids.append(run)
        pos += size(cut(text, done, done + run[2]))
        done += run[2]
    return Ids(ids)


def _run_at(shared: Text, text: str, pos: int, claims: Claims) -> tuple[int, int, int] | None:
    """Client, first clock and count of the operations that the text at a position begins with."""
    client, clock = _id_at(shared, pos)
    struct = next((each for each in claims.structs.get(client, []) if each.start <= clock < each.end), None)
    if struct is None or struct.text is None:
        return None
    said = cut(struct.text, clock - struct.start, struct.end - struct.start)
    # What came later, in the same update, may stand in its midst: the end of it is looked for by halves.
    low, high = 0, alike(said, text)[0]
    while low < high:
        middle = (low + high + 1) // 2
        before = said[: middle - 1]
        if _id_at(shared, pos + size(before)) == (client, clock + units(before)):
            low = middle
        else:
            high = middle - 1
    return (client, clock, units(said[:low])) if low else None


def _id_at(shared: Text, pos: int) -> Id:
    if pos >= len(shared):
        return _UNKNOWN, 0
    item = shared.sticky_index(pos, Assoc.AFTER).to_json().get("item")
    return (item["client"], item["clock"]) if item else (_UNKNOWN, 0)


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
