"""What remains of a document's updates when their author is erased?

A `Redaction` replaces every text and value in an update by filler of the same length and leaves its structure alone:
client ids, clocks, neighbours, what was deleted. So all later updates, of whomever, still apply. The notebook keeps its
form, and nothing else: the words that every notebook consists of stay. What somebody can choose (ids of cells, names of
metadata, MIME types) gets another name, the same one wherever it comes.

Source: https://github.com/yjs/yjs, src/structs/Item.js and src/utils/encoding.js; https://github.com/dmonad/lib0,
encoding.js.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from .updates import inspect
from .wire import Reader, prefixed, varuint

FILLER = "█"
_GC, _DELETED, _JSON, _BINARY, _STRING, _EMBED, _FORMAT, _TYPE, _ANY = 0, 1, 2, 3, 4, 5, 6, 7, 8
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB = 0x80, 0x40, 0x20
_UNDEFINED, _NULL, _INTEGER, _FLOAT32, _FLOAT64, _BIGINT, _FALSE, _TRUE, _TEXT, _OBJECT, _LIST, _BYTES = range(
    127, 115, -1
)

#: Values that say which part of a notebook something is, by the names that they stand under.
_CELL_TYPES = frozenset(["code", "markdown", "raw"])
_OUTPUT_TYPES = frozenset(["stream", "display_data", "execute_result", "error"])
_KINDS = {
    "cell_type": _CELL_TYPES,
    "output_type": _OUTPUT_TYPES,
    "name": frozenset(["stdout", "stderr"]),
    "execution_state": frozenset(["idle", "running"]),
}
#: Names that any notebook has, whoever writes it: those of nbformat and of jupyter_ydoc's schema.
_NAMES = frozenset(
    [
        *("cell_type", "id", "source", "metadata", "outputs", "attachments", "execution_count", "execution_state"),
        *("output_type", "name", "text", "data", "ename", "evalue", "traceback", "text/plain"),
        *("nbformat", "nbformat_minor", "kernelspec", "language_info", "display_name", "language"),
        *("codemirror_mode", "file_extension", "mimetype", "nbconvert_exporter", "pygments_lexer", "version"),
        *("collapsed", "scrolled", "tags", "jupyter", "source_hidden", "outputs_hidden", "trusted"),
        *("dirty", "path", "file_id", "hash", "document_id"),
    ]
)
_COUNTS = frozenset(["execution_count", "nbformat", "nbformat_minor"])
#: What we put in the place of an id, and of a name.
_OWN_ID = re.compile(r"erased-[0-9a-f]{12}")
_OWN_NAME = re.compile(rf"{FILLER}-[0-9a-f]{{8}}")


class Redaction:
    """The Protocol `core.ports.Redaction`: goes through the updates of one log, in their order."""

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def keep(self, update: bytes) -> None:
        """Take note of an update that stays as it is: a cell's id that it brings is no secret where it comes again."""
        inspect(update)
        _Copy(update, self, learns=True).made()

    def redact(self, update: bytes) -> bytes:
        """An update of version 1 without what its author wrote.

        Texts become ``█`` of the same number of UTF-16 units (line breaks stay), values become empty ones of the same
        kind, names and ids others.

        Raises:
            Malformed: it is no update for a notebook.
        """
        inspect(update)
        return _Copy(update, self).made()

    def known_id(self, text: str) -> None:
        """This id stays."""
        self._ids.setdefault(text, text)

    def id(self, text: str) -> str:
        """What a cell is called afterwards."""
        if _OWN_ID.fullmatch(text):
            return text
        return self._ids.setdefault(text, f"erased-{secrets.token_hex(6)}")

    def name(self, name: str) -> str:
        """What a value is called afterwards: different names stay different."""
        if name in _NAMES or _OWN_NAME.fullmatch(name):
            return name
        return self._names.setdefault(name, f"{FILLER}-{secrets.token_hex(4)}")


class _Copy:
    """One update that is copied with changes.

    Args:
        update: one that `inspect` knows for whole.
        redaction: of which it is a part.
        learns: whether it stays and only its ids are wanted; the copy is of no use then.
    """

    def __init__(self, update: bytes, redaction: Redaction, *, learns: bool = False) -> None:
        self._update = update
        self._redaction = redaction
        self._learns = learns
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
                self._put(self._redaction.name(name))
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
                self._put(self._json(self._reader.bytes(), name))
        else:
            if kind == _FORMAT:
                self._put(self._redaction.name(self._reader.string()))
            self._put(self._json(self._reader.bytes(), None))

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
                    self._put(self._redaction.name(inner))
                self._any(inner)
        elif kind == _TEXT:
            self._out.append(kind)
            self._put(self._text(self._reader.string(), name))
        elif kind == _BYTES:
            self._out.append(kind)
            self._out += prefixed(bytes(len(self._reader.bytes())))
        else:
            self._reader.at = start
            self._reader.skip_any()
            kept = kind in (_UNDEFINED, _NULL) or name in _COUNTS
            self._out += self._update[start : self._reader.at] if kept else _zero(kind)

    def _text(self, text: str, name: str | None) -> str:
        """A text that is called ``name``."""
        if name == "id":
            if self._learns:
                self._redaction.known_id(text)
            return self._redaction.id(text)
        # A value that takes the place of another comes without its name.
        return text if text in (_CELL_TYPES if name is None else _KINDS.get(name, ())) else _filled(text)

    def _json(self, data: bytes, name: str | None) -> str:
        """A value of the older encoding: JSON, or the word ``undefined``."""
        try:
            value = self._plain(json.loads(data), name)
        except (ValueError, RecursionError):
            return "null" if data != b"undefined" else "undefined"
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def _plain(self, value: Any, name: str | None) -> Any:
        if isinstance(value, dict):
            return {self._redaction.name(key): self._plain(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._plain(inner, None) for inner in value]
        if isinstance(value, str):
            return self._text(value, name)
        if value is None or name in _COUNTS:
            return value
        return False if isinstance(value, bool) else 0


def _zero(kind: int) -> bytes:
    if kind in (_FALSE, _TRUE):
        return bytes((_FALSE,))
    return bytes((kind,)) + bytes({_FLOAT32: 4, _FLOAT64: 8, _BIGINT: 8}.get(kind, 1))


def _filled(text: str) -> str:
    """Filler of the same number of UTF-16 units."""
    return "".join(char if char == "\n" else FILLER * (2 if ord(char) > 0xFFFF else 1) for char in text)
