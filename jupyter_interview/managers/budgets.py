"""How much may the log of one room grow, and who made it grow?

The log only grows, so whoever writes to it has a *budget*. It is counted in bytes as they are stored, for each
*account*: a member's *changes* (all events whose author the member is) and a member's *outputs* (what the server wrote
into the document for runs that the member asked for; each change counts as 4 kB at least). There is a limit for each
account in any minute, one for the room in all, and of that one member can use up half.

A budget refuses what members begin. It never refuses what the server has to say of it (that a run is over, that
somebody left, that the interview ended): that is counted, and written all the same. So an interview can
always be ended.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ..core import clock
from ..core.errors import InterviewError, RateLimited, TooLarge
from ..core.limits import Limits
from ..core.models import DOCUMENT_KINDS, JSON, Event
from ..db.events import OUTPUT_BYTES, ROW_BYTES, TAG_BYTES, seq_at
from ..db.portions import Written, sizes, sizes_since

MINUTE_S = 60
SHARE = 0.5
WARN_AT = 0.8
_SECOND_US = 1_000_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """Whose bytes these are: what a member (its key; 0 is the server) wrote, or what the member's runs put out."""

    member: int
    outputs: bool = False


class Window:
    """Bytes written in the last minute, by the second."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int]] = deque()
        self._total = 0

    def add(self, at: int, size: int) -> None:
        """So many bytes were written at a moment (microseconds), which is not before any earlier one."""
        second = at // _SECOND_US
        if self._seconds and self._seconds[-1][0] >= second:
            second, before = self._seconds.pop()
            self._seconds.append((second, before + size))
        else:
            self._seconds.append((second, size))
        self._total += size

    def total(self, now: int) -> int:
        """Bytes written in the minute before a moment."""
        oldest = now // _SECOND_US - MINUTE_S
        while self._seconds and self._seconds[0][0] < oldest:
            self._total -= self._seconds.popleft()[1]
        return self._total

    def wait(self, now: int, size: int) -> int:
        """Seconds until at least so many of these bytes are older than a minute."""
        freed = 0
        for second, written in self._seconds:
            freed += written
            if freed >= size:
                return max(1, second + MINUTE_S + 1 - now // _SECOND_US)
        return MINUTE_S


class Budget:
    """The budgets of one room's log.

    Args:
        limits: of which those of the log count.
        written: what is in the log already.
        recently: what of it is of the last minute.
    """

    def __init__(self, limits: Limits, written: Iterable[Written] = (), recently: Iterable[Written] = ()) -> None:
        self._limits = limits
        self._room = 0
        self._outputs = 0
        self._accounts: dict[Account, int] = {}
        self._windows: dict[Account, Window] = {}
        self._told: dict[Account, int] = {}
        self._moments = clock.Steady()
        self.warn: Callable[[JSON], None] = lambda notice: None
        """Called with a notice for the interviewers; see `notices`."""
        for item in written:
            self._add(Account(item.member, item.outputs), item.size)
        for item in recently:
            self._windows.setdefault(Account(item.member, item.outputs), Window()).add(item.at, item.size)
            self._moments.reached(item.at)

    def charge(self, event: Event, size: int) -> None:
        """An event of so many bytes was written. Never raises."""
        outputs = not event.member and bool(event.subject) and event.kind in DOCUMENT_KINDS
        account = Account((event.subject or 0) if outputs else event.member, outputs)
        size = max(size, OUTPUT_BYTES) if outputs else size
        before = self._levels()
        self._add(account, size)
        if self._levels() != before:
            for notice in self.notices():
                self._tell(notice)
        # The log's moments may be ahead of a clock that was set back.
        self._moments.reached(event.at)
        if account.member:
            self._windows.setdefault(account, Window()).add(event.at, size)
            self._warn_of(account, event.at)

    def check(self, member: int, size: int, waiting: int = 0) -> None:
        """Whether a member may add an event with so many bytes of content now.

        Args:
            member: key of the author.
            size: bytes of payload and data.
            waiting: bytes that the member is going to add anyhow.

        Raises:
            RateLimited: it is more than one member may add in a minute; ``retry_after`` says when it will not be.
            TooLarge: it is more than the room's log, or the member's part of it, has left.
        """
        if (refusal := self._refusal(Account(member), size, waiting)) is not None:
            raise refusal

    def check_outputs(self, member: int, size: int) -> None:
        """Whether a run that a member asked for may add so many bytes of outputs now.

        Raises:
            RateLimited: as `check`.
            TooLarge: as `check`.
        """
        if (refusal := self._refusal(Account(member, outputs=True), size)) is not None:
            raise refusal

    def allows(self, member: int, size: int) -> bool:
        """Whether `check` would not refuse; for what may be left out without a word."""
        return self._refusal(Account(member), size) is None

    def notices(self) -> list[JSON]:
        """What interviewers have to know now: budgets of the room that are used up, or nearly."""
        parts = (("log_bytes", self._room), ("log_outputs_bytes", self._outputs))
        return [
            notice for name, used in parts if (notice := _notice(name, used, getattr(self._limits, name))) is not None
        ]

    # -- inside

    def _levels(self) -> tuple[int, int]:
        """How near the budgets of the room are to their ends."""
        limits = self._limits
        return _level(self._room, limits.log_bytes), _level(self._outputs, limits.log_outputs_bytes)

    def _warn_of(self, account: Account, now: int) -> None:
        """Whoever is near the end of a minute's budget is named to the interviewers, once a minute."""
        limit, name = self._minute(account)
        used = self._windows[account].total(now)
        if used < WARN_AT * limit or now - self._told.get(account, 0) < MINUTE_S * _SECOND_US:
            return
        self._told[account] = now
        what = "The outputs of this person's runs" if account.outputs else "What this person adds"
        text = f"{what} came near the {_text(limit)} that the log takes in a minute; then they are refused for a while."
        self._tell({"budget": name, "used": used, "limit": limit, "message": text, "member": account.member})

    def _minute(self, account: Account) -> tuple[int, str]:
        """The limit of an account in a minute, and its name."""
        if account.outputs:
            return self._limits.log_outputs_minute_bytes, "log_outputs_minute_bytes"
        return self._limits.log_minute_bytes, "log_minute_bytes"

    def _add(self, account: Account, size: int) -> None:
        self._room += size
        if account.outputs:
            self._outputs += size
        self._accounts[account] = self._accounts.get(account, 0) + size

    def _refusal(self, account: Account, size: int, waiting: int = 0) -> InterviewError | None:
        if not account.member and not account.outputs:
            return None
        cost = size + ROW_BYTES + TAG_BYTES
        cost = max(cost, OUTPUT_BYTES) if account.outputs else cost
        return self._in_all(account, cost + waiting) or self._in_a_minute(account, cost, waiting)

    def _in_all(self, account: Account, cost: int) -> InterviewError | None:
        limits = self._limits
        if self._room + cost > limits.log_bytes:
            return TooLarge(
                f"The log of this interview has reached its limit of {_text(limits.log_bytes)}. It can be read, "
                "exported and ended, but nothing is added to it any more.",
                limit=limits.log_bytes,
                budget="log_bytes",
            )
        if account.outputs and self._outputs + cost > limits.log_outputs_bytes:
            return TooLarge(
                f"The outputs of this interview have reached their limit of {_text(limits.log_outputs_bytes)} in all. "
                "Nothing can be run any more; the text can still be edited.",
                limit=limits.log_outputs_bytes,
                budget="log_outputs_bytes",
            )
        name = "log_outputs_bytes" if account.outputs else "log_bytes"
        share = int(getattr(limits, name) * SHARE)
        if account.member and self._accounts.get(account, 0) + cost > share:
            whose = "The outputs of your runs" if account.outputs else "What you wrote"
            return TooLarge(
                f"{whose} reached {_text(share)} in the log of this interview, which is as much as one person may add.",
                limit=share,
                budget=name,
            )
        return None

    def _in_a_minute(self, account: Account, cost: int, waiting: int) -> InterviewError | None:
        limit, name = self._minute(account)
        if cost > limit:
            return TooLarge(
                f"This is more than the {_text(limit)} that one person may add to the interview's log in a minute.",
                limit=limit,
                budget=name,
            )
        now = self._moments.now()
        window = self._windows.get(account)
        used = (window.total(now) if window is not None else 0) + waiting
        if used + cost <= limit:
            return None
        wait = window.wait(now, used + cost - limit) if window is not None else 1
        if account.outputs:
            text = f"The outputs of your runs reached the {_text(limit)} that they may have in a minute. Run it again"
        else:
            text = f"You reached the {_text(limit)} that one person may add to the interview in a minute. Try again"
        return RateLimited(f"{text} in {wait} s.", limit=limit, retry_after=wait, budget=name)

    def _tell(self, notice: JSON) -> None:
        try:
            self.warn(notice)
        except Exception:  # it is written all the same
            _log.exception("A notice could not be sent")


def read_budget(connection: Any, room: int, limits: Limits) -> Budget:
    """The budget of a room's log as it is stored: sums of lengths, no contents."""
    since = clock.now() - MINUTE_S * _SECOND_US
    after = seq_at(connection, room, since)
    return Budget(limits, sizes(connection, room), sizes_since(connection, room, after=after, since=since))


def _level(used: int, limit: int) -> int:
    return 2 if used >= limit else 1 if used >= WARN_AT * limit else 0


def _notice(name: str, used: int, limit: int) -> JSON | None:
    what = "The outputs of this interview" if name == "log_outputs_bytes" else "The log of this interview"
    text = {
        1: f"{what} will soon reach the limit of {_text(limit)}; then nothing is added any more.",
        2: f"{what} reached the limit of {_text(limit)}: nothing is added any more. It can still be ended.",
    }.get(_level(used, limit))
    return None if text is None else {"budget": name, "used": used, "limit": limit, "message": text}


def _text(size: int) -> str:
    """A number of bytes as people read it."""
    for unit, each in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= each:
            return f"{size / each:.3g} {unit}"
    return f"{size} bytes"


__all__ = ["Account", "Budget", "Window", "read_budget"]
