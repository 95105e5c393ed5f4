"""What does the log tell of a document that is opened again?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc

from ..core.models import JSON, Event, EventKind
from ..managers.live import LiveRoom
from .notebook import first_state, in_language, read_cells, starting_notebook
from .operations import Operations
from .pieces import apply_logged
from .standing import sizes_of
from .updates import inspect


@dataclass(frozen=True, slots=True)
class Past:
    """What an opened document goes on from.

    Attributes:
        state: the document as one update.
        operations: what is in it.
        owners: which member (its key) owns which client id.
        outputs: the sizes of the outputs of the cells that have some.
    """

    state: bytes
    operations: Operations
    owners: dict[int, int]
    outputs: Mapping[str, int] = field(default_factory=dict)


class Rebuilding:
    """A document that is made again from its log, portion by portion. Its methods run in a thread.

    Each portion is a transaction: at its end Yjs lets go of what was removed. So it never holds much more than the
    notebook as it stands, however long its log is.
    """

    def __init__(self) -> None:
        self._doc: Doc[Any] = Doc()
        self._owners: dict[int, int] = {}
        self.empty = True

    def add(self, events: Iterable[Event]) -> None:
        """Take the next updates."""
        self.empty = False
        with self._doc.transaction():
            for event in events:
                update = event.data or b""
                claims = inspect(update)
                apply_logged(self._doc, update, claims)
                for client in claims.clients:
                    # The text that a plain websocket client sends is written by the server in a member's name, with
                    # the server's client id: the first owner stays.
                    self._owners.setdefault(client, event.member)

    def past(self) -> Past:
        """What they give; nothing can be added any more."""
        outputs = sizes_of({"cells": read_cells(self._doc)})
        state = self._doc.get_update()
        self._doc = Doc()
        # Of what was removed and given back, operations know as little as the document does.
        operations = Operations()
        operations.learn(inspect(state))
        return Past(state, operations, self._owners, outputs)


async def remember(live: LiveRoom, history: AsyncIterator[list[Event]], starting: JSON | None) -> Past:
    """The past of a room's document; the arguments are those of `document.open_document`.

    Raises:
        StorageUnavailable: there was none, and its first event could not be stored.
    """
    loop, rebuilding = asyncio.get_running_loop(), Rebuilding()
    async for events in history:
        await loop.run_in_executor(None, rebuilding.add, events)
    if rebuilding.empty:
        wanted = starting or {}
        notebook = wanted.get("notebook") or starting_notebook(wanted.get("starter") or "")
        notebook = in_language(notebook, live.room.language, wanted.get("language_info"))
        data = await loop.run_in_executor(None, first_state, notebook)
        first = await live.log.record(EventKind.DOCUMENT_SNAPSHOT, payload={"source": "load"}, data=data)
        await loop.run_in_executor(None, rebuilding.add, [first])
    return await loop.run_in_executor(None, rebuilding.past)
