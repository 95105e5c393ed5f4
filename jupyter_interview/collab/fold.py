"""How did a notebook stand after these updates?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pycrdt import Doc

from ..core.models import JSON
from .changes import apply
from .notebook import read_notebook


def fold(updates: Iterable[bytes]) -> JSON:
    """The nbformat notebook after ``updates``, in their order; the same JSON as the live document's.

    Raises:
        Malformed: one of them does not apply.
    """
    doc: Doc[Any] = Doc()
    with doc.transaction():
        for update in updates:
            apply(doc, update)
    return read_notebook(doc)
