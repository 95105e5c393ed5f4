"""Whom do wrong passwords lock out? Visitors from other networks come by a proxy that the server believes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from tests.fixtures.server import ServerFactory
from tests.integration.clients import House

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"


@pytest_asyncio.fixture
async def house(ji_server: ServerFactory) -> AsyncIterator[House]:
    """A server with small limits and one account."""
    rates = {"login": "5/minute", "guess": "12/hour", "password": "3/minute", "join": "1000/minute"}
    server = ji_server(
        "--InterviewApp.trusted_proxies=127.0.0.1", *(f"--InterviewApp.rates={n}={r}" for n, r in rates.items())
    )
    added = server.run("user", "add", EMAIL, stdin=f"{PASSWORD}\n")
    assert added.returncode == 0, added.stderr
    async with House(server) as house:
        yield house


def _from(house: House, address: str) -> httpx.AsyncClient:
    return house.client({"X-Forwarded-For": address, "X-XSRFToken": "x"})


async def _login(client: httpx.AsyncClient, password: str = PASSWORD) -> int:
    client.cookies.set("_xsrf", "x")
    answer = await client.post("api/interview/login", json={"email": EMAIL, "password": password})
    return answer.status_code


async def test_wrong_passwords_lock_out_their_own_network(house: House) -> None:
    """Not the right person, who comes from elsewhere."""
    thief, ada = _from(house, "2001:db8::1"), _from(house, "198.51.100.7")
    assert [await _login(thief, "wrong") for _ in range(7)] == [401] * 5 + [429] * 2
    assert await _login(_from(house, "2001:db8::2"), "wrong") == 429, "the same network"
    assert await _login(ada) == 200


async def test_many_networks_lock_out_strange_places_only(house: House) -> None:
    """All together have a limit for an email; where its owner logged in before has another."""
    browser, program = _from(house, "198.51.100.7"), _from(house, "198.51.100.8")
    assert await _login(browser) == 200 and await _login(program) == 200
    statuses = [await _login(_from(house, f"192.0.2.{number}"), "wrong") for number in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert await _login(_from(house, "203.0.113.1")) == 429, "a place that nobody knows"
    travelling = _from(house, "203.0.113.1")
    travelling.cookies = browser.cookies
    assert await _login(travelling) == 200, "the same browser elsewhere"
    program.cookies.clear()
    assert await _login(program) == 200, "the same network"
    assert [await _login(travelling, "wrong") for _ in range(6)] == [401] * 5 + [429], "which is no licence to guess"


async def test_the_password_of_a_room_is_guessed_by_network(house: House) -> None:
    """The candidate, who comes for the first time, is not locked out by anybody elsewhere."""
    room, other = await house.room(password="open sesame"), await house.room(password="open sesame")

    async def join(address: str, password: str, path: str = room.path) -> int:
        client = _from(house, address)
        client.cookies.set("_xsrf", "x")
        return (await client.post(f"{path}join", json={"name": "Cara", "password": password})).status_code

    assert [await join("192.0.2.1", "wrong") for _ in range(4)] == [403] * 3 + [429]
    assert await join("192.0.2.1", "open sesame", other.path) == 200, "another room"
    assert await join("198.51.100.7", "open sesame") == 200


async def test_a_new_password_logs_out(house: House) -> None:
    """Set by the command line, while the server runs."""
    browser = _from(house, "198.51.100.7")
    assert await _login(browser) == 200
    room = (await browser.post("api/interview/rooms", json={"title": "Ada's"})).json()
    seated = await browser.get(f"interview/{room['id']}")
    assert "interviewRoom" in seated.text
    done = house.server.run("user", "password", EMAIL, stdin="another horse battery\n")
    assert done.returncode == 0 and "is so no more" in done.stdout, done.stdout + done.stderr
    assert (await browser.get("api/interview/rooms")).status_code == 401
    assert (await browser.get(f"interview/{room['id']}/api/me")).status_code == 401
    assert await _login(browser, "another horse battery") == 200
    assert (await browser.get("api/interview/rooms")).status_code == 200
