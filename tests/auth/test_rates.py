"""Are hits counted per key, in time, and with bounded memory?"""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.auth.rates import DEFAULT_RATES, RateLimits
from jupyter_interview.auth.windows import Buckets, WindowStorage
from jupyter_interview.core.errors import RateLimited


class _Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def rates(clock: _Clock) -> RateLimits:
    return RateLimits(clock=clock)


def refused_for(rates: RateLimits, limit: str, *key: str) -> int:
    with pytest.raises(RateLimited) as refused:
        rates.hit(limit, *key)
    assert refused.value.error_code == "rate_limited"
    seconds = refused.value.details["retry_after"]
    assert isinstance(seconds, int)
    shown = "1 second" if seconds == 1 else f"{seconds} seconds"
    assert refused.value.message == f"Too many requests. Try again in {shown}."
    return seconds


@pytest.mark.parametrize(
    ("limit", "amount", "seconds"),
    [("login", 10, 60), ("join", 20, 60), ("rest", 600, 60), ("frame", 100, 1), ("channel", 40, 1)],
)
def test_defaults(rates: RateLimits, clock: _Clock, limit: str, amount: int, seconds: int) -> None:
    for _ in range(amount):
        rates.hit(limit, "a")
    assert refused_for(rates, limit, "a") == seconds
    clock.now += seconds - 0.001
    assert refused_for(rates, limit, "a") == 1
    clock.now += 0.002
    rates.hit(limit, "a")


def test_window_moves(rates: RateLimits, clock: _Clock) -> None:
    for _ in range(10):
        rates.hit("login", "a")
        clock.now += 3
    assert refused_for(rates, "login", "a") == 30
    clock.now += 30
    rates.hit("login", "a")
    assert refused_for(rates, "login", "a") == 3


def test_the_last_second_is_one(rates: RateLimits) -> None:
    for _ in range(40):
        rates.hit("channel", "a")
    assert refused_for(rates, "channel", "a") == 1


def test_refused_hits_do_not_prolong(rates: RateLimits, clock: _Clock) -> None:
    for _ in range(10):
        rates.hit("login", "a")
    for _ in range(50):
        clock.now += 1
        refused_for(rates, "login", "a")
    clock.now += 10.001
    rates.hit("login", "a")


def test_keys_are_apart(rates: RateLimits) -> None:
    for _ in range(10):
        rates.hit("login", "email", "a")
    refused_for(rates, "login", "email", "a")
    rates.hit("login", "address", "a")
    rates.hit("login", "email", "b")
    rates.hit("login", "email")
    rates.hit("login", "email/a")
    rates.hit("login", "('email', 'a')")
    rates.hit("join", "email", "a")


def test_several_rates_of_one_limit(rates: RateLimits, clock: _Clock) -> None:
    for _ in range(12):
        for _ in range(5):
            rates.hit("chat", "m")
        assert refused_for(rates, "chat", "m") in (1, 60 - 11)
        clock.now += 1.001
    assert refused_for(rates, "chat", "m") > 1


def test_document_bucket(rates: RateLimits, clock: _Clock) -> None:
    for _ in range(200):
        rates.hit("document", "m")
    assert refused_for(rates, "document", "m") == 1
    rates.hit("document", "other")
    clock.now += 0.1
    for _ in range(20):
        rates.hit("document", "m")
    refused_for(rates, "document", "m")


def test_fast_typist_never_meets_the_document_limit(rates: RateLimits, clock: _Clock) -> None:
    for _ in range(20_000):
        for _ in range(4):
            rates.hit("document", "m")
        clock.now += 0.02


@pytest.mark.parametrize("other", ["2001:db8::2", "2001:0DB8:0::ffff", "2001:db8:0:0:1234::"])
def test_ipv6_counts_by_network(rates: RateLimits, other: str) -> None:
    for _ in range(10):
        rates.hit("login", "address", "2001:db8::1")
    refused_for(rates, "login", "address", other)
    rates.hit("login", "address", "2001:db8:0:1::1")


def test_mapped_ipv4_counts_as_itself(rates: RateLimits) -> None:
    for _ in range(10):
        rates.hit("login", "address", "::ffff:192.0.2.1")
    refused_for(rates, "login", "address", "192.0.2.1")
    rates.hit("login", "address", "::ffff:192.0.2.2")


def test_configured(clock: _Clock) -> None:
    rates = RateLimits({"login": "1 per 2 minutes", "document": "3/second"}, clock)
    rates.hit("login", "a")
    assert refused_for(rates, "login", "a") == 120
    for _ in range(3):
        rates.hit("document", "a")
    refused_for(rates, "document", "a")
    for _ in range(20):
        rates.hit("join", "a")
    refused_for(rates, "join", "a")


def test_unknown_name() -> None:
    with pytest.raises(ValueError, match=r"unknown rate limit 'logn'.*login"):
        RateLimits({"logn": "1/second"})
    with pytest.raises(KeyError):
        RateLimits().hit("logn", "a")


@pytest.mark.parametrize(
    "text",
    ["", "10", "ten/minute", "10/fortnight", "-1/minute", "0/minute", "1.5/second", "10/minute;", "1/2 days",
     "1000000/second", "1/year", "9" * 5_000 + "/minute"],
)  # fmt: skip
def test_malformed_rates(text: str) -> None:
    with pytest.raises(ValueError, match="login"):
        RateLimits({"login": text})


def test_bucket_takes_one_rate() -> None:
    with pytest.raises(ValueError, match="document takes a single rate"):
        RateLimits({"document": "1/second; 5/minute"})


def test_every_default_is_readable() -> None:
    for name, text in DEFAULT_RATES.items():
        RateLimits({name: text})


def test_no_threads_are_started() -> None:
    before = threading.enumerate()
    rates = RateLimits()
    for number in range(100):
        for limit in DEFAULT_RATES:
            rates.hit(limit, str(number))
    assert threading.enumerate() == before


def test_made_up_keys_do_not_fill_the_memory(clock: _Clock) -> None:
    storage = WindowStorage(keys=100, clock=clock)
    for number in range(1_000):
        assert storage.acquire_entry(str(number), 10, 60)
        assert storage.acquire_entry("used", 10_000, 60)
    assert len(storage) == 100
    assert storage.get("used") == 1_000
    buckets = Buckets(10, 1, keys=100, clock=clock)
    for number in range(1_000):
        assert buckets.take((str(number),)) == 0
    assert len(buckets) == 100


def test_full_buckets_are_forgotten_first(clock: _Clock) -> None:
    buckets = Buckets(10, 1, keys=100, clock=clock)
    for number in range(100):
        buckets.take((str(number),))
    clock.now += 1
    buckets.take(("late",))
    assert len(buckets) == 1


def test_long_keys_are_cut(rates: RateLimits) -> None:
    for _ in range(10):
        rates.hit("login", "email", "x" * 1_000_000)
    storage = rates._windows["login"][0].storage
    assert isinstance(storage, WindowStorage)
    assert max(map(len, storage._hits)) < 1_000


def test_windows_without_a_limit(clock: _Clock) -> None:
    storage = WindowStorage(clock=clock)
    assert [storage.incr("a", 10), storage.incr("a", 10, 2)] == [1, 3]
    clock.now += 1
    assert storage.get_expiry("a") == clock.now - 1
    assert storage.get_moving_window("a", 5, 10) == (clock.now - 1, 3)
    storage.clear("a")
    assert storage.get("a") == 0
    assert storage.get_expiry("a") == clock.now
    storage.incr("b", 10)
    assert storage.check()
    assert storage.reset() == 1


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_bucket_never_gives_more_than_its_rate(pauses: list[float]) -> None:
    clock = _Clock()
    buckets = Buckets(5, 1, clock=clock)
    taken: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = buckets.take(("a",))
        assert 0 <= wait <= 0.2 + 1e-6
        if wait == 0:
            taken.append(clock.now)
    for index, start in enumerate(taken):
        within = [at for at in taken[index:] if at <= start + 1]
        assert len(within) <= 10 + 1
