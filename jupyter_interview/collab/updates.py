"""What does a Yjs update claim, before it is applied?

A Yjs update (version 1) lists *structs*, runs of operations that a *client* numbered by its *clock*, and a delete set.
`inspect` reads whose structs an update carries, what they refer to, and where in the update each of them lies, without
applying anything; what they would do to a document is for `.operations` to say.

Source: https://github.com/yjs/yjs, INTERNALS.md and src/utils/encoding.js, src/structs/Item.js.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..core.moment import units
from .places import ROOTS, TEXT, Id
from .wire import Malformed, Reader, TooMuch

State = dict[int, int]
"""Client id → number of its operations that are known: a state vector."""

Range = tuple[int, int]
"""The first of some operations, and the one behind the last."""

GC, DELETED, JSON_TEXTS, BINARY, STRING, EMBED, FORMAT, TYPE, ANY = range(9)
SKIP = 10
ORIGIN, RIGHT_ORIGIN, PARENT_SUB = 0x80, 0x40, 0x20
_SHORT = 203
_CLOCKS = 1 << 31
_MOST = 1 << 40


class Struct(NamedTuple):
    """A run of operations: its clocks, what it stands beside or (having no neighbour) in, and its content.

    ``root`` is the name of the part of the notebook that it is directly in, ``key`` its name in a map, where the update
    tells it, ``shared`` the kind of a shared type, ``right`` that of ``beside`` which it was put before, ``text`` what
    it says where it is text, ``word`` a short text that is a single value, ``void`` whether a single value is null, and
    ``unfit`` whether an object among its values has a name that none can have.
    It lies in the update from ``at`` to ``until``, its content from ``content`` on.
    """

    start: int
    end: int
    kind: int
    beside: tuple[Id, ...] = ()
    inside: Id | None = None
    root: str | None = None
    key: str | None = None
    shared: int | None = None
    right: Id | None = None
    text: str | None = None
    at: int = 0
    content: int = 0
    until: int = 0
    word: str | None = None
    void: bool = False
    unfit: bool = False

    @property
    def left(self) -> Id | None:
        """What it was put behind."""
        return self.beside[0] if len(self.beside) > (self.right is not None) else None


@dataclass(slots=True)
class Claims:
    """What an update says.

    Attributes:
        structs: client → its structs, without a gap between them.
        ranges: client → the operations in the delete set.
    """

    structs: dict[int, list[Struct]] = field(default_factory=dict)
    ranges: dict[int, list[Range]] = field(default_factory=dict)

    @property
    def clients(self) -> Iterable[int]:
        """Clients whose operations it carries."""
        return self.structs.keys()

    @property
    def deletes(self) -> State:
        """Client → number of its operations that must be known for the delete set to be carried out."""
        return {client: max(end for _, end in ranges) for client, ranges in self.ranges.items() if ranges}

    def news(self, state: State) -> list[int]:
        """Clients of which it carries operations that ``state`` does not have."""
        return [client for client, structs in self.structs.items() if structs[-1].end > state.get(client, 0)]


def inspect(update: bytes, structs: int = _MOST, ranges: int = _MOST) -> Claims:
    """The claims of an update.

    Args:
        update: its bytes.
        structs: how many structs, and values within them, it may have.
        ranges: how many ranges its delete set may have.

    Raises:
        TooMuch: it has more.
        Malformed: it is not a Yjs update of version 1 for a notebook.
    """
    reader = Reader(update, structs)
    claims = Claims()
    for _ in range(reader.count(3)):
        count = reader.count(2)
        client = reader.varuint()
        clock = reader.varuint()
        if client in claims.structs or count == 0:
            raise Malformed("a client is listed twice, or without operations")
        if count > reader.values:
            raise TooMuch("an update has too many parts")
        reader.values -= count
        found = claims.structs[client] = []
        for _ in range(count):
            found.append(_struct(reader, clock))
            clock = found[-1].end
        if clock > _CLOCKS:
            raise Malformed("a clock is too large")
        if reader.values < 0:
            raise TooMuch("an update has too many parts")
    claims.ranges = _ranges(reader, ranges)
    if not reader.done:
        raise Malformed("there is something behind the update")
    return claims


def read_deletes(data: bytes) -> dict[int, list[Range]]:
    """A delete set, decoded.

    Raises:
        Malformed: it is none.
    """
    reader = Reader(data)
    found = _ranges(reader, _MOST)
    if not reader.done:
        raise Malformed("there is something behind the delete set")
    return found


def read_state(vector: bytes, most: int = _MOST) -> State:
    """A state vector, decoded.

    Raises:
        TooMuch: it has more than ``most`` clients.
        Malformed: it is none.
    """
    reader = Reader(vector)
    count = reader.count(2)
    if count > most:
        raise TooMuch("a state vector has too many clients")
    state = {reader.varuint(): reader.varuint() for _ in range(count)}
    if not reader.done:
        raise Malformed("there is something behind the state vector")
    return state


def _ranges(reader: Reader, most: int) -> dict[int, list[Range]]:
    found: dict[int, list[Range]] = {}
    for _ in range(reader.count(2)):
        client = reader.varuint()
        count = reader.count(2)
        most -= count + 1
        if most < 0:
            raise TooMuch("an update removes too many things")
        those = found.setdefault(client, [])
        for _ in range(count):
            start = reader.varuint()
            those.append((start, start + reader.varuint()))
    return found


def _struct(reader: Reader, start: int) -> Struct:
    """Read one struct."""
    at = reader.at
    reader.unfit = False
    info = reader.byte()
    kind = info & 0x1F
    if kind == GC:
        content = reader.at
        return Struct(start, start + _positive(reader.varuint()), kind, at=at, content=content, until=reader.at)
    if kind == SKIP:
        raise Malformed("the update leaves operations out")
    beside: list[Id] = []
    inside: Id | None = None
    right: Id | None = None
    root: str | None = None
    key: str | None = None
    if info & ORIGIN:
        beside.append((reader.varuint(), reader.varuint()))
    if info & RIGHT_ORIGIN:
        right = (reader.varuint(), reader.varuint())
        beside.append(right)
    if not beside:
        if reader.varuint() == 1:
            root = reader.string()
            if root not in ROOTS:
                raise Malformed("a notebook has no such part")
        else:
            inside = (reader.varuint(), reader.varuint())
        if info & PARENT_SUB:
            key = reader.string()
    content = reader.at
    if kind == STRING:
        text = reader.string()
        end = start + _positive(units(text))
        return Struct(start, end, kind, tuple(beside), inside, root, key, None, right, text, at, content, reader.at)
    length, shared = _content(reader, kind)
    word, void = _single(reader, content) if kind == ANY and length == 1 else (None, False)
    return Struct(
        start,
        start + length,
        kind,
        tuple(beside),
        inside,
        root,
        key,
        shared,
        right,
        None,
        at,
        content,
        reader.at,
        word,
        void,
        reader.unfit,
    )


def _content(reader: Reader, kind: int) -> tuple[int, int | None]:
    """Read what is no text: the number of operations it counts for, and the kind of a shared type."""
    if kind == DELETED:
        return _positive(reader.varuint()), None
    if kind == JSON_TEXTS:
        length = _positive(reader.varuint())
        reader.take(length)
        for _ in range(length):
            reader.bytes()
        return length, None
    if kind == ANY:
        length = _positive(reader.varuint())
        for _ in range(length):
            reader.skip_any()
        return length, None
    if kind == TYPE:
        shared = reader.varuint()
        if shared > TEXT:
            raise Malformed("a notebook has no such shared type")
        return 1, shared
    if kind not in (BINARY, EMBED, FORMAT):
        raise Malformed("a struct is of an unknown kind")
    reader.bytes()
    if kind == FORMAT:
        reader.bytes()
    return 1, None


def _single(reader: Reader, content: int) -> tuple[str | None, bool]:
    """What a single value says: its text, where it is a short one, and whether it is null."""
    if reader.at - content > _SHORT:
        return None, False
    return reader.word(content + 1), reader.is_void(content + 1)


def _positive(length: int) -> int:
    if length <= 0:
        raise Malformed("a struct is empty")
    return length
