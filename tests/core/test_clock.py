"""Is a moment the same after it was written and read?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_interview.core import clock

LAST = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp()) * 1_000_000


@given(st.integers(0, LAST))
def test_every_microsecond_survives(at: int) -> None:
    text = clock.iso(at)
    assert text is not None and text.endswith("Z") and len(text) == 27
    assert clock.parse(text) == at


def test_text_sorts_as_time_does() -> None:
    moments = [0, 1, 999_999, 1_000_000, 1_700_000_000_000_000, LAST]
    assert sorted(str(clock.iso(at)) for at in moments) == [clock.iso(at) for at in moments]


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.000000+00:00"],
)
def test_zones_are_understood(text: str) -> None:
    assert clock.parse(text) == 1_769_860_800_000_000


@pytest.mark.parametrize("text", ["", "now", "2026-13-01", "12", "2026-01-31T25:00:00Z"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        clock.parse(text)


def test_now_is_now_and_nothing_stays_nothing() -> None:
    before = datetime.now(UTC)
    at = clock.now()
    after = datetime.now(UTC)
    # One microsecond of rounding on each side.
    assert int(before.timestamp() * 1e6) - 1 <= at <= int(after.timestamp() * 1e6) + 1
    assert clock.iso(None) is None


class _Clocks:
    """A clock that can be set, and one that cannot."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.wall, self.ticked = 1_000_000_000, 5_000_000
        monkeypatch.setattr(clock, "now", lambda: self.wall)
        monkeypatch.setattr(clock, "ticks", lambda: self.ticked)

    def go(self, microseconds: int) -> None:
        """So much time goes by."""
        self.wall += microseconds
        self.ticked += microseconds


def test_moments_go_on_whatever_the_clock_is_set_to(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = _Clocks(monkeypatch)
    moments = clock.Steady(clocks.wall - 50)
    seen = [moments.now()]
    for step in (0, -3_600_000_000, 86_400_000_000, -86_400_000_000, 0):
        clocks.wall += step
        clocks.go(10)
        seen.append(moments.now())
    day = 86_400_000_000
    # Back an hour: as if nothing was. Forward a day, from there 23 hours: it follows, and stays when that is undone.
    forward = day - 3_600_000_000
    assert [at - seen[0] for at in seen] == [0, 10, 20, 30 + forward, 40 + forward, 50 + forward]


def test_moments_begin_behind_what_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = _Clocks(monkeypatch)
    moments = clock.Steady(clocks.wall + 1_000)
    clocks.go(5)
    assert moments.now() == clocks.wall + 1_000
    moments.reached(clocks.wall + 2_000)
    moments.reached(clocks.wall)
    clocks.go(5)
    assert moments.now() == clocks.wall + 2_000


def test_a_clock_that_was_set_is_noticed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = _Clocks(monkeypatch)
    moments = clock.Steady()
    clocks.go(900_000_000)
    assert moments.step() == 0
    clocks.wall -= 3_600_000_000
    clocks.go(7)
    assert [moments.step(), moments.step()] == [-3_600_000_000, 0]
    clocks.wall += 200_000
    assert moments.step() == 0, "corrected by the network's time"


@pytest.mark.parametrize(
    ("by", "told"), ((1_000_000, 1_000_000), (-1_000_000, -1_000_000), (999_999, 0), (-999_999, 0))
)
def test_a_second_is_a_step(monkeypatch: pytest.MonkeyPatch, by: int, told: int) -> None:
    clocks = _Clocks(monkeypatch)
    moments = clock.Steady()
    clocks.wall += by
    assert moments.step() == told


@pytest.mark.parametrize(("pause", "told"), ((100_000, -5_000_000), (100_001, 0)))
def test_a_look_that_was_interrupted_says_nothing(monkeypatch: pytest.MonkeyPatch, pause: int, told: int) -> None:
    clocks = _Clocks(monkeypatch)
    moments = clock.Steady()
    looks = [clocks.ticked, clocks.ticked + pause]
    clocks.go(pause)
    clocks.wall -= 5_000_000
    monkeypatch.setattr(clock, "ticks", lambda: looks.pop(0))
    assert moments.step() == told


HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("steps", "went"),
    [
        ([], 10 * HOUR),
        # Set forward: an hour of the log that nobody lived through.
        ([(2 * HOUR, HOUR)], 9 * HOUR),
        # Set back: moments go on as they went.
        ([(2 * HOUR, -HOUR)], 10 * HOUR),
        # Back and forward again: they had never followed.
        ([(2 * HOUR, -HOUR), (3 * HOUR, HOUR)], 10 * HOUR),
        ([(2 * HOUR, -HOUR), (3 * HOUR, 3 * HOUR)], 8 * HOUR),
        # Before the beginning, and after the end.
        ([(0, HOUR), (12 * HOUR, HOUR)], 10 * HOUR),
        ([(0, -HOUR), (5 * HOUR, HOUR)], 10 * HOUR),
        ([(5 * HOUR, 30 * HOUR)], 0),
    ],
)
def test_time_that_went_by_is_not_what_a_clock_was_set_by(steps: list[tuple[int, int]], went: int) -> None:
    assert clock.went_by(HOUR, 11 * HOUR, steps) == went
