"""What does a browser's Yjs client say on the document socket?

The wire form of y-protocols: messages of kind 0 (sync: step 1, step 2, update) and 1 (awareness), and as much of the
update format, version 1, as tells which keystrokes an update brings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pycrdt import Array, Doc, Map, Text

from .common import BenchmarkError

SYNC, AWARENESS = 0, 1
STEP1, STEP2, UPDATE = 0, 1, 2
EMPTY_UPDATE = b"\x00\x00"


def varuint(value: int) -> bytes:
    """A number in lib0's variable length."""
    out = bytearray()
    while value > 127:
        out.append(0x80 | (value & 0x7F))
        value >>= 7
    out.append(value)
    return bytes(out)


def sync(kind: int, payload: bytes) -> bytes:
    """A sync message."""
    return bytes((SYNC, kind)) + varuint(len(payload)) + payload


def awareness(client: int, clock: int, state: dict[str, Any] | None) -> bytes:
    """An awareness message about one client."""
    text = json.dumps(state, separators=(",", ":")).encode()
    content = b"\x01" + varuint(client) + varuint(clock) + varuint(len(text)) + text
    return bytes((AWARENESS,)) + varuint(len(content)) + content


class Reader:
    """Reads lib0's encoding from ``data``, beginning at ``at``."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def varuint(self) -> int:
        """A number in variable length."""
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def varint(self) -> None:
        """Skip a signed number in variable length."""
        while self.data[self.at] & 0x80:
            self.at += 1
        self.at += 1

    def bytes(self) -> bytes:
        """Bytes with their length in front."""
        size = self.varuint()
        self.at += size
        return self.data[self.at - size : self.at]

    def any(self) -> None:
        """Skip a JSON-like value of lib0."""
        kind = self.data[self.at]
        self.at += 1
        if kind == 125:
            self.varint()
        elif kind in (124, 123, 122):
            self.at += {124: 4, 123: 8, 122: 8}[kind]
        elif kind in (119, 116):
            self.bytes()
        elif kind == 118:
            for _ in range(self.varuint()):
                self.bytes()
                self.any()
        elif kind == 117:
            for _ in range(self.varuint()):
                self.any()
        elif kind not in (127, 126, 121, 120):
            raise BenchmarkError(f"unknown value of kind {kind} in an update")


def written(update: bytes) -> Iterator[tuple[int, int, int]]:
    """What an update brings, as ``(client, from clock, to clock)`` for each of its items."""
    reader = Reader(update)
    for _ in range(reader.varuint()):
        items = reader.varuint()
        client, clock = reader.varuint(), reader.varuint()
        for _ in range(items):
            length = _item(reader)
            yield client, clock, clock + length
            clock += length


def _item(reader: Reader) -> int:
    """Skip one item; its length in clock units."""
    info = reader.data[reader.at]
    reader.at += 1
    kind = info & 0x1F
    if kind in (0, 10):
        return reader.varuint()
    for flag in (0x80, 0x40):
        if info & flag:
            reader.varuint()
            reader.varuint()
    if not info & 0xC0:
        _parent(reader)
        if info & 0x20:
            reader.bytes()
    return _content(reader, kind)


def _parent(reader: Reader) -> None:
    if reader.varuint() == 1:
        reader.bytes()
    else:
        reader.varuint()
        reader.varuint()


def _content(reader: Reader, kind: int) -> int:
    if kind == 4:
        return len(reader.bytes().decode("utf-8", "surrogatepass").encode("utf-16-le", "surrogatepass")) // 2
    if kind == 1:
        return reader.varuint()
    if kind == 8:
        count = reader.varuint()
        for _ in range(count):
            reader.any()
        return count
    if kind == 7:
        if reader.varuint() in (3, 5):
            reader.bytes()
    elif kind in (3, 5):
        reader.bytes()
    elif kind == 6:
        reader.bytes()
        reader.bytes()
    else:
        raise BenchmarkError(f"unknown content of kind {kind} in an update")
    return 1


def new_notebook(doc: Doc[Any]) -> None:
    """Fill an empty document with what the shared notebook begins with: one code cell."""
    cell = Map({"cell_type": "code", "source": Text(), "outputs": Array(), "metadata": Map({})})
    doc.get("cells", type=Array).append(cell)


def has_notebook(doc: Doc[Any]) -> bool:
    """Whether there is a cell to type in."""
    return len(doc.get("cells", type=Array)) > 0


def clock_of(doc: Doc[Any], client: int) -> int:
    """How many items of ``client`` are in ``doc``."""
    reader = Reader(doc.get_state())
    for _ in range(reader.varuint()):
        found, clock = reader.varuint(), reader.varuint()
        if found == client:
            return clock
    return 0


def keystrokes(doc: Doc[Any], count: int, text: str) -> list[bytes]:
    """The updates of typing ``count`` characters of ``text`` (over and over) into the first cell of ``doc``."""
    source = doc.get("cells", type=Array)[0]["source"]
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for number in range(count):
        source.insert(number, text[number % len(text)])
    doc.unobserve(subscription)
    if len(updates) != count:
        raise BenchmarkError(f"{count} keystrokes made {len(updates)} updates")
    return updates


def cursor(user: dict[str, Any], client: int, clock: int) -> dict[str, Any]:
    """The awareness state, in JupyterLab's form, of a ``user`` whose cursor stands after item ``clock`` of ``client``.

    Args:
        user: the identity that ``api/me`` tells.
        client: Yjs client id.
        clock: number of the client's item.
    """
    position = {"type": None, "tname": None, "item": {"client": client, "clock": clock}, "assoc": 0}
    return {
        "user": user,
        "current": "notebook:Interview.ipynb",
        "cursors": [{"anchor": position, "head": position, "primary": True, "empty": True}],
    }
