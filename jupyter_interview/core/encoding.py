"""How is a value written as JSON that any string can be in, how large is it, and what may be read?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

_STRINGS = 65
_OUTSIDE_BYTES = 4_096
# One that does not end goes to the end of the text: to look for the next one in the midst of it would take the square.
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_MANY_STRINGS = 60_000
_MANY_BYTES = 1_000_000


def json_bytes(value: Any) -> bytes:
    """JSON in UTF-8, in as few bytes as it takes. Half a surrogate pair means nothing, and becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def size_of(value: Any) -> int:
    """Bytes of a JSON value, roughly; of a text exactly, in UTF-8."""
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "replace"))
    if isinstance(value, Mapping):
        return sum(size_of(key) + size_of(item) + 6 for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(size_of(item) + 2 for item in value)
    return 8


def is_soon_read(data: bytes) -> bool:
    """Whether a JSON text of some megabytes is read within a moment: it is long by its strings, and has not too many.

    Numbers, brackets and the rest may have a million bytes; 60,000 strings, keys among them, are what a chart has that
    JupyterLab still shows.
    """
    if len(data) <= _MANY_BYTES and data.count(b'"') <= 2 * _MANY_STRINGS:
        return True
    # Without escapes each quote begins a string, or ends one. This is the fastest that bytes have: it runs on the loop.
    parts = data.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"', 2 * _MANY_STRINGS + 1)
    return len(parts) <= 2 * _MANY_STRINGS + 1 and sum(map(len, parts[::2])) <= _MANY_BYTES


def has_few_values(text: str | bytes) -> bool:
    """Whether a JSON text is some strings, however long, with little around them.

    To read many small values takes a hundred times as long as one string of the same length, and this does not read
    them: it looks at the first strings, and counts what is left.
    """
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    outside = len(data)
    for string in islice(_STRING.finditer(data), _STRINGS):
        if outside <= _OUTSIDE_BYTES:
            break
        outside -= string.end() - string.start()
    return outside <= _OUTSIDE_BYTES
