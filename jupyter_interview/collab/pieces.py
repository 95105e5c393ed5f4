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
from .rewrite import delete_set
from .updates import Claims, Struct, inspect
from .wire import Malformed, varuint

_CROWD = 16
"""So many operations of one update that were all put behind the same one are a crowd."""
_PIECE = 8
_SHORT = 200
"""Bytes of an update in which no crowd fits that would hold up anybody for long."""


def apply_logged(doc: Doc[Any], update: bytes) -> None:
    """Apply an update of a log, from within a thread. It is one transaction, as where it is applied at once.

    Raises:
        Malformed: it does not apply.
    """
    with doc.transaction():
        for piece in pieces(update):
            apply(doc, piece)


def pieces(update: bytes) -> Iterator[bytes]:
    """Updates that together say what one says, each of a few operations where these contend for one place."""
    try:
        claims = inspect(update) if len(update) > _SHORT else Claims()
    except Malformed:
        claims = Claims()
    if not _crowded(claims):
        yield update
        return
    taken: Counter[int] = Counter()
    for client, structs in _portions(claims, taken):
        yield _written(update, {client: structs})
    rest = {client: structs[taken[client] :] for client, structs in claims.structs.items()}
    yield _written(update, {client: structs for client, structs in rest.items() if structs}, delete_set(claims.ranges))


def _crowded(claims: Claims) -> bool:
    structs = (struct for those in claims.structs.values() for struct in those)
    behind = Counter((struct.left, struct.inside, struct.root, struct.key) for struct in structs)
    return max(behind.values(), default=0) > _CROWD


def _portions(claims: Claims, taken: Counter[int]) -> Iterator[tuple[int, list[Struct]]]:
    """A few structs of one client at a time, each behind those that it stands on; ``taken`` counts them."""
    known = {client: structs[0].start for client, structs in claims.structs.items()}

    def missing(_: int, struct: Struct) -> Id | None:
        needed = struct.beside if struct.inside is None else (struct.inside,)
        return next((each for each in needed if each[1] >= known.get(each[0], each[1] + 1)), None)

    def followed() -> Iterator[tuple[int, Struct]]:
        for client, struct in in_order(claims, missing, known.__getitem__):
            known[client] = struct.end
            taken[client] += 1
            yield client, struct

    for client, run in groupby(followed(), itemgetter(0)):
        while structs := [struct for _, struct in islice(run, _PIECE)]:
            yield client, structs


def _written(update: bytes, parts: dict[int, list[Struct]], deletes: bytes = b"\0") -> bytes:
    """An update of some structs of another one."""
    out = [varuint(len(parts))]
    for client, structs in parts.items():
        out += [varuint(len(structs)), varuint(client), varuint(structs[0].start)]
        out += [update[struct.at : struct.until] for struct in structs]
    return b"".join((*out, deletes))
