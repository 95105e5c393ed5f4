"""What does a Yjs update claim, before it is applied?

A Yjs update (version 1) lists *structs*, runs of operations that a *client* numbered by its *clock*, and a delete set.
`inspect` reads whose structs an update carries and what they refer to, so that the document can refuse a forged client
id. `Operations` knows those of a document, and what can join them: never one that would wait for others (it would be
applied later in somebody else's name), and no text but in a text: elsewhere, a character that is two UTF-16 units long
makes pycrdt 0.14 read for ever.

Source: https://github.com/yjs/yjs, INTERNALS.md and src/utils/encoding.js, src/structs/Item.js.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from .wire import Malformed, Reader

State = dict[int, int]
"""Client id → number of its operations that are known: a state vector."""

Id = tuple[int, int]
"""An operation: client and clock."""

_GC, _STRING, _TYPE, _SKIP = 0, 4, 7, 10
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB = 0x80, 0x40, 0x20
_TEXT, _XML_ELEMENT, _XML_HOOK, _TYPES = 2, 3, 5, 7
_CLOCKS = 1 << 31
ROOTS = frozenset({"cells", "meta", "state"})


class Struct(NamedTuple):
    """A run of operations: its clocks, what it stands beside or (having no neighbour) in, and its content's kind."""

    start: int
    end: int
    beside: tuple[Id, ...] = ()
    inside: Id | None = None
    attribute: bool = False
    string: bool = False
    text: bool = False


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
    """Which operations of one client are in texts: where a run begins, and whether it is in one."""

    __slots__ = ("flags", "starts")

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.flags: list[bool] = []

    def append(self, start: int, flag: bool) -> None:
        if not self.flags or self.flags[-1] is not flag:
            self.starts.append(start)
            self.flags.append(flag)

    def at(self, clock: int) -> bool:
        index = bisect_right(self.starts, clock) - 1
        return index >= 0 and self.flags[index]


class Operations:
    """The operations that are in a document.

    Attributes:
        state: how many of each client.
    """

    def __init__(self, below: Operations | None = None) -> None:
        self.state: State = {}
        self._below = below
        self._runs: dict[int, _Runs] = {}
        self._texts: set[Id] = set()

    def plan(self, claims: Claims) -> Operations | None:
        """What an update adds, for `add`; ``None`` where it would wait for operations that are not here.

        Raises:
            Malformed: it puts text where no text is.
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
            for start, flag in zip(runs.starts, runs.flags, strict=True):
                mine.append(start, flag)
        self.state.update(plan.state)
        self._texts |= plan._texts

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
        if struct.inside is not None:
            in_text = not struct.attribute and self._is_text(struct.inside)
        else:
            in_text = bool(struct.beside) and all(self._in_text(*beside) for beside in struct.beside)
        if struct.string and not in_text:
            raise Malformed("there is text outside of a text")
        if struct.text:
            self._texts.add((client, struct.start))
        self._runs.setdefault(client, _Runs()).append(start, in_text)
        self.state[client] = struct.end

    def _is_text(self, operation: Id) -> bool:
        return operation in self._texts or (self._below is not None and self._below._is_text(operation))

    def _in_text(self, client: int, clock: int) -> bool:
        if self._below is not None and clock < self._below.known(client):
            return self._below._in_text(client, clock)
        runs = self._runs.get(client)
        return runs is not None and runs.at(clock)


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
        return Struct(start, start + _positive(reader.varuint()))
    if kind == _SKIP:
        raise Malformed("the update leaves operations out")
    beside: list[Id] = []
    inside: Id | None = None
    if info & _ORIGIN:
        beside.append((reader.varuint(), reader.varuint()))
    if info & _RIGHT_ORIGIN:
        beside.append((reader.varuint(), reader.varuint()))
    if not beside:
        if reader.varuint() == 1:
            if reader.string() not in ROOTS:
                raise Malformed("a notebook has no such part")
        else:
            inside = (reader.varuint(), reader.varuint())
        if info & _PARENT_SUB:
            reader.string()
    length, text = _content(reader, kind)
    return Struct(start, start + length, tuple(beside), inside, bool(info & _PARENT_SUB), kind == _STRING, text)


def _content(reader: Reader, kind: int) -> tuple[int, bool]:
    """Read the content of an item: the number of operations it counts for, and whether it is a shared text."""
    if kind == 1:
        return _positive(reader.varuint()), False
    if kind == 2:
        length = _positive(reader.varuint())
        for _ in range(length):
            reader.bytes()
        return length, False
    if kind == _STRING:
        text = reader.string()
        # Yjs counts UTF-16 code units.
        return _positive(len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2), False
    if kind == 8:
        length = _positive(reader.varuint())
        for _ in range(length):
            reader.skip_any()
        return length, False
    if kind == _TYPE:
        shared = reader.varuint()
        if shared >= _TYPES:
            raise Malformed("a shared type is unknown")
        if shared in (_XML_ELEMENT, _XML_HOOK):
            reader.bytes()
        return 1, shared == _TEXT
    if kind not in (3, 5, 6):
        raise Malformed("a struct is of an unknown kind")
    reader.bytes()
    if kind == 6:
        reader.bytes()
    return 1, False


def _positive(length: int) -> int:
    if length <= 0:
        raise Malformed("a struct is empty")
    return length
