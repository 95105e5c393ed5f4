"""What is looked at while a page shows something hostile?

The *canary* must not move: no script of a case ran, the page is where it was, nothing covers its controls, nobody was
asked for anything, nothing can be filled in that looks like a login, and nothing that a member made has an attribute by
which a page acts. And the page *answers*. The goal is a second of work for its main thread between two pictures;
refused is what freezes it, which no busy machine does alone. The time is processor time, in the measure of what the
same page takes for a fixed piece of work at that moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import CDPSession, Frame, Page, Request

from .cases.case import CANARY

FROZEN_SECONDS = 5.0
"""Of processor time, until a page answers, where the work below takes as long as at its fastest."""

Told = Callable[[str, object], None]
ANSWERED = "answered_seconds"
"""Name of a test's property: the longest time to an answer. `benchmarks/hostile_page.py` reads it."""

_PATIENCE_SECONDS = 60.0
_CALM_SECONDS = 0.2
_CALM_ANSWERS = 2

_PICTURE = "given => new Promise(done => requestAnimationFrame(() => setTimeout(() => done((ARRIVED)(given)))))"

_WORK = """() => {
    const node = document.createElement('pre');
    for (let number = 0; number < 1000; number++)
        node.append(Object.assign(document.createElement('span'), { textContent: `${number} ` }));
    document.body.append(node);
    node.offsetHeight;
    node.remove();
}"""

_MOVED = """([canary, controls]) => {
    const moved = [];
    if (window[canary] !== undefined) moved.push('a script ran');
    for (const frame of document.querySelectorAll('iframe')) {
        try { if (frame.contentWindow[canary] !== undefined) moved.push('a script ran in a frame'); } catch {}
    }
    for (const field of document.querySelectorAll('input[type=password]:not(:disabled), form[action]'))
        moved.push('a login: ' + field.outerHTML);
    const looks = ['alt', 'data-jupyter-id', 'href', 'src', 'style', 'title'];
    for (const node of document.querySelectorAll('.jp-Interview-bounded *'))
        for (const { name, value } of node.attributes)
            if (name.startsWith('data-commandlinker') || (value.includes(canary) && !looks.includes(name)))
                moved.push(`${name} of ${node.outerHTML.slice(0, 200)}`);
    for (const selector of controls) {
        const control = document.querySelector(selector);
        const { left, top, width, height } = control?.getBoundingClientRect() ?? {};
        const hit = document.elementFromPoint(left + width / 2, top + height / 2);
        if (!control || !(control.contains(hit) || hit?.contains(control)) || hit?.closest('.jp-OutputArea-output'))
            moved.push(`${selector} is covered by ${hit?.outerHTML.slice(0, 200)}`);
    }
    return moved;
}"""


class Watch:
    """One page under attack.

    Args:
        page: it.
        controls: selectors of what has to stay within reach.
        offline: it is a file, which asks nobody for anything.
    """

    def __init__(self, page: Page, cdp: CDPSession, controls: tuple[str, ...], offline: bool = False) -> None:
        self.page = page
        self._cdp = cdp
        self._controls = controls
        self._offline = offline
        self._place = page.url.partition("#")[0]
        self._fastest = float("inf")
        self.asked: list[str] = []
        self.went: list[str] = []
        page.on("request", self._requested)
        page.on("framenavigated", self._navigated)
        page.on("popup", lambda popup: self.went.append(f"a window: {popup.url}"))
        page.on("dialog", lambda dialog: self.went.append(f"a dialog: {dialog.message}"))

    @classmethod
    async def over(cls, page: Page, *controls: str, offline: bool = False) -> Watch:
        """Watch a page that is on screen."""
        cdp = await page.context.new_cdp_session(page)
        await cdp.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
        await cdp.send("Performance.enable")
        return cls(page, cdp, controls, offline)

    def _requested(self, request: Request) -> None:
        parts = urlsplit(request.url)
        outside = parts.scheme.startswith("http") and (self._offline or parts.netloc != urlsplit(self._place).netloc)
        if outside or "asked" in request.url or "logout" in parts.path:
            self.asked.append(request.url)

    def _navigated(self, frame: Frame) -> None:
        if frame == self.page.main_frame and frame.url.partition("#")[0] != self._place:
            self.went.append(frame.url)

    async def _worked(self) -> float:
        """Processor seconds of the page's main thread so far."""
        metrics: dict[str, Any] = await self._cdp.send("Performance.getMetrics")
        return next(float(each["value"]) for each in metrics["metrics"] if each["name"] == "TaskDuration")

    async def _slowness(self) -> float:
        """How many times as long as at its fastest this page takes for a fixed piece of work now."""
        before = await self._worked()
        await self.page.evaluate(_WORK)
        took = await self._worked() - before
        self._fastest = min(self._fastest, took)
        return took / self._fastest

    async def until(self, arrived: str, argument: Any = None) -> float:
        """Ask the page for answers until something has arrived and all is calm; the longest time to an answer.

        Args:
            arrived: a function of the page: whether it has.
            argument: its argument.
        """
        longest, calm = 0.0, 0
        slow = await self._slowness()
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while calm < _CALM_ANSWERS:
                before = await self._worked()
                there = await self.page.evaluate(_PICTURE.replace("ARRIVED", arrived), argument)
                took = await self._worked() - before
                longest = max(longest, took)
                calm = calm + 1 if there and took < _CALM_SECONDS else 0
        return longest / max(1.0, slow, await self._slowness())

    async def holds(self, arrived: str, argument: Any = None) -> float:
        """Wait until something has arrived: the page answered all the while, and the canary has not moved; the longest
        time to an answer."""
        longest = await self.until(arrived, argument)
        moved = [*(await self.page.evaluate(_MOVED, [CANARY, self._controls])), *self.asked, *self.went]
        self.asked.clear()
        self.went.clear()
        assert not moved, moved
        assert longest <= FROZEN_SECONDS, f"the page worked {longest:.2f} s before it answered"
        return longest
