"""How long does a candidate wait for the room page?

From navigating to the page until the shared notebook's cell takes keystrokes, against stock JupyterLab until its
launcher shows its cards. Real Chromium, each time with a fresh profile and so an empty cache; the two take turns. Stock
JupyterLab runs without real-time collaboration.

    python -m benchmarks.room_page --rounds 8
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from .common import JSON, BenchmarkError, Report, Server, median, parser, percentile, progress, scratch
from .servers import interview, plain_jupyterlab

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_MILLISECONDS = 60_000.0
_EDITOR = ".jp-Notebook .jp-CodeCell .cm-content[contenteditable=true]"


def launcher(server: Server, context: BrowserContext) -> Callable[[Page], None]:
    """Get ready; what is then timed: JupyterLab's launcher."""
    context.request.get(f"{server.url}/lab?token={server.token}")

    def open_it(page: Page) -> None:
        page.goto(f"{server.url}/lab", wait_until="commit")
        page.locator(".jp-LauncherCard").first.wait_for(state="visible", timeout=_MILLISECONDS)

    return open_it


def room(server: Server, context: BrowserContext) -> Callable[[Page], None]:
    """Get ready: a new room and its candidate's cookie; what is then timed: the room page."""
    made = server.request("POST", "/api/interview/rooms", {"title": "Page", "language": "python"})["id"]
    url = f"{server.url}/interview/{made}"
    context.request.get(url)
    xsrf = next((str(cookie.get("value")) for cookie in context.cookies() if cookie.get("name") == "_xsrf"), "")
    answer = context.request.post(f"{url}/join", data={"name": "Candidate"}, headers={"X-XSRFToken": xsrf})
    if not answer.ok:
        raise BenchmarkError(f"cannot join: {answer.status} {answer.text()[:300]}")

    def open_it(page: Page) -> None:
        page.goto(url, wait_until="commit")
        editor = page.locator(_EDITOR).first
        editor.wait_for(state="visible", timeout=_MILLISECONDS)
        editor.click(timeout=_MILLISECONDS)
        page.keyboard.type("x")
        # The key lands somewhere in the starter code, which has no such letter.
        editor.filter(has_text="x").wait_for(timeout=_MILLISECONDS)

    return open_it


Preparation = Callable[[Server, BrowserContext], Callable[[Page], None]]


def timed(browser: Browser, server: Server, prepare: Preparation) -> float:
    """Seconds until the page can be used, in a fresh profile."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        open_it = prepare(server, context)
        page = context.new_page()
        start = time.perf_counter()
        open_it(page)
        return time.perf_counter() - start
    finally:
        context.close()


def measure(ours: Server, stock: Server, rounds: int) -> dict[str, list[float]]:
    """Seconds of each; one round before does not count."""
    pages: dict[str, tuple[Server, Preparation]] = {"launcher": (stock, launcher), "room": (ours, room)}
    seen: dict[str, list[float]] = {name: [] for name in pages}
    with sync_playwright() as playwright:
        executable = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        for number in range(rounds + 1):
            progress(f"round {number} of {rounds}")
            for name, (server, prepare) in pages.items():
                seconds = timed(browser, server, prepare)
                if number:
                    seen[name].append(seconds)
        browser.close()
    return seen


def rows(seen: dict[str, list[float]]) -> list[JSON]:
    """The rows of the report."""
    names = {"launcher": "stock JupyterLab, launcher", "room": "room page, candidate"}
    base = median(seen["launcher"])
    return [
        {"page": names[name], "p50": median(values), "p95": percentile(values, 95), "ratio": median(values) / base}
        for name, values in seen.items()
    ]


def main() -> None:
    """Run it."""
    options = parser(__doc__)
    options.add_argument("--rounds", type=int, default=8)
    chosen = options.parse_args()
    columns = {"page": "page", "p50": "p50 s", "p95": "p95 s", "ratio": "p50 ÷ launcher"}
    note = f"{chosen.rounds} openings of each, in turns, each in a fresh Chromium profile."
    report = Report("room_page", "Room page interactive", columns, [note])
    with scratch() as folder:
        places: dict[str, Path] = {name: folder / name for name in ("ours", "stock")}
        for place in places.values():
            place.mkdir()
        with interview(places["ours"]) as ours, plain_jupyterlab(places["stock"]) as stock:
            report.rows = rows(measure(ours, stock, chosen.rounds))
    report.publish(chosen.output)


if __name__ == "__main__":
    main()
