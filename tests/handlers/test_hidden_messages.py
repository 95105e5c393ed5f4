"""Does a message that an interviewer hides leave every page, and stay in the record?"""

from __future__ import annotations

from typing import Any

import pytest

from tests.handlers.rest import error_of
from tests.integration.clients import House, Person, Room

pytestmark = pytest.mark.integration


async def said(cara: Person, text: str = "not for everybody") -> int:
    """A message of the candidate's; its number."""
    seq: int = (await (await cara.channel()).ask("chat_message", text))["seq"]
    return seq


async def test_it_leaves_every_page_at_once_and_comes_with_no_new_one(room: Room, cara: Person, ivan: Person) -> None:
    watching = await ivan.channel()
    seq = await said(cara)
    answer = await ivan.rest.patch(f"api/interview/rooms/{room.id}/messages/{seq}", json={"hidden": True})
    assert answer.status_code == 200, answer.text
    message = answer.json()
    assert message["content"] == "" and message["hidden"]["by"] == {
        "id": ivan.id,
        "name": "Ivan",
        "role": "interviewer",
    }
    assert (await watching.expect("message_hidden"))["content"] == message
    for person in (cara, ivan):
        assert (await person.channel()).joined["messages"] == [message]


async def test_the_record_keeps_it_and_says_so(house: House, room: Room, cara: Person, ivan: Person) -> None:
    seq = await said(cara)
    await ivan.rest.patch(f"api/interview/rooms/{room.id}/messages/{seq}", json={"hidden": True})
    [event] = await room.events("message_hidden")
    assert (event["member"], event["payload"]) == (ivan.id, {"message": seq})
    hidden = {"seq": event["seq"], "ts": event["ts"], "by": {"id": ivan.id, "name": "Ivan", "role": "interviewer"}}
    [message] = (await room.api("GET", "/messages"))["messages"]
    assert message["content"] == "not for everybody" and message["hidden"] == hidden
    await room.end()
    assert (await room.api("GET", "/messages"))["messages"] == [message]
    story = await room.api("GET", "/replay/story")
    while "messages" not in story:  # the frames are being made: the answer says how far
        story = await room.api("GET", "/replay/story")
    [told] = story["messages"]
    members = (await room.api("GET", "/replay"))["members"]
    assert told["content"] == "not for everybody" and told["hidden"]["seq"] == event["seq"]
    assert members[told["hidden"]["member"]]["id"] == ivan.id and told["hidden"]["ms"] >= told["ms"]
    own = (await cara.rest.get("api/me/export")).json()["messages"]
    assert [(each["content"], each["hidden"]) for each in own] == [("not for everybody", event["ts"])]
    log = await house.owner.get(f"api/interview/rooms/{room.id}/export?format=jsonl")
    assert f'"message":{seq}' in log.text.replace(" ", "") and "message_hidden" in log.text


async def test_who_may_and_what_is_refused(house: House, room: Room, cara: Person, ivan: Person) -> None:
    seq = await said(cara)
    path = f"api/interview/rooms/{room.id}/messages"
    error_of(await cara.rest.patch(f"{path}/{seq}", json={"hidden": True}), 403, "forbidden")
    bodies: list[Any] = [{}, {"hidden": False}, {"hidden": 1}, {"hidden": True, "x": 1}, []]
    for body in bodies:
        error_of(await ivan.rest.patch(f"{path}/{seq}", json=body), 400, "bad_request")
    for number in (0, seq + 50, 999_999_999):
        error_of(await ivan.rest.patch(f"{path}/{number}", json={"hidden": True}), 404, "not_found")
    assert (await house.owner.patch(f"{path}/{seq}", json={"hidden": True})).json()["hidden"]["by"] is None
    await room.end()
    error_of(await house.owner.patch(f"{path}/{seq}", json={"hidden": True}), 410, "room_ended")
