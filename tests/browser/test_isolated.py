"""Do charts and diagrams, which are programs of a member's, stay where they are drawn: in room, replay and file?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from ..fixtures.browser import Browsers
from ..fixtures.server import Server, ServerFactory
from .isolated import DRAWN, frame_of, reaches_nothing, shows_its_colours
from .people import SECONDS, Person, both
from .replaying import Replay, the_replay

pytestmark = pytest.mark.browser

CHART: dict[str, Any] = {
    "data": {"values": [{"a": letter, "b": number} for number, letter in enumerate("ABCDEF", 1)]},
    "transform": [{"calculate": "datum.b * 2 + length(datum.a)", "as": "c"}],
    "params": [{"name": "chosen", "select": {"type": "point", "on": "pointerover"}}],
    "mark": {"type": "bar", "tooltip": True},
    "encoding": {
        "x": {"field": "a", "type": "nominal"},
        "y": {"field": "c", "type": "quantitative"},
        "color": {"condition": {"param": "chosen", "value": "crimson"}, "value": "steelblue"},
    },
}
DIAGRAM = "sequenceDiagram\n  Cara->>Ivan: two_sum(1, 2)\n  Ivan-->>Cara: 3"
OUTPUTS = {
    "application/vnd.vegalite.v5+json": CHART,
    "text/vnd.mermaid": DIAGRAM,
    "text/markdown": "A *plan*\n\n```mermaid\ngraph TD; A-->B; B-->C;\n```\n",
}
TITLES = ("Chart", "Diagram")


async def drawn_room(server: Server, browsers: Browsers, outputs: dict[str, Any] | str) -> tuple[Person, str]:
    """A candidate's run has shown these, or what a program gives; the interviewer looks at them."""
    given = outputs if isinstance(outputs, str) else f"json.loads({json.dumps(outputs)!r})"
    room, interviewer, cara = await both(browsers, server, "Isolated")
    await cara.replace(
        f"import json\nfor kind, data in ({given}).items():\n    display({{kind: data}}, raw=True)\nprint('all')"
    )
    await cara.run()
    await interviewer.sees_output("all")
    return interviewer, room["id"]


async def exported(replay: Replay, browsers: Browsers, path: Path, **options: Any) -> Page:
    """The exported file, at the end of the interview, in a browser without network."""
    with replay.server.client() as client:
        answer = client.get(f"api/interview/rooms/{replay.room}/export?format=html")
    assert answer.status_code == 200, answer.text
    path.write_bytes(answer.content)
    reader = await browsers.open("reader", **options)
    await reader.context.set_offline(True)
    await Replay(reader.page, replay.server, replay.room).open(path.as_uri())
    await reader.page.keyboard.press("End")
    return reader.page


async def test_what_draws_a_members_program_reaches_nothing(
    ji_server: ServerFactory, ji_browser: Browsers, tmp_path: Path
) -> None:
    server = ji_server()
    interviewer, room = await drawn_room(server, ji_browser, OUTPUTS)
    replay = await the_replay(ji_browser, server, interviewer, room)
    await replay.press("End")
    file = await exported(replay, ji_browser, tmp_path / "replay.html")
    assert ji_browser.errors == [], "nothing has tried anything yet"
    for name, page in (("room", interviewer.page), ("replay", replay.page), ("file", file)):
        for title in TITLES:
            await shows_its_colours(page, title)
        in_text = page.locator(".jp-RenderedMarkdown .jp-Interview-isolated")
        await in_text.scroll_into_view_if_needed()
        await expect(page.locator(f".jp-RenderedMarkdown {DRAWN}")).to_have_count(1, timeout=SECONDS)
        await page.screenshot(path=interviewer.visitor.artifacts / f"{name}.png")
        for title in TITLES:
            await reaches_nothing(page, title, server.url)


async def _never_ends(page: Page) -> None:
    frame, _ = await frame_of(page, "Chart")
    await frame.evaluate("() => { setTimeout(() => { for (;;); }); }")
    # Each comes back, although the frame is busy for ever.
    for _ in range(3):
        assert await page.evaluate("() => new Promise(done => setTimeout(done, 100, 'here'))") == "here"


async def test_a_frame_that_never_ends_holds_up_nobody(
    ji_server: ServerFactory, ji_browser: Browsers, tmp_path: Path
) -> None:
    """It has a process of its own: the page answers and is written in or played meanwhile, and what comes next takes
    it away."""
    server = ji_server()
    interviewer, room = await drawn_room(server, ji_browser, {"application/vnd.vegalite.v5+json": CHART})
    with server.client() as client:
        shown = int(client.get(f"api/interview/rooms/{room}/notebook").headers["X-Interview-Seq"])
    await _never_ends(interviewer.page)
    await interviewer.replace("print('still', 'here')")
    await interviewer.run()
    await interviewer.sees_output("still here")
    await expect(interviewer.page.locator(".jp-Interview-isolated")).to_have_count(0)
    replay = await the_replay(ji_browser, server, interviewer, room)
    file = Replay(await exported(replay, ji_browser, tmp_path / "replay.html"), server, room)
    for played in (replay, file):
        await played.at(shown)
        await _never_ends(played.page)
        await played.press("End")
        await expect(played.page.locator(".jp-Cell-outputArea").first).to_contain_text("still here")
        await expect(played.page.locator(".jp-Interview-isolated")).to_have_count(0)
    assert ji_browser.errors == []


async def test_a_program_over_the_limits_is_shown_as_text(
    ji_server: ServerFactory, ji_browser: Browsers, tmp_path: Path
) -> None:
    server = ji_server()
    edges = "'graph TD;' + ''.join(f'n{number}-->m{number};' for number in range(300))"
    text = "'```mermaid\\n' + 'x' * 30_000 + '\\n```'"
    outputs = f"{{'text/vnd.mermaid': {edges}, 'text/markdown': {text}}}"
    interviewer, room = await drawn_room(server, ji_browser, outputs)
    replay = await the_replay(ji_browser, server, interviewer, room)
    await replay.press("End")
    file = await exported(replay, ji_browser, tmp_path / "replay.html")
    for page in (interviewer.page, replay.page, file):
        failed = page.locator(".jp-Interview-isolated[data-state=failed]")
        await expect(failed).to_have_count(2, timeout=SECONDS)
        for number, part in enumerate(("n299-->m299", "xxx")):
            await expect(failed.nth(number).locator("pre")).to_contain_text(part)
            await expect(failed.nth(number)).to_contain_text("shown as text")
    assert ji_browser.errors == []
