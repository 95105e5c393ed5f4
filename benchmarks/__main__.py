"""Everything in one run: ``python -m benchmarks --output docs/developers/figures``.

Takes about half an hour on an otherwise idle machine. ``--quick`` only shows that each benchmark works; ``--only`` runs
some of them. What depends on the engine is measured over bubblewrap and over Docker.
"""

from __future__ import annotations

import subprocess
import sys

from .common import parser, progress

FULL = {
    "keystroke": ["--rooms", "1", "10", "30", "--seconds", "20", "--turns", "2"],
    "run_output": ["--runs", "100"],
    "earlier": ["--turns", "4"],
    "kernel_start": ["--rounds", "10"],
    "kernel_pool": ["--rounds", "20"],
    "restart_interrupt": ["--rounds", "20"],
    "room_capacity": ["--kernels", "20"],
    "compile_run": ["--rounds", "10"],
    "room_page": ["--rounds", "8"],
    "disk": ["--seconds", "60"],
    "chain": ["--turns", "1000"],
    "hostile": ["--seconds", "10"],
    "hostile_page": [],
    "open_room": ["--megabytes", "100", "1000"],
    "replay": ["--hours", "1", "8"],
    "replay_page": ["--seeks", "200"],
}
QUICK = {
    "keystroke": ["--rooms", "1", "--seconds", "2", "--turns", "1"],
    "run_output": ["--runs", "5"],
    "earlier": ["--rooms", "1", "--seconds", "2", "--runs", "5", "--turns", "1"],
    "kernel_start": ["--rounds", "1"],
    "kernel_pool": ["--rounds", "1"],
    "restart_interrupt": ["--rounds", "1"],
    "room_capacity": ["--kernels", "2"],
    "compile_run": ["--rounds", "1"],
    "room_page": ["--rounds", "1"],
    "disk": ["--seconds", "3"],
    "chain": ["--turns", "2"],
    "hostile": ["--seconds", "2", "--frames", "200"],
    "hostile_page": ["--cases", "script"],
    "open_room": ["--megabytes", "5"],
    "replay": ["--hours", "0.1", "--stock-hours", "0.05"],
    "replay_page": ["--seeks", "5", "--rounds", "1", "--hours", "0.1"],
}

OVER_ENGINES = ("kernel_pool", "restart_interrupt", "room_capacity", "compile_run")


def engines_of(name: str) -> list[list[str]]:
    """Arguments of each run of a benchmark: one, or one over each engine."""
    return [["--sandbox", engine] for engine in ("bubblewrap", "docker")] if name in OVER_ENGINES else [[]]


def main() -> int:
    """Run each benchmark in a process of its own; 1 if one of them failed."""
    options = parser(__doc__)
    options.add_argument("--quick", action="store_true")
    options.add_argument("--only", nargs="+", choices=list(FULL), default=list(FULL))
    chosen = options.parse_args()
    failed = False
    output = [] if chosen.output is None else ["--output", str(chosen.output)]
    for name in chosen.only:
        for engine in engines_of(name):
            progress(f"--- {' '.join([name, *engine])}")
            arguments = (QUICK if chosen.quick else FULL)[name]
            command = [sys.executable, "-m", f"benchmarks.{name}", *arguments, *engine, *output]
            failed |= subprocess.run(command, check=False).returncode != 0
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
