"""How is an attempt made, and what is looked at meanwhile?

`Battery` holds one engine, the rooms in which attempts are made, and a neighbour: a room that has nothing to do with
them and whose code has to run during and after each. The event loop is the server's: it may never stand still.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from textwrap import dedent
from typing import Any

from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import ExecutionResult, RunStatus
from jupyter_interview.execution import Engine, InterviewKernelManager, RoomExecutors, kernels_dir

from ..execution.conftest import Cell, Observer, Room
from .cases.case import TOOLS, Case, Seen
from .cases.resources import LIMITS
from .world import World

#: The issue's promise: a room is usable this long after a bomb. The rest is for the scheduling of a busy machine.
USABLE_SECONDS, SPARE_SECONDS = 3.0, 2.0
STANDSTILL_SECONDS = 3.0
#: An interrupted run has time to end, but in the rooms of attempts that do not react to it.
ROOMS = {
    "short": {"run_seconds": 1.0, "interrupt_seconds": 1.8},
    "reacting": {"run_seconds": 1.0},
    "shown": {"interrupt_seconds": 1.8},
}
CLEARED = ("bombs", "flood", "thread")


def _queued() -> float:
    """How long this thread was ready so far, in seconds, and had to wait for a processor."""
    return int(Path("/proc/thread-self/schedstat").read_text(encoding="ascii").split()[1]) / 1e9


class Pulse:
    """Measures how long the event loop stood still at most, but for what the machine had no processor for it."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def beat(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        last, queued = loop.time(), _queued()
        while True:
            await asyncio.sleep(0.01)
            now, waited = loop.time(), _queued()
            self.longest = max(self.longest, now - last - 0.01 - (waited - queued))
            last, queued = now, waited


class Battery:
    """One engine under attack."""

    def __init__(self, name: str, engine: Engine, directory: str, world: World) -> None:
        self.name = name
        self.world = world
        self._kernels = InterviewKernelManager(engine=engine, kernels_dir=kernels_dir(), connection_dir=directory)
        self._rooms: dict[str, Room] = {}
        self._armed: set[tuple[str, int]] = set()

    async def hold(self, case: Case) -> None:
        """Make one attempt; everything has to be as the case says."""
        room = await self._room(case)
        pulse = Pulse()
        beating = asyncio.create_task(pulse.beat())
        try:
            run = room.submit(case.code)
            if case.interrupted:
                await room.cells[run].until(lambda cell: case.interrupted in cell.text)
                await room.executor.interrupt()
            result = await self._beside(lambda: run in room.observer.results, room.result(run))
            said = shown(room.cells[run])
            after = await asyncio.wait_for(self._result(room, dedent(case.after)), USABLE_SECONDS + SPARE_SECONDS)
            again = await self._result(room, "print(1 + 1)")
            if case.room in CLEARED and result.status is not RunStatus.DIED:
                await room.executor.restart()  # the next one shall not meet what this one left, or what runs on
        finally:
            beating.cancel()
        assert case.outputs is not None or matches(case.seen(self.name), said), f"{said[:300]} … {said[-600:]}"
        assert result.status is case.ends(self.name), (result, said[-600:])
        message = case.said(self.name)
        assert message is None or matches(message, result.message or ""), result
        if case.outputs is not None:
            assert room.cells[run].listed == case.outputs
        assert after[0].status is case.after_ends and matches(case.after_sees, after[1]), after
        assert again[0].status is RunStatus.OK, again
        assert pulse.longest < STANDSTILL_SECONDS, f"the event loop stood still for {pulse.longest:.2f} s"
        assert self.world.untouched()

    async def _beside(self, over: Callable[[], bool], work: Awaitable[ExecutionResult]) -> ExecutionResult:
        """The neighbour's code runs all the while, and once more afterwards."""
        waiting = asyncio.ensure_future(work)
        while True:
            done = over()
            result, said = await self._result(self._rooms["neighbour"], "print(1 + 1)")
            assert (result.status, said) == (RunStatus.OK, "2\n"), "the neighbour's run"
            if done:
                return await waiting
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(waiting), 0.2)

    async def _result(self, room: Room, source: str) -> tuple[ExecutionResult, str]:
        run = room.submit(source)
        result = await room.result(run)
        return result, shown(room.cells[run])

    async def _room(self, case: Case) -> Room:
        """The case's room, with the attacker's tools in its kernel."""
        room = self._rooms.get(case.room) or self._make(case.room, ROOMS.get(case.room, {}))
        await room.ready()
        deaths = len([event for event in room.observer.events() if event != "kernel_started"])
        if (case.room, deaths) not in self._armed:
            result, said = await self._result(room, f"{TOOLS}\nworld = json.loads({json.dumps(self._told())!r})")
            assert (result.status, said) == (RunStatus.OK, "")
            self._armed.add((case.room, deaths))
        return room

    def _make(self, name: str, limits: dict[str, float]) -> Room:
        checked = Limits.checked(**{**LIMITS, **limits})
        observer = Observer()
        executors = RoomExecutors(self._kernels, checked)
        room = Room(executors(name, "python", observer, _given), self._kernels, observer)
        self._rooms[name] = room
        return room

    async def open(self) -> None:
        """Start the neighbour, which has things that others might want."""
        room = self._make("neighbour", {})
        await room.ready()
        result, _ = await self._result(
            room,
            "import os\nfor place in (os.environ['HOME'], '/tmp', '/dev/shm'):\n"
            "    open(place + '/of the neighbour', 'w').write('x')",
        )
        assert result.status is RunStatus.OK

    async def close(self) -> None:
        """End all."""
        for room in self._rooms.values():
            await room.executor.shutdown()
        await self._kernels.shutdown_all(now=True)
        self._kernels.context.destroy(linger=0)

    def provisioner(self, room: str) -> Any:
        """Of a room's kernel."""
        executor = self._rooms[room].executor
        assert executor.kernel_id is not None
        kernel: Any = self._kernels.get_kernel(executor.kernel_id)
        return kernel.provisioner

    def _told(self) -> dict[str, Any]:
        provisioner = self.provisioner("neighbour")
        return {
            **self.world.told(),
            "neighbour": self._process(provisioner),
            "neighbour sockets": [str(provisioner.directory / "s" / f"k-{number}") for number in range(1, 6)],
            "left by the neighbour": [
                *(f"{place}/of the neighbour" for place in ("/home/interview", "/tmp", "/dev/shm")),
                str(provisioner.directory),
            ],
        }

    @staticmethod
    def _process(provisioner: Any) -> int:
        """The machine's number of a kernel; one that nobody has where the engine does not tell it."""
        target = getattr(provisioner, "target", None)
        return (target() if target is not None else None) or 2**22


async def _given() -> Mapping[str, bytes]:
    return {"given.txt": b"given"}


def shown(cell: Cell) -> str:
    """What somebody reads in the cell: streams, errors as ``Name: text``."""
    words = (
        output["text"] if output["output_type"] == "stream" else f"{output['ename']}: {output['evalue']}\n"
        for output in cell.listed
        if output["output_type"] in ("stream", "error")
    )
    return "".join(words)


def matches(expected: Seen, text: str) -> bool:
    """Whether the text is exactly that, or all of it fits the pattern."""
    return expected == text if isinstance(expected, str) else expected.fullmatch(text) is not None
