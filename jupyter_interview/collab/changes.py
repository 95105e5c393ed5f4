"""What does an update change in the document? pycrdt's events, as far as they can be trusted.

pycrdt tells of changes while they are committed, to callbacks that must not raise; what is noted then is worked off
afterwards, when the document can be read.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Array, ArrayEvent, Doc, Map, MapEvent, Subscription, TextEvent

from ..core.encoding import size_of
from ..core.moment import units
from .notebook import cells_of
from .wire import Malformed

Delta = list[dict[str, Any]]

_log = logging.getLogger(__name__)


def apply(doc: Doc[Any], update: bytes) -> None:
    """Apply a stranger's update.

    Raises:
        Malformed: it does not apply.
    """
    try:
        doc.apply_update(update)
    except BaseException as error:
        # Whatever the CRDT makes of a stranger's bytes is the stranger's mistake.
        if not (isinstance(error, Exception) or panicked(error)):
            raise
        raise Malformed(f"the update does not apply: {type(error).__name__}") from error


def panicked(error: BaseException) -> bool:
    """Whether pycrdt gave up: a panic of its Rust code is no `Exception`, and its class cannot be imported."""
    return type(error).__name__ == "PanicException"


@dataclass(slots=True)
class Changes:
    """What one update changed. Indices of cells and outputs are those after it.

    Attributes:
        unsure: read everything again.
        metadata: the notebook's.
        cells: which cells came and went.
        sources: cell → what changed in its source.
        fields: cell → names of what else changed in it.
        outputs: cell → which outputs came and went.
        streams: ``(cell, output, delta)`` of texts in outputs.
    """

    unsure: bool = False
    metadata: bool = False
    cells: Delta | None = None
    sources: dict[int, Delta] = field(default_factory=dict)
    fields: dict[int, set[str]] = field(default_factory=dict)
    outputs: dict[int, Delta] = field(default_factory=dict)
    streams: list[tuple[int, int, Delta]] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether something changed."""
        return bool(
            self.unsure or self.metadata or self.cells or self.sources or self.fields or self.outputs or self.streams
        )


class Observer:
    """Notes what changes in a document.

    Args:
        doc: which one.
    """

    def __init__(self, doc: Doc[Any]) -> None:
        self._cells = cells_of(doc)
        self._meta: Map[Any] = doc.get("meta", type=Map)
        self._changes = Changes()
        self._subscriptions: list[tuple[Array[Any] | Map[Any], Subscription]] = [
            (self._cells, self._cells.observe_deep(self._cells_changed)),
            (self._meta, self._meta.observe_deep(self._meta_changed)),
        ]

    def take(self) -> Changes:
        """What changed since the last time."""
        changes, self._changes = self._changes, Changes()
        return changes

    def close(self) -> None:
        """Look no more. Without it nothing could free the document: pycrdt keeps whom it calls."""
        for shared, subscription in self._subscriptions:
            shared.unobserve(subscription)
        self._subscriptions.clear()

    def _meta_changed(self, _events: list[Any]) -> None:
        self._changes.metadata = True

    def _cells_changed(self, events: list[Any]) -> None:
        try:
            for event in events:
                self._note(event)
        except Exception:  # the update is applied all the same
            _log.exception("A change of the document could not be read")
            self._changes.unsure = True

    def _note(self, event: Any) -> None:
        changes, path = self._changes, event.path
        changed: Any = getattr(event, "keys" if isinstance(event, MapEvent) else "delta")
        if not path:
            # A stranger can give attributes to the array itself: they are nothing of a notebook.
            changes.cells = changed if isinstance(event, ArrayEvent) else changes.cells
            return
        cell = path[0]
        if len(path) == 1:
            if isinstance(event, MapEvent):
                changes.fields.setdefault(cell, set()).update(changed)
        elif path[1:] == ["source"] and isinstance(event, TextEvent):
            changes.sources[cell] = changed
        elif path[1:] == ["outputs"] and isinstance(event, ArrayEvent):
            changes.outputs[cell] = changed
        elif len(path) == 4 and path[1] == "outputs" and path[3] == "text" and isinstance(event, TextEvent):
            changes.streams.append((cell, path[2], changed))
        else:
            changes.fields.setdefault(cell, set()).add(path[1])


def end_of(held: str, delta: Delta) -> tuple[int, str] | None:
    """What a change takes off the end of a text, in units, and puts there; ``None`` where it is another change."""
    # pycrdt counts bytes of UTF-8.
    kept = delta[0].get("retain", 0) if delta else 0
    removed = added = None
    for part in delta[1 if kept else 0 :]:
        if "delete" in part and removed is None:
            removed = part["delete"]
        elif isinstance(part.get("insert"), str) and added is None:
            added = part["insert"]
        else:
            return None
    if kept + (removed or 0) != size_of(held):
        return None
    return units(held.encode()[kept:].decode()) if removed else 0, added or ""
