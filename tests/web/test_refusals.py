"""Does every refusal have one form, whoever refuses: a manager, a gate, jupyter-server or tornado?"""

from __future__ import annotations

import socket

import pytest

from jupyter_interview.core import errors
from jupyter_interview.web.socket import close_code
from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import House

pytestmark = pytest.mark.integration

ROOM = "00000000-0000-4000-8000-000000000000"


def test_every_error_closes_a_socket_with_its_code() -> None:
    """The page decides by the code whether to come back, to wait, or to give up."""
    codes = {
        errors.RoomEnded: 4410,
        errors.Forbidden: 4403,
        errors.StorageUnavailable: 4503,
        errors.TooLarge: 1009,
        errors.RateLimited: 4429,
        errors.BadMessage: 4400,
        errors.NotFound: 4400,
    }
    for kind, code in codes.items():
        assert close_code(kind("x")) == code


async def test_refusals_are_json_with_a_code(house: House) -> None:
    """401, 403, 404, 405, 409, 410, 413: the same form, never kept by a cache, never taken for something else."""
    room = await house.room()
    cara = await room.join()
    own = f"{room.path}api/interview/rooms/{room.id}"
    refusals = [
        (await house.nobody.get(f"{room.path}api/me"), 401, "unauthorized"),
        (await cara.rest.get(f"api/interview/rooms/{room.id}/events"), 403, "forbidden"),
        (await cara.rest.put("lab/api/settings/x:y", json={}), 403, "forbidden"),
        (await cara.rest.get("api/contents/other.ipynb"), 404, "not_found"),
        (await house.owner.get(f"api/interview/rooms/{ROOM}"), 404, "not_found"),
        (await cara.rest.head("api/me"), 405, None),
        (await house.owner.delete(own.removeprefix(room.path)), 409, "conflict"),
        (await house.owner.post("api/interview/rooms", content=b"{" * 10), 400, "bad_request"),
    ]
    for answer, status, code in refusals:
        assert answer.status_code == status, answer.text
        if code is not None:
            error = answer.json()["error"]
            assert error["code"] == code and error["message"], error
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_odd_headers_are_nobody(house: House) -> None:
    """Whatever stands in Authorization or Cookie: a 401, not a failure."""
    room = await house.room()
    name = f"interview-room-{room.id}"
    for headers in (
        {"Authorization": "Bearer"},
        {"Authorization": "bearer x y z"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer " + "x" * 10_000},
        {"Authorization": "Bearer a.b.c"},
        {"Authorization": "Bearer e30.e30.e30"},
        {"Authorization": "token wrong"},
        {"Cookie": f"{name}="},
        {"Cookie": f'{name}="unclosed'},
        {"Cookie": f"{name}=x; {name}=y"},
        {"Cookie": ";;;=;"},
        {"Cookie": f"interview-account={'x' * 5_000}"},
    ):
        for path in (f"{room.path}api/me", "api/interview/rooms"):
            answer = await house.nobody.get(path, headers=headers)
            assert answer.status_code == 401, (headers, answer.text)


def test_half_a_request_is_let_go(server: Server) -> None:
    """Handshakes that are broken off, or are none: refused or dropped, without a word in the log."""
    room = server.create_room()["id"]
    path = f"/interview/{room}/api/channel"
    upgrade = "Upgrade: websocket\r\nConnection: Upgrade\r\n"
    for request in (
        f"GET {path} HTTP/1.1\r\nHost: x\r\n{upgrade}Sec-WebSocket-Version: 13\r\n\r\n",
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n{upgrade}Sec-WebSocket-Version: 1\r\n"
        "Sec-WebSocket-Key: eA==\r\n\r\n",
        f"GET {path} HTTP/1.1\r\n",
    ):
        with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
            connection.sendall(request.encode())
            if request.endswith("\r\n\r\n"):
                assert b" 40" in connection.recv(4_096).partition(b"\r\n")[0]
    assert server.create_room()["id"]


async def test_everything_works_below_a_base_url(ji_server: ServerFactory) -> None:
    """A hub puts the server below a path: pages, cookies, REST and sockets follow."""
    server = ji_server(base_url="/hub/user/ada/")
    async with House(server) as house:
        room = await house.room()
        shown = await room.api("GET")
        assert shown["url"] == f"/hub/user/ada/interview/{room.id}"
        browser = house.client()
        joined = await browser.post(f"{room.path}join", json={"name": "Cara"})
        assert f"Path=/hub/user/ada/interview/{room.id};" in joined.headers["Set-Cookie"]
        page = await browser.get(f"{room.path}doc")
        assert f'"baseUrl": "/hub/user/ada/interview/{room.id}/"' in page.text and "Interview.ipynb" in page.text
        cara = room.person(joined.json()["token"], joined.json()["member"])
        channel, notebook = await cara.channel(), await cara.document()
        await notebook.type("x = 1\n")
        await notebook.saved()
        assert (await channel.ask("chat_message", "hi"))["type"] == "ack"
        desk = await house.nobody.get("interview/")
        assert (desk.status_code, desk.headers["Location"]) == (302, "/hub/user/ada/interview/login")
        made = await room.api("POST", "/invitations", {"role": "spectator"})
        assert made["url"].startswith(f"/hub/user/ada/interview/{room.id}#invite=")
