"""Fixtures of the execution's tests.

- `ji_room`: makes a room's executor on real sandboxed kernels, with an observer and cells that record
- `ji_house`: makes a pool of warm kernels, and rooms that claim them
- `Cell`, `Observer`, `Room`, `House`: those recorders
"""

from __future__ import annotations

import asyncio
import copy
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import JSON, ExecutionRequest, ExecutionResult, KernelState, RunStatus
from jupyter_interview.core.ports import ReadFiles
from jupyter_interview.execution import (
    Engine,
    InterviewKernelManager,
    KernelPool,
    RoomExecutor,
    RoomExecutors,
    kernels_dir,
)
from jupyter_interview.provisioners import DockerEngine, choose
from tests.fixtures.real import missing

IMAGE = "jupyter-interview/python:1"
SECONDS = 30.0
PATIENT = 20.0
SOON = 1.8


class Cell:
    """A cell's outputs as the document would have them, and a record of the calls that made them."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.listed: list[JSON] = []
        self.shows: dict[str, list[JSON]] = {}
        self.refuses: Callable[[int], str | None] = lambda size: None
        self.state = "idle"
        self.count: int | None = None
        self.changed = asyncio.Event()

    def _note(self, call: str) -> None:
        self.calls.append(call)
        self.changed.set()

    def begin(self) -> None:
        self.listed, self.count, self.state = [], None, "running"
        self._note("begin")

    def stream(self, name: str, text: str, removed: str = "") -> None:
        last = self.listed[-1] if self.listed else {}
        if last.get("name") == name:
            assert last["text"].endswith(removed)
            last["text"] = last["text"][: len(last["text"]) - len(removed)] + text
        else:
            self.listed.append({"output_type": "stream", "name": name, "text": text})
        self._note("stream")

    def display(self, output: JSON, display_id: str | None = None) -> None:
        self.listed.append(output)
        if display_id is not None:
            self.shows.setdefault(display_id, []).append(output)
        self._note("display")

    def update_display(self, display_id: str, data: JSON, metadata: JSON) -> None:
        for output in self.shows.get(display_id, []):
            output.update(data=data, metadata=metadata)
        self._note("update_display")

    def clear(self) -> None:
        self.listed = []
        self._note("clear")

    def finish(self, execution_count: int | None) -> None:
        self.count, self.state = execution_count, "idle"
        self._note("finish")

    def outputs(self) -> list[JSON]:
        return copy.deepcopy(self.listed)

    def shown(self, display_id: str) -> int:
        return len(self.shows.get(display_id, []))

    def refusal(self, size: int) -> str | None:
        return self.refuses(size)

    @property
    def text(self) -> str:
        """All streams' text."""
        return "".join(output.get("text", "") for output in self.listed)

    async def until(self, condition: Callable[[Cell], bool]) -> None:
        """Wait until the cell fulfils it."""
        async with asyncio.timeout(SECONDS):
            while not condition(self):
                self.changed.clear()
                await self.changed.wait()


@dataclass
class Observer:
    """Records what it is told, in one order."""

    told: list[tuple[Any, ...]] = field(default_factory=list)
    results: dict[str, ExecutionResult] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def _note(self, *what: Any) -> None:
        self.told.append(what)
        self.changed.set()

    def run_started(self, request: ExecutionRequest) -> None:
        self._note("started", request.id)

    def run_finished(self, request: ExecutionRequest, result: ExecutionResult) -> None:
        assert request.id not in self.results, "a run ends once"
        self.results[request.id] = result
        self._note("finished", request.id, result.status)

    def kernel_changed(self, state: KernelState, message: str | None = None) -> None:
        self._note("kernel", state, message)

    def kernel_event(self, kind: str, payload: JSON) -> None:
        self._note("event", kind, payload)

    async def until(self, condition: Callable[[Observer], bool]) -> None:
        """Wait until what it was told fulfils it."""
        try:
            async with asyncio.timeout(SECONDS):
                while not condition(self):
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise AssertionError(f"not within {SECONDS} s; told so far: {self.told}") from None

    def events(self) -> list[str]:
        """Kinds of the kernel's events, in order."""
        return [entry[1] for entry in self.told if entry[0] == "event"]

    def order(self) -> list[tuple[str, str]]:
        """(started | finished, run) in order."""
        return [(entry[0], entry[1]) for entry in self.told if entry[0] in ("started", "finished")]


@dataclass
class Room:
    """A room's executor with its recorders."""

    executor: RoomExecutor
    kernels: InterviewKernelManager
    observer: Observer
    cells: dict[str, Cell] = field(default_factory=dict)

    def submit(self, source: str, batch: str | None = None) -> str:
        """Queue code in a cell of its own; the id of the run, by which its cell is found too."""
        run = f"run{len(self.cells) + 1}"
        cell = self.cells[run] = Cell()
        self.executor.submit(ExecutionRequest(run, f"cell-{run}", source, 1, batch or run), cell)
        return run

    async def result(self, run: str) -> ExecutionResult:
        """Wait for a run's end."""
        await self.observer.until(lambda observer: run in observer.results)
        return self.observer.results[run]

    async def run(self, source: str) -> tuple[RunStatus, Cell]:
        """Run code to its end."""
        run = self.submit(source)
        result = await self.result(run)
        return result.status, self.cells[run]

    async def ready(self) -> None:
        """Wait until the kernel is idle."""
        self.executor.start()
        await self.observer.until(lambda _: self.executor.state is KernelState.IDLE)


MakeRoom = Callable[..., Room]


@pytest.fixture
async def ji_room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MakeRoom]:
    """``ji_room(run_seconds=1.0, engine=…)``: limits by name, and ``auto``'s sandbox by default.

    An interrupted run has time, so that how busy the machine is decides nothing.
    """
    made: list[Room] = []

    def make(engine: Engine | None = None, directory: str | None = None, **limits: float) -> Room:
        checked = Limits.checked(**{"interrupt_seconds": PATIENT, **limits})
        runtime = str(tmp_path_factory.mktemp("r"))
        chosen: Engine = choose("auto", checked, runtime) if engine is None else engine
        kernels = InterviewKernelManager(engine=chosen, kernels_dir=directory or kernels_dir(), connection_dir=runtime)
        observer = Observer()
        room = Room(RoomExecutors(kernels, checked)("room", "python", observer), kernels, observer)
        made.append(room)
        return room

    yield make
    for room in made:
        await room.executor.shutdown()
        await room.kernels.shutdown_all(now=True)
        room.kernels.context.destroy(linger=0)


@dataclass
class House:
    """A pool with the rooms that claim from it. ``starts`` are the ids of the kernels, in the order of their starts."""

    kernels: InterviewKernelManager
    pool: KernelPool
    limits: Limits
    rooms: list[Room] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)

    def room(self, language: str = "python", files: ReadFiles | None = None) -> Room:
        """A room of its own."""
        observer = Observer()
        executors = RoomExecutors(self.kernels, self.limits, self.pool)
        executor = executors(f"room{len(self.rooms)}", language, observer, files)
        room = Room(executor, self.kernels, observer)
        self.rooms.append(room)
        return room

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the pool fulfils it."""
        try:
            async with asyncio.timeout(SECONDS):
                while not condition():  # noqa: ASYNC110  # processes tell nobody
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(f"not within {SECONDS} s; warm: {self.pool.warm()}") from None

    async def warm(self, number: int = 1, language: str = "python") -> None:
        """Wait until so many kernels wait."""
        await self.until(lambda: self.pool.warm().get(language, 0) == number)

    def process(self, kernel_id: str) -> int:
        """Number of the kernel's process: the last of those whose mounts include the directory of its sockets."""
        provisioner: Any = self.kernels.get_kernel(kernel_id).provisioner
        sockets, found = f"/{provisioner.directory.name}/s ", []
        for path in Path("/proc").glob("[0-9]*/mountinfo"):
            with suppress(OSError):
                if sockets in path.read_text():
                    found.append(int(path.parent.name))
        return max(found)

    async def close(self) -> None:
        """End everything, and look whether anything is left."""
        for room in self.rooms:
            await room.executor.shutdown()
        await self.pool.close()
        assert len(self.kernels) == 0
        assert os.listdir(self.kernels.engine.runtime_dir) == []  # type: ignore[attr-defined]
        tasks = {task.get_name() for task in asyncio.all_tasks()} - {"Task-1"}
        assert not [name for name in tasks if name.startswith(("kernel-", "executor-"))]
        context = self.kernels.context
        closing = asyncio.ensure_future(asyncio.to_thread(context.term))
        await asyncio.wait({closing}, timeout=SECONDS)
        closed = closing.done()
        context.destroy(linger=0)
        assert closed, "a socket was left open"


MakeHouse = Callable[..., House]


@pytest.fixture
async def ji_house(tmp_path_factory: pytest.TempPathFactory, monkeypatch: Any) -> AsyncIterator[MakeHouse]:
    """``ji_house(sizes={"python": 2}, pool_idle_seconds=1.0)``: the pool is started unless ``start=False``.

    ``sandbox="docker"`` for kernels in Docker; both names of Python run on one image.
    """
    made: list[House] = []

    def make(
        sizes: dict[str, int] | None = None,
        directory: str | None = None,
        start: bool = True,
        sandbox: str = "bubblewrap",
        **limits: float,
    ) -> House:
        checked = Limits.checked(**{"interrupt_seconds": PATIENT, **limits})
        runtime = str(tmp_path_factory.mktemp("r"))
        connections = str(tmp_path_factory.mktemp("c"))
        engine = choose(sandbox, checked, runtime, images=dict.fromkeys(("python", "other"), IMAGE))
        if isinstance(engine, DockerEngine) and engine.known_problem("python") is not None:
            missing(f"Docker with its images ({engine.known_problem('python')})")
        kernels = InterviewKernelManager(
            engine=engine, kernels_dir=directory or kernels_dir(), connection_dir=connections
        )
        house = House(kernels, KernelPool(kernels, checked, sizes), checked)
        begin = kernels.start_kernel

        async def counted(**keywords: Any) -> str:
            house.starts.append(keywords["kernel_id"])
            return await begin(**keywords)

        monkeypatch.setattr(kernels, "start_kernel", counted)
        made.append(house)
        if start:
            house.pool.start()
        return house

    yield make
    for house in made:
        await house.close()


def kernel_process(room: Room) -> int:
    """The process id of a room's kernel, as this machine knows it."""
    assert room.executor.kernel_id is not None
    provisioner: Any = room.kernels.get_kernel(room.executor.kernel_id).provisioner
    pid: int = provisioner.target()
    return pid
