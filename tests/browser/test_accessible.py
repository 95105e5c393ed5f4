"""Does axe find anything critical or serious on a page of ours, in either theme?"""

from __future__ import annotations

from typing import Literal

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # it has none
from playwright.async_api import Page, expect

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .people import SECONDS, both, link
from .replaying import the_replay

pytestmark = pytest.mark.browser

GRAVE = {"critical", "serious"}
CODE = "print('\\x1b[32mgreen\\x1b[0m', '\\x1b[38;5;28mof 256\\x1b[0m')\n1 / 0"


async def graves(page: Page) -> list[str]:
    """What axe finds, a line for each element. Isolated frames have a page of their own."""
    options = {"resultTypes": ["violations"], "iframes": False}
    found = (await Axe().run(page, options=options)).response["violations"]
    return [f"{each['id']}: {node['html']}" for each in found if each["impact"] in GRAVE for node in each["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_grave_is_found(
    ji_server: ServerFactory, ji_browser: Browsers, scheme: Literal["light", "dark"]
) -> None:
    server = ji_server()
    ji_browser.scheme = scheme
    room, ivan, cara = await both(ji_browser, server, "Accessible")
    newcomer = await ji_browser.open("newcomer")
    await newcomer.page.goto(link(server, room))
    await expect(newcomer.page.get_by_label("Name").first).to_be_visible()
    assert await graves(newcomer.page) == []

    await cara.replace(CODE)
    await cara.run()
    await cara.say("See [this](https://a.example) and `that`")
    for person in (ivan, cara):
        await person.hears("See this")
        await person.sees_output("ZeroDivisionError")
        assert await graves(person.page) == []
    editor = cara.cell().get_by_role("textbox", name="Code of cell 1")
    await editor.focus()
    await expect(editor).to_be_focused()

    await ivan.page.get_by_role("button", name="Invite…").click()
    await expect(ivan.page.get_by_role("dialog")).to_be_visible()
    assert await graves(ivan.page) == []
    await ivan.page.keyboard.press("Escape")

    replay = await the_replay(ji_browser, server, ivan, room["id"])
    await expect(replay.page.locator(".jp-OutputArea-output").last).to_be_visible(timeout=SECONDS)
    for tab in ("Runs", "Authors", "Bookmarks"):
        await replay.page.get_by_role("tab", name=tab).click()
        assert await graves(replay.page) == []
