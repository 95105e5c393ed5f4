"""How often may one origin do something?

Named limits, each written in the notation of the library `limits` (``10/minute``, ``5/second; 60/minute``) and counted
in moving windows per key. The limit ``document`` is met at every keystroke and is a token bucket instead.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from types import MappingProxyType

from limits import RateLimitItem, parse_many
from limits.strategies import MovingWindowRateLimiter

from ..core.errors import RateLimited
from ..core.network import network_of
from .windows import Buckets, Clock, WindowStorage

DEFAULT_RATES: Mapping[str, str] = MappingProxyType(
    {
        "login": "10/minute",
        "guess": "100/hour",
        "password": "10/minute",
        "join": "20/minute",
        "knock": "300/minute",
        "rest": "600/minute",
        "socket": "15/second; 120/minute",
        "frame": "100/second",
        "channel": "40/second",
        "chat": "5/second; 60/minute",
        "document": "200/second",
        "export": "20/minute",
        "fork": "10/hour",
    }
)
_BUCKETS = frozenset({"document"})
_MAX_AMOUNT = 100_000
_MAX_SECONDS = 86_400
_KEY_CHARS = 320


class RateLimits:
    """The Protocol `core.ports.RateLimiter`; used on the event loop only.

    Args:
        rates: limits that differ from `DEFAULT_RATES`.
        clock: seconds, never going back.

    Raises:
        ValueError: a name is unknown, or a rate is malformed or out of range.
    """

    def __init__(self, rates: Mapping[str, str] | None = None, clock: Clock = time.monotonic) -> None:
        chosen = dict(DEFAULT_RATES)
        for name, text in (rates or {}).items():
            if name not in DEFAULT_RATES:
                raise ValueError(f"unknown rate limit {name!r}; known are {', '.join(DEFAULT_RATES)}")
            chosen[name] = text
        self._clock = clock
        self._windows: dict[str, tuple[MovingWindowRateLimiter, list[RateLimitItem]]] = {}
        self._buckets: dict[str, Buckets] = {}
        for name, text in chosen.items():
            items = _parsed(name, text)
            if name in _BUCKETS:
                if len(items) != 1:
                    raise ValueError(f"rate limit {name} takes a single rate, not {text!r}")
                self._buckets[name] = Buckets(items[0].amount, items[0].get_expiry(), clock=clock)
            else:
                # A storage for each limit: a flood against one does not push out what another remembers.
                self._windows[name] = (MovingWindowRateLimiter(WindowStorage(clock=clock)), items)

    def hit(self, limit: str, *key: str) -> None:
        """Count one.

        Args:
            limit: a name of `DEFAULT_RATES`.
            *key: what is counted. Say of what kind it is where kinds could be confused: ``("email", …)`` and
                ``("address", …)``. An IPv6 address counts as its /64 network, the smallest that one person gets.

        Raises:
            RateLimited: that was one too many; ``retry_after`` is in whole seconds. A refused one is not counted.
        """
        bucket = self._buckets.get(limit)
        if bucket is not None:
            wait = bucket.take(key)
            if wait > 0:
                _refuse(wait)
            return
        limiter, items = self._windows[limit]
        identifier = repr(tuple(_origin(part) for part in key))
        for item in items:
            if not limiter.hit(item, identifier):
                _refuse(limiter.get_window_stats(item, identifier).reset_time - self._clock())


def _parsed(name: str, text: str) -> list[RateLimitItem]:
    try:
        items = parse_many(text)
    except ValueError as error:
        raise ValueError(f"rate limit {name} = {text!r} is not of the form '10/minute'") from error
    for item in items:
        if not (0 < item.amount <= _MAX_AMOUNT and 0 < item.get_expiry() <= _MAX_SECONDS):
            raise ValueError(f"rate limit {name} = {text!r} is outside 1 to {_MAX_AMOUNT} in at most a day")
    return items


def _origin(part: str) -> str:
    """The part of a key as it is counted: short, and one text for all addresses of one IPv6 network."""
    return network_of(part) if ":" in part and len(part) < _KEY_CHARS else part[:_KEY_CHARS]


def _refuse(wait: float) -> None:
    seconds = max(1, math.ceil(wait))
    unit = "second" if seconds == 1 else "seconds"
    raise RateLimited(f"Too many requests. Try again in {seconds} {unit}.", retry_after=seconds)
