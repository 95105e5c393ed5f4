"""How are hits remembered?

Two counters in memory, both bounded and without threads:

- `WindowStorage`, a storage for the moving windows of the library `limits`. The library's own memory storage starts a
  timer thread every 10 ms while it is in use and walks over all keys in each, which the event loop would feel.
- `Buckets`, token buckets for what is counted at every keystroke: under a microsecond where a window takes five.

Neither is safe to use from several threads: they belong to the event loop.
"""

from __future__ import annotations

import bisect
import time
from array import array
from collections.abc import Callable

from limits.storage import MovingWindowSupport, Storage

Clock = Callable[[], float]
KEYS = 10_000


class WindowStorage(Storage, MovingWindowSupport):
    """Times of the latest hits of each key, for `limits.strategies.MovingWindowRateLimiter`.

    Of more than ``keys`` keys the ones unused for longest are forgotten, so that a flood of made-up keys cannot fill
    the memory; it would have to be that large to make the server forget somebody else's count.

    Args:
        keys: keys that are remembered.
        clock: seconds, never going back.
    """

    def __init__(self, keys: int = KEYS, clock: Clock = time.monotonic) -> None:
        super().__init__()
        self._keys = keys
        self._clock = clock
        self._hits: dict[str, array[float]] = {}

    def __len__(self) -> int:
        return len(self._hits)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count ``amount`` hits of ``key`` if no more than ``limit`` fall into the last ``expiry`` seconds."""
        hits = self._recent(key, expiry)
        if len(hits) + amount > limit:
            return False
        self._count(key, hits, amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the first hit within the last ``expiry`` seconds was, and how many there were."""
        hits = self._recent(key, expiry)
        return (hits[0] if hits else self._clock()), len(hits)

    def _recent(self, key: str, expiry: int) -> array[float]:
        """The hits in the window; the key becomes the latest used, or is forgotten if there are none."""
        hits = self._hits.pop(key, None)
        if hits is None:
            return array("d")
        if past := bisect.bisect_right(hits, self._clock() - expiry):
            del hits[:past]
        if hits:
            self._hits[key] = hits
        return hits

    def _count(self, key: str, hits: array[float], amount: int) -> None:
        hits.extend([self._clock()] * amount)
        self._hits[key] = hits
        if len(self._hits) > self._keys:
            del self._hits[next(iter(self._hits))]

    @property
    def base_exceptions(self) -> type[Exception]:
        """Required by the library; nothing here fails."""
        return ValueError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count without a limit; the hits of the last ``expiry`` seconds."""
        hits = self._recent(key, expiry)
        self._count(key, hits, amount)
        return len(hits)

    def get(self, key: str) -> int:
        """The hits that are remembered of ``key``."""
        return len(self._hits.get(key, ()))

    def get_expiry(self, key: str) -> float:
        """Required by the library for fixed windows; here the time of the latest hit."""
        hits = self._hits.get(key)
        return hits[-1] if hits else self._clock()

    def check(self) -> bool:
        """Whether the storage works."""
        return True

    def reset(self) -> int:
        """Forget everything; how many keys that were."""
        count = len(self._hits)
        self._hits.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget ``key``."""
        self._hits.pop(key, None)


class Buckets:
    """Token buckets: ``amount`` at once, refilled evenly over ``seconds``.

    Args:
        amount: what a full bucket holds.
        seconds: time in which an empty one fills.
        keys: buckets that are remembered; a full one need not be.
        clock: seconds, never going back.
    """

    def __init__(self, amount: int, seconds: float, keys: int = KEYS, clock: Clock = time.monotonic) -> None:
        self._amount = amount
        self._seconds = seconds
        self._rate = amount / seconds
        self._keys = keys
        self._clock = clock
        self._full_at: dict[tuple[str, ...], float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, key: tuple[str, ...]) -> float:
        """Take one out of the bucket of ``key``: 0, or the seconds until there is one (then none is taken)."""
        now = self._clock()
        full_at = self._full_at.get(key, now)
        # A bucket is described by the moment at which it will be full; each taken token puts it off.
        wanted = max(full_at, now) + 1 / self._rate
        wait = wanted - now - self._seconds
        # The tolerance is for the rounding of sums of 1/rate.
        if wait > 1e-9:
            return wait
        self._full_at[key] = wanted
        if len(self._full_at) > self._keys:
            self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        self._full_at = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
        while len(self._full_at) > self._keys:
            del self._full_at[next(iter(self._full_at))]
