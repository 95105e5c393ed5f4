"""How long does a page take to answer while it shows what a member made to hold it up?

The battery of pages (`tests/pages/`) measures it in Chromium; this runs the battery and tells its figures. They are
seconds of the page's main thread until its next picture, in the measure of what the same page takes for a fixed piece
of work at that moment.

    python -m benchmarks.hostile_page
"""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .common import JSON, BenchmarkError, Report, median, parser, scratch

GOAL_SECONDS = 1.0
ANSWERED = "answered_seconds"
_ROOT = Path(__file__).parents[1]
_BATTERIES = ("tests/pages/test_pages.py", "tests/pages/test_older_logs.py")
#: By what the test's name has in it.
_PAGES = {"_room": "room", "_replay": "replay", "_file": "exported file"}


def battery(folder: Path, wanted: str) -> list[JSON]:
    """What each case took: ``page``, ``case``, ``seconds``.

    Raises:
        BenchmarkError: a canary moved, or a page froze.
    """
    results = folder / "results.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-o", "junit_family=xunit1", f"--junitxml={results}", *_BATTERIES]
    ran = subprocess.run([*command, "-k", wanted] if wanted else command, cwd=_ROOT, stdout=sys.stderr)
    if ran.returncode != 0:
        raise BenchmarkError("the battery does not hold")
    found: list[JSON] = []
    for case in ElementTree.parse(results).iter("testcase"):  # noqa: S314  # pytest wrote it
        function, _, name = case.get("name", "").rstrip("]").partition("[")
        for each in case.iter("property"):
            if each.get("name") == ANSWERED:
                seconds = float(each.get("value", "nan"))
                page = next(page for part, page in _PAGES.items() if part in function)
                found.append({"page": page, "case": name or function, "seconds": seconds})
    return found


def row(page: str, cases: list[JSON]) -> JSON:
    """The figures of one page."""
    seconds = [float(case["seconds"]) for case in cases]
    worst = max(cases, key=lambda case: float(case["seconds"]))
    slow = sum(each > GOAL_SECONDS for each in seconds)
    return {
        "page": page,
        "cases": len(cases),
        "median": median(seconds),
        "longest": worst["seconds"],
        "goal": worst["seconds"] / GOAL_SECONDS,
        "slow": slow,
        "which": worst["case"],
    }


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--cases", default="", help="only cases whose name fits, as pytest's -k")
    chosen = options.parse_args()
    columns = {
        "page": "page", "cases": "cases", "median": "median s", "longest": "longest s",
        "goal": f"longest ÷ goal of {GOAL_SECONDS:g} s", "slow": "cases over the goal", "which": "the longest",
    }  # fmt: skip
    note = "Processor seconds of the page's main thread between two pictures, while each case of the battery is shown."
    report = Report("hostile_page", "How long a page takes to answer under what is hostile", columns, [note])
    with scratch() as folder:
        cases = battery(folder, chosen.cases)
    for page in _PAGES.values():
        report.rows.append(row(page, [case for case in cases if case["page"] == page]))
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
