"""In which order does a room's code run, and what becomes of each run?

One worker per room takes one run after the other from a queue. It owns the room's kernel: starts it on first need,
learns at once when it dies, and starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ..core.errors import InterviewError, KernelUnavailable, RateLimited
from ..core.limits import Limits
from ..core.models import ExecutionRequest, ExecutionResult, KernelState, RunStatus
from ..core.ports import CellOutputs, RunObserver
from .kernel import Execution
from .lifecycle import RoomKernel
from .manager import InterviewKernelManager
from .outputs import RunOutputs, outputs_hash

_log = logging.getLogger(__name__)

_IDLE_SECONDS = 1.0
_INTERRUPT_SECONDS = 2.0
_BEGIN_SECONDS = 1.0
_INSIST_SECONDS = 0.7
_INSIST_TIMES = 2
_ANSWER_SECONDS = 0.5
_QUICK_DEATHS = 3
_QUICK_SECONDS = 10.0
_NO_OUTPUTS = outputs_hash([])

_RESTARTED = "The kernel was restarted."
_FLOODED = "The run was stopped: it wrote far beyond the output limit."
_SHUT_DOWN = "The kernel was shut down."


@dataclass(slots=True)
class _Job:
    request: ExecutionRequest
    outputs: CellOutputs
    interrupted: bool = False
    aborted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@dataclass(frozen=True, slots=True)
class _End:
    """How a run ended, as far as its kernel goes. ``kill``: the kernel does not react and has to go."""

    status: RunStatus
    message: str | None = None
    count: int | None = None
    kill: bool = False


class RoomExecutor:
    """The `core.ports.Executor` of one room.

    Args:
        room: the room's id, for the log.
        language: name of the kernelspec.
        observer: who is told; what it raises is logged and goes no further.
        kernels: who holds the kernels.
        limits: of which the run's and the queue's count.
    """

    def __init__(
        self, room: str, language: str, observer: RunObserver, kernels: InterviewKernelManager, limits: Limits
    ) -> None:
        self._room = room
        self._language = language
        self._observer = observer
        self._limits = limits
        self._queue: deque[_Job] = deque()
        self._current: _Job | None = None
        self._execution: Execution | None = None
        self._insisting: asyncio.Task[None] | None = None
        self._state = KernelState.ABSENT
        self._kernel = RoomKernel(language, kernels, limits.kernel_start_seconds, self)
        self._wanted = False
        self._wake = asyncio.Event()
        self._restarts: list[asyncio.Future[None]] = []
        self._restart_asked: asyncio.Future[None] | None = None
        self._deaths: deque[float] = deque(maxlen=_QUICK_DEATHS)
        self._worker: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def kernel_id(self) -> str | None:
        """The kernel's id while there is one."""
        return self._kernel.id

    @property
    def state(self) -> KernelState:
        """What the kernel does now."""
        return self._state

    def start(self) -> None:
        """Begin to start the kernel, without waiting for it."""
        if self._closed:
            return
        self._wanted = True
        self._poke()

    def submit(self, request: ExecutionRequest, outputs: CellOutputs) -> None:
        """Put a run at the end of the queue.

        Raises:
            RateLimited: the queue is full.
            KernelUnavailable: the executor was shut down.
        """
        if self._closed:
            raise KernelUnavailable(_SHUT_DOWN)
        if len(self._queue) >= self._limits.run_queue:
            raise RateLimited("Too many runs are waiting. Wait for some to finish.", retry_after=1)
        self._queue.append(_Job(request, outputs))
        self._poke()

    async def interrupt(self) -> None:
        """Interrupt the running cell and skip what waits."""
        self._skip_all()
        if self._current is not None:
            self._current.interrupted = True
            await self._interrupt()

    async def restart(self) -> None:
        """Restart the kernel; the running cell ends as ``interrupted`` and what waits is skipped.

        Raises:
            KernelUnavailable: it could not be started again.
        """
        if self._closed:
            raise KernelUnavailable(_SHUT_DOWN)
        self._skip_all()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._restarts.append(done)
        if self._restart_asked is not None:
            _settle(self._restart_asked)
        self._poke()
        await done

    async def shutdown(self) -> None:
        """End the queue and the kernel. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._worker is not None:
            self._worker.cancel()
            with suppress(asyncio.CancelledError):
                await self._worker
        self._skip_all()
        self._settle_restarts(KernelUnavailable(_SHUT_DOWN))
        await self._kernel.discard()
        self._change(KernelState.ABSENT)

    # The worker

    def _poke(self) -> None:
        self._wake.set()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name=f"executor-{self._room}")

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            if self._restarts:
                await self._restart("asked")
            elif self._kernel.ended:
                await self._died(self._kernel.last_words())
            elif self._kernel.link is None and (self._queue or self._wanted):
                await self._start()
            elif self._queue:
                await self._run(self._queue.popleft())
            else:
                await self._rest()

    async def _rest(self) -> None:
        """Sleep until there is something to do, or the kernel ends."""
        woken = asyncio.create_task(self._wake.wait())
        waiting: set[asyncio.Future[Any]] = {woken}
        if self._kernel.exit is not None:
            waiting.add(self._kernel.exit)
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()

    # The kernel

    async def _start(self) -> None:
        self._wanted = False
        if self._kernel.problem is not None:
            self._fail_all(KernelState.UNAVAILABLE, self._kernel.problem)
            self._settle_restarts(KernelUnavailable(self._kernel.problem))
            return
        self._change(KernelState.STARTING)
        try:
            await self._kernel.start()
        except KernelUnavailable as error:
            self._failed(error)
            return
        self._event("kernel_started", {"kernel": self._kernel.id, "language": self._language})
        self._change(KernelState.IDLE)
        self._settle_restarts(None)

    async def _restart(self, reason: str) -> None:
        """Restart, or start where there is none; failure is told to the observer and to those who asked."""
        if not self._kernel.exists:
            await self._start()
            return
        self._change(KernelState.STARTING)
        if reason != "asked":
            self._kernel.announce("restart")
        try:
            await self._kernel.restart()
        except KernelUnavailable as error:
            self._failed(error)
            return
        self._event("kernel_restarted", {"kernel": self._kernel.id, "reason": reason})
        self._change(KernelState.IDLE)
        self._settle_restarts(None)

    async def _died(self, message: str) -> None:
        """The process ended by itself: say so, then start it again unless it does nothing but die."""
        self._event("kernel_died", {"kernel": self._kernel.id, "message": message})
        self._change(KernelState.DEAD, message)
        now = time.monotonic()
        self._deaths.append(now)
        if len(self._deaths) == _QUICK_DEATHS and now - self._deaths[0] < _QUICK_SECONDS:
            self._deaths.clear()
            self._kernel.announce("dead")
            await self._kernel.discard()
            self._wanted = False
            self._change(KernelState.DEAD, "The kernel dies again and again. The next run starts a new one.")
            return
        await self._restart("died")

    def _failed(self, error: KernelUnavailable) -> None:
        _log.warning("room %s: %s", self._room, error.message)
        self._fail_all(KernelState.DEAD, error.message)
        self._settle_restarts(error)

    # One run

    async def _run(self, job: _Job) -> None:
        link = self._kernel.link
        if link is None:
            raise RuntimeError("a run needs a kernel")
        loop = asyncio.get_running_loop()
        self._current, self._restart_asked = job, loop.create_future()
        flooded: asyncio.Future[None] = loop.create_future()
        begun = time.monotonic()
        sink = RunOutputs(job.outputs, self._limits, lambda: _settle(flooded))
        sink.begin()
        self._tell(lambda: self._observer.run_started(job.request))
        self._change(KernelState.BUSY)
        self._execution = link.execute(job.request.source, sink.message)
        end = _End(RunStatus.INTERRUPTED, _SHUT_DOWN)
        try:
            end = await self._outcome(job, self._execution, flooded)
        finally:
            end = replace(end, count=self._execution.count)
            self._current = self._execution = self._restart_asked = None
            link.done()
            if self._insisting is not None:
                self._insisting.cancel()
                self._insisting = None
            self._finish(job, sink, end, begun)
        await self._after(end)

    async def _after(self, end: _End) -> None:
        if end.kill:
            await self._kernel.kill()
            await self._restart("time limit" if end.status is RunStatus.TIMEOUT else "did not react")
        elif end.status is RunStatus.DIED:
            await self._died(end.message or "The kernel died.")
        elif self._state is KernelState.BUSY:
            self._deaths.clear()
            self._change(KernelState.IDLE)

    def _finish(self, job: _Job, sink: RunOutputs, end: _End, begun: float) -> None:
        if end.message is not None:
            sink.note(end.message)
        result = ExecutionResult(
            status=end.status,
            execution_count=end.count,
            duration=round((time.monotonic() - begun) * 1_000_000),
            outputs_hash=sink.finish(end.count),
            message=end.message or sink.full,
        )
        self._tell(lambda: self._observer.run_finished(job.request, result))
        if end.status is not RunStatus.OK:
            self._skip(lambda other: other.request.batch == job.request.batch)

    async def _outcome(self, job: _Job, execution: Execution, flooded: asyncio.Future[None]) -> _End:
        first = await self._first({execution.reply, flooded, job.aborted}, self._limits.run_seconds)
        if first is flooded:
            execution.muted = True
            return await self._stopped(job, execution, _End(RunStatus.INTERRUPTED, _FLOODED))
        if first is None:
            limit = f"The run was stopped after the time limit of {self._limits.run_seconds:g} s."
            return await self._stopped(job, execution, _End(RunStatus.TIMEOUT, limit))
        if first is job.aborted:
            return _End(RunStatus.INTERRUPTED)
        if first is execution.reply:
            await self._first({execution.idle}, _IDLE_SECONDS)
            if execution.reply.result().get("status") == "ok":
                return _End(RunStatus.OK)
            return _End(RunStatus.INTERRUPTED if job.interrupted else RunStatus.ERROR)
        return self._broken(first)

    async def _stopped(self, job: _Job, execution: Execution, end: _End) -> _End:
        """Interrupt a run that has to end; one that does not react loses its kernel."""
        await self._interrupt()
        first = await self._first({execution.reply, job.aborted}, _INTERRUPT_SECONDS)
        if first is execution.reply:
            await self._first({execution.idle}, _IDLE_SECONDS)
            return end
        if first is job.aborted:
            return end
        if first is None:
            return _End(end.status, f"{end.message} The kernel did not react and was restarted.", kill=True)
        return self._broken(first)

    def _broken(self, first: asyncio.Future[Any]) -> _End:
        if first is self._kernel.exit:
            return _End(RunStatus.DIED, self._kernel.last_words())
        return _End(RunStatus.INTERRUPTED, _RESTARTED)

    async def _first(self, futures: set[asyncio.Future[Any]], seconds: float) -> asyncio.Future[Any] | None:
        """The first that comes of ``futures``, the kernel's end, the wish for a restart; ``None`` after ``seconds``."""
        watched = set(futures)
        watched.update(future for future in (self._kernel.exit, self._restart_asked) if future is not None)
        done, _ = await asyncio.wait(watched, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return next((future for future in done if future in futures), next(iter(done), None))

    async def _interrupt(self) -> None:
        """Signal the kernel, but not before it has begun: an idle kernel takes no notice of an interrupt."""
        job, execution = self._current, self._execution
        if job is None or execution is None:
            return
        await self._first({execution.began, execution.reply}, _BEGIN_SECONDS)
        if execution is self._execution and not execution.reply.done():
            await self._kernel.interrupt()
            if self._insisting is None:
                self._insisting = asyncio.create_task(self._insist(job, execution))

    async def _insist(self, job: _Job, execution: Execution) -> None:
        """An interrupt between ipykernel's own steps is lost, or ends the request without an answer: see to both."""
        over = {execution.reply, execution.idle}
        for _ in range(_INSIST_TIMES):
            done, _pending = await asyncio.wait(over, timeout=_INSIST_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if done:
                break
            await self._kernel.interrupt()
        await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({execution.reply}, timeout=_ANSWER_SECONDS)
        if not execution.reply.done():
            _settle(job.aborted)

    # What is told

    def _skip_all(self) -> None:
        self._skip(lambda _: True)

    def _skip(self, which: Callable[[_Job], bool]) -> None:
        skipped = [job for job in self._queue if which(job)]
        self._queue = deque(job for job in self._queue if not which(job))
        result = ExecutionResult(RunStatus.SKIPPED, None, 0, _NO_OUTPUTS)
        for job in skipped:
            self._tell(lambda job=job: self._observer.run_finished(job.request, result))  # type: ignore[misc]

    def _fail_all(self, state: KernelState, message: str) -> None:
        """There is no kernel: every run that waits ends with the reason, in its cell too."""
        self._change(state, message)
        jobs, self._queue = list(self._queue), deque()
        for job in jobs:
            sink = RunOutputs(job.outputs, self._limits, lambda: None)
            sink.begin()
            self._finish(job, sink, _End(RunStatus.DIED, message), time.monotonic())

    def _change(self, state: KernelState, message: str | None = None) -> None:
        self._state = state
        self._kernel.note_state(state)
        self._tell(lambda: self._observer.kernel_changed(state, message))

    def _event(self, kind: str, payload: dict[str, Any]) -> None:
        self._tell(lambda: self._observer.kernel_event(kind, payload))

    def _tell(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Exception:  # a run must go on whatever the observer meets
            _log.exception("room %s: the observer of runs failed", self._room)

    def _settle_restarts(self, error: InterviewError | None) -> None:
        restarts, self._restarts = self._restarts, []
        for done in restarts:
            if error is None:
                _settle(done)
            elif not done.done():
                done.set_exception(error)


def _settle(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
