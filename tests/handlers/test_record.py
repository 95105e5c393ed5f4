"""What does REST tell of what happened, and how did the notebook stand at any moment?"""

from __future__ import annotations

import base64
import json

import pytest

from jupyter_interview.collab import fold
from tests.handlers.rest import error_of
from tests.integration.clients import House

pytestmark = pytest.mark.integration


@pytest.fixture
def house(database_house: House) -> House:
    """On each of the databases."""
    return database_house


async def test_the_notebook_at_any_moment(house: House) -> None:
    """By number and by time, it is exactly the fold of the log up to there; ended or not."""
    room = await house.room()
    cara = await room.join("Cara")
    notebook, channel = await cara.document(), await cara.channel()
    for number in range(5):
        await notebook.type(f"a{number} = {number}\n")
        await notebook.saved()
    await notebook.set_source("print('out')")
    await cara.run(notebook.cell())
    await channel.expect("run_finished")
    await room.api("PATCH", "", {"tags": ["settled"]})
    for _ in range(2):
        events = await room.events()
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        updates: list[bytes] = []
        first = next(event["seq"] for event in events if event["kind"] == "document_snapshot")
        for event in events:
            if event["kind"].startswith("document_"):
                updates.append(base64.b64decode(event["data"]))
            if event["seq"] < first:
                continue
            wanted = fold(updates)
            assert await room.notebook(event["seq"]) == wanted, event["seq"]
            following = [other for other in events if other["seq"] > event["seq"]]
            if not following or following[0]["ts"] > event["ts"]:
                assert await room.notebook(event["ts"]) == wanted, event["ts"]
        assert await room.notebook() == fold(updates)
        if (await room.api("GET"))["state"] != "ended":
            await room.end()
    answer = await house.owner.get(f"api/interview/rooms/{room.id}/notebook")
    assert int(answer.headers["X-Interview-Seq"]) == events[-1]["seq"] and answer.text.endswith("}\n")
    late = await house.owner.get(f"api/interview/rooms/{room.id}/notebook?at=99999999999")
    assert int(late.headers["X-Interview-Seq"]) == events[-1]["seq"]
    for at in ("0", "2000-01-01"):
        error_of(await house.owner.get(f"api/interview/rooms/{room.id}/notebook?at={at}"), 404, "not_found")
    for at in ("x", "-1", "1e3", "2026-13-01", "9" * 30, "%00", "", "9999-12-31T23:59:59-23:59"):
        answer = await house.owner.get(f"api/interview/rooms/{room.id}/notebook?at={at}")
        assert answer.status_code in (200, 400, 404), at
        assert at.startswith("9999") or answer.status_code == 400, at


async def test_the_record_as_lines(house: House) -> None:
    """Messages, runs and events as JSON, or one a line when asked; events by kind and page."""
    room = await house.room()
    channel = await (await room.join("Cara")).channel()
    for number in range(5):
        await channel.ask("chat_message", f"ö {number}")
    path = f"api/interview/rooms/{room.id}"
    for name in ("messages", "runs", "events"):
        plain = (await house.owner.get(f"{path}/{name}")).json()[name]
        lines = await house.owner.get(f"{path}/{name}", headers={"Accept": "application/x-ndjson"})
        assert lines.headers["Content-Type"].startswith("application/x-ndjson")
        # The kernel may have started between the two.
        assert [json.loads(line) for line in lines.text.splitlines()][: len(plain)] == plain
    first = (await house.owner.get(f"{path}/events?kind=chat_message&limit=2")).json()
    assert [event["payload"]["text"] for event in first["events"]] == ["ö 0", "ö 1"]
    second = (await house.owner.get(f"{path}/events?kind=chat_message&limit=3&after={first['next']}")).json()
    assert [event["payload"]["text"] for event in second["events"]] == ["ö 2", "ö 3", "ö 4"] and second["next"] is None
    bare = (await house.owner.get(f"{path}/events?kind=document_snapshot&data=0")).json()["events"]
    assert [event["data"] for event in bare] == [None]
    for query in ("kind=x", "after=-1", "after=x", "limit=x"):
        error_of(await house.owner.get(f"{path}/events?{query}"), 400, "bad_request")
    assert (await house.owner.get(f"{path}/events?after=999999999999999")).json()["events"] == []


async def test_the_end_stores_what_the_protocol_says(house: House) -> None:
    """Frozen document, stopped kernel, everybody told; messages, runs and members can be read for ever."""
    room = await house.room()
    cara, ivan = await room.join("Cara"), await room.invite("interviewer")
    hers, notebook = await cara.channel(), await cara.document()
    kernel = await cara.kernel(await cara.kernel_id())
    await notebook.set_source("import time\nprint(1, flush=True)\ntime.sleep(600)")
    await hers.ask("chat_message", "bye")
    await cara.run(notebook.cell())
    await notebook.until(lambda: notebook.printed() == "1\n", "the first output")
    ended = await ivan.rest.post(f"api/interview/rooms/{room.id}/end")
    assert ended.status_code == 200
    assert (await hers.expect("room_ended"))["content"]["state"] == "ended"
    for socket in (hers, notebook, kernel):
        assert await socket.until_closed() == 4410
    final = await room.notebook()
    assert final["cells"][0]["outputs"][0]["text"] == "1\n"
    assert [message["content"] for message in (await room.api("GET", "/messages"))["messages"]] == ["bye"]
    [run] = (await room.api("GET", "/runs"))["runs"]
    assert run["status"] == "interrupted" and run["finished_at"]
    assert (await room.events())[-1]["kind"] == "room_ended"
    assert [member["role"] for member in (await room.api("GET", "/members"))["members"]] == ["candidate", "interviewer"]
    # The interviewer reviews below the prefix too.
    assert (await ivan.rest.get(f"api/interview/rooms/{room.id}/notebook")).json() == final
