"""Fixtures of the replay's tests.

- `ji_replays`: makes a house of managers on one SQLite file, as often as the server starts; stopped with the test
- `ji_short`: frames of a few entries
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from jupyter_interview.managers.replay import framing
from tests.managers.house import House

MakeHouse = Callable[[], Awaitable[House]]


@pytest.fixture
async def ji_replays(tmp_path: Path) -> AsyncIterator[MakeHouse]:
    """``await ji_replays()``: on one SQLite file, as often as the server starts."""
    made: list[House] = []

    async def make() -> House:
        made.append(await House(f"sqlite:///{tmp_path / 'replay.db'}").start())
        return made[-1]

    yield make
    for house in reversed(made):
        await house.stop()


@pytest.fixture
def ji_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of a few entries."""
    monkeypatch.setattr(framing, "ENTRIES", 20)
