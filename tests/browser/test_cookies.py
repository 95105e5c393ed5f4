"""What does somebody see whose browser keeps no cookies? Real Chromium with cookies blocked, at a real server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from tests.fixtures.browser import _FLAGS, _chromium
from tests.fixtures.real import missing
from tests.fixtures.server import ServerFactory
from tests.integration.clients import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

_POST = """async url => {
  const answer = await fetch(url, {method: 'POST', body: JSON.stringify({name: 'Cara'})});
  return [answer.status, (await answer.json()).error.code];
}"""


@pytest_asyncio.fixture
async def cookieless(tmp_path: Path) -> AsyncIterator[Page]:
    """A page of a browser whose user has blocked all cookies in the settings."""
    settings = tmp_path / "profile" / "Default" / "Preferences"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    async with async_playwright() as playwright:
        executable = _chromium()
        if executable is None and not Path(playwright.chromium.executable_path).exists():
            missing("Chromium")
        context = await playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=executable, args=_FLAGS
        )
        yield context.pages[0]
        await context.close()


async def test_the_page_says_so_before_a_seat_is_taken(cookieless: Page, ji_server: ServerFactory) -> None:
    """And the server does, should a page ask all the same: the one seat stays free for somebody who can use it."""
    server = ji_server()
    async with House(server) as house:
        room = await house.room()
        await cookieless.goto(f"{server.url}interview/{room.id}")
        await expect(cookieless.get_by_role("alert")).to_contain_text("does not keep cookies")
        await expect(cookieless.get_by_role("button", name="Join")).to_be_hidden()
        assert await cookieless.evaluate(_POST, f"{server.url}interview/{room.id}/join") == [403, "cookies_off"]
        assert (await room.api("GET", "/members"))["members"] == []
        await cookieless.goto(f"{server.url}interview/login")
        await expect(cookieless.get_by_role("alert")).to_contain_text("does not keep cookies")
        await room.join("Cara")
