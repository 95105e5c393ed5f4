"""What does a replay show of a log, or of frames, that were changed or do not fit?"""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from jupyter_interview.auth.signing import SigningKeys
from jupyter_interview.collab import History
from jupyter_interview.core.errors import NotFound
from jupyter_interview.core.models import EventKind, Room
from jupyter_interview.managers.evidence import Evidence
from jupyter_interview.managers.replay.replay import Replay
from tests.managers.house import House
from tests.managers.replay.conftest import MakeHouse
from tests.managers.replay.interviews import Interview, Named, prove


async def execute(house: House, change: str) -> None:
    """Statements in the database."""

    def work(connection: Any) -> None:
        for statement in change.split(";"):
            connection.execute(text(statement))

    await house.database.write(work)


async def damage(house: House, room: Room, seq: int) -> None:
    """One bit of an event is another now."""

    def flip(connection: Any) -> None:
        query = text("SELECT data FROM event WHERE room = :room AND seq = :seq")
        data = bytearray(connection.execute(query, {"room": room.key, "seq": seq}).scalar())
        data[len(data) // 2] ^= 1
        change = text("UPDATE event SET data = :data WHERE room = :room AND seq = :seq")
        connection.execute(change, {"data": bytes(data), "room": room.key, "seq": seq})

    await house.database.write(flip)


async def ended(house: House, count: int) -> Room:
    """An interview of so many keystrokes."""
    interview = await Interview.begin(house)
    await interview.type(count)
    return await interview.end()


async def documents(house: House, room: Room) -> list[int]:
    """Numbers of the document's events."""
    return [event.seq for event in await house.log(Named(room)) if event.kind is EventKind.DOCUMENT_UPDATE]


@pytest.mark.usefixtures("ji_short")
async def test_a_damaged_log_opens_up_to_the_damage(ji_replays: MakeHouse) -> None:
    """Before its frames were made."""
    house = await ji_replays()
    room = await ended(house, 60)
    broken = (await documents(house, room))[45]
    await damage(house, room, broken)
    manifest = await house.replay.manifest(room)
    assert manifest["damage"] == {"seq": broken, "reason": "hash"}
    assert manifest["last_seq"] == broken - 1
    assert len((await house.replay.moment(room, str(broken + 5)))[0].cells[0]["source"]) == len("print(1)") + 45
    assert (await house.replay.story(room))["messages"] == []
    await house.replay.forget(room.key)
    assert (await house.replay.manifest(room))["damage"] == {"seq": broken, "reason": "hash"}


@pytest.mark.usefixtures("ji_short")
async def test_damage_that_came_after_the_frames(ji_replays: MakeHouse) -> None:
    """It is found while somebody looks, and what comes after it is shown no more."""
    house = await ji_replays()
    room = await ended(house, 60)
    whole = await house.replay.manifest(room)
    assert (whole["damage"], whole["checked"]) == (None, False)
    await asyncio.gather(*house.replay._checks.values())
    assert await house.replay.manifest(room) == {**whole, "checked": True}
    broken = (await documents(house, room))[45]
    await damage(house, room, broken)
    await house.replay.forget(room.key)
    await house.replay.manifest(room)
    await asyncio.gather(*house.replay._checks.values())
    manifest = await house.replay.manifest(room)
    assert manifest["damage"] == {"seq": broken, "reason": "hash"} and manifest["last_seq"] == broken - 1
    assert manifest["checked"]
    last = json.loads(gzip.decompress(await house.replay.frame(room, len(manifest["frames"]))))
    assert last["entries"][-1][0] < broken
    with pytest.raises(NotFound):
        await house.replay.frame(room, len(whole["frames"]))
    assert (await house.replay.moment(room))[1] == broken - 1


@pytest.mark.usefixtures("ji_short")
async def test_frames_that_are_not_the_logs(ji_replays: MakeHouse) -> None:
    """Another hash, a lost one, a damaged one: they are made anew."""
    house = await ji_replays()
    room = await ended(house, 90)
    whole = await house.replay.manifest(room)
    assert len(whole["frames"]) >= 4
    for change in (
        "UPDATE frame SET hash = zeroblob(32) WHERE number = 2",
        "DELETE FROM frame WHERE number = 3",
        "DELETE FROM frame WHERE number = 3; UPDATE frame SET trace = zeroblob(100) WHERE number = 2",
        "UPDATE frame SET content = zeroblob(100) WHERE number = 4",
        "UPDATE frame SET summary = zeroblob(100) WHERE number = 1",
        "DELETE FROM frame",
    ):
        await house.replay.forget(room.key)
        await execute(house, change)
        assert (await prove(house, room))["frames"] == whole["frames"], change


@pytest.mark.usefixtures("ji_short")
async def test_frames_that_were_thrown_away_under_us(ji_replays: MakeHouse) -> None:
    """Another process erased somebody: what is in memory of it goes too."""
    house = await ji_replays()
    room = await ended(house, 60)
    whole = await prove(house, room)
    await execute(house, "DELETE FROM frame")
    assert (await prove(house, room))["frames"] == whole["frames"]


async def test_a_log_that_another_server_signed_is_shown_whole(ji_replays: MakeHouse, tmp_path: Path) -> None:
    """As after an import: a key that is not ours is no damage."""
    house = await ji_replays()
    room = await ended(house, 10)
    evidence = Evidence(house.database, SigningKeys(tmp_path / "other.json"))
    strange = Replay(house.database, house.rooms, History, evidence)
    manifest = await strange.manifest(room)
    await asyncio.gather(*strange._checks.values())
    assert await strange.manifest(room) == {**manifest, "checked": True} and manifest["damage"] is None
    await strange.close()
