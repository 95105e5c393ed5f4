"""Who wrote what an update brought into a source?

The rules are in docs/developers/frames.md; `authors` and `returns` are what they are made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pycrdt import Text

from ..core.models import JSON
from ..core.moment import SEED, Runs, cut, joined, units
from .authors import Edit, Writer, aligned, composed, inherited, likeness, written_by
from .graves import Cemetery, Gone, Graves, Written
from .ids import Ids, ids_of, size
from .notebook import read_cell
from .returns import Part, Removed, parts_of
from .sources import Slot, moment_of
from .updates import Claims

_LOOKED = 5

Present = Iterable[tuple[Slot, JSON]]
"""Cells that are there, with their moments."""


class Attribution:
    """Remembers what was removed, and gives what comes in to whom it belongs.

    Attributes:
        pastes: lengths and cells of what the update pasted.
    """

    def __init__(self) -> None:
        self._writer = Writer(0, SEED)
        self._claims = Claims()
        self._cemetery = Cemetery()
        self._removed = Removed()
        self.pastes: list[tuple[int, str]] = []

    def begin(self, writer: Writer, claims: Claims) -> None:
        """The next update."""
        self._writer, self._claims, self.pastes = writer, claims, []

    def resume(self, trace: JSON, cell_ids: Sequence[str]) -> list[Slot]:
        """Go on with what `trace` gave: the slots of the cells that have these ids."""
        self._cemetery, self._removed = Cemetery(trace["cells"]), Removed(trace["removed"])
        return [
            Slot(name, Graves.of(held["graves"]), False, Ids(held["ids"]), held["again"])
            for name, held in zip(cell_ids, trace["slots"], strict=True)
        ]

    def trace(self, slots: Iterable[Slot]) -> JSON:
        """What is remembered, for `resume`."""
        return {
            "slots": [{"graves": slot.graves.to_json(), "ids": slot.ids.runs, "again": slot.again} for slot in slots],
            "cells": self._cemetery.to_json(),
            "removed": self._removed.to_json(),
        }

    # -- texts

    def edited(
        self, slot: Slot, edit: Edit, source: str, shared: Text | None, here: list[Written], elsewhere: list[Written]
    ) -> tuple[Edit, Runs]:
        """What of an edit is worth telling, and the writers of the text in it.

        Args:
            slot: of the cell.
            edit: a splice of its source; another one of the same update may follow it, but not before it.
            source: before the edit, and with those of the update that are before it.
            shared: the source after the update; ``None`` where the edit is a guess.
            here: what went in this place.
            elsewhere: what went elsewhere in the same update.
        """
        pos = size(cut(source, 0, edit.pos))
        ids = ids_of(shared, edit.text, pos, self._claims) if shared is not None else Ids.unknown(units(edit.text))
        slot.again |= not ids.known
        self._removed.add(slot.ids.splice(edit.pos, units(edit.removed), ids), edit.removed, edit.runs)
        parts = parts_of(edit.text, ids, self._claims, self._removed)
        if all(part.runs is None for part in parts):
            edit = edit.trimmed()
            runs = written_by(edit, slot.graves, here, elsewhere, self._writer, again=slot.again)
        else:
            runs = self._partly(slot, edit, parts, here, elsewhere)
        self._note_pastes(slot.id)
        return edit, runs

    def _partly(self, slot: Slot, edit: Edit, parts: list[Part], here: list[Written], elsewhere: list[Written]) -> Runs:
        """The writers of a text of which something came back."""
        if edit.removed:
            slot.graves.remove(edit.pos, edit.removed, edit.runs, self._writer.member)
        runs: Runs = []
        at = edit.pos
        for text, theirs in parts:
            if theirs is None:
                new = Edit(at, "", text, [])
                theirs = written_by(new, slot.graves, here, elsewhere, self._writer, again=slot.again)
            elif slot.graves.returned(at, text, self._writer.member) is None:
                slot.graves.insert(at, units(text))
            runs += theirs
            at += units(text)
        return joined(runs)

    # -- cells

    def made(self, value: JSON, left: list[Gone], pool: list[Written], present: Present) -> tuple[JSON, Slot]:
        """The moment of a cell that comes in, and its slot, but for the operations of its source.

        Args:
            value: what the document has.
            left: cells that go in the same update; one that comes again leaves the list.
            pool: what texts go in the same update.
            present: the cells that are there.
        """
        read = read_cell(value)
        cell = moment_of(read, value)
        source = cell["source"]
        same = next((other for other in left if other.id == read["id"] and other.source == source), None)
        if same is not None:
            left.remove(same)
            cell["run"] = same.run
        else:
            same = self._cemetery.returned(self._writer.member, read["id"], source)
        if same is not None:
            cell["authors"] = [list(run) for run in same.runs]
            return cell, Slot(read["id"], same.graves.copy(), plain=False, again=True)
        earlier = self._earlier(read["id"], source, left, present) if source else None
        slot, known = Slot(read["id"], plain=False), None
        if earlier is not None:
            here = [text for text in pool if text.text == earlier.source] or [Written(earlier.source, earlier.runs)]
            known = inherited(source, here)
            if known is None:
                whole = earlier.graves.with_text(earlier.source, earlier.runs)
                known = aligned(source, whole, earlier.graves.texts(), self._writer)
            slot.graves, slot.again = earlier.graves.carried(earlier.source, source), True
        cell["authors"] = known if known is not None else composed(source, pool, self._writer) if source else []
        self._note_pastes(read["id"])
        return cell, slot

    def learn(self, slot: Slot, source: str, shared: Text | None) -> None:
        """A cell came in: the operations of its source."""
        slot.ids = ids_of(shared, source, 0, self._claims) if shared is not None else Ids.unknown(units(source))
        slot.again |= not slot.ids.known

    def bury(self, cells: Iterable[Gone]) -> None:
        """Cells went, those too that came elsewhere: undo brings back what a cell was before it was moved."""
        self._cemetery.bury(self._writer.member, cells)

    def _earlier(self, cell_id: str, source: str, gone: list[Gone], present: Present) -> Gone | None:
        """The cell with this id that is most like it: of those that go now, are there (two people moved it at once),
        or went."""
        those = [other for other in gone if other.id == cell_id]
        those += [
            Gone(slot.id, cell["source"], cell["authors"], slot.graves) for slot, cell in present if slot.id == cell_id
        ]
        those += self._cemetery.all(cell_id)
        if len(those) < 2:
            return next(iter(those), None)
        return max(those[:_LOOKED], key=lambda other: likeness(source, other.graves.with_text(other.source, []).text))

    def _note_pastes(self, cell: str) -> None:
        self.pastes += [(length, cell) for length in self._writer.pasted]
        self._writer.pasted.clear()
