"""What does an open room have to know of its log, besides the document?

No more than it shows: the last messages and runs, who was there. A log can be long, and what is kept of it here is not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from ..core.models import CHAT_KINDS, RUN_KINDS, Event, EventKind
from .messages import HISTORY, REMEMBERED, forgetful
from .presence import COMINGS, is_coming
from .runlog import Run, fold_runs, prune

_PRESENCE = frozenset({EventKind.JOIN, EventKind.LEAVE, EventKind.REMOVE})
KINDS = frozenset({*CHAT_KINDS, *RUN_KINDS, EventKind.ROOM_ENDED}) | _PRESENCE


class Story:
    """Folds the events of `KINDS`.

    Attributes:
        messages: the last ones.
        known: messages without their texts, by which one that is sent again is recognised.
        hidden: what was hidden of them.
        presence: the last event of each member, by key, that tells whether it is there.
        comings: the last events by which somebody came or went.
        runs: the last ones, and those that have not ended, by id.
        ended: whether the interview has.
    """

    def __init__(self) -> None:
        self.messages: deque[Event] = deque(maxlen=HISTORY)
        self.known: deque[Event] = deque(maxlen=REMEMBERED)
        self.hidden: deque[Event] = deque(maxlen=REMEMBERED)
        self.presence: dict[int, Event] = {}
        self.comings: deque[Event] = deque(maxlen=COMINGS)
        self.runs: dict[str, Run] = {}
        self.ended = False

    def add(self, events: Iterable[Event]) -> None:
        """Take the next events of the log."""
        for event in events:
            if event.kind is EventKind.CHAT_MESSAGE:
                self.messages.append(event)
                self.known.append(forgetful(event))
            elif event.kind is EventKind.MESSAGE_HIDDEN:
                self.hidden.append(event)
            elif event.kind in _PRESENCE:
                self.presence[event.member] = event
                if is_coming(event):
                    self.comings.append(event)
            elif event.kind in RUN_KINDS:
                fold_runs([event], self.runs)
            elif event.kind is EventKind.ROOM_ENDED:
                self.ended = True
        prune(self.runs)
