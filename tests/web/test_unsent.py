"""Is what waits to be read counted, bounded, and forgotten once it is read?"""

from __future__ import annotations

import asyncio

from jupyter_interview.web.unsent import OVERHEAD_BYTES, Backlog, Unsent


def _waiting() -> asyncio.Future[None]:
    return asyncio.get_running_loop().create_future()


async def test_what_waits_behind_the_largest_message_is_bounded() -> None:
    """The document may be larger than the limit: it is sent all the same, and what comes after it has its own room."""
    backlog = Backlog(Unsent(), "user a", 100_000, 10_000_000)
    assert backlog.takes(1_000_000), "one alone"
    backlog.wait_for(1_000_000, _waiting())
    assert not backlog.takes(1_000_000), "a second of its kind has to wait"
    taken = 0
    while backlog.takes(1):
        backlog.wait_for(1, _waiting())
        taken += 1
    assert 100_000 // (OVERHEAD_BYTES + 1) - 1 <= taken <= 100_000 // OVERHEAD_BYTES + 1, "a short one is not free"


async def test_an_owner_has_a_limit_over_all_connections() -> None:
    """Many sockets are no way around it; others have their own."""
    unsent = Unsent()
    first, second, others = (Backlog(unsent, name, 100_000, 150_000) for name in ("user a", "user a", "user b"))
    written = _waiting()
    first.wait_for(90_000, written)
    assert second.takes(50_000) and not second.takes(70_000) and others.takes(70_000)
    written.set_result(None)
    await asyncio.sleep(0)
    assert second.takes(70_000) and unsent.of("user a") == 0


async def test_what_was_read_or_lost_counts_no_more() -> None:
    """However a message ends."""
    unsent = Unsent()
    backlog = Backlog(unsent, "user a", 100_000, 150_000)
    read, lost = _waiting(), _waiting()
    backlog.wait_for(10, read)
    backlog.wait_for(10, lost)
    drained = asyncio.create_task(backlog.drained())
    read.set_result(None)
    await asyncio.sleep(0)
    assert backlog.bytes == OVERHEAD_BYTES + 10 and not drained.done()
    lost.cancel()
    await drained
    assert backlog.bytes == 0 and unsent.of("user a") == 0
