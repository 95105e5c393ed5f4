"""Does an update give the same notebook, however it comes to a page?

Whoever edits puts an item between two that stand next to each other for them. Then all pages put it in the same place,
whether they hear of one change after the other or of all at once when they are opened: that is what Yjs is for. Between
neighbours that nobody has seen next to each other, or that even stand the other way round, it ends up here or there:
the notebook that the server runs and logs would not be the one that is on somebody's screen.
"""

from __future__ import annotations

from typing import Any

from pycrdt import Assoc, Doc, StickyIndex, Transaction

from .changes import apply
from .notebook import cells_of
from .operations import Operations
from .places import Id


def is_settled(doc: Doc[Any], operations: Operations, plan: Operations, update: bytes) -> bool:
    """Whether all pages make the same of an update.

    Takes time for the whole document: it is only to be asked where others may stand between an item's neighbours.

    Args:
        doc: without the update.
        operations: of the document.
        plan: what the update adds to them.
        update: its bytes.

    Raises:
        Malformed: the update does not apply.
    """
    untold = [(left, right) for place, left, right in plan.untold if not operations.buried(place)]
    with doc.transaction() as transaction:
        if not all(_in_order(operations, transaction, left, right) for left, right in untold):
            return False
    return _same(doc, update)


def _in_order(operations: Operations, transaction: Transaction, left: Id, right: Id) -> bool:
    if any(clock >= operations.known(client) for client, clock in (left, right)):
        return True  # it came along: the rest tells
    first, second = (_index(transaction, each) for each in (left, right))
    # What was removed has the index of what stands behind it.
    return first < second or (first == second and operations.removed(left))


def _index(transaction: Transaction, item: Id) -> int:
    told = {"item": {"client": item[0], "clock": item[1]}, "assoc": Assoc.AFTER.value}
    return StickyIndex.from_json(told).get_index(transaction)


def _same(doc: Doc[Any], update: bytes) -> bool:
    """Whether a document with an update is the same as one that is made of all of it at once."""
    one_by_one: Doc[Any] = Doc()
    one_by_one.apply_update(doc.get_update())
    apply(one_by_one, update)
    at_once: Doc[Any] = Doc()
    at_once.apply_update(one_by_one.get_update())
    return bool(cells_of(one_by_one).to_py() == cells_of(at_once).to_py())
