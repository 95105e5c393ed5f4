"""Does every rate limit bite, at each door that counts by it, after exactly as many as it says?

Each limit has an amount of its own, so that a door which counts by another's limit is noticed. Each door is walked by
somebody who has used up nothing yet: a network of their own, or a new seat.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import httpx
import pytest
import pytest_asyncio
from tornado.httpclient import HTTPClientError

from jupyter_interview.auth import DEFAULT_RATES
from tests.fixtures.server import Server
from tests.integration.bytes_of import kernel_message
from tests.integration.clients import House, Person, Room, Socket
from tests.integration.fixtures import complaints

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

# What a seat needs to come in counts too: `rest`, `channel` and `document` leave place for it.
AMOUNTS = {
    "login": 3,
    "guess": 5,
    "password": 4,
    "join": 6,
    "knock": 7,
    "rest": 41,
    "socket": 12,
    "frame": 9,
    "channel": 10,
    "chat": 8,
    "document": 37,
    "export": 11,
    "fork": 2,
}
EMAIL = "ada@example.org"
NETWORKS = (f"192.0.2.{number}" for number in itertools.count(1))

Attempt = Callable[[], Awaitable[bool]]
"""Do it once; whether it was let through."""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with these limits, which believes the proxy that visitors come by."""
    rates = [f"--InterviewApp.rates={name}={amount}/hour" for name, amount in AMOUNTS.items()]
    server = Server(tmp_path_factory.mktemp("limited"), ["--InterviewApp.trusted_proxies=127.0.0.1", *rates])
    try:
        server.start()
        assert server.run("user", "add", EMAIL, stdin="correct horse battery\n").returncode == 0
        yield server
        assert not (said := complaints(server.log)), said
    finally:
        server.stop()


@pytest_asyncio.fixture
async def house(limited: Server) -> AsyncIterator[House]:
    """It, seen from outside."""
    async with House(limited) as house:
        yield house


def _stranger(house: House) -> httpx.AsyncClient:
    """Somebody from a network that was not here before."""
    client = house.client({"X-Forwarded-For": next(NETWORKS), "X-XSRFToken": "x"})
    client.cookies.set("_xsrf", "x")
    return client


def _passed(answer: httpx.Response) -> bool:
    """Whether it was let through; what a limit refuses says when to come back."""
    if answer.status_code != 429:
        return True
    assert answer.json()["error"]["code"] == "rate_limited" and int(answer.headers["Retry-After"]) > 0
    return False


async def _opens(house: House, path: str, headers: dict[str, str]) -> bool:
    """Whether a socket's handshake is let through."""
    try:
        connection = await house.connect(path, **headers)
    except HTTPClientError as error:
        assert error.code == 429
        return False
    await Socket(connection).close()
    return True


async def _member(house: House, room: Room | None = None, **fields: str) -> Person:
    """A new seat, in a new room."""
    room = room or await house.room()
    answer = await _stranger(house).post(f"{room.path}join", json={"name": "Cara", **fields})
    assert answer.status_code == 200, answer.text
    return room.person(answer.json()["token"], answer.json()["member"])


async def _interviewer(house: House) -> Person:
    room = await house.room()
    made = await room.api("POST", "/invitations", {"role": "interviewer"})
    return await _member(house, room, invite=made["url"].partition("#invite=")[2])


async def login_from_one_network(house: House) -> Attempt:
    client, number = _stranger(house), itertools.count()

    async def attempt() -> bool:
        body = {"email": f"nobody{next(number)}@example.org", "password": "wrong"}
        return _passed(await client.post("api/interview/login", json=body))

    return attempt


async def login_from_a_known_place(house: House) -> Attempt:
    client = _stranger(house)
    body = {"email": EMAIL, "password": "correct horse battery"}
    assert (await client.post("api/interview/login", json=body)).status_code == 200
    body["password"] = "wrong"

    async def attempt() -> bool:
        # From elsewhere each time: it is the browser that is known.
        return _passed(await client.post("api/interview/login", json=body, headers={"X-Forwarded-For": next(NETWORKS)}))

    return attempt


async def guess_from_many_networks(house: House) -> Attempt:
    async def attempt() -> bool:
        body = {"email": "grace@example.org", "password": "wrong"}
        return _passed(await _stranger(house).post("api/interview/login", json=body))

    return attempt


async def password_of_a_room(house: House) -> Attempt:
    room, client = await house.room(), _stranger(house)

    async def attempt() -> bool:
        return _passed(await client.post(f"{room.path}join", json={"name": "", "password": "wrong"}))

    return attempt


def _posts(path: str, body: dict[str, str]) -> Callable[[House], Awaitable[Attempt]]:
    """A stranger sends this to an address below a room's."""

    async def walk(house: House) -> Attempt:
        room, client = await house.room(), _stranger(house)

        async def attempt() -> bool:
            return _passed(await client.post(f"{room.path}{path}", json=body))

        return attempt

    return walk


def _visits(path: str) -> Callable[[House], Awaitable[Attempt]]:
    """A stranger looks at an address."""

    async def walk(house: House) -> Attempt:
        room, client = await house.room(), _stranger(house)

        async def attempt() -> bool:
            # A page for people: its refusal has no code.
            return (await client.get(path.format(room=room.id))).status_code != 429

        return attempt

    return walk


async def join_by_a_socket(house: House) -> Attempt:
    network = next(NETWORKS)

    async def attempt() -> bool:
        return await _opens(house, "api/interview/channel", {"X-Forwarded-For": network})

    return attempt


def _asks(path: str, who: Callable[[House], Awaitable[Person]] = _interviewer) -> Callable[[House], Awaitable[Attempt]]:
    """A member asks for something; what is for the desk has the room's id in its address."""

    async def walk(house: House) -> Attempt:
        person = await who(house)
        client = person.rest

        async def attempt() -> bool:
            return _passed(await client.get(path.format(room=person.room.id)))

        return attempt

    return walk


async def handshakes_of_a_member(house: House) -> Attempt:
    member = await _member(house)
    paths = itertools.cycle(("api/channel", f"api/collaboration/room/json:notebook:{member.room.id}"))

    async def attempt() -> bool:
        return await _opens(house, member.room.path + next(paths), member.headers)

    return attempt


async def channel_of_a_room(house: House) -> Attempt:
    channel = await (await _member(house)).channel()

    async def attempt() -> bool:
        before = len(channel.all)
        await channel.tell("ping")
        answers = ("pong", "error")
        await channel.until(lambda: any(each["type"] in answers for each in channel.all[before:]), "an answer")
        return any(each["type"] == "pong" for each in channel.all[before:])

    return attempt


async def channel_of_a_kernel(house: House) -> Attempt:
    person = await _member(house)
    channel = await person.channel()
    kernel_id = channel.joined["room"]["kernel"]["id"]
    if kernel_id is None:
        frame = await channel.expect("room_updated", lambda frame: frame["content"]["kernel"]["id"])
        kernel_id = frame["content"]["kernel"]["id"]
    kernel = await person.kernel(kernel_id)

    async def attempt() -> bool:
        kernel.received.clear()
        await kernel.send(kernel_message("kernel_info_request", "control", {}, None))
        await kernel.until(lambda: kernel.closed.is_set() or kernel.heard(b"kernel_info_reply"), "an answer")
        return _open(kernel)

    return attempt


def _open(socket: Socket) -> bool:
    if socket.closed.is_set():
        assert socket.close_code == 4429
    return not socket.closed.is_set()


async def chat(house: House) -> Attempt:
    channel = await (await _member(house)).channel()

    async def attempt() -> bool:
        return bool((await channel.ask("chat_message", "hello"))["type"] == "ack")

    return attempt


async def document(house: House) -> Attempt:
    notebook = await (await _member(house)).document()

    async def attempt() -> bool:
        saved = asyncio.ensure_future(notebook.saved())
        closed = asyncio.ensure_future(notebook.closed.wait())
        await asyncio.wait({saved, closed}, return_when=asyncio.FIRST_COMPLETED)
        saved.cancel()
        closed.cancel()
        return _open(notebook)

    return attempt


async def fork(house: House) -> Attempt:
    person = await _interviewer(house)
    client, path = person.rest, f"api/interview/rooms/{person.room.id}/fork"

    async def attempt() -> bool:
        return _passed(await client.post(path, json={"at": 1}))

    return attempt


DOORS: list[tuple[str, Callable[[House], Awaitable[Attempt]], int]] = [
    # The limit, the door, and how often whoever comes there was counted on the way.
    ("login", login_from_one_network, 0),
    ("login", login_from_a_known_place, 0),
    ("guess", guess_from_many_networks, 0),
    ("password", password_of_a_room, 0),
    ("join", _posts("join", {"name": ""}), 0),
    ("join", _posts("enter", {}), 0),
    ("join", join_by_a_socket, 0),
    ("knock", _posts("join", {"knock": "nothing"}), 0),
    ("rest", _visits("interview/{room}"), 0),
    ("rest", _visits("interview/nowhere/at/all"), 0),
    ("rest", _asks("api/me"), 0),
    ("socket", handshakes_of_a_member, 0),
    ("frame", _asks("api/interview/rooms/{room}/replay/frames/0"), 0),
    ("channel", channel_of_a_room, 0),
    ("channel", channel_of_a_kernel, 0),
    ("chat", chat, 0),
    # Its own question what there is, and its answer to the server's.
    ("document", document, 2),
    ("export", _asks("api/interview/rooms/{room}/export?format=ipynb"), 0),
    ("export", _asks("api/me/export", _member), 0),
    ("fork", fork, 0),
]


def _name(value: object) -> str | None:
    return value if isinstance(value, str) else getattr(value, "__name__", None)


@pytest.mark.parametrize(("limit", "door", "before"), DOORS, ids=_name)
async def test_it_bites(house: House, limit: str, door: Callable[[House], Awaitable[Attempt]], before: int) -> None:
    attempt = await door(house)
    passed = [await attempt() for _ in range(AMOUNTS[limit] - before + 1)]
    assert passed == [True] * (AMOUNTS[limit] - before) + [False]


def test_every_limit_has_a_door() -> None:
    assert {limit for limit, _, _ in DOORS} == set(DEFAULT_RATES) == set(AMOUNTS)
    assert len(set(AMOUNTS.values())) == len(AMOUNTS)
