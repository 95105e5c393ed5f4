"""Do the join and login pages do what they promise, in a real browser and under a strict content security policy?"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader
from playwright.async_api import expect
from tornado import web
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

import jupyter_interview
from jupyter_interview.core.permissions import RULES, Role
from tests.fixtures.browser import Browsers

pytestmark = pytest.mark.browser

PACKAGE = Path(jupyter_interview.__file__).parent
PHONE: dict[str, Any] = {"width": 380, "height": 640}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'"
)
Answer = tuple[int, dict[str, Any]]


def _error(code: str, status: int, **details: Any) -> Answer:
    return status, {"error": {"code": code, "message": f"message of {code}", "details": details}}


@dataclass
class Door:
    """What the server answers, one after the other, and what it was sent."""

    answers: list[Answer]
    context: dict[str, Any] = field(default_factory=dict)
    received: list[dict[str, Any]] = field(default_factory=list)


class _Handler(web.RequestHandler):
    def initialize(self, door: Door, template: str = "") -> None:
        self.door, self.template = door, template

    def get(self) -> None:
        self.set_header("Content-Security-Policy", POLICY)
        pages = Environment(loader=FileSystemLoader(PACKAGE / "templates"), autoescape=True)
        values = {"base_url": "/", "xsrf_form_html": self.xsrf_form_html, **self.door.context}
        self.write(pages.get_template(self.template).render(values))

    def post(self) -> None:
        self.door.received.append(json.loads(self.request.body))
        status, body = self.door.answers.pop(0)
        self.set_status(status)
        self.write(body)


# Without an icon of its own a page makes the browser ask for one that is not there.
INSIDE = "<link rel='icon' href='data:,'><h1>inside</h1>"


class _Inside(web.RequestHandler):
    def get(self) -> None:
        self.write(INSIDE)


@asynccontextmanager
async def serve(door: Door) -> AsyncIterator[str]:
    """The pages as the real server serves them, with prepared answers; its address."""
    listener, port = bind_unused_port()
    application = web.Application(
        [
            (r"/interview/static/(.*)", web.StaticFileHandler, {"path": str(PACKAGE / "static")}),
            (r"/interview/login", _Handler, {"door": door, "template": "login.html"}),
            (r"/api/interview/login", _Handler, {"door": door}),
            (r"/interview/", _Inside),
            (r"/interview/ROOM/join", _Handler, {"door": door}),
            # The join page and the room have one URL; the test's door opens when no answer is left.
            (r"/interview/ROOM", _RoomPage, {"door": door}),
        ],
        xsrf_cookies=True,
    )
    server = HTTPServer(application)
    server.add_socket(listener)
    yield f"http://127.0.0.1:{port}/"
    server.stop()
    await server.close_all_connections()


class _RoomPage(_Handler):
    def initialize(self, door: Door, template: str = "join.html") -> None:
        super().initialize(door, template)

    def get(self) -> None:
        if self.door.answers:
            super().get()
        else:
            self.write(INSIDE)


def _join(*answers: Answer, **context: Any) -> Door:
    roles = [
        {"name": role.value, "can": [rule.meaning for rule in RULES.values() if role in rule.roles]}
        for role in (Role.CANDIDATE, Role.INTERVIEWER, Role.SPECTATOR)
    ]
    return Door(
        list(answers),
        {
            "title": "Graphs & <trees>",
            "language": "Python",
            "interviewer": "Ada",
            "needs_password": False,
            "ended": False,
            "closed": False,
            "room": "ROOM",
            "roles": roles,
            **context,
        },
    )


SEATED: Answer = (200, {"token": "t", "member": {}})


async def test_a_candidate_reads_what_is_recorded_and_joins(ji_browser: Browsers) -> None:
    door = _join(SEATED)
    async with serve(door) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM")).page
        await expect(page.get_by_role("heading", level=1)).to_have_text("Graphs & <trees>")
        await expect(page.get_by_text("Every edit, chat message and code run")).to_be_visible()
        await expect(page.get_by_text("Edit the notebook", exact=True).first).to_be_visible()
        await expect(page.get_by_text("as spectator")).to_be_hidden()
        await expect(page.get_by_label("Room password")).to_be_hidden()
        await page.get_by_label("Your name").fill("  Cleo ")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("inside")).to_be_visible()
    assert door.received == [{"name": "Cleo"}]
    assert ji_browser.errors == []


async def test_a_missing_name_is_said_and_nothing_is_sent(ji_browser: Browsers) -> None:
    door = _join(SEATED)
    async with serve(door) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM")).page
        await page.get_by_role("button", name="Join").click()
        await expect(page.get_by_role("alert")).to_have_text("Your name is missing.")
        await expect(page.get_by_label("Your name")).to_be_focused()
    assert door.received == []


async def test_the_password_is_asked_for_and_the_invitation_stays_in_the_fragment(ji_browser: Browsers) -> None:
    door = _join(_error("password_required", 403), SEATED)
    async with serve(door) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM#invite=s3cret")).page
        await expect(page.get_by_text("as spectator")).to_be_visible()
        await page.get_by_label("Your name").fill("Cleo")
        await page.get_by_label("Email").fill("cleo@example.org")
        await page.get_by_role("button", name="Join").click()
        await expect(page.get_by_role("alert")).to_have_text("message of password_required")
        await expect(page.get_by_label("Room password")).to_be_focused()
        await page.keyboard.type("opensesame")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("inside")).to_be_visible()
        assert page.url == f"{url}interview/ROOM"
    first = {"name": "Cleo", "email": "cleo@example.org", "invite": "s3cret"}
    assert door.received == [first, {**first, "password": "opensesame"}]


async def test_a_second_person_knocks_and_is_admitted_also_after_a_refresh(ji_browser: Browsers) -> None:
    door = _join(_error("seat_taken", 403, knock="k1"), (202, {"knock": "k2"}), SEATED)
    async with serve(door) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM")).page
        await page.get_by_label("Your name").fill("Dora")
        await page.get_by_role("button", name="Join").click()
        await expect(page.get_by_role("heading", name="Waiting to be admitted")).to_be_visible()
        await page.reload()
        await expect(page.get_by_role("heading", name="Waiting to be admitted")).to_be_visible()
        refused = len(ji_browser.errors)
        await expect(page.get_by_text("inside")).to_be_visible(timeout=15_000)
    assert door.received == [{"name": "Dora"}, {"knock": "k1"}, {"knock": "k2"}]
    # To wait is no error.
    assert len(ji_browser.errors) == refused == 1


async def test_somebody_who_is_declined_is_told_so(ji_browser: Browsers) -> None:
    door = _join(_error("seat_taken", 403, knock="k1"), _error("forbidden", 403))
    async with serve(door) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM")).page
        await page.get_by_label("Your name").fill("Dora")
        await page.get_by_role("button", name="Join").click()
        await expect(page.get_by_role("alert")).to_have_text("The interviewer did not let you in.", timeout=15_000)


async def test_a_refusal_is_said_where_the_person_looks(ji_browser: Browsers) -> None:
    """On a phone: what is about a field stands at it, all else at the button, and both on the screen."""
    answers = (_error("password_required", 403), _error("bad_request", 400, field="name"), _error("room_full", 403))
    async with serve(_join(*answers, needs_password=True)) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM", **PHONE)).page
        error, button = page.get_by_role("alert"), page.get_by_role("button", name="Join")
        name, password = page.get_by_label("Your name"), page.get_by_label("Room password")
        await button.click()
        await expect(error).to_have_text("Your name is missing.")
        await expect(error).to_be_in_viewport()
        await expect(name).to_be_focused()
        await expect(page.locator(".field", has=error).get_by_label("Your name")).to_be_visible()
        await name.fill("Dora")
        for field, code in ((password, "password_required"), (name, "bad_request")):
            await password.fill("wrong")
            await button.click()
            await expect(error).to_have_text(f"message of {code}")
            await expect(error).to_be_in_viewport()
            await expect(field).to_be_focused()
            assert await field.get_attribute("aria-invalid") == "true"
        await name.press("Enter")
        await expect(error).to_have_text("message of room_full")
        await expect(error).to_be_in_viewport()
        await expect(button).to_be_in_viewport()
        assert await page.locator("[aria-invalid]").count() == 0


async def test_who_is_declined_or_stops_waiting_sees_it(ji_browser: Browsers) -> None:
    """The form that comes back is longer than a phone's screen."""
    door = _join(_error("seat_taken", 403, knock="k1"), _error("forbidden", 403))
    async with serve(door) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM", **PHONE)).page
        await page.get_by_label("Your name").fill("Dora")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="Waiting to be admitted")).to_be_in_viewport()
        await expect(page.get_by_role("alert")).to_have_text("The interviewer did not let you in.", timeout=15_000)
        await expect(page.get_by_role("alert")).to_be_in_viewport()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (_error("room_ended", 410), "message of room_ended"),
        (_error("rate_limited", 429, retry_after=12.3), "Too many tries. Wait 13 seconds, then try again."),
        (_error("rate_limited", 429, retry_after=600), "Too many tries. Wait 10 minutes, then try again."),
    ],
)
async def test_a_refusal_says_what_to_do(ji_browser: Browsers, answer: Answer, text: str) -> None:
    door = _join(answer)
    async with serve(door) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM")).page
        await page.get_by_label("Your name").fill("Cleo")
        await page.get_by_role("button", name="Join").click()
        await expect(page.get_by_role("alert")).to_have_text(text)
        await expect(page.get_by_role("button", name="Join")).to_be_enabled()


async def test_a_closed_link_says_so_and_an_invitation_still_opens(ji_browser: Browsers) -> None:
    door = _join(_error("link_closed", 403), SEATED, closed=True)
    async with serve(door) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM")).page
        await expect(page.get_by_text("The interviewer has closed this link.")).to_be_visible()
        await expect(page.get_by_role("button", name="Join")).to_be_hidden()
        page = (await ji_browser.open("guest", f"{url}interview/ROOM#invite=s3cret")).page
        await expect(page.get_by_text("The interviewer has closed this link.")).to_be_hidden()
        await page.get_by_label("Your name").fill("Gina")
        await page.get_by_role("button", name="Join").click()
        await expect(page.get_by_role("alert")).to_have_text("message of link_closed")
        await page.get_by_role("button", name="Join").click()
        await expect(page.get_by_text("inside")).to_be_visible()


async def test_an_ended_room_has_no_form(ji_browser: Browsers) -> None:
    door = _join(SEATED, ended=True)
    async with serve(door) as url:
        page = (await ji_browser.open("candidate", f"{url}interview/ROOM")).page
        await expect(page.get_by_text("This interview is over.")).to_be_visible()
        assert await page.locator("form").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_join_page_fits_a_narrow_screen(ji_browser: Browsers, scheme: Any) -> None:
    async with serve(_join(SEATED, needs_password=True)) as url:
        visitor = await ji_browser.open(scheme, f"{url}interview/ROOM", scheme=scheme, width=320, height=640)
        assert await visitor.page.evaluate("document.documentElement.scrollWidth") <= 320
        await visitor.shot("join")
    assert ji_browser.errors == []


async def test_an_interviewer_logs_in_and_is_at_the_desk(ji_browser: Browsers) -> None:
    door = Door([_error("unauthorized", 401), (200, {"token": "t"})])
    async with serve(door) as url:
        page = (await ji_browser.open("interviewer", f"{url}interview/login")).page
        await page.get_by_label("Email").fill("ada@example.org")
        await page.get_by_label("Password").fill("correct horse battery")
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_role("alert")).to_have_text("message of unauthorized")
        await page.get_by_role("button", name="Log in").click()
        await expect(page.get_by_text("inside")).to_be_visible()
        assert page.url == f"{url}interview/"
    assert door.received == [{"email": "ada@example.org", "password": "correct horse battery"}] * 2
