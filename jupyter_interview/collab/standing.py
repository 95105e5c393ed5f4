"""Which outputs stand in the notebook, how large are they, and which ones give way?

The outputs of all cells together have a limit of their own, `Limits.outputs_bytes`. When a run's outputs would pass it,
those of the oldest runs give way, whole cells at a time, and a line in their place says so. Sizes are counted as they
are written, and read from the document when it is opened.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..core.encoding import size_of
from ..core.models import JSON
from ..core.ports import DISPLAY_PLACES
from ..managers.budgets import Budget


class Output:
    """An output as a run wrote it, which `update_display` may change later."""

    __slots__ = ("__weakref__", "value")

    def __init__(self, value: JSON) -> None:
        self.value = value


@dataclass(frozen=True, slots=True)
class Display:
    """Where something with a display id is shown: the index among the outputs of a cell.

    ``output`` is gone when the run that wrote it is.
    """

    cell: str
    index: int
    output: weakref.ref[Output]


class Standing:
    """The outputs that stand in a document.

    Args:
        limit: bytes that they may have together.
        budget: of the log that they are written to.
        sizes: of the cells that have some, by id.
        order: ids of cells, in the order of their last runs; of others nobody knows when they ran, they go first.
    """

    def __init__(
        self, limit: int, budget: Budget, sizes: Mapping[str, int] | None = None, order: Sequence[str] = ()
    ) -> None:
        self.limit = limit
        self.budget = budget
        self._displays: dict[str, deque[Display]] = {}
        self._showing: dict[str, set[str]] = {}
        ranks = {cell: rank for rank, cell in enumerate(order, 1)}
        cells = sorted(sizes or {}, key=lambda cell: ranks.get(cell, 0))
        self._sizes = {cell: (sizes or {})[cell] for cell in cells}
        self._total = sum(self._sizes.values())

    @property
    def total(self) -> int:
        """Bytes of all of them."""
        return self._total

    def emptied(self, cell: str) -> None:
        """A cell has no outputs now; the next ones are the newest."""
        self._total -= self._sizes.pop(cell, 0)
        for display_id in self._showing.pop(cell, ()):
            places = self._displays.pop(display_id, ())
            if kept := [place for place in places if place.cell != cell]:
                self._displays[display_id] = deque(kept, DISPLAY_PLACES)

    def grew(self, cell: str, size: int) -> None:
        """The outputs of a cell became larger, or with a negative number smaller."""
        self._total += size
        self._sizes[cell] = self._sizes.get(cell, 0) + size

    def shown(self, display_id: str, output: Output, cell: str, index: int) -> None:
        """An output with a display id was written; the oldest one that shows it follows it no more."""
        places = self._displays.setdefault(display_id, deque(maxlen=DISPLAY_PLACES))
        places.append(Display(cell, index, weakref.ref(output)))
        self._showing.setdefault(cell, set()).add(display_id)

    def places(self, display_id: str) -> Sequence[Display]:
        """Where the outputs are that follow a display id, the newest last."""
        return list(self._displays.get(display_id, ()))

    def giving_way(self, size: int, cell: str) -> Iterator[str]:
        """Cells whose outputs have to go before ``cell`` may have ``size`` bytes more: those of the oldest run first.

        Each of them is `emptied` then.
        """
        while self._total + size > self.limit:
            oldest = next((each for each, held in self._sizes.items() if each != cell and held > 0), None)
            if oldest is None:
                return
            self.emptied(oldest)
            yield oldest


def sizes_of(notebook: JSON) -> dict[str, int]:
    """The sizes of the outputs of the cells of an nbformat notebook that have some."""
    return {cell["id"]: size_of(cell["outputs"]) for cell in notebook["cells"] if cell.get("outputs")}
