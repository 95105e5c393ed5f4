"""Does the exported page play from the disk, without server and network?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Request, expect

from jupyter_interview.core.models import EventKind
from jupyter_interview.managers.exports.exports import Exports
from tests.fixtures.browser import Browsers
from tests.managers.exporting import Interview, Post, interview, post_of
from tests.managers.house import SIGNING, House

pytestmark = pytest.mark.browser

BAR = "interview-replay-bar"


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    """A house that exports with the real player."""
    house = await House(f"sqlite:///{tmp_path / 'interview.sqlite'}").start()
    async with post_of(house) as made:
        made.exports = Exports(house.database, made.replay, made.bookmarks, SIGNING, SIGNING.to_json)
        yield made
    await house.stop()


async def opened(browser: Browsers, path: Path, fragment: str = "") -> tuple[Page, list[str]]:
    """The file in a browser that has no network, and everything that it asked for."""
    visitor = await browser.open("reader")
    await visitor.context.set_offline(True)
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    visitor.context.on("request", note)
    await visitor.page.goto(path.as_uri() + fragment)
    await expect(visitor.page.get_by_test_id(BAR)).to_have_attribute("data-ready", "true", timeout=30_000)
    return visitor.page, asked


async def settled(page: Page, seq: int) -> None:
    """The notebook of this moment is on the screen."""
    bar = page.get_by_test_id(BAR)
    await expect(bar).to_have_attribute("data-seq", str(seq))
    await expect(bar).to_have_attribute("data-shown", str(seq))


async def sources(page: Page) -> list[str]:
    """The text of each cell, as it is shown; an empty last line shows as nothing."""
    cells = page.locator(".jp-Notebook .jp-Cell:not(.jp-Interview-spare) .jp-InputArea-editor .cm-content")
    return ["\n".join(await cell.locator(".cm-line").all_inner_texts()).rstrip("\n") for cell in await cells.all()]


async def exported(post: Post, tmp_path: Path) -> tuple[Interview, Path]:
    """An interview as a page."""
    held = await interview(post)
    path = tmp_path / "replay.html"
    path.write_bytes(await post.take(held.room, "html"))
    return held, path


async def test_the_file_plays_and_seeks_and_asks_for_nothing(post: Post, ji_browser: Browsers, tmp_path: Path) -> None:
    held, path = await exported(post, tmp_path)
    page, asked = await opened(ji_browser, path)
    assert await page.title() == "Zwei Größen </script>"
    events = await post.house.log(held.live)
    changes = [event.seq for event in events if event.kind is EventKind.DOCUMENT_UPDATE]
    for seq in (changes[3], changes[-1], changes[9], changes[0]):
        await page.evaluate(f"location.hash = '#seq={seq}'")
        await settled(page, seq)
        notebook, _ = await post.replay.notebook(held.room, str(seq))
        assert await sources(page) == [cell["source"].rstrip("\n") for cell in notebook["cells"]], seq
    await page.get_by_test_id("interview-replay-play").click()
    bar = page.get_by_test_id(BAR)
    last = max(event.seq for event in events)
    await expect(bar).to_have_attribute("data-seq", str(last), timeout=30_000)
    await expect(page.locator(".jp-OutputArea-output", has_text="<b>error</b> </script>")).to_be_visible()
    assert asked == [path.as_uri()], "the file itself, and nothing else"
    assert ji_browser.errors == []


async def test_what_people_wrote_runs_nothing(post: Post, ji_browser: Browsers, tmp_path: Path) -> None:
    """Markup in the title and an output is text; what the chat's Markdown may hold has no script."""
    _, path = await exported(post, tmp_path)
    page, asked = await opened(ji_browser, path)
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    await page.keyboard.press("End")
    if not await page.get_by_test_id("interview-replay-chat").is_visible():
        await page.get_by_test_id("interview-tab-room").click()
    await expect(page.get_by_test_id("interview-replay-chat")).to_contain_text("Fertig?")
    assert await page.locator("script:not([type])").count() == 1
    assert asked == [path.as_uri()] and ji_browser.errors == []


async def test_a_page_that_was_changed_runs_nothing(post: Post, ji_browser: Browsers, tmp_path: Path) -> None:
    """The policy in the page knows the player by its hash: what somebody adds does not run."""
    _, path = await exported(post, tmp_path)
    content = path.read_text("utf-8")
    before, _, after = content.rpartition("</body>")
    path.write_text(f"{before}<script>document.title = 'owned'</script></body>{after}", "utf-8")
    page, _ = await opened(ji_browser, path)
    assert await page.title() == "Zwei Größen </script>"
    assert any("Content Security Policy" in error for error in ji_browser.errors)


async def test_damage_is_told(post: Post, ji_browser: Browsers, tmp_path: Path) -> None:
    held = await interview(post)
    rotten = f"UPDATE event SET at = at + 1 WHERE room = {int(held.room.key)} AND seq = 12"  # noqa: S608  # a number
    await post.house.database.write(lambda connection: connection.exec_driver_sql(rotten))
    path = tmp_path / "replay.html"
    path.write_bytes(await post.take(held.room, "html"))
    page, _ = await opened(ji_browser, path)
    await expect(page.get_by_test_id("interview-replay-damage")).to_contain_text("12")
    assert ji_browser.errors == []
