"""What does whoever looks at a replay see and do, in their own words?"""

from __future__ import annotations

from typing import Any

from playwright.async_api import Locator, Page, expect

from ..fixtures.browser import Browsers, Visitor
from ..fixtures.server import Server
from .people import SECONDS, Person, both

PASTED = "import math\nprint(math.sqrt(16))  # from somewhere else\n"


class Replay:
    """A replay page, in the words of whoever looks at it."""

    def __init__(self, page: Page, server: Server, room: str) -> None:
        self.page = page
        self.server = server
        self.room = room

    @property
    def bar(self) -> Locator:
        """The bar with the timeline."""
        return self.page.get_by_test_id("interview-replay-bar")

    async def open(self, url: str, within: float = SECONDS) -> Replay:
        """Go to its address and wait for the first moment, so many milliseconds at most."""
        await self.page.goto(url)
        await expect(self.bar).to_have_attribute("data-ready", "true", timeout=within)
        return self

    async def settled(self) -> int:
        """The event whose notebook is on screen, once that is the one asked for."""
        await self.page.wait_for_function(
            """() => {
                const { complete, seq } = document.querySelector('[data-testid=interview-replay-bar]').dataset;
                return complete && complete === seq;
            }""",
            timeout=SECONDS,
        )
        return int(await self.bar.get_attribute("data-seq") or 0)

    async def addressed(self) -> None:
        """Wait until the address, if it names a moment at all, names the one that the page has gone to."""
        await self.page.wait_for_function(
            """() => {
                const { moment } = document.querySelector('[data-testid=interview-replay-bar]').dataset;
                return location.hash === '' || location.hash === moment;
            }""",
            timeout=SECONDS,
        )

    async def at(self, seq: int) -> None:
        """Go to an event by the address."""
        await self.addressed()
        await self.page.evaluate("seq => { location.hash = `seq=${seq}`; }", seq)
        await expect(self.bar).to_have_attribute("data-complete", str(seq), timeout=SECONDS)

    async def sources(self) -> list[str]:
        """What the code cells on screen contain."""
        found: list[str] = await self.page.evaluate(
            """() => [...document.querySelectorAll('.jp-CodeCell:not(.jp-Interview-spare) .cm-content')].map(content =>
                [...content.querySelectorAll('.cm-line')].map(line => {
                    const copy = line.cloneNode(true);
                    copy.querySelectorAll('.jp-Interview-caret').forEach(caret => caret.remove());
                    return copy.textContent;
                }).join('\\n'))"""
        )
        return found

    def notebook(self, seq: int) -> dict[str, Any]:
        """The notebook at an event, as the server tells it."""
        found: dict[str, Any] = self.server.api("GET", f"rooms/{self.room}/notebook?at={seq}")
        return found

    async def is_exact(self) -> int:
        """Cells, outputs and prompts on screen are the server's of this event; returns the event."""
        seq = await self.settled()
        cells = [cell for cell in self.notebook(seq)["cells"] if cell["cell_type"] == "code"]
        assert await self.sources() == [cell["source"] for cell in cells], f"event {seq}"
        for index, cell in enumerate(cells):
            shown = self.page.locator(".jp-CodeCell:not(.jp-Interview-spare)").nth(index)
            await expect(shown.locator(".jp-OutputArea-output")).to_have_count(len(cell["outputs"]))
            if cell["execution_count"] is not None:
                await expect(shown.locator(".jp-InputPrompt")).to_contain_text(f"[{cell['execution_count']}]")
        return seq

    async def press(self, *keys: str) -> int:
        """Press keys, one after the other; returns the event that is shown then."""
        for key in keys:
            await self.page.keyboard.press(key)
            await self.settled()
        return await self.settled()


async def the_replay(
    browsers: Browsers, server: Server, interviewer: Person, room: str, within: float = SECONDS
) -> Replay:
    """The replay in a page of the interviewer's own browser."""
    page = await interviewer.page.context.new_page()
    visitor = Visitor("replay", interviewer.visitor.context, page, interviewer.visitor.artifacts)
    visitor.watch()
    browsers.visitors.append(visitor)
    return await Replay(page, server, room).open(f"{server.url}interview/{room}/replay", within)


async def an_interview(server: Server, browsers: Browsers) -> tuple[Person, str]:
    """Cara writes, pastes and runs, Ivan says something; it ends. The interviewer's browser, and the room's id."""
    room, interviewer, cara = await both(browsers, server, "Two Sum")
    await cara.replace("def two_sum(a, b):\n    return a + b\ntwo_sum(1, 2)")
    await cara.run()
    await cara.sees_output("3")
    await interviewer.sees_output("3")
    await interviewer.say("And what if there is **no** pair?")
    await cara.hears("no")
    await cara.editor().click()
    await cara.page.keyboard.press("Control+Home")
    await cara.page.evaluate("text => document.execCommand('insertText', false, text)", PASTED)
    await interviewer.sees_source("math.sqrt(16)")
    await interviewer.write("\nnowhere  # hint")
    await cara.sees_source("# hint")
    await interviewer.run()
    await cara.sees_output("NameError")
    await cara.write("\n# edited after the run")
    await interviewer.sees_source("# edited after the run")
    server.api("POST", f"rooms/{room['id']}/end")
    await expect(cara.page.get_by_test_id("interview-ended")).to_be_visible(timeout=SECONDS)
    return interviewer, room["id"]
