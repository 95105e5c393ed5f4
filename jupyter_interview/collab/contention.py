"""How many others does an operation have to pass until its place is found?

Yjs puts an item between the two neighbours that its author saw. Where others have come between these meanwhile, it goes
through them one by one: items that contend for one place cost the square of their number, when they come and each time
the document is built again. Who types sees the right neighbours, and passes nobody.

`Neighbours` foretells the cost without the document. An item is *tight* where its right neighbour is what stands right
behind the left one, as far as can be told from who was put behind whom; then nobody is passed. What is not tight may
pass all that is in the same shared type, and where it comes to stand may depend on who asks: see `.settled`.

Source: https://github.com/yjs/yjs, src/structs/Item.js, `integrate`.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from .places import Id, Place
from .updates import Struct

_NONE = 0xFFFFFFFF


class _Line:
    """Of one client: at which of its operations another right neighbour begins, and whether these are jumps.

    An item that stands behind its client's operation before is no jump.
    """

    __slots__ = ("clients", "clocks", "jumps", "starts")

    def __init__(self) -> None:
        self.starts = array("I")
        self.clients = array("Q")
        self.clocks = array("I")
        self.jumps = bytearray()

    def append(self, start: int, right: Id | None, *, jump: bool) -> None:
        client, clock = right or (0, _NONE)
        self.starts.append(start)
        self.clients.append(client)
        self.clocks.append(clock)
        self.jumps.append(jump)

    def right(self, clock: int) -> Id | None:
        """The right neighbour of the run that an operation is in."""
        index = bisect_right(self.starts, clock) - 1
        if index < 0 or self.clocks[index] == _NONE:
            return None
        return self.clients[index], self.clocks[index]

    def jumped(self, clock: int) -> bool:
        index = bisect_right(self.starts, clock) - 1
        return index >= 0 and self.starts[index] == clock and bool(self.jumps[index])


class Neighbours:
    """Who was put behind whom.

    Args:
        below: what is known already; this is what comes on top of it.
    """

    def __init__(self, below: Neighbours | None = None) -> None:
        self._below = below
        self._newest: dict[Any, Id] = {}
        self._lines: dict[int, _Line] = {}
        self._counts: dict[Any, int] = {}

    def add(self, plan: Neighbours) -> None:
        """What was on top is known."""
        self._newest.update(plan._newest)
        for client, line in plan._lines.items():
            mine = self._lines.setdefault(client, _Line())
            mine.starts.extend(line.starts)
            mine.clients.extend(line.clients)
            mine.clocks.extend(line.clocks)
            mine.jumps.extend(line.jumps)
        for within, count in plan._counts.items():
            self._counts[within] = self._counts.get(within, 0) + count

    def put(self, client: int, struct: Struct, place: Place, known: Callable[[int], int]) -> tuple[int, bool]:
        """An item comes: how many others it may have to pass, and whether it took memory of its own.

        Args:
            client: whose.
            struct: it, without what of it is known.
            place: where it is.
            known: how many operations of a client there are, without it.
        """
        operation, left, right = (client, struct.start), struct.left, struct.right
        jump = left != (client, struct.start - 1)
        behind = (place.within, place.key) if left is None else left
        newest = self._found(behind)
        follows = newest if newest is not None or left is None else self._follower(left, operation, known)
        tight = follows == right
        if jump or newest is not None:
            self._newest[behind] = operation
        noted = jump or right != self._right(client, struct.start - 1)
        if noted:
            self._lines.setdefault(client, _Line()).append(struct.start, right, jump=jump)
        cost = 0 if tight else self._count(place.within)
        self._counts[place.within] = self._counts.get(place.within, 0) + 1
        return cost, noted

    def _follower(self, left: Id, operation: Id, known: Callable[[int], int]) -> Id | None:
        """What stands behind one that nothing was put behind: the rest of its run, or what that was put before."""
        client, clock = left[0], left[1] + 1
        if (client, clock) != operation and clock < known(client) and not self._jumped(client, clock):
            return client, clock
        return self._right(*left)

    def _found(self, behind: Any) -> Id | None:
        found = self._newest.get(behind)
        return self._below._found(behind) if found is None and self._below is not None else found

    def _jumped(self, client: int, clock: int) -> bool:
        line = self._lines.get(client)
        if line is not None and clock >= line.starts[0]:
            return line.jumped(clock)
        return self._below is not None and self._below._jumped(client, clock)

    def _right(self, client: int, clock: int) -> Id | None:
        line = self._lines.get(client)
        if line is not None and clock >= line.starts[0]:
            return line.right(clock)
        return None if self._below is None else self._below._right(client, clock)

    def _count(self, within: Any) -> int:
        return self._counts.get(within, 0) + (self._below._count(within) if self._below is not None else 0)
