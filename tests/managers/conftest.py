"""Fixtures of the managers' tests.

- `ji_house`: makes a house of managers (`house.House`) on the test's database; stopped with the test
- `house`: one that is started
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.managers.house import House

MakeHouse = Callable[..., Awaitable[House]]


@pytest.fixture
async def ji_house(ji_database_url: str) -> AsyncIterator[MakeHouse]:
    """``await ji_house(grace_seconds=0.1)``: limits by name."""
    made: list[House] = []

    async def make(**keywords: Any) -> House:
        made.append(House(ji_database_url, **keywords))
        return await made[-1].start()

    yield make
    for house in reversed(made):
        await house.stop()


@pytest.fixture
async def house(ji_house: MakeHouse) -> House:
    """The managers, started."""
    return await ji_house()
