"""The replay in real Chromium: play, seek, step, link, authors, cursors, runs, bookmarks, fork; by mouse and by key."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .people import SECONDS, candidate, logged_in
from .replaying import PASTED, Replay, an_interview, the_replay

pytestmark = pytest.mark.browser


async def test_a_replay_is_played_sought_stepped_and_linked(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    server = ji_server()
    interviewer, room = await an_interview(server, ji_browser)
    replay = await the_replay(ji_browser, server, interviewer, room)
    page = replay.page
    last = await replay.is_exact()
    assert last == int(await replay.bar.get_attribute("data-seq") or 0) > 10

    # Every event, by its number: what is on screen is what the server's own fold gives.
    for seq in (*range(2, last, max(1, last // 12)), last):
        await replay.at(seq)
        assert await replay.is_exact() == seq

    # Steps by edit, run and message lead there and back.
    await replay.press("End", "ArrowLeft")
    before = await replay.is_exact()
    assert before < last
    await replay.press("ArrowLeft", "ArrowRight")
    assert await replay.is_exact() == before
    events = server.api("GET", f"rooms/{room}/events?kind=run_started,chat_message&data=0")["events"]
    runs = [event["seq"] for event in events if event["kind"] == "run_started"]
    messages = [event["seq"] for event in events if event["kind"] == "chat_message"]
    assert [await replay.press("Home", "Shift+ArrowRight"), await replay.press("Shift+ArrowRight")] == runs
    assert await replay.press("Shift+ArrowLeft") == runs[0]
    assert await replay.press("Home", "ArrowDown") == messages[0]
    await expect(page.get_by_test_id("interview-replay-chat")).to_contain_text("no")
    await replay.press("ArrowLeft")
    await expect(page.get_by_test_id("interview-replay-chat")).not_to_contain_text("no")

    # The beginning is the first event, when there is no notebook yet.
    assert await replay.press("Home") == 1
    assert await page.locator("[data-empty]").get_attribute("data-empty") == "The notebook has not begun yet."
    await replay.press("End")
    await expect(page.locator("[data-empty]")).to_have_count(0)

    # A click on the timeline, its hint, and a drag.
    history = await page.evaluate("history.length")
    strip = page.get_by_test_id("interview-replay-timeline")
    box = await strip.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10)
    await expect(page.get_by_test_id("interview-replay-hint")).to_be_visible()
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 10, steps=20)
    await page.mouse.up()
    middle = await replay.is_exact()
    slider = page.get_by_test_id("interview-replay-slider")
    await expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\d+:\d\d of \d+:\d\d"))

    # The address names the moment, without a trace in the history, and leads back to it.
    await replay.addressed()
    assert await page.evaluate("location.hash.startsWith('#t=')")
    assert await page.evaluate("history.length") == history
    other = Replay(await page.context.new_page(), server, room)
    await other.open(page.url)
    assert await other.is_exact() == middle
    assert await other.sources() == await replay.sources()

    # It plays to its end and stops.
    await replay.press("Home")
    await page.get_by_test_id("interview-replay-speed").select_option("32")
    await page.get_by_test_id("interview-replay-play").click()
    await expect(replay.bar).to_have_attribute("data-playing", "true")
    await expect(replay.bar).to_have_attribute("data-playing", "false", timeout=SECONDS)
    assert await replay.is_exact() == last
    assert ji_browser.errors == []
    assert "Traceback" not in server.log


async def test_a_replay_tells_who_wrote_what_and_where_cursors_stood(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    server = ji_server()
    interviewer, room = await an_interview(server, ji_browser)
    replay = await the_replay(ji_browser, server, interviewer, room)
    page = replay.page
    await replay.press("End", "w")
    await expect(page.get_by_test_id("interview-replay-who")).to_have_attribute("aria-pressed", "true")
    marks = page.locator(".jp-CodeCell .jp-Interview-by")
    pasted = "".join(await page.locator(".jp-CodeCell .jp-Interview-by.jp-mod-pasted").all_inner_texts())
    assert "from somewhere else" in pasted
    titles = {await mark.get_attribute("title") for mark in await marks.all()}
    assert "Cara Candidate" in titles
    assert any("Cara Candidate" in (title or "") and "pasted" in (title or "") for title in titles)
    hints = [
        await mark.inner_text() for mark in await marks.all() if "Cara" not in (await mark.get_attribute("title") or "")
    ]
    assert any("hint" in text for text in hints)
    await page.get_by_test_id("interview-tab-authors").click()
    authors = page.get_by_test_id("interview-replay-authors")
    await expect(authors).to_contain_text("Cara Candidate")
    await expect(authors).to_contain_text(f"{len(PASTED)} pasted")
    await page.screenshot(path=interviewer.visitor.artifacts / "replay-authors.png")
    await replay.press("w")
    await expect(marks).to_have_count(0)

    # Where Cara had just typed stands her cursor, with her name.
    events = server.api("GET", f"rooms/{room}/events?kind=run_started&data=0")["events"]
    await replay.at(events[0]["seq"])
    cursor = page.get_by_test_id("interview-cursor").filter(has_text="Cara Candidate")
    await expect(cursor).to_have_count(1)

    # The list of runs: sources as they were, and what was edited since.
    await replay.press("End")
    await page.get_by_test_id("interview-tab-runs").click()
    runs = page.get_by_test_id("interview-replay-runs").locator(".jp-Interview-run")
    await expect(runs).to_have_count(2)
    await expect(runs.nth(0)).to_contain_text("edited since")
    await expect(runs.nth(0)).to_have_attribute("data-status", "error")
    await runs.nth(1).locator(".jp-Interview-runSource").click()
    await expect(runs.nth(1)).to_contain_text("return a + b")
    await expect(runs.nth(1)).not_to_contain_text("math.sqrt")
    await expect(runs.nth(1).locator(".jp-OutputArea-output")).to_contain_text("3")

    # At the first run it had not been edited, and the second had not begun.
    await replay.at(events[0]["seq"])
    await expect(runs).to_have_count(1)
    await expect(runs).to_have_attribute("data-status", "running")
    await expect(runs).not_to_contain_text("edited since")
    await expect(page.get_by_test_id("interview-replay-people")).to_have_count(0)
    await page.get_by_test_id("interview-tab-room").click()
    people = page.get_by_test_id("interview-replay-people")
    await expect(people).to_contain_text("Cara Candidate")
    await replay.press("Home")
    await expect(people).not_to_contain_text("Cara Candidate")
    assert ji_browser.errors == []


async def test_bookmarks_and_a_fork_by_keyboard_only(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    server = ji_server()
    interviewer, room = await an_interview(server, ji_browser)
    replay = await the_replay(ji_browser, server, interviewer, room)
    page = replay.page
    await replay.press("Home", "Shift+ArrowRight")
    seq = await replay.is_exact()

    await page.keyboard.press("b")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.type("First run")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    kept = server.api("GET", f"rooms/{room}/bookmarks")["bookmarks"]
    assert [(mark["seq"], mark["note"]) for mark in kept] == [(seq, "First run")]

    # Runs are stepped to from a tab as from everywhere, and the beginning can have a bookmark as well.
    await page.get_by_test_id("interview-tab-room").click()
    await page.keyboard.press("Home")
    assert await replay.press("Shift+ArrowRight") == seq
    await replay.press("Home")
    await page.keyboard.press("b")
    await page.keyboard.type("The beginning")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    both = server.api("GET", f"rooms/{room}/bookmarks")["bookmarks"]
    assert [mark["note"] for mark in both] == ["The beginning", "First run"]
    server.api("DELETE", f"rooms/{room}/bookmarks/{both[0]['id']}")

    await page.keyboard.press("?")
    await expect(page.get_by_test_id("interview-replay-keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await replay.press("End")

    # To the panel of bookmarks by Tab and arrows; its button leads to the moment.
    await page.get_by_test_id("interview-tab-room").focus()
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await expect(page.get_by_test_id("interview-tab-bookmarks")).to_be_focused()
    entry = page.get_by_test_id(f"interview-bookmark-{kept[0]['id']}")
    await expect(entry).to_contain_text("First run")
    await entry.get_by_title("Go to this moment").press("Enter")
    assert await replay.settled() == seq
    await entry.get_by_role("button", name="Edit").press("Enter")
    note = page.get_by_label("Note", exact=True)
    await note.fill("The first run")
    await note.press("Enter")
    await expect(entry).to_contain_text("The first run")
    await page.screenshot(path=interviewer.visitor.artifacts / "replay-bookmarks.png")

    # A new interview from this moment, whose runs are done again.
    await page.get_by_test_id("interview-replay-fork").press("Enter")
    await page.get_by_test_id("interview-fork-title").fill("Second chance")
    await page.get_by_test_id("interview-fork-rerun").press("Space")
    await page.get_by_test_id("interview-fork-create").press("Enter")
    opened = page.get_by_test_id("interview-fork-link")
    await expect(opened).to_be_visible(timeout=SECONDS)
    await expect(page.get_by_test_id("interview-fork-differences")).to_be_visible(timeout=SECONDS)
    await page.keyboard.press("Escape")
    rooms = server.api("GET", "rooms?q=Second")["rooms"]
    assert [found["title"] for found in rooms] == ["Second chance"]
    fork = server.api("GET", f"rooms/{rooms[0]['id']}/notebook")
    assert [cell["source"] for cell in fork["cells"]] == [cell["source"] for cell in replay.notebook(seq)["cells"]]

    await page.get_by_test_id("interview-tab-bookmarks").click()
    await entry.get_by_role("button", name="Delete").press("Enter")
    await expect(entry).to_have_count(0)
    assert server.api("GET", f"rooms/{room}/bookmarks")["bookmarks"] == []
    assert ji_browser.errors == []


async def test_a_live_interview_is_replayed_from_the_start_until_now(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    server = ji_server()
    room = server.create_room("Live")
    interviewer = await logged_in(ji_browser, server)
    cara = await candidate(ji_browser, server, room)
    await cara.replace("first = 1")
    replay = await the_replay(ji_browser, server, interviewer, room["id"])
    await expect(replay.bar).to_contain_text("Live")
    assert await replay.sources() == ["first = 1"]
    await cara.write("\nsecond = 2")
    await replay.page.get_by_test_id("interview-replay-refresh").click()
    await expect(replay.page.locator(".jp-CodeCell .cm-content").first).to_contain_text("second = 2", timeout=SECONDS)
    before = await replay.press("ArrowLeft")
    await cara.write("\nthird = 3")
    # Who has gone back stays there while the interview goes on.
    await replay.page.wait_for_function(
        "seq => !document.querySelector('[data-testid=interview-replay-moment]').textContent.includes(`of ${seq}`)",
        arg=before + 1,
        timeout=SECONDS,
    )
    assert await replay.settled() == before
    assert ji_browser.errors == []
