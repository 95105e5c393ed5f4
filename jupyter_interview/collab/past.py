"""What does the log tell of a document that is opened again?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pycrdt import Doc

from ..core.models import Event
from .updates import Operations, inspect


@dataclass(frozen=True, slots=True)
class Past:
    """A document's state as one update, the operations in it, who owns which client id, and its size in bytes."""

    state: bytes
    operations: Operations
    owners: dict[int, int]
    size: int


def remember(history: Sequence[Event]) -> Past:
    """The past of a document from its events. Runs in a thread: a long interview takes its time."""
    doc: Doc[Any] = Doc()
    operations = Operations()
    owners: dict[int, int] = {}
    size = 0
    with doc.transaction():
        for event in history:
            update = event.data or b""
            size += len(update)
            doc.apply_update(update)
            claims = inspect(update)
            operations.learn(claims)
            for client in claims.clients:
                # The text that a plain websocket client sends is written by the server in a member's name, with the
                # server's client id: the first owner stays.
                owners.setdefault(client, event.member)
    return Past(doc.get_update(), operations, owners, size)
