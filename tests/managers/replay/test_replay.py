"""Is a replay what the log says, at any length, live or ended?"""

from __future__ import annotations

import time

import pytest

from jupyter_interview.core.errors import BadRequest, NotFound
from jupyter_interview.db.frames import list_frames
from jupyter_interview.managers.replay.replay import Building
from tests.collab.clients import Client
from tests.managers.replay.conftest import MakeHouse
from tests.managers.replay.interviews import Interview, Named, prove


@pytest.mark.usefixtures("ji_short")
async def test_live_then_ended_then_after_a_restart(ji_replays: MakeHouse) -> None:
    """At any time the frames give what the log gives; what is complete is stored and not made twice."""
    house = await ji_replays()
    interview = await Interview.begin(house)
    room = interview.live.room
    for part in range(3):
        await interview.type(17 + part)
        await interview.run()
        manifest = await prove(house, interview.live.room)
        assert manifest["live"] and manifest["ended_at"] is None and manifest["damage"] is None
    await house.replay.forget(room.key)
    again = await prove(house, interview.live.room)
    assert again["frames"] == manifest["frames"], "after leaving the memory it goes on where it was"
    await interview.type(5)
    ended = await interview.end()
    manifest = await prove(house, ended)
    assert not manifest["live"] and manifest["ended_at"] is not None
    assert len(manifest["frames"]) > 3
    stored = await house.database.read(lambda connection: list_frames(connection, room.key))
    assert [frame.number for frame in stored] == [frame["number"] for frame in manifest["frames"]]
    await house.stop()
    other = await ji_replays()
    assert (await prove(other, await other.rooms.get(room.id)))["frames"] == manifest["frames"]


@pytest.mark.usefixtures("ji_short")
async def test_frames_go_on_after_a_crash(ji_replays: MakeHouse) -> None:
    """A room that is opened again by another server: its open frame is made again, and goes on."""
    house = await ji_replays()
    interview = await Interview.begin(house)
    await interview.type(50)
    await house.replay.manifest(interview.live.room)
    await house.crash()
    other = await ji_replays()
    live = await other.rooms.open(interview.live.room.id)
    seen = await other.replay.moment(live.room)
    client = Client(other, live, live.members[interview.ada.member.id])
    await client.connect()
    for _ in range(25):
        client.type("y", 0)
        await client.flush()
    await live.log.barrier()
    await prove(other, live.room)
    moment, _ = await other.replay.moment(live.room)
    assert moment.cells[0]["authors"] == [[25, 1, 0], *seen[0].cells[0]["authors"]]


async def test_a_clock_that_was_set_is_marked(ji_replays: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await ji_replays()
    interview = await Interview.begin(house)
    clock = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: clock() - 3_600_000_000_000)
    await interview.live.messages.post(interview.ada.member, interview.channel.connection, "later", None)
    manifest = await house.replay.manifest(await interview.end())
    [marker] = [marker for marker in manifest["markers"] if marker["kind"] == "clock_stepped"]
    assert marker["member"] == 0 and round(marker["by_ms"] / 1000) == -3600
    assert manifest["duration_ms"] >= marker["ms"]


@pytest.mark.usefixtures("ji_short")
async def test_the_manifest(ji_replays: MakeHouse) -> None:
    """Members, markers, density, and the story beside it."""
    house = await ji_replays()
    interview = await Interview.begin(house)
    ada = interview.ada
    await interview.type(3, "ab")
    await interview.type(1, "for n in range(10):\n    print(n)\n")
    await interview.run()
    await interview.live.messages.post(ada.member, interview.channel.connection, "hello", None)
    await house.members.switch(interview.live, None, ada.member.id, {"edit": False})
    room = await interview.end()
    manifest = await house.replay.manifest(room)
    assert manifest["format"] == 1 and manifest["room"]["id"] == room.id
    assert [(member["id"], member["role"]) for member in manifest["members"]] == [
        (None, "server"),
        (ada.member.id, "candidate"),
    ]
    kinds = [marker["kind"] for marker in manifest["markers"]]
    wanted = ["join", "paste", "run_started", "run_finished", "message", "permission", "end"]
    assert [kind for kind in kinds if kind in wanted] == wanted
    markers = {marker["kind"]: marker for marker in manifest["markers"]}
    assert markers["paste"]["size"] == 33 and markers["paste"]["member"] == 1
    assert markers["run_finished"]["status"] == "ok" and markers["run_finished"]["member"] == 1
    assert markers["permission"]["who"] == 1 and markers["permission"]["permissions"] == {"edit": False}
    assert sum(manifest["density"]["members"]["1"]) == 6 + 33 and manifest["density"]["bin_ms"] % 5_000 == 0
    times = [marker["ms"] for marker in manifest["markers"]]
    assert times == sorted(times) and times[-1] == manifest["duration_ms"]
    story = await house.replay.story(room)
    assert [(message["member"], message["content"]) for message in story["messages"]] == [(1, "hello")]
    [run] = story["runs"]
    assert run["source"] == ada.text() and run["status"] == "ok" and run["outputs_hash"] == "hash"
    assert 0 < run["started_seq"] < run["finished_seq"] and run["member"] == 1
    assert story["people"][0][2:] == [1, "join", 1]
    assert story["permissions"][0]["who"] == 1 and story["permissions"][0]["member"] == 0
    moment, _ = await house.replay.moment(room)
    assert moment.cells[0]["run"] == run["id"] and moment.cells[0]["authors"][-1] == [33, 1, 1]


async def test_moments_that_are_none(ji_replays: MakeHouse) -> None:
    house = await ji_replays()
    interview = await Interview.begin(house)
    room = interview.live.room
    for at in ("x", "-1", "1e3", "2026-13-01", "9" * 30, ""):
        with pytest.raises(BadRequest):
            await house.replay.moment(room, at)
    for at in ("0", "1", "2000-01-01"):
        with pytest.raises(NotFound):
            await house.replay.moment(room, at)
    for number in (0, -1, 99):
        with pytest.raises(NotFound):
            await house.replay.frame(room, number)
    assert (await house.replay.moment(room, "99999999999"))[1] == interview.live.log.seq


async def test_a_frame_has_a_tag(ji_replays: MakeHouse) -> None:
    """The open one's changes with what comes; what is stored is sent as it is."""
    house = await ji_replays()
    interview = await Interview.begin(house)
    first = await house.replay.tagged_frame(interview.live.room, 1)
    assert await house.replay.tagged_frame(interview.live.room, 1) == first
    await interview.type(1)
    await house.replay.manifest(interview.live.room)
    second = await house.replay.tagged_frame(interview.live.room, 1)
    assert second[1] != first[1] and second[0] != first[0]


@pytest.mark.usefixtures("ji_short")
async def test_the_background_follows(ji_replays: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live rooms are framed while they go on, and to the end when they have left."""
    monkeypatch.setattr("jupyter_interview.managers.replay.replay.AHEAD", 30)
    house = await ji_replays()
    interview = await Interview.begin(house)
    room = interview.live.room

    async def stored() -> int:
        frames = await house.database.read(lambda connection: list_frames(connection, room.key))
        return frames[-1].last_seq if frames else 0

    await house.replay.follow()
    assert await stored() == 0
    await interview.type(45)
    await house.replay.follow()
    before = await stored()
    assert before > 30
    await interview.type(5)
    await house.replay.follow()
    assert await stored() == before, "a little more is not worth it"
    ended = await interview.end()
    await house.replay.follow()
    last = (await house.log(Named(ended)))[-1].seq
    assert await stored() == last


async def test_whoever_comes_while_frames_are_made(ji_replays: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told how far it is, and gets it in the end."""
    monkeypatch.setattr("jupyter_interview.managers.replay.replay._PATIENCE_SECONDS", 0.0)
    house = await ji_replays()
    interview = await Interview.begin(house)
    await interview.type(10)
    with pytest.raises(Building) as told:
        await house.replay.manifest(interview.live.room, hurry=True)
    assert 0 <= told.value.progress <= 1
    seen: list[tuple[int, int]] = []
    await house.replay.ready(interview.live.room, lambda done, of: seen.append((done, of)))
    assert seen and all(done <= of for done, of in seen)
    assert (await house.replay.moment(interview.live.room))[1] == interview.live.log.seq
