"""Which cells has a document, in which order, and which one has a given id?

To walk through a document's array of cells takes the square of its length, and to read a cell is slow too. So `Cells`
follows the array: it learns of what came and went when that happens, and reads a cell once. What it reads (id, kind,
whether there is a source) stays as it is for as long as a cell is there: nobody may change it (`.gate`).
"""

from __future__ import annotations

from typing import Any

from pycrdt import Array, ArrayEvent, Doc, Map, Text

from .notebook import cells_of


class _Entry:
    """What stands at one place of the array; read when somebody asks."""

    __slots__ = ("code", "id", "known", "shared")

    def __init__(self, shared: Any) -> None:
        self.shared = shared
        self.known = False
        self.id: Any = None
        self.code = False

    def read(self) -> None:
        """Read it, once. What is no cell, or has no source, is left behind as nothing."""
        if self.known:
            return
        self.known = True
        if not isinstance(self.shared, Map) or not isinstance(self.shared.get("source"), Text):
            self.shared = None
            return
        self.id = self.shared.get("id")
        self.code = self.shared.get("cell_type") == "code"


class Cells:
    """The cells of a document that have a source.

    Args:
        doc: which document. Where it is still empty, no array is ever walked through.
    """

    def __init__(self, doc: Doc[Any]) -> None:
        self._array: Array[Any] = cells_of(doc)
        self._entries = [_Entry(value) for value in self._array]
        self._code: dict[str, Map[Any]] = {}
        self._named: dict[str, Map[Any]] = {}
        self._order: list[tuple[Any, Map[Any]]] = []
        self._current = False
        self._subscription = self._array.observe(self._changed)

    def close(self) -> None:
        """Follow the document no more."""
        self._array.unobserve(self._subscription)

    def find(self, cell: str) -> Map[Any] | None:
        """The first code cell with this id."""
        self._look()
        return self._code.get(cell)

    def code(self) -> list[Map[Any]]:
        """The code cells, in order."""
        self._look()
        return [shared for _, shared in self._order]

    def ids(self) -> list[str]:
        """Ids of the code cells, in order."""
        self._look()
        return [str(name) for name, _ in self._order]

    def named(self) -> dict[str, Map[Any]]:
        """The cells of all kinds by their ids; the first, where several have the same."""
        self._look()
        return self._named

    def _changed(self, event: ArrayEvent) -> None:
        """Cells came or went. What went is let go of at once: behind it there is nothing any more."""
        entries: list[_Entry] = []
        at = 0
        for step in event.delta:  # type: ignore[attr-defined]  # it is documented, its stubs do not have it
            if "retain" in step:
                entries += self._entries[at : at + step["retain"]]
                at += step["retain"]
            elif "delete" in step:
                at += step["delete"]
            else:
                entries += [_Entry(value) for value in step["insert"]]
        self._entries = entries + self._entries[at:]
        self._current = False

    def _look(self) -> None:
        if self._current:
            return
        if len(self._entries) != len(self._array):
            # What strangers put among the cells long ago may count otherwise.
            self._entries = [_Entry(value) for value in self._array]
        self._code, self._named, self._order = {}, {}, []
        for entry in self._entries:
            entry.read()
            if entry.shared is None:
                continue
            if isinstance(entry.id, str):
                self._named.setdefault(entry.id, entry.shared)
            if entry.code:
                self._order.append((entry.id, entry.shared))
                if isinstance(entry.id, str):
                    self._code.setdefault(entry.id, entry.shared)
        self._current = True
