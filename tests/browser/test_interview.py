"""The whole story: an interview from the launcher to its replay, in three browsers and three roles."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from ..fixtures.browser import Browsers
from ..fixtures.server import Server, ServerFactory
from .people import SECONDS, Person, candidate, new_interview, owner, seated_interviewer

pytestmark = pytest.mark.browser


async def invite_spectator(room: Person) -> str:
    """The link of a new invitation for a spectator."""
    await room.page.get_by_test_id("interview-invite").click()
    await room.page.get_by_label("Role").select_option("spectator")
    await room.page.get_by_test_id("interview-invite-make").click()
    field = room.page.get_by_test_id("interview-link")
    await field.wait_for(timeout=SECONDS)
    url = await field.input_value()
    await room.page.keyboard.press("Escape")
    await expect(field).to_be_hidden()
    return url


async def replay_at(page: Page, seq: int) -> None:
    """Lead a replay to an event, by its address."""
    await page.evaluate("seq => { location.hash = `seq=${seq}`; }", seq)
    await expect(page.get_by_test_id("interview-replay-moment")).to_contain_text(f"event {seq} of", timeout=SECONDS)
    await expect(page.get_by_test_id("interview-replay-bar")).to_have_attribute(
        "data-complete", str(seq), timeout=SECONDS
    )


async def test_an_interview_in_three_browsers_from_launcher_to_replay(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    server = ji_server()
    launcher = await owner(ji_browser, server)
    await launcher.shot("1-launcher")
    interviewer, url = await new_interview(launcher, "Two Sum", password="sesame")
    await interviewer.shot("2-room")

    cara = Person(await ji_browser.open("candidate", url))
    await expect(cara.page.get_by_role("heading", name="What is recorded")).to_be_visible()
    await cara.shot("3-join")
    await cara.join(url, "Cara Candidate", "sesame")
    sam = Person(await ji_browser.open("spectator"))
    await sam.join(await invite_spectator(interviewer), "Sam Spectator")

    for person in (interviewer, cara, sam):
        for name in ("Cara Candidate", "Sam Spectator"):
            await person.meets(name)
    await interviewer.hears("Cara Candidate joined")

    await cara.replace("def two_sum(numbers, target):\n    seen = {}")
    await interviewer.sees_source("seen = {}")
    await sam.sees_source("seen = {}")
    await interviewer.write("\n    return sum(numbers)\ntwo_sum([1, 2], 3), 'done'")
    for person in (cara, sam):
        await person.sees_source("two_sum([1, 2], 3), 'done'")
    assert await interviewer.source() == await cara.source() == await sam.source()

    # Names beside the cursors.
    await cara.editor().click()
    await expect(interviewer.page.locator(".jp-remote-userInfo, .jp-remote-cursor").first).to_be_attached(
        timeout=SECONDS
    )

    await cara.run()
    for person in (cara, interviewer, sam):
        await person.sees_output("(3, 'done')")
    await interviewer.say("What is its **complexity**?")
    await cara.hears("What is its complexity?")
    await cara.say("Linear.")
    await interviewer.hears("Linear.")
    await sam.hears("Linear.")
    await interviewer.shot("4-output-and-chat")

    await a_member_sees_what_is_recorded(cara)
    await spectator_changes_nothing(sam, interviewer, server, url)

    # Live switches: the candidate may not edit, and again may.
    await interviewer.page.get_by_label("Cara Candidate may edit").click()
    await expect(cara.page.get_by_test_id("interview-permission")).to_contain_text("switched off", timeout=SECONDS)
    before = await interviewer.source()
    await cara.editor().click()
    await cara.page.keyboard.type("nothing of this")
    await interviewer.page.get_by_label("Cara Candidate may edit").click()
    await expect(cara.page.get_by_test_id("interview-permission")).not_to_contain_text("switched off", timeout=SECONDS)
    await cara.write("\n# allowed again")
    await interviewer.sees_source("# allowed again")
    assert await interviewer.source() == before + "\n# allowed again"

    await interviewer.page.get_by_test_id("interview-end").click()
    await interviewer.page.get_by_role("button", name="End interview").last.click()
    for person in (cara, sam, interviewer):
        await expect(person.page.get_by_test_id("interview-ended")).to_be_visible(timeout=SECONDS)
    await cara.shot("5-ended")

    await the_replay_is_exact(interviewer, server, url)
    assert ji_browser.errors == []
    assert "Traceback" not in server.log


async def a_member_sees_what_is_recorded(cara: Person) -> None:
    """In the room, in words and numbers, which go on while the page is open."""
    title = cara.page.locator(".lm-AccordionPanel-title", has_text="What is recorded")
    panel = cara.page.get_by_test_id("interview-recorded")
    await expect(panel).to_be_hidden()
    await title.click()
    await expect(panel.get_by_text("every message that you send")).to_be_in_viewport()
    box = await panel.bounding_box()
    assert box is not None and box["height"] > 150
    messages = panel.locator("dt", has_text="every message that you send").locator("+ dd")
    await expect(messages).to_have_text("1")
    await cara.say("And constant in space?")
    await expect(messages).to_have_text("2", timeout=SECONDS)
    await cara.shot("4-recorded")
    await title.click()
    await expect(panel).to_be_hidden()


async def spectator_changes_nothing(sam: Person, interviewer: Person, server: Server, url: str) -> None:
    """Neither by the page nor around it."""
    before = await interviewer.source()
    await sam.editor().click()
    await sam.page.keyboard.type("I was here")
    await sam.page.keyboard.press("Control+Enter")
    status = await sam.page.evaluate(
        """async url => {
            const xsrf = document.cookie.match(/_xsrf=([^;]+)/)?.[1] ?? '';
            const body = JSON.stringify({ cells: [{ cell: 'x' }] });
            const answer = await fetch(`${url}/api/runs`, { method: 'POST', headers: { 'X-XSRFToken': xsrf }, body });
            return answer.status;
        }""",
        url,
    )
    assert status == 403
    sam.visitor.errors[:] = [error for error in sam.visitor.errors if "403" not in error]
    assert await interviewer.source() == before
    room = url.rsplit("/", 1)[1]
    denied = server.api("GET", f"rooms/{room}/events?kind=denied")["events"]
    assert any("runs" in event["payload"]["what"] for event in denied)


async def the_replay_is_exact(interviewer: Person, server: Server, url: str) -> None:
    """At every run and message, the page shows what the log says."""
    room = url.rsplit("/", 1)[1]
    launcher = interviewer.page.context.pages[0]
    await launcher.bring_to_front()
    await launcher.locator(".jp-LauncherCard").filter(has_text="Past interviews").click()
    entry = launcher.get_by_test_id(f"interview-room-{room}")
    await expect(entry).to_contain_text("Two Sum", timeout=SECONDS)
    await launcher.get_by_test_id("interview-search").fill("no such title")
    await expect(entry).to_be_hidden(timeout=SECONDS)
    await launcher.get_by_test_id("interview-search").fill("cara")
    await expect(entry).to_be_visible(timeout=SECONDS)

    replay = await interviewer.page.context.new_page()
    await replay.goto(f"{url}/replay")
    await replay.get_by_test_id("interview-replay-slider").wait_for(timeout=SECONDS)
    events = server.api("GET", f"rooms/{room}/events?limit=5000&data=0")["events"]
    runs = [event["seq"] for event in events if event["kind"] == "run_finished"]
    for seq in (2, runs[0], events[-1]["seq"]):
        await replay_at(replay, seq)
        notebook = server.api("GET", f"rooms/{room}/notebook?at={seq}")
        source = notebook["cells"][0]["source"].splitlines()[0:1]
        for line in source:
            await expect(replay.locator(".jp-CodeCell .cm-content").first).to_contain_text(line, timeout=SECONDS)
        shown = replay.locator(".jp-CodeCell").first.locator(".jp-OutputArea-output")
        await expect(shown).to_have_count(len(notebook["cells"][0]["outputs"]), timeout=SECONDS)
    await expect(replay.get_by_test_id("interview-replay-chat")).to_contain_text("Linear.")
    await replay_at(replay, runs[0])
    await expect(replay.get_by_test_id("interview-replay-chat")).not_to_contain_text("Linear.")
    await replay.screenshot(path=interviewer.visitor.artifacts / "interviewer-6-replay.png")


async def test_the_log_has_edits_of_those_who_edit_and_nothing_else(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    """A page that opens, runs, or asks to save has edited nothing, whoever looks at it."""
    server = ji_server()
    room = server.create_room("Edits")
    cara = await candidate(ji_browser, server, room)
    interviewer = await seated_interviewer(ji_browser, server, room)
    await cara.editor().click()
    await cara.page.keyboard.press("Control+End")
    for typed in ("1", "1+", "1+1"):
        await cara.page.keyboard.press(typed[-1])
        await interviewer.sees_source(typed)
    await cara.run()
    await interviewer.sees_output("2")
    await interviewer.page.keyboard.press("Control+s")
    await cara.page.keyboard.press("Control+s")
    await interviewer.say("Thank you.")
    await cara.hears("Thank you.")
    events = server.api("GET", f"rooms/{room['id']}/events?limit=5000&data=0")["events"]
    names = {event["member"]: event["payload"]["name"] for event in events if event["kind"] == "join"}
    edits = [names[event["member"]] for event in events if event["kind"] == "document_update" and event["member"]]
    assert edits == ["Cara Candidate"] * 3
    assert ji_browser.errors == []


async def test_a_refresh_during_a_running_cell_keeps_outputs_before_and_after(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    server = ji_server()
    room = server.create_room("Refresh")
    cara = await candidate(ji_browser, server, room)
    await cara.replace(
        "import pathlib, time\nprint('before')\nwhile not pathlib.Path('go').exists(): time.sleep(0.05)\nprint('after')"
    )
    await cara.run()
    await cara.sees_output("before")
    await cara.page.reload()
    await cara.in_room()
    await cara.sees_output("before")
    # Only the kernel's own code can make the file: a second cell would wait behind the first.
    await expect(cara.cell().locator(".jp-InputPrompt")).to_contain_text("*", timeout=SECONDS)
    await cara.page.keyboard.press("Escape")
    await cara.page.locator(
        "[data-command='notebook:interrupt-kernel'], [data-jp-item-name='interrupt'] button"
    ).first.click()
    await cara.sees_output("KeyboardInterrupt")
    await cara.sees_output("before")
    runs = server.api("GET", f"rooms/{room['id']}/runs")["runs"]
    assert [run["status"] for run in runs] == ["interrupted"]
    events = server.api("GET", f"rooms/{room['id']}/events?kind=join,leave&data=0")["events"]
    assert "leave" not in {event["kind"] for event in events}
    assert ji_browser.errors == []


async def test_a_killed_server_with_offline_edits_loses_and_doubles_nothing(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    server = ji_server()
    room = server.create_room("Killed")
    cara = await candidate(ji_browser, server, room)
    interviewer = await seated_interviewer(ji_browser, server, room)
    await cara.replace("online = 1")
    await interviewer.sees_source("online = 1")
    await cara.say("before the crash")
    await interviewer.hears("before the crash")
    await cara.write("\nmid = '")
    await cara.page.keyboard.type("abcdefghij", delay=20)
    server.kill()
    await cara.page.keyboard.type("KLMNOPQRST'", delay=20)
    banner = cara.page.get_by_test_id("interview-banner")
    await expect(banner).to_be_visible(timeout=SECONDS)
    await cara.shot("offline")
    await interviewer.editor().click()
    await interviewer.page.keyboard.press("Control+Home")
    await interviewer.page.keyboard.type("offline = 2; ", delay=5)
    server.start()
    await expect(banner).to_be_hidden(timeout=60_000)
    for person in (cara, interviewer):
        await person.sees_source("KLMNOPQRST'")
        await person.sees_source("offline = 2")
        await person.hears("before the crash")
    text = "offline = 2; online = 1\nmid = 'abcdefghijKLMNOPQRST'"
    assert await cara.source() == await interviewer.source() == text
    await cara.write("\nmid")
    await cara.run()
    await interviewer.sees_output("'abcdefghijKLMNOPQRST'")
    notebook = server.api("GET", f"rooms/{room['id']}/notebook")
    assert notebook["cells"][0]["source"] == text + "\nmid"
    # What a lost connection itself logs is the browser's, and JupyterLab may ask for the kernel that went with the
    # server before it hears of the next one. Nothing of ours may fail.
    theirs = ("ERR_CONNECTION", "WebSocket", "/api/kernels/")
    assert [error for error in ji_browser.errors if not any(words in error for words in theirs)] == []


async def test_hostile_output_runs_nothing_in_anybodys_browser(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    server = ji_server()
    room = server.create_room("Hostile")
    cara = await candidate(ji_browser, server, room)
    await cara.replace(
        "from IPython.display import HTML, Javascript, display\n"
        "display(HTML('<b>shown</b><script>window.hacked=1</script><img src=x onerror=\"window.hacked=2\">'))\n"
        "display(Javascript('window.hacked=3'))\n"
        "bad = '<script>window.hacked=4</script><img src=x onerror=\"window.hacked=5\">'\n"
        "types = 'image/svg+xml text/markdown text/latex text/plain application/javascript text/javascript'\n"
        "for mime in types.split():\n"
        "    display({mime: '<svg onload=\"window.hacked=6\">' + bad + '</svg>'}, raw=True)\n"
        "display({'application/vnd.jupyter.stdout': bad, 'application/vnd.jupyter.stderr': bad}, raw=True)\n"
        "display(HTML('<iframe srcdoc=\"<script>parent.hacked=7</script>\"></iframe><b>last</b>'))"
    )
    await cara.run()
    await cara.sees_output("shown")
    await cara.sees_output("last")
    assert await cara.page.evaluate("window.hacked") is None
