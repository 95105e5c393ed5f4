"""Are sets of ranges the sets that they stand for?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.collab.intervals import Intervals

RANGES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), max_size=20)


@given(RANGES, st.integers(0, 40), st.integers(0, 20))
def test_they_are(ranges: list[tuple[int, int]], start: int, length: int) -> None:
    intervals, numbers = Intervals(), set[int]()
    for first, count in ranges:
        intervals.add(first, first + count)
        numbers.update(range(first, first + count))
    assert {number for number in range(60) if number in intervals} == numbers
    missing = intervals.missing(start, start + length)
    assert [number for first, last in missing for number in range(first, last)] == [
        number for number in range(start, start + length) if number not in numbers
    ]
    assert len(intervals) == sum(number - 1 not in numbers for number in numbers), "neighbours are one range"
