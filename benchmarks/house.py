"""Which rooms do the kernel benchmarks use? Real executors and pools in this process, without documents and sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import ExecutionRequest, ExecutionResult, KernelState, RunStatus
from jupyter_interview.execution import InterviewKernelManager, KernelPool, RoomExecutor, RoomExecutors
from jupyter_interview.provisioners import choose

from .common import JSON, BenchmarkError

KERNELS = Path(__file__).parent.parent / "kernels"
_SECONDS = 90.0


class Nowhere:
    """A cell whose outputs are only counted. ``first`` is when the first came."""

    def __init__(self) -> None:
        self.first: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def begin(self) -> None:
        """Nothing to do."""

    def stream(self, name: str, text: str, removed: str = "") -> None:
        """Note when it came."""
        if not self.first.done():
            self.first.set_result(time.perf_counter())

    def display(self, output: JSON, display_id: str | None = None) -> None:
        """As a stream."""
        self.stream("", "")

    def update_display(self, display_id: str, data: JSON, metadata: JSON) -> None:
        """Nothing to do."""

    def clear(self) -> None:
        """Nothing to do."""

    def finish(self, execution_count: int | None) -> None:
        """Nothing to do."""

    def outputs(self) -> list[JSON]:
        """There are none."""
        return []

    def shown(self, display_id: str) -> int:
        """Nothing is."""
        return 0

    def refusal(self, size: int) -> str | None:
        """Nothing is logged."""
        return None


@dataclass
class Room:
    """A room's executor, and what it told: the last state, and how runs ended."""

    executor: RoomExecutor = field(init=False)
    state: KernelState = KernelState.ABSENT
    message: str | None = None
    ended: dict[str, RunStatus] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def run_started(self, request: ExecutionRequest) -> None:
        """Nothing to do."""

    def run_finished(self, request: ExecutionRequest, result: ExecutionResult) -> None:
        """A run is over."""
        self.ended[request.id] = result.status
        self.changed.set()

    def kernel_changed(self, state: KernelState, message: str | None = None) -> None:
        """The kernel's state changed."""
        self.state, self.message = state, message
        self.changed.set()

    def kernel_event(self, kind: str, payload: JSON) -> None:
        """Nothing to do."""

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it is true.

        Raises:
            BenchmarkError: it did not come to that.
        """
        try:
            async with asyncio.timeout(_SECONDS):
                while not condition():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise BenchmarkError(f"the room hangs: {self.state.value} {self.message or ''}") from None

    async def ready(self) -> float:
        """Seconds from asking for the kernel until code can run."""
        begun = time.perf_counter()
        self.executor.start()
        await self.until(lambda: self.state in (KernelState.IDLE, KernelState.DEAD, KernelState.UNAVAILABLE))
        if self.state is not KernelState.IDLE:
            raise BenchmarkError(self.message or "no kernel")
        return time.perf_counter() - begun

    def submit(self, source: str) -> tuple[str, Nowhere]:
        """Queue code; its id, and its cell."""
        run, cell = secrets.token_hex(4), Nowhere()
        self.executor.submit(ExecutionRequest(run, "cell", source, 1, run), cell)
        return run, cell

    async def run(self, source: str) -> float:
        """Seconds from asking for a run to its end."""
        begun = time.perf_counter()
        run, _ = self.submit(source)
        await self.until(lambda: run in self.ended)
        return time.perf_counter() - begun


class House:
    """Kernels, a pool, and rooms on them."""

    def __init__(self, kernels: InterviewKernelManager, pool: KernelPool, limits: Limits) -> None:
        self.kernels = kernels
        self.pool = pool
        self._executors = RoomExecutors(kernels, limits, pool)

    def room(self, language: str = "python") -> Room:
        """A room without a kernel."""
        room = Room()
        room.executor = self._executors("room", language, room)
        return room

    async def warm(self, number: int, language: str = "python") -> float:
        """Seconds until so many kernels wait in the pool."""
        begun = time.perf_counter()
        while self.pool.warm().get(language, 0) < number:
            if time.perf_counter() - begun > _SECONDS:
                raise BenchmarkError("the pool does not fill")
            await asyncio.sleep(0.005)
        return time.perf_counter() - begun

    def process(self, kernel_id: str) -> int:
        """Number of a kernel's own process."""
        return max(self._inside(kernel_id), key=lambda pid: proportional([pid]))

    def sandbox(self, kernel_id: str) -> list[int]:
        """Numbers of all of a kernel's processes, and of the one outside that holds its sandbox."""
        inside = self._inside(kernel_id)
        return [*inside, *{_parent(pid) for pid in inside} - {*inside, os.getpid()}]

    def _inside(self, kernel_id: str) -> list[int]:
        """Those whose mounts include the directory of its sockets."""
        provisioner: Any = self.kernels.get_kernel(kernel_id).provisioner
        sockets = f"/{provisioner.directory.name}/s "
        found = []
        for path in Path("/proc").glob("[0-9]*/mountinfo"):
            with contextlib.suppress(OSError):
                if sockets in path.read_text():
                    found.append(int(path.parent.name))
        if not found:
            raise BenchmarkError("a kernel's processes cannot be found")
        return found


@contextlib.asynccontextmanager
async def house(sandbox: str, folder: Path, size: int = 1) -> AsyncIterator[House]:
    """Rooms on an engine, with a pool of ``size`` Python kernels that is not started yet.

    Raises:
        BenchmarkError: the engine does not work here.
    """
    limits = Limits()
    engine = choose(sandbox, limits, images=_images())
    if engine.problem:
        raise BenchmarkError(engine.problem)
    kernels = InterviewKernelManager(engine=engine, kernels_dir=str(KERNELS), connection_dir=str(folder))
    made = House(kernels, KernelPool(kernels, limits, {"python": size}), limits)
    try:
        yield made
    finally:
        await made.pool.close()
        await kernels.shutdown_all(now=True)


def _images() -> dict[str, str]:
    """The Docker images that the kernelspecs name, by language."""
    specs = {path.parent.name: json.loads(path.read_text()) for path in KERNELS.glob("*/kernel.json")}
    return {name: spec["metadata"]["interview"]["image"] for name, spec in specs.items()}


def processor_seconds(pid: int) -> float:
    """Processor time that a process has used, all its threads and those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def proportional(pids: list[int]) -> int:
    """Bytes of memory of these processes, where what several share counts in parts (PSS)."""
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) * 1024
    return total
