"""Do the keys work that people know, although the menus that have them in JupyterLab are not there?"""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .people import SECONDS, Person, both, candidate, link

STARTER = "# Write your code here"

# Counts what is focused in the chat; to be run before the page's own scripts.
_FOCUSED = """
globalThis.focusedInChat = 0;
document.addEventListener('focusin', ({ target }) => { focusedInChat += target.closest('.jp-chat-widget') ? 1 : 0; });
"""

pytestmark = pytest.mark.browser


async def _has(person: Person, text: str) -> None:
    await expect(person.editor()).to_have_text(text, timeout=SECONDS)


@pytest.mark.parametrize("redo", ["Control+Y", "Control+Shift+Z"])
async def test_undo_and_redo_what_oneself_wrote(ji_server: ServerFactory, ji_browser: Browsers, redo: str) -> None:
    """What somebody else wrote meanwhile stays."""
    server = ji_server()
    _, ivan, cara = await both(ji_browser, server, "Keys")
    await cara.write(" one")
    await ivan.sees_source("one")
    await ivan.write(" two")
    await _has(cara, f"{STARTER} one two")
    await cara.editor().click()
    await cara.page.keyboard.press("Control+Z")
    await _has(ivan, f"{STARTER} two")
    await cara.page.keyboard.press(redo)
    await _has(ivan, f"{STARTER} one two")
    await _has(cara, f"{STARTER} one two")


async def test_interrupt_and_restart(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """In command mode, by JupyterLab's two keys."""
    server = ji_server()
    _, ivan, cara = await both(ji_browser, server, "Keys")
    await cara.replace("import time\nprint('begun')\ntime.sleep(600)")
    await cara.run()
    await cara.sees_output("begun")
    await cara.page.keyboard.press("Escape")
    await cara.page.keyboard.press("i")
    await cara.page.keyboard.press("i")
    await cara.sees_output("KeyboardInterrupt")
    await cara.page.keyboard.press("0")
    await cara.page.keyboard.press("0")
    dialog = cara.page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Restart", timeout=SECONDS)
    await dialog.get_by_role("button", name="Confirm Kernel Restart").click()
    told = "Cara Candidate restarted the kernel: its variables are gone."
    await expect(ivan.page.get_by_text(told)).to_be_visible(timeout=SECONDS)
    await expect(cara.page.get_by_text(told)).to_have_count(0)


async def test_run_and_go_on_from_cell_to_cell(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """The next cell is selected and not opened: the same keys run it as well."""
    server = ji_server()
    cara = await candidate(ji_browser, server, server.create_room("Keys"))
    await cara.replace("print('first')")
    await cara.page.keyboard.press("Escape")
    await cara.page.keyboard.press("b")
    await cara.page.keyboard.press("Enter")
    await cara.page.keyboard.type("print('second')")
    await cara.editor().click()
    await cara.page.keyboard.press("Shift+Enter")
    await cara.sees_output("first")
    await expect(cara.page.locator(".jp-Notebook")).to_have_class(re.compile("jp-mod-commandMode"))
    await cara.page.keyboard.press("Shift+Enter")
    await cara.sees_output("second", 1)


@pytest.mark.parametrize("slower", [1, 6])
async def test_what_somebody_types_on_coming_in_is_no_message(
    ji_server: ServerFactory, ji_browser: Browsers, slower: int
) -> None:
    """The chat is drawn after the notebook, and again with its theme: each time it would take the focus."""
    server = ji_server()
    cara = Person(await ji_browser.open("candidate"))
    await cara.page.add_init_script(_FOCUSED)
    devtools = await cara.page.context.new_cdp_session(cara.page)
    await devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    await cara.join(link(server, server.create_room("Keys")), "Cara Candidate")
    # The chat has its theme: it has been drawn for the second time.
    await expect(cara.page.locator(":root")).to_have_css("--mui-spacing", re.compile("px"))
    await expect(cara.chat.get_by_role("button", name="Send message")).to_be_visible()
    await expect(cara.page.locator(".jp-chat-widget")).to_have_js_property("inert", False)
    assert await cara.page.evaluate("focusedInChat") == 0
    await cara.say("hello")
    await cara.hears("hello")
    await expect(cara.chat.locator("textarea").first).to_be_focused()


async def test_who_may_not_edit_undoes_nothing(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    server = ji_server()
    _, ivan, cara = await both(ji_browser, server, "Keys")
    await cara.replace("mine")
    await ivan.sees_source("mine")
    await ivan.page.get_by_label("Cara Candidate may edit").click()
    await expect(cara.page.locator("body")).to_have_attribute("data-interview-edit", "false", timeout=SECONDS)
    await cara.editor().click()
    await cara.page.keyboard.press("Control+Z")
    await ivan.write(" still")
    await _has(cara, "mine still")
    assert ji_browser.errors == []


async def test_the_palette_offers_only_what_works(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """One document that is stored as it is written, one kernel, one tab; undo and runs are there."""
    server = ji_server()
    cara = await candidate(ji_browser, server, server.create_room("Palette"))
    await cara.editor().click()
    await cara.page.keyboard.press("Control+Shift+C")
    labels = cara.page.locator(".lm-CommandPalette-itemLabel")
    await expect(labels.filter(has_text="Run Selected Cell").first).to_be_visible(timeout=SECONDS)
    offered = await labels.all_inner_texts()
    assert {"Undo Cell Operation", "Interrupt Kernel", "Find and Replace…"} <= set(offered)
    for word in ("Save", "Revert", "Reload", "Duplicate", "Kernel…", "New Notebook", "Close", "Trust", "Activity Bar"):
        found = [label for label in offered if word in label and label != "Restart Kernel…"]
        assert found == [], found
