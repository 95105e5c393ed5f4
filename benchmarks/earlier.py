"""Is today's server slower than an earlier one: from a keystroke to the peer, from Run to the first output?

What an earlier commit has runs with what is installed here. The two take turns, each started anew in each turn: a
machine that gets slower meanwhile is slow for both.

    python -m benchmarks.earlier --commit d127cd2
"""

from __future__ import annotations

import asyncio
import subprocess
from functools import partial
from pathlib import Path

from . import run_output
from .common import JSON, BenchmarkError, Report, median, parser, percentile, progress, scratch
from .keystroke import Peer, Typing, compare
from .servers import earlier, ours

_ROOT = Path(__file__).parents[1]


def checked_out(commit: str, folder: Path) -> Path:
    """A clone of this repository at a commit.

    Raises:
        BenchmarkError: there is no such commit, or no git.
    """
    for command in (
        ["git", "clone", "--quiet", "--no-checkout", str(_ROOT), str(folder)],
        ["git", "-C", str(folder), "checkout", "--quiet", "--detach", commit],
    ):
        ran = subprocess.run(command, capture_output=True, text=True)
        if ran.returncode:
            raise BenchmarkError(ran.stderr)
    return folder


def row(what: str, was: JSON, now: JSON) -> JSON:
    """``p50`` and ``p95`` in milliseconds of the two, and today's in the measure of the earlier ones."""
    found: JSON = {"what": what}
    for rank in ("p50", "p95"):
        found |= {f"was_{rank}": was[rank], f"now_{rank}": now[rank], rank: now[rank] / was[rank]}
    return found


def keys(peers: dict[str, Peer], rooms: int, typing: Typing) -> JSON:
    """The row of typing in so many rooms."""
    was, now = compare(peers, [rooms], typing)
    return row(f"keystroke to peer, {rooms} rooms", was, now)


def runs(peers: dict[str, Peer], count: int, turns: int) -> JSON:
    """The row of runs."""
    seen: dict[str, list[float]] = {name: [] for name in peers}
    for turn in range(turns):
        for name, peer in peers.items():
            progress(f"runs, turn {turn + 1}: {name}")
            with scratch() as folder, peer(folder) as site:
                seen[name] += asyncio.run(run_output.measure(site.server, count))["ours"]
    was, now = ({"p50": median(each), "p95": percentile(each, 95)} for each in seen.values())
    return row("run to first output", was, now)


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--commit", default="d127cd2", help="the earlier version")
    options.add_argument("--rooms", type=int, nargs="+", default=[1, 10])
    options.add_argument("--seconds", type=float, default=40.0, help="typing time of each version and number of rooms")
    options.add_argument("--runs", type=int, default=50, help="runs of each turn")
    options.add_argument("--turns", type=int, default=4)
    chosen = options.parse_args()
    columns = {
        "what": "what", "was_p50": "earlier p50 ms", "now_p50": "today p50 ms", "p50": "p50 ratio",
        "was_p95": "earlier p95 ms", "now_p95": "today p95 ms", "p95": "p95 ratio",
    }  # fmt: skip
    typing = Typing(chosen.seconds, chosen.turns, cursors=True, together=True)
    notes = [str(typing), f"Earlier is {chosen.commit}. Ratios below 1: today is faster."]
    report = Report("earlier", "Today's server and an earlier one", columns, notes)
    with scratch() as folder:
        clone = checked_out(chosen.commit, folder / "clone")
        peers: dict[str, Peer] = {"earlier": partial(earlier, clone=clone), "today": ours}
        for rooms in chosen.rooms:
            report.rows.append(keys(peers, rooms, typing))
        report.rows.append(runs(peers, chosen.runs, chosen.turns))
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
