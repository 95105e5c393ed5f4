"""How does a Jupyter notebook lie in a Yjs document?

The schema is jupyter_ydoc's ``YNotebook`` (version 2.0.0): an array ``cells`` of maps with ``source`` as text and
``outputs`` as an array, and maps ``meta`` and ``state``. What is read from it was written by strangers, so that reading
never fails: what does not fit becomes something that does.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from typing import Any

from jupyter_ydoc import YNotebook
from pycrdt import Array, Doc, Map, Text

from ..core.models import JSON

_CELL_TYPES = ("code", "markdown", "raw")
_STREAMS = ("stdout", "stderr")
_NBFORMAT_MINOR = 5


def cells_of(doc: Doc[Any]) -> Array[Any]:
    """The array of cells."""
    cells: Array[Any] = doc.get("cells", type=Array)
    return cells


def find_cell(doc: Doc[Any], cell_id: str) -> Map[Any] | None:
    """The first code cell with this id."""
    return next((cell for cell in code_cells(doc) if cell.get("id") == cell_id), None)


def code_cells(doc: Doc[Any]) -> Iterator[Map[Any]]:
    """The code cells, in order."""
    for cell in cells_of(doc):
        if isinstance(cell, Map) and cell.get("cell_type") == "code" and isinstance(cell.get("source"), Text):
            yield cell


def first_state(notebook: JSON) -> bytes:
    """A new document with this nbformat notebook in it, as one update."""
    fresh: Doc[Any] = Doc()
    YNotebook(fresh).set(notebook)
    return fresh.get_update()


def change_text(text: Text, wanted: str) -> None:
    """Make a shared text ``wanted`` by the least deletion and insertion, so that other people's cursors stay."""
    old, new = str(text), wanted
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    # pycrdt counts bytes of UTF-8.
    at = len(old[:start].encode())
    removed = len(old[start : len(old) - end].encode())
    if removed:
        del text[at : at + removed]
    if inserted := new[start : len(new) - end]:
        text.insert(at, inserted)


def starting_notebook(starter: str, language: str) -> JSON:
    """A notebook with one code cell."""
    cell: JSON = {
        "cell_type": "code",
        "id": str(uuid.uuid4()),
        "metadata": {},
        "source": starter,
        "outputs": [],
        "execution_count": None,
    }
    metadata = {
        "kernelspec": {"name": language, "display_name": language.capitalize(), "language": language},
        "language_info": {"name": language},
    }
    return {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def read_notebook(doc: Doc[Any]) -> JSON:
    """The nbformat notebook in a document: valid, with unique cell ids, the same for the same document."""
    meta = doc.get("meta", type=Map).to_py() or {}
    metadata = meta.get("metadata")
    used: set[str] = set()
    cells = [_cell(value, used) for value in cells_of(doc).to_py() or [] if isinstance(value, dict)]
    return {
        "cells": cells,
        "metadata": _plain(metadata) if isinstance(metadata, dict) else {},
        "nbformat": 4,
        "nbformat_minor": _NBFORMAT_MINOR,
    }


def _cell(value: JSON, used: set[str]) -> JSON:
    kind = value.get("cell_type")
    kind = kind if kind in _CELL_TYPES else "raw"
    metadata = value.get("metadata")
    cell: JSON = {
        "cell_type": kind,
        "id": _unique(value.get("id"), used),
        "metadata": _plain(metadata) if isinstance(metadata, dict) else {},
    }
    source = value.get("source")
    cell["source"] = source if isinstance(source, str) else ""
    if kind == "code":
        count = value.get("execution_count")
        cell["execution_count"] = int(count) if isinstance(count, int | float) and math.isfinite(count) else None
        outputs = value.get("outputs")
        cell["outputs"] = read_outputs(outputs) if isinstance(outputs, list) else []
    elif isinstance(value.get("attachments"), dict) and value["attachments"]:
        cell["attachments"] = _plain(value["attachments"])
    return cell


def read_outputs(values: list[Any]) -> list[JSON]:
    """The outputs in a cell's array as nbformat; what is no output is left out."""
    found = [_output(value) for value in values if isinstance(value, dict)]
    return [output for output in found if output is not None]


def _output(value: JSON) -> JSON | None:
    kind = value.get("output_type")
    if kind == "stream":
        text = value.get("text")
        name = value.get("name")
        return {
            "output_type": kind,
            "name": name if name in _STREAMS else "stdout",
            "text": text if isinstance(text, str) else "",
        }
    if kind == "error":
        lines = value.get("traceback")
        return {
            "output_type": kind,
            "ename": str(value.get("ename", "")),
            "evalue": str(value.get("evalue", "")),
            "traceback": [str(line) for line in lines] if isinstance(lines, list) else [],
        }
    if kind in ("display_data", "execute_result"):
        data, metadata = value.get("data"), value.get("metadata")
        output: JSON = {
            "output_type": kind,
            "data": _plain(data) if isinstance(data, dict) else {},
            "metadata": _plain(metadata) if isinstance(metadata, dict) else {},
        }
        if kind == "execute_result":
            count = value.get("execution_count")
            output["execution_count"] = int(count) if isinstance(count, int | float) and math.isfinite(count) else None
        return output
    return None


def _plain(value: Any) -> Any:
    """JSON with sorted keys; whole numbers, which Yjs keeps as floats, as integers again."""
    if isinstance(value, dict):
        return {str(key): _plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            return None
        return int(value) if value.is_integer() else value
    if value is None or isinstance(value, bool | int | str):
        return value
    return None


def yjs_value(value: Any) -> Any:
    """A JSON value as Yjs wants it: numbers as floats."""
    if isinstance(value, dict):
        return {key: yjs_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [yjs_value(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


def _unique(cell_id: Any, used: set[str]) -> str:
    """The cell's id, made of nbformat's characters, and another one where a cell before has it."""
    text = "".join(char for char in str(cell_id or "") if (char.isascii() and char.isalnum()) or char in "-_")
    text = text[:60] or "cell"
    unique, number = text, 1
    while unique in used:
        number += 1
        unique = f"{text[:56]}-{number}"
    used.add(unique)
    return unique
