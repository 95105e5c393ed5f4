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
