"""What do people do in an interview, in the words of a person at a browser?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from playwright.async_api import FilePayload, Locator, Page, expect

from ..fixtures.browser import Browsers, Visitor
from ..fixtures.server import Server

SECONDS = 30_000


@dataclass
class Person:
    """A visitor who is in a room, or on the way there."""

    visitor: Visitor

    @property
    def page(self) -> Page:
        """The browser's page."""
        return self.visitor.page

    # -- the way in

    async def join(self, url: str, name: str, password: str | None = None) -> None:
        """Open a link, fill in the form, and be in the room."""
        await self.page.goto(url)
        await self.page.get_by_label("Your name").fill(name)
        if password is not None:
            await self.page.get_by_label("Room password").fill(password)
        await self.page.get_by_role("button", name="Join the interview").click()
        await self.in_room()

    async def in_room(self) -> None:
        """The room is on screen, its document synchronised, its channel open."""
        await self.page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.wait_for(timeout=SECONDS)
        await expect(self.page.get_by_test_id("interview-state")).to_be_visible(timeout=SECONDS)

    # -- the notebook

    def cell(self, number: int = 0) -> Locator:
        """A code cell."""
        return self.page.locator(".jp-Notebook .jp-CodeCell").nth(number)

    def editor(self, number: int = 0) -> Locator:
        """A cell's editor."""
        return self.cell(number).locator(".cm-content")

    async def write(self, text: str, number: int = 0, delay: float = 5) -> None:
        """Type at the end of a cell; lines are indented as they are, not by the editor."""
        await self.editor(number).click()
        await self.page.keyboard.press("Control+End")
        for index, line in enumerate(text.split("\n")):
            if index:
                await self.page.keyboard.press("Enter")
                await self.page.keyboard.press("Shift+Home")
                await self.page.keyboard.press("Delete")
            await self.page.keyboard.type(line, delay=delay)

    async def replace(self, text: str, number: int = 0) -> None:
        """Write a cell anew."""
        await self.editor(number).click()
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.press("Delete")
        await self.write(text, number)

    async def run(self, number: int = 0) -> None:
        """Run a cell by the keyboard."""
        await self.editor(number).click()
        await self.page.keyboard.press("Control+Enter")

    async def sees_source(self, text: str, number: int = 0) -> None:
        """The cell's source contains the text, within a while."""
        await expect(self.editor(number)).to_contain_text(text, timeout=SECONDS)

    async def sees_output(self, text: str, number: int = 0) -> None:
        """The cell's outputs contain the text, within a while."""
        await expect(self.cell(number).locator(".jp-Cell-outputArea")).to_contain_text(text, timeout=SECONDS)

    async def source(self, number: int = 0) -> str:
        """The cell's source, line by line."""
        lines = await self.cell(number).locator(".cm-line").all_inner_texts()
        return "\n".join(line.strip("\n\u200b") for line in lines)

    # -- the chat

    async def say(self, text: str) -> None:
        """Send a chat message."""
        box = self.chat.get_by_role("combobox").or_(self.chat.get_by_role("textbox")).first
        await box.fill(text)
        await box.press("Enter")

    async def hears(self, text: str) -> None:
        """The chat shows the text, within a while."""
        await expect(self.chat).to_contain_text(text, timeout=SECONDS)

    @property
    def chat(self) -> Locator:
        """The chat's panel."""
        return self.page.locator(".jp-Interview-chat, .jp-chat-widget").first

    @property
    def people(self) -> Locator:
        """The list of people."""
        return self.page.get_by_test_id("interview-people")

    async def meets(self, name: str) -> None:
        """Somebody is in the list of people."""
        await expect(self.people).to_contain_text(name, timeout=SECONDS)

    async def shot(self, title: str) -> None:
        """A picture for whoever reads the run's artifacts."""
        await self.visitor.shot(title)


async def logged_in(browsers: Browsers, server: Server, **options: object) -> Person:
    """The server's own user with an empty page: to load JupyterLab takes as long as many a test."""
    visitor = await browsers.open("interviewer", **options)  # type: ignore[arg-type]  # passed through
    answer = await visitor.context.request.get(f"{server.url}api/me?token={server.token}")
    assert answer.ok, await answer.text()
    return Person(visitor)


async def owner(browsers: Browsers, server: Server, **options: object) -> Person:
    """The server's own user at JupyterLab's launcher."""
    visitor = await browsers.open("interviewer", **options)  # type: ignore[arg-type]  # passed through
    await visitor.page.goto(f"{server.url}lab?token={server.token}")
    await visitor.page.locator(".jp-Launcher").wait_for(timeout=SECONDS)
    return Person(visitor)


async def new_interview(
    interviewer: Person,
    title: str,
    *,
    language: str = "python",
    password: str | None = None,
    files: Mapping[str, bytes] | None = None,
) -> tuple[Person, str]:
    """Create a room by the launcher's card; the page that opens, and the link to share."""
    page = interviewer.page
    await page.locator(".jp-LauncherCard").filter(has_text="New interview").click()
    await page.get_by_test_id("interview-form-title").fill(title)
    await page.get_by_test_id("interview-form-language").select_option(language)
    if password is not None:
        await page.get_by_test_id("interview-form-password").fill(password)
    if files is not None:
        chosen = [
            FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
            for name, content in files.items()
        ]
        await page.get_by_test_id("interview-form-files").set_input_files(chosen)
    async with page.context.expect_page() as opened:
        await page.get_by_test_id("interview-form-create").click()
    url = await page.get_by_test_id("interview-link").input_value()
    await page.get_by_test_id("interview-made").get_by_role("button", name="Close").click()
    room_page = await opened.value
    visitor = interviewer.visitor
    room = Person(type(visitor)(visitor.name, visitor.context, room_page, visitor.artifacts, visitor.errors))
    room.visitor.watch()
    await room.in_room()
    return room, url


async def seated_interviewer(browsers: Browsers, server: Server, room: dict[str, str]) -> Person:
    """The server's own user in a room."""
    person = await logged_in(browsers, server)
    await person.page.goto(link(server, room))
    await person.in_room()
    return person


async def candidate(browsers: Browsers, server: Server, room: dict[str, str], name: str = "Cara Candidate") -> Person:
    """Somebody who comes by the bare link."""
    person = Person(await browsers.open("candidate"))
    await person.join(link(server, room), name)
    return person


async def both(browsers: Browsers, server: Server, title: str) -> tuple[dict[str, str], Person, Person]:
    """A new room, its interviewer, and then a candidate in it."""
    room = server.create_room(title)
    return room, await seated_interviewer(browsers, server, room), await candidate(browsers, server, room)


def link(server: Server, room: dict[str, str]) -> str:
    """The address of a room."""
    return server.url.rstrip("/") + room["url"].removeprefix(server.base_url.rstrip("/"))
