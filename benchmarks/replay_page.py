"""How quickly does a replay open and seek in a browser, and does it stay responsive?

Interviews of one and of eight hours, recorded by `benchmarks.interviews` and opened in real Chromium as an interviewer
would. *Open* is from navigating to the picture with the first notebook, by the page's own clock, each time in a fresh
profile; the page's own part of it is measured beside it with an interview of some seconds. *Seek* is from a press on
the timeline at a random place to the picture with the notebook of that moment; the first ones, while frames are still
loaded and the browser has compiled little, are counted apart. *Scrubbing* drags over the whole timeline and back; the
browser's own `longtask` entries tell the longest task. The memory is that of all processes of the browser (PSS).

    python -m benchmarks.replay_page --seeks 100
"""

from __future__ import annotations

import asyncio
import random
import shutil

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .chromium import limit, memory
from .common import JSON, BenchmarkError, Report, Server, median, parser, percentile, progress, scratch
from .interviews import make
from .room_page import ARGUMENTS
from .servers import interview

_MILLISECONDS = 120_000.0
_BAR = "[data-testid=interview-replay-bar]"
_LOADED = f"{_BAR}[data-loaded=true]"
_FIRST = 20
_SHOWN = """() => {
    new MutationObserver((_, observer) => {
        if (document.querySelector('[data-testid=interview-replay-bar][data-ready=true]')) {
            observer.disconnect();
            // After the picture was painted.
            requestAnimationFrame(() => setTimeout(() => { window.shownAt = performance.now(); }, 0));
        }
    }).observe(document, { subtree: true, childList: true, attributeFilter: ['data-ready'] });
}"""
_LONG_TASKS = """() => {
    window.longTasks = [];
    new PerformanceObserver(list => window.longTasks.push(...list.getEntries().map(entry => entry.duration)))
        .observe({ type: 'longtask', buffered: false });
}"""
_SEEK = """async ([testid, fraction]) => {
    const timeline = document.querySelector(`[data-testid=${testid}]`);
    const bar = document.querySelector('[data-testid=interview-replay-bar]');
    const box = timeline.getBoundingClientRect();
    const at = { clientX: box.left + fraction * box.width, clientY: box.top + box.height / 2, bubbles: true,
                 pointerId: 1, button: 0, buttons: 1, isPrimary: true };
    const before = bar.dataset.seq;
    const begun = performance.now();
    timeline.dispatchEvent(new PointerEvent('pointerdown', at));
    timeline.dispatchEvent(new PointerEvent('pointerup', { ...at, buttons: 0 }));
    for (let turn = 0; turn < 2000; turn++) {
        // After a picture was painted. The first one may still be of the moment before: its event is another one's.
        await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve, 0)));
        const { seq, shown } = bar.dataset;
        if (seq === shown && (turn || seq !== before)) {
            return performance.now() - begun;
        }
    }
    throw new Error(`shows ${bar.dataset.shown} instead of ${bar.dataset.seq}`);
}"""


def profile(browser: Browser, server: Server) -> BrowserContext:
    """A browser that was never here, and may see everything."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.request.get(f"{server.url}/lab?token={server.token}")
    return context


def opened(context: BrowserContext, server: Server, room: str) -> tuple[Page, float]:
    """A replay, and the seconds until its first notebook was on screen."""
    page = context.new_page()
    page.add_init_script(f"({_SHOWN})()")
    page.goto(f"{server.url}/interview/{room}/replay", wait_until="commit")
    page.wait_for_function("() => window.shownAt !== undefined", timeout=_MILLISECONDS)
    return page, float(page.evaluate("() => window.shownAt")) / 1000


def sought(page: Page, places: random.Random, seeks: int) -> list[float]:
    """Milliseconds of seeks to random places."""
    return [float(page.evaluate(_SEEK, ["interview-replay-timeline", places.random()])) for _ in range(seeks)]


def scrubbed(page: Page) -> float:
    """Milliseconds of the longest task while somebody drags over the timeline and back; 0 where none took 50."""
    page.evaluate(_LONG_TASKS)
    box = page.get_by_test_id("interview-replay-timeline").bounding_box()
    if box is None:
        raise BenchmarkError("there is no timeline")
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 1, y)
    page.mouse.down()
    for end in (box["x"] + box["width"] - 1, box["x"] + 1):
        page.mouse.move(end, y, steps=150)
    page.mouse.up()
    page.wait_for_function(f"() => {{ const d = document.querySelector('{_BAR}').dataset; return d.seq === d.shown; }}")
    return max((float(task) for task in page.evaluate("() => window.longTasks")), default=0.0)


def measure(browser: Browser, server: Server, room: str, rounds: int, seeks: int) -> JSON:
    """The figures of one interview."""
    seconds, again = [], []
    for number in range(rounds + 1):
        context = profile(browser, server)
        page, took = opened(context, server, room)
        if number:
            seconds.append(took)
        if number < rounds:
            page.close()
            again.append(opened(context, server, room)[1])
            context.close()
    places = random.Random(1)
    first = sought(page, places, _FIRST)
    page.locator(_LOADED).wait_for(state="attached", timeout=_MILLISECONDS)
    times = sought(page, places, seeks)
    longest, used = scrubbed(page), memory() / 1e6
    page.context.close()
    return {
        "open": median(seconds), "again": median(again), "first": median(first), "first95": percentile(first, 95),
        "seek": median(times), "seek95": percentile(times, 95), "task": longest, "mb": used,
    }  # fmt: skip


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=5, help="openings of each")
    options.add_argument("--seeks", type=int, default=200)
    options.add_argument("--hours", type=float, nargs="+", default=[0.01, 1.0, 8.0], help="the first is the page alone")
    chosen = options.parse_args()
    columns = {
        "hours": "hours", "updates": "updates", "open": "open p50 s", "page": "less the page alone, s",
        "again": "opened again, s",
        "first": f"first {_FIRST} seeks p50 ms", "first95": "p95 ms", "seek": "seek p50 ms", "seek95": "seek p95 ms",
        "task": "longest task while scrubbing, ms", "mb": "browser, MB",
    }  # fmt: skip
    openings = f"{chosen.rounds} openings in fresh profiles, again in each of them"
    note = f"{openings}, {_FIRST} and {chosen.seeks} seeks to random places."
    report = Report(
        "replay_page", "Replay in the browser", columns, [note, "No process of the browser may have more than 2 GB."]
    )
    with scratch() as folder:
        rooms = {}
        for hours in chosen.hours:
            progress(f"recording {hours} h")
            room, script = asyncio.run(make(folder / "data" / "interview", hours))
            rooms[hours] = (room.id, script.updates)
        with interview(folder) as server, sync_playwright() as playwright:
            executable = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
            limit()
            for hours, (room_id, updates) in rooms.items():
                progress(f"{hours} h: {updates} updates")
                figures = measure(browser, server, room_id, chosen.rounds, chosen.seeks)
                alone = report.rows[0]["open"] if report.rows else figures["open"]
                report.rows.append({"hours": hours, "updates": updates, "page": figures["open"] - alone, **figures})
            browser.close()
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
