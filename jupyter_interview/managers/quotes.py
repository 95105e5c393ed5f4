"""Which events of a log hold what a member wrote, or name the member?

All that are sealed with the member's key; and of the others' those that show it: a cell with the member's text that was
moved or copied over, a run of such a cell with its outputs, a message or title with the name. It follows the notebook's
history for that, with who wrote what (docs/developers/frames.md).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from ..core.models import DOCUMENT_KINDS, Event, EventKind, Member
from ..core.moment import Operation
from ..core.ports import History

_RUNS = frozenset({EventKind.RUN_STARTED, EventKind.RUN_FINISHED})
_WORD = 3
_QUOTE = 8


class Name:
    """A member's name and address, to be found in texts.

    The whole of either is found in any letter case; single words of the name, of three letters or more, as they are
    written in it, and not in the notebook: a name can be a word of a program.
    """

    def __init__(self, member: Member) -> None:
        wholes = [text for text in (member.name.strip(), member.email) if text]
        words = [word for word in member.name.split() if len(word) >= _WORD]
        self._whole = _pattern(wholes, re.IGNORECASE)
        self._word = _pattern(words)

    def within(self, text: str) -> bool:
        """Whether a text of the notebook names the member."""
        return bool(self._whole.search(text))

    def named(self, text: str) -> bool:
        """Whether what somebody said names the member."""
        return bool(self._whole.search(text) or self._word.search(text))

    def without(self, text: str, instead: str) -> str:
        """A text with something else instead of the name."""
        return self._word.sub(instead, self._whole.sub(instead, text))


def _pattern(texts: Sequence[str], flags: int = 0) -> re.Pattern[str]:
    choice = "|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{choice})(?!\w)" if choice else r"(?!)", flags)


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

    def holds(self, event: Event) -> bool:
        """Whether the next event of the log holds anything of the member's.

        Where the notebook's history cannot be followed, all that follows may.
        """
        operations = self._operations(event)
        if event.erased:
            return False
        if event.subject == self._member.key:
            self._remember_run(event)
            return True
        if operations is None:
            return event.kind in DOCUMENT_KINDS or event.kind in _RUNS or self._says(event)
        return self._shows(event, operations) or self._runs_it(event) or self._says(event)

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
        return self._name.within(json.dumps(operations, ensure_ascii=False))

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
        if event.kind is EventKind.RUN_STARTED and self._history is not None:
            cells = [cell for cell in self._history.moment.cells if cell["id"] == payload.get("cell")]
            if any(self._wrote(cell["authors"]) for cell in cells):
                self._remember_run(event)
        return event.kind in _RUNS and payload.get("run") in self._runs

    def _remember_run(self, event: Event) -> None:
        if event.kind in _RUNS and event.payload is not None:
            self._runs.add(event.payload["run"])

    def _says(self, event: Event) -> bool:
        if event.payload is None:
            return False
        text = json.dumps(event.payload, ensure_ascii=False)
        return self._name.within(text) if event.kind in _RUNS else self._name.named(text)


Histories = Callable[[], History]
"""Makes a fresh `History`."""

__all__ = ["Histories", "Name", "Quotes"]
