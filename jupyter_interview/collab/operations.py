"""Which operations are in a document, where, and what would an update add to them?

`Operations` knows those of a document, and what can join them: never one that would wait for others (it would be
applied later in somebody else's name), and nothing that cannot be read again: text outside of a text (a character of
two UTF-16 units there makes pycrdt 0.14 read for ever) and things inside of things without end. It also counts what
the document weighs as it stands, and what it costs to find a place among those who contend for one (`.contention`).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from .contention import Neighbours
from .intervals import Intervals
from .order import in_order
from .places import GONE, OUTPUTS, SOMEWHERE, Id, Part, Place, at_key, in_root, inside
from .updates import DELETED, FORMAT, GC, STRING, Claims, Range, State, Struct
from .wire import Malformed

_UNSEEN = frozenset({GC, DELETED, FORMAT})
_DEEPEST = 32


class Placed(NamedTuple):
    """A struct of an update, with where it is; ``new`` is the first of its operations that was not known."""

    client: int
    struct: Struct
    place: Place
    new: int


class _Runs:
    """Where the operations of one client are: the first clock of each run, and the place of all that follow.

    ``weights`` has, by first clock, how many operations a struct has that are no text, and their bytes; ``pairs`` are
    the first halves of characters of two UTF-16 units.
    """

    __slots__ = ("gone", "heavy", "pairs", "places", "starts", "weights")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.places: list[Place] = []
        self.gone = Intervals()
        self.heavy: list[int] = []
        self.weights: list[tuple[int, int]] = []
        self.pairs = array("I")

    def append(self, start: int, place: Place) -> bool:
        """Operations begin to have this place; whether those before had another."""
        if self.places and self.places[-1] == place:
            return False
        self.starts.append(start)
        self.places.append(place)
        return True

    def halves(self, clock: int) -> bool:
        """Whether a cut behind this operation goes through a character."""
        index = bisect_left(self.pairs, clock)
        return index < len(self.pairs) and self.pairs[index] == clock

    def at(self, clock: int) -> Place:
        index = bisect_right(self.starts, clock) - 1
        return self.places[index] if index >= 0 else SOMEWHERE

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int, Place]]:
        """A range in parts that have one place each."""
        index = max(0, bisect_right(self.starts, start) - 1)
        while start < end:
            until = self.starts[index + 1] if index + 1 < len(self.starts) else end
            yield start, min(end, until), self.places[index] if self.places else SOMEWHERE
            start, index = min(end, until), index + 1

    def weight(self, start: int, end: int) -> int:
        """What operations that are no text weigh, in bytes."""
        total, index = 0, max(0, bisect_right(self.heavy, start) - 1)
        while index < len(self.heavy) and self.heavy[index] < end:
            first, (count, weight) = self.heavy[index], self.weights[index]
            shared = min(end, first + count) - max(start, first)
            total += weight * shared // count if shared > 0 else 0
            index += 1
        return total


class Operations:
    """The operations that are in a document.

    Attributes:
        state: how many of each client.
        cells: how many cells there are.
        size: what all but the outputs weighs as it stands: bytes of values, UTF-16 units of texts.
        lengths: UTF-16 units of each shared text as it stands.
        names: the shared type of a cell → the cell's id.
        ids: how many cells have an id.
        parts: how many pieces of memory of their own the operations take.
        placed: of a plan, what it adds.
        untold: of a plan, neighbours of which only the document knows which one stands first, and where they are.
        mixed: of a plan, structs of which one neighbour is gone and the other is not.
        cost: how many operations had to be passed by those that contended for a place.
    """

    def __init__(self, below: Operations | None = None) -> None:
        self.state: State = {}
        self._below = below
        self._runs: dict[int, _Runs] = {}
        self._types: dict[Id, Place] = {}
        self._neighbours: Neighbours = Neighbours(None if below is None else below._neighbours)
        self.cells = self.size = self.cost = 0
        self.lengths: dict[Id, int] = {}
        self.names: dict[Id, str] = {}
        self.ids: Counter[str] = Counter()
        self.parts: Counter[int] = Counter()
        self.placed: list[Placed] = []
        self.mixed: set[Id] = set()
        self.untold: list[tuple[Place, Id, Id]] = []

    def plan(self, claims: Claims) -> Operations | None:
        """What an update adds, for `add`; ``None`` where it would wait for operations that are not here.

        Raises:
            Malformed: it puts text where no text is, or something into what can hold nothing or is too deep.
        """
        plan = Operations(self)
        placed = 0
        for client, struct in in_order(claims, plan._missing, plan.known):
            plan._place(client, struct)
            placed += 1
        if placed < sum(map(len, claims.structs.values())):
            return None
        return plan if all(clock <= plan.known(client) for client, clock in claims.deletes.items()) else None

    def add(self, plan: Operations) -> None:
        """The update of which this was the `plan` was applied. What it removed is for `remove`."""
        for client, runs in plan._runs.items():
            mine = self._runs.setdefault(client, _Runs())
            for start, place in zip(runs.starts, runs.places, strict=True):
                mine.append(start, place)
            mine.heavy += runs.heavy
            mine.weights += runs.weights
            mine.pairs += runs.pairs
        self.state.update(plan.state)
        self._types.update(plan._types)
        self._neighbours.add(plan._neighbours)
        self.names.update(plan.names)
        self.ids.update(plan.names.values())
        self.parts.update(plan.parts)
        self.cells += plan.cells
        self.size += plan.size
        self.cost += plan.cost
        for shared, length in plan.lengths.items():
            self.lengths[shared] = self.lengths.get(shared, 0) + length
        for placed in plan.placed:
            if placed.struct.kind in (GC, DELETED):
                self._runs[placed.client].gone.add(placed.new, placed.struct.end)

    def remove(self, ranges: Mapping[int, Iterable[Range]]) -> None:
        """Operations were removed."""
        for client, start, end, place in list(self.live(ranges)):
            runs = self._runs[client]
            runs.gone.add(start, end)
            if place.is_cell:
                self.cells -= end - start
                self._forget([self.names.get((client, clock)) for clock in range(start, end)])
            if place.text and isinstance(place.within, tuple):
                self.lengths[place.within] = self.lengths.get(place.within, 0) - (end - start)
            if place.part not in OUTPUTS:
                self.size -= end - start if place.text else runs.weight(start, end)

    def _forget(self, names: Iterable[str | None]) -> None:
        for name in names:
            if name is not None and self.ids[name] > 1:
                self.ids[name] -= 1
            elif name is not None:
                del self.ids[name]

    def learn(self, claims: Claims) -> None:
        """Take note of an update that is in the document already.

        Raises:
            Malformed: it cannot be, since operations before it are missing.
        """
        plan = self.plan(claims)
        if plan is None:
            raise Malformed("an update before it is missing")
        self.add(plan)
        self.remove(claims.ranges)

    def live(self, ranges: Mapping[int, Iterable[Range]]) -> Iterator[tuple[int, int, int, Place]]:
        """Those of some operations that are there and were not removed: client, start, end, and the place of all."""
        for client, those in ranges.items():
            runs = self._runs.get(client)
            if runs is None:
                continue
            known = self.state.get(client, 0)
            for start, end in those:
                for first, last in runs.gone.missing(start, min(end, known)):
                    for piece in runs.pieces(first, last):
                        yield client, *piece

    def added(self, ranges: Mapping[int, Iterable[Range]]) -> Iterator[tuple[int, int, int, Place]]:
        """Of a plan, those of some operations that it adds: client, start, end, and the place of all."""
        for client, those in ranges.items():
            runs, before = self._runs.get(client), self._below.known(client) if self._below is not None else 0
            if runs is not None:
                for start, end in those:
                    for piece in runs.pieces(max(start, before), min(end, self.state[client])):
                        yield client, *piece

    def removed(self, operation: Id) -> bool:
        """Whether an operation was removed."""
        runs = self._runs.get(operation[0])
        gone = runs is not None and operation[1] in runs.gone
        return gone or (self._below is not None and self._below.removed(operation))

    def buried(self, place: Place, going: Container[Id] = ()) -> bool:
        """Whether something that this is in was removed, or is among what is ``going``."""
        while isinstance(place.within, tuple):
            if place.within in going or self.removed(place.within):
                return True
            place = self.at(*place.within)
        return place.gone

    def splits(self, claims: Claims) -> bool:
        """Of a plan: whether the update puts something into the midst of a character, or removes a half of one.

        Text is counted in UTF-16 units. Yjs and pycrdt make different things of half a character.
        """
        for _, struct, _, new in self.placed:
            left, right, text = struct.left, struct.right, struct.text
            if (left and self._halves(*left)) or (right and self._halves(right[0], right[1] - 1)):
                return True
            if text is not None and new > struct.start and new - 1 in _pairs(text, struct.start):
                return True
        return any(
            self._halves(client, start - 1) or self._halves(client, end - 1)
            for client, ranges in claims.ranges.items()
            for start, end in ranges
        )

    def _halves(self, client: int, clock: int) -> bool:
        runs = self._runs.get(client)
        if runs is not None and runs.halves(clock):
            return True
        return self._below is not None and self._below._halves(client, clock)

    @property
    def pieces_removed(self) -> int:
        """In how many ranges the removed operations lie."""
        return sum(len(runs.gone) for runs in self._runs.values())

    def known(self, client: int) -> int:
        """How many operations of a client."""
        found = self.state.get(client)
        if found is None:
            return self._below.known(client) if self._below is not None else 0
        return found

    def at(self, client: int, clock: int) -> Place:
        """The place of an operation."""
        if self._below is not None and clock < self._below.known(client):
            return self._below.at(client, clock)
        runs = self._runs.get(client)
        return SOMEWHERE if runs is None else runs.at(clock)

    def _missing(self, client: int, struct: Struct) -> Id | None:
        """An operation that has to come before this struct."""
        if struct.start > self.known(client):
            return client, struct.start - 1
        for other, clock in struct.beside if struct.inside is None else (struct.inside,):
            if clock >= self.known(other):
                return other, clock
        return None

    def _place(self, client: int, struct: Struct) -> None:
        start = max(struct.start, self.known(client))
        if struct.end <= start:
            return
        place = GONE if struct.kind == GC else self._place_of(struct)
        if struct.kind == DELETED:
            place = place._replace(dead=True)
        if struct.kind == STRING and not place.text:
            raise Malformed("there is text outside of a text")
        if struct.shared is not None:
            if place.depth >= _DEEPEST:
                raise Malformed("a thing is nested too deeply")
            operation = (client, struct.start)
            self._types[operation] = inside(place, operation, struct.shared)
        noted = struct.kind != GC and self._stand(client, struct, place)
        runs = self._runs.setdefault(client, _Runs())
        if struct.kind not in _UNSEEN:
            self._weigh(runs, struct, place, start)
        if struct.text is not None:
            runs.pairs.extend(clock for clock in _pairs(struct.text, struct.start) if clock >= start)
        if runs.append(start, place) or noted or not place.text:
            self.parts[client] += 1
        self.state[client] = struct.end
        self.placed.append(Placed(client, struct, place, start))

    def _stand(self, client: int, struct: Struct, place: Place) -> bool:
        cost, noted = self._neighbours.put(client, struct, place, self.known)
        self.cost += cost
        gone = [self.at(*each).gone for each in struct.beside]
        if any(gone) and not all(gone):
            self.mixed.add((client, struct.start))
        elif cost and struct.left is not None and struct.right is not None and not place.gone:
            self.untold.append((place, struct.left, struct.right))
        return noted

    def _weigh(self, runs: _Runs, struct: Struct, place: Place, start: int) -> None:
        count = struct.end - start
        if place.is_cell:
            self.cells += count
        if place.text and isinstance(place.within, tuple):
            self.lengths[place.within] = self.lengths.get(place.within, 0) + count
        if place.part is Part.ID and isinstance(place.within, tuple):
            self.names[place.within] = struct.word or ""
        if place.part in OUTPUTS:
            return
        if place.text:
            self.size += count
        else:
            weight = struct.until - struct.at
            self.size += weight
            runs.heavy.append(start)
            runs.weights.append((count, weight))

    def _place_of(self, struct: Struct) -> Place:
        if struct.inside is not None:
            place = self._within(struct.inside)
            if place is None:
                raise Malformed("there is something inside of what holds nothing")
            return at_key(place, struct.key)
        if struct.beside:
            # What is gone says nothing of where it was: its other neighbour does, or it is gone itself.
            places = [place for each in struct.beside if not (place := self.at(*each)).gone]
            if not places:
                return GONE
            place = places[0]._replace(dead=False)
            if len(places) > 1 and places[1]._replace(dead=False) != place:
                # A lie, of which the document makes what it likes.
                text = all(each.text for each in places)
                return Place(max(each.depth for each in places), within=place.within, text=text)
            return place
        return in_root(struct.root or "", struct.key)

    def _within(self, operation: Id) -> Place | None:
        found = self._types.get(operation)
        if found is None and self._below is not None:
            found = self._below._within(operation)
        return GONE if found is None and self.at(*operation).dead else found


def _pairs(text: str, start: int) -> list[int]:
    """The clocks of the first halves of a text's characters of two units; its first unit is at ``start``."""
    if text.isascii() or max(text) < "\U00010000":
        return []
    found, clock = [], start
    for char in text:
        if char >= "\U00010000":
            found.append(clock)
            clock += 1
        clock += 1
    return found
