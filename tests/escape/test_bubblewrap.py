"""Does bubblewrap hold, with a user namespace and under root's way, whatever a candidate runs in it?"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import BubblewrapEngine

from .battery import Battery
from .cases import CASES, RIGHTS
from .cases.case import ROOT, USER, Case
from .cases.resources import LIMITS
from .world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


#: How a kernel is shut in here: root gives it a number of its own, others hide behind a user namespace.
OWN = ROOT if os.geteuid() == 0 else USER


@asynccontextmanager
async def _battery(way: str, world: World, directory: str) -> AsyncIterator[Battery]:
    engine = BubblewrapEngine(Limits.checked(**LIMITS), directory, [str(world.data), str(world.hidden)])
    assert engine.problem is None, engine.problem
    engine.real_user = way == ROOT
    battery = Battery(way, engine, directory, world)
    await battery.open()
    yield battery
    await battery.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def battery(ji_world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Battery]:
    """The battery in this user's way."""
    async with _battery(OWN, ji_world, str(tmp_path_factory.mktemp("r"))) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mapped(ji_world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Battery]:
    """The battery with a user namespace, where root may stand behind the kernel's user."""
    async with _battery(USER, ji_world, str(tmp_path_factory.mktemp("r"))) as made:
        yield made


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[f"{theme}: {case}" for theme, case in CASES])
async def test_it_holds(battery: Battery, case: Case) -> None:
    await battery.hold(case)


OF_RIGHTS = [(theme, case) for theme, case in CASES if theme in RIGHTS]


@pytest.mark.parametrize("case", [case for _, case in OF_RIGHTS], ids=[f"{theme}: {case}" for theme, case in OF_RIGHTS])
async def test_nobody_has_more_rights_behind_a_mapping(mapped: Battery, case: Case) -> None:
    await mapped.hold(case)
