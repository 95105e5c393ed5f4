"""Is a replay what the log says, at any length, live or ended, whole or damaged?"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from jupyter_interview.auth.signing import SigningKeys
from jupyter_interview.collab import History, fold
from jupyter_interview.core.errors import BadRequest, NotFound
from jupyter_interview.core.models import DOCUMENT_KINDS, JSON, EventKind, Member, Room
from jupyter_interview.core.moment import Moment
from jupyter_interview.core.permissions import Role
from jupyter_interview.db.frames import list_frames
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.evidence import Evidence
from jupyter_interview.managers.live import LiveRoom
from jupyter_interview.managers.replay import framing
from jupyter_interview.managers.replay.replay import Building, Replay
from tests.collab.clients import Client
from tests.managers.house import House

MakeHouse = Callable[[], Awaitable[House]]


@pytest.fixture
async def ji_house(tmp_path: Path) -> AsyncIterator[MakeHouse]:
    """``await ji_house()``: on one SQLite file, as often as the server starts."""
    made: list[House] = []

    async def make() -> House:
        made.append(await House(f"sqlite:///{tmp_path / 'replay.db'}").start())
        return made[-1]

    yield make
    for house in reversed(made):
        await house.stop()


@pytest.fixture
def ji_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of a few entries."""
    monkeypatch.setattr(framing, "ENTRIES", 20)


def canonical(value: Any) -> str:
    """One text for equal values."""
    return json.dumps(value, sort_keys=True)


class Interview:
    """A room with a candidate who types, runs and talks."""

    def __init__(self, house: House, live: LiveRoom, member: Member) -> None:
        self.house, self.live = house, live
        self.channel = house.socket(live, member)
        self.ada = Client(house, live, member)

    @classmethod
    async def begin(cls, house: House) -> Interview:
        live = await house.room(starter="print(1)")
        self = cls(house, live, await house.seat(live, Role.CANDIDATE, "Ada"))
        await self.ada.connect()
        return self

    async def type(self, count: int, word: str = "x") -> None:
        for _ in range(count):
            self.ada.type(word, len(self.ada.text()))
            await self.ada.flush()
        await self.live.log.barrier()

    async def run(self) -> None:
        member = self.ada.member
        await self.live.runs.request(member, 0, [(None, None)])
        kernel = self.house.kernels[self.live.room.id]
        outputs = kernel.begin()
        outputs.stream("stdout", "1\n")
        kernel.end()
        await self.live.log.barrier()

    async def end(self) -> Room:
        self.ada.close()
        await self.house.rooms.end(self.live.room.id, OWNER)
        return await self.house.rooms.get(self.live.room.id)


async def prove(house: House, room: Room, until: int | None = None) -> JSON:
    """Every moment of the replay is the fold of the log; the manifest."""
    manifest = await house.replay.manifest(room)
    frames = {item["number"]: item for item in manifest["frames"]}
    assert [frame["first_seq"] for frame in manifest["frames"]] == [
        1,
        *(frame["last_seq"] + 1 for frame in manifest["frames"][:-1]),
    ]
    events = await house.log(_Named(room))
    events = [event for event in events if until is None or event.seq <= until]
    assert manifest["last_seq"] == events[-1].seq
    updates: list[bytes] = []
    content: dict[int, JSON] = {}
    for event in events:
        if event.kind in DOCUMENT_KINDS:
            updates.append(event.data or b"")
        if event.seq < manifest["first_seq"]:
            continue
        [number] = [n for n, frame in frames.items() if frame["first_seq"] <= event.seq <= frame["last_seq"]]
        if number not in content:
            content[number] = json.loads(gzip.decompress(await house.replay.frame(room, number)))
        moment = Moment(content[number]["state"])
        moment.fold(content[number]["entries"], until=event.seq)
        assert canonical(moment.notebook()) == canonical(fold(updates)), event.seq
        found, seq = await house.replay.notebook(room, str(event.seq))
        assert seq == event.seq and canonical(found) == canonical(fold(updates))
    return manifest


class _Named(LiveRoom):
    """What `House.log` asks of a room."""

    def __init__(self, room: Room) -> None:
        self.room = room


@pytest.mark.usefixtures("ji_short")
async def test_live_then_ended_then_after_a_restart(ji_house: MakeHouse) -> None:
    """At any time the frames give what the log gives; what is complete is stored and not made twice."""
    house = await ji_house()
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
    other = await ji_house()
    assert (await prove(other, await other.rooms.get(room.id)))["frames"] == manifest["frames"]


@pytest.mark.usefixtures("ji_short")
async def test_frames_go_on_after_a_crash(ji_house: MakeHouse) -> None:
    """A room that is opened again by another server: its open frame is made again, and goes on."""
    house = await ji_house()
    interview = await Interview.begin(house)
    await interview.type(50)
    await house.replay.manifest(interview.live.room)
    await house.crash()
    other = await ji_house()
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


@pytest.mark.usefixtures("ji_short")
async def test_the_manifest(ji_house: MakeHouse) -> None:
    """Members, markers, density, and the story beside it."""
    house = await ji_house()
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


async def test_moments_that_are_none(ji_house: MakeHouse) -> None:
    house = await ji_house()
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


async def test_a_frame_has_a_tag(ji_house: MakeHouse) -> None:
    """The open one's changes with what comes; what is stored is sent as it is."""
    house = await ji_house()
    interview = await Interview.begin(house)
    first = await house.replay.tagged_frame(interview.live.room, 1)
    assert await house.replay.tagged_frame(interview.live.room, 1) == first
    await interview.type(1)
    await house.replay.manifest(interview.live.room)
    second = await house.replay.tagged_frame(interview.live.room, 1)
    assert second[1] != first[1] and second[0] != first[0]


async def execute(house: House, change: str) -> None:
    """A statement in the database."""

    def work(connection: Any) -> None:
        connection.execute(text(change))

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


async def documents(house: House, room: Room) -> list[int]:
    """Numbers of the document's events."""
    return [event.seq for event in await house.log(_Named(room)) if event.kind is EventKind.DOCUMENT_UPDATE]


@pytest.mark.usefixtures("ji_short")
async def test_a_damaged_log_opens_up_to_the_damage(ji_house: MakeHouse) -> None:
    """Before its frames were made."""
    house = await ji_house()
    interview = await Interview.begin(house)
    await interview.type(60)
    room = await interview.end()
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
async def test_damage_that_came_after_the_frames(ji_house: MakeHouse) -> None:
    """It is found while somebody looks, and what comes after it is shown no more."""
    house = await ji_house()
    interview = await Interview.begin(house)
    await interview.type(60)
    room = await interview.end()
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
async def test_frames_that_are_not_the_logs(ji_house: MakeHouse) -> None:
    """Another hash, a lost one, a damaged one: they are made anew."""
    house = await ji_house()
    interview = await Interview.begin(house)
    await interview.type(90)
    room = await interview.end()
    whole = await house.replay.manifest(room)
    assert len(whole["frames"]) >= 4
    for change in (
        "UPDATE frame SET hash = zeroblob(32) WHERE number = 2",
        "DELETE FROM frame WHERE number = 3",
        "UPDATE frame SET content = zeroblob(100) WHERE number = 4",
        "UPDATE frame SET summary = zeroblob(100) WHERE number = 1",
        "DELETE FROM frame",
    ):
        await house.replay.forget(room.key)
        await execute(house, change)
        assert (await prove(house, room))["frames"] == whole["frames"], change


@pytest.mark.usefixtures("ji_short")
async def test_frames_that_were_thrown_away_under_us(ji_house: MakeHouse) -> None:
    """Another process erased somebody: what is in memory of it goes too."""
    house = await ji_house()
    interview = await Interview.begin(house)
    await interview.type(60)
    room = await interview.end()
    whole = await prove(house, room)
    await execute(house, "DELETE FROM frame")
    assert (await prove(house, room))["frames"] == whole["frames"]


@pytest.mark.usefixtures("ji_short")
async def test_the_background_follows(ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Live rooms are framed while they go on, and to the end when they have left."""
    monkeypatch.setattr("jupyter_interview.managers.replay.replay.AHEAD", 30)
    house = await ji_house()
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
    last = (await house.log(_Named(ended)))[-1].seq
    assert await stored() == last


async def test_a_log_that_another_server_signed_is_shown_whole(ji_house: MakeHouse, tmp_path: Path) -> None:
    """As after an import: a key that is not ours is no damage."""
    house = await ji_house()
    interview = await Interview.begin(house)
    await interview.type(10)
    room = await interview.end()
    evidence = Evidence(house.database, SigningKeys(tmp_path / "other.json"))
    strange = Replay(house.database, house.rooms, History, evidence)
    manifest = await strange.manifest(room)
    await asyncio.gather(*strange._checks.values())
    assert await strange.manifest(room) == {**manifest, "checked": True} and manifest["damage"] is None
    await strange.close()


async def test_whoever_comes_while_frames_are_made(ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is told how far it is, and gets it in the end."""
    monkeypatch.setattr("jupyter_interview.managers.replay.replay._PATIENCE_SECONDS", 0.0)
    house = await ji_house()
    interview = await Interview.begin(house)
    await interview.type(10)
    with pytest.raises(Building) as told:
        await house.replay.manifest(interview.live.room, hurry=True)
    assert 0 <= told.value.progress <= 1
    seen: list[tuple[int, int]] = []
    await house.replay.ready(interview.live.room, lambda done, of: seen.append((done, of)))
    assert seen and all(done <= of for done, of in seen)
    assert (await house.replay.moment(interview.live.room))[1] == interview.live.log.seq
