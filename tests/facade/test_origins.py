"""What is at the rooms' own origin, and how does an interviewer get there?

One server under two hosts: ``localhost`` is the rooms', ``127.0.0.1`` the server's own.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.facade.routes import named, routes_of
from tests.fixtures.server import Server
from tests.handlers.rest import error_of
from tests.integration.clients import House
from tests.integration.fixtures import UNLIMITED, watched

pytestmark = pytest.mark.integration

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
THERE = re.compile(
    r"/interview/[0-9a-f-]{36}(/.*)?|/interview/static/.*|/static/(lab|favicons)/.*|/lab/(extensions|api/themes)/.*"
    r"|/robots\.txt|/favicon\.ico"
)


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server."""
    server = Server(Path(tmp_path_factory.mktemp("apart")), list(UNLIMITED))
    server.options.append(f"--InterviewApp.rooms_origin=http://localhost:{server.port}")
    try:
        server.start()
        added = server.run("user", "add", EMAIL, stdin=f"{PASSWORD}\n")
        assert added.returncode == 0, added.stderr
        yield server
    finally:
        server.stop()


@pytest_asyncio.fixture
async def house(apart: Server) -> AsyncIterator[House]:
    """Asked at the server's own origin; fails the test that made it complain."""
    async with watched(apart) as house:
        yield house


def rooms(house: House) -> str:
    """The rooms' origin."""
    return f"http://localhost:{house.server.port}"


async def hand_over(house: House, client: httpx.AsyncClient, path: str) -> tuple[str, dict[str, str]]:
    """The form by which a room is entered: where it is sent, and what is in it."""
    page = await client.get(path)
    assert page.status_code == 200, page.text
    action = re.search(r'<form[^>]* action="([^"]*)"', page.text)
    assert action is not None
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return html.unescape(action[1]), dict(fields)


async def test_only_rooms_are_at_their_origin(house: House) -> None:
    """Every route of the server, asked there by the server's own user: nothing but rooms and static files."""
    room = await house.room()
    owner = house.client({"Authorization": f"token {house.server.token}"})
    asked = 0
    for route in routes_of(house.server):
        values = {"room": room.id, "target": room.id, "path": "doc", "name": "default", **named(route)[1]}
        path = route.example(values if route.ours else {})
        for method in set(route.methods) - {"OPTIONS", "HEAD"}:
            answer = await owner.request(method, f"{rooms(house)}{path}")
            asked += 1
            if THERE.fullmatch(path) is None:
                assert answer.status_code in (403, 404), (method, path, answer.status_code)
                assert house.server.token not in answer.text
    assert asked > 200
    for path in ("/", "/lab", "/api", "/login", "/logout", "/interview/", "/interview/login", "/api/interview/rooms"):
        assert (await owner.get(rooms(house) + path)).status_code == 404, path


async def test_rooms_are_at_no_other_origin(house: House) -> None:
    """Their addresses lead on; what is below them is not there."""
    room = await house.room()
    link = f"{rooms(house)}/interview/{room.id}"
    shown = await room.api("GET")
    assert shown["url"] == link
    for path, target in (("", link), ("/replay", f"{link}/replay"), ("/doc/tree/Interview.ipynb", link)):
        answer = await house.nobody.get(f"interview/{room.id}{path}?token=secret")
        assert (answer.status_code, answer.headers["Location"]) == (302, target), path
    cara = await house.nobody.post(f"{link}/join", json={"name": "Cara"})
    headers = {"Authorization": f"Bearer {cara.json()['token']}"}
    for path in ("api/me", "api/contents/Interview.ipynb", f"api/interview/rooms/{room.id}", "api/kernels"):
        assert (await house.nobody.get(f"{link}/{path}", headers=headers)).status_code == 200, path
        error_of(await house.nobody.get(f"interview/{room.id}/{path}", headers=headers), 404, "not_found")
    error_of(await house.nobody.post(f"interview/{room.id}/join", json={"name": "M"}), 404, "not_found")
    invitation = await room.api("POST", "/invitations", {"role": "spectator"})
    assert invitation["url"].startswith(f"{link}#invite=")


async def test_sockets_open_for_pages_of_the_rooms_only(house: House) -> None:
    """Not for those of the server's own origin."""
    room = await house.room()
    origin = rooms(house)
    joined = await house.nobody.post(f"{origin}/interview/{room.id}/join", json={"name": "Cara"})
    address = f"{origin.replace('http', 'ws')}/interview/{room.id}/api/channel"
    # By cookie, as a browser: a program's bearer needs no origin.
    seat = {"Cookie": f"interview-room-{room.id}={joined.json()['token']}"}
    socket = await websocket_connect(HTTPRequest(address, headers={**seat, "Origin": origin}))
    socket.close()
    for other in (house.server.url.rstrip("/"), "https://evil.example"):
        with pytest.raises(HTTPClientError, match="403"):
            await websocket_connect(HTTPRequest(address, headers={**seat, "Origin": other}))


async def test_an_interviewer_is_handed_over_once(house: House) -> None:
    """Account and owner alike; the cookie is that room's; nothing of it stands in an address."""
    ada = house.client()
    login = await ada.post("api/interview/login", json={"email": EMAIL, "password": PASSWORD})
    bearer = {"Authorization": f"Bearer {login.json()['token']}"}
    made = await house.client(bearer).post("api/interview/rooms", json={"title": "Ada's"})
    hers = made.json()["id"]
    owners = (await house.room("Owner's")).id
    home = house.server.url.rstrip("/")
    for client, room_id in ((ada, hers), (house.owner, owners)):
        action, fields = await hand_over(house, client, f"interview/{room_id}")
        assert action == f"{rooms(house)}/interview/{room_id}/enter" and fields["token"] not in action
        visitor = house.client()
        entered = await visitor.post(action, data=fields, headers={"Origin": home})
        assert (entered.status_code, entered.headers["Location"]) == (303, f"/interview/{room_id}")
        cookie = entered.headers["Set-Cookie"]
        assert f"Path=/interview/{room_id}" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie
        page = await visitor.get(f"{rooms(house)}/interview/{room_id}")
        assert page.status_code == 200 and f'"interviewHome": "{home}"' in html.unescape(page.text)
        # Once, and nobody else's room by it.
        again = await house.client().post(action, data=fields, headers={"Origin": home})
        assert again.status_code == 401 and "Set-Cookie" not in again.headers
    assert (await ada.get(f"interview/{owners}")).status_code == 302


async def test_a_hand_over_is_for_its_room_and_from_its_page(house: House) -> None:
    """Another room, another sender, no sender, a forged one, another kind of token: none seats anybody."""
    room, other = await house.room("One"), await house.room("Two")
    home = house.server.url.rstrip("/")
    cara = await house.nobody.post(f"{rooms(house)}/interview/{room.id}/join", json={"name": "Cara"})
    for change, path, headers in (
        ({}, other.id, {"Origin": home}),
        ({}, room.id, {"Origin": "https://evil.example"}),
        ({}, room.id, {"Origin": "null"}),
        ({}, room.id, {"Origin": rooms(house)}),
        ({}, room.id, {}),
        ({"token": ""}, room.id, {"Origin": home}),
        ({"token": "x.y.z"}, room.id, {"Origin": home}),
        ({"token": cara.json()["token"]}, room.id, {"Origin": home}),
    ):
        _, fields = await hand_over(house, house.owner, f"interview/{room.id}")
        target = f"{rooms(house)}/interview/{path}/enter"
        answer = await house.client().post(target, data={**fields, **change}, headers=headers)
        assert (answer.status_code, "Set-Cookie" in answer.headers) == (401, False), (change, path, headers)
        assert "Open the interview from your own page again." in answer.text or not change
    error_of(await house.client().post(f"interview/{room.id}/enter", data={"token": "x"}), 404, "not_found")


async def test_a_visit_is_worth_its_room(house: House) -> None:
    """Not another one, not after its end more than the replay, and nothing at the server's own origin."""
    room, other = await house.room("One"), await house.room("Two")
    home = house.server.url.rstrip("/")
    action, fields = await hand_over(house, house.owner, f"interview/{room.id}/replay")
    visitor = house.client()
    entered = await visitor.post(action, data=fields, headers={"Origin": home})
    assert entered.headers["Location"] == f"/interview/{room.id}/replay"
    token = re.search(r"interview-visit-[^=]*=([^;]*)", entered.headers["Set-Cookie"])
    assert token is not None
    await room.end()
    here = f"{rooms(house)}/interview/{room.id}"
    assert (await visitor.get(f"{here}/replay")).status_code == 200
    assert (await visitor.get(f"{here}/api/interview/rooms/{room.id}/replay")).status_code == 200
    claimed = {f"interview-visit-{each.id}": token[1] for each in (room, other)}
    thief = httpx.AsyncClient(cookies=claimed)
    async with thief:
        assert "Your name" in (await thief.get(f"{rooms(house)}/interview/{other.id}")).text
        assert (await thief.get(f"{rooms(house)}/interview/{other.id}/replay")).status_code == 401
        assert (await thief.get(f"{home}/api/interview/rooms")).status_code == 401
        assert (await thief.get(f"{home}/interview/{room.id}")).status_code == 302


async def test_logging_out_ends_the_visits_of_the_servers_own_user(house: House) -> None:
    """And the seats that they took; those of another browser go on."""
    room = await house.room()
    here = f"{rooms(house)}/interview/{room.id}"
    home = house.server.url.rstrip("/")
    browsers, visitors = [house.client(), house.client()], [house.client(), house.client()]
    for browser, visitor in zip(browsers, visitors, strict=True):
        await browser.get(f"lab?token={house.server.token}")
        action, fields = await hand_over(house, browser, f"interview/{room.id}")
        await visitor.post(action, data=fields, headers={"Origin": home})
        assert (await visitor.get(f"{here}/api/me")).status_code in (200, 401, 403)
        assert (await visitor.get(here)).status_code == 200
        assert (await visitor.get(f"{here}/api/me")).status_code == 200
    _, late = await hand_over(house, browsers[0], f"interview/{room.id}")
    left = await browsers[0].post("logout", data={"_xsrf": browsers[0].cookies["_xsrf"]})
    assert left.status_code == 200
    assert (await visitors[0].get(f"{here}/api/me")).status_code == 401
    assert (await visitors[1].get(f"{here}/api/me")).status_code == 200
    await visitors[0].post(f"{here}/enter", data=late, headers={"Origin": home})
    for _ in range(2):
        assert "Your name" in (await visitors[0].get(here)).text


async def test_the_servers_own_token_is_nobody_at_the_rooms_origin(house: House) -> None:
    """Otherwise it would be in the one place where script of others might run."""
    room = await house.room()
    link = f"{rooms(house)}/interview/{room.id}"
    proofs: list[dict[str, Any]] = [{"params": {"token": house.server.token}}, {"headers": house.owner.headers}]
    for options in proofs:
        answer = await house.client().get(link, **options)
        assert "Your name" in answer.text and "interview-visit" not in str(answer.headers)
        assert (await house.client().get(f"{link}/replay", **options)).status_code == 401
