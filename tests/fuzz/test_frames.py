"""Is anybody disturbed when somebody sends frames that no client of ours would send?

A small number of them, always the same; ``python -m benchmarks.hostile`` sends 100,000 and takes the time.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.clients import House
from tests.integration.fixtures import complaints

from .attack import Attack, Neighbour, resident

pytestmark = pytest.mark.integration

EXAMPLES, FRAMES = 30, 35
#: What a room under attack may hold: its notebook, what is said of it, and what the allocator keeps.
SPARE_BYTES = 128 * 2**20


async def test_frames_of_all_kinds_to_all_sockets_disturb_nobody(house: House) -> None:
    """The neighbour's keys all arrive in order, no socket closes but for a refusal, nothing fails, memory stays."""
    room = await house.room("Under attack")
    eve, sam = await room.join("Eve"), await room.invite("spectator", "Sam")
    first = await eve.document()
    await eve.run(first.cell())
    attack, neighbour = Attack(room, eve, sam, await eve.kernel_id()), await Neighbour.move_in(house)
    process = house.server.process
    assert process is not None
    loop, before = asyncio.get_running_loop(), resident(process.pid)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(seeds=st.lists(st.integers(0, 2**40), min_size=FRAMES, max_size=FRAMES))
    def send(seeds: list[int]) -> None:
        asyncio.run_coroutine_threadsafe(attack.send(seeds), loop).result()
        assert not (said := complaints(house.server.log)), said

    async with neighbour.typing():
        await asyncio.to_thread(send)

    await attack.close()
    assert attack.sent >= EXAMPLES * FRAMES and len(neighbour.typed) > EXAMPLES
    assert resident(process.pid) - before < SPARE_BYTES
    notebook = await room.notebook()
    assert notebook["nbformat"] == 4
    manifest = (await house.owner.get(f"api/interview/rooms/{room.id}/replay")).json()
    assert manifest["frames"], "what they left of the notebook can be played again"
