"""Does ``jupyter interview`` start a server that is guarded, and whose own notebooks work as ever?"""

from __future__ import annotations

import gc
import json
import signal
import sys

import pytest
from playwright.async_api import expect

from jupyter_interview.cli import serve
from tests.fixtures.browser import Browsers
from tests.fixtures.server import ServerFactory

pytestmark = pytest.mark.integration

_NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "id": "a", "metadata": {}, "source": "6*7", "outputs": [], "execution_count": None}
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_it_serves_and_stops(ji_server: ServerFactory) -> None:
    server = ji_server()
    with server.client() as client:
        assert client.get("lab").status_code == 200
        # Stock real-time collaboration is off: it would be a second writer of a document.
        assert client.get("api/collaboration/room/x").status_code == 404
        assert client.get("api/interview/rooms").json() == {"rooms": [], "next": None}
    with server.client(Authorization="") as stranger:
        assert stranger.get("lab").status_code == 302
    process = server.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert "Traceback" not in server.log
    assert "127.0.0.1" in server.log


def test_options_reach_the_server(ji_server: ServerFactory) -> None:
    server = ji_server("--ServerApp.max_body_size=1234567", base_url="/below/")
    assert server.url.endswith("/below/")
    with server.client() as client:
        assert client.get("api/status").status_code == 200


def test_a_killed_server_starts_again_on_its_data(ji_server: ServerFactory) -> None:
    server = ji_server()
    room = server.create_room("Before the kill")
    server.kill()
    server.start()
    assert server.api("GET", f"rooms/{room['id']}")["title"] == "Before the kill"


def test_a_failure_of_the_extension_stops_the_server(ji_server: ServerFactory) -> None:
    server = ji_server("--InterviewApp.database_url=nonsense://", start=False)
    with pytest.raises(pytest.fail.Exception, match="did not start"):
        server.start()


@pytest.mark.browser
async def test_an_ordinary_notebook_of_the_owner_works_as_if_we_were_not_there(
    ji_server: ServerFactory, ji_browser: Browsers
) -> None:
    server = ji_server()
    notebook = server.directory / "files" / "own.ipynb"
    notebook.write_text(json.dumps(_NOTEBOOK))
    page = (await ji_browser.open("owner", f"{server.url}lab/tree/own.ipynb?token={server.token}")).page
    await expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)
    await page.locator(".jp-Notebook .cm-content").first.click()
    await page.keyboard.press("Shift+Enter")
    await expect(page.locator(".jp-OutputArea-output", has_text="42")).to_be_visible(timeout=30_000)
    async with page.expect_response(lambda answer: answer.request.method == "PUT" and "own.ipynb" in answer.url):
        await page.keyboard.press("Control+s")
    assert '"42"' in notebook.read_text()
    assert ji_browser.errors == []


def test_what_is_loaded_is_no_work_for_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would stop the event loop for a tenth of a second at a time."""
    seen: list[int] = []

    class Started:
        def start(self) -> None:
            seen.append(gc.get_freeze_count())

    monkeypatch.setattr(serve, "make_server", lambda _arguments: Started())
    interval = sys.getswitchinterval()
    try:
        assert serve.main([]) == 0
    finally:
        gc.unfreeze()
        sys.setswitchinterval(interval)
    assert seen[0] > 10_000
