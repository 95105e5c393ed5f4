"""How long does who took much of the event loop have to wait?"""

from __future__ import annotations

import asyncio

import pytest

from jupyter_interview.collab.shares import BURST, SHARE, Shares

from .conftest import MakePair


class Watch:
    """A clock of the test's."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_who_takes_little_never_waits() -> None:
    watch = Watch()
    shares = Shares(watch, watch)
    for _ in range(1_000):
        shares.charge(1, SHARE / 20)
        watch.now += 1 / 20
        assert shares.wait(1) == 0


def test_who_took_much_waits_until_it_is_the_share_again() -> None:
    watch = Watch()
    shares = Shares(watch, watch)
    with shares.spending(1):
        watch.now += BURST + 1
    assert shares.wait(1) == pytest.approx(1 / SHARE)
    assert shares.wait(2) == 0, "others do not"
    watch.now += shares.wait(1)
    assert shares.wait(1) == pytest.approx(0)
    shares.charge(1, 0.5)
    assert shares.wait(1) == pytest.approx(0.5 / SHARE)


def test_what_failed_took_its_time_too() -> None:
    watch = Watch()
    shares = Shares(watch, watch)
    with pytest.raises(ValueError), shares.spending(1):
        watch.now += 2
        raise ValueError
    assert shares.wait(1) > 0


async def test_a_turn_comes_when_the_share_is_there_again(ji_pair: MakePair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = await ji_pair()
    waits, slept = [0.25, 0.125, 0.0], list[float]()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(pair.document._sockets.shares, "wait", lambda member: waits.pop(0))
    monkeypatch.setattr(asyncio, "sleep", sleep)
    await pair.document.turn(1)
    assert slept == [0.25, 0.125]
