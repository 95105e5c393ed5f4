"""Which questions wait for a kernel, and when is one given up?

A kernel does what the candidate's code makes it do: it may answer none, or something else. So only so many wait, no
member has all the places, and a kernel that has nothing to run has to answer within a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..core.models import JSON
from .answers import ANSWERS

PLACES = 16
MEMBER_PLACES = 8
ANSWER_SECONDS = 10.0
#: So many that were given up may be answered still: a kernel answers in the order in which it was asked.
_REMEMBERED = 4 * PLACES

Answer = asyncio.Future[JSON | None]


@dataclass(slots=True)
class _Question:
    """One that was asked, and was not answered yet."""

    answers_with: str
    member: int
    answer: Answer
    overdue: asyncio.TimerHandle


class Questions:
    """The questions that wait for one kernel.

    Args:
        busy: whether the kernel has something to run: until that is over it cannot answer.
        seconds: time that one without has to answer.
    """

    def __init__(self, busy: Callable[[], bool], seconds: float = ANSWER_SECONDS) -> None:
        self._busy = busy
        self._seconds = seconds
        self._asked: dict[str, _Question] = {}

    def takes(self, member: int) -> bool:
        """Whether there is a place for another question of this member's."""
        waiting = [question.member for question in self._asked.values() if not question.answer.done()]
        return len(waiting) < PLACES and waiting.count(member) < MEMBER_PLACES

    def add(self, message_id: str, kind: str, member: int) -> Answer:
        """Wait for an answer: its content, ``None`` where it was given up.

        Args:
            message_id: of the question.
            kind: type of the question, one of `ANSWERS`.
            member: key of who asks.
        """
        answer: Answer = asyncio.get_running_loop().create_future()
        self._asked[message_id] = _Question(ANSWERS[kind], member, answer, self._later(message_id))
        while len(self._asked) > _REMEMBERED:
            self.forget(self.asked[:1])
        return answer

    def answered(self, kind: str, message_id: str, content: JSON) -> None:
        """The kernel sent this; it may be an answer."""
        question = self._asked.get(message_id)
        if question is not None and question.answers_with == kind:
            self._end(message_id, content)

    @property
    def asked(self) -> list[str]:
        """Ids of the questions without an answer, the eldest first."""
        return list(self._asked)

    def forget(self, message_ids: Iterable[str]) -> None:
        """To these no answer comes any more."""
        for message_id in message_ids:
            if message_id in self._asked:
                self._end(message_id, None)

    def rest(self) -> None:
        """The kernel has nothing more to run: from now on it has its time to answer."""
        for message_id, question in self._asked.items():
            question.overdue.cancel()
            question.overdue = self._later(message_id)

    def _later(self, message_id: str) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._seconds, self._overdue, message_id)

    def _overdue(self, message_id: str) -> None:
        question = self._asked[message_id]
        if self._busy():
            question.overdue = self._later(message_id)
        elif not question.answer.done():
            # Its answer may come still, and has its turn among the others.
            question.answer.set_result(None)

    def _end(self, message_id: str, content: JSON | None) -> None:
        question = self._asked.pop(message_id)
        question.overdue.cancel()
        if not question.answer.done():
            question.answer.set_result(content)
