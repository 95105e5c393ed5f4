"""How much of the event loop may one member's messages take?

One loop serves all rooms. So the processor time that a member's messages took is written down, whatever they were, and
who has used up the share waits: the next message is read later, which TCP passes on to the sender.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

SHARE = 0.2
"""Seconds of a second that one member may take in the long run."""
BURST = 0.25
"""Seconds that may be taken at once, for instance when a page connects again."""

BYTES_A_SECOND = 20_000_000
"""What an answer weighs, in seconds of the loop: it is copied a few times until it is sent."""

Clock = Callable[[], float]


class Shares:
    """Who took how much.

    Args:
        clock: seconds, never going back.
        work: seconds that this thread has worked: a busy machine is nobody's fault.
    """

    def __init__(self, clock: Clock = time.monotonic, work: Clock = time.thread_time) -> None:
        self._clock = clock
        self._work = work
        self._spent: dict[int, tuple[float, float]] = {}

    def wait(self, member: int) -> float:
        """Seconds until a member may go on; 0 for at once."""
        return max(0.0, (self._left(member) - BURST) / SHARE)

    @contextmanager
    def spending(self, member: int, times: float = 1.0) -> Generator[None]:
        """What happens meanwhile is on the member's account, so many times: what holds up others for long is dear."""
        began = self._work()
        try:
            yield
        finally:
            self.charge(member, times * (self._work() - began))

    def charge(self, member: int, seconds: float) -> None:
        """Put something on a member's account."""
        self._spent[member] = (self._left(member) + seconds, self._clock())

    def sent(self, member: int, size: int) -> None:
        """So many bytes are on their way to a member who asked for them."""
        self.charge(member, size / BYTES_A_SECOND)

    def _left(self, member: int) -> float:
        spent, since = self._spent.get(member, (0.0, 0.0))
        return max(0.0, spent - (self._clock() - since) * SHARE)
