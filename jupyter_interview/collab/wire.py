"""How are Yjs messages written and read?

The primitives of lib0's encoding (variable-length integers, strings and values) and the message types of y-protocols,
as y-websocket speaks them. Every read is bounded by the message: nothing a client sends makes more than a copy of it.

Sources: https://github.com/dmonad/lib0 (encoding.js, decoding.js), https://github.com/yjs/y-protocols (PROTOCOL.md).
"""

from __future__ import annotations

from ..core.properties import UNFIT

SYNC, AWARENESS, RAW, QUERY_AWARENESS = 0, 1, 2, 3
STEP1, STEP2, UPDATE = 0, 1, 2
_VARUINT_BYTES = 8
_NESTING = 64
_TEXT, _VOID = 119, frozenset({126, 127})
_MOST_VALUES = 1 << 40


class Malformed(ValueError):
    """The bytes are not what the protocol says."""


class TooMuch(Malformed):
    """They have more parts than they may."""


class Reader:
    """Reads lib0 primitives from bytes.

    Every method raises `Malformed` where the bytes end too early or are not of its kind.

    Attributes:
        at: where it reads next.
        values: how many more values of lib0's ``any`` encoding it reads: a byte can be one, and takes a microsecond.
        unfit: whether an object among those values had a name that none can have (`core.properties`).
    """

    __slots__ = ("_data", "_end", "at", "unfit", "values")

    def __init__(self, data: bytes, values: int = _MOST_VALUES) -> None:
        self._data = data
        self._end = len(data)
        self.at = 0
        self.values = values
        self.unfit = False

    @property
    def done(self) -> bool:
        """Whether everything was read."""
        return self.at >= self._end

    def count(self, least: int) -> int:
        """A number of things that follow and have at least so many bytes each."""
        value = self.varuint()
        if value * least > self._end - self.at:
            raise Malformed("the message ends too early")
        return value

    def byte(self) -> int:
        """One byte."""
        if self.at >= self._end:
            raise Malformed("the message ends too early")
        value = self._data[self.at]
        self.at += 1
        return value

    def varuint(self) -> int:
        """An unsigned integer of up to 53 bits."""
        if self.at < self._end and (first := self._data[self.at]) < 0x80:
            # Most have one byte, and a keystroke has a dozen of them.
            self.at += 1
            return first
        value = shift = 0
        for _ in range(_VARUINT_BYTES):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                if value > 0x1F_FFFF_FFFF_FFFF:
                    break
                return value
            shift += 7
        raise Malformed("an integer is too large")

    def bytes(self) -> bytes:
        """Bytes with their length before them."""
        length = self.varuint()
        end = self.at + length
        if end > self._end:
            raise Malformed("the message ends too early")
        value = self._data[self.at : end]
        self.at = end
        return value

    def word(self, start: int) -> str | None:
        """The text that was read as a value of ``any`` from a place to here; ``None`` for another value."""
        if self._data[start] != _TEXT:
            return None
        return Reader(self._data[start + 1 : self.at]).string()

    def is_void(self, start: int) -> bool:
        """Whether null or nothing was read as a value of ``any`` at a place."""
        return self._data[start] in _VOID

    def string(self) -> str:
        """UTF-8 with its length in bytes before it."""
        try:
            return self.bytes().decode()
        except UnicodeDecodeError as error:
            raise Malformed("a string is not UTF-8") from error

    def skip(self, length: int) -> None:
        """Pass over bytes."""
        self.at += length
        if self.at > self._end:
            raise Malformed("the message ends too early")

    def take(self, count: int) -> None:
        """Count values that are read."""
        self.values -= count
        if self.values < 0:
            raise TooMuch("there are too many values")

    def skip_any(self, depth: int = 0) -> None:
        """Pass over a value of lib0's ``any`` encoding."""
        self.take(1)
        kind = self.byte()
        if depth > _NESTING:
            raise Malformed("a value is nested too deeply")
        if kind in (127, 126, 121, 120):
            return
        if kind == 125:
            while self.byte() & 0x80:
                pass
        elif kind in (124, 123, 122):
            self.skip(4 if kind == 124 else 8)
        elif kind == 116:
            self.bytes()
        elif kind == _TEXT:
            self.string()
        elif kind == 118:
            for _ in range(self.varuint()):
                if self.string() in UNFIT:
                    self.unfit = True
                self.skip_any(depth + 1)
        elif kind == 117:
            for _ in range(self.varuint()):
                self.skip_any(depth + 1)
        else:
            raise Malformed("a value is of an unknown kind")


def varuint(value: int) -> bytes:
    """An unsigned integer, encoded."""
    out = bytearray()
    while value > 0x7F:
        out.append(0x80 | (value & 0x7F))
        value >>= 7
    out.append(value)
    return bytes(out)


def prefixed(data: bytes) -> bytes:
    """Bytes with their length before them."""
    return varuint(len(data)) + data


def sync(step: int, data: bytes) -> bytes:
    """A message of the sync protocol."""
    return bytes((SYNC, step)) + prefixed(data)
