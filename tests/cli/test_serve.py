"""Does ``jupyter interview`` start a server that is guarded, and whose own notebooks work as ever?"""

from __future__ import annotations

import gc
import json
import os
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
    assert ("This server runs as root." in server.log) is (os.geteuid() == 0)


def test_it_tells_the_licences_of_what_it_serves(ji_server: ServerFactory) -> None:
    server = ji_server()
    with server.client() as client:
        report = client.get("lab/api/licenses/").json()["bundles"]
        assert client.get("lab/api/licenses/?format=csv&download=1").headers["content-type"].startswith("text/csv")
        # Stock, each of them waits for ever.
        for wrong in ("format=xml", "bundles=(", "download=x"):
            assert client.get(f"lab/api/licenses/?{wrong}").status_code == 400
        assert client.get("interview/static/replay/third-party-licenses.json").status_code == 200
    with server.client(Authorization="") as stranger:
        assert stranger.get("lab/api/licenses/").status_code in (302, 403)
    for name in ("jupyter-interview", "jupyter-interview replay"):
        packages = report[name]["packages"]
        assert packages and all(package["extractedText"] and package["licenseId"] for package in packages), name
    assert {"katex", "vega", "mermaid", "yjs", "dompurify"} <= {
        package["name"] for package in report["jupyter-interview replay"]["packages"]
    }


@pytest.mark.parametrize("words", [["serve", "--help"], ["--help-all"], ["serve", "--help-all"]], ids=" ".join)
def test_its_help_has_the_settings(ji_server: ServerFactory, words: list[str]) -> None:
    done = ji_server(start=False).run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert "--database" in done.stdout or words == ["--help-all"]


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("--InterviewApp.nosuch=5", "There is no setting InterviewApp.nosuch."),
        ("--InterviewApp.limits=nosuch=1", "unknown limit 'nosuch'"),
        ("--InterviewApp.database_url=postgresql://nobody@127.0.0.1:1/x", "The database cannot be used: connection"),
        ("--InterviewApp.data_dir=/proc/nosuch", "/proc/nosuch"),
    ],
)
def test_what_cannot_be_used_is_a_line(ji_server: ServerFactory, setting: str, said: str) -> None:
    done = ji_server(start=False).run("serve", "--allow-root", "--no-browser", setting)
    assert done.returncode == 1 and said in done.stderr.strip().splitlines()[-1], done.stderr[-1_000:]
    assert "Traceback" not in done.stderr


def test_a_vault_of_another_database_is_a_line(ji_server: ServerFactory) -> None:
    server = ji_server()
    server.create_room("Sealed")
    server.kill()
    vault = server.directory / "data" / "interview" / "vault"
    vault.write_bytes(bytes(reversed(vault.read_bytes())))
    done = server.run("serve", "--allow-root", "--no-browser")
    assert done.returncode == 1 and "Put the file 'vault'" in done.stderr.strip().splitlines()[-1], done.stderr[-1_000:]
    assert "Traceback" not in done.stderr


def test_its_log_says_what_happens_and_no_more(ji_server: ServerFactory) -> None:
    server = ji_server()
    room = server.create_room("Of a person")["id"]
    server.api("POST", f"rooms/{room}/end")
    process = server.process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    process.wait(30)
    lines = server.log.splitlines()
    assert [line.partition(f"Interview {room}: ")[2] for line in lines if room in line] == ["opened", "ended"]
    assert "/lab?token=" in server.log and "Of a person" not in server.log
    for noise in ("AuthWarning", "extension was", "Skipped non-installed", "Extension Manager", "Extension package"):
        assert noise not in server.log, noise


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


def test_an_origin_of_rooms_is_an_origin(ji_server: ServerFactory) -> None:
    """A path, another scheme or something else with meaning in a policy stops the start, and says what is wrong."""
    server = ji_server(start=False)
    for wrong in (
        "rooms.example",
        "ftp://rooms.example",
        "https://rooms.example/path",
        "https://*.example",
        "https://a b",
    ):
        done = server.run("--no-browser", "--allow-root", f"--InterviewApp.rooms_origin={wrong}")
        assert done.returncode != 0 and "an origin" in done.stderr, (wrong, done.stderr[-500:])
