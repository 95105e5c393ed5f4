"""Which events of a log hold what a member wrote, or name the member?

All that are sealed with the member's key; and of the others' those that show it: a cell with the member's text that was
moved or copied over, a run of such a cell with its outputs, a message or title with the name, a cursor in a cell whose
id the member chose. It follows the notebook's history for that, with who wrote what (docs/developers/frames.md).
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..core.jsontext import as_value
from ..core.models import DOCUMENT_KINDS, RUN_KINDS, Event, EventKind, Member
from ..core.moment import Operation
from ..core.ports import History
from .names import unnumbered

_BEGIN = frozenset({EventKind.RUN_QUEUED, EventKind.RUN_STARTED})
_OF_CELLS = frozenset({*DOCUMENT_KINDS, *RUN_KINDS, EventKind.CURSOR})
_WORD = 3
_QUOTE = 8
#: What a page calls a new cell (RFC 9562, version 4): chance, and nobody's words.
_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_NOT_OF_AN_ID = re.compile(r"[^A-Za-z0-9_-]")


class Name:
    """A member's name and address, to be found in texts.

    The whole of either is found in any letter case; single words of the name, of three letters or more, as they are
    written in it, and not in the notebook: a name can be a word of a program. Accents make no difference.
    """

    def __init__(self, member: Member) -> None:
        # Others write it without the number by which the room tells two people apart.
        name = unnumbered(member.name.strip())
        wholes = [_bare(text) for text in dict.fromkeys((member.name.strip(), name, member.email)) if text]
        words = [_bare(word) for word in name.split() if len(word) >= _WORD]
        self._whole = _pattern(wholes, re.IGNORECASE)
        self._word = _pattern(words)

    def within(self, text: str) -> bool:
        """Whether a text of the notebook names the member."""
        return bool(self._whole.search(_bare(text)))

    def named(self, text: str) -> bool:
        """Whether what somebody said names the member."""
        text = _bare(text)
        return bool(self._whole.search(text) or self._word.search(text))

    def without(self, text: str, instead: str) -> str:
        """A text with something else instead of the name, and without its accents where there was one."""
        return self._word.sub(instead, self._whole.sub(instead, _bare(text))) if self.named(text) else text


def _bare(text: str) -> str:
    """A text without accents, in whatever composition: names are often written so, in files above all."""
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _pattern(texts: Sequence[str], flags: int = 0) -> re.Pattern[str]:
    choice = "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))
    # A file's name joins words by lines below.
    return re.compile(rf"(?<![^\W_])(?:{choice})(?![^\W_])" if choice else r"(?!)", flags)


def _texts(value: Any) -> Iterator[str]:
    """All that is written in a JSON value, names too; in what lies as a text of JSON, what that says."""
    value = as_value(value)
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


class Quotes:
    """Goes through a log once, from its first event.

    Args:
        member: whom to look for.
        members: all of the room, in the order of their keys.
        history: follows the notebook.
    """

    def __init__(self, member: Member, members: Sequence[Member], history: History) -> None:
        self._member = member
        self._index = {0: 0, **{other.key: number for number, other in enumerate(members, 1)}}
        self._own = self._index[member.key]
        self._name = Name(member)
        self._history: History | None = history
        self._runs: set[str] = set()
        self._ids: dict[str, bool] = {}

    def holds(self, event: Event) -> bool:
        """Whether the next event of the log holds anything of the member's.

        Where the notebook's history cannot be followed, all that follows may.
        """
        operations = self._operations(event)
        self._remember_ids(event, operations or ())
        if event.erased:
            return False
        if event.subject == self._member.key:
            self._remember_run(event)
            return True
        if operations is None:
            return event.kind in _OF_CELLS or self._says(event)
        return (
            self._shows(event, operations)
            or self._runs_it(event)
            or self._names_cell(event, operations)
            or self._says(event)
        )

    def _operations(self, event: Event) -> list[Operation] | None:
        if self._history is None:
            return None
        try:
            return self._history.add(event, self._index.get(event.member, 0))
        except ValueError:
            self._history = None
            return None

    def _shows(self, event: Event, operations: Sequence[Operation]) -> bool:
        if event.kind not in DOCUMENT_KINDS:
            return False
        if (event.payload or {}).get("run") in self._runs:
            return True
        if any(self._has_text(operation) for operation in operations):
            return True
        return any(map(self._name.within, _texts(operations)))

    def _remember_ids(self, event: Event, operations: Sequence[Operation]) -> None:
        """Who was the first to call a cell so."""
        for text in _ids_in(operations):
            own = event.subject == self._member.key and _RANDOM.fullmatch(text) is None
            self._ids.setdefault(text, own)

    def _names_cell(self, event: Event, operations: Sequence[Operation]) -> bool:
        """Whether it speaks of a cell by an id that the member made up."""
        said = (event.payload, _json(event.data) if event.kind is EventKind.CURSOR else None)
        named = [*_ids_in(operations), *(value.get("cell") for value in said if isinstance(value, dict))]
        return any(self._ids.get(_NOT_OF_AN_ID.sub("", text)[:60], False) for text in named if isinstance(text, str))

    def _has_text(self, operation: Operation) -> bool:
        if operation[0] == "t":
            return self._wrote(operation[5])
        if operation[0] == "+":
            return any(self._wrote(cell["authors"]) or cell.get("run") in self._runs for cell in operation[2])
        return False

    def _wrote(self, runs: Sequence[Sequence[int]]) -> bool:
        """Whether a text with these writers quotes the member. A bracket left standing in another's text does not."""
        own = [length for length, member, _ in runs if member == self._own]
        return bool(own) and (max(own) >= _QUOTE or 2 * sum(own) >= sum(length for length, _, _ in runs))

    def _runs_it(self, event: Event) -> bool:
        payload = event.payload or {}
        if event.kind in _BEGIN and self._history is not None:
            cells = [cell for cell in self._history.moment.cells if cell["id"] == payload.get("cell")]
            if any(self._wrote(cell["authors"]) for cell in cells):
                self._remember_run(event)
        return event.kind in RUN_KINDS and payload.get("run") in self._runs

    def _remember_run(self, event: Event) -> None:
        if event.kind in RUN_KINDS and event.payload is not None:
            self._runs.add(event.payload["run"])

    def _says(self, event: Event) -> bool:
        if event.payload is None:
            return False
        return any(map(self._name.within if event.kind in RUN_KINDS else self._name.named, _texts(event.payload)))


def _ids_in(operations: Sequence[Operation]) -> Iterator[str]:
    """The ids that operations give to cells."""
    for operation in operations:
        if operation[0] == "+":
            yield from (cell["id"] for cell in operation[2])
        elif operation[0] == "s" and operation[2] == "id":
            yield operation[3]


def _json(data: bytes | None) -> Any:
    try:
        return json.loads(data or b"null")
    except ValueError:
        return None


Histories = Callable[[], History]
"""Makes a fresh `History`."""

__all__ = ["Histories", "Name", "Quotes"]
