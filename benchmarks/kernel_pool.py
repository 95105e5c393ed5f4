"""How long does a room wait for its kernel, with a warm one in the pool and without?

From asking for the kernel until code can run, in turns: a stock ``jupyter_client`` kernel without any sandbox, a room
whose pool is empty, a room that claims a warm kernel. Then what a refill costs: how long the next kernel takes to be
there, what processor time it uses, and what a first run meanwhile feels of it.

    python -m benchmarks.kernel_pool --rounds 20
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from .common import JSON, Report, engine_parser, median, of_engine, percentile, progress, scratch
from .house import House, house, processor_seconds
from .kernel_start import unsandboxed

_SOURCE = "sum(range(1000))"


async def claimed(place: House, seen: dict[str, list[float]]) -> None:
    """One room that claims a warm kernel and runs a cell at once, while the pool is refilled."""
    await place.warm(1)
    room = place.room()
    seen["claimed"].append(await room.ready())
    seen["first run"].append(await room.run(_SOURCE))
    before = set(place.kernels.list_kernel_ids())
    seen["refill"].append(await place.warm(1))
    new = set(place.kernels.list_kernel_ids()) - before
    # The refill may have begun before its first run ended; then it is not told apart.
    seen["refill processor"] += [processor_seconds(place.process(kernel)) for kernel in new]
    seen["run"].append(await room.run(_SOURCE))
    await room.executor.shutdown()


async def measure(rounds: int, sandbox: str, folder: Path) -> dict[str, list[float]]:
    """Seconds of everything, by name. One round before, whose files come from the disk, does not count."""
    names = ("unsandboxed", "cold", "claimed", "first run", "run", "refill", "refill processor")
    seen: dict[str, list[float]] = {name: [] for name in names}
    async with house(sandbox, folder) as cold, house(sandbox, folder) as warm:
        for number in range(rounds + 1):
            progress(f"round {number} of {rounds}")
            if number == 1:
                seen = {name: [] for name in names}
            seen["unsandboxed"].append(await unsandboxed(folder))
            room = cold.room()
            seen["cold"].append(await room.ready())
            await room.executor.shutdown()
            if not number:
                warm.pool.start()
            await claimed(warm, seen)
    return seen


def rows(seen: dict[str, list[float]]) -> list[JSON]:
    """The rows of the report."""
    base = median(seen["unsandboxed"])
    labels = {
        "unsandboxed": "bare ipykernel, started",
        "cold": "room, pool empty",
        "claimed": "room, warm kernel claimed",
        "refill": "refill: until the next is warm",
        "refill processor": "refill: processor time of its kernel",
        "first run": "first run after a claim, to its end",
        "run": "run on a quiet machine, to its end",
    }
    return [
        {
            "what": label,
            "p50": median(seen[name]) * 1000,
            "p95": percentile(seen[name], 95) * 1000,
            "ratio": median(seen[name]) / base,
        }
        for name, label in labels.items()
        if seen[name]
    ]


def main() -> None:
    """Run it."""
    options = engine_parser(__doc__)
    options.add_argument("--rounds", type=int, default=20)
    chosen = options.parse_args()
    columns = {"what": "kernel", "p50": "p50 ms", "p95": "p95 ms", "ratio": "p50 ÷ bare"}
    notes = [f"{chosen.rounds} of each, in turns; engine: {chosen.sandbox}. Goal: claimed, p95 ≤ 100 ms."]
    report = Report(of_engine("kernel_pool", chosen.sandbox), "Warm pool", columns, notes)
    with scratch() as folder:
        report.rows = rows(asyncio.run(measure(chosen.rounds, chosen.sandbox, folder)))
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
