"""How is an update of a log taken in without holding up everybody else?

Logs from before contention was bounded (`.edits`) may have thousands of operations that contend for one place, in one
update. pycrdt takes an update in with one call, in which no other thread has its turn: these are taken in by a few
operations at a time. What honest pages send has no such crowds, and is taken in as it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby, islice
from operator import itemgetter
from typing import Any

from pycrdt import Doc

from .changes import apply
from .order import in_order
from .places import Id
from .rewrite import part
from .updates import Claims, Struct, inspect
from .wire import Malformed

_CROWD = 16
"""So many operations of one update that were all put behind the same one are a crowd."""
_PIECE = 8
_SHORT = 200
"""Bytes of an update in which no crowd fits that would hold up anybody for long."""


def apply_logged(doc: Doc[Any], update: bytes, claims: Claims | None = None) -> None:
    """Apply an update of a log, from within a thread. It is one transaction, as where it is applied at once.

    Args:
        doc: to which document.
        update: its bytes.
        claims: what `inspect` found in it, where that was asked already.

    Raises:
        Malformed: it does not apply.
    """
    with doc.transaction():
        for piece in pieces(update, claims):
            apply(doc, piece)


def pieces(update: bytes, claims: Claims | None = None) -> Iterator[bytes]:
    """Updates that together say what one says, each of a few operations where these contend for one place."""
    claims = _claims(update) if claims is None else claims
    if not _crowded(claims):
        yield update
        return
    known = {client: structs[0].start for client, structs in claims.structs.items()}
    for client, structs in _portions(claims, known):
        yield part(update, {client: structs}, {})
    rest = {
        client: those
        for client, structs in claims.structs.items()
        if (those := [struct for struct in structs if struct.start >= known[client]])
    }
    yield part(update, rest, claims.ranges)


def _claims(update: bytes) -> Claims:
    """None, as of an update without operations, where it is short, or is left to whoever applies it."""
    try:
        return inspect(update) if len(update) > _SHORT else Claims()
    except Malformed:
        return Claims()


def _crowded(claims: Claims) -> bool:
    structs = (struct for those in claims.structs.values() for struct in those)
    behind = Counter((struct.left, struct.inside, struct.root, struct.key) for struct in structs)
    return max(behind.values(), default=0) > _CROWD


def _portions(claims: Claims, known: dict[int, int]) -> Iterator[tuple[int, list[Struct]]]:
    """A few structs of one client at a time, each behind those that it stands on; ``known`` is how far they go."""

    def missing(_: int, struct: Struct) -> Id | None:
        needed = struct.beside if struct.inside is None else (struct.inside,)
        return next((each for each in needed if each[1] >= known.get(each[0], each[1] + 1)), None)

    def followed() -> Iterator[tuple[int, Struct]]:
        for client, struct in in_order(claims, missing, known.__getitem__):
            known[client] = struct.end
            yield client, struct

    for client, run in groupby(followed(), itemgetter(0)):
        while structs := [struct for _, struct in islice(run, _PIECE)]:
            yield client, structs
