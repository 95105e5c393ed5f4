"""Which operations of a client were removed? Sets of whole numbers as sorted ranges."""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from .updates import Range


class Intervals:
    """A set of whole numbers."""

    __slots__ = ("_ends", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def __len__(self) -> int:
        return len(self._starts)

    def __contains__(self, number: int) -> bool:
        index = bisect_right(self._starts, number) - 1
        return index >= 0 and number < self._ends[index]

    def missing(self, start: int, end: int) -> list[Range]:
        """The parts of a range that are not in the set."""
        found: list[Range] = []
        index = max(0, bisect_right(self._starts, start) - 1)
        while start < end and index < len(self._starts) and self._starts[index] < end:
            if self._starts[index] > start:
                found.append((start, self._starts[index]))
            start = max(start, self._ends[index])
            index += 1
        if start < end:
            found.append((start, end))
        return found

    def add(self, start: int, end: int) -> None:
        """Put a range in."""
        if start >= end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]
