"""Does what an interviewer chooses in the dialog become the room: its language, and the files for its kernel?"""

from __future__ import annotations

import pytest
from playwright.async_api import FilePayload, expect

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .people import SECONDS, Person, new_interview, owner

pytestmark = pytest.mark.browser

READS_A_FILE = """#include <fstream>
#include <iostream>
#include <string>
int main() {
std::ifstream file("data/orders.csv");
std::string line;
while (std::getline(file, line)) std::cout << "<" << line << ">";
}"""


async def test_a_room_in_cpp_that_holds_files(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """The starter is highlighted before anything ran, the file is named for everybody, and the program reads it."""
    server = ji_server()
    files = {"orders.csv": b"id,sum\n1,20\n", "data.bin": bytes(range(256))}
    room, url = await new_interview(await owner(ji_browser, server), "Orders", language="cpp", files=files)
    cara = Person(await ji_browser.open("candidate"))
    await cara.join(url, "Cara Candidate")
    for person in (room, cara):
        await person.sees_source("std::cout")
        # A string has a style of its own, the text around it has not.
        styled = person.cell().locator(".cm-line span", has_text="Hello")
        await expect(styled.first).to_have_text('"Hello"', timeout=SECONDS)
        listed = person.page.get_by_test_id("interview-files-list")
        await expect(listed).to_contain_text("orders.csv", timeout=SECONDS)
        await expect(listed).to_contain_text("data.bin")
    await cara.replace(READS_A_FILE)
    await cara.run()
    await room.sees_output("<id,sum><1,20>")
    assert ji_browser.errors == []


async def test_what_cannot_be_created_is_said_in_the_dialog(ji_server: ServerFactory, ji_browser: Browsers) -> None:
    """Too much data, then a name twice: a line says so, and the dialog keeps what was entered."""
    server = ji_server("--InterviewApp.limits=data_bytes=1000")
    launcher = await owner(ji_browser, server)
    page = launcher.page
    await page.locator(".jp-LauncherCard").filter(has_text="New interview").click()
    await page.get_by_test_id("interview-form-title").fill("Too much")
    await page.get_by_test_id("interview-form-files").set_input_files(
        FilePayload(name="big.csv", mimeType="text/csv", buffer=b"x" * 1500)
    )
    form = page.get_by_test_id("interview-form")
    await expect(form.get_by_role("alert")).to_contain_text("too large", timeout=SECONDS)
    await expect(page.get_by_test_id("interview-form-create")).to_be_disabled()
    await form.get_by_role("button", name="Remove big.csv").click()
    await expect(form.get_by_role("alert")).to_have_count(0)
    await expect(page.get_by_test_id("interview-form-create")).to_be_enabled()
    await expect(page.get_by_test_id("interview-form-title")).to_have_value("Too much")
    assert ji_browser.errors == []
