"""What does a refresh in the middle of a running cell keep?"""

from __future__ import annotations

from functools import partial

import pytest

from tests.integration.clients import House, Notebook

pytestmark = pytest.mark.integration

# It goes on when it is interrupted, so that what it writes after the refresh surely comes after it.
STEPS = """
import time
print("before", flush=True)
try:
    time.sleep(30)
except KeyboardInterrupt:
    print("after", flush=True)
"the end"
"""


def shows(notebook: Notebook, count: int) -> bool:
    """Whether the first cell has so many outputs."""
    return len(notebook.outputs()) == count


async def test_refresh_during_a_running_cell_keeps_outputs_before_and_after(house: House) -> None:
    """The page is gone and new: the outputs until then are there at once, the later ones come, the run is one."""
    room = await house.room()
    cara, ivan = await room.join("Cara"), await room.invite("interviewer", "Ivan")
    watching, hears = await ivan.document(), await ivan.channel()
    notebook, channel = await cara.document(), await cara.channel()
    await notebook.set_source(STEPS)
    [run] = await cara.run(notebook.cell())
    await notebook.until(lambda: notebook.printed() == "before\n", "the first output")
    kernel_id = await cara.kernel_id()

    # The refresh: all sockets of the page vanish, the new page begins with an empty document.
    for socket in (notebook, channel):
        socket.reset()
    fresh, channel = await cara.document(), await cara.channel()
    assert fresh.doc.client_id != notebook.doc.client_id
    assert fresh.sources() == [STEPS] and fresh.printed() == "before\n"
    assert fresh.cells[0].get("execution_state") == "running"
    assert [(each["id"], each["status"]) for each in channel.joined["runs"]] == [(run["id"], "running")]
    assert channel.joined["room"]["kernel"]["state"] == "busy"
    assert await cara.kernel_id() == kernel_id

    assert (await cara.rest.post(f"api/kernels/{kernel_id}/interrupt")).status_code == 204
    finished = (await channel.expect("run_finished"))["content"]
    assert finished["id"] == run["id"]
    for seen in (fresh, watching):
        await seen.until(partial(shows, seen, 2), "the later outputs")
        assert seen.printed() == "before\nafter\n"
        assert seen.outputs()[1]["data"]["text/plain"] == "'the end'"
    # Back within the grace: nobody hears of a coming and going.
    assert len(await hears.pending("join")) == 1 and not await hears.pending("leave")
    assert (await room.notebook())["cells"][0]["outputs"] == [
        {"output_type": "stream", "name": "stdout", "text": "before\nafter\n"},
        {
            "output_type": "execute_result",
            "execution_count": 1,
            "data": {"text/plain": "'the end'"},
            "metadata": {},
        },
    ]
