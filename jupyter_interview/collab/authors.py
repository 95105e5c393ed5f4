"""Who wrote a text that comes into the notebook?

Its update's author, but for what was moved (it goes and comes in one update) or came back.

The rules are in docs/developers/frames.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import Match, SequenceMatcher

from ..core.moment import PASTED, TYPED, Runs, joined, part_of_runs, units
from .graves import Graves, Written

_PASTED, _PASTED_LINES = 60, 24
_KEPT = 8
_ALIGNED = 4_000_000
_COVERED = 200


def manner_of(text: str, length: int) -> int:
    """Typed or pasted: nobody types that much at once."""
    return PASTED if length >= (_PASTED_LINES if "\n" in text else _PASTED) else TYPED


@dataclass(slots=True)
class Writer:
    """Who makes an update, as moments name members; ``manner`` where it does not depend on the text.

    ``pasted`` collects the lengths of what was pasted.
    """

    member: int
    manner: int | None = None
    pasted: list[int] = field(default_factory=list)

    def runs(self, text: str) -> Runs:
        """The writers of a text that is new."""
        length = units(text)
        manner = self.manner if self.manner is not None else manner_of(text, length)
        if manner == PASTED:
            self.pasted.append(length)
        return joined([[length, self.member, manner]])


def inherited(text: str, pool: Iterable[Written], least: int = 1) -> Runs | None:
    """The writers of a text that went elsewhere in the same update, whole or as a part; ``None`` when it did not.

    Args:
        text: what comes in.
        pool: what goes.
        least: units that a part has to have.
    """
    if units(text) < least:
        return None
    for source in pool:
        # The parts of a text come in its order.
        at = source.text.find(text, source.done)
        at = at if at >= 0 else source.text.find(text)
        if at >= 0:
            source.done = at + len(text)
            start = units(source.text[:at])
            return part_of_runs(source.runs, start, start + units(text))
    return None


def composed(text: str, pool: Iterable[Written], writer: Writer) -> Runs:
    """The writers of a cell's source that comes in while other cells go: all of it, or texts of them, may be theirs."""
    those = [source for source in pool if source.text.strip()]
    whole = inherited(text, those)
    if whole is not None:
        return whole
    runs: Runs = []
    open_until = 0
    found: list[tuple[int, int, Runs]] = []
    for source in sorted(those, key=lambda source: -len(source.text)):
        at = text.find(source.text)
        if at >= 0 and all(at + len(source.text) <= start or at >= end for start, end, _ in found):
            found.append((at, at + len(source.text), source.runs))
    for start, end, theirs in sorted(found, key=lambda part: part[0]):
        runs += writer.runs(text[open_until:start]) + theirs
        open_until = end
    return joined(runs + writer.runs(text[open_until:]))


def aligned(text: str, old: Written, removed: list[Written], writer: Writer) -> Runs | None:
    """The writers of a source that is another state of ``old``; ``None`` when they are too long to compare.

    Whoever moves a cell moves it as it was on their side: what others changed meanwhile is not in it. ``removed`` are
    texts that ``old`` has perhaps not in their right places.
    """
    blocks = _blocks(old.text, text)
    if blocks is None:
        return None
    runs: Runs = []
    done = 0
    for block in blocks:
        start = units(old.text[: block.a])
        theirs = part_of_runs(old.runs, start, start + units(old.text[block.a : block.a + block.size]))
        runs += [*covered(text[done : block.b], [*removed, old], writer), *theirs]
        done = block.b + block.size
    return joined(runs)


def covered(text: str, pool: list[Written], writer: Writer) -> Runs:
    """The writers of a text that is put together of pieces of others, the longest first."""
    if not text:
        return []
    found = [] if len(text) > _COVERED else [(_longest(source.text, text), source) for source in pool]
    match, source = max(found, key=lambda each: each[0].size, default=(Match(0, 0, 0), Written("", [])))
    if not match.size:
        return writer.runs(text)
    start = units(source.text[: match.a])
    theirs = part_of_runs(source.runs, start, start + units(source.text[match.a : match.a + match.size]))
    before, after = text[: match.b], text[match.b + match.size :]
    return joined([*covered(before, pool, writer), *theirs, *covered(after, pool, writer)])


def _longest(old: str, text: str) -> Match:
    return SequenceMatcher(None, old, text, autojunk=False).find_longest_match()


def likeness(text: str, old: str) -> int:
    """How much of a text, in characters, another one has in the same order; 0 when they are too long to compare."""
    if text == old:
        return len(text)
    return sum(block.size for block in _blocks(old, text) or ())


def _blocks(old: str, text: str) -> list[Match] | None:
    if len(text) * len(old) > _ALIGNED:
        return None
    return SequenceMatcher(None, old, text, autojunk=False).get_matching_blocks()


@dataclass(slots=True)
class Edit:
    """A splice of a source: ``removed``, written by ``runs``, makes place for ``text`` at ``pos``."""

    pos: int
    removed: str
    text: str
    runs: Runs

    def trimmed(self) -> Edit:
        """Without what goes and comes at the same place: a text that was set as a whole."""
        most = min(len(self.removed), len(self.text))
        start = _common(self.removed, self.text, most)
        start = start if start >= _KEPT else 0
        end = _common(self.removed[::-1], self.text[::-1], most - start)
        end = end if end >= _KEPT else 0
        if not start and not end:
            return self
        first = units(self.removed[:start])
        removed = self.removed[start : len(self.removed) - end]
        runs = part_of_runs(self.runs, first, first + units(removed))
        return Edit(self.pos + first, removed, self.text[start : len(self.text) - end], runs)


def _common(one: str, other: str, most: int) -> int:
    # Halves the distance: texts are long, and mostly alike.
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def written_by(
    edit: Edit, graves: Graves, pool: list[Written], elsewhere: list[Written], writer: Writer, *, again: bool = True
) -> Runs:
    """The writers of what an edit brings in; graves follow the edit.

    Args:
        edit: the splice.
        graves: of its source.
        pool: what went in this place.
        elsewhere: what went elsewhere in the same update.
        writer: who edits.
        again: whether what the same member inserts where it stood is taken for what undo brings back.
    """
    if edit.removed:
        graves.remove(edit.pos, edit.removed, edit.runs, writer.member)
    if not edit.text:
        return []
    if edit.text == edit.removed:
        moved: Runs | None = edit.runs
    else:
        moved = _moved(edit.text, elsewhere, writer) or inherited(edit.text, pool, _KEPT)
    if moved is None and again and (back := graves.returned(edit.pos, edit.text, writer.member)) is not None:
        return back
    graves.insert(edit.pos, units(edit.text))
    return moved if moved is not None else writer.runs(edit.text)


def _moved(text: str, pool: list[Written], writer: Writer) -> Runs | None:
    """The writers of a text that went elsewhere: all that went there, but for line breaks around it, or much of it."""
    line = text.strip("\n")
    same = [source for source in pool if line and source.text.strip("\n") == line]
    if same and same[0].text != text:
        at, breaks = text.index(line), Writer(writer.member, TYPED)
        core = inherited(line, same) or []
        return joined([*breaks.runs(text[:at]), *core, *breaks.runs(text[at + len(line) :])])
    return inherited(text, same) or inherited(text, pool, _KEPT)
