"""Are passwords kept and checked as they should be, also under attack?"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from argon2 import Parameters
from argon2.low_level import Type

from jupyter_interview.auth.passwords import PASSWORD_CHARS, Argon2Passwords
from jupyter_interview.core.errors import RateLimited, TooLarge

CHEAP = Parameters(type=Type.ID, version=19, salt_len=16, hash_len=32, time_cost=1, memory_cost=64, parallelism=1)


@pytest.fixture
def passwords() -> Iterator[Argon2Passwords]:
    made = Argon2Passwords(CHEAP)
    yield made
    made.close()


def test_round_trip(passwords: Argon2Passwords) -> None:
    encoded = asyncio.run(passwords.hash("correct horse"))
    assert encoded.startswith("$argon2id$")
    assert asyncio.run(passwords.verify(encoded, "correct horse"))
    assert not asyncio.run(passwords.verify(encoded, "correct horsf"))


def test_same_password_has_different_hashes(passwords: Argon2Passwords) -> None:
    assert asyncio.run(passwords.hash("x")) != asyncio.run(passwords.hash("x"))


def test_composed_and_decomposed_accents_are_one_password(passwords: Argon2Passwords) -> None:
    encoded = asyncio.run(passwords.hash("caf\u00e9"))
    assert asyncio.run(passwords.verify(encoded, "cafe\u0301"))


@pytest.mark.parametrize("password", ["", "\x00", "\ud800", "\U0001f511" * 10])
def test_any_text_is_a_password(passwords: Argon2Passwords, password: str) -> None:
    encoded = asyncio.run(passwords.hash(password))
    assert asyncio.run(passwords.verify(encoded, password))
    assert not asyncio.run(passwords.verify(encoded, password + "x"))


def test_unknown_account_costs_a_real_check(passwords: Argon2Passwords, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    verify = passwords._hasher.verify

    class Watched:
        def verify(self, encoded: str, password: bytes) -> bool:
            checked.append(encoded)
            return verify(encoded, password)

    monkeypatch.setattr(passwords, "_hasher", Watched())
    assert not asyncio.run(passwords.verify(None, "x"))
    assert not asyncio.run(passwords.verify("no hash", "x"))
    dummies = [encoded for encoded in checked if encoded != "no hash"]
    assert len(dummies) == 2
    assert all("m=64,t=1,p=1" in encoded for encoded in dummies)


def test_dummy_has_the_cost_of_new_hashes() -> None:
    passwords = Argon2Passwords()
    try:
        assert not passwords.needs_rehash(passwords._nobody)
    finally:
        passwords.close()


def test_needs_rehash(passwords: Argon2Passwords) -> None:
    encoded = asyncio.run(passwords.hash("x"))
    dearer = Argon2Passwords()
    try:
        assert not passwords.needs_rehash(encoded)
        assert dearer.needs_rehash(encoded)
        assert dearer.needs_rehash("no hash")
    finally:
        dearer.close()


def test_too_long(passwords: Argon2Passwords) -> None:
    with pytest.raises(TooLarge) as refused:
        asyncio.run(passwords.hash("x" * (PASSWORD_CHARS + 1)))
    assert refused.value.details == {"limit": PASSWORD_CHARS}
    assert refused.value.message == "A password has at most 1,024 characters."
    with pytest.raises(TooLarge):
        asyncio.run(passwords.verify(None, "x" * (PASSWORD_CHARS + 1)))
    assert not asyncio.run(passwords.verify(None, "x" * PASSWORD_CHARS))


class _Held:
    """A hasher whose threads wait until they are let go, and that counts how many work at once."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.started = threading.Semaphore(0)
        self.working = 0
        self.most = 0
        self.lock = threading.Lock()

    def hash(self, password: bytes) -> str:
        with self.lock:
            self.working += 1
            self.most = max(self.most, self.working)
        self.started.release()
        self.go.wait()
        with self.lock:
            self.working -= 1
        return "done"


def test_crowd_is_bounded_and_served_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    async def crowd() -> None:
        passwords = Argon2Passwords(CHEAP, workers=2, waiting=3)
        held = _Held()
        monkeypatch.setattr(passwords, "_hasher", held)
        served = [asyncio.create_task(passwords.hash("x")) for _ in range(5)]
        for _ in range(2):
            await asyncio.to_thread(held.started.acquire)
        with pytest.raises(RateLimited) as refused:
            await passwords.hash("x")
        assert refused.value.details["retry_after"] > 0
        held.go.set()
        assert await asyncio.gather(*served) == ["done"] * 5
        assert held.most == 2
        assert await passwords.hash("x") == "done"
        passwords.close()

    asyncio.run(crowd())


def test_caller_who_goes_away_keeps_the_place_until_the_thread_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    async def impatient() -> None:
        passwords = Argon2Passwords(CHEAP, workers=1, waiting=0)
        held = _Held()
        monkeypatch.setattr(passwords, "_hasher", held)
        gone = asyncio.create_task(passwords.hash("x"))
        await asyncio.to_thread(held.started.acquire)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        with pytest.raises(RateLimited):
            await passwords.hash("x")
        held.go.set()
        passwords._pool.shutdown(wait=True)
        assert passwords._places.acquire(blocking=False)

    asyncio.run(impatient())
