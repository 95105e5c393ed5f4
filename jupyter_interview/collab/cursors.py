"""Where in which cell is a member's cursor, and what of that has to be logged?

JupyterLab shares cursors as Yjs relative positions: the id of the text and of the character behind the cursor. They are
resolved here, while the document has both, into the cell's id and UTF-16 units. A cursor whose relative position did
not change moved along with the text, as it does in a replay: it is not logged again.

Source: https://github.com/yjs/yjs, src/utils/RelativePosition.js.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pycrdt import Assoc, Doc, Map, StickyIndex, Text

from ..core.models import JSON
from ..core.moment import units
from .changes import panicked
from .notebook import cells_of
from .places import Id
from .updates import State

SECONDS = 0.3
_PROBES = 2_000

Write = Callable[[int, int, bytes], None]
"""Logs a cursor: member, connection, data of the event."""


@dataclass(slots=True)
class _Cursor:
    member: int
    said: Any = None
    logged: Any = None
    at: float = float("-inf")
    timer: asyncio.TimerHandle | None = None


class Cursors:
    """The cursors of one open document, on their way into the log.

    Args:
        doc: the document.
        known: how many operations of each client it has.
        write: logs.
    """

    def __init__(self, doc: Doc[Any], known: Callable[[], State], write: Write) -> None:
        self._doc = doc
        self._known = known
        self._write = write
        self._cursors: dict[int, _Cursor] = {}
        self._cells: dict[Id, Map[Any]] = {}

    def heard(self, member: int, connection: int, cursors: Any) -> None:
        """A socket said where its cursors are: a list of ``{anchor, head, primary}`` as JupyterLab has them."""
        cursor = self._cursors.setdefault(connection, _Cursor(member))
        cursor.said = _main(cursors)
        loop = asyncio.get_running_loop()
        if cursor.timer is None:
            wait = cursor.at + SECONDS - loop.time()
            if wait <= 0:
                self._log(connection, cursor)
            else:
                cursor.timer = loop.call_later(wait, self._log, connection, cursor)

    def left(self, connection: int) -> None:
        """A socket closed: its cursor is gone."""
        cursor = self._cursors.pop(connection, None)
        if cursor is None:
            return
        if cursor.timer is not None:
            cursor.timer.cancel()
        if cursor.logged is not None:
            self._write(cursor.member, connection, b"null")

    def close(self) -> None:
        """Log nothing more."""
        for cursor in self._cursors.values():
            if cursor.timer is not None:
                cursor.timer.cancel()
        self._cursors.clear()

    def _log(self, connection: int, cursor: _Cursor) -> None:
        cursor.timer = None
        if cursor.said == cursor.logged:
            return
        place = self._place(cursor.said)
        if place is None and cursor.logged is None:
            return
        cursor.at = asyncio.get_running_loop().time()
        cursor.logged = None if place is None else cursor.said
        self._write(cursor.member, connection, json.dumps(place, separators=(",", ":")).encode())

    def _place(self, said: Any) -> JSON | None:
        """``{cell, anchor, head}``; ``None`` where that is nowhere in the notebook."""
        if said is None:
            return None
        kind, anchor, head = said
        cell = self._cell(kind)
        source = cell.get("source") if cell is not None else None
        if cell is None or not isinstance(source, Text):
            return None
        text = str(source)
        return {"cell": str(cell.get("id")), "anchor": self._index(text, anchor), "head": self._index(text, head)}

    def _cell(self, kind: Id) -> Map[Any] | None:
        """The cell whose source is the shared text with this id."""
        found = self._cells.get(kind)
        if found is None or not self._holds(found, kind):
            self._cells = {}
            for cell in (cells_of(self._doc)[number] for number in range(len(cells_of(self._doc)))):
                if isinstance(cell, Map) and (identity := _identity(cell)) is not None:
                    self._cells[identity] = cell
            found = self._cells.get(kind)
        return found

    def _holds(self, cell: Map[Any], kind: Id) -> bool:
        try:
            return _identity(cell) == kind
        except Exception:  # the cell was removed
            return False

    def _index(self, text: str, item: Id | None) -> int:
        """Where the character ``item`` is, in UTF-16 units; the end where it is not known."""
        length = units(text)
        if item is None or item[1] >= self._known().get(item[0], 0):
            return length
        index = self._offset(*item)
        if text.isascii():
            return min(index, length)
        # pycrdt 0.14 counts bytes up to the run of operations that the character is in, and UTF-16 units within it:
        # look for the beginning of that run.
        client, clock = item
        within, most = 0, min(clock, index, _PROBES)
        while within < most and self._offset(client, clock - within - 1) == index - within - 1:
            within += 1
        before = text.encode()[: index - within].decode("utf-8", "ignore")
        return min(units(before) + within, length)

    def _offset(self, client: int, clock: int) -> int:
        value = {"item": {"client": client, "clock": clock}, "assoc": 0}
        try:
            return StickyIndex.from_json(value, cells_of(self._doc)).get_index()
        except BaseException as error:
            # pycrdt 0.14 panics where the character was in something that is gone.
            if not panicked(error):
                raise
            return 0


def _identity(cell: Map[Any]) -> Id | None:
    """The id of the shared text that is a cell's source."""
    source = cell.get("source")
    if not isinstance(source, Text):
        return None
    kind = source.sticky_index(0, Assoc.BEFORE).to_json().get("type")
    return None if kind is None else (kind["client"], kind["clock"])


def _main(cursors: Any) -> tuple[Id, Id | None, Id | None] | None:
    """The main one of a member's cursors: text, anchor and head; ``None`` where there is none that makes sense."""
    if not isinstance(cursors, list):
        return None
    those = [each for each in cursors[:100] if isinstance(each, dict)]
    chosen = next((each for each in those if each.get("primary")), those[0] if those else None)
    if chosen is None:
        return None
    anchor, head = chosen.get("anchor"), chosen.get("head")
    if not isinstance(anchor, dict) or not isinstance(head, dict):
        return None
    kind = _id(anchor.get("type"))
    if kind is None or _id(head.get("type")) != kind:
        return None
    return kind, _id(anchor.get("item")), _id(head.get("item"))


def _id(value: Any) -> Id | None:
    if not isinstance(value, dict):
        return None
    client, clock = value.get("client"), value.get("clock")
    numbers = [number for number in (client, clock) if isinstance(number, int) and not isinstance(number, bool)]
    if len(numbers) < 2 or not all(0 <= number < 1 << 53 for number in numbers):
        return None
    return numbers[0], numbers[1]
