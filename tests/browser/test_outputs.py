"""Does everybody see the same outputs, live, after a reload and later?"""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .people import SECONDS, both, candidate
from .replaying import the_replay

pytestmark = pytest.mark.browser

PROGRESS = r"""
import sys, time
for part in ("11111\r", "2 ", "3", "4\n", "\x1b[31mred\x1b[0m\r", "R\n", "abc\b\b", "d\n"):
    print(part, end="", flush=True)
    time.sleep(0.15)
print("done")
""".strip()
SHOWN = "2 341\nRed\nad\ndone"


async def test_what_is_printed_over_is_gone_for_everybody(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    server = ji_server()
    room, ivan, cara = await both(ji_browser, server, "Progress")
    await cara.replace(PROGRESS)
    await cara.run()
    for person in (cara, ivan):
        await person.sees_output("done")
        output = person.cell().locator(".jp-OutputArea-output pre")
        await expect(output).to_have_text(f"{SHOWN}\n", timeout=SECONDS)
    await cara.page.reload()
    await cara.in_room()
    await expect(cara.cell().locator(".jp-OutputArea-output pre")).to_have_text(f"{SHOWN}\n", timeout=SECONDS)
    [output] = server.api("GET", f"rooms/{room['id']}/notebook")["cells"][0]["outputs"]
    assert output["text"] == "2 341\n\x1b[0mR\x1b[31med\x1b[0m\nad\ndone\n"


TREE = """
value = {"zeta": 1, "alpha": float("nan"), "mid": "NaN", "n": 9007199254740993, "text": "9007199254740993"}
display({"application/json": value}, metadata={"application/json": {"expanded": True}}, raw=True)
""".strip()
TREE_SHOWN = ["zeta1", "alphaNaN", 'mid"NaN"', "n9007199254740993", 'text"9007199254740993"']


async def test_json_is_as_it_was_written_for_everybody(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """Its order, its large numbers, and what is no number: here, for others, later, in the replay and a download."""
    server = ji_server()
    room, ivan, cara = await both(ji_browser, server, "Tree")
    await cara.replace(TREE)
    await cara.run()
    await expect(cara.cell().locator(".jp-RenderedJSON")).to_be_visible(timeout=SECONDS)
    await cara.page.reload()
    await cara.in_room()
    replay = await the_replay(ji_browser, server, ivan, room["id"])
    for place in (cara.page, ivan.page, replay.page):
        await expect(place.locator(".jp-RenderedJSON li li")).to_have_text(TREE_SHOWN, timeout=SECONDS)
    [output] = server.api("GET", f"rooms/{room['id']}/notebook")["cells"][0]["outputs"]
    assert list(output["data"]["application/json"].items()) == [
        ("zeta", 1),
        ("alpha", None),
        ("mid", "NaN"),
        ("n", 9007199254740993),
        ("text", "9007199254740993"),
    ]


async def test_a_long_output_is_read_in_its_place(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """And a short one has no bars."""
    server = ji_server()
    cara = await candidate(ji_browser, server, server.create_room("Long"))
    await cara.replace("for i in range(300): print(i)")
    await cara.run()
    area = cara.cell().locator(".jp-Cell-outputArea")
    await expect(area).to_contain_text("299", timeout=SECONDS)
    shown, whole, page = await area.evaluate("node => [node.clientHeight, node.scrollHeight, innerHeight]")
    assert shown <= 0.7 * page < whole
    await cara.replace("print(1)")
    await cara.run()
    await expect(area).to_have_text("1", timeout=SECONDS)
    sizes = "node => [node.clientHeight, node.clientWidth, node.scrollHeight, node.scrollWidth]"
    shown, wide, whole, width = await area.evaluate(sizes)
    assert (shown, wide) == (whole, width)
