"""What does it take to open a room, in a process that has done nothing else?

``python -m tests.managers.opening open URL ROOM`` opens a room, ``fold`` makes the notebook of its log, ``frames`` all
frames of its replay; prints JSON ``{before, peak, after}``, memory of the process in bytes. Linux only.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tests.managers.house import House


def _status(name: str) -> int:
    """A figure of this process in bytes: ``VmRSS`` is the memory that it has, ``VmHWM`` the most that it had."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


async def _main(what: str, url: str, room_id: str) -> None:
    house = House(url)
    house.database.prepare()
    house.database.start()
    await house.accounts.start()
    room = await house.rooms.get(room_id)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    if what == "open":
        await house.rooms.open(room_id)
    elif what == "fold":
        await house.records.notebook(room)
    else:
        await house.replay.ready(room)
    found = {"before": before, "peak": _status("VmHWM"), "after": _status("VmRSS")}
    print(json.dumps(found))
    await house.stop()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
