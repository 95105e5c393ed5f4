"""Which servers are compared, and how do typists get into their rooms?

Each peer is a context manager that starts the real server with empty folders and gives a `Site`.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from .common import JSON, Server, free_port, jupyter_environment, progress, serve

_NOTEBOOK = {
    "cells": [
        {"cell_type": "code", "id": "first", "source": "", "metadata": {}, "outputs": [], "execution_count": None}
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
_NOT_PLAIN = ("jupyter-interview", "@jupyter/collaboration-extension", "@jupyter/docprovider-extension")
# All typists come from one address, from which dozens join within a minute: the limits are there to prevent that.
_NO_RATES = {name: "100000/second" for name in ("join", "rest", "login")}


@dataclass(frozen=True)
class Seat:
    """A document socket that one typist can open, and who he is there: what ``api/me`` says of him."""

    url: str
    headers: dict[str, str]
    user: JSON


@dataclass(frozen=True)
class Site:
    """A running server and the way to make rooms with two seats each on it."""

    server: Server
    open_room: Callable[[int], tuple[Seat, Seat]]


def _jupyter(extensions: dict[str, bool], port: int, token: str) -> list[str]:
    return [
        *([f"--ServerApp.jpserver_extensions={extensions!r}"] if extensions else []),
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
    ]


@contextlib.contextmanager
def stock(folder: Path) -> Iterator[Site]:
    """Stock JupyterLab with jupyter-collaboration's server, with its defaults; a room is a notebook file."""
    port, token = free_port(), secrets.token_hex(16)
    (folder / "files").mkdir()
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        *_jupyter({"jupyter_interview": False, "jupyter_server_ydoc": True}, port, token),
        f"--ServerApp.root_dir={folder / 'files'}",
    ]
    url = f"http://127.0.0.1:{port}"
    with serve(command, url, token, "/api", folder, jupyter_environment(folder)) as server:

        def open_room(number: int) -> tuple[Seat, Seat]:
            name = f"room-{number}.ipynb"
            (folder / "files" / name).write_text(json.dumps(_NOTEBOOK))
            session = server.request(
                "PUT", f"/api/collaboration/session/{name}", {"format": "json", "type": "notebook"}
            )
            room = f"json:notebook:{session['fileId']}"
            address = f"{url}/api/collaboration/room/{room}?sessionId={session['sessionId']}"
            user = server.request("GET", "/api/me")["identity"]
            seat = Seat(address, {"Authorization": f"token {token}"}, user)
            return seat, seat

        yield Site(server, open_room)


def plain_jupyterlab(folder: Path) -> AbstractContextManager[Server]:
    """Stock JupyterLab without real-time collaboration, and with nothing of ours in its page."""
    port, token = free_port(), secrets.token_hex(16)
    (folder / "files").mkdir()
    settings = folder / "config" / "labconfig"
    settings.mkdir(parents=True)
    (settings / "page_config.json").write_text(json.dumps({"disabledExtensions": dict.fromkeys(_NOT_PLAIN, True)}))
    command = [
        *(sys.executable, "-m", "jupyterlab"),
        *_jupyter({"jupyter_interview": False, "jupyter_server_ydoc": False}, port, token),
        f"--ServerApp.root_dir={folder / 'files'}",
    ]
    return serve(command, f"http://127.0.0.1:{port}", token, "/api", folder, jupyter_environment(folder))


def ours(folder: Path) -> AbstractContextManager[Site]:
    """jupyter-interview with its defaults; in a room sit the candidate and an interviewer by invitation."""
    return _rooms(folder)


def ours_normal(folder: Path) -> AbstractContextManager[Site]:
    """The same where a power cut may cost the last moments."""
    return _rooms(folder, f"--InterviewApp.database_url=sqlite:///{folder / 'interview.sqlite'}?synchronous=NORMAL")


def earlier(folder: Path, clone: Path) -> AbstractContextManager[Site]:
    """The same of an earlier version: what is in a clone of it, with what is installed here."""
    return _rooms(folder, clone=clone)


@contextlib.contextmanager
def _rooms(folder: Path, *options: str, clone: Path | None = None) -> Iterator[Site]:
    with interview(folder, *options, clone=clone) as server:

        def open_room(number: int) -> tuple[Seat, Seat]:
            room, members = new_room(server, f"Room {number}")
            first, second = (document_seat(server, room, token) for token in members)
            return first, second

        yield Site(server, open_room)


def interview(folder: Path, *options: str, clone: Path | None = None) -> AbstractContextManager[Server]:
    """`jupyter interview` itself, all of whose rate limits that people in one place would meet are lifted.

    Args:
        folder: an empty one.
        options: of its command line.
        clone: of an earlier version, which is run instead.
    """
    port, token = free_port(), secrets.token_hex(16)
    (folder / "files").mkdir()
    command = [
        *(sys.executable, "-m", "jupyter_interview.cli"),
        *_jupyter({}, port, token),
        f"--ServerApp.root_dir={folder / 'files'}",
        f"--InterviewApp.rates={_NO_RATES!r}",
        "--InterviewApp.sandbox=bubblewrap",
        *options,
    ]
    environment = jupyter_environment(folder) | ({} if clone is None else {"PYTHONPATH": str(clone)})
    return serve(command, f"http://127.0.0.1:{port}", token, "/api", folder, environment)


def new_room(server: Server, title: str) -> tuple[str, tuple[str, str]]:
    """A new room's id, and the tokens of its candidate and of an invited interviewer."""
    room = server.request("POST", "/api/interview/rooms", {"title": title, "language": "python"})["id"]
    candidate = server.request("POST", f"/interview/{room}/join", {"name": "Candidate"}, "")
    return room, (candidate["token"], invited(server, room, "interviewer", "Interviewer"))


def invited(server: Server, room: str, role: str, name: str) -> str:
    """The token of somebody who joins a room by an invitation."""
    invitation = server.request("POST", f"/api/interview/rooms/{room}/invitations", {"role": role})
    secret = urllib.parse.urlsplit(invitation["url"]).fragment.removeprefix("invite=")
    joined = server.request("POST", f"/interview/{room}/join", {"name": name, "invite": secret}, "")
    return str(joined["token"])


def document_seat(server: Server, room: str, token: str) -> Seat:
    """The document socket of a member."""
    headers = {"Authorization": f"Bearer {token}"}
    session = server.request(
        "PUT",
        f"/interview/{room}/api/collaboration/session/Interview.ipynb",
        {"format": "json", "type": "notebook"},
        headers["Authorization"],
    )
    path = f"/interview/{room}/api/collaboration/room/json:notebook:{session['fileId']}"
    user = server.request("GET", f"/interview/{room}/api/me", authorization=headers["Authorization"])["identity"]
    return Seat(f"{server.url}{path}?sessionId={session['sessionId']}", headers, user)


def install_y_websocket(folder: Path) -> Path | None:
    """The program of y-websocket 1.x, installed by npm into ``folder``; ``None`` where that does not work."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        progress("y-websocket is left out: there is no Node.js")
        return None
    folder.mkdir(exist_ok=True)
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "y-websocket@1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    program = folder / "node_modules" / "y-websocket" / "bin" / "server.js"
    if done.returncode or not program.exists():
        progress(f"y-websocket is left out, npm cannot install it: {done.stderr[-500:]}")
        return None
    return program


def y_websocket(program: Path) -> Callable[[Path], AbstractContextManager[Site]]:
    """The peer of a Node.js y-websocket server with LevelDB; it knows no accounts and starts with empty documents."""

    @contextlib.contextmanager
    def start(folder: Path) -> Iterator[Site]:
        port = free_port()
        environment = {"HOST": "127.0.0.1", "PORT": str(port), "YPERSISTENCE": str(folder / "leveldb")}
        url = f"http://127.0.0.1:{port}"
        with serve(["node", str(program)], url, "", "/", folder, environment) as server:
            user = {"username": "typist", "name": "Typist", "color": "var(--jp-collaborator-color1)"}

            def open_room(number: int) -> tuple[Seat, Seat]:
                seat = Seat(f"{url}/room-{number}", {}, user)
                return seat, seat

            yield Site(server, open_room)

    return start
