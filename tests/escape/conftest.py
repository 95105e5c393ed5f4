"""Fixtures of the escape battery.

- `ji_world`: the things that are attacked
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .world import World


@pytest.fixture(scope="module")
def ji_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server's secrets, sockets and processes, unharmed until the end."""
    world = World(tmp_path_factory.mktemp("w"))
    yield world
    world.close()
