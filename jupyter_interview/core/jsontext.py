"""How does a value of JSON lie in a notebook that is shared? As its text.

Yjs has no order of an object's names, and no numbers but floats. So the value of a JSON type in an output is an object
of one name, whose value is the text: names in their order, whole numbers with all digits, and what is no number as
Python writes it (``NaN``, ``Infinity``). What was recorded by earlier versions is the value itself. The page, which
reads both, has the same in `labextension/src/jsontext.ts`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from .models import JSON
from .properties import renamed

NAME = "$json"

_TYPE = re.compile(r"^application/(.*\+)?json$")


def is_json_type(mime: str) -> bool:
    """Whether data of this MIME type are JSON and no text, as nbformat says."""
    return _TYPE.match(mime) is not None


def as_text(value: Any) -> JSON:
    """A value of JSON as a shared notebook has it; its objects get names that they can have.

    Raises:
        ValueError: it is no JSON, or is nested more deeply than can be written.
    """
    try:
        text = json.dumps(_named(value), ensure_ascii=False, separators=(",", ":"))
    except (RecursionError, TypeError) as error:
        raise ValueError(str(error)) from None
    return {NAME: text.encode("utf-8", "replace").decode("utf-8")}


def as_value(found: Any) -> Any:
    """What a shared notebook has for a value of JSON, as a value: ``None`` for what is no number in JSON."""
    if not isinstance(found, dict) or len(found) != 1 or not isinstance(text := found.get(NAME), str):
        return found
    try:
        return json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except (RecursionError, ValueError):
        return text


def values_of(output: JSON) -> JSON:
    """An output of a shared notebook as nbformat has it: with values in the place of their texts."""
    return _changed(output, as_value)


def texts_of(output: JSON) -> JSON:
    """The other way round.

    Raises:
        ValueError: as `as_text`.
    """
    return _changed(output, as_text)


def _changed(output: JSON, change: Callable[[Any], Any]) -> JSON:
    data = output.get("data")
    if not isinstance(data, Mapping) or not any(map(is_json_type, data)):
        return output
    return {**output, "data": {mime: change(item) if is_json_type(mime) else item for mime, item in data.items()}}


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _named(value: Any) -> Any:
    if isinstance(value, dict):
        other = renamed(value)
        return {other.get(name, name): _named(item) for name, item in value.items()}
    return [_named(item) for item in value] if isinstance(value, list | tuple) else value
