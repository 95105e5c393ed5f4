"""What time is it, and how is it written?"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

#: What a clock is corrected by without anybody noticing.
_STEP = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


def ticks() -> int:
    """Microseconds of a clock that nobody sets; it says how much time went by, and not what time it is."""
    return time.monotonic_ns() // 1000


class Steady:
    """Moments that go on at the pace of time, whatever the server's clock is set to.

    They follow the clock where it is ahead. Where it was set back they go on as they went: never back, and never two
    days in one moment.

    Args:
        at: a moment that was reached already, perhaps before the server started.
    """

    def __init__(self, at: int = 0) -> None:
        self._at, self._ticks = at, ticks()
        self._wall, self._looked = now(), self._ticks

    def now(self) -> int:
        """This moment."""
        ticked = ticks()
        self._at, self._ticks = max(self._at + ticked - self._ticks, now()), ticked
        return self._at

    def reached(self, at: int) -> None:
        """It is not before this moment."""
        self._at = max(self.now(), at)

    def step(self) -> int:
        """Microseconds by which the clock was set since the last look, or since the beginning; 0 where it just went."""
        before, wall, ticked = ticks(), now(), ticks()
        if ticked - before > _STEP // 10:
            # Others had the processor between the two: this says nothing.
            return 0
        step = wall - self._wall - (ticked - self._looked)
        self._wall, self._looked = wall, ticked
        return step if abs(step) >= _STEP else 0


def went_by(start: int, end: int, steps: Iterable[tuple[int, int]]) -> int:
    """Microseconds that really went by between two moments of a log: less than is between them where a clock was set.

    Args:
        start: the earlier moment.
        end: the later one.
        steps: moments at which the clock was set, and by how much, from the log's beginning on. Set back, it leaves
            moments going on as they went; set forward, they follow as soon as it is ahead of them.
    """
    ahead = skipped = 0
    for at, by in steps:
        jump = max(0, by - ahead)
        ahead = max(0, ahead - by)
        skipped += jump if start < at <= end else 0
    return max(0, end - start - skipped)


def iso(at: int | None) -> str | None:
    """ISO 8601 with microseconds and ``Z``; ``None`` stays ``None``."""
    if at is None:
        return None
    moment = _EPOCH + timedelta(microseconds=at)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse(text: str) -> int:
    """Microseconds of an ISO 8601 moment; one without a zone is UTC.

    Raises:
        ValueError: the text is no such moment.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
