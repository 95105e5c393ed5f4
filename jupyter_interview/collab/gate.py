"""What of an update may its author write?

A page of JupyterLab writes cells, their sources and their metadata. Outputs, execution counts and what a cell is are
the server's: what says otherwise is left out, and what is passed on is well-formed for every other page. `judge`
decides that from the update alone, without applying it to anything. Two kinds are left out: what stock pages write by
themselves (the outputs of a cell that is moved, say), silently, since the server puts it right; and what no page
writes, which is refused and said.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain

from ..core.properties import UNFIT
from .intervals import Intervals
from .operations import Operations, Placed
from .places import ARRAY, MAP, OUTPUTS, TEXT, Id, Part, Place
from .updates import ANY, DELETED, GC, STRING, TYPE, Claims, Range, Struct

_KINDS = frozenset({"code", "markdown", "raw"})
_PAGE_BYTES = 1_000
_SERVERS_OWN = "the removal of what is the server's"
_SERVERS = frozenset({"kernelspec", "language_info"})
Piece = tuple[int, int, int, Place]
"""Operations of one place: client, the first one, the one behind the last, and the place."""

_ONCE = frozenset({Part.ID, Part.KIND, Part.SOURCE_FIELD, Part.OUTPUTS_FIELD, Part.METADATA_FIELD})
_OF_A_CELL = frozenset({Part.ID, Part.KIND, Part.SOURCE_FIELD, Part.OUTPUTS_FIELD, Part.METADATA_FIELD, Part.ODD})
_RAN = frozenset({Part.COUNT, Part.STATE})
_BESIDE_CELLS = frozenset({Part.PAGE, Part.NOTEBOOK, Part.NOTEBOOK_METADATA, Part.IN_NOTEBOOK_METADATA})


@dataclass(slots=True)
class Verdict:
    """What is left out of an update, and what the server has to do when the rest is applied.

    Attributes:
        dropped: structs that are left out; ``True`` where their place has to stay, since texts can follow.
        kept: ranges of the delete set that are left, by client.
        refused: why something was left out that no page writes.
        copied: cells that came with outputs or a count.
        cleared: shared arrays of outputs of which something was removed.
        removed: cells that are removed.
        rewritten: whether the update has to be written anew.
    """

    dropped: dict[Id, bool] = field(default_factory=dict)
    kept: dict[int, list[Range]] = field(default_factory=dict)
    refused: str | None = None
    copied: list[Id] = field(default_factory=list)
    cleared: set[Id] = field(default_factory=set)
    removed: list[Id] = field(default_factory=list)
    rewritten: bool = False


def judge(operations: Operations, plan: Operations, claims: Claims) -> Verdict:
    """The verdict over a member's update.

    Args:
        operations: of the document.
        plan: what the update adds to them.
        claims: what it says.
    """
    verdict = Verdict()
    pieces = [*operations.live(claims.ranges), *plan.added(claims.ranges)]
    removed = _Removed(operations, plan, pieces)
    _Structs(plan, removed, verdict).judge()
    verdict.removed = [cell for cell in removed.cells if cell[1] < operations.known(cell[0])]
    _Deletes(plan, claims, pieces, removed, verdict).judge()
    verdict.rewritten = bool(verdict.dropped) or verdict.kept != claims.ranges
    return verdict


def take_back(plan: Operations, verdict: Verdict) -> None:
    """Leave out all that an update adds: it is refused for its size, and what follows can stand on its place."""
    for placed in plan.placed:
        if placed.struct.kind not in (GC, DELETED):
            verdict.dropped[placed.client, placed.struct.start] = placed.place.is_cell or placed.place.text
    # What is in a cell that is not there is not there either.
    made = {(each.client, each.struct.start) for each in plan.placed if each.struct.shared is not None}
    for placed in plan.placed:
        if placed.place.within in made:
            verdict.dropped[placed.client, placed.struct.start] = False
    verdict.copied.clear()
    verdict.rewritten = True


class _Removed:
    """Which cells an update removes, also of those that it brings along."""

    def __init__(self, operations: Operations, plan: Operations, pieces: list[Piece]) -> None:
        self.cells = [
            (client, clock) for client, start, end, place in pieces if place.is_cell for clock in range(start, end)
        ]
        self.every = set(self.cells)
        self._names = Counter(operations.names.get(cell) for cell in self.cells)
        self._operations = operations

    def leaves(self, name: str) -> bool:
        """Whether a cell of this id, which was there, stays."""
        return self._operations.ids[name] > self._names[name]


class _Structs:
    """Judges what an update adds."""

    def __init__(self, plan: Operations, removed: _Removed, verdict: Verdict) -> None:
        self._plan = plan
        self._removed = removed
        self._verdict = verdict
        self._cells: dict[Id, dict[Part, Struct]] = {}
        self._twice: set[Id] = set()
        self._arrays: dict[Id, Id] = {}
        self._gone: dict[int, Intervals] = {}

    def judge(self) -> None:
        """Fill the verdict."""
        for placed in self._plan.placed:
            self._gather(placed)
        names: set[str | None] = set()
        for cell, fields in self._cells.items():
            if cell in self._removed.every:
                continue
            name = fields[Part.ID].word if Part.ID in fields else None
            if cell in self._twice or not _is_cell(fields):
                self._drop(cell, "a cell that is none", stays=True)
            elif name in names or self._removed.leaves(name or ""):
                # Somebody else has moved it as well: one of both is enough.
                self._drop(cell, stays=True)
            names.add(name)
        for placed in self._plan.placed:
            self._judge(placed)

    def _gather(self, placed: Placed) -> None:
        struct, place = placed.struct, placed.place
        if place.is_cell and struct.shared == MAP:
            self._cells[placed.client, struct.start] = {}
        elif isinstance(place.within, tuple) and place.within in self._cells and struct.kind not in (GC, DELETED):
            fields = self._cells[place.within]
            if place.part in fields and place.part in _ONCE:
                # Which of them counts is not told by their order.
                self._twice.add(place.within)
            fields[place.part] = struct
            if place.part is Part.OUTPUTS_FIELD:
                self._arrays[placed.client, struct.start] = place.within

    def _judge(self, placed: Placed) -> None:
        struct, place = placed.struct, placed.place
        operation = (placed.client, struct.start)
        self._judge_one(operation, struct, place)
        if self._verdict.dropped.get(operation) is False:
            self._gone.setdefault(placed.client, Intervals()).add(struct.start, struct.end)

    def _judge_one(self, operation: Id, struct: Struct, place: Place) -> None:
        if operation in self._verdict.dropped or struct.kind in (GC, DELETED) or place.gone:
            return
        if isinstance(place.within, tuple) and place.within in self._verdict.dropped:
            self._drop(operation)
        elif operation in self._plan.mixed or self._beside_gone(struct):
            # Where it would be depends on who reads it.
            self._drop(operation)
        elif place.part is Part.TRUSTED:
            self._drop(operation)
        elif place.part in _RAN and not _is_idle(struct, place):
            self._drop(operation)
            self._copied(place.within)
        elif place.part in OUTPUTS:
            cell = self._arrays.get(place.within) if isinstance(place.within, tuple) else None
            self._drop(operation, None if cell else "an output")
            self._copied(cell)
        elif place.part is Part.IN_NOTEBOOK_METADATA and place.key in _SERVERS:
            self._drop(operation)
        elif not self._allowed(struct, place):
            self._drop(operation, "something that is no part of a notebook", stays=place.is_cell or place.text)

    def _allowed(self, struct: Struct, place: Place) -> bool:
        part = place.part
        if struct.unfit or place.key in UNFIT:
            # Pages could not hold the cell in another document: not when it is moved, and in no replay.
            return False
        if part is Part.CELLS:
            return struct.shared == MAP
        if part is Part.SOURCE:
            # No editor writes another end of a line, and all of them show each as one.
            return struct.kind == STRING and "\r" not in (struct.text or "")
        if part in _OF_A_CELL:
            return part is not Part.ODD and place.within in self._cells
        if part in (Part.METADATA, Part.IN_NOTEBOOK_METADATA):
            return place.key is not None and struct.kind in (ANY, TYPE)
        if part is Part.IN_METADATA:
            return struct.kind in (ANY, TYPE, STRING)
        if part is Part.PAGE:
            return place.key is not None and struct.kind == ANY and struct.until - struct.at <= _PAGE_BYTES
        return part in (Part.ATTACHMENTS, Part.COUNT, Part.STATE) and struct.kind == ANY

    def _copied(self, cell: Id | str | None) -> None:
        if isinstance(cell, tuple) and cell in self._cells and cell not in self._verdict.copied:
            self._verdict.copied.append(cell)

    def _beside_gone(self, struct: Struct) -> bool:
        return any(client in self._gone and clock in self._gone[client] for client, clock in struct.beside)

    def _drop(self, operation: Id, reason: str | None = None, *, stays: bool = False) -> None:
        self._verdict.dropped[operation] = stays
        self._verdict.refused = self._verdict.refused or reason


class _Deletes:
    """Judges what an update removes."""

    def __init__(
        self, plan: Operations, claims: Claims, pieces: list[Piece], removed: _Removed, verdict: Verdict
    ) -> None:
        self._operations = plan
        self._claims = claims
        self._pieces = pieces
        self._verdict = verdict
        self._gone: set[Id] = set(removed.cells)
        self._stays: set[Id] = set()
        self._written = {
            (placed.place.within, placed.place.part)
            for placed in plan.placed
            if placed.place.part in _RAN and (placed.client, placed.struct.start) not in verdict.dropped
        }
        self._refused = False

    def judge(self) -> None:
        """Fill the verdict."""
        pieces = self._pieces
        for client, start, end, place in pieces:
            if place.part in _OF_A_CELL and not self._goes(place):
                self._stays.update((client, clock) for clock in range(start, end))
        for client, start, end, place in pieces:
            if place.part is Part.OUTPUT and place.within not in self._stays:
                self._gone.update((client, clock) for clock in range(start, end))
        kept: dict[int, list[Range]] = {}
        for client, start, end, place in pieces:
            if self._allowed((client, start), place):
                kept.setdefault(client, []).append((start, end))
                if place.part is Part.OUTPUT and isinstance(place.within, tuple):
                    self._verdict.cleared.add(place.within)
        self._verdict.kept = kept if self._refused else self._claims.ranges

    def _allowed(self, first: Id, place: Place) -> bool:
        if place.part is Part.IN_NOTEBOOK_METADATA and place.key in _SERVERS:
            # What a page writes anew by itself, which was left out, comes with the removal of what was there.
            return self._refuse(None if self._verdict.dropped else _SERVERS_OWN)
        if place.part in _RAN and (place.within, place.part) not in self._written and not self._goes(place):
            # As above: to write it anew is left out, and nothing else is to be there instead.
            return self._refuse(None if self._verdict.dropped else _SERVERS_OWN)
        if (
            place.part in (Part.NOTEBOOK, Part.NOTEBOOK_METADATA)
            or first in self._stays
            or place.within in self._stays
            or (place.part is Part.IN_OUTPUT and not place.gone and not self._goes(place))
        ):
            return self._refuse(_SERVERS_OWN)
        return True

    def _refuse(self, reason: str | None) -> bool:
        self._refused = True
        self._verdict.refused = self._verdict.refused or reason
        return False

    def _goes(self, place: Place) -> bool:
        """Whether something that this is in goes as a whole."""
        return self._operations.buried(place, self._gone)


def changes_cells(operations: Operations, plan: Operations, claims: Claims) -> bool:
    """Whether an update would change a cell of the document."""
    added = (each.place for each in plan.placed if each.struct.kind not in (GC, DELETED) and not each.place.gone)
    removed = (place for _, _, _, place in operations.live(claims.ranges))
    return any(place.part not in _BESIDE_CELLS for place in chain(added, removed))


def _is_cell(fields: dict[Part, Struct]) -> bool:
    """Whether a new cell has what every page takes for granted."""
    kind, source, name = fields.get(Part.KIND), fields.get(Part.SOURCE_FIELD), fields.get(Part.ID)
    metadata, outputs = fields.get(Part.METADATA_FIELD), fields.get(Part.OUTPUTS_FIELD)
    return (
        kind is not None
        and kind.word in _KINDS
        and source is not None
        and source.shared == TEXT
        and name is not None
        and bool(name.word)
        and metadata is not None
        and metadata.shared == MAP
        and (outputs is None if kind.word != "code" else outputs is not None and outputs.shared == ARRAY)
    )


def _is_idle(struct: Struct, place: Place) -> bool:
    return struct.void or (place.part is Part.STATE and struct.word == "idle")
