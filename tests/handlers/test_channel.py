"""Does the room channel keep to the protocol?"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.fixtures.server import Server, ServerFactory
from tests.integration.clients import Channel, House, Person, Room, until
from tests.integration.fixtures import UNLIMITED, complaints

pytestmark = pytest.mark.integration


@pytest_asyncio.fixture
async def room(house: House) -> Room:
    """A room."""
    return await house.room()


@pytest_asyncio.fixture
async def cara(room: Room) -> Person:
    """Its candidate."""
    return await room.join("Cara")


@pytest_asyncio.fixture
async def ivan(room: Room, cara: Person) -> Person:
    """Its interviewer."""
    return await room.invite("interviewer", "Ivan")


SHORT = {"ping_seconds": 0.3, "silence_seconds": 1, "grace_seconds": 1, "release_seconds": 1}


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
    before = len(brisk_server.log)
    async with House(brisk_server) as house:
        yield house
    assert not (said := complaints(brisk_server.log[before:])), said


# -- joining


async def test_joined_has_all_that_a_client_needs(room: Room, cara: Person, ivan: Person) -> None:
    """Room, oneself, everybody, messages, runs, code and the log's number."""
    first = await cara.channel()
    assert set(first.joined) == {"room", "you", "members", "messages", "runs", "code", "seq"}
    assert first.joined["you"] == {**cara.member, "presence": "present"} | {
        name: first.joined["you"][name] for name in ("joined_at", "left_at")
    }
    assert first.joined["room"]["id"] == room.id and first.joined["room"]["members_online"] == 1
    assert [member["id"] for member in first.joined["members"]] == [cara.id, ivan.id]
    for number in range(3):
        await first.ask("chat_message", f"message {number}")
    second = await ivan.channel()
    assert [message["content"] for message in second.joined["messages"]] == [f"message {number}" for number in range(3)]
    assert {message["sender"]["id"] for message in second.joined["messages"]} == {cara.id}
    assert second.joined["code"] == "# Write your code here\n"
    assert second.joined["seq"] >= second.joined["messages"][-1]["seq"]
    assert "email" not in json.dumps(second.joined)


async def test_no_echo_and_an_ack(room: Room, cara: Person, ivan: Person) -> None:
    """The sender gets ``ack {id, seq, ts}`` and not its own message; everybody else gets the message, once."""
    mine, second_window, his = await cara.channel(), await cara.channel(), await ivan.channel()
    ack = await mine.ask("chat_message", "Grüß *Gott* 😀")
    assert set(ack) == {"type", "id", "seq", "ts", "details"} - {"details"}
    for listener in (his, second_window):
        frame = await listener.expect("chat_message")
        assert (frame["content"], frame["seq"], frame["ts"]) == ("Grüß *Gott* 😀", ack["seq"], ack["ts"])
        assert frame["sender"] == {"id": cara.id, "name": "Cara", "role": "candidate"} and frame["room"] == room.id
    for listener in (mine, his, second_window):
        assert not await listener.pending("chat_message")
    stored = (await room.api("GET", "/messages"))["messages"]
    assert [(message["seq"], message["content"]) for message in stored] == [(ack["seq"], "Grüß *Gott* 😀")]


async def test_the_same_id_again_is_the_same_message(cara: Person, ivan: Person) -> None:
    """From another window or the same: one message, one number. Another member's id is another message."""
    mine, second_window, his = await cara.channel(), await cara.channel(), await ivan.channel()
    acks = []
    for sender in (mine, second_window, mine):
        await sender.send(json.dumps({"type": "chat_message", "id": "one", "content": "once"}))
        acks.append(await sender.answer("one"))
    assert len({ack["seq"] for ack in acks}) == 1
    await his.send(json.dumps({"type": "chat_message", "id": "one", "content": "his"}))
    assert (await his.answer("one"))["seq"] != acks[0]["seq"]
    assert [frame["content"] for frame in await his.pending("chat_message")] == ["once"]


async def test_typing_is_told_once_and_ends(cara: Person, ivan: Person) -> None:
    """Repeated signs are one; a message ends it, and so does going away."""
    mine, his = await cara.channel(), await ivan.channel()
    for _ in range(3):
        await mine.tell("typing", True)
    started = await his.expect("typing")
    assert started["content"] is True and started["sender"]["id"] == cara.id
    await mine.tell("typing", False)
    assert (await his.expect("typing"))["content"] is False
    await mine.tell("typing", True)
    await his.expect("typing")
    await mine.ask("chat_message", "done")
    assert (await his.expect("typing"))["content"] is False
    await mine.tell("typing", True)
    await his.expect("typing")
    await mine.close()
    assert (await his.expect("typing"))["content"] is False
    assert not await his.pending("typing")


async def test_ping_and_unknown_rooms(cara: Person) -> None:
    """``ping`` gets ``pong`` with its id."""
    channel = await cara.channel()
    assert (await channel.ask("ping"))["type"] == "pong"
    assert (await channel.ask("chat_message", "x", room=""))["code"] == "not_joined"


async def test_several_rooms_in_one_socket(house: House, room: Room, cara: Person, ivan: Person) -> None:
    """A plain client sits in several rooms; frames name theirs, and leaving one is not leaving the other."""
    other = await house.room("Other")
    nora = await other.join("Nora")
    listener, his = await nora.channel(), await ivan.channel()
    channel = await house.channel()
    try:
        assert (await channel.ask("chat_message", "too early"))["code"] == "not_joined"
        for place, person in ((room, cara), (other, nora)):
            await channel.tell("join_room", {"room": place.id, "token": person.token})
            joined = await channel.expect("joined")
            assert joined["room"] == place.id and joined["content"]["you"]["id"] == person.id
        # With two rooms a frame has to say which.
        assert (await channel.ask("chat_message", "where?"))["code"] == "not_joined"
        assert (await channel.ask("chat_message", "here", room=room.id))["type"] == "ack"
        assert (await channel.ask("chat_message", "there", room=other.id))["type"] == "ack"
        assert (await his.expect("chat_message"))["content"] == "here"
        assert (await listener.expect("chat_message"))["content"] == "there"
        left = await channel.ask("leave_room", None, room=room.id)
        assert left["type"] == "ack"
        gone = await his.expect("leave")
        assert (gone["content"]["id"], gone["content"]["reason"]) == (cara.id, "left")
        assert (await channel.ask("chat_message", "x", room=room.id))["code"] == "not_joined"
        assert (await channel.ask("chat_message", "still there"))["type"] == "ack"
        assert not await his.pending("chat_message")
    finally:
        await channel.close()


async def test_an_account_joins_its_rooms_without_a_token(house: House, room: Room, cara: Person) -> None:
    """The server's own user is the room's interviewer."""
    hers = await cara.channel()
    channel = await house.channel(Authorization=f"token {house.server.token}")
    try:
        await channel.tell("join_room", {"room": room.id})
        joined = (await channel.expect("joined"))["content"]
        assert joined["you"]["role"] == "interviewer"
        assert (await hers.expect("join"))["content"]["id"] == joined["you"]["id"]
    finally:
        await channel.close()


# -- code


async def test_code_update_is_a_minimal_change(room: Room, cara: Person, ivan: Person) -> None:
    """A plain client's text becomes the least change: what others write elsewhere in the cell stays."""
    plain, notebook = await cara.channel(), await ivan.document()
    await notebook.set_source("def f(x):\n    return x\n\nprint(f(1))\n")
    lengths = []
    subscription = notebook.doc.observe(lambda event: lengths.append(len(event.update)))
    for text in (
        "def f(x):\n    return x + 1\n\nprint(f(1))\n",
        "def f(y):\n    return y + 1\n\nprint(f(1))\n",
        "# ö 😀\ndef f(y):\n    return y + 1\n\nprint(f(1))\n",
        "# ü 😀\ndef f(y):\n    return y + 1\n\nprint(f(1))\n",
        "# 😁\ndef f(y):\n    return y + 1\n\nprint(f(1))\n",
        "",
        "x\n" * 3_000,
    ):
        before = len(lengths)
        answer = await plain.ask("code_update", text)
        assert answer["type"] == "ack" and answer["seq"]
        await notebook.until(lambda text=text: notebook.sources()[0] == text, text[:50])
        if len(text) < 100:
            assert sum(lengths[before:]) < 120, lengths
        assert (await room.notebook())["cells"][0]["source"] == text
    notebook.doc.unobserve(subscription)
    # The same text again is no change, so no event.
    seq = (await room.events())[-1]["seq"]
    await plain.ask("code_update", "x\n" * 3_000)
    assert (await room.events())[-1]["seq"] == seq
    updates = [event for event in await room.events("document_update") if event["member"] == cara.id]
    assert len(updates) == 7


async def test_code_is_told_to_those_who_asked_five_times_a_second(
    house: House, room: Room, cara: Person, ivan: Person
) -> None:
    """``code: true`` gets the whole text when it changed, at most 5 a second; nobody else gets it."""
    notebook, bare = await cara.document(), await ivan.channel()
    plain = await house.channel()
    try:
        await plain.tell("join_room", {"room": room.id, "token": ivan.token, "code": True})
        assert (await plain.expect("joined"))["content"]["code"] == notebook.sources()[0]
        begun = time.monotonic()
        for number in range(200):
            await notebook.type(f"{number} ")
        text = notebook.sources()[0]
        await plain.until(lambda: any(f["type"] == "code_update" and f["content"] == text for f in plain.all), "text")
        told = [frame for frame in plain.all if frame["type"] == "code_update"]
        assert len(told) <= (time.monotonic() - begun) * 5 + 1
        assert all(text.startswith(frame["content"]) for frame in told)
        assert not await bare.pending("code_update")
    finally:
        await plain.close()


async def test_run_code_runs_what_the_plain_client_wrote(room: Room, cara: Person, ivan: Person) -> None:
    """Without a cell it is the first one; its run is told to everybody, the one who asked included."""
    plain, his = await cara.channel(), await ivan.channel()
    await plain.ask("code_update", "print(6 * 7)")
    ack = await plain.ask("run_code")
    assert ack["type"] == "ack" and [run["member"]["id"] for run in ack["runs"]] == [cara.id]
    for listener in (plain, his):
        started = await listener.expect("run_started")
        finished = await listener.expect("run_finished")
        assert started["content"]["id"] == finished["content"]["id"] == ack["runs"][0]["id"]
        assert finished["content"]["status"] == "ok" and finished["content"]["source"] == "print(6 * 7)"
        assert started["seq"] < finished["seq"]
    assert (await room.notebook())["cells"][0]["outputs"][0]["text"] == "42\n"


# -- coming and going


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
    assert (left["content"]["id"], left["content"]["reason"], left["content"]["presence"]) == (cara.id, "timeout", "left")
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
    async with asyncio.timeout(20):
        while f"Kernel shutdown: {kernel}" not in brisk.server.log:
            await asyncio.sleep(0.01)
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
                socket.connection.protocol.stream.close()  # type: ignore[union-attr]  # open
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
        return (await room.api("GET"))["members_online"] == 0

    await until(empty)


# -- the interview's own news


async def test_changes_are_told(room: Room, cara: Person, ivan: Person) -> None:
    """Title, switches, knocks, and the end."""
    hers = await cara.channel()
    await room.api("PATCH", "", {"title": "New title"})
    told = await hers.expect("room_updated", lambda frame: frame["content"]["title"] == "New title")
    assert told["content"]["id"] == room.id
    await room.api("PATCH", f"/members/{cara.id}", {"permissions": {"run": False}})
    member = (await hers.expect("member_updated", lambda frame: frame["content"]["id"] == cara.id))["content"]
    assert member["permissions"]["run"] is False
    await room.house.nobody.post(f"{room.path}join", json={"name": "Kim"})
    knocking = (await hers.expect("member_updated", lambda frame: frame["content"]["state"] == "knocking"))["content"]
    assert knocking["name"] == "Kim"
    await room.end()
    ended = await hers.expect("room_ended")
    assert ended["content"]["state"] == "ended" and ended["content"]["ended_at"]
    assert await hers.until_closed() == 4410


async def test_a_flood_is_slowed_and_told(ji_server: ServerFactory) -> None:
    """Beyond the rate a frame gets ``rate_limited`` with the time to wait; the socket stays."""
    server = ji_server(*UNLIMITED[:4], "--InterviewApp.rates=channel=30/minute", "--InterviewApp.rates=chat=5/minute")
    async with House(server) as house:
        room = await house.room()
        channel = await (await room.join()).channel()
        answers = [await channel.ask("chat_message", f"{number}") for number in range(7)]
        assert [answer["type"] for answer in answers] == ["ack"] * 5 + ["error"] * 2
        assert answers[-1]["code"] == "rate_limited" and answers[-1]["details"]["retry_after"] > 0
        answers = [await asyncio.wait_for(_ping(channel), 10) for _ in range(30)]
        assert answers[0] == "pong" and answers[-1] == "rate_limited"
        assert not channel.closed.is_set()


async def _ping(channel: Channel) -> str:
    before = len(channel.all)
    await channel.tell("ping")
    await channel.until(lambda: len(channel.all) > before, "an answer")
    frame = channel.all[-1]
    return "pong" if frame["type"] == "pong" else str(frame["content"]["code"])
