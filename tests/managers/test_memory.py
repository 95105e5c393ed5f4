"""Does a room's memory follow its notebook, and not the length of its log?"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.managers.conftest import MakeHouse

SIZE = 1_000_000
RUNS = 60
MB = 1_000_000


async def _long_log(ji_house: MakeHouse) -> tuple[str, str]:
    """A room whose log has 60 MB and whose notebook 1 MB: one cell, run again and again. Its URL and id."""
    house = await ji_house(log_outputs_minute_bytes=256 * MB)
    live = await house.room()
    ada = await house.seat(live)
    for number in range(RUNS):
        await live.runs.request(ada, 0, [(None, None)])
        outputs = house.kernels[live.room.id].begin()
        for part in range(4):
            outputs.stream("stdout", f"{number:02d}{part}\n" * (SIZE // 16))
        house.kernels[live.room.id].end()
        await live.log.barrier()
    await house.crash()
    return house.url, live.room.id


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("what", ["open", "fold", "frames"])
async def test_a_long_log_takes_no_more_memory_than_the_notebook(ji_house: MakeHouse, what: str) -> None:
    url, room = await _long_log(ji_house)
    command = [sys.executable, "-m", "tests.managers.opening", what, url, room]
    root = Path(__file__).parents[2]
    process = await asyncio.create_subprocess_exec(*command, cwd=root, stdout=asyncio.subprocess.PIPE)
    answer, _ = await process.communicate()
    assert process.returncode == 0
    found = json.loads(answer.splitlines()[-1])
    grown = {name: (found[name] - found["before"]) / MB for name in ("peak", "after")}
    assert grown["peak"] < 3 * SIZE / MB + 37, grown
    assert grown["after"] < 3 * SIZE / MB + 27, grown
