"""Does one notice what happens in a room although the panel, or the page, is out of sight?"""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .people import SECONDS, Person, both, link

pytestmark = pytest.mark.browser


async def test_what_comes_out_of_sight_is_counted_and_said(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    server = ji_server()
    room, ivan, cara = await both(ji_browser, server, "Out of sight")
    toggle, badge = ivan.page.get_by_test_id("interview-toggle-side"), ivan.page.get_by_test_id("interview-badge")
    await expect(ivan.page).to_have_title("Out of sight", timeout=SECONDS)
    await expect(ivan.page.get_by_test_id("interview-company")).to_have_text("With Cara Candidate", timeout=SECONDS)
    await toggle.click()
    await cara.say("hello there")
    await expect(badge).to_have_text("1new", timeout=SECONDS)
    await expect(ivan.page).to_have_title("(1) Out of sight")
    await expect(ivan.page.get_by_role("log", name="What happens in the interview")).to_contain_text("hello there")
    dora = Person(await ji_browser.open("dora"))
    await dora.page.goto(link(server, room))
    await dora.page.get_by_label("Your name").fill("Dora")
    await dora.page.get_by_role("button", name="Join the interview").click()
    await expect(badge).to_have_text("2new", timeout=SECONDS)
    told = ivan.page.get_by_text("Dora asks to be let in").first
    await expect(told).to_be_visible(timeout=SECONDS)
    await ivan.shot("out-of-sight")
    await ivan.page.get_by_role("button", name="Show").click()
    await expect(badge).to_have_text("1new", timeout=SECONDS)
    await ivan.page.get_by_role("button", name="Admit").click()
    await expect(badge).to_be_hidden(timeout=SECONDS)
    await expect(ivan.page).to_have_title("Out of sight")


async def test_whoever_types_in_a_cell_that_goes_goes_on_in_its_neighbour(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    """Taken away by somebody else, or taken back by the server."""
    server = ji_server("--InterviewApp.limits=cells=2")
    _, ivan, cara = await both(ji_browser, server, "A cell goes")
    await cara.editor().click()
    await cara.page.keyboard.press("Escape")
    await cara.page.keyboard.press("b")
    await expect(ivan.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(2, timeout=SECONDS)
    await cara.page.keyboard.press("b")
    await expect(cara.page.get_by_text("A notebook can have").first).to_be_visible(timeout=SECONDS)
    await expect(cara.page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(2)
    await cara.page.keyboard.press("Enter")
    await cara.page.keyboard.type("goes on")
    await expect(ivan.page.locator(".jp-Notebook")).to_contain_text("goes on", timeout=SECONDS)


async def test_hiding_is_not_offered_after_the_end(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    server = ji_server()
    room, ivan, cara = await both(ji_browser, server, "Hide")
    await cara.say("hello")
    offered = ivan.page.get_by_role("button", name="Hide the message of Cara Candidate")
    await expect(offered).to_be_visible(timeout=SECONDS)
    server.api("POST", f"rooms/{room['id']}/end")
    await expect(offered).to_be_hidden(timeout=SECONDS)


async def test_on_a_small_screen_the_panel_is_out_of_sight(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    server = ji_server()
    room = server.create_room("Small")
    cara = Person(await ji_browser.open("candidate", width=380, height=700))
    await cara.join(link(server, room), "Cara")
    ivan = Person(await ji_browser.open("interviewer"))
    await ivan.page.goto(f"{server.url}lab?token={server.token}")
    await ivan.page.goto(link(server, room))
    await ivan.in_room()
    await ivan.say("can you see this?")
    await expect(cara.page.get_by_test_id("interview-badge")).to_have_text("1new", timeout=SECONDS)
    await cara.shot("small")
