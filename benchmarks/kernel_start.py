"""How much longer does a kernel take to be ready in its sandbox?

From asking for the kernel until it has answered its first request and can run code: a stock ``jupyter_client`` kernel
without any sandbox, and a room's kernel in bubblewrap, started by the same managers as in the server. They take turns.

    python -m benchmarks.kernel_start --rounds 10
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from jupyter_interview.core.limits import Limits
from jupyter_interview.execution.manager import InterviewKernelManager
from jupyter_interview.provisioners import choose

from .common import JSON, BenchmarkError, Report, median, parser, percentile, progress, scratch

KERNELS = Path(__file__).parent.parent / "kernels"
_READY_SECONDS = 60.0


# The types of jupyter_client name the blocking client for every manager.
async def _until_ready(kernel: Any) -> None:
    client = kernel.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=_READY_SECONDS)
    finally:
        client.stop_channels()


async def unsandboxed(_: Path) -> float:
    """Seconds until a stock kernel is ready."""
    manager = AsyncKernelManager(kernel_name="python3")
    start = time.perf_counter()
    await manager.start_kernel()
    try:
        await _until_ready(manager)
        return time.perf_counter() - start
    finally:
        await manager.shutdown_kernel(now=True)


async def _ours(sandbox: str, folder: Path) -> float:
    engine = choose(sandbox, Limits())
    if engine.problem:
        raise BenchmarkError(engine.problem)
    manager: Any = InterviewKernelManager(engine=engine, kernels_dir=str(KERNELS), connection_dir=str(folder))
    start = time.perf_counter()
    kernel = await manager.start_kernel(kernel_name="python")
    try:
        await _until_ready(manager.get_kernel(kernel))
        return time.perf_counter() - start
    finally:
        await manager.shutdown_kernel(kernel, now=True)


async def sandboxed(folder: Path) -> float:
    """Seconds until a room's kernel is ready in bubblewrap."""
    return await _ours("bubblewrap", folder)


async def in_the_open(folder: Path) -> float:
    """Seconds until a room's kernel is ready where the operator has switched the sandbox off."""
    return await _ours("none", folder)


WAYS: dict[str, Callable[[Path], Awaitable[float]]] = {
    "unsandboxed": unsandboxed,
    "sandboxed": sandboxed,
    "ours without sandbox": in_the_open,
}


async def measure(rounds: int, folder: Path) -> dict[str, list[float]]:
    """Seconds of each start by way. One round before, whose files come from the disk, does not count."""
    seen: dict[str, list[float]] = {name: [] for name in WAYS}
    for number in range(rounds + 1):
        progress(f"round {number} of {rounds}")
        for name, start in WAYS.items():
            seconds = await start(folder)
            if number:
                seen[name].append(seconds)
    return seen


def rows(seen: dict[str, list[float]]) -> list[JSON]:
    """The rows of the report."""
    base = median(seen["unsandboxed"])
    return [
        {"way": name, "p50": median(values), "p95": percentile(values, 95), "ratio": median(values) / base}
        for name, values in seen.items()
    ]


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=10)
    chosen = options.parse_args()
    columns = {"way": "kernel", "p50": "p50 s", "p95": "p95 s", "ratio": "p50 ÷ unsandboxed"}
    report = Report("kernel_start", "Kernel ready", columns, [f"{chosen.rounds} starts of each, in turns."])
    with scratch() as folder:
        report.rows = rows(asyncio.run(measure(chosen.rounds, folder)))
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
