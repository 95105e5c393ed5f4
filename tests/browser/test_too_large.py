"""Does whoever writes more than a room takes hear why, and go on?"""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .people import SECONDS, both

pytestmark = pytest.mark.browser


async def _paste(place: Locator, text: str) -> None:
    """As the browser does it with what is in its clipboard."""
    await place.evaluate(
        """(node, text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData('text/plain', text);
          node.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


@pytest.mark.parametrize("size", [1_200_000, 5_000_000])
async def test_a_paste_that_is_too_large_is_taken_back(
    ji_server: ServerFactory, ji_browser: Browsers, size: int
) -> None:
    """Below what the server reads it is refused there, beyond that by the page: both say so, and later words arrive."""
    _, ivan, cara = await both(ji_browser, ji_server(), "Too large")
    await cara.write(" before")
    await ivan.sees_source("before")
    await cara.editor().click()
    await _paste(cara.editor(), "x" * size)
    await expect(cara.page.get_by_text("can have at most 1").first).to_be_visible(timeout=SECONDS)
    await cara.in_room()
    await expect(cara.editor()).to_have_text("# Write your code here before", timeout=SECONDS)
    await cara.write(" after")
    await ivan.sees_source("# Write your code here before after")
    await cara.page.reload()
    await cara.in_room()
    await cara.sees_source("# Write your code here before after")


async def test_a_message_that_is_too_long_comes_back(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """It is not sent again and again, keeps back no other, and can be made shorter."""
    server = ji_server("--InterviewApp.limits=chat_chars=20")
    _, ivan, cara = await both(ji_browser, server, "Too long")
    await cara.say("a" * 21)
    await expect(cara.page.get_by_text("A message can have at most 20 characters.").first).to_be_visible(
        timeout=SECONDS
    )
    box = cara.chat.locator("textarea").first
    await expect(box).to_have_value("a" * 21, timeout=SECONDS)
    await box.press("Backspace")
    await box.press("Enter")
    await ivan.hears("a" * 20)
