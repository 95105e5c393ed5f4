"""Where in a notebook does an operation act?

The schema is that of `.notebook`: an array ``cells`` of maps, and the maps ``meta`` and ``state``. A `Place` says in
which part of it an operation stands; `within` and `at_key` say where its children do.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

Id = tuple[int, int]
"""An operation: client and clock."""

ROOTS = frozenset({"cells", "meta", "state"})
TEXT = 2  # number of a shared text among Yjs' types, after the array and the map
MAP = 1
ARRAY = 0


class Part(IntEnum):
    """A part of a notebook."""

    ODD = 0
    CELLS = 1
    CELL = 2
    ID = 3
    KIND = 4
    SOURCE_FIELD = 5
    SOURCE = 6
    OUTPUTS_FIELD = 7
    OUTPUT = 8
    IN_OUTPUT = 9
    COUNT = 10
    STATE = 11
    METADATA_FIELD = 12
    METADATA = 13
    IN_METADATA = 14
    TRUSTED = 15
    ATTACHMENTS = 16
    NOTEBOOK = 17
    NOTEBOOK_METADATA = 18
    IN_NOTEBOOK_METADATA = 19
    PAGE = 20


_FIELDS = {
    "id": Part.ID,
    "cell_type": Part.KIND,
    "source": Part.SOURCE_FIELD,
    "outputs": Part.OUTPUTS_FIELD,
    "execution_count": Part.COUNT,
    "execution_state": Part.STATE,
    "metadata": Part.METADATA_FIELD,
    "attachments": Part.ATTACHMENTS,
}
_INSIDE = {
    Part.CELLS: Part.CELL,
    Part.SOURCE_FIELD: Part.SOURCE,
    Part.OUTPUTS_FIELD: Part.OUTPUT,
    Part.OUTPUT: Part.IN_OUTPUT,
    Part.METADATA_FIELD: Part.METADATA,
    Part.METADATA: Part.IN_METADATA,
    Part.NOTEBOOK_METADATA: Part.IN_NOTEBOOK_METADATA,
}
OUTPUTS = frozenset({Part.OUTPUT, Part.IN_OUTPUT})
"""What the server alone writes."""


class Place(NamedTuple):
    """Where an operation is.

    ``within`` is the shared type that it is in, or the name of a root; ``key`` its name in a map; ``text`` whether that
    type is a text. What was removed may be ``dead``: what it held cannot be told any more, and nothing in it is ever
    seen. ``gone`` is what is inside of that; an update of a client that did not know of the removal comes out of the
    document like this.
    """

    depth: int
    part: Part = Part.ODD
    within: Id | str | None = None
    key: str | None = None
    text: bool = False
    dead: bool = False
    gone: bool = False

    @property
    def is_cell(self) -> bool:
        """Whether it stands in the array of cells itself."""
        return self.part is Part.CELLS and self.key is None


GONE = Place(0, text=True, dead=True, gone=True)
SOMEWHERE = Place(0)


def in_root(name: str, key: str | None) -> Place:
    """The place directly in a root."""
    if name == "cells":
        return Place(0, Part.CELLS if key is None else Part.ODD, name, key)
    if name == "state":
        return Place(0, Part.PAGE, name, key)
    return Place(0, Part.NOTEBOOK if key != "metadata" else Part.NOTEBOOK_METADATA, name, key)


def inside(place: Place, operation: Id, shared: int) -> Place:
    """The place of what is in the shared type that an operation at ``place`` made, but for its key."""
    return Place(place.depth + 1, _INSIDE.get(place.part, place.part), operation, None, shared == TEXT)


def at_key(container: Place, key: str | None) -> Place:
    """The place of something in ``container``, which is what `inside` gave."""
    if key is None:
        return container
    part = container.part
    if part is Part.CELL:
        part = _FIELDS.get(key, Part.ODD)
    elif part is Part.METADATA and key == "trusted":
        part = Part.TRUSTED
    return container._replace(part=part, key=key, text=False)
