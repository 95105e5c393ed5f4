"""Does a page say of runs what their cells do not: that they wait, go on without a cell, or are none?"""

from __future__ import annotations

import pytest
from playwright.async_api import Route, expect

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .people import SECONDS, both, candidate

pytestmark = pytest.mark.browser

ENDLESS = "import time\nprint('up')\nwhile True: time.sleep(0.05)"


async def test_what_waits_has_a_star_and_what_lost_its_cell_can_be_stopped(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    """For everybody, also after a reload."""
    _, ivan, cara = await both(ji_browser, ji_server(), "Waiting")
    await cara.replace(ENDLESS)
    await cara.run()
    await cara.sees_output("up")
    await cara.page.keyboard.press("b")
    await cara.write("print(6 * 7)", 1)
    await cara.run(1)
    await ivan.page.reload()
    await ivan.in_room()
    for person in (cara, ivan):
        await expect(person.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:", timeout=SECONDS)
        await expect(person.page.get_by_test_id("interview-runs")).to_have_count(0)
    await cara.cell(0).locator(".jp-InputPrompt").click()
    await cara.page.keyboard.press("d")
    await cara.page.keyboard.press("d")
    line = "A cell that was removed still runs, for Cara Candidate."
    for person in (cara, ivan):
        await expect(person.page.get_by_test_id("interview-runs").get_by_role("status")).to_have_text(
            line, timeout=SECONDS
        )
    await ivan.shot("stray")
    await ivan.page.get_by_test_id("interview-runs").get_by_role("button", name="Stop").click()
    for person in (cara, ivan):
        await expect(person.page.get_by_test_id("interview-runs")).to_have_count(0, timeout=SECONDS)
        # What waited behind it is skipped, and has no star any more.
        await expect(person.cell(0).locator(".jp-InputPrompt")).to_have_text("[ ]:", timeout=SECONDS)
    assert ji_browser.errors == []


async def test_a_run_that_reaches_no_server_says_so(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """Though whatever the page would have to load for it cannot be had either."""
    server = ji_server()
    cara = await candidate(ji_browser, server, server.create_room("Away"))
    await cara.replace("print(6 * 7)")

    async def away(route: Route) -> None:
        await route.abort()

    await cara.page.route("**/*", away)
    await cara.run()
    line = cara.page.get_by_test_id("interview-runs").get_by_role("alert")
    await expect(line).to_have_text("The cell was not run. The server cannot be reached.", timeout=SECONDS)
    await cara.shot("unreachable")
    await cara.page.unroute("**/*", away)
    await cara.cell(0).locator(".jp-InputPrompt").click()
    await cara.run()
    await cara.sees_output("42")
    await expect(line).to_have_count(0, timeout=SECONDS)
