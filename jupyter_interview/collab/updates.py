"""What does a Yjs update claim, before it is applied?

A Yjs update (version 1) lists *structs*, runs of operations that a *client* numbered by its *clock*, and a delete set.
`inspect` reads whose structs an update carries and what they refer to, so that the document can refuse a forged client
id. `Operations` knows those of a document, and what can join them: never one that would wait for others (it would be
applied later in somebody else's name), and nothing that cannot be read again: text outside of a text (a character of
two UTF-16 units there makes pycrdt 0.14 read for ever) and things inside of things without end.

Source: https://github.com/yjs/yjs, INTERNALS.md and src/utils/encoding.js, src/structs/Item.js.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from ..core.moment import units
from .wire import Malformed, Reader

State = dict[int, int]
"""Client id → number of its operations that are known: a state vector."""

Id = tuple[int, int]
"""An operation: client and clock."""

_GC, _DELETED, _STRING, _FORMAT, _TYPE, _SKIP = 0, 1, 4, 6, 7, 10
_UNSEEN = frozenset({_GC, _DELETED, _FORMAT})
_DEEPEST = 32
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB = 0x80, 0x40, 0x20
_TEXT = 2  # after the array and the map
_CLOCKS = 1 << 31
ROOTS = frozenset({"cells", "meta", "state"})


class Place(NamedTuple):
    """Where an operation is: how deep, whether in a text, whether it is a cell.

    What was removed may be ``dead``: what it held cannot be told any more, and nothing in it is ever seen. ``gone`` is
    what is inside of that; an update of a client that did not know of the removal comes out of the document like this.
    """

    depth: int
    text: bool = False
    cells: bool = False
    dead: bool = False
    gone: bool = False


_SOMEWHERE, _CELLS = Place(0), Place(0, cells=True)
_GONE = Place(0, text=True, dead=True, gone=True)


class Struct(NamedTuple):
    """A run of operations: its clocks, what it stands beside or (having no neighbour) in, and its content.

    ``root`` is the name of the part of the notebook that it is directly in, ``shared`` the kind of a shared type,
    ``right`` that of ``beside`` which it was put before, ``text`` what it says where it is text.
    """

    start: int
    end: int
    kind: int
    beside: tuple[Id, ...] = ()
    inside: Id | None = None
    root: str | None = None
    attribute: bool = False
    shared: int | None = None
    right: Id | None = None
    text: str | None = None

    @property
    def left(self) -> Id | None:
        """What it was put behind."""
        return self.beside[0] if len(self.beside) > (self.right is not None) else None


@dataclass(slots=True)
class Claims:
    """What an update says.

    Attributes:
        structs: client → its structs, without a gap between them.
        deletes: client → number of its operations that must be known for the delete set to be carried out.
    """

    structs: dict[int, list[Struct]] = field(default_factory=dict)
    deletes: State = field(default_factory=dict)

    @property
    def clients(self) -> Iterable[int]:
        """Clients whose operations it carries."""
        return self.structs.keys()

    def news(self, state: State) -> list[int]:
        """Clients of which it carries operations that ``state`` does not have."""
        return [client for client, structs in self.structs.items() if structs[-1].end > state.get(client, 0)]


class _Runs:
    """Where the operations of one client are: the first clock of each run, and the place of all that follow."""

    __slots__ = ("places", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.places: list[Place] = []

    def append(self, start: int, place: Place) -> None:
        if not self.places or self.places[-1] != place:
            self.starts.append(start)
            self.places.append(place)

    def at(self, clock: int) -> Place:
        index = bisect_right(self.starts, clock) - 1
        return self.places[index] if index >= 0 else _SOMEWHERE


class Operations:
    """The operations that are in a document.

    Attributes:
        state: how many of each client.
        cells: how many of them are, or were, cells.
    """

    def __init__(self, below: Operations | None = None) -> None:
        self.state: State = {}
        self._below = below
        self._runs: dict[int, _Runs] = {}
        self._types: dict[Id, Place] = {}
        self.cells = 0

    def plan(self, claims: Claims) -> Operations | None:
        """What an update adds, for `add`; ``None`` where it would wait for operations that are not here.

        Raises:
            Malformed: it puts text where no text is, or something into what can hold nothing or is too deep.
        """
        plan = Operations(self)
        waiting: dict[int, list[Id]] = {}
        ready = list(claims.structs)
        left = {client: 0 for client in ready}
        while ready:
            client = ready.pop()
            structs = claims.structs[client]
            while left[client] < len(structs):
                missing = plan._missing(client, structs[left[client]])
                if missing is not None:
                    heappush(waiting.setdefault(missing[0], []), (missing[1], client))
                    break
                plan._place(client, structs[left[client]])
                left[client] += 1
            those = waiting.get(client, [])
            while those and those[0][0] < plan.known(client):
                ready.append(heappop(those)[1])
        if any(left[client] < len(structs) for client, structs in claims.structs.items()):
            return None
        return plan if all(clock <= plan.known(client) for client, clock in claims.deletes.items()) else None

    def add(self, plan: Operations) -> None:
        """The update of which this was the `plan` was applied."""
        for client, runs in plan._runs.items():
            mine = self._runs.setdefault(client, _Runs())
            for start, place in zip(runs.starts, runs.places, strict=True):
                mine.append(start, place)
        self.state.update(plan.state)
        self._types.update(plan._types)
        self.cells += plan.cells

    def learn(self, claims: Claims) -> None:
        """Take note of an update that is in the document already.

        Raises:
            Malformed: it cannot be, since operations before it are missing.
        """
        plan = self.plan(claims)
        if plan is None:
            raise Malformed("an update before it is missing")
        self.add(plan)

    def known(self, client: int) -> int:
        """How many operations of a client."""
        found = self.state.get(client)
        if found is None:
            return self._below.known(client) if self._below is not None else 0
        return found

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
        place = _GONE if struct.kind == _GC else self._place_of(struct)
        if struct.kind == _DELETED:
            place = place._replace(dead=True)
        if struct.kind == _STRING and not place.text:
            raise Malformed("there is text outside of a text")
        if struct.shared is not None:
            if place.depth >= _DEEPEST:
                raise Malformed("a thing is nested too deeply")
            self._types[client, struct.start] = Place(place.depth + 1, text=struct.shared == _TEXT)
        if place.cells and struct.kind not in _UNSEEN:
            self.cells += struct.end - start
        self._runs.setdefault(client, _Runs()).append(start, place)
        self.state[client] = struct.end

    def _place_of(self, struct: Struct) -> Place:
        if struct.inside is not None:
            place = self._within(struct.inside)
            if place is None:
                raise Malformed("there is something inside of what holds nothing")
            return place._replace(text=False) if struct.attribute else place
        if struct.beside:
            # What is gone says nothing of where it was: its other neighbour does, or it is gone itself.
            places = [place for each in struct.beside if not (place := self._at(*each)).gone]
            if not places:
                return _GONE
            return Place(
                max(place.depth for place in places),
                text=all(place.text for place in places),
                cells=any(place.cells for place in places),
            )
        return _CELLS if struct.root == "cells" and not struct.attribute else _SOMEWHERE

    def _within(self, operation: Id) -> Place | None:
        found = self._types.get(operation)
        if found is None and self._below is not None:
            found = self._below._within(operation)
        return _GONE if found is None and self._at(*operation).dead else found

    def _at(self, client: int, clock: int) -> Place:
        if self._below is not None and clock < self._below.known(client):
            return self._below._at(client, clock)
        runs = self._runs.get(client)
        return _SOMEWHERE if runs is None else runs.at(clock)


def inspect(update: bytes) -> Claims:
    """The claims of an update.

    Raises:
        Malformed: it is not a Yjs update of version 1 for a notebook.
    """
    reader = Reader(update)
    claims = Claims()
    for _ in range(reader.varuint()):
        count = reader.varuint()
        client = reader.varuint()
        clock = reader.varuint()
        if client in claims.structs or count == 0:
            raise Malformed("a client is listed twice, or without operations")
        structs = claims.structs[client] = []
        for _ in range(count):
            structs.append(_struct(reader, clock))
            clock = structs[-1].end
        if clock > _CLOCKS:
            raise Malformed("a clock is too large")
    for _ in range(reader.varuint()):
        client = reader.varuint()
        for _ in range(reader.varuint()):
            end = reader.varuint() + reader.varuint()
            claims.deletes[client] = max(end, claims.deletes.get(client, 0))
    if not reader.done:
        raise Malformed("there is something behind the update")
    return claims


def read_state(vector: bytes) -> State:
    """A state vector, decoded.

    Raises:
        Malformed: it is none.
    """
    reader = Reader(vector)
    state = {reader.varuint(): reader.varuint() for _ in range(reader.varuint())}
    if not reader.done:
        raise Malformed("there is something behind the state vector")
    return state


def _struct(reader: Reader, start: int) -> Struct:
    """Read one struct."""
    info = reader.byte()
    kind = info & 0x1F
    if kind == _GC:
        return Struct(start, start + _positive(reader.varuint()), kind)
    if kind == _SKIP:
        raise Malformed("the update leaves operations out")
    beside: list[Id] = []
    inside: Id | None = None
    right: Id | None = None
    root: str | None = None
    if info & _ORIGIN:
        beside.append((reader.varuint(), reader.varuint()))
    if info & _RIGHT_ORIGIN:
        right = (reader.varuint(), reader.varuint())
        beside.append(right)
    if not beside:
        if reader.varuint() == 1:
            root = reader.string()
            if root not in ROOTS:
                raise Malformed("a notebook has no such part")
        else:
            inside = (reader.varuint(), reader.varuint())
        if info & _PARENT_SUB:
            reader.string()
    attribute = bool(info & _PARENT_SUB)
    if kind == _STRING:
        text = reader.string()
        end = start + _positive(units(text))
        return Struct(start, end, kind, tuple(beside), inside, root, attribute, None, right, text)
    length, shared = _content(reader, kind)
    return Struct(start, start + length, kind, tuple(beside), inside, root, attribute, shared, right)


def _content(reader: Reader, kind: int) -> tuple[int, int | None]:
    """Read what is no text: the number of operations it counts for, and the kind of a shared type."""
    if kind == _DELETED:
        return _positive(reader.varuint()), None
    if kind == 2:
        length = _positive(reader.varuint())
        for _ in range(length):
            reader.bytes()
        return length, None
    if kind == 8:
        length = _positive(reader.varuint())
        for _ in range(length):
            reader.skip_any()
        return length, None
    if kind == _TYPE:
        shared = reader.varuint()
        if shared > _TEXT:
            raise Malformed("a notebook has no such shared type")
        return 1, shared
    if kind not in (3, 5, _FORMAT):
        raise Malformed("a struct is of an unknown kind")
    reader.bytes()
    if kind == _FORMAT:
        reader.bytes()
    return 1, None


def _positive(length: int) -> int:
    if length <= 0:
        raise Malformed("a struct is empty")
    return length
