"""How did a notebook stand after these updates?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pycrdt import Doc

from ..core.models import JSON
from .notebook import read_notebook
from .pieces import apply_logged


class NotebookFold:
    """A notebook that is made of its updates, portion by portion; the Protocol `core.ports.Fold`."""

    def __init__(self) -> None:
        self._doc: Doc[Any] = Doc()

    def add(self, updates: Iterable[bytes]) -> None:
        """Take the next updates. What they removed is given back at the end."""
        with self._doc.transaction():
            for update in updates:
                apply_logged(self._doc, update)

    def notebook(self) -> JSON:
        """The nbformat notebook, the same JSON as the live document's."""
        return read_notebook(self._doc)


def fold(updates: Iterable[bytes]) -> JSON:
    """The nbformat notebook after ``updates``, in their order.

    Raises:
        Malformed: one of them does not apply.
    """
    whole = NotebookFold()
    whole.add(updates)
    return whole.notebook()
