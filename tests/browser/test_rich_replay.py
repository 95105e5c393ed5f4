"""Does the replay show what the room has shown: charts, diagrams, formulas, trees, coloured code?"""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .isolated import DRAWN
from .people import SECONDS, both
from .replaying import the_replay

pytestmark = pytest.mark.browser

CHART = {
    "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
    "data": {"values": [{"a": 1, "b": 2}, {"a": 2, "b": 3}]},
    "mark": "bar",
    "encoding": {"x": {"field": "a", "type": "ordinal"}, "y": {"field": "b", "type": "quantitative"}},
}
TEXT = """Area: $\\pi r^2$

\\begin{align}a &= b\\end{align}

```python
print(1)
```

```mermaid
graph TD; A-->B;
```
"""
OUTPUTS = {
    "application/vnd.vegalite.v5+json": CHART,
    "application/json": {"key": ["value"]},
    "text/markdown": TEXT,
    "text/latex": "$e^{i\\pi}$",
    "text/vnd.mermaid": "graph TD; C-->D;",
}
CHART_SHOWN = f"{DRAWN} > iframe[title=Chart]"
DIAGRAM_SHOWN = f".jp-OutputArea-output > {DRAWN} > iframe[title=Diagram]"
SHOWN = (
    CHART_SHOWN,
    ".jp-RenderedJSON",
    ".jp-RenderedMarkdown .katex-display",
    ".jp-RenderedMarkdown code [class*='ͼ'], .jp-RenderedMarkdown code span",
    f".jp-RenderedMarkdown {DRAWN} > iframe[title=Diagram]",
    ".jp-RenderedLatex .katex",
    DIAGRAM_SHOWN,
)


async def test_what_is_fetched_for_an_output_is_shown_and_runs_under_the_policy(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    server = ji_server()
    room, interviewer, cara = await both(ji_browser, server, "Rich")
    await cara.replace(
        f"import json\nfor kind, data in json.loads({json.dumps(OUTPUTS)!r}).items():\n"
        "    display({kind: data}, raw=True)\nprint('all')"
    )
    await cara.run()
    await cara.sees_output("all")
    # Who looks at a chart, or two people at once, changes nothing of it.
    for person in (cara, interviewer):
        for shown in (CHART_SHOWN, DIAGRAM_SHOWN):
            await person.page.locator(shown).first.scroll_into_view_if_needed(timeout=SECONDS)
            await expect(person.page.locator(shown).first).to_be_visible()
    typed = server.api("GET", f"rooms/{room['id']}/events?kind=run_started&data=0")["events"][0]["seq"]
    for person, other in ((cara, interviewer), (interviewer, cara)):
        await person.say(f"{person.visitor.name} has seen it")
        await other.hears(f"{person.visitor.name} has seen it")
    events = server.api("GET", f"rooms/{room['id']}/events?kind=document_update&data=0&limit=5000")["events"]
    assert [event for event in events if event["seq"] > typed and event["member"]] == []
    (cell,) = server.api("GET", f"rooms/{room['id']}/notebook")["cells"]
    assert len(cell["outputs"]) == len(OUTPUTS) + 1

    replay = await the_replay(ji_browser, server, interviewer, room["id"])
    for shown in SHOWN:
        await replay.page.locator(shown).first.scroll_into_view_if_needed(timeout=SECONDS)
        await expect(replay.page.locator(shown).first).to_be_visible()
    await expect(replay.page.locator(".jp-OutputArea-output")).to_have_count(len(OUTPUTS) + 1)
    await expect(replay.page.locator(".jp-OutputArea-output")).to_have_count(len(OUTPUTS) + 1)
    await replay.page.screenshot(path=interviewer.visitor.artifacts / "rich.png")
    assert ji_browser.errors == []
