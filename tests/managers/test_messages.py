"""Is what was said stored once, told to everybody else, and there after a restart?"""

from __future__ import annotations

import asyncio

import pytest

from jupyter_interview.core.errors import BadMessage, Forbidden, NotFound, RoomEnded, TooLarge
from jupyter_interview.core.models import EventKind
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.messages import HISTORY
from tests.db.conftest import blocked
from tests.managers.conftest import MakeHouse


async def test_a_message_goes_to_everybody_but_its_sender(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    ada = await house.seat(live)
    grace = await house.seat(live, Role.INTERVIEWER, "Grace")
    mine, other = house.socket(live, ada), house.socket(live, ada)
    hers = house.socket(live, grace)
    editor = house.socket(live, grace, "document")
    event = await live.messages.post(ada, mine.connection, "Hello **you** 🎉", "c1")
    assert mine.of("chat_message") == editor.frames == []
    for socket in (other, hers):
        (frame,) = socket.of("chat_message")
        assert frame["content"] == "Hello **you** 🎉" and frame["seq"] == event.seq
        assert frame["sender"] == {"id": ada.id, "name": "Ada", "role": "candidate"}
        assert frame["room"] == live.room.id
    (listed,) = live.joined_json(grace)["messages"]
    assert listed == {name: hers.of("chat_message")[0][name] for name in ("seq", "ts", "sender", "content")}


async def test_nobody_hears_what_is_not_stored(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    ada = await house.seat(live)
    mine = house.socket(live, ada)
    other = house.socket(live, await house.seat(live, Role.INTERVIEWER))
    async with blocked(house.database):
        posting = asyncio.ensure_future(live.messages.post(ada, mine.connection, "hello", None))
        done, _ = await asyncio.wait([posting], timeout=0.02)
        assert not done and other.of("chat_message") == [] and live.messages.recent() == []
    await posting
    assert len(other.of("chat_message")) == 1


async def test_the_same_message_is_stored_once_even_through_a_restart(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    ada = await house.seat(live)
    socket = house.socket(live, ada)
    other = house.socket(live, await house.seat(live, Role.INTERVIEWER))
    both = await asyncio.gather(*(live.messages.post(ada, socket.connection, "once", "c1") for _ in range(2)))
    assert both[0].seq == both[1].seq and len(other.of("chat_message")) == 1
    await live.messages.post(ada, socket.connection, "same words", "c2")
    await live.messages.post(ada, socket.connection, "no id", None)
    await live.messages.post(ada, socket.connection, "no id", None)
    await house.crash()
    house = await ji_house()
    live = await house.rooms.open(live.room.id)
    ada = live.members[ada.id]
    socket = house.socket(live, ada)
    again = await live.messages.post(ada, socket.connection, "once", "c1")
    assert again.seq == both[0].seq
    bob = await house.seat(live, Role.INTERVIEWER, "Bob")
    theirs = await live.messages.post(bob, house.socket(live, bob).connection, "another's c1", "c1")
    assert theirs.seq > again.seq, "an id is its sender's own"
    texts = [message["content"] for message in live.messages.recent()]
    assert texts == ["once", "same words", "no id", "no id", "another's c1"]
    assert len(await house.story(live, EventKind.CHAT_MESSAGE)) == 5


async def test_messages_keep_their_order(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    people = [await house.seat(live, Role.INTERVIEWER, f"p{number}") for number in range(3)]
    sockets = [house.socket(live, member) for member in people]
    watching = house.socket(live, await house.seat(live, Role.SPECTATOR))
    posts = [
        live.messages.post(people[number % 3], sockets[number % 3].connection, str(number), None)
        for number in range(HISTORY + 30)
    ]
    await asyncio.gather(*posts)
    frames = watching.of("chat_message")
    assert [frame["content"] for frame in frames] == [str(number) for number in range(HISTORY + 30)]
    assert [frame["seq"] for frame in frames] == sorted(frame["seq"] for frame in frames)
    assert [message["content"] for message in live.messages.recent()] == [
        str(number) for number in range(30, HISTORY + 30)
    ]
    assert len(await house.records.messages(live.room)) == HISTORY + 30


async def test_what_may_not_be_said_is_refused(ji_house: MakeHouse) -> None:
    house = await ji_house(chat_chars=10)
    live = await house.room()
    ada = await house.seat(live)
    socket = house.socket(live, ada)
    spectator = await house.seat(live, Role.SPECTATOR)
    await live.messages.post(ada, socket.connection, "🎉" * 10, None)
    with pytest.raises(TooLarge):
        await live.messages.post(ada, socket.connection, "x" * 11, None)
    for empty in ("", " \n\t "):
        with pytest.raises(BadMessage):
            await live.messages.post(ada, socket.connection, empty, None)
    with pytest.raises(Forbidden):
        await live.messages.post(spectator, house.socket(live, spectator).connection, "hi", None)
    await house.members.switch(live, None, ada.id, {"chat": False})
    with pytest.raises(Forbidden):
        await live.messages.post(ada, socket.connection, "hi", None)
    await house.members.switch(live, None, spectator.id, {"chat": True})
    await live.messages.post(spectator, house.socket(live, spectator).connection, "hi", None)
    assert [event.member for event in await house.story(live, EventKind.DENIED)] == [spectator.key, ada.key]
    assert len(await house.story(live, EventKind.CHAT_MESSAGE)) == 2


async def test_a_hidden_message_is_hidden_from_everybody_for_good(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    ada, ivan = await house.seat(live), await house.seat(live, Role.INTERVIEWER, "Ivan")
    mine, his = house.socket(live, ada), house.socket(live, ivan)
    said = await live.messages.post(ada, mine.connection, "not for everybody", "c1")
    other = await live.messages.post(ada, mine.connection, "fine", None)
    shown = await live.messages.hide(ivan, said.seq)
    by = {"id": ivan.id, "name": "Ivan", "role": "interviewer"}
    assert shown["content"] == "" and shown["hidden"]["by"] == by
    for socket in (mine, his):
        (frame,) = socket.of("message_hidden")
        assert frame["content"] == shown
    assert await live.messages.hide(None, said.seq) == shown, "and only once"
    (event,) = await house.story(live, EventKind.MESSAGE_HIDDEN)
    assert (event.member, event.subject, event.payload) == (ivan.key, 0, {"message": said.seq})
    again = await live.messages.post(ada, mine.connection, "not for everybody", "c1")
    assert again.seq == said.seq
    await house.crash()
    house = await ji_house()
    live = await house.rooms.open(live.room.id)
    assert live.messages.recent() == [shown, *live.messages.recent()[1:]]
    assert [message["content"] for message in live.messages.recent()] == ["", "fine"]
    first, second = await house.records.messages(live.room)
    assert first == {**shown, "content": "not for everybody"}, "the record keeps it"
    assert "hidden" not in second and second["seq"] == other.seq


async def test_a_message_of_long_ago_can_be_hidden(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    ada = await house.seat(live)
    mine = house.socket(live, ada)
    posts = [await live.messages.post(ada, mine.connection, str(number), None) for number in range(HISTORY + 5)]
    shown = await live.messages.hide(None, posts[0].seq)
    assert shown["sender"]["name"] == "Ada" and shown["content"] == "" and shown["hidden"]["by"] is None
    assert shown["ts"].startswith("2")


async def test_what_cannot_be_hidden(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    ada = await house.seat(live)
    said = await live.messages.post(ada, house.socket(live, ada).connection, "hello", None)
    for seq in (0, said.seq + 1, said.seq - 1):
        with pytest.raises(NotFound):
            await live.messages.hide(None, seq)
    await house.rooms.end(live.room.id, OWNER)
    with pytest.raises(RoomEnded):
        await live.messages.hide(None, said.seq)
    assert await house.story(live, EventKind.MESSAGE_HIDDEN) == []
