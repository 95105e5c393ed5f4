"""What happens to the link when an interviewer removes somebody?"""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.fixtures.browser import Browsers
from tests.fixtures.server import ServerFactory
from tests.integration.clients import House

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


async def test_who_was_removed_comes_back_only_when_the_link_is_opened(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    """The people panel says that it is closed and opens it; the join page says so, and lets in again."""
    server = ji_server()
    async with House(server) as house:
        room = await house.room()
        await room.join("Cara")
        url = f"{server.url}interview/{room.id}"
        hers = (await ji_browser.open("interviewer", f"{url}?token={server.token}")).page
        await hers.get_by_role("button", name="Remove Cara").click(timeout=60_000)
        await hers.get_by_role("dialog").get_by_role("button", name="Remove").click()
        await expect(hers.get_by_test_id("interview-link-closed")).to_be_visible()
        his = (await ji_browser.open("candidate", url)).page
        await expect(his.get_by_text("The interviewer has closed this link.")).to_be_visible()
        await hers.get_by_role("button", name="Open the link again").click()
        await expect(hers.get_by_test_id("interview-link-closed")).to_be_hidden()
        await his.reload()
        await his.get_by_label("Your name").fill("Dora")
        await his.get_by_role("button", name="Join").click()
        await expect(hers.get_by_test_id("interview-people").get_by_text("Dora")).to_be_visible(timeout=60_000)
    assert ji_browser.errors == []
