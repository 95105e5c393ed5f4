"""Of which operations is a text made?

A unit of text in Yjs is an operation of the client that wrote it, which keeps its number wherever it comes to stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pycrdt import Assoc, Text

from ..core.moment import units
from .places import Id
from .updates import Claims

UNKNOWN = -1
_PIECES = 1_000


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
        return all(run[0] != UNKNOWN for run in self.runs)

    @classmethod
    def unknown(cls, length: int) -> Ids:
        """A text of which nothing is known."""
        return cls([[UNKNOWN, 0, length]] if length else [])

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
            if before[0] == after[0] != UNKNOWN and before[1] + before[2] == after[1]:
                before[2] += after[2]
                del self.runs[index]


def size(text: str) -> int:
    """Length in bytes of UTF-8, as pycrdt counts."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def ids_of(shared: Text, text: str, pos: int, claims: Claims) -> Ids:
    """The operations of a text that an update brought; unknown where pycrdt cannot tell.

    Args:
        shared: the text that it is in, after the update.
        text: what came.
        pos: where it is, in bytes of UTF-8 as pycrdt counts.
        claims: the update's.
    """
    those = [(client, struct) for client, structs in claims.structs.items() for struct in structs if struct.text]
    plain = str(shared).isascii()
    if not plain:
        # pycrdt 0.14 adds bytes to the clock with which a run of operations begins, where units are meant: it can only
        # be the one that says all of it.
        those = [each for each in those if each[1].text == text]
    if len(those) == 1 and those[0][1].text == text:
        [(client, struct)] = those
        return Ids([[client, struct.start, struct.end - struct.start]])
    if not plain:
        return Ids.unknown(units(text))
    ids: list[Sequence[int]] = []
    done, length = 0, len(text)
    while done < length:
        run = _run_at(shared, text[done:], pos + done, claims) if len(ids) < _PIECES else None
        if run is None:
            return Ids([*ids, [UNKNOWN, 0, length - done]])
        ids.append(run)
        done += run[2]
    return Ids(ids)


def _run_at(shared: Text, text: str, pos: int, claims: Claims) -> tuple[int, int, int] | None:
    """Client, first clock and count of the operations that the text at a position begins with."""
    client, clock = _id_at(shared, pos)
    struct = next((each for each in claims.structs.get(client, []) if each.start <= clock < each.end), None)
    if struct is None or struct.text is None:
        return None
    # What came later, in the same update, may stand in its midst: the end of it is looked for by halves.
    low, high = 0, alike(struct.text[clock - struct.start :], text)[0]
    while low < high:
        middle = (low + high + 1) // 2
        if _id_at(shared, pos + middle - 1) == (client, clock + middle - 1):
            low = middle
        else:
            high = middle - 1
    return (client, clock, low) if low else None


def _id_at(shared: Text, pos: int) -> Id:
    if pos >= len(shared):
        return UNKNOWN, 0
    item = shared.sticky_index(pos, Assoc.AFTER).to_json().get("item")
    return (item["client"], item["clock"]) if item else (UNKNOWN, 0)
