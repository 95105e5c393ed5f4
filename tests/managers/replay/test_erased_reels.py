"""Is what another process erased gone from frames that are in memory or just being made?"""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from jupyter_interview.collab import History, Redaction
from jupyter_interview.core.models import Room
from jupyter_interview.core.permissions import Role
from jupyter_interview.db.frames import list_frames, read_frame, read_trace
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.erasure import Erasure
from jupyter_interview.managers.replay import framing
from jupyter_interview.managers.replay.framing import Framed, Framer
from jupyter_interview.managers.replay.reels import Reel
from tests.collab.clients import Client
from tests.managers.house import House
from tests.managers.replay.interviews import Interview, prove

SECRET = "xylophone"


async def erase(house: House, room: Room, *, whole: bool = False, name: str = "Ada") -> None:
    """As the command line does it, in a process of its own: the server's managers hear nothing of it."""
    other = await House(house.url).start()
    erasure = Erasure(other.database, other.records, Redaction, History)
    if whole:
        await erasure.room(room)
    else:
        [found] = [member for member in await other.records.members(room) if member.name == name]
        await erasure.member(room, found)
    await other.stop()


async def stored(house: House, room: Room) -> list[str]:
    """The stored frames, each with what is stored beside it, opened."""

    def work(connection: Any) -> list[list[bytes | None]]:
        return [
            [read(connection, room.key, frame.number) for read in (read_frame, read_trace)]
            for frame in list_frames(connection, room.key)
        ]

    frames = await house.database.read(work)
    return ["".join(gzip.decompress(part or b"").decode() for part in frame) for frame in frames]


async def clean(house: House, room: Room) -> None:
    """The replay is that of the log as it is now, and holds nothing of what was erased."""
    manifest = await prove(house, await house.rooms.get(room.id))
    frames = await stored(house, room)
    assert len(frames) == len(manifest["frames"]) > 0
    assert not any(SECRET in frame for frame in frames)
    assert "Ada" not in [member["name"] for member in manifest["members"]]


@pytest.mark.parametrize("whole", [False, True])
async def test_a_short_interview_that_was_watched_live(house: House, whole: bool) -> None:
    """No frame of it was stored when it was erased: what is in memory is thrown away, not finished."""
    interview = await Interview.begin(house)
    await interview.type(3, SECRET)
    live = await house.replay.manifest(interview.live.room)
    assert SECRET in gzip.decompress(await house.replay.frame(interview.live.room, 1)).decode()
    room = await interview.end()
    await erase(house, room, whole=whole)
    await clean(house, room)
    assert (await house.replay.manifest(room))["last_seq"] > live["last_seq"]


async def test_a_page_that_asks_for_the_open_frame_alone(house: House) -> None:
    interview = await Interview.begin(house)
    await interview.type(3, SECRET)
    await house.replay.manifest(interview.live.room)
    room = await interview.end()
    before = (await house.replay._reel(room)).framer
    await erase(house, room)
    assert before is not None and before.draft is not None, "it is in memory still"
    assert SECRET not in gzip.decompress(await house.replay.frame(room, 1)).decode()
    await clean(house, room)


@pytest.mark.parametrize("whole", [False, True])
async def test_frames_that_were_being_made_are_not_stored(
    house: House, monkeypatch: pytest.MonkeyPatch, whole: bool
) -> None:
    """The log was read before the erasure, the frames would be stored after it, under the new key."""
    monkeypatch.setattr(framing, "ENTRIES", 20)
    interview = await Interview.begin(house)
    await interview.type(50, SECRET)
    room = await interview.end()
    store, late = Reel._store, list[Framed]()

    async def slow(self: Reel, found: list[Framed]) -> None:
        if not late and found:
            late.extend(found)
            await erase(house, room, whole=whole)
        await store(self, found)

    monkeypatch.setattr(Reel, "_store", slow)
    await house.replay.ready(room)
    assert any(SECRET in gzip.decompress(framed.content).decode() for framed in late)
    frames = await stored(house, room)
    assert frames and not any(SECRET in frame for frame in frames), "before anybody looks again"
    await clean(house, room)


async def test_an_erasure_between_two_portions(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was folded before it does not go on with what is left after it: the two need not fit."""
    interview = await Interview.begin(house)
    await interview.type(3, SECRET)
    await house.replay.manifest(interview.live.room)
    await interview.type(3, SECRET)
    room = await interview.end()
    advance, old = Reel._advance, list[tuple[Framer, int]]()

    async def slow(self: Reel, last: int) -> None:
        if not old:
            assert self.framer is not None
            old.append((self.framer, self.seq))
            await erase(house, room)
        await advance(self, last)

    monkeypatch.setattr(Reel, "_advance", slow)
    await house.replay.ready(room)
    [(framer, seq)] = old
    assert framer.draft is not None and framer.draft.last_seq == seq < (await house.log(interview.live))[-1].seq
    await clean(house, room)


async def test_who_came_while_it_was_watched(house: House) -> None:
    """The key that is gone was not there when the framing began, but when what it sealed was read."""
    interview = await Interview.begin(house)
    live = interview.live
    await interview.type(3)
    await house.replay.manifest(live.room)
    bob = Client(house, live, await house.seat(live, Role.INTERVIEWER, "Bob"))
    await bob.connect()
    bob.type(SECRET, 0)
    await bob.flush()
    await live.log.barrier()
    await house.replay.manifest(live.room)
    assert SECRET in gzip.decompress(await house.replay.frame(live.room, 1)).decode()
    bob.close()
    room = await interview.end()
    await erase(house, room, name="Bob")
    manifest = await prove(house, await house.rooms.get(room.id))
    assert "Bob" not in [member["name"] for member in manifest["members"]]
    assert not any(SECRET in frame for frame in await stored(house, room))


async def test_who_joins_takes_nothing_from_what_was_made(house: House) -> None:
    """More keys are no erasure: the open frame goes on."""
    interview = await Interview.begin(house)
    await interview.type(3)
    await house.replay.manifest(interview.live.room)
    reel = await house.replay._reel(interview.live.room)
    framer = reel.framer
    await house.seat(interview.live, Role.SPECTATOR, "Bob")
    await interview.type(3)
    await house.replay.manifest(interview.live.room)
    assert framer is not None and reel.framer is framer
    await house.rooms.end(interview.live.room.id, OWNER)
