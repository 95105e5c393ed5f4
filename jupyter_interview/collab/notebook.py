"""How does a Jupyter notebook lie in a Yjs document?

The schema is jupyter_ydoc's ``YNotebook`` (version 2.0.0): an array ``cells`` of maps with ``source`` as text and
``outputs`` as an array, and maps ``meta`` and ``state``. What is read from it was written by strangers, so that reading
never fails: what does not fit becomes something that does.
"""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable
from typing import Any

from jupyter_ydoc import YNotebook
from pycrdt import Array, Doc, Map, Text

from ..core.jsontext import is_json_type, texts_of, values_of
from ..core.models import JSON
from ..core.moment import TRUST
from ..core.properties import renamed
from ..core.terminal import printed
from ..core.text import with_line_feeds

_CELL_TYPES = ("code", "markdown", "raw")
_STREAMS = ("stdout", "stderr")
_NBFORMAT_MINOR = 5
_LARGEST = 1 << 1000
_OTHER_ENDS = re.compile(r"\r\n?")


def cells_of(doc: Doc[Any]) -> Array[Any]:
    """The array of cells."""
    cells: Array[Any] = doc.get("cells", type=Array)
    return cells


def first_state(notebook: JSON) -> bytes:
    """A new document with this nbformat notebook in it, as one update.

    What it says of trust stays away; lines end with a line feed, and what was printed over is gone. Objects have names
    that they can have, and numbers are such that Yjs has them.
    """
    fresh: Doc[Any] = Doc()
    notebook = yjs_value({**notebook, "cells": [_with_texts(cell) for cell in notebook["cells"]]})
    YNotebook(fresh).set({**notebook, "cells": [_first_cell(cell) for cell in notebook["cells"]]})
    return fresh.get_update()


def _with_texts(cell: JSON) -> JSON:
    return {**cell, "outputs": [texts_of(output) for output in cell["outputs"]]} if cell.get("outputs") else cell


def _first_cell(cell: JSON) -> JSON:
    made = {**cell, "source": with_line_feeds(cell["source"]), "metadata": _distrusted(cell.get("metadata"))}
    if "outputs" in cell:
        made["outputs"] = [
            {**output, "text": printed(output["text"])} if output.get("output_type") == "stream" else output
            for output in cell["outputs"]
        ]
    return made


def _distrusted(metadata: Any) -> JSON:
    """A cell's metadata without the field by which JupyterLab shows its outputs as they are, script and all."""
    return {name: value for name, value in metadata.items() if name != TRUST} if isinstance(metadata, dict) else {}


def change_text(text: Text, wanted: str) -> None:
    """Make a shared text ``wanted`` by the least deletion and insertion, so that other people's cursors stay."""
    old, new = str(text), wanted
    if len(text) != len(old.encode()):
        # A stranger put something else into it, which pycrdt 0.14 cannot count and dies of.
        del text[0 : len(text)]
        text.insert(0, new)
        return
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


def end_lines(text: Text) -> None:
    """Make all lines of a shared text end with a line feed. What stands between stays whose it is."""
    for end in reversed([*_OTHER_ENDS.finditer(str(text))]):
        # pycrdt counts bytes of UTF-8.
        at = len(end.string[: end.start()].encode())
        del text[at : at + 1]
        if not end.group().endswith("\n"):
            text.insert(at, "\n")


def starting_notebook(starter: str) -> JSON:
    """A notebook with one code cell, of this source."""
    cell: JSON = {
        "cell_type": "code",
        "id": str(uuid.uuid4()),
        "metadata": {},
        "source": starter,
        "outputs": [],
        "execution_count": None,
    }
    return {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def in_language(notebook: JSON, language: str, language_info: JSON | None = None) -> JSON:
    """A notebook whose metadata name the room's kernel, whichever it was written for.

    Args:
        notebook: nbformat.
        language: id of the kernelspec.
        language_info: by which it is highlighted, also where no kernel is; the language's name when ``None``.
    """
    own = {
        "kernelspec": {"name": language, "display_name": language.capitalize(), "language": language},
        "language_info": language_info or {"name": language},
    }
    return {**notebook, "metadata": {**notebook["metadata"], **own}}


def read_notebook(doc: Doc[Any]) -> JSON:
    """The nbformat notebook in a document: valid, with unique cell ids, the same for the same document."""
    metadata = read_metadata(doc)
    cells = read_cells(doc)
    for cell in cells:
        if "outputs" in cell:
            cell["outputs"] = [values_of(output) for output in cell["outputs"]]
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": _NBFORMAT_MINOR}


def read_cells(doc: Doc[Any]) -> list[JSON]:
    """The cells of `read_notebook`, with values of JSON as the texts that lie in the document."""
    # By way of JSON: to walk through an array takes pycrdt the square of its length.
    used: dict[str, int] = {}
    cells = [read_cell(value) for value in json.loads(str(cells_of(doc))) if isinstance(value, dict)]
    for cell in cells:
        cell["id"] = unique_id(cell["id"], used)
    return cells


def read_metadata(doc: Doc[Any]) -> JSON:
    """The notebook's metadata."""
    return _metadata(json.loads(str(doc.get("meta", type=Map))).get("metadata"), _NOTEBOOK_METADATA)


def read_cell(value: JSON) -> JSON:
    """A cell's value as nbformat, but for its id, which another cell may have too (`unique_id`), and JSON's texts."""
    kind = value.get("cell_type")
    kind = kind if kind in _CELL_TYPES else "raw"
    cell: JSON = {
        "cell_type": kind,
        "id": _string(value.get("id")),
        "metadata": _metadata(value.get("metadata"), _CELL_METADATA),
    }
    source = value.get("source")
    cell["source"] = _string(source)
    if kind == "code":
        cell["execution_count"] = _count(value.get("execution_count"))
        outputs = value.get("outputs")
        cell["outputs"] = read_outputs(outputs) if isinstance(outputs, list) else []
    elif isinstance(value.get("attachments"), dict) and value["attachments"]:
        cell["attachments"] = {
            name: _bundle(bundle) for name, bundle in _plain(value["attachments"]).items() if isinstance(bundle, dict)
        }
    return cell


def _count(value: Any) -> int | None:
    """An execution count."""
    return int(value) if isinstance(value, int | float) and math.isfinite(value) and value >= 0 else None


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _named(value: Any, *names: str) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in names)


def _language(value: Any) -> bool:
    texts = ("file_extension", "mimetype", "pygments_lexer")
    mode = value.get("codemirror_mode", "") if isinstance(value, dict) else None
    return _named(value, "name") and isinstance(mode, str | dict) and all(_text(value.get(name, "")) for name in texts)


def _tags(value: Any) -> bool:
    if not isinstance(value, list) or not all(_text(tag) and tag and "," not in tag for tag in value):
        return False
    return len(set(value)) == len(value) and not any(tag.startswith("\n") for tag in value)


# Where nbformat says of which kind metadata are, what is not is left out.
_NOTEBOOK_METADATA: dict[str, Callable[[Any], bool]] = {
    "kernelspec": lambda value: _named(value, "name", "display_name"),
    "language_info": _language,
    "orig_nbformat": lambda value: isinstance(value, int) and not isinstance(value, bool) and value >= 1,
    "title": _text,
    "authors": lambda value: isinstance(value, list),
}
_CELL_METADATA: dict[str, Callable[[Any], bool]] = {
    # Whom to trust is for the reader to say: whatever a member wrote about it is not passed on.
    TRUST: lambda value: False,
    "collapsed": lambda value: isinstance(value, bool),
    "execution": lambda value: isinstance(value, dict) and all(map(_text, value.values())),
    "format": _text,
    "jupyter": lambda value: isinstance(value, dict),
    "name": lambda value: _text(value) and value.strip("\n") == value != "",
    "scrolled": lambda value: isinstance(value, bool) or value == "auto",
    "tags": _tags,
}


def _metadata(value: Any, rules: dict[str, Callable[[Any], bool]]) -> JSON:
    """Metadata, without what nbformat does not allow."""
    if not isinstance(value, dict):
        return {}
    return {name: item for name, item in _plain(value).items() if name not in rules or rules[name](item)}


def _bundle(value: Any) -> JSON:
    """Data by MIME type: JSON where that is JSON, text or lines of text everywhere else."""
    if not isinstance(value, dict):
        return {}
    return {
        name: item
        for name, item in _plain(value).items()
        if isinstance(item, str) or is_json_type(name) or (isinstance(item, list) and all(map(_text, item)))
    }


def read_outputs(values: list[Any]) -> list[JSON]:
    """The outputs in a cell's array as nbformat, JSON as text (`core.jsontext`); what is no output is left out."""
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
            "text": _string(text),
        }
    if kind == "error":
        lines = value.get("traceback")
        return {
            "output_type": kind,
            "ename": _string(value.get("ename")),
            "evalue": _string(value.get("evalue")),
            "traceback": [_string(line) for line in lines] if isinstance(lines, list) else [],
        }
    if kind in ("display_data", "execute_result"):
        data, metadata = value.get("data"), value.get("metadata")
        output: JSON = {
            "output_type": kind,
            "data": _bundle(data),
            "metadata": _plain(metadata) if isinstance(metadata, dict) else {},
        }
        if kind == "execute_result":
            output["execution_count"] = _count(value.get("execution_count"))
        return output
    return None


def _plain(value: Any) -> Any:
    """JSON with sorted keys that can be names; whole numbers, which Yjs keeps as floats, as integers again."""
    if isinstance(value, dict):
        items = {str(key): item for key, item in value.items()}
        if other := renamed(items):
            items = {other.get(key, key): item for key, item in items.items()}
        return {key: _plain(items[key]) for key in sorted(items)}
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
    """A JSON value as Yjs wants it: numbers as floats, and objects with names that they can have."""
    if isinstance(value, dict):
        other = renamed(value)
        return {other.get(key, key): yjs_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [yjs_value(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) <= _LARGEST else str(value)
    return value


def unique_id(cell_id: str, used: dict[str, int]) -> str:
    """The cell's id, made of nbformat's characters, and another one where a cell before has it.

    Args:
        cell_id: what stands in the document.
        used: the ids so far, with the number that the next cell of the same id may get; this one is added.
    """
    text = "".join(char for char in cell_id if (char.isascii() and char.isalnum()) or char in "-_")
    text = text[:60] or "cell"
    unique, number = text, used.get(text, 1)
    while unique in used:
        number += 1
        unique = f"{text[:52]}-{number}"
    used[text] = number
    used[unique] = max(number if unique == text else 1, used.get(unique, 1))
    return unique
