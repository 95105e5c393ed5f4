"""How long do a restart and an interrupt take?

In turns: a room's cold start, and a restart of its kernel, each until code can run. Then interrupts, from asking the
room's executor to the end of the run, against a bare ``jupyter_client`` that interrupts a kernel without a sandbox, to
the ``execute_reply``.

    python -m benchmarks.restart_interrupt --rounds 20
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from jupyter_interview.core.models import RunStatus

from .common import JSON, BenchmarkError, Report, engine_parser, median, of_engine, percentile, progress, scratch
from .house import Room, house

CODES = {"while True: pass": "while True: pass", "time.sleep(60)": "import time; time.sleep(60)"}
_SETTLE_SECONDS = 0.2
_SECONDS = 30.0


async def _begun_here(room: Room, code: str) -> str:
    run, cell = room.submit(f"print('up', flush=True)\n{code}")
    await asyncio.wait_for(cell.first, _SECONDS)
    await asyncio.sleep(_SETTLE_SECONDS)
    return run


async def interrupted(room: Room, code: str) -> float:
    """Seconds from asking for the interrupt to the end of the run."""
    run = await _begun_here(room, code)
    begun = time.perf_counter()
    await room.executor.interrupt()
    await room.until(lambda: run in room.ended)
    seconds = time.perf_counter() - begun
    if room.ended[run] is not RunStatus.INTERRUPTED:
        raise BenchmarkError(f"the run ended as {room.ended[run].value}")
    return seconds


async def bare_interrupted(manager: Any, client: Any, code: str) -> float:
    """The same with nothing of ours."""
    message = client.execute(f"print('up', flush=True)\n{code}")
    while (await client.get_iopub_msg(timeout=_SECONDS))["msg_type"] != "stream":
        pass
    await asyncio.sleep(_SETTLE_SECONDS)
    begun = time.perf_counter()
    await manager.interrupt_kernel()
    while (await client.get_shell_msg(timeout=_SECONDS))["parent_header"].get("msg_id") != message:
        pass
    return time.perf_counter() - begun


async def starts(rounds: int, sandbox: str, folder: Path) -> dict[str, list[float]]:
    """Seconds of cold starts and restarts, one round to warm up not counted."""
    seen: dict[str, list[float]] = {"cold start": [], "restart": []}
    async with house(sandbox, folder) as place:
        for number in range(rounds + 1):
            progress(f"start {number} of {rounds}")
            room = place.room()
            cold = await room.ready()
            begun = time.perf_counter()
            await room.executor.restart()
            if number:
                seen["cold start"].append(cold)
                seen["restart"].append(time.perf_counter() - begun)
            await room.executor.shutdown()
    return seen


async def interrupts(rounds: int, sandbox: str, folder: Path) -> dict[str, list[float]]:
    """Seconds of interrupts, the first of each not counted: IPython loads what it formats errors with."""
    seen: dict[str, list[float]] = {}
    manager: Any = AsyncKernelManager(kernel_name="python3")
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=_SECONDS)
        async with house(sandbox, folder) as place:
            room = place.room()
            await room.ready()
            for number in range(rounds + 1):
                progress(f"interrupt {number} of {rounds}")
                for name, code in CODES.items():
                    bare, ours = await bare_interrupted(manager, client, code), await interrupted(room, code)
                    if number:
                        seen.setdefault(f"bare: {name}", []).append(bare)
                        seen.setdefault(f"room: {name}", []).append(ours)
            await room.executor.shutdown()
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
    return seen


def rows(seen: dict[str, list[float]]) -> list[JSON]:
    """The rows of the report."""
    result = []
    for name, values in seen.items():
        peer = "cold start" if name in ("cold start", "restart") else name.replace("room: ", "bare: ")
        ratio = median(values) / median(seen[peer])
        figures = {"p50": median(values) * 1000, "p95": percentile(values, 95) * 1000, "ratio": ratio}
        result.append({"what": name, "peer": peer, **figures})
    return result


def main() -> None:
    """Run it."""
    options = engine_parser(__doc__)
    options.add_argument("--rounds", type=int, default=20)
    chosen = options.parse_args()
    columns = {"what": "what", "p50": "p50 ms", "p95": "p95 ms", "peer": "peer", "ratio": "p50 ÷ peer"}
    goals = "Goals: restart ≤ 1.2 × cold start, interrupt ≤ 100 ms."
    notes = [f"{chosen.rounds} of each, in turns; engine: {chosen.sandbox}. {goals}"]
    report = Report(of_engine("restart_interrupt", chosen.sandbox), "Restart and interrupt", columns, notes)
    with scratch() as folder:
        seen = asyncio.run(starts(chosen.rounds, chosen.sandbox, folder))
        seen |= asyncio.run(interrupts(chosen.rounds, chosen.sandbox, folder))
    report.rows = rows(seen)
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
