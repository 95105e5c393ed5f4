"""How quick is a replay, at one hour and at eight?

An interview of each length (`benchmarks.interviews`) lies in the database of a real server. Measured over HTTP: what a
page asks for before it shows the first frame (manifest and frame, on a server that has just started), a frame,
``notebook?at=`` at random moments, and by how much the server's memory (PSS) grows for each replay that is open. Folded
in this process: a moment of a frame. Beside it stands jupyter-collaboration's timeline on the same updates: its
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
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from jupyter_interview.core.models import EventKind
from jupyter_interview.managers.replay.framing import folded

from .common import JSON, BenchmarkError, Report, Server, median, parser, percentile, progress, scratch
from .interviews import Script, make
from .servers import Seat, interview, stock
from .websocket import connect

SEEKS, STARTS, OPEN = 200, 5, 3
_PATIENCE_SECONDS = 300.0
_STOCK_SECONDS, _STOCK_SEEKS = 300.0, 20
# Of the processor, in a second: less than that is rest.
_CALM_SECONDS = 0.03


def pss(server: Server) -> float:
    """Memory that the server process has to itself, its share of what it shares included, in MB."""
    for line in Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise BenchmarkError("the kernel does not tell of memory")


def fetch(
    server: Server, path: str, seconds: float = _PATIENCE_SECONDS, method: str = "GET"
) -> tuple[int, bytes, float]:
    """Status, body and milliseconds of a request without a body."""
    headers = {"Authorization": f"token {server.token}", "Accept-Encoding": "gzip"}
    request = urllib.request.Request(server.url + path, headers=headers, method=method)  # noqa: S310  # loopback
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


def sought(content: bytes, count: int) -> list[float]:
    """Milliseconds of seeks to random entries of a frame, as the server folds it for ``notebook?at=``."""
    entries, packed, took = json.loads(content)["entries"], gzip.compress(content), []
    for number in range(count):
        seq = random.Random(number).choice(entries)[0] if entries else 0
        started = time.perf_counter()
        folded(packed, seq, plain=True)
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
    progress(f"interviews of {hours:g} h are written")
    rooms: list[str] = []
    script: Script | None = None
    for seed in range(OPEN, 0, -1):
        room, script = asyncio.run(make(data, hours, seed=seed))
        rooms.insert(0, room.id)
    assert script is not None
    made: JSON = {"hours": hours, "updates": script.updates}
    with interview(folder) as server:
        started = time.perf_counter()
        for room_id in rooms:
            opened(server, room_id)
        made["built"] = (time.perf_counter() - started) / OPEN
    starts: list[float] = []
    for _ in range(STARTS):
        shutil.rmtree(folder / "files")
        with interview(folder) as server:
            fetch(server, "/api/interview/languages")
            starts.append(opened(server, rooms[0])[1])
    made |= {"open": median(starts), "open_worst": max(starts)}
    shutil.rmtree(folder / "files")
    with interview(folder) as server:
        made |= _memory(server, rooms)
        made |= _asked(server, rooms[0])
    sized = sizes(data / "interview.sqlite", rooms[0])
    return {
        **made,
        "log_hour": sized["log"] / 1e6 / hours,
        "yjs_hour": script.bytes / 1e6 / hours,
        "times": sized["log"] / script.bytes,
        "frames_all": sized["frames_bytes"] / 1e6,
    }


def _memory(server: Server, rooms: list[str]) -> JSON:
    """By how much the server grows with each further replay: right after a page has asked for all that it needs to
    open, which is the most, and when the server has become calm."""
    fetch(server, "/api/interview/languages")
    most, rest = [], []
    for room_id in rooms:
        opened(server, room_id)
        fetch(server, f"/api/interview/rooms/{room_id}/replay/story")
        most.append(pss(server))
        _rested(server)
        rest.append(pss(server))
    return {"memory": (most[-1] - most[0]) / (len(rooms) - 1), "memory_rest": (rest[-1] - rest[0]) / (len(rooms) - 1)}


def _rested(server: Server) -> None:
    """Wait until the server does nothing any more: the log of a replay that was opened is checked meanwhile."""
    while True:
        used = server.processor_seconds()
        time.sleep(1)
        if server.processor_seconds() - used < _CALM_SECONDS:
            return


def _asked(server: Server, room: str) -> JSON:
    """What requests of all kinds take."""
    manifest, _ = opened(server, room)
    base = f"/api/interview/rooms/{room}"
    dice = random.Random(1)
    moments = [dice.randint(manifest["first_seq"], manifest["last_seq"]) for _ in range(SEEKS)]
    start = datetime.fromisoformat(manifest["started_at"]) + timedelta(seconds=1)
    times = [start + timedelta(milliseconds=dice.randint(0, manifest["duration_ms"])) for _ in range(SEEKS)]
    notebook = [fetch(server, f"{base}/notebook?at={seq}") for seq in moments]
    timed = [fetch(server, f"{base}/notebook?at={at.isoformat().replace('+00:00', 'Z')}") for at in times]
    numbers = [dice.randint(1, len(manifest["frames"])) for _ in range(SEEKS // 4)]
    frames = [fetch(server, f"{base}/replay/frames/{number}") for number in numbers]
    if any(status != 200 for status, _, _ in (*notebook, *timed, *frames)):
        raise BenchmarkError("a moment or a frame was refused")
    return {
        "notebook": percentile([took for _, _, took in notebook], 95),
        "notebook_time": percentile([took for _, _, took in timed], 95),
        "frame": percentile([took for _, _, took in frames], 95),
        "seek": percentile([took for _, content, _ in frames for took in sought(content, 4)], 95),
    }


def timeline(folder: Path, hours: float) -> JSON:
    """What jupyter-collaboration does with the same updates."""
    script = Script(hours, 1)
    with stock(folder) as site:
        seat, _ = site.open_room(0)
        return asyncio.run(_timeline(site.server, seat, folder, script))


async def _timeline(server: Server, seat: Seat, folder: Path, script: Script) -> JSON:
    room = seat.url.split("/room/")[1].split("?")[0]
    form, kind, file_id = room.split(":")
    socket = await connect(seat.url, seat.headers)
    try:
        await _stored(folder, f".{kind}:{file_id}.y", script)
        before = pss(server)
        query = f"/api/collaboration/timeline/room-0.ipynb?format={form}&type={kind}"
        loop = asyncio.get_running_loop()
        made: JSON = {"hours": script.duration / 3.6e9, "updates": script.updates}
        try:
            status, body, made["open"] = await loop.run_in_executor(None, fetch, server, query, _STOCK_SECONDS)
        except (TimeoutError, OSError):
            return {**made, "says": f"no answer in {_STOCK_SECONDS:,.0f} s, nor to anybody else meanwhile"}
        if status != 200:
            raise BenchmarkError(f"jupyter-collaboration refuses its timeline: {status} {body[:300]!r}")
        line = json.loads(body)
        made |= {"moments": len(line["timestamps"]), "memory": pss(server) - before}
        took = await loop.run_in_executor(None, _sought, server, room, line["forkRoom"], made["moments"])
        return {**made, "seek": median(took), "seek_worst": percentile(took, 95), "says": ""}
    finally:
        socket.close()


def _sought(server: Server, room: str, fork: str, moments: int) -> list[float]:
    """Milliseconds of seeks to random moments: so many steps back or forth from where one is."""
    dice, at, took = random.Random(1), moments, []
    for _ in range(_STOCK_SEEKS):
        to = dice.randint(1, moments)
        action, steps = ("undo", at - to) if to < at else ("redo", to - at)
        path = f"/api/collaboration/undo_redo/{room}?action={action}&steps={steps}&forkRoom={fork}"
        status, body, passed = fetch(server, path, _STOCK_SECONDS, "PUT")
        if status != 200 or (steps and b"status" not in body):
            raise BenchmarkError(f"jupyter-collaboration does not go to a moment: {status} {body[:300]!r}")
        took.append(passed)
        at = to
    return took


async def _stored(folder: Path, name: str, script: Script) -> None:
    """Replace what the stock server has stored of a document, under this name, by an interview's updates.

    It stores the notebook's file when the room is opened: before that is done, it would come on top.
    """
    documents = (EventKind.DOCUMENT_SNAPSHOT, EventKind.DOCUMENT_UPDATE)
    for _ in range(200):
        for path in folder.rglob(".jupyter_ystore.db"):
            with closing(sqlite3.connect(path, timeout=30)) as connection, connection:
                known = "SELECT 1 FROM sqlite_master WHERE name = 'yupdates'"
                if not connection.execute(known).fetchone():
                    continue
                if connection.execute("DELETE FROM yupdates WHERE path = ?", (name,)).rowcount:
                    rows = ((name, line.data, b"", line.at / 1e6) for line in script.lines() if line.kind in documents)
                    connection.executemany("INSERT INTO yupdates VALUES (?, ?, ?, ?)", rows)
                    return
        await asyncio.sleep(0.1)
    raise BenchmarkError("jupyter-collaboration stores no updates")


COLUMNS = {
    "hours": "hours",
    "updates": "updates",
    "open": "manifest and first frame, median (ms)",
    "open_worst": "worst (ms)",
    "frame": "a frame, p95 (ms)",
    "notebook": "notebook?at=<number>, p95 (ms)",
    "seek": "of it decoding and folding, p95 (ms)",
    "notebook_time": "notebook?at=<time>, p95 (ms)",
    "memory": "memory for each open replay, at most (MB)",
    "memory_rest": "at rest (MB)",
    "built": "frames made for the first time (s)",
    "log_hour": "log (MB/h)",
    "yjs_hour": "raw Yjs updates (MB/h)",
    "times": "log : Yjs",
    "frames_all": "frames (MB)",
}
STOCK_COLUMNS: dict[str, Any] = {
    "hours": "hours",
    "updates": "updates",
    "open": "timeline (ms)",
    "moments": "moments that it offers",
    "seek": "to a moment, median (ms)",
    "seek_worst": "p95 (ms)",
    "memory": "memory (MB)",
    "says": "",
}


def main() -> None:
    """Measure and report."""
    options = parser(__doc__)
    options.add_argument("--hours", type=float, nargs="+", default=[1.0, 8.0])
    options.add_argument("--stock-hours", type=float, nargs="*", default=[0.05, 0.1, 0.2, 0.4, 1.0, 8.0])
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
        [
            "The same updates in its store. Before it answers, it applies all of them to a copy, one by one and on its "
            "event loop: it serves nobody else meanwhile. The moments that it offers are the steps of that copy's undo "
            f"manager, and to go to one is to undo or redo all between: {_STOCK_SEEKS} random ones, without what the "
            "page does then.",
        ],
    )
    for hours in chosen.hours:
        with scratch() as folder:
            ours.rows.append(measure(folder, hours))
    for hours in chosen.stock_hours:
        if theirs.rows and "open" not in theirs.rows[-1]:
            theirs.rows.append({"hours": hours, "says": "not asked: a shorter one got no answer"})
            continue
        progress(f"the timeline of jupyter-collaboration, {hours:g} h")
        with scratch() as folder:
            theirs.rows.append(timeline(folder, hours))
    ours.publish(chosen.output)
    theirs.publish(chosen.output)


if __name__ == "__main__":
    main()
