"""How quick is a replay, at one hour and at eight?

An interview of each length (`benchmarks.interviews`) lies in the database of a real server. Measured over HTTP: what a
page asks for before it shows the first frame (manifest and frame, on a server that has just started), a frame,
``notebook?at=`` at random moments, and by how much the server's memory (PSS) grows for each replay that is open. Folded
in this process: a seek within a frame. Beside it stands jupyter-collaboration's timeline on the same updates: its
answer to ``GET api/collaboration/timeline/<path>``, which a page needs before it can show any moment.

    python -m benchmarks.replay --hours 1 8
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import shutil
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

from jupyter_interview.core.models import EventKind
from jupyter_interview.core.moment import Moment

from .common import JSON, BenchmarkError, Report, Server, median, parser, percentile, progress, scratch
from .interviews import Script, make
from .servers import Seat, interview, stock
from .websocket import connect

SEEKS, STARTS, OPEN = 200, 5, 3
_PATIENCE_SECONDS = 300.0


def pss(server: Server) -> float:
    """Memory that the server process has to itself, its share of what it shares included, in MB."""
    for line in Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise BenchmarkError("the kernel does not tell of memory")


def fetch(server: Server, path: str, seconds: float = _PATIENCE_SECONDS) -> tuple[int, bytes, float]:
    """Status, body and milliseconds of a GET."""
    headers = {"Authorization": f"token {server.token}", "Accept-Encoding": "gzip"}
    request = urllib.request.Request(server.url + path, headers=headers)  # noqa: S310  # loopback
    started = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:  # noqa: S310
            body, status, coding = answer.read(), answer.status, answer.headers.get("Content-Encoding")
    except urllib.error.HTTPError as error:
        return error.code, error.read(), (time.perf_counter() - started) * 1e3
    took = (time.perf_counter() - started) * 1e3
    return status, gzip.decompress(body) if coding == "gzip" else body, took


def opened(server: Server, room: str) -> tuple[JSON, float]:
    """The manifest and the milliseconds until it and the first frame were there; waits while frames are made."""
    base = f"/api/interview/rooms/{room}/replay"
    while True:
        status, body, first = fetch(server, base)
        if status != 202:
            break
        time.sleep(0.2)
    if status != 200:
        raise BenchmarkError(f"the replay does not open: {status} {body[:300]!r}")
    _, _, second = fetch(server, f"{base}/frames/1")
    manifest: JSON = json.loads(body)
    return manifest, first + second


def folded(content: bytes, count: int) -> list[float]:
    """Milliseconds of seeks to random entries of a frame."""
    took = []
    for number in range(count):
        started = time.perf_counter()
        frame = json.loads(content)
        moment = Moment(frame["state"])
        entries = frame["entries"]
        moment.fold(entries, until=random.Random(number).choice(entries)[0] if entries else None)
        took.append((time.perf_counter() - started) * 1e3)
    return took


def sizes(path: Path, room: str) -> JSON:
    """Bytes of a room's log and frames in a SQLite file: what the rows hold."""
    with closing(sqlite3.connect(path)) as connection:
        key = connection.execute("SELECT key FROM room WHERE id = ?", (room,)).fetchone()
        size = "sum(coalesce(length(payload), 0) + coalesce(length(data), 0) + 56)"
        log = f"SELECT count(*), {size} FROM event WHERE room = ?"  # noqa: S608  # a constant
        events, size = connection.execute(log, key).fetchone()
        query = "SELECT count(*), sum(length(content)) FROM frame WHERE room = ?"
        frames, content = connection.execute(query, key).fetchone()
    return {"events": events, "log": size, "frames": frames, "frames_bytes": content}


def measure(folder: Path, hours: float) -> JSON:
    """The row of one length."""
    data = folder / "data" / "interview"
    progress(f"an interview of {hours:g} h is written")
    rooms: list[str] = []
    script: Script | None = None
    for seed in range(1, OPEN + 1):
        room, script = asyncio.run(make(data, hours, seed=seed))
        rooms.append(room.id)
    assert script is not None
    with interview(folder) as server:
        started = time.perf_counter()
        for room_id in rooms:
            opened(server, room_id)
        built = (time.perf_counter() - started) / OPEN
    starts: list[float] = []
    for _ in range(STARTS):
        shutil.rmtree(folder / "files")
        with interview(folder) as server:
            fetch(server, "/api/interview/languages")
            starts.append(opened(server, rooms[0])[1])
    shutil.rmtree(folder / "files")
    with interview(folder) as server:
        fetch(server, "/api/interview/languages")
        opened(server, rooms[0])
        before = pss(server)
        for room_id in rooms[1:]:
            opened(server, room_id)
            fetch(server, f"/api/interview/rooms/{room_id}/replay/story")
        grown = (pss(server) - before) / (OPEN - 1)
        manifest, _ = opened(server, rooms[0])
        dice = random.Random(1)
        moments = [dice.randint(manifest["first_seq"], manifest["last_seq"]) for _ in range(SEEKS)]
        base = f"/api/interview/rooms/{rooms[0]}"
        notebook = [fetch(server, f"{base}/notebook?at={seq}")[2] for seq in moments]
        numbers = [dice.randint(1, len(manifest["frames"])) for _ in range(SEEKS // 4)]
        frames = [fetch(server, f"{base}/replay/frames/{number}") for number in numbers]
        seeks = [each for _, content, _ in frames for each in folded(content, 4)]
    sized = sizes(data / "interview.sqlite", rooms[0])
    first = Script(hours, 1)
    for _ in first.lines():
        pass
    return {
        "hours": hours,
        "updates": first.updates,
        "open": median(starts),
        "open_worst": max(starts),
        "frame": percentile([took for _, _, took in frames], 95),
        "seek": percentile(seeks, 95),
        "notebook": percentile(notebook, 95),
        "memory": grown,
        "built": built,
        "log_hour": sized["log"] / 1e6 / hours,
        "yjs_hour": first.bytes / 1e6 / hours,
        "times": sized["log"] / first.bytes,
        "frames_all": sized["frames_bytes"] / 1e6,
    }


def timeline(folder: Path, hours: float) -> JSON:
    """What jupyter-collaboration does with the same updates."""
    script = Script(hours, 1)
    with stock(folder) as site:
        seat, _ = site.open_room(0)
        return asyncio.run(_timeline(site.server, seat, folder, script))


async def _timeline(server: Server, seat: Seat, folder: Path, script: Script) -> JSON:
    socket = await connect(seat.url, seat.headers)
    try:
        store = await _store_of(folder)
        with closing(sqlite3.connect(store, timeout=30)) as connection:
            name = connection.execute("SELECT path FROM yupdates LIMIT 1").fetchone()
            path = name[0] if name else seat.url.split("/room/")[1].split("?")[0]
            connection.execute("DELETE FROM yupdates")
            documents = (EventKind.DOCUMENT_SNAPSHOT, EventKind.DOCUMENT_UPDATE)
            rows = ((path, line.data, b"", line.at / 1e6) for line in script.lines() if line.kind in documents)
            connection.executemany("INSERT INTO yupdates VALUES (?, ?, ?, ?)", rows)
            connection.commit()
        before = pss(server)
        query = "/api/collaboration/timeline/room-0.ipynb?format=json&type=notebook"
        loop = asyncio.get_running_loop()
        try:
            status, body, took = await loop.run_in_executor(None, fetch, server, query)
        except (TimeoutError, OSError) as error:
            return {"hours": script.duration / 3.6e9, "says": f"no answer in {_PATIENCE_SECONDS:.0f} s ({error})"}
        moments = len(json.loads(body).get("timestamps", [])) if status == 200 else 0
        return {
            "hours": script.duration / 3.6e9,
            "status": status,
            "open": took,
            "moments": moments,
            "memory": pss(server) - before,
            "says": "" if status == 200 else body[:200].decode(errors="replace"),
        }
    finally:
        socket.close()


async def _store_of(folder: Path) -> Path:
    """Where the stock server keeps updates, once it has written one."""
    for _ in range(200):
        for path in folder.rglob(".jupyter_ystore.db"):
            with closing(sqlite3.connect(path)) as connection:
                if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'yupdates'").fetchone():
                    return path
        await asyncio.sleep(0.1)
    raise BenchmarkError("jupyter-collaboration keeps no updates")


COLUMNS = {
    "hours": "hours",
    "updates": "updates",
    "open": "manifest and first frame, median (ms)",
    "open_worst": "worst (ms)",
    "frame": "a frame, p95 (ms)",
    "seek": "fold to a moment in Python, p95 (ms)",
    "notebook": "notebook?at=, p95 (ms)",
    "memory": "memory for each open replay (MB)",
    "built": "frames made for the first time (s)",
    "log_hour": "log (MB/h)",
    "yjs_hour": "raw Yjs updates (MB/h)",
    "times": "log : Yjs",
    "frames_all": "frames (MB)",
}
STOCK_COLUMNS: dict[str, Any] = {
    "hours": "hours",
    "status": "status",
    "open": "timeline (ms)",
    "moments": "moments that it offers",
    "memory": "memory (MB)",
    "says": "",
}


def main() -> None:
    """Measure and report."""
    options = parser(__doc__)
    options.add_argument("--hours", type=float, nargs="+", default=[1.0, 8.0])
    chosen = options.parse_args()
    notes = [
        f"{STARTS} starts of the server, {SEEKS} moments, {OPEN} replays of that length open at a time.",
        "Goals: open 1,000 ms (1 h) and 1,500 ms (8 h) to the first frame in the browser; notebook?at= 100 ms; 20 MB.",
        "The log is the bytes of its rows: what was written and run, sealed, and 56 bytes of hash and numbers each.",
    ]
    ours = Report("replay", "Replay", COLUMNS, notes)
    theirs = Report(
        "replay_stock",
        "The timeline of jupyter-collaboration",
        STOCK_COLUMNS,
        ["The same updates in its store. The moments that it offers are steps of its undo manager."],
    )
    for hours in chosen.hours:
        with scratch() as folder:
            ours.rows.append(measure(folder, hours))
        with scratch() as folder:
            theirs.rows.append(timeline(folder, hours))
    ours.publish(chosen.output)
    theirs.publish(chosen.output)


if __name__ == "__main__":
    main()
