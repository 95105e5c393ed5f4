"""Does bubblewrap hold, with a user namespace and under root's way, whatever a candidate runs in it?"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

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


def _attempts() -> list[tuple[str, str, Case]]:
    """(way, theme, case). An ordinary user's server has one way, root's another.

    Under root the user's way is tried as well where rights count: root stands behind the kernel's user then.
    """
    if os.geteuid() != 0:
        return [(USER, *attempt) for attempt in CASES]
    return [(ROOT, *attempt) for attempt in CASES] + [(USER, *attempt) for attempt in CASES if attempt[0] in RIGHTS]


ATTEMPTS = _attempts()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def battery(
    request: pytest.FixtureRequest, ji_world: World, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Battery]:
    """The battery in one of the ways."""
    directory = str(tmp_path_factory.mktemp("r"))
    engine = BubblewrapEngine(Limits.checked(**LIMITS), directory, [str(ji_world.data), str(ji_world.hidden)])
    assert engine.problem is None, engine.problem
    engine.real_user = request.param == ROOT
    battery = Battery(request.param, engine, directory, ji_world)
    await battery.open()
    yield battery
    await battery.close()


@pytest.mark.parametrize(
    ("battery", "case"),
    [(way, case) for way, _, case in ATTEMPTS],
    ids=[f"{way}, {theme}: {case}" for way, theme, case in ATTEMPTS],
    indirect=["battery"],
    scope="module",
)
async def test_it_holds(battery: Battery, case: Case) -> None:
    await battery.hold(case)
