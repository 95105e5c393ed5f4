"""Does Docker hold, whatever a candidate runs in it?"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from jupyter_interview.core.limits import Limits
from jupyter_interview.execution import kernels_dir
from jupyter_interview.provisioners import DockerEngine
from jupyter_interview.provisioners.images import default_images

from ..fixtures.real import missing
from .battery import Battery
from .cases import CASES
from .cases.case import DOCKER, Case
from .cases.resources import LIMITS
from .world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def battery(ji_world: World, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Battery]:
    """The battery in containers."""
    directory = str(tmp_path_factory.mktemp("r"))
    engine = DockerEngine(Limits.checked(**LIMITS), directory, default_images(kernels_dir()))
    if engine.known_problem("python") is not None:
        missing(f"Docker with its images ({engine.known_problem('python')})")
    battery = Battery(DOCKER, engine, directory, ji_world)
    await battery.open()
    yield battery
    await battery.close()


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[f"{theme}: {case}" for theme, case in CASES])
async def test_it_holds(battery: Battery, case: Case) -> None:
    await battery.hold(case)
