"""What do open pages say, and ask, when their account has got another password?"""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.fixtures.browser import Browsers
from tests.fixtures.server import ServerFactory
from tests.integration.clients import House

from .people import SECONDS, Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

EMAIL, PASSWORD, NEW = "ada@example.org", "correct horse battery", "another horse battery"
_WATCH = """() => {
  window.said = [];
  const look = () => {
    const text = document.querySelector('[data-testid=interview-banner]')?.textContent;
    if (text) window.said.push(text);
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


async def test_open_pages_say_that_one_was_logged_out_and_are_silent(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    """The room as well as the desk: with the way to log in, and without asking the server for ever."""
    server = ji_server("--InterviewApp.limits=ping_seconds=1")
    server.run("user", "add", EMAIL, stdin=f"{PASSWORD}\n")
    async with House(server) as house:
        ada = house.client()
        body = {"email": EMAIL, "password": PASSWORD}
        token = (await ada.post("api/interview/login", json=body)).json()["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        made = await house.client(bearer).post("api/interview/rooms", json={"title": "Two Sum", "language": "python"})
        visitor = await ji_browser.open("interviewer")
        await visitor.context.clock.install()
        desk = visitor.page
        await desk.goto(f"{server.url}interview/login")
        await desk.get_by_label("Email").fill(EMAIL)
        await desk.get_by_label("Password").fill(PASSWORD)
        await desk.get_by_role("button", name="Log in").click()
        await desk.locator(".jp-LauncherCard").filter(has_text="Past interviews").click(timeout=SECONDS)
        await expect(desk.get_by_test_id("interview-past")).to_contain_text("Two Sum", timeout=SECONDS)
        room = await visitor.context.new_page()
        await room.goto(f"{server.url}interview/{made.json()['id']}")
        person = Person(type(visitor)(visitor.name, visitor.context, room, visitor.artifacts, visitor.errors))
        await person.in_room()
        await person.write("kept = 1")
        await room.evaluate(_WATCH)
        changed = server.run("user", "password", EMAIL, stdin=f"{NEW}\n")
        assert changed.returncode == 0, changed.stdout + changed.stderr
        banner = room.get_by_test_id("interview-banner")
        await expect(banner).to_contain_text("You were logged out", timeout=SECONDS)
        await expect(banner).to_contain_text("What you typed until then is stored.")
        said = await room.evaluate("window.said")
        assert said and all("logged out" in text for text in said)
        await desk.bring_to_front()
        told = desk.get_by_test_id("interview-logged-out")
        await expect(told).to_contain_text("You were logged out", timeout=SECONDS)
        for page in (room, desk):
            await _is_silent(page)
        async with visitor.context.expect_page() as opened:
            await told.get_by_role("link", name="Log in again").click()
        await _log_in(await opened.value)
        await desk.get_by_role("button", name="Try again").click()
        await expect(told).to_be_hidden(timeout=SECONDS)
        again = banner.get_by_role("link", name="Log in again")
        await expect(again).to_have_attribute("href", f"{server.url}interview/login")


async def _log_in(page: Page) -> None:
    await page.get_by_label("Email").fill(EMAIL)
    await page.get_by_label("Password").fill(NEW)
    await page.get_by_role("button", name="Log in").click()
    await page.locator(".jp-Launcher").wait_for(timeout=SECONDS)


async def _is_silent(page: Page) -> None:
    """For longer than the page waited between two questions while it was let in, by the page's own clock."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for _ in range(11):
        await page.clock.fast_forward(1_000)
        # What it had to ask by then, it has asked.
        await page.evaluate("() => new Promise(resolve => requestAnimationFrame(() => resolve()))")
    assert [url for url in asked if "/api/" in url] == []
