"""How much does somebody leave unread?

What is written to a client that does not read waits in this process. It is counted per *owner*, the member behind a
connection or the address of a stranger, over all connections: sockets and answers alike. A message costs its bytes and
what this process needs to wait for its end.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

OVERHEAD_BYTES = 2_048
"""What a message costs while it waits, however short it is: a task, futures, a place in the queue."""


class Unsent:
    """The bytes that wait for each owner."""

    def __init__(self) -> None:
        self._bytes: Counter[str] = Counter()

    def of(self, owner: str) -> int:
        """Bytes that wait for this owner."""
        return self._bytes.get(owner, 0)

    def add(self, owner: str, count: int) -> None:
        """So many more wait."""
        self._bytes[owner] += count

    def sent(self, owner: str, count: int) -> None:
        """So many wait no longer; nothing is kept of an owner for whom nothing waits."""
        self._bytes[owner] -= count
        if self._bytes[owner] <= 0:
            del self._bytes[owner]


class Backlog:
    """What one connection leaves unread.

    The limit is on what waits behind the largest message: one alone, the document for instance, may be larger than it.

    Args:
        unsent: where it is counted for its owner.
        owner: who that is.
        most: bytes for this connection.
        most_of_owner: bytes for all connections of the owner.
    """

    def __init__(self, unsent: Unsent, owner: str, most: int, most_of_owner: int) -> None:
        self._unsent = unsent
        self._owner = owner
        self._most = most
        self._most_of_owner = most_of_owner
        self._largest = 0
        self._empty: asyncio.Event = asyncio.Event()
        self._empty.set()
        self.bytes = 0

    def takes(self, size: int) -> bool:
        """Whether a message of so many bytes may wait, too."""
        behind = self.bytes + size - max(self._largest, size)
        others = self._unsent.of(self._owner) - self.bytes
        return behind <= self._most and (others <= 0 or others + self.bytes + size <= self._most_of_owner)

    def wait_for(self, size: int, written: asyncio.Future[Any]) -> None:
        """Count a message of so many bytes until ``written`` is done."""
        cost = size + OVERHEAD_BYTES
        self.bytes += cost
        self._largest = max(self._largest, cost)
        self._unsent.add(self._owner, cost)
        self._empty.clear()
        written.add_done_callback(lambda _: self._written(cost))

    async def drained(self) -> None:
        """Wait until nothing waits."""
        await self._empty.wait()

    def _written(self, cost: int) -> None:
        self.bytes -= cost
        self._unsent.sent(self._owner, cost)
        if self.bytes <= 0:
            self._largest = 0
            self._empty.set()


def owner_of(handler: Any) -> str:
    """Whose unread bytes those of a handler are: the user's that it found, or a stranger's address."""
    user = getattr(handler, "interview_user", None)
    return f"user {user.username}" if user is not None else f"address {handler.request.remote_ip}"


UNSENT = Unsent()
"""Of this process."""
