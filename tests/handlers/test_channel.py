"""Does the room channel keep to the protocol?"""

from __future__ import annotations

import json
import time
from functools import partial

import pytest

from tests.fixtures.server import ServerFactory
from tests.integration.clients import Channel, House, Person, Room
from tests.integration.fixtures import UNLIMITED

pytestmark = pytest.mark.integration


async def test_joined_has_all_that_a_client_needs(room: Room, cara: Person, ivan: Person) -> None:
    """Room, oneself, everybody, messages, runs, code and the log's number."""
    first = await cara.channel()
    told = {"room", "you", "members", "messages", "runs", "comings", "code", "seq", "notices", "late", "limits"}
    assert set(first.joined) == told and first.joined["late"] is False
    assert first.joined["you"] == {**cara.member, "presence": "present"} | {
        name: first.joined["you"][name] for name in ("joined_at", "left_at")
    }
    assert first.joined["limits"] == {"chat_chars": 10_000, "change_bytes": 1_000_000, "read_bytes": 4_000_000}
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
        await notebook.until(partial(lambda text: notebook.sources()[0] == text, text), text[:50])
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


async def test_a_frame_of_many_values_is_refused_unread(cara: Person) -> None:
    """The socket stays, and a long text of any form passes."""
    channel = await cara.channel()
    await channel.tell("ping", [[]] * 20_000)
    assert (await channel.expect("error"))["content"]["code"] == "bad_message"
    assert (await channel.ask("code_update", "[{,:}]" * 30_000))["type"] == "ack"


async def test_a_flood_is_slowed_and_told(ji_server: ServerFactory) -> None:
    """Beyond the rate a frame gets ``rate_limited`` with the time to wait; the socket stays."""
    server = ji_server(*UNLIMITED[:4], "--InterviewApp.rates=channel=30/minute", "--InterviewApp.rates=chat=5/minute")
    async with House(server) as house:
        room = await house.room()
        channel = await (await room.join()).channel()
        answers = [await channel.ask("chat_message", f"{number}") for number in range(7)]
        assert [answer["type"] for answer in answers] == ["ack"] * 5 + ["error"] * 2
        assert answers[-1]["code"] == "rate_limited" and answers[-1]["details"]["retry_after"] > 0
        pongs = [await _ping(channel) for _ in range(30)]
        assert pongs[0] == "pong" and pongs[-1] == "rate_limited"
        assert not channel.closed.is_set()


async def _ping(channel: Channel) -> str:
    before = len(channel.all)
    await channel.tell("ping")
    answers = ("pong", "error")
    await channel.until(lambda: any(each["type"] in answers for each in channel.all[before:]), "an answer")
    frame = next(each for each in channel.all[before:] if each["type"] in answers)
    return "pong" if frame["type"] == "pong" else str(frame["content"]["code"])
