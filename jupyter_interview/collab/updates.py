"""What does a Yjs update claim, before it is applied?

A Yjs update (version 1) lists *structs*, runs of operations that a *client* numbered by its *clock*, and a delete set.
`inspect` reads whose structs an update carries and what they refer to, so that the document can refuse a forged client
id, and never holds operations that wait for others (they would be applied later in somebody else's name).

Source: https://github.com/yjs/yjs, INTERNALS.md and src/utils/encoding.js, src/structs/Item.js.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .wire import Malformed, Reader

State = dict[int, int]
"""Client id → number of its operations that are known: a state vector."""

_GC, _SKIP = 0, 10
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB = 0x80, 0x40, 0x20
_XML_ELEMENT, _XML_HOOK, _TYPES = 3, 5, 7
ROOTS = frozenset({"cells", "meta", "state"})


@dataclass(slots=True)
class Claims:
    """What an update says.

    Attributes:
        spans: client → (first clock, clock after the last) of the structs it carries.
        needs: client → number of its operations that must be known for the update to apply at once.
    """

    spans: dict[int, tuple[int, int]] = field(default_factory=dict)
    needs: State = field(default_factory=dict)

    def news(self, state: State) -> list[int]:
        """Clients of which it carries operations that ``state`` does not have."""
        return [client for client, (_, end) in self.spans.items() if end > state.get(client, 0)]

    def fits(self, state: State) -> bool:
        """Whether it applies at once to a document at ``state``, without waiting for anything."""
        if any(start > state.get(client, 0) for client, (start, _) in self.spans.items()):
            return False
        for client, clock in self.needs.items():
            known = state.get(client, 0)
            if clock > known and clock > self.spans.get(client, (0, 0))[1]:
                return False
        return True

    def need(self, client: int, clock: int) -> None:
        """The operation ``clock`` of ``client`` is referred to."""
        if clock >= self.needs.get(client, 0):
            self.needs[client] = clock + 1


def inspect(update: bytes) -> Claims:
    """The claims of an update.

    Raises:
        Malformed: it is not a Yjs update of version 1 for a notebook.
    """
    reader = Reader(update)
    claims = Claims()
    for _ in range(reader.varuint()):
        structs = reader.varuint()
        client = reader.varuint()
        start = clock = reader.varuint()
        if client in claims.spans or structs == 0:
            raise Malformed("a client is listed twice, or without operations")
        for _ in range(structs):
            clock += _struct(reader, claims)
        claims.spans[client] = (start, clock)
    for _ in range(reader.varuint()):
        client = reader.varuint()
        for _ in range(reader.varuint()):
            clock = reader.varuint()
            length = reader.varuint()
            if length:
                claims.need(client, clock + length - 1)
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


def _struct(reader: Reader, claims: Claims) -> int:
    """Read one struct; the number of operations in it."""
    info = reader.byte()
    kind = info & 0x1F
    if kind == _GC:
        return _positive(reader.varuint())
    if kind == _SKIP:
        raise Malformed("the update leaves operations out")
    if info & _ORIGIN:
        claims.need(reader.varuint(), reader.varuint())
    if info & _RIGHT_ORIGIN:
        claims.need(reader.varuint(), reader.varuint())
    if not info & (_ORIGIN | _RIGHT_ORIGIN):
        if reader.varuint() == 1:
            if reader.string() not in ROOTS:
                raise Malformed("a notebook has no such part")
        else:
            claims.need(reader.varuint(), reader.varuint())
        if info & _PARENT_SUB:
            reader.bytes()
    return _content(reader, kind)


def _content(reader: Reader, kind: int) -> int:
    """Read the content of an item; the number of operations it counts for."""
    if kind == 1:
        return _positive(reader.varuint())
    if kind == 2:
        length = _positive(reader.varuint())
        for _ in range(length):
            reader.bytes()
        return length
    if kind == 4:
        text = reader.string()
        # Yjs counts UTF-16 code units.
        return _positive(len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2)
    if kind == 8:
        length = _positive(reader.varuint())
        for _ in range(length):
            reader.skip_any()
        return length
    if kind in (3, 5):
        reader.bytes()
    elif kind == 6:
        reader.bytes()
        reader.bytes()
    elif kind == 7:
        shared = reader.varuint()
        if shared >= _TYPES:
            raise Malformed("a shared type is unknown")
        if shared in (_XML_ELEMENT, _XML_HOOK):
            reader.bytes()
    elif kind == 9:
        raise Malformed("a notebook has no documents inside")
    else:
        raise Malformed("a struct is of an unknown kind")
    return 1


def _positive(length: int) -> int:
    if length <= 0:
        raise Malformed("a struct is empty")
    return length
