"""What does it take to open a room whose log is long?

One cell is run again and again, a megabyte of output each time, until the log has so many megabytes and the notebook
still one. Then processes that have done nothing else open the room, make its notebook and its frames from the log. How
much more memory each of them had at its highest, and has afterwards, is set beside 3 × the notebook + 64 MB; the time
beside the mere reading of the rows.

    python -m benchmarks.open_room --megabytes 100 1000
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from jupyter_interview.auth.signing import SigningKeys
from jupyter_interview.cli.parts import no_kernel
from jupyter_interview.collab import History, NotebookFold, open_document
from jupyter_interview.core.limits import Limits
from jupyter_interview.core.ports import Passwords
from jupyter_interview.db import Database, Vault
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.records import Records
from jupyter_interview.managers.replay.replay import Replay
from jupyter_interview.managers.rooms import Rooms

from .common import JSON, Report, parser, progress, scratch

MB = 1_000_000
SIZE = MB
GOAL = 3 * SIZE + 64 * MB
WHAT = ("open", "fold", "frames")


class _NoPasswords:
    """Nobody has one here."""

    async def hash(self, password: str) -> str:
        """Not asked."""
        raise NotImplementedError

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Not asked."""
        raise NotImplementedError


def _rooms(folder: Path) -> tuple[Database, Rooms, Records]:
    database = Database(f"sqlite:///{folder / 'interview.sqlite'}", Vault(bytes(32)))
    database.prepare()
    database.start()
    records = Records(database, NotebookFold, SigningKeys(folder / "signing.json"))
    limits = Limits.checked(log_bytes=16_000 * MB, log_outputs_bytes=16_000 * MB)
    passwords: Passwords = _NoPasswords()
    return database, Rooms(database, limits, passwords, records, no_kernel, open_document, "/"), records


async def make(folder: Path, megabytes: int) -> str:
    """The room; its id."""
    database, rooms, _ = _rooms(folder)
    made = await rooms.create(OWNER, title="Long", language="python")
    live = await rooms.open(made["id"])
    cell = live.document.code_cells()[0]
    for number in range(megabytes * MB // SIZE):
        outputs = live.document.outputs_of(cell, f"run-{number}")
        outputs.begin()
        for part in range(4):
            outputs.stream("stdout", f"{number:05d}-{part}\n" * (SIZE // 32))
        outputs.finish(number)
        await live.log.barrier()
    await rooms.close()
    await database.close()
    return live.room.id


def memory(name: str) -> int:
    """A figure of this process in bytes: ``VmRSS`` is the memory that it has, ``VmHWM`` the most that it had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


async def _do(what: str, folder: Path, room_id: str) -> JSON:
    """In a process of its own."""
    database, rooms, records = _rooms(folder)
    replay = Replay(database, rooms, History)
    room = await rooms.get(room_id)
    Path("/proc/self/clear_refs").write_text("5")
    before, begun = memory("VmRSS"), time.perf_counter()
    if what == "open":
        await rooms.open(room_id)
    elif what == "fold":
        await records.notebook(room)
    else:
        await replay.ready(room)
    seconds = time.perf_counter() - begun
    found = {"seconds": seconds, "peak": memory("VmHWM") - before, "after": memory("VmRSS") - before}
    await replay.close()
    await rooms.close()
    await database.close()
    return found


def _reading(folder: Path) -> float:
    """Seconds that it takes to read every row."""
    begun = time.perf_counter()
    with closing(sqlite3.connect(folder / "interview.sqlite")) as connection:
        for _ in connection.execute("SELECT payload, data FROM event ORDER BY room, seq"):
            pass
    return time.perf_counter() - begun


def measure(folder: Path, megabytes: int) -> list[JSON]:
    """The rows of the report."""
    progress(f"a log of {megabytes} MB")
    room = asyncio.run(make(folder, megabytes))
    reading, rows = _reading(folder), []
    for what in WHAT:
        command = [sys.executable, "-m", "benchmarks.open_room", "--do", what, str(folder), room]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout.splitlines()[-1])
        rows.append(
            {
                "log": f"{megabytes} MB",
                "what": what,
                "peak": found["peak"] / MB,
                "after": found["after"] / MB,
                "goal": max(found["peak"], found["after"]) / GOAL,
                "seconds": found["seconds"],
                "reading": found["seconds"] / reading,
            }
        )
    return rows


def main() -> None:
    """Measure and report."""
    options = parser(__doc__)
    options.add_argument("--megabytes", type=int, nargs="+", default=[100, 1000])
    options.add_argument("--do", nargs=3, metavar=("WHAT", "FOLDER", "ROOM"), help="for its own processes")
    chosen = options.parse_args()
    if chosen.do is not None:
        what, folder, room = chosen.do
        print(json.dumps(asyncio.run(_do(what, Path(folder), room))))
        return
    columns = {
        "log": "log", "what": "what", "peak": "MB more at the highest", "after": "MB more afterwards",
        "goal": f"÷ goal of {GOAL // MB} MB", "seconds": "s", "reading": "÷ reading the rows",
    }  # fmt: skip
    notes = [
        "The notebook has 1 MB, the log the outputs of all runs of one cell. Each row is a process of its own that "
        "opens the room, makes the notebook of its log (fold), or all frames of its replay."
    ]
    report = Report("open_room", "What a long log takes to open", columns, notes)
    for megabytes in chosen.megabytes:
        with scratch() as folder:
            report.rows += measure(folder, megabytes)
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
