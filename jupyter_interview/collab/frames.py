"""What did each event of the log change in the notebook, in plain operations?

`History` follows the document through its Yjs updates and keeps the moment that a reader of the operations has. What an
update did is taken from pycrdt's events. Where these do not say it beyond doubt (a stranger can write anything into a
document), the cell, or all of them, is read again and compared: the moment is always what the document says.

docs/developers/frames.md has the operations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pycrdt import Array, Doc, Map, Text

from ..core.models import DOCUMENT_KINDS, JSON, Event, EventKind
from ..core.moment import AWAY, SEED, TYPED, Moment, Operation, units
from .attribution import Attribution
from .authors import Edit, Writer
from .changes import Changes, Delta, Observer, end_of
from .graves import Gone, Written
from .ids import alike
from .notebook import cells_of, read_cell, read_metadata, read_notebook, read_outputs, unique_id
from .operations import Operations
from .pieces import apply_logged
from .sources import Slot, Step, cursor_of, edits_of, item, moment_of, steps_of
from .updates import Claims, inspect

_GONE = frozenset({EventKind.AWAY, EventKind.LEAVE, EventKind.REMOVE})
_FIELDS = ("cell_type", "metadata", "execution_count", "execution_state", "attachments")


class History:
    """The Protocol `core.ports.History`: from the beginning, or after `load` and `resume`."""

    def __init__(self) -> None:
        self._doc: Doc[Any] = Doc()
        self._operations = Operations()
        self._cells = cells_of(self._doc)
        self.moment = Moment()
        self._slots: list[Slot] = []
        self._odd = True
        self._out: list[Operation] = []
        self._run: str | None = None
        self._attribution = Attribution()
        self._observer: Observer | None = None

    @property
    def pastes(self) -> list[tuple[int, str]]:
        """Lengths and cells of what the last event pasted."""
        return self._attribution.pastes

    def load(self, updates: Iterable[bytes]) -> None:
        """Take updates from before `resume`."""
        with self._doc.transaction():
            for update in updates:
                claims = inspect(update)
                self._operations.learn(claims)
                apply_logged(self._doc, update, claims)

    def resume(self, state: JSON, trace: JSON) -> None:
        """Go on with the moment ``state``, and what `trace` gave then."""
        self.moment = Moment(state)
        if self.moment.notebook() != read_notebook(self._doc):
            raise ValueError("the document is not what the frame says")
        values = [value for value in json.loads(str(self._cells)) if isinstance(value, dict)]
        self._slots = self._attribution.resume(trace, [read_cell(value)["id"] for value in values])
        self._look_for_strangers()

    def close(self) -> None:
        """Let go of the document."""
        if self._observer is not None:
            self._observer.close()

    def trace(self) -> JSON:
        """What is remembered of removed text, for another `History` that goes on from here."""
        return self._attribution.trace(self._slots)

    def add(self, event: Event, member: int) -> list[Operation]:
        """What an event changed, as operations; the moment has them already.

        Args:
            event: the next one of the log, of any kind.
            member: its author, as moments name members.

        Raises:
            ValueError: its update is none, or needs another one before it. The history is of no use then.
        """
        self._out = []
        self._attribution.begin(Writer(member), Claims())
        if event.kind in DOCUMENT_KINDS:
            if event.data is not None:
                self._update(event, event.data, member)
        elif event.kind is EventKind.CURSOR:
            self._cursor(event, member)
        elif event.kind in _GONE:
            for connection in [int(key) for key, cursor in self.moment.cursors.items() if cursor[0] == member]:
                self._emit(["c", connection])
        return self._out

    def check(self) -> list[Operation]:
        """Compare all with the document: operations that make it equal again. None, unless something is wrong."""
        self._out = []
        if self.moment.notebook() != read_notebook(self._doc):
            self._read_all()
        return self._out

    def _emit(self, operation: Operation) -> None:
        self.moment.apply(operation)
        self._out.append(operation)

    def _update(self, event: Event, update: bytes, member: int) -> None:
        claims = inspect(update)
        self._operations.learn(claims)
        observer = self._observer = self._observer or Observer(self._doc)
        apply_logged(self._doc, update, claims)
        changes = observer.take()
        if not changes.any:
            return
        payload = event.payload or {}
        self._run = payload.get("run")
        self._attribution.begin(Writer(member, _manner_of(event, member)), claims)
        if changes.metadata:
            self._notebook_metadata()
        if self._odd or changes.unsure:
            self._read_all(strangers=bool(changes.cells))
            return
        try:
            self._follow(changes)
        except _DoubtError:
            self._read_all()

    # -- what the events say

    def _follow(self, changes: Changes) -> None:
        pool: list[Written] = []
        if changes.cells is not None:
            self._cells_changed(changes.cells, pool)
        sources, exact = self._source_edits(changes)
        for index, names in changes.fields.items():
            self._refresh(index, outputs="outputs" in names or index in changes.outputs)
        for index, delta in changes.outputs.items():
            if index not in changes.fields:
                self._outputs_changed(index, delta)
        for index, output, delta in changes.streams:
            if index not in changes.fields:
                self._stream_changed(index, output, delta)
        went = [
            (edit, Written(edit.removed, edit.runs)) for edits in sources.values() for edit in edits if edit.removed
        ]
        for index, edits in sources.items():
            shared = self._shared(index) if index in exact else None
            for edit in edits:
                here = [text for other, text in went if other is edit]
                self._edit(index, edit, shared, here, pool + [text for other, text in went if other is not edit])

    def _cells_changed(self, delta: Delta, pool: list[Written]) -> None:
        """Cells came and went."""
        if (steps := steps_of(delta, len(self._slots))) is None:
            raise _DoubtError
        self._replace(steps, pool, told=True)
        if len(self._slots) != len(self._cells):
            raise _DoubtError

    def _replace(self, steps: list[Step], pool: list[Written], *, told: bool = False) -> None:
        """Take cells out and put others in.

        Args:
            steps: ``(index before all of them, cells to take out, values of cells to put in)``, in order.
            pool: gets the texts that go.
            told: whether an event says so, whose indices can be trusted.
        """
        gone: list[Gone] = []
        for at, count, _ in steps:
            for cell, slot in zip(self.moment.cells[at : at + count], self._slots[at : at + count], strict=True):
                gone.append(Gone(slot.id, cell["source"], cell["authors"], slot.graves, cell["run"]))
                pool.append(Written(cell["source"], cell["authors"]))
        left = list(gone)
        present = list(zip(self._slots, self.moment.cells, strict=True))
        plan: list[tuple[int, int, list[tuple[JSON, Slot]]]] = []
        slots: list[Slot] = []
        before = 0
        for at, count, values in steps:
            made = [self._attribution.made(value, left, pool, present) for value in values]
            slots += self._slots[before:at] + [slot for _, slot in made]
            plan.append((len(slots) - len(made), count, made))
            before = at + count
        self._slots = slots + self._slots[before:]
        self._attribution.bury(gone)
        ids = self._unique_ids()
        for at, count, made in plan:
            if count:
                self._emit(["-", at, count])
            if made:
                for number, (cell, _) in enumerate(made):
                    cell["id"] = ids[at + number]
                self._emit(["+", at, [cell for cell, _ in made]])
            for number, (cell, slot) in enumerate(made):
                self._attribution.learn(slot, cell["source"], self._shared(at + number) if told else None)
        self._rename(ids)

    def _unique_ids(self) -> list[str]:
        used: dict[str, int] = {}
        return [unique_id(slot.id, used) for slot in self._slots]

    def _rename(self, ids: list[str]) -> None:
        for index, wanted in enumerate(ids):
            if self.moment.cells[index]["id"] != wanted:
                self._emit(["s", index, "id", wanted])

    def _source_edits(self, changes: Changes) -> tuple[dict[int, list[Edit]], set[int]]:
        """What changed in the sources, with who had written what went, and where that is exactly what was done."""
        found: dict[int, list[Edit]] = {}
        exact: set[int] = set()
        others = (index for index, names in changes.fields.items() if "source" in names)
        for index in sorted({*changes.sources, *others}):
            cell = self._moment(index)
            shared = item(self._cell(index), "source")
            text = str(shared) if isinstance(shared, Text) else shared if isinstance(shared, str) else ""
            delta = changes.sources.get(index)
            if text != cell["source"] or delta is not None:
                found[index], told = edits_of(cell["source"], delta, text, cell["authors"])
                exact |= {index} if told else set()
        return found, exact

    def _shared(self, index: int) -> Text | None:
        """The source of a cell as it is shared."""
        shared = item(self._cell(index), "source")
        return shared if isinstance(shared, Text) else None

    def _edit(self, index: int, edit: Edit, shared: Text | None, here: list[Written], elsewhere: list[Written]) -> None:
        source = self._moment(index)["source"]
        edit, runs = self._attribution.edited(self._slots[index], edit, source, shared, here, elsewhere)
        if edit.removed or edit.text:
            self._emit(["t", index, edit.pos, units(edit.removed), edit.text, runs])

    def _outputs_changed(self, index: int, delta: Delta) -> None:
        """Outputs came and went."""
        at = 0
        held = len(self._moment(index)["outputs"])
        if self._moment(index)["cell_type"] != "code" or not self._is_plain(index):
            self._refresh(index, outputs=True)
            return
        for part in delta:
            if "retain" in part:
                at += part["retain"]
            elif "delete" in part:
                held -= part["delete"]
                self._emit_outputs(index, at, part["delete"], [])
            else:
                values = [json.loads(str(value)) for value in part["insert"] if isinstance(value, Map)]
                outputs = read_outputs(values)
                if len(outputs) != len(part["insert"]):
                    self._refresh(index, outputs=True)
                    return
                self._emit_outputs(index, at, 0, outputs)
                at += len(outputs)
        if len(self._moment(index)["outputs"]) != len(self._array(index)):
            self._refresh(index, outputs=True)

    def _emit_outputs(self, index: int, at: int, count: int, outputs: list[JSON]) -> None:
        if at + count > len(self._moment(index)["outputs"]):
            raise _DoubtError
        self._emit(["o", index, at, count, outputs])

    def _stream_changed(self, index: int, at: int, delta: Delta) -> None:
        """The text of an output changed, at its end as a rule."""
        outputs = self._moment(index)["outputs"]
        if self._is_plain(index) and at < len(outputs) and outputs[at]["output_type"] == "stream":
            end = end_of(outputs[at]["text"], delta)
            if end is not None:
                removed, added = end
                self._emit(["a", index, at, added, *([removed] if removed else [])])
                return
        self._refresh(index, outputs=True)

    # -- what the document says

    def _read_all(self, *, strangers: bool = True) -> None:
        """Compare every cell with the document."""
        values = [value for value in json.loads(str(self._cells)) if isinstance(value, dict)]
        wanted = [read_cell(value)["id"] for value in values]
        known = [slot.id for slot in self._slots]
        start, end = alike(known, wanted)
        if start + end < max(len(wanted), len(known)):
            middle = values[start : len(values) - end]
            self._replace([(start, len(known) - end - start, middle)], [])
        for index in [*range(start), *range(len(values) - end, len(values))]:
            self._slots[index].plain = False
            self._compare(index, values[index])
            self._compare_source(index, values[index])
        self._notebook_metadata()
        if strangers:
            self._look_for_strangers()
        if not self._odd:
            self._learn()

    def _learn(self) -> None:
        """The operations of the cells that were read without an event that tells of them."""
        for index, (slot, cell) in enumerate(zip(self._slots, self.moment.cells, strict=True)):
            if not slot.ids.known:
                self._attribution.learn(slot, cell["source"], self._shared(index))

    def _look_for_strangers(self) -> None:
        """Whether something among the cells is none: the indices in events cannot be trusted then."""
        count = len(self._cells)
        self._odd = count != len(self._slots) or not all(isinstance(self._cells[n], Map) for n in range(count))

    def _refresh(self, index: int, *, outputs: bool) -> None:
        """Compare a cell, but for its source, with the document; ``outputs`` where the document's may be others now."""
        cell = self._cell(index)
        self._slots[index].plain &= not outputs
        self._compare(index, json.loads(str(cell)))

    def _compare(self, index: int, value: JSON) -> None:
        cell, read = self._moment(index), read_cell(value)
        wanted = moment_of(read, value)
        for name in _FIELDS:
            if cell.get(name) != wanted.get(name) or (name in cell) != (name in wanted):
                self._emit(["s", index, name, wanted.get(name)])
                if name == "execution_state" and wanted[name] == "running" and self._run is not None:
                    self._emit(["s", index, "run", self._run])
        if cell["outputs"] != wanted["outputs"]:
            self._slots[index].plain = False
            self._splice_outputs(index, cell["outputs"], wanted["outputs"])
        if read["id"] != self._slots[index].id:
            self._slots[index].id = read["id"]
            self._rename(self._unique_ids())

    def _compare_source(self, index: int, value: JSON) -> None:
        cell, wanted = self._moment(index), read_cell(value)["source"]
        if wanted != cell["source"]:
            [edit], _ = edits_of(cell["source"], None, wanted, cell["authors"])
            self._edit(index, edit, None, [], [])

    def _splice_outputs(self, index: int, old: list[JSON], new: list[JSON]) -> None:
        start, end = alike(old, new)
        self._emit(["o", index, start, len(old) - end - start, new[start : len(new) - end]])

    def _notebook_metadata(self) -> None:
        metadata = read_metadata(self._doc)
        if metadata != self.moment.metadata:
            self._emit(["m", metadata])

    def _is_plain(self, index: int) -> bool:
        """Whether the outputs of a cell are all the document has there, one for one."""
        slot = self._slots[index]
        if not slot.plain:
            array = item(self._cell(index), "outputs")
            slot.plain = (
                isinstance(array, Array)
                and len(array) == len(self._moment(index)["outputs"])
                and all(isinstance(array[n], Map) for n in range(len(array)))
            )
        return slot.plain

    def _array(self, index: int) -> Array[Any]:
        array = item(self._cell(index), "outputs")
        if not isinstance(array, Array):
            raise _DoubtError
        return array

    def _cell(self, index: int) -> Map[Any]:
        cell = self._cells[index] if 0 <= index < len(self._cells) else None
        if not isinstance(cell, Map):
            raise _DoubtError
        return cell

    def _moment(self, index: int) -> JSON:
        if not 0 <= index < len(self.moment.cells):
            raise _DoubtError
        return self.moment.cells[index]

    # -- cursors

    def _cursor(self, event: Event, member: int) -> None:
        where = cursor_of(event.data)
        index = next((n for n, slot in enumerate(self._slots) if where is not None and slot.id == where[0]), None)
        if where is None or index is None:
            if str(event.connection) in self.moment.cursors:
                self._emit(["c", event.connection])
            return
        self._emit(["c", event.connection, member, self.moment.cells[index]["id"], where[1], where[2]])


class _DoubtError(Exception):
    """The events and the document do not agree."""


def _manner_of(event: Event, member: int) -> int | None:
    """How the text of an update came about, where that does not depend on the text."""
    if not member:
        return SEED
    if event.kind is EventKind.DOCUMENT_RESYNC:
        # All that was written meanwhile comes at once, whether it was typed or pasted.
        return AWAY
    return TYPED if (event.payload or {}).get("source") == "code_update" else None
