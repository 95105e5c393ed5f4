"""What does an interviewer take home from the replay's menu?"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.integration.clients import House

from ..fixtures.browser import Browsers
from ..fixtures.server import ServerFactory
from .people import SECONDS
from .replaying import Replay, an_interview, the_replay

pytestmark = pytest.mark.browser


async def taken(replay: Replay, form: str, folder: Path) -> Path:
    """A download by the menu, with the name that the server gives it."""
    page = replay.page
    await page.get_by_test_id("interview-replay-export").click()
    async with page.expect_download(timeout=SECONDS) as begun:
        await page.get_by_test_id(f"interview-export-{form}").click()
    download = await begun.value
    path = folder / download.suggested_filename
    await download.save_as(path)
    assert path.suffix == f".{form}"
    return path


async def test_every_form_of_the_menu_is_what_it_says(
    ji_server: ServerFactory, ji_browser: Browsers, tmp_path: Path
) -> None:
    server = ji_server()
    interviewer, room = await an_interview(server, ji_browser)
    replay = await the_replay(ji_browser, server, interviewer, room)

    # The notebook is the one of the moment on screen, not of the end.
    await replay.press("Home", "Shift+ArrowRight")
    shown = await replay.sources()
    notebook = json.loads((await taken(replay, "ipynb", tmp_path)).read_text())
    assert [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"] == shown
    await replay.press("End")
    assert await replay.sources() != shown

    # Log and archive hold, and nothing is missing at their end.
    for form in ("jsonl", "zip"):
        path = await taken(replay, form, tmp_path)
        verified = server.run("verify", str(path))
        assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "replay.html" in zipfile.ZipFile(path).namelist()

    # The page plays from the disk, without any network.
    path = await taken(replay, "html", tmp_path)
    reader = await ji_browser.open("reader")
    await reader.context.set_offline(True)
    offline = await Replay(reader.page, server, room).open(path.as_uri())
    assert await offline.is_exact() == await replay.settled()
    assert await offline.sources() == await replay.sources()
    await expect(reader.page.get_by_test_id("interview-replay-export")).to_have_count(0)
    assert ji_browser.errors == []


async def test_a_link_out_of_any_page_shows_its_address_first(
    ji_server: ServerFactory, ji_browser: Browsers, tmp_path: Path
) -> None:
    """In the room, in the replay, and in the file, which has no server around it."""
    server = ji_server()
    cell = {"cell_type": "markdown", "metadata": {}, "source": "[the manual](https://example.org/manual)"}
    async with House(server) as house:
        notebook = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}
        room = await house.room(notebook=notebook)
        at_it = f"{server.url}interview/{room.id}"
        page = (await ji_browser.open("interviewer", f"{at_it}?token={server.token}")).page
        await _asks_first(page)
        await room.api("POST", "/end")
        exported = await house.owner.get(f"api/interview/rooms/{room.id}/export?format=html")
        assert exported.status_code == 200
        path = tmp_path / "replay.html"
        path.write_bytes(exported.content)
        for address in (f"{at_it}/replay", path.as_uri()):
            await page.goto(address)
            await _asks_first(page)
    assert ji_browser.errors == []


async def _asks_first(page: Page) -> None:
    before = page.url.partition("#")[0]
    for button in ("left", "middle"):
        await page.get_by_role("link", name="the manual").click(button=button, timeout=SECONDS)
        shown = page.get_by_test_id("interview-outside")
        await expect(shown.get_by_label("Address of the link")).to_have_value("https://example.org/manual")
        await shown.get_by_role("button", name="Close").click()
    assert page.url.partition("#")[0] == before
    assert len(page.context.pages) == 1
