"""Who is told of whom, when sockets open, fall silent and close, however they do?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tornado.httpclient import HTTPClientError

from tests.fixtures.server import Server
from tests.integration.clients import House, Person, Room, until
from tests.integration.fixtures import UNLIMITED, watched

pytestmark = pytest.mark.integration

#: As short as a busy machine lets who is there come back, and answer a ping, before it is over.
SHORT = {"ping_seconds": 0.5, "silence_seconds": 5, "grace_seconds": 4, "release_seconds": 2}


@pytest.fixture(scope="module")
def brisk_server(tmp_path_factory: pytest.TempPathFactory) -> object:
    """A server that loses patience quickly."""
    limits = [f"--InterviewApp.limits={name}={value}" for name, value in SHORT.items()]
    server = Server(tmp_path_factory.mktemp("brisk"), [*UNLIMITED[1:], *limits])
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest_asyncio.fixture
async def brisk(brisk_server: Server) -> AsyncIterator[House]:
    """It, seen from outside."""
    async with watched(brisk_server) as house:
        yield house


async def test_join_away_back_and_leave(brisk: House) -> None:
    """A refresh makes no noise: away and back are member_updated; after the grace it is a leave, then a join."""
    room = await brisk.room()
    cara, ivan = await room.join("Cara"), await room.invite("interviewer", "Ivan")
    his = await ivan.channel()
    hers = await cara.channel()
    joined = await his.expect("join")
    assert (joined["content"]["id"], joined["content"]["presence"]) == (cara.id, "present")
    hers.reset()
    away = await his.expect("member_updated")
    assert (away["content"]["id"], away["content"]["presence"]) == (cara.id, "away")
    hers = await cara.channel()
    assert (await his.expect("member_updated"))["content"]["presence"] == "present"
    assert not await his.pending("join", "leave")
    await hers.close()
    left = await his.expect("leave")
    assert (left["content"]["id"], left["content"]["reason"]) == (cara.id, "timeout")
    assert left["content"]["presence"] == "left"
    await cara.document()
    assert (await his.expect("join"))["content"]["id"] == cara.id
    kinds = [(event["kind"], event["payload"].get("reason")) for event in await room.events("join", "away", "leave")
             if event["member"] == cara.id]  # fmt: skip
    assert kinds == [
        ("join", None),
        ("away", "closed"),
        ("join", "returned"),
        ("away", "closed"),
        ("leave", "timeout"),
        ("join", None),
    ]


async def test_a_silent_socket_is_dropped(brisk: House) -> None:
    """A peer that vanished without a word is away after the silence, and left after the grace; who answers stays."""
    room = await brisk.room()
    cara, ivan = await room.join("Cara"), await room.invite("interviewer", "Ivan")
    his, hers = await ivan.channel(), await cara.channel()
    notebook = await cara.document()
    kernel = await cara.kernel(await cara.kernel_id())
    for socket in (hers, notebook, kernel):
        # Nothing is read any more, hence no ping is answered, as on a machine that went to sleep.
        socket.fall_asleep()
    left = await his.expect("leave")
    assert (left["content"]["id"], left["content"]["reason"]) == (cara.id, "timeout")
    assert not his.closed.is_set()
    for socket in (hers, notebook, kernel):
        socket.reset()


async def test_a_new_password_ends_what_is_open(brisk: House) -> None:
    """The account's sockets are closed at the next ping, and its seat lets nobody in; the others stay."""
    email, password = "grace@example.org", "correct horse battery"
    assert brisk.server.run("user", "add", email, stdin=f"{password}\n").returncode == 0
    answer = await brisk.nobody.post("api/interview/login", json={"email": email, "password": password})
    grace = {"Authorization": f"Bearer {answer.json()['token']}"}
    made = await brisk.nobody.post("api/interview/rooms", json={"title": "Hers"}, headers=grace)
    room = Room(brisk, made.json()["id"])
    page = await brisk.nobody.get(f"interview/{room.id}", headers=grace)
    brisk.nobody.cookies.clear()
    seat = page.cookies[f"interview-room-{room.id}"]
    hers = room.person(seat, {"id": ""})
    sockets = [await hers.channel(), await hers.document(), await hers.kernel(await hers.kernel_id())]
    for headers, content in ((grace, {"room": room.id}), ({}, {"room": room.id, "token": seat})):
        programs = await brisk.channel(**headers)
        await programs.tell("join_room", content)
        await programs.expect("joined")
        hers.sockets.append(programs)
        sockets.append(programs)
    others = await (await room.join("Cara")).channel()
    # Not here: these sockets have to answer pings meanwhile.
    changed = await asyncio.to_thread(brisk.server.run, "user", "password", email, stdin=f"{password}s\n")
    assert changed.returncode == 0
    assert [await socket.until_closed() for socket in sockets] == [4401] * len(sockets)
    with pytest.raises(HTTPClientError):
        await hers.channel()
    assert not others.closed.is_set() and (await others.ask("chat_message", "still here"))["type"] == "ack"


async def test_an_empty_room_is_released_and_opens_again(brisk: House) -> None:
    """Nobody there: kernel and memory go; whoever comes back finds everything."""
    room = await brisk.room()
    cara = await room.join("Cara")
    channel, notebook = await cara.channel(), await cara.document()
    await notebook.set_source("print('kept')")
    await cara.run(notebook.cell())
    await channel.expect("run_finished")
    kernel = await cara.kernel_id()
    await channel.ask("chat_message", "kept")
    await cara.close()
    cara.sockets.clear()

    # Asking for the room would keep it in memory, so the log of the server is asked.
    async def released() -> bool:
        return f"Kernel shutdown: {kernel}" in brisk.server.log

    await until(released)
    channel, notebook = await cara.channel(), await cara.document()
    assert [message["content"] for message in channel.joined["messages"]] == ["kept"]
    assert [run["status"] for run in channel.joined["runs"]] == ["ok"]
    assert notebook.sources() == ["print('kept')"] and notebook.printed() == "kept\n"
    assert await cara.kernel_id() != kernel


@pytest.mark.parametrize("how", ["close", "reset", "half a frame", "no handshake"])
async def test_every_kind_of_close_unregisters_quietly(room: Room, cara: Person, ivan: Person, how: str) -> None:
    """However a socket ends, it is out of the room, and the server's log has nothing to complain about."""
    his = await ivan.channel()
    for _ in range(3):
        sockets = [await cara.channel(), await cara.document(), await cara.kernel(await cara.kernel_id())]
        for socket in sockets:
            if how == "close":
                await socket.close()
            elif how == "half a frame":
                await socket.half_a_frame()
                socket.reset()
            elif how == "no handshake":
                socket.hang_up()
            else:
                # In the middle of a broadcast to it.
                await his.ask("chat_message", "x" * 5_000)
                socket.reset()
        await his.expect(
            "member_updated",
            lambda frame: frame["content"]["id"] == cara.id and frame["content"]["presence"] == "away",
        )
        shown = await room.api("GET")
        assert [member["id"] for member in shown["members"]] == [ivan.id]
        await his.ask("chat_message", "to nobody")


async def test_a_channel_in_no_room_is_told_nothing(house: House, room: Room, cara: Person) -> None:
    """A stranger's open channel hears nothing of anybody."""
    stranger = await house.channel()
    try:
        hers = await cara.channel()
        await hers.ask("chat_message", "private")
        assert not await stranger.pending()
    finally:
        await stranger.close()


async def test_rooms_tell_who_is_in_them(house: House, room: Room, cara: Person, ivan: Person) -> None:
    """The list of rooms carries who is there now, and no more when they went."""
    hers, his = await cara.channel(), await ivan.channel()
    listed = (await house.api("GET", "rooms?state=live&limit=100"))["rooms"]
    mine = next(each for each in listed if each["id"] == room.id)
    assert mine["members_online"] == 2 and {member["name"] for member in mine["members"]} == {"Cara", "Ivan"}
    await hers.close()
    await his.close()

    async def empty() -> bool:
        return bool((await room.api("GET"))["members_online"] == 0)

    await until(empty)
