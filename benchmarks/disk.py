"""How many bytes does the log need for a keystroke?

One typist types 10 keys a second for a minute on the real server. Counted is what the SQLite file has grown by, the
write-ahead log checkpointed into it before and after, divided by the keys; apart from it the size that the write-ahead
log had. A cursor update goes with each key; one that only follows what was typed is not logged, and would show here.

    python -m benchmarks.disk --seconds 60
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from .common import JSON, BenchmarkError, Report, Server, parser, progress, scratch
from .keystroke import KEYS_PER_SECOND, Typist
from .servers import document_seat, interview, new_room

GOAL = 120
_DOCUMENT_UPDATE = 2


def database_of(server: Server) -> Path:
    """The server's SQLite file."""
    for path in sorted(server.folder.rglob("*")):
        if path.is_file() and path.read_bytes()[:15] == b"SQLite format 3" and _has_events(path):
            return path
    raise BenchmarkError("the server has no database file")


def _has_events(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'event'").fetchone())


def checkpointed(path: Path) -> int:
    """The size of the file after everything in its write-ahead log was moved into it."""
    deadline = time.monotonic() + 10
    with closing(sqlite3.connect(path, timeout=10)) as connection:
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            if time.monotonic() > deadline:
                raise BenchmarkError("the write-ahead log cannot be checkpointed")
    return path.stat().st_size


def logged(path: Path) -> tuple[int, int]:
    """How many document updates are in the log, and the bytes of their content."""
    query = "SELECT count(*), coalesce(sum(length(data)), 0) FROM event WHERE kind = ?"
    with closing(sqlite3.connect(path)) as connection:
        count, size = connection.execute(query, (_DOCUMENT_UPDATE,)).fetchone()
    return int(count), int(size)


async def measure(server: Server, seconds: float) -> JSON:
    """The row of the report."""
    room, (candidate, interviewer) = new_room(server, "Disk")
    typist, reader = Typist("Candidate"), Typist("Interviewer")
    await typist.enter(document_seat(server, room, candidate))
    await reader.enter(document_seat(server, room, interviewer))
    reader.watch(typist)
    keys = round(seconds * KEYS_PER_SECOND)
    typist.prepare(keys, cursors=True)
    path = database_of(server)
    size, (rows, content) = checkpointed(path), logged(path)
    await typist.type(time.perf_counter())
    await reader.rest(typist)
    log = path.with_name(path.name + "-wal").stat().st_size
    grown, (rows_now, content_now) = checkpointed(path) - size, logged(path)
    typist.leave()
    reader.leave()
    return {
        "keys": keys,
        "grown": grown,
        "per_key": grown / keys,
        "goal": f"{grown / keys / GOAL:.2f}",
        "rows": rows_now - rows,
        "content": (content_now - content) / keys,
        "wal": log / keys,
    }


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, default=60.0)
    chosen = options.parse_args()
    columns = {
        "keys": "keys", "grown": "file grew by bytes", "per_key": "bytes a key", "goal": f"÷ goal of {GOAL}",
        "rows": "log rows", "content": "of it Yjs bytes a key", "wal": "write-ahead log, bytes a key",
    }  # fmt: skip
    note = (
        f"One typist, {KEYS_PER_SECOND} keys/s for {chosen.seconds:g} s. The file grows in whole pages of 4096 bytes."
    )
    report = Report("disk", "Disk per keystroke", columns, [note])
    with scratch() as folder, interview(folder) as server:
        progress("typing")
        report.rows = [asyncio.run(measure(server, chosen.seconds))]
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
