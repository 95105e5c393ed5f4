"""Who is behind a request: a seat, an account, the server's own user, a visitor, or nobody?

Real accounts, seats, hand-overs and tornado handlers. Only whom jupyter-server knows is said by the test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookies import Morsel
from pathlib import Path

import pytest
from jupyter_server.auth import User
from tornado.httputil import HTTPConnection, HTTPHeaders, HTTPServerRequest, RequestStartLine
from tornado.web import Application, RequestHandler

from jupyter_interview.auth.identity import ACCOUNT_COOKIE, PLACE_COOKIE, RequestIdentity
from jupyter_interview.auth.visits import VISIT_SECONDS, Visits
from jupyter_interview.core.errors import Forbidden, Unauthorized
from jupyter_interview.managers.accounts import OWNER, PLACE_SECONDS
from jupyter_interview.managers.accounts import TOKEN_SECONDS as ACCOUNT_SECONDS
from jupyter_interview.managers.members import TOKEN_SECONDS as MEMBER_SECONDS
from jupyter_interview.web.origins import Origins
from tests.managers.house import House

EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
HOME, ROOMS = "http://home.example", "http://rooms.example"


class Stock:
    """The server's identity provider: knows whom the test says, at once or later."""

    def __init__(self) -> None:
        self.auth_enabled = True
        self.user: User | None = None
        self.later = False
        self.refuses = False

    def get_user(self, request: RequestHandler) -> object:
        """Who it is."""
        if self.refuses:
            raise Forbidden("not here")

        async def later() -> User | None:
            return self.user

        return later() if self.later else self.user


@pytest.fixture
def stock() -> Stock:
    """Knows nobody yet."""
    return Stock()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """The managers, with Ada's account."""
    house = await House(f"sqlite:///{tmp_path / 'identity.db'}").start()
    await house.accounts.create(EMAIL, "Ada", PASSWORD)
    yield house
    await house.stop()


def _identity(house: House, stock: Stock, rooms: str = "") -> RequestIdentity:
    visits = Visits(house.tokens)
    # As one that runs for a while: what it signs in its first second might have been used.
    visits._since -= 10
    return RequestIdentity(house.accounts, house.members, stock, "/base/", visits, Origins(rooms))


@pytest.fixture
def identity(house: House, stock: Stock) -> RequestIdentity:
    """Of a server with one origin."""
    return _identity(house, stock)


@pytest.fixture
def apart(house: House, stock: Stock) -> RequestIdentity:
    """Of a server whose rooms have an origin of their own."""
    return _identity(house, stock, ROOMS)


class Connection(HTTPConnection):
    """Of a request that was read."""

    def set_close_callback(self, callback: object) -> None:
        """It stays open."""


def _request(
    bearer: str = "",
    cookies: Mapping[str, str] | None = None,
    *,
    host: str = "home.example",
    protocol: str = "http",
) -> RequestHandler:
    headers = HTTPHeaders({"Host": host, "Origin": f"http://{host}"})
    if bearer:
        headers["Authorization"] = bearer
    for name, value in (cookies or {}).items():
        headers.add("Cookie", f"{name}={value}")
    line = RequestStartLine("GET", "/", "HTTP/1.1")
    request = HTTPServerRequest(headers=headers, connection=Connection(), start_line=line)
    request.protocol = protocol
    return RequestHandler(Application(), request)


def _set(request: RequestHandler, name: str) -> Morsel[str]:
    return request._new_cookie[name]


def _with(request: RequestHandler, host: str = "home.example") -> RequestHandler:
    """The next request of a browser that was given cookies."""
    cookies = {name: morsel.value for name, morsel in request._new_cookie.items()}
    return _request(cookies=cookies, host=host)


async def _token(house: House) -> str:
    return (await house.accounts.login(EMAIL, PASSWORD))[1]


@pytest.mark.parametrize("scheme", ("Bearer", "bearer", "BEARER"))
def test_a_bearer_token_is_read(identity: RequestIdentity, scheme: str) -> None:
    assert identity.bearer(_request(f"{scheme} abc ")) == "abc"


@pytest.mark.parametrize("header", ("", "Bearer", "Bearer  ", "token abc", "Basic abc", "abc"))
def test_what_is_no_bearer_token_is_none(identity: RequestIdentity, header: str) -> None:
    assert identity.bearer(_request(header)) is None


async def test_an_account_by_token_and_by_cookie(house: House, identity: RequestIdentity) -> None:
    token = await _token(house)
    for request in (_request(f"Bearer {token}"), _request(cookies={ACCOUNT_COOKIE: token})):
        found = await identity.account(request)
        assert found is not None and (found.email, found.name) == (EMAIL, "Ada")
    other = await house.accounts.create("bob@example.org", "Bob", PASSWORD)
    bobs = (await house.accounts.login(other.email, PASSWORD))[1]
    found = await identity.account(_request(f"Bearer {bobs}", cookies={ACCOUNT_COOKIE: token}))
    assert found is not None and found.name == "Bob", "a program's token comes first"
    assert await identity.account(_request(cookies={ACCOUNT_COOKIE: "forged"})) is None
    assert await identity.account(_request("Bearer forged", cookies={ACCOUNT_COOKIE: token})) is None
    assert await identity.account(_request()) is None


async def test_the_servers_own_user(house: House, identity: RequestIdentity, stock: Stock) -> None:
    stock.user = User(username="u1", name="Grace", display_name="Grace Hopper")
    owner = None
    for stock.later in (False, True):
        owner = await identity.account(_request())
        assert owner is not None and owner.is_owner and owner.name == "Grace Hopper"
        assert owner.session is not None and len(owner.session) == 16 and "u1" not in owner.session
    assert owner is not None
    session = owner.session
    for request in (_request("Bearer forged"), _request(cookies={ACCOUNT_COOKIE: "forged"})):
        found = await identity.account(request)
        assert found is not None and found.is_owner, "what proves no account proves the server's own user"
    stock.user = User(username="u2", name="Anonymous Callisto")
    found = await identity.account(_request())
    assert found is not None and found.name == OWNER.name and found.session != session
    stock.user = User(username="u3", name="grace", display_name="")
    found = await identity.account(_request())
    assert found is not None and found.name == "grace"
    stock.auth_enabled = False
    assert await identity.account(_request()) is None, "else everybody would be it"
    stock.auth_enabled, stock.refuses = True, True
    assert await identity.account(_request()) is None


async def test_a_seat_by_token_and_by_cookie(house: House, identity: RequestIdentity) -> None:
    live, other = await house.room(), await house.room()
    member, token = await house.members.join(live.room.id, name="Cara")
    request = _request()
    identity.seat(request, live.room.id, token)
    again = _with(request)
    for proof in (_request(f"Bearer {token}"), again, _with(request)):
        found = await identity.member(proof, live.room.id)
        assert found is not None and found.id == member.id
    assert await identity.member(again, other.room.id) is None
    assert await identity.member(_request(f"Bearer {token}"), other.room.id) is None
    assert await identity.member(_request(), live.room.id) is None
    # A program's token that is none does not hide the browser's seat.
    found = await identity.member(_request("Bearer forged", {f"interview-room-{live.room.id}": token}), live.room.id)
    assert found is not None and found.id == member.id


def test_cookies_go_only_where_they_have_to(identity: RequestIdentity) -> None:
    for set_it, name, path, seconds in (
        (lambda request: identity.seat(request, "r1", "t"), "interview-room-r1", "/base/interview/r1", MEMBER_SECONDS),
        (lambda request: identity.login(request, "t"), ACCOUNT_COOKIE, "/base/", ACCOUNT_SECONDS),
        (lambda request: identity.remember(request, "t"), PLACE_COOKIE, "/base/", PLACE_SECONDS),
    ):
        for protocol in ("http", "https"):
            request = _request(protocol=protocol)
            set_it(request)  # type: ignore[no-untyped-call]
            _proves(_set(request, name), path, seconds, secure=protocol == "https")
    assert (ACCOUNT_COOKIE, PLACE_COOKIE) == ("interview-account", "interview-place")


def _proves(morsel: Morsel[str], path: str, seconds: int, *, secure: bool) -> None:
    assert (morsel["path"], morsel["samesite"]) == (path, "Lax") and morsel["httponly"]
    assert bool(morsel["secure"]) == secure
    left = parsedate_to_datetime(morsel["expires"]) - datetime.now(UTC)
    assert abs(left.total_seconds() - seconds) < 60


def test_a_place_is_what_was_remembered(identity: RequestIdentity) -> None:
    request = _request()
    identity.remember(request, "t")
    assert identity.place(_with(request)) == "t" and identity.place(_request()) is None


async def test_logout_takes_the_cookie_and_names_the_token(identity: RequestIdentity) -> None:
    request = _request(cookies={ACCOUNT_COOKIE: "t"})
    assert identity.logout(request) == "t"
    gone = _set(request, ACCOUNT_COOKIE)
    assert gone.value == "" and gone["path"] == "/base/" and parsedate_to_datetime(gone["expires"]) < datetime.now(UTC)
    assert identity.logout(_request("Bearer p", cookies={ACCOUNT_COOKIE: "t"})) == "p"
    assert identity.logout(_request()) is None


async def _visit(identity: RequestIdentity, house: House, room_id: str, account: object) -> RequestHandler:
    """A request to a room at the rooms' origin, after its hand-over."""
    token = await identity.hand_over(room_id, account, HOME)  # type: ignore[arg-type]
    entering = _request(host="home.example")
    identity.take_over(entering, room_id, token)
    morsel = _set(entering, f"interview-visit-{room_id}")
    _proves(morsel, f"/base/interview/{room_id}", VISIT_SECONDS, secure=False)
    return _with(entering, "rooms.example")


async def test_a_visit_proves_the_account_in_that_room_alone(
    house: House, apart: RequestIdentity, stock: Stock
) -> None:
    live = await house.room()
    ada, token, _ = await house.accounts.login(EMAIL, PASSWORD)
    visit = await _visit(apart, house, live.room.id, ada)
    found = await apart.account(visit, live.room.id)
    assert found is not None and found.id == ada.id
    assert apart.home(visit, live.room.id) == HOME
    for room_id in ("another", None):
        assert await apart.account(visit, room_id) is None
    assert apart.home(visit, "another") == "" == apart.home(_request(host="rooms.example"), live.room.id)
    # No other proof counts there, and a visit is none at the server's own origin.
    stock.user = User(username="u1", name="Grace")
    for request in (_request(f"Bearer {token}", host="rooms.example"),
                    _request(cookies={ACCOUNT_COOKIE: token}, host="rooms.example")):  # fmt: skip
        assert await apart.account(request, live.room.id) is None
    forged = _request(cookies={f"interview-visit-{live.room.id}": "forged"}, host="rooms.example")
    assert await apart.account(forged, live.room.id) is None
    stock.user = None
    assert await apart.account(_with_host(visit, "home.example"), live.room.id) is None
    assert apart.home(_with_host(visit, "home.example"), live.room.id) == ""
    await house.accounts.set_password(EMAIL, "another horse battery")
    assert await apart.account(visit, live.room.id) is None, "a new password ends it"


def _with_host(request: RequestHandler, host: str) -> RequestHandler:
    return _request(cookies={name: morsel.value for name, morsel in request.cookies.items()}, host=host)


async def test_the_owners_visit_ends_with_its_session(house: House, apart: RequestIdentity, stock: Stock) -> None:
    live = await house.room()
    stock.user = User(username="u1", name="Grace")
    owner = await apart.account(_request())
    assert owner is not None
    visit = await _visit(apart, house, live.room.id, owner)
    nameless = await _visit(apart, house, live.room.id, replace(owner, session=None))
    found = await apart.account(visit, live.room.id)
    assert found is not None and found.is_owner and (found.name, found.session) == ("Grace", owner.session)
    stock.user = User(username="u2", name="Grace")
    await apart.leave(_request())
    assert await apart.account(visit, live.room.id) is not None, "another session's end"
    stock.user = None
    await apart.leave(_request())
    stock.user = User(username="u1", name="Grace")
    await apart.leave(_request())
    assert await apart.account(visit, live.room.id) is None
    assert await apart.account(nameless, live.room.id) is not None


async def test_a_hand_over_is_good_here_and_once(house: House, apart: RequestIdentity) -> None:
    ada, _, _ = await house.accounts.login(EMAIL, PASSWORD)
    token = await apart.hand_over("r1", ada, HOME)
    for room_id, host in (("r2", "home.example"), ("r1", "elsewhere.example")):
        with pytest.raises(Unauthorized):
            apart.take_over(_request(host=host), room_id, token)
    apart.take_over(_request(), "r1", token)
    with pytest.raises(Unauthorized):
        apart.take_over(_request(), "r1", token)
