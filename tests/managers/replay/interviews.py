"""Interviews that a test holds by itself, and what their replays have to be."""

from __future__ import annotations

import gzip
import json
from typing import Any

from jupyter_interview.collab import fold
from jupyter_interview.core.models import DOCUMENT_KINDS, JSON, Member, Room
from jupyter_interview.core.moment import Moment
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.live import LiveRoom
from tests.collab.clients import Client
from tests.managers.house import House


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


class Named(LiveRoom):
    """What `House.log` asks of a room."""

    def __init__(self, room: Room) -> None:
        self.room = room


def canonical(value: Any) -> str:
    """One text for equal values."""
    return json.dumps(value, sort_keys=True)


async def prove(house: House, room: Room, until: int | None = None) -> JSON:
    """Every moment of the replay is the fold of the log; the manifest."""
    manifest = await house.replay.manifest(room)
    frames = {item["number"]: item for item in manifest["frames"]}
    assert [frame["first_seq"] for frame in manifest["frames"]] == [
        1,
        *(frame["last_seq"] + 1 for frame in manifest["frames"][:-1]),
    ]
    events = await house.log(Named(room))
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
            assert list(content[number]) == ["state", "entries"], "nobody is sent what he does not need"
        moment = Moment(content[number]["state"])
        moment.fold(content[number]["entries"], until=event.seq)
        assert canonical(moment.notebook()) == canonical(fold(updates)), event.seq
        found, seq = await house.replay.notebook(room, str(event.seq))
        assert seq == event.seq and canonical(found) == canonical(fold(updates))
    return manifest
