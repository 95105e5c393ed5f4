"""What remains of a document's update when its author is erased?

`redact` replaces every text and value in an update by filler of the same length and leaves its structure alone: client
ids, clocks, neighbours, what was deleted. So all later updates, of whomever, still apply, and the notebook keeps its
form: what it takes to be a notebook (types and ids of cells, states of runs) is nobody's content and stays.

Source: https://github.com/yjs/yjs, src/structs/Item.js and src/utils/encoding.js; https://github.com/dmonad/lib0,
encoding.js.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from .updates import inspect
from .wire import Reader, prefixed, varuint

FILLER = "█"
_GC, _DELETED, _JSON, _BINARY, _STRING, _EMBED, _FORMAT, _TYPE, _ANY = 0, 1, 2, 3, 4, 5, 6, 7, 8
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB = 0x80, 0x40, 0x20
_UNDEFINED, _NULL, _INTEGER, _FLOAT32, _FLOAT64, _BIGINT, _FALSE, _TRUE, _TEXT, _OBJECT, _LIST, _BYTES = range(
    127, 115, -1
)
_WORDS = frozenset(
    [
        "code",
        "markdown",
        "raw",
        "idle",
        "running",
        "stdout",
        "stderr",
        "stream",
        "display_data",
        "execute_result",
        "error",
    ],
)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NAME = re.compile(r"[A-Za-z0-9_.+:/-]{1,64}")


def redact(update: bytes) -> bytes:
    """An update of version 1 without what its author wrote.

    Texts become ``█`` of the same number of UTF-16 units (line breaks stay), values become empty ones of the same kind.

    Raises:
        Malformed: it is no update for a notebook.
    """
    inspect(update)
    return _Redaction(update).made()


class _Redaction:
    """One update that is copied with changes.

    Args:
        update: one that `inspect` knows for whole.
    """

    def __init__(self, update: bytes) -> None:
        self._update = update
        self._reader = Reader(update)
        self._out = bytearray()

    def made(self) -> bytes:
        """The copy."""
        for _ in range(self._varuint()):
            count = self._varuint()
            self._varuint()
            self._varuint()
            for _ in range(count):
                self._struct()
        # The delete set says only where something was.
        return bytes(self._out) + self._update[self._reader.at :]

    def _varuint(self) -> int:
        """Copy a number."""
        value = self._reader.varuint()
        self._out += varuint(value)
        return value

    def _put(self, text: str) -> None:
        self._out += prefixed(text.encode())

    def _struct(self) -> None:
        info = self._reader.byte()
        self._out.append(info)
        kind = info & 0x1F
        name: str | None = None
        if kind == _GC:
            self._varuint()
            return
        origins = bool(info & _ORIGIN) + bool(info & _RIGHT_ORIGIN)
        for _ in range(2 * origins):
            self._varuint()
        if not origins:
            if self._varuint() == 1:
                self._put(self._reader.string())
            else:
                self._varuint()
                self._varuint()
            if info & _PARENT_SUB:
                name = self._reader.string()
                self._put(_name(name))
        self._content(kind, name)

    def _content(self, kind: int, name: str | None) -> None:
        if kind in (_DELETED, _TYPE):
            self._varuint()
        elif kind == _STRING:
            self._put(_filled(self._reader.string()))
        elif kind == _BINARY:
            self._out += prefixed(bytes(len(self._reader.bytes())))
        elif kind == _ANY:
            for _ in range(self._varuint()):
                self._any(name)
        elif kind == _JSON:
            for _ in range(self._varuint()):
                self._put(_json(self._reader.bytes(), name))
        else:
            if kind == _FORMAT:
                self._put(_name(self._reader.string()))
            self._put(_json(self._reader.bytes(), None))

    def _any(self, name: str | None) -> None:
        """Copy a value of lib0's ``any`` encoding; ``name`` is what it is called in its map."""
        start = self._reader.at
        kind = self._reader.byte()
        if kind in (_OBJECT, _LIST):
            self._out.append(kind)
            for _ in range(self._varuint()):
                inner = None
                if kind == _OBJECT:
                    inner = self._reader.string()
                    self._put(_name(inner))
                self._any(inner)
        elif kind == _TEXT:
            self._out.append(kind)
            self._put(_text(self._reader.string(), name))
        elif kind == _BYTES:
            self._out.append(kind)
            self._out += prefixed(bytes(len(self._reader.bytes())))
        else:
            self._reader.at = start
            self._reader.skip_any()
            kept = kind in (_UNDEFINED, _NULL) or _is_count(name)
            self._out += self._update[start : self._reader.at] if kept else _zero(kind)


def _zero(kind: int) -> bytes:
    if kind in (_FALSE, _TRUE):
        return bytes((_FALSE,))
    return bytes((kind,)) + bytes({_FLOAT32: 4, _FLOAT64: 8, _BIGINT: 8}.get(kind, 1))


def _filled(text: str) -> str:
    """Filler of the same number of UTF-16 units."""
    return "".join(char if char == "\n" else FILLER * (2 if ord(char) > 0xFFFF else 1) for char in text)


def _text(text: str, name: str | None) -> str:
    """A text that is called ``name``."""
    kept = text in _WORDS or (name == "id" and _ID.fullmatch(text) is not None)
    return text if kept else _filled(text)


def _name(name: str) -> str:
    """What a value is called: names of a notebook's parts stay, and different names stay different."""
    if _NAME.fullmatch(name):
        return name
    return FILLER + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:16]


def _is_count(name: str | None) -> bool:
    return name in ("execution_count", "nbformat", "nbformat_minor")


def _json(data: bytes, name: str | None) -> str:
    """A value of the older encoding: JSON, or the word ``undefined``."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return "null" if data != b"undefined" else "undefined"
    return json.dumps(_plain(value, name), ensure_ascii=False, separators=(",", ":"))


def _plain(value: Any, name: str | None) -> Any:
    if isinstance(value, dict):
        return {_name(key): _plain(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, None) for inner in value]
    if isinstance(value, str):
        return _text(value, name)
    if value is None or _is_count(name):
        return value
    return False if isinstance(value, bool) else 0
