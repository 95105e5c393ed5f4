"""What does the server put right after a member's update?

Outputs are the server's. A page that moves, copies or brings back a cell writes its outputs along; they are left out,
and the server writes what it knows to be that cell's. Who removes some of a cell's outputs clears the cell: what is
left would tell something else than the run did. And a change that is taken back gives back what it had removed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pycrdt import Array, Map, Text

from ..core.encoding import size_of
from ..core.errors import InterviewError
from ..core.models import JSON
from .notebook import change_text, yjs_value
from .operations import Operations
from .outputs import RUNNING
from .places import Id, Part

if TYPE_CHECKING:
    from .document import NotebookDocument
    from .gate import Verdict
    from .updates import Claims

_KEPT_CELLS, _KEPT_UNITS = 200, 4_000_000
# What is written in one turn of the event loop.
_PORTION_CELLS, _PORTION_BYTES = 10, 250_000
_LEFT_OUT: JSON = {
    "output_type": "stream",
    "name": "stderr",
    "text": "The outputs were not kept: the interview has reached its limit of outputs. Run the cell again.\n",
}


@dataclass(frozen=True, slots=True)
class Ran:
    """What the server knows of a cell: outputs (and their size) and execution count, and the source beside them."""

    source: str
    outputs: list[JSON]
    size: int
    count: float | None
    state: str | None


class _Due(NamedTuple):
    """What is to be written into a cell: on whose account, and whose update it was that left it open."""

    ran: Ran
    asker: int
    member: int


class Healing:
    """Puts right what a member's update leaves open.

    What it writes for one update it writes in portions, one in a turn of the event loop.

    Args:
        document: which one.
    """

    def __init__(self, document: NotebookDocument) -> None:
        self._document = document
        self._gone: OrderedDict[str, Ran] = OrderedDict()
        self._units = 0
        self._texts: dict[str, str] = {}
        self._due: OrderedDict[str, _Due] = OrderedDict()
        self._next: asyncio.Handle | None = None

    def before(self, operations: Operations, claims: Claims, verdict: Verdict, *, refused: bool) -> None:
        """Remember what the update is going to remove."""
        self._texts = {}
        cells = self._document.cells.named()
        for name in {operations.names.get(cell, "") for cell in verdict.removed}:
            if (due := self._due.pop(name, None)) is not None:
                self._keep(name, due.ran)
            elif name in cells and (ran := _ran(cells[name])).outputs:
                self._keep(name, ran)
                self._document.standing.emptied(name)
        if refused:
            texts = {place.within for *_, place in operations.live(claims.ranges) if place.part is Part.SOURCE}
            names = {_name(operations, text) for text in texts if isinstance(text, tuple)}
            self._texts = {name: str(cells[name]["source"]) for name in names if name in cells}

    def after(self, operations: Operations, verdict: Verdict, member: int) -> None:
        """Put right what has to be.

        Args:
            operations: with the update in them.
            verdict: over it.
            member: who sent it.
        """
        if self._texts:
            # In the member's name, whose change is taken back; by no socket, so that the member's gets it too.
            with self._document.acting(member, 0, {"source": "code_update"}):
                self._give_back_texts()
        if verdict.cleared:
            with self._document.acting(0, 0, {"source": "server"}):
                self._clear({_name(operations, array) for array in verdict.cleared})
        if verdict.copied:
            self._find({operations.names.get(copied, ""): None for copied in verdict.copied}, member)
            self._portion()

    def finish(self) -> None:
        """Write all that is due: after this, nothing is written any more."""
        while self._due:
            self._portion()

    def _give_back_texts(self) -> None:
        cells = self._document.cells.named()
        for name, text in self._texts.items():
            if name in cells and str(cells[name]["source"]) != text:
                change_text(cells[name]["source"], text)

    def _clear(self, names: set[str]) -> None:
        cells = self._document.cells.named()
        for name in names:
            if (cell := cells.get(name)) is not None:
                self._document.standing.emptied(name)
                if len(cell["outputs"]):
                    cell["outputs"].clear()

    def _find(self, names: Iterable[str], member: int) -> None:
        """Find what ran in these cells, where they were before or in those that they are copies of."""
        cells = self._document.cells.named()
        known: dict[str, Ran] | None = None
        for name in names:
            if (cell := cells.get(name)) is None:
                continue
            source = str(cell["source"])
            ran = self._gone.get(name)
            if ran is None or ran.source != source:
                known = self._known() if known is None else known
                ran = known.get(source)
            if ran is not None:
                self._due[name] = _Due(ran, self._document.askers.get(name, member), member)
                if ran.state == RUNNING:
                    # More is written to it any moment.
                    self._due.move_to_end(name, last=False)

    def _known(self) -> dict[str, Ran]:
        """What ran, by the source that it was beside: in cells as they stand, else in those that are gone."""
        known: dict[str, Ran] = {}
        for cell in self._document.cells.named().values():
            if _has_outputs(cell) and (source := str(cell["source"])) not in known and (ran := _ran(cell)).outputs:
                known[source] = ran
        for ran in [*(due.ran for due in self._due.values()), *self._gone.values()]:
            known.setdefault(ran.source, ran)
        return known

    def _portion(self) -> None:
        """Write a portion of what is due, and the next one when others have had their turn."""
        count = size = 0
        while self._due and count < _PORTION_CELLS and size < _PORTION_BYTES:
            name, due = self._due.popitem(last=False)
            self._give_back(name, due)
            count, size = count + 1, size + due.ran.size
        if self._due and self._next is None:
            self._next = asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._next = None
        if self._due:
            with self._document.spending(next(iter(self._due.values())).member):
                self._portion()

    def _give_back(self, name: str, due: _Due) -> None:
        """Write a cell's outputs anew, which is on the account of whoever asked for them."""
        ran, cell = due.ran, self._document.cells.named().get(name)
        if cell is None or not isinstance(outputs := cell.get("outputs"), Array) or _ran_since(cell, outputs):
            return
        standing, values, size = self._document.standing, ran.outputs, ran.size
        try:
            standing.budget.check_outputs(due.asker, size)
            full = standing.total + size > standing.limit
        except InterviewError:
            full = True
        if full and values:
            values, size = [_LEFT_OUT], size_of(_LEFT_OUT)
        with self._document.acting(0, 0, {"source": "server"}, due.asker):
            outputs.clear()
            for output in values:
                outputs.append(shared_output(output))
            cell["execution_count"] = ran.count
            if ran.state is not None:
                cell["execution_state"] = ran.state
        standing.grew(name, size)

    def _keep(self, name: str, ran: Ran) -> None:
        if (before := self._gone.pop(name, None)) is not None:
            self._units -= _weight(before)
        self._gone[name] = ran
        self._units += _weight(ran)
        while self._gone and (len(self._gone) > _KEPT_CELLS or self._units > _KEPT_UNITS):
            self._units -= _weight(self._gone.popitem(last=False)[1])


def shared_output(output: JSON) -> Map[Any]:
    """An output as the shared document has it: the text of a stream is one that can grow."""
    values = yjs_value(output)
    if output.get("output_type") == "stream":
        values["text"] = Text(str(output.get("text", "")))
    return Map(values)


def _name(operations: Operations, shared: Id) -> str:
    """The id of the cell that a shared type is directly in."""
    cell = operations.at(*shared).within
    return operations.names.get(cell, "") if isinstance(cell, tuple) else ""


def _has_outputs(cell: Map[Any]) -> bool:
    return isinstance(outputs := cell.get("outputs"), Array) and len(outputs) > 0


def _ran_since(cell: Map[Any], outputs: Array[Any]) -> bool:
    """Whether a cell that came without outputs has been run."""
    return len(outputs) > 0 or cell.get("execution_count") is not None or cell.get("execution_state") == RUNNING


def _ran(cell: Map[Any]) -> Ran:
    outputs, count, state = cell.get("outputs"), cell.get("execution_count"), cell.get("execution_state")
    found = [value for value in outputs.to_py() or [] if isinstance(value, dict)] if isinstance(outputs, Array) else []
    return Ran(
        str(cell["source"]),
        found,
        size_of(found),
        float(count) if isinstance(count, int | float) else None,
        state if isinstance(state, str) else None,
    )


def _weight(ran: Ran) -> int:
    return len(ran.source) + ran.size
