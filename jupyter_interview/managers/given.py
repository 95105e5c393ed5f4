"""Which notebook can a room begin with?

One of any format that JupyterLab opens; it becomes one of the newest. What a room does not take it says in the words of
nbformat's validator, which name the cell and the field.
"""

from __future__ import annotations

import json
from typing import Any

import nbformat
from nbformat.corpus.words import generate_corpus_id

from ..core.errors import BadRequest, TooLarge
from ..core.limits import Limits
from ..core.models import JSON
from ..core.moment import units
from ..core.quantities import as_count, as_size

_NEWEST = 4
_WORDS = 300


def checked(notebook: JSON, limits: Limits) -> JSON:
    """The notebook in the newest format: valid, with an id for each cell, and texts in one piece. Takes a while.

    Raises:
        BadRequest: it is none, with what is wrong with it.
        TooLarge: nobody could edit it.
    """
    limit = limits.notebook_bytes
    text = json.dumps(notebook)
    if len(text) > limit:
        raise TooLarge(f"A notebook can have at most {as_size(limit)}.", limit=limit, field="notebook")
    if not isinstance(notebook.get("nbformat"), int):
        # nbformat would take it for one of its first version, with nothing in it.
        raise _wrong("it does not say which nbformat it has")
    try:
        newest = _newest(text)
    except nbformat.ValidationError as error:
        raise _wrong(_line(error)) from error
    except Exception as error:  # nbformat raises whatever its parts do
        raise _wrong(f"{type(error).__name__}: {error}") from error
    try:
        # As documents are stored: a half of a surrogate pair has no UTF-8.
        plain: JSON = json.loads(json.dumps(newest, ensure_ascii=False).encode())
    except UnicodeEncodeError as error:
        raise _wrong("it has half of a character") from error
    _check_sizes(plain["cells"], limits)
    return plain


def _newest(text: str) -> Any:
    read: Any = nbformat.reader.reads(text)  # type: ignore[no-untyped-call]  # not `nbformat.reads`, which logs
    # Which kernel it is for, the room says.
    for name in ("kernelspec", "language_info"):
        read["metadata"].pop(name, None)
    read = nbformat.convert(read, _NEWEST)  # type: ignore[no-untyped-call]
    read["nbformat_minor"] = max(read["nbformat_minor"], nbformat.v4.nbformat_minor)
    _identify(read["cells"])
    nbformat.validate(read)
    return read


def _identify(cells: list[Any]) -> None:
    """Each cell has an id of its own; older formats have none, or have some that they do not know of."""
    used: set[object] = set()
    for cell in cells:
        if "id" not in cell or cell["id"] in used:
            cell["id"] = generate_corpus_id()  # type: ignore[no-untyped-call]
        used.add(cell["id"])


def _check_sizes(cells: list[JSON], limits: Limits) -> None:
    if len(cells) > limits.cells:
        raise TooLarge(
            f"A notebook can have at most {as_count(limits.cells)} cells.", limit=limits.cells, field="notebook"
        )
    for number, cell in enumerate(cells, 1):
        if units(cell["source"]) > limits.code_bytes:
            limit = limits.code_bytes
            raise TooLarge(
                f"A cell can have at most {as_count(limit)} characters; cell {number} has more.",
                limit=limit,
                field="notebook",
            )
    outputs = sum(_size(cell.get("outputs", [])) for cell in cells)
    if outputs > limits.outputs_bytes:
        limit = limits.outputs_bytes
        raise TooLarge(f"The outputs of a notebook can have at most {as_size(limit)}.", limit=limit, field="notebook")
    if _size(cells) - outputs > limits.document_bytes:
        limit = limits.document_bytes
        raise TooLarge(f"The notebook can have at most {as_size(limit)}.", limit=limit, field="notebook")


def _size(value: Any) -> int:
    """About what it takes in a document, in bytes."""
    return len(json.dumps(value, ensure_ascii=False).encode())


def _line(error: Any) -> str:
    """What the validator says, in one line, and where."""
    where = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in error.relative_path)
    place = where.removeprefix(".").replace("cells[", "cell [", 1)
    words = str(error.message).split("\n")[0]
    return f"{place}: {words}" if place else words


def _wrong(why: str) -> BadRequest:
    why = why if len(why) <= _WORDS else f"{why[: _WORDS - 1]}…"
    return BadRequest(f"This is not a valid notebook: {why.rstrip('.')}.", field="notebook")
