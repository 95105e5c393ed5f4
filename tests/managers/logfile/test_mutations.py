"""Is every change of an exported log found, and named?

Made from a fixed seed; `tests.cli.test_verify` does the same ten thousand times to a log that a server exported.
*Named* is ``details["seq"]`` of the refusal:

- the event itself, when a bit of its line is flipped, or its line is another room's event;
- the line, when a bit of another one is flipped: of a signature, or the last one. A flip in the first line can leave a
  header that makes sense, with another key, member or length: then it is what follows that does not fit to it, or the
  signature over the whole file;
- the event that is gone, when it is dropped, or the file ends before it is whole;
- the event that comes twice, when one is doubled;
- the first of those that do not stand in their places, when events are swapped or reordered.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from jupyter_interview.core.errors import BadRequest, InterviewError, LogDamaged
from jupyter_interview.core.models import EventKind
from tests.managers.logs import Book, read, small_book

COUNT = 10_000
Lines = list[bytes]


@dataclass(frozen=True)
class Line:
    """The line to be named, where it is no event's."""

    number: int


Mutation = Callable[[random.Random, Lines, list[int], Lines], int | Line]
"""Changes the lines of a file; ``events`` has the indices of those that are events. The number to be named."""


def flip(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> int:
    """One bit, anywhere in an event's line and its line end."""
    number = chance.randrange(len(events))
    lines[events[number]] = flipped(lines[events[number]], chance.randrange(8 * len(lines[events[number]])))
    return number + 1


def flip_elsewhere(chance: random.Random, lines: Lines, events: list[int], foreign: Lines) -> Line:
    """One bit of a line that is no event: the header, a signed head, the signature over the file."""
    place = chance.choice(sorted(set(range(len(lines))) - set(events)))
    lines[place] = flipped(lines[place], chance.randrange(8 * len(lines[place])))
    return Line(place + 1)


def flipped(line: bytes, bit: int) -> bytes:
    """A line with one other bit."""
    changed = bytearray(line)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


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


MUTATIONS: list[Mutation] = [flip, flip, flip_elsewhere, drop, double, again_later, swap, reorder, truncate, transplant]


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
        assert_named(content, expected, (mutation.__name__, attempt))
        tried[mutation.__name__] += 1
    assert sum(tried.values()) > 0.99 * count and min(tried.values()) > 0.05 * count, tried


def assert_named(content: bytes, expected: int | Line, told: object) -> None:
    """The file is refused, and the refusal says what was changed."""
    with pytest.raises(InterviewError) as caught:
        read(content)
    refusal = caught.value
    if isinstance(expected, int):
        assert isinstance(refusal, LogDamaged), (told, refusal.message)
        assert refusal.details["seq"] == expected, (told, refusal.message)
    elif expected.number == 1 and isinstance(refusal, LogDamaged):
        # The first line makes sense by itself. No more can be asked than that something is missed.
        assert refusal.details["line"] > 1, (told, refusal.message)
    else:
        assert isinstance(refusal, BadRequest if expected.number == 1 else LogDamaged), (told, refusal.message)
        assert refusal.details["line"] == expected.number, (told, refusal.message)


def erased_book() -> Book:
    """A log with everything that lies in a file and not in the chain: a redaction, a key of an event's own."""
    book = Book(3)
    book.add(EventKind.ROOM_CREATED, {"title": book.title})
    book.add(EventKind.JOIN, {"role": "candidate", "name": "Ada"}, member=1, own_key=True)
    book.add(EventKind.DOCUMENT_UPDATE, None, b"secret", member=1, withheld=True, redaction=b"filler")
    book.add(EventKind.CHAT_MESSAGE, {"text": "stays"}, member=2, own_key=True)
    book.sign()
    del book.keys[1]
    del book.keys[2]
    return book


def test_every_byte_of_a_file_counts() -> None:
    """One bit of each. In an event's line, only the filler of what was erased is no part of the chain."""
    chance = random.Random(5)
    whole = erased_book().file()
    read(whole)
    lines = whole.splitlines(keepends=True)
    for place, line in enumerate(lines):
        filler = line.find(b'"redaction":"') + len(b'"redaction":"') if b'"redaction"' in line else len(line)
        for byte in range(len(line)):
            changed = flipped(line, 8 * byte + chance.randrange(8))
            content = b"".join([*lines[:place], changed, *lines[place + 1 :]])
            if line.startswith(b'{"seq":') and byte < filler:
                assert_named(content, int(line[7 : line.index(b",")]), (place, byte))
            elif line.startswith(b'{"seq":'):
                with pytest.raises(LogDamaged) as caught:
                    read(content)
                assert caught.value.details["seq"] in (3, None), (place, byte, caught.value.message)
            else:
                assert_named(content, Line(place + 1), (place, byte))
