"""Is this really an output?

What a kernel sends is written by whoever runs code in it. From it, only what nbformat allows and what every JSON writer
can carry is let through: text without broken surrogates, finite numbers, bounded depth. Values of JSON types are the
exception: they lie in the notebook as text (`core.jsontext`), and keep their order and their numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from ..core.jsontext import as_text, is_json_type
from ..core.models import JSON

_DEPTH = 40
# What is shown as JSON may be deeper: a page that has no place for the tree shows its text.
_SHOWN_DEPTH = 200
_METADATA_VALUES = 10_000
"""What there is in the metadata of an output, each of which costs the event loop some microseconds."""
_NAME = 256
_SAFE_INTEGER = 2**53
_LINES = 10_000
_TOLD = 3


def text(value: object) -> str | None:
    """A string that can be written as UTF-8; ``None`` when it is none."""
    if isinstance(value, list) and len(value) <= _LINES and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        return None
    if value.isascii():
        return value
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode("utf-8")
    return value


def name(value: object) -> str | None:
    """A short, non-empty string such as a display id or a MIME type."""
    result = text(value) if isinstance(value, str) and 0 < len(value) <= _NAME else None
    return result or None


def count(value: object) -> int | None:
    """An execution count."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31 else None


def json_value(value: object, depth: int = _DEPTH) -> Any:
    """A JSON value that any JSON writer can carry.

    Raises:
        ValueError: too deep, or not JSON.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int):
        return value if abs(value) <= _SAFE_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth <= 0:
        raise ValueError("too deep")
    if isinstance(value, list):
        return [json_value(item, depth - 1) for item in value]
    if isinstance(value, dict):
        return {text(key) or "": json_value(item, depth - 1) for key, item in value.items()}
    raise ValueError(f"{type(value).__name__} is not JSON")


def json_text(value: object) -> JSON:
    """A value of JSON as text, with its order and its numbers.

    Raises:
        ValueError: too deep, or not JSON.
    """
    level, items = 0, [value]
    while items := [inner for item in items for inner in _inside(item)]:
        level += 1
        if level > _SHOWN_DEPTH:
            raise ValueError("too deep")
    return as_text(value)


def _inside(value: object) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _many(value: object, most: int) -> bool:
    """Whether there are more values than these within a value."""
    found, items = 0, [value]
    while items:
        for inner in _inside(items.pop()):
            found += 1
            if found > most:
                return True
            items.append(inner)
    return False


def mapping(value: object) -> JSON:
    """A JSON object; an empty one for anything else, and for one of more parts than anything says of an output."""
    if not isinstance(value, dict) or _many(value, _METADATA_VALUES):
        return {}
    try:
        result = json_value(value)
    except ValueError:
        return {}
    return result if isinstance(result, dict) else {}


def bundle(value: object) -> JSON:
    """A MIME bundle: the entries that are one; text as one string, JSON types as texts of JSON.

    What can not be shown is said, where nothing but a text is there to be shown in its place.
    """
    if not isinstance(value, dict):
        return {}
    result: JSON = {}
    left_out = []
    for key, item in value.items():
        mime = name(key)
        if mime is None or "/" not in mime:
            continue
        if is_json_type(mime):
            try:
                result[mime] = json_text(item)
            except ValueError:
                left_out.append(mime)
        elif (plain := text(item)) is not None:
            result[mime] = plain
        else:
            left_out.append(mime)
    if left_out and result.keys() <= {"text/plain"}:
        kinds = ", ".join(left_out[:_TOLD])
        said = f"An output is left out: its {kinds} is no such thing, or is nested too deeply."
        result["text/plain"] = "\n".join([*result.values(), said])
    return result


def output(kind: str, content: JSON) -> JSON | None:
    """The nbformat output of a ``display_data``, ``execute_result`` or ``error`` message; ``None`` when it is none."""
    if kind == "error":
        traceback = content.get("traceback")
        lines = traceback[:_LINES] if isinstance(traceback, list) else []
        return {
            "output_type": "error",
            "ename": text(content.get("ename")) or "Error",
            "evalue": text(content.get("evalue")) or "",
            "traceback": [line for line in map(text, lines) if line is not None],
        }
    data = bundle(content.get("data"))
    if not data:
        return None
    result: JSON = {"output_type": kind, "data": data, "metadata": mapping(content.get("metadata"))}
    if kind == "execute_result":
        result["execution_count"] = count(content.get("execution_count"))
    return result
