"""Does anything stay behind when many come and go?"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import random
import weakref
from collections import Counter
from typing import Any

import pytest

from jupyter_interview.core.errors import InterviewError
from jupyter_interview.core.models import Member
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers.live import LiveRoom
from tests.collab.clients import Client
from tests.managers.conftest import MakeHouse
from tests.managers.house import House, Socket

ROOMS = 4
PEOPLE = 6
STEPS = 60
ACTIONS = ["enter", "enter", "document", "say", "type", "code", "drop", "drop", "leave", "run"]


def _timers() -> list[asyncio.TimerHandle]:
    """What the loop will call later."""
    loop: Any = asyncio.get_running_loop()
    return [timer for timer in loop._scheduled if not timer.cancelled()]


class Crowd:
    """One person: opens sockets of all kinds, says something, and is gone, in one way or another."""

    def __init__(self, house: House, rooms: list[str], seed: int) -> None:
        self.house, self.rooms = house, rooms
        self.random = random.Random(seed)
        self.sockets: list[tuple[LiveRoom, Socket]] = []
        self.clients: list[Client] = []
        self.members: dict[str, Member] = {}
        self.watched: list[weakref.ref[Any]] = []
        self.done: Counter[str] = Counter()

    async def live(self) -> tuple[LiveRoom, Member]:
        room_id = self.random.choice(self.rooms)
        live = await self.house.rooms.open(room_id)
        if room_id not in self.members:
            role = self.random.choice([Role.CANDIDATE, Role.INTERVIEWER, Role.SPECTATOR])
            try:
                self.members[room_id] = await self.house.seat(live, role, f"person {self.random.random()}")
            except InterviewError:
                self.members[room_id] = await self.house.seat(live, Role.SPECTATOR)
        live = await self.house.rooms.open(room_id)
        return live, live.members[self.members[room_id].id]

    async def step(self) -> None:
        action = self.random.choice(ACTIONS)
        # Refused, or a room that was closed just then: what it left behind is what this test looks for.
        with contextlib.suppress(InterviewError):
            await getattr(self, f"_{action}")()
            self.done[action] += 1
        await asyncio.sleep(0)

    async def _enter(self) -> None:
        live, member = await self.live()
        socket = self.house.socket(live, member)
        socket.connection.wants_code = self.random.random() < 0.5
        self.sockets.append((live, socket))
        self.watched += [weakref.ref(socket), weakref.ref(live)]

    async def _document(self) -> None:
        live, member = await self.live()
        client = Client(self.house, live, member)
        self.clients.append(client)
        self.watched.append(weakref.ref(client))
        await client.connect()

    async def _say(self) -> None:
        if self.sockets:
            live, socket = self.random.choice(self.sockets)
            member = live.members[socket.connection.member]
            live.presence.typing(member, socket.connection, on=True)
            await live.messages.post(member, socket.connection, "hello", None)

    async def _type(self) -> None:
        if self.clients:
            client = self.random.choice(self.clients)
            if len(client.cells):
                client.type("x")
                await client.flush()

    async def _code(self) -> None:
        if self.sockets:
            live, socket = self.random.choice(self.sockets)
            member = live.members[socket.connection.member]
            live.document.set_code("y", member, socket.connection.id)

    async def _run(self) -> None:
        live, member = await self.live()
        await live.runs.request(member, 0, [(None, None)])
        kernel = self.house.kernels[live.room.id]
        if kernel.running is None:
            kernel.begin().stream("stdout", "out")
            kernel.end()

    async def _drop(self) -> None:
        """The network is gone: the server finds out, and nothing was said."""
        if self.sockets and self.random.random() < 0.6:
            live, socket = self.sockets.pop(self.random.randrange(len(self.sockets)))
            live.presence.leave(socket.connection, self.random.choice(["closed", "timeout"]))
            live.presence.leave(socket.connection)
        elif self.clients:
            self.clients.pop(self.random.randrange(len(self.clients))).close()

    async def _leave(self) -> None:
        if self.sockets:
            live, socket = self.sockets.pop()
            live.presence.leave(socket.connection, "left")

    async def go(self) -> None:
        """Do all this, and be gone."""
        for _ in range(STEPS):
            await self.step()
        for live, socket in self.sockets:
            live.presence.leave(socket.connection, "closed")
        for client in self.clients:
            client.close()
        self.sockets, self.clients = [], []


@pytest.mark.parametrize("seed", [1, 2])
async def test_many_clients_join_leave_and_drop_at_random_without_a_leak(ji_house: MakeHouse, seed: int) -> None:
    house = await ji_house(grace_seconds=0.02, release_seconds=0.1, sockets_per_member=6)
    tasks, timers = asyncio.all_tasks(), len(_timers())
    rooms = [(await house.room(title=f"room {number}")).room.id for number in range(ROOMS)]
    crowd = [Crowd(house, rooms, seed * 1_000 + number) for number in range(PEOPLE)]

    await asyncio.gather(*(person.go() for person in crowd))
    done = sum((person.done for person in crowd), Counter[str]())
    assert set(done) == set(ACTIONS) and done.total() > 0.8 * PEOPLE * STEPS, done

    # Everybody is gone: after the time of grace each has left, and after a while no room is in memory.
    gone = asyncio.Event()
    release = house.rooms._discard

    def released(live: LiveRoom) -> None:
        release(live)
        gone.set()

    for live in house.rooms.open_rooms:
        assert len(live.peers) == 0 and live.peers.members() == set()
        live._release = released
    async with asyncio.timeout(20):
        while house.rooms.open_rooms:
            gone.clear()
            await gone.wait()
        while house.rooms._closing:
            await asyncio.gather(*house.rooms._closing.values())
    assert house.rooms._live == {} and house.rooms._closing == {}
    assert asyncio.all_tasks() == tasks
    assert len(_timers()) == timers
    assert all(kernel.shut for kernel in house.kernels.values())
    assert house.database.backlog == 0

    watched = [reference for person in crowd for reference in person.watched]
    assert len(watched) > ROOMS * PEOPLE
    del crowd, live, released
    house.kernels.clear()
    gc.collect()
    assert [reference() for reference in watched if reference() is not None] == []

    # And what the log says of comings and goings is in order: nobody comes twice without leaving.
    for room_id in rooms:
        room = await house.rooms.get(room_id)
        present: set[int] = set()
        events, _ = await house.records.events(room, after=0, kinds=None, limit=100_000)
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        for event in events:
            if event.kind.label == "join" and (event.payload or {}).get("reason") != "returned":
                assert event.member not in present
                present.add(event.member)
            elif event.kind.label == "leave":
                present.remove(event.member)
        assert present == set()
