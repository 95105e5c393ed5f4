"""What is script in a page of a room worth?

The browser's debugger runs script in the room and in the replay, as the server's own user: what a hole in a renderer
would give a candidate. It tries all that a page can do to reach more than that room. What it reached is read from the
server's log, which has every request, and from what the server has afterwards.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import expect

from ..fixtures.browser import Browsers
from ..fixtures.server import Server, ServerFactory
from .people import SECONDS, Person, logged_in, new_interview, owner

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

BATTERY = (Path(__file__).parent / "confinement.js").read_text()
REQUEST = re.compile(r"\] (\d{3}) (GET|HEAD|POST|PUT|PATCH|DELETE) (\S+) ")
# What an attempt may say: nothing was there, or the browser said no.
NOTHING = {"nothing", "sent", "error", "close", "error: nothing", "load: nothing", "nothing: nothing"}
STATIC = ("/static/", "/lab/extensions/", "/lab/api/themes/", "/interview/static/")


def requests(log: str) -> list[tuple[int, str, str]]:
    """Status, method and path of every request in a log."""
    return [(int(status), method, path) for status, method, path in REQUEST.findall(log)]


def leaves(got: Any) -> list[str]:
    """All answers of an attempt."""
    return [leaf for each in got for leaf in leaves(each)] if isinstance(got, list) else [str(got)]


def state(server: Server) -> dict[str, Any]:
    """What an attempt would change."""
    with server.client() as client:
        names = ("api/terminals", "api/kernels", "api/sessions", "api/contents/")
        found: dict[str, Any] = {name: client.get(name).json() for name in names}
    found["api/contents/"] = [item["name"] for item in found["api/contents/"]["content"]]
    found["rooms"] = [(room["id"], room["state"]) for room in server.api("GET", "rooms")["rooms"]]
    return found


def logged(server: Server, room: str) -> int:
    """How long the log is, with every request so far: one is logged once the next one, of the room, is answered."""
    with server.client() as client:
        client.get(f"interview/{room}/api/me")
    return len(server.log)


def serve(ji_server: ServerFactory, *, apart: bool) -> Server:
    """A server that logs every request; ``localhost`` is its rooms' origin where they are apart."""
    server = ji_server("--log-level=DEBUG", start=False)
    if apart:
        server.options.append(f"--InterviewApp.rooms_origin=http://localhost:{server.port}")
    server.start()
    files = server.directory / "files"
    for name in ("secret.txt", "evil.js", "secret.png"):
        (files / name).write_text("window.evil = true")
    return server


async def enter(person: Person, server: Server, room: str, page: str) -> None:
    """Open the room or its replay, at the origin where the server's own user is logged in."""
    await person.page.goto(f"{server.url}interview/{room}{page}")
    if page:
        await person.page.get_by_test_id("interview-replay-bar").wait_for(timeout=SECONDS)
    else:
        await person.in_room()


async def attempt(person: Person, base: str, room: str, other: str, *without: str) -> dict[str, list[str]]:
    """What each attempt got."""
    options = {"base": base, "room": room, "other": other, "without": without}
    got = await person.page.evaluate(BATTERY, options)
    return {name: leaves(each) for name, each in got.items()}


@pytest.mark.parametrize("page", ["", "/replay"], ids=["room", "replay"])
@pytest.mark.parametrize("apart", [False, True], ids=["one origin", "two origins"])
async def test_script_in_a_page_reaches_that_room_alone(
    ji_server: ServerFactory, ji_browser: Browsers, apart: bool, page: str
) -> None:
    """By the policy: the browser sends nothing else, in whatever way script asks for it."""
    server = serve(ji_server, apart=apart)
    room, other = server.create_room("One")["id"], server.create_room("Two")["id"]
    person = await logged_in(ji_browser, server)
    await enter(person, server, room, page)
    before, said = state(server), logged(server, room)
    places = {server.url, f"http://localhost:{server.port}/"} if apart else {server.url}
    for base in places:
        got = await attempt(person, base, room, other)
        reached = {name: set(each) - NOTHING for name, each in got.items() if set(each) - NOTHING}
        assert not reached, (base, reached)
    log = server.log[said:]
    inside = (f"/interview/{room}/", *STATIC)
    outside = [each for each in requests(log) if not each[2].startswith(inside)]
    assert requests(log) and not outside, outside
    assert state(server) == before
    # Still there, still logged in.
    await person.page.goto(f"{server.url}lab")
    await person.page.locator(".jp-Launcher").wait_for(timeout=SECONDS)


@pytest.mark.parametrize("page", ["", "/replay"], ids=["room", "replay"])
async def test_the_rooms_origin_needs_no_policy(ji_server: ServerFactory, ji_browser: Browsers, page: str) -> None:
    """With the policy switched off: whatever arrives at either origin finds nobody whom it could be."""
    server = serve(ji_server, apart=True)
    room, other = server.create_room("One")["id"], server.create_room("Two")["id"]
    person = await logged_in(ji_browser, server, bypass_csp=True)
    await enter(person, server, room, page)
    before, said = state(server), logged(server, room)
    for base in (server.url, f"http://localhost:{server.port}/"):
        # Without the policy these open JupyterLab in a window, where it calls what it likes, or lead away.
        await attempt(person, base, room, other, "ownForm", "windowForm", "link", "window", "speculation")
    log = server.log[said:]
    got = [
        each
        for each in requests(log)
        if each[0] < 300 and not each[2].startswith((f"/interview/{room}", f"/interview/{other}", *STATIC))
    ]
    # Anybody may see these pages of the server's own origin, and sees nothing there.
    assert {path.partition("?")[0] for _, _, path in got} <= {
        "/login",
        "/logout",
        "/interview/login",
        "/favicon.ico",
    }, got
    assert {method for _, method, _ in got} <= {"GET"}
    assert len([each for each in requests(log) if each[2].startswith("/api/terminals")]) > 5
    async with person.page.context.expect_page() as opened:
        await person.page.evaluate("address => { window.made = window.open(address); }", f"{server.url}lab")
    lab = await opened.value
    await lab.locator(".jp-Launcher").wait_for(timeout=SECONDS)
    reach = "() => { try { return window.made.document.title; } catch (error) { return error.name; } }"
    assert await person.page.evaluate(reach) == "SecurityError"
    await lab.close()
    assert state(server) == before
    await person.page.goto(f"{server.url}lab")
    await person.page.locator(".jp-Launcher").wait_for(timeout=SECONDS)


async def test_script_does_not_outlive_its_page(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """It may lead its own window anywhere, and is gone then; a page that it makes itself has its policy."""
    server = serve(ji_server, apart=False)
    room = server.create_room("One")["id"]
    person = await logged_in(ji_browser, server)
    await enter(person, server, room, "")
    before = state(server)
    script = "fetch('/api/terminals', {method: 'POST', headers: {'X-XSRFToken': document.cookie.split('_xsrf=')[1]}})"
    await person.page.evaluate(
        """script => {
          const source = `<title>made</title><p>made</p><script>document.title = 'ran'; ${script}</` + 'script>';
          location.href = URL.createObjectURL(new Blob([source], {type: 'text/html'}));
        }""",
        script,
    )
    await expect(person.page.get_by_text("made")).to_be_visible()
    assert await person.page.title() == "made"
    got = await person.page.evaluate(f"{script}.then(answer => answer.status).catch(() => 'nothing')")
    assert got == "nothing"
    await enter(person, server, room, "")
    await person.page.evaluate(
        "() => { window.mine = true; setInterval(() => window.mine, 10); location.href = '/lab'; }"
    )
    await person.page.locator(".jp-Launcher").wait_for(timeout=SECONDS)
    assert await person.page.evaluate("() => window.mine === undefined && window.opener === null")
    assert state(server) == before


async def test_a_room_that_jupyterlab_opened_cannot_reach_it(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """Nor the other way round, once a page of the room is there."""
    server = serve(ji_server, apart=False)
    launcher = await owner(ji_browser, server)
    room, _ = await new_interview(launcher, "One")
    assert await room.page.evaluate("() => [window.opener, window.parent === window, window.name]") == [None, True, ""]
    # Whoever keeps the window, without the care that our launcher takes.
    async with launcher.page.context.expect_page() as opened:
        await launcher.page.evaluate("address => { window.kept = window.open(address); }", room.page.url)
    page = await opened.value
    await page.locator(".jp-Notebook").first.wait_for(timeout=SECONDS)
    assert await page.evaluate("() => window.opener") is None
    assert await launcher.page.evaluate("() => window.kept.closed")


async def test_a_link_out_of_a_room_is_shown(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """The page opens no windows, so a click shows the address."""
    server = serve(ji_server, apart=False)
    room = server.create_room("One")["id"]
    person = await logged_in(ji_browser, server)
    await enter(person, server, room, "")
    await person.say("See [this](https://example.org/path).")
    await person.chat.get_by_role("link", name="this").click()
    shown = person.page.get_by_test_id("interview-outside")
    await expect(shown.get_by_test_id("interview-link")).to_have_value("https://example.org/path")
    await person.shot("outside")
    await shown.get_by_role("button", name="Close").click()
    await expect(shown).to_have_count(0)


async def test_the_menus_log_out_has_a_button(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """A picture of the address does nothing; the menu leads to a page whose button logs out."""
    server = serve(ji_server, apart=False)
    person = await owner(ji_browser, server)
    page = person.page
    await page.evaluate("() => new Promise(done => Object.assign(new Image(), {src: '/logout', onerror: done}))")
    await page.reload()
    await page.locator(".jp-Launcher").wait_for(timeout=SECONDS)
    await page.get_by_role("menuitem", name="File", exact=True).click()
    await page.get_by_role("menuitem", name="Log Out").click()
    button = page.get_by_role("button", name="Log out")
    await button.wait_for(timeout=SECONDS)
    await person.shot("logout")
    await button.click()
    await expect(page.get_by_text("Successfully logged out")).to_be_visible()
    await page.goto(f"{server.url}lab")
    await expect(page.locator("#password_input")).to_be_visible()
