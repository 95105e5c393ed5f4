"""Is every change of an exported log found, and named?

Made from a fixed seed; `tests.cli.test_verify` does the same ten thousand times to a log that a server exported.
*Named* is ``details["seq"]`` of the refusal:

- the event itself, when a bit of its line is flipped, or its line is another room's event;
- the event that is gone, when it is dropped, or the file ends before it is whole;
- the event that comes twice, when one is doubled;
- the first of those that do not stand in their places, when events are swapped or reordered.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from jupyter_interview.core.errors import LogDamaged
from tests.managers.logs import read, small_book

COUNT = 10_000
Lines = list[bytes]
Mutation = Callable[[random.Random, Lines, list[int], Lines], int]
"""Changes the lines of a file; ``events`` has the indices of those that are events. The number to be named."""


def flip(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> int:
    """One bit, anywhere in an event's line and its line end."""
    number = chance.randrange(len(events))
    line = bytearray(lines[events[number]])
    line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
    lines[events[number]] = bytes(line)
    return number + 1


def drop(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> int:
    number = chance.randrange(len(events))
    del lines[events[number]]
    return number + 1


def double(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> int:
    number = chance.randrange(len(events))
    lines.insert(events[number], lines[events[number]])
    return number + 1


def again_later(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> int:
    """A second copy, somewhere behind the first."""
    number = chance.randrange(len(events))
    place = chance.randrange(number, len(events))
    lines.insert(events[place] + 1, lines[events[number]])
    return number + 1


def swap(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> int:
    first, second = sorted(chance.sample(range(len(events)), 2))
    one, other = events[first], events[second]
    lines[one], lines[other] = lines[other], lines[one]
    return first + 1


def reorder(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> int:
    """A piece of the log in another order."""
    start = chance.randrange(len(events) - 1)
    places = events[start : start + chance.randrange(2, 10)]
    before = [lines[place] for place in places]
    after = before[:]
    while after == before:
        chance.shuffle(after)
    for place, line in zip(places, after, strict=True):
        lines[place] = line
    return start + 1 + next(index for index, (a, b) in enumerate(zip(before, after, strict=True)) if a != b)


def truncate(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> int:
    """The file ends in the middle, or at the end, of an event's line."""
    number = chance.randrange(len(events))
    kept = chance.randrange(len(lines[events[number]]))
    lines[events[number] :] = [lines[events[number]][:kept]]
    return number + 1


def transplant(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> int:
    """The event of this number of another room's log, with its own hashes."""
    number = chance.randrange(min(len(events), len(foreign)))
    lines[events[number]] = foreign[number]
    return number + 1


MUTATIONS: list[Mutation] = [flip, flip, flip, drop, double, again_later, swap, reorder, truncate, transplant]


def test_every_change_is_named() -> None:
    chance = random.Random(4)
    whole, foreign = small_book(1).file(), small_book(2).file()
    mutate_all(chance, whole, foreign, COUNT // 10)


def mutate_all(chance: random.Random, whole: bytes, foreign: bytes, count: int) -> None:
    """Change a file in ``count`` ways; each is named."""
    original = whole.splitlines(keepends=True)
    others = [line for line in foreign.splitlines(keepends=True) if line.startswith(b'{"seq":')]
    events = [index for index, line in enumerate(original) if line.startswith(b'{"seq":')]
    read(whole)
    tried = Counter[str]()
    for attempt in range(count):
        mutation = MUTATIONS[attempt % len(MUTATIONS)]
        lines = original[:]
        expected = mutation(chance, lines, events, others)
        content = b"".join(lines)
        if content == whole:
            continue
        with pytest.raises(LogDamaged) as caught:
            read(content)
        assert caught.value.details["seq"] == expected, (mutation.__name__, attempt, caught.value.message)
        tried[mutation.__name__] += 1
    assert sum(tried.values()) > 0.99 * count and min(tried.values()) > 0.05 * count, tried
