"""What may a page see of a kernel's answer to a question?

A kernel does what the candidate's code makes it do, and can answer anything. An answer is built anew from what of it is
well formed, and no more of it than a page can show at once.
"""

from __future__ import annotations

from typing import Any

from ..core.models import JSON
from ..core.text import is_line
from . import shapes

#: Questions that go to a kernel, with the type of their answer.
ANSWERS = {"complete_request": "complete_reply", "inspect_request": "inspect_reply"}

_MATCHES = 500
_MATCH_CHARS = 200
_HELP_CHARS = 50_000
_TYPES = "_jupyter_types_experimental"
_WORDS = ("name", "version", "mimetype", "file_extension", "pygments_lexer", "nbconvert_exporter")


def shaped(kind: str, question: JSON, answer: JSON) -> JSON:
    """An answer's content.

    Args:
        kind: type of the question, one of `ANSWERS`.
        question: its content.
        answer: what the kernel said.
    """
    if answer.get("status") != "ok":
        return {"status": "error", "ename": "", "evalue": "", "traceback": []}
    return _completion(question, answer) if kind == "complete_request" else _inspection(answer)


def information(said: JSON) -> JSON:
    """Content of a ``kernel_info_reply``, of what a kernel said of itself when it had started."""
    told = said.get("language_info")
    language: JSON = {"name": "", "version": ""}
    if isinstance(told, dict):
        language |= {name: word for name in _WORDS if (word := shapes.name(told.get(name))) is not None}
        mode = told.get("codemirror_mode")
        if isinstance(mode, dict):
            language["codemirror_mode"] = {
                key: word for key in ("name", "version") if (word := _word(mode.get(key))) is not None
            }
        elif (word := shapes.name(mode)) is not None:
            language["codemirror_mode"] = word
    return {
        "status": "ok",
        "protocol_version": "5.3",
        "implementation": "jupyter-interview",
        "implementation_version": "1",
        "banner": "",
        "help_links": [],
        "language_info": language,
    }


def _word(value: object) -> Any:
    return value if isinstance(value, int) and not isinstance(value, bool) else shapes.name(value)


def _completion(question: JSON, answer: JSON) -> JSON:
    """Matches for the place in the code that was asked about: each is what is shown, and goes where the cursor is."""
    start, end = _range(question, answer)
    found = answer.get("matches")
    matches = [match for match in found[:_MATCHES] if _is_match(match)] if isinstance(found, list) else []
    metadata = answer.get("metadata")
    types = metadata.get(_TYPES) if isinstance(metadata, dict) else None
    given = types[:_MATCHES] if isinstance(types, list) else []
    typed = [_typed(each, match, start, end) for each, match in zip(given, matches, strict=False)]
    shown = [each for each in typed if each is not None]
    return {
        "status": "ok",
        "matches": matches,
        "cursor_start": start,
        "cursor_end": end,
        # What a page inserts instead of the match that it shows: where it is not the same, there is none.
        "metadata": {_TYPES: shown} if 0 < len(shown) == len(given) == len(matches) else {},
    }


def _range(question: JSON, answer: JSON) -> tuple[int, int]:
    """What of the code a match replaces: what is around the cursor, in its line."""
    code = question.get("code")
    code = code if isinstance(code, str) else ""
    cursor = _place(question.get("cursor_pos"), 0, len(code), len(code))
    first = code.rfind("\n", 0, cursor) + 1
    end = code.find("\n", cursor)
    last = len(code) if end == -1 else end
    return (
        _place(answer.get("cursor_start"), first, cursor, cursor),
        _place(answer.get("cursor_end"), cursor, last, cursor),
    )


def _is_match(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MATCH_CHARS and shapes.text(value) == value and is_line(value)


def _typed(value: object, match: str, start: int, end: int) -> JSON | None:
    if not isinstance(value, dict) or value.get("text") != match:
        return None
    return {"text": match, "type": shapes.name(value.get("type")) or "", "start": start, "end": end}


def _place(value: object, least: int, most: int, otherwise: int) -> int:
    return min(max(least, value), most) if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _inspection(answer: JSON) -> JSON:
    """What there is to read about a name, as plain text."""
    data = answer.get("data")
    text = shapes.text(data.get("text/plain")) if isinstance(data, dict) else None
    found = answer.get("found") is True and text is not None
    shown = {"text/plain": (text or "")[:_HELP_CHARS]} if found else {}
    return {"status": "ok", "found": found, "data": shown, "metadata": {}}
