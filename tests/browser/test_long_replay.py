"""Can an interview of eight hours be scrubbed in a browser that has 2 GB of memory?

How long the page's tasks are meanwhile is measured by `benchmarks.replay_page`.
"""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from benchmarks.chromium import MEMORY, limit, memory
from benchmarks.interviews import make

from ..fixtures.browser import Browsers
from ..fixtures.server import Server, ServerFactory
from .people import logged_in
from .replaying import the_replay

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MOVES = 120

# Which notebooks were on screen while somebody dragged?
WATCH = """() => {
    const bar = document.querySelector('[data-testid=interview-replay-bar]');
    window.seen = new Set();
    new MutationObserver(() => window.seen.add(bar.dataset.shown))
        .observe(bar, { attributes: true, attributeFilter: ['data-shown'] });
}"""


async def eight_hours(server: Server) -> str:
    """An interview of 200,000 updates in the database of a server that does not run yet; its room."""
    room, script = await make(server.directory / "data" / "interview", 8.0)
    assert script.updates == 200_000
    return room.id


async def scrub(page: Page) -> int:
    """Drag over the whole timeline and back; the most memory that the browser had meanwhile."""
    box = await page.get_by_test_id("interview-replay-timeline").bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    places = [box["x"] + 1 + (box["width"] - 2) * step / MOVES for step in range(MOVES + 1)]
    await page.mouse.move(places[0], y)
    await page.mouse.down()
    most = 0
    for number, x in enumerate([*places, *reversed(places)]):
        await page.mouse.move(x, y)
        if number % 20 == 0:
            most = max(most, memory())
    await page.mouse.up()
    return most


async def test_eight_hours_are_scrubbed_in_two_gigabytes(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    server = ji_server(start=False)
    room = await eight_hours(server)
    server.start()
    limit()
    interviewer = await logged_in(ji_browser, server)
    # The server makes the frames first, and the page says so.
    replay = await the_replay(ji_browser, server, interviewer, room, within=300_000)
    page = replay.page
    await page.evaluate(WATCH)
    # Once with frames that come from the server meanwhile, once with all of them in the page.
    most = await scrub(page)
    assert await replay.is_exact() > 0
    await page.wait_for_selector("[data-testid=interview-replay-bar][data-loaded=true]", timeout=120_000)
    most = max(most, await scrub(page), memory())
    assert await page.evaluate("() => window.seen.size") > MOVES, "too few notebooks were shown meanwhile"
    assert most < MEMORY
    for key in ("End", "5"):
        await replay.press(key)
        assert await replay.is_exact() > 0
    assert ji_browser.errors == []
