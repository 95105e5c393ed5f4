"""Who takes part in a written interview, and what does the script know of each cell?

A `Typist` is one browser: a copy of the document whose changes are collected as Yjs updates. A `Truth` is a cell as it
has to be, kept without Yjs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pycrdt import Array, Doc, Map, Text, TransactionEvent


@dataclass(slots=True)
class Truth:
    """A cell as the script knows it: its text, and who wrote each of its characters how."""

    id: str
    text: str = ""
    writers: list[tuple[int, int]] = field(default_factory=list)

    def splice(self, at: int, removed: int, inserted: str, writer: tuple[int, int]) -> None:
        """Characters go and come."""
        self.text = self.text[:at] + inserted + self.text[at + removed :]
        self.writers[at : at + removed] = [writer] * len(inserted)


class Typist:
    """One browser: a copy of the document whose changes are collected."""

    def __init__(self, member: int, state: bytes) -> None:
        self.member = member
        self.doc: Doc[Any] = Doc(client_id=1_000 + member)
        self.doc.apply_update(state)
        self.updates: list[bytes] = []
        self.cell = ""
        self.at = 0
        self._remote = False
        self._subscription = self.doc.observe(self._changed)

    def _changed(self, event: TransactionEvent) -> None:
        if not self._remote:
            self.updates.append(event.update)

    def receive(self, update: bytes) -> None:
        """What another one did."""
        self._remote = True
        self.doc.apply_update(update)
        self._remote = False

    @property
    def cells(self) -> Array[Any]:
        """Of its copy."""
        cells: Array[Any] = self.doc.get("cells", type=Array)
        return cells

    def taken(self) -> list[bytes]:
        """The changes since the last time."""
        updates, self.updates = self.updates, []
        return updates

    def close(self) -> None:
        """It leaves."""
        self.doc.unobserve(self._subscription)


def new_cell(name: str, source: str, kind: str) -> Map[Any]:
    """A cell for the document."""
    values: dict[str, Any] = {"id": name, "cell_type": kind, "source": Text(source), "metadata": Map({})}
    if kind == "code":
        values |= {"outputs": Array([]), "execution_count": None, "execution_state": "idle"}
    return Map(values)
