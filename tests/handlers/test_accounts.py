"""Who logs in, and what does an account see?"""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.handlers.rest import PASSWORD, error_of, log_in
from tests.integration.clients import House

pytestmark = pytest.mark.integration


@pytest.fixture
def house(database_house: House) -> House:
    """On each of the databases."""
    return database_house


async def test_login_logout_and_the_dead_token(house: House) -> None:
    """A token for programs, a cookie for the desk; both die at logout, other sessions live."""
    browser = house.client()
    login = await browser.post("api/interview/login", json={"email": " Ada@Example.org ", "password": PASSWORD})
    body = login.json()
    assert set(body) == {"token", "expires_at", "account"}
    assert {name: body["account"][name] for name in ("email", "name")} == {"email": "ada@example.org", "name": "ada"}
    assert datetime.fromisoformat(body["expires_at"]).tzinfo is not None
    program = house.client({"Authorization": f"Bearer {body['token']}"})
    other = await log_in(house)
    assert (await program.get("api/interview/rooms")).status_code == 200
    # The cookie is the same proof, at the desk and for REST.
    assert (await browser.get("interview/")).status_code == 200
    assert (await browser.get("interview/api/interview/rooms")).status_code == 200
    assert (await program.post("api/interview/logout")).status_code == 204
    error_of(await program.get("api/interview/rooms"), 401, "unauthorized")
    error_of(await program.post("api/interview/logout"), 401, "unauthorized")
    error_of(await browser.get("api/interview/rooms"), 401, "unauthorized")
    assert (await browser.get("interview/")).status_code == 302
    assert (await other.get("api/interview/rooms")).status_code == 200
    for email, password in (("ada@example.org", "wrong"), ("nobody@example.org", PASSWORD), ("", ""), ("\0", "\0")):
        answer = await house.nobody.post("api/interview/login", json={"email": email, "password": password})
        assert error_of(answer, 401, "unauthorized")["message"] == "The email or the password is wrong."


async def test_an_account_sees_only_its_own_rooms(house: House) -> None:
    """Another's room does not exist; the server's own user sees all."""
    ada, bob = await log_in(house), await log_in(house, "bob")
    room = (await ada.post("api/interview/rooms", json={"title": "Ada's"})).json()
    path = f"api/interview/rooms/{room['id']}"
    for suffix in ("", "/members", "/invitations", "/messages", "/runs", "/events", "/notebook"):
        error_of(await bob.get(path + suffix), 404, "not_found")
        assert (await ada.get(path + suffix)).status_code == 200
        assert (await house.owner.get(path + suffix)).status_code == 200
    error_of(await bob.post(f"{path}/end"), 404, "not_found")
    error_of(await bob.delete(path), 404, "not_found")
    error_of(await bob.patch(path, json={"title": "Bob's"}), 404, "not_found")
    assert room["id"] not in [each["id"] for each in (await bob.get("api/interview/rooms?limit=100")).json()["rooms"]]
    # To the room's page Bob is a stranger: the join page.
    assert "interviewRoom" not in (await bob.get(f"interview/{room['id']}")).text
