"""How long does it take from pressing Run to the first output in somebody else's document?

From sending ``POST …/api/runs`` until the update with the output has reached the document socket of the other member,
against a bare ``jupyter_client`` round trip on an unsandboxed kernel: from ``execute`` to its first ``stream`` message.
The two take turns.

    python -m benchmarks.run_output --runs 100
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from pycrdt import Array

from . import yjs
from .common import JSON, BenchmarkError, Report, Server, median, parser, percentile, progress, scratch
from .keystroke import Typist
from .servers import Seat, document_seat, interview, new_room

# The output is not a part of the source, so finding it in an update means that it is an output.
_CODE = 'print("first" + "output")'
_OUTPUT = b"firstoutput"
_WARM_UP = 5
_QUIET_TRIES = 100
_SECONDS = 30.0


class Poster:
    """One HTTP connection that is kept open, as a browser does."""

    def __init__(self, server: Server, path: str, token: str, body: JSON) -> None:
        host = server.url.removeprefix("http://")
        self._address = host.split(":")
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self._request = head.encode() + content
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self) -> JSON:
        """Send the request; the JSON of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._address[0], int(self._address[1]))
        reader, writer = self._streams
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = next(int(line.split(":")[1]) for line in head.split("\r\n") if line.startswith("content-length:"))
        body = await reader.readexactly(size)
        if not head.startswith("http/1.1 2"):
            raise BenchmarkError(f"run refused: {head.splitlines()[0]} {body!r}")
        answer: JSON = json.loads(body)
        return answer

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()


class Watcher:
    """The other member: waits for the output in his document, and for the end of the run."""

    def __init__(self) -> None:
        self.at: asyncio.Future[float] | None = None
        self._last = 0.0

    def message(self, message: bytes) -> None:
        """Take a message of the document socket."""
        self._last = time.perf_counter()
        if self.at is not None and not self.at.done() and message[0] == yjs.SYNC and _OUTPUT in message:
            self.at.set_result(self._last)

    async def quiet(self, seconds: float = 0.3) -> None:
        """Wait until nothing has come for ``seconds``, so that one run does not weigh on the next."""
        for _ in range(_QUIET_TRIES):
            left = self._last + seconds - time.perf_counter()
            if left <= 0:
                return
            await asyncio.sleep(left)
        raise BenchmarkError("the document does not come to rest")


async def bare(client: AsyncKernelClient) -> float:
    """Seconds from ``execute`` to the first output."""
    start = time.perf_counter()
    message = client.execute(_CODE)
    found = 0.0
    while True:
        reply: dict[str, Any] = await client.get_iopub_msg(timeout=_SECONDS)
        if reply["parent_header"].get("msg_id") != message:
            continue
        if reply["msg_type"] == "stream" and not found:
            found = time.perf_counter() - start
        if reply["msg_type"] == "status" and reply["content"]["execution_state"] == "idle":
            await client.get_shell_msg(timeout=_SECONDS)
            return found


async def ours(poster: Poster, watcher: Watcher) -> float:
    """Seconds from the request to the output at the other member."""
    await watcher.quiet()
    watcher.at = asyncio.get_running_loop().create_future()
    start = time.perf_counter()
    await poster.post()
    seconds = await asyncio.wait_for(watcher.at, _SECONDS) - start
    watcher.at = None
    return seconds


async def _write_cell(author: Typist, seat: Seat) -> str:
    """Put the code into the room's cell; the cell's id."""
    await author.enter(seat)
    cell = author.doc.get("cells", type=Array)[0]
    before = author.doc.get_state()
    cell["source"].insert(0, _CODE)
    author.send(yjs.sync(yjs.UPDATE, author.doc.get_update(before)))
    return str(cell["id"])


async def measure(server: Server, runs: int) -> dict[str, list[float]]:
    """Milliseconds of each run, bare and ours."""
    room, (candidate, interviewer) = new_room(server, "Runs")
    author, peer, watcher = Typist("Candidate"), Typist("Interviewer"), Watcher()
    cell = await _write_cell(author, document_seat(server, room, candidate))
    await peer.enter(document_seat(server, room, interviewer))
    peer.overhear(watcher.message)
    poster = Poster(server, f"/interview/{room}/api/runs", candidate, {"cells": [{"cell": cell}]})
    manager = AsyncKernelManager(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    seen: dict[str, list[float]] = {"bare": [], "ours": []}
    try:
        await client.wait_for_ready(timeout=_SECONDS)
        for number in range(runs + _WARM_UP):
            pair = {"bare": await bare(client), "ours": await ours(poster, watcher)}
            if number >= _WARM_UP:
                for name, seconds in pair.items():
                    seen[name].append(seconds * 1000)
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
        poster.close()
    author.leave()
    peer.leave()
    return seen


def rows(seen: dict[str, list[float]]) -> list[JSON]:
    """The rows of the report."""
    return [
        {
            "way": {"bare": "bare jupyter_client", "ours": "ours, in the peer's document"}[name],
            "p50": median(values),
            "p95": percentile(values, 95),
            "ratio": median(values) / median(seen["bare"]),
            "p95_ratio": percentile(values, 95) / percentile(seen["bare"], 95),
        }
        for name, values in seen.items()
    ]


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=100)
    chosen = options.parse_args()
    columns = {"way": "run", "p50": "p50 ms", "p95": "p95 ms", "ratio": "p50 ÷ bare", "p95_ratio": "p95 ÷ bare"}
    report = Report("run_output", "Run to first output", columns, [f"{chosen.runs} runs of each, in turns."])
    with scratch() as folder, interview(folder) as server:
        progress("running")
        report.rows = rows(asyncio.run(measure(server, chosen.runs)))
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
