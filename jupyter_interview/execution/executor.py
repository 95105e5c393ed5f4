"""In which order does a room's code run, and what becomes of each run?

One worker per room takes one run after the other from a queue. It owns the room's kernel: starts it on first need,
learns at once when it dies, and starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from ..core.errors import InterviewError, KernelUnavailable, RateLimited
from ..core.limits import Limits
from ..core.models import JSON, ExecutionRequest, ExecutionResult, KernelState, RunStatus
from ..core.ports import CellOutputs, ReadFiles, RunObserver
from .answers import information, shaped
from .lifecycle import RoomKernel
from .outputs import outputs_hash
from .pool import KernelPool
from .run import SHUT_DOWN, End, Run, settle

_log = logging.getLogger(__name__)

_SLOW_SECONDS = 10.0
_SLOW = "The kernel takes long to start. The text can be edited meanwhile. It is given up after {seconds:g} s."
_AGAIN = "Run a cell or restart the kernel to try again."

#: So many cells whose run is over still get what its tasks, threads and processes write.
_LATE_CELLS = 50

_QUICK_DEATHS = 3
_QUICK_SECONDS = 10.0
_REASONS = {RunStatus.TIMEOUT: "time limit", RunStatus.ERROR: "a limit was met"}
_NO_OUTPUTS = outputs_hash([])


class RoomExecutor:
    """The `core.ports.Executor` of one room.

    Args:
        room: the room's id, for the log.
        language: name of the kernelspec.
        observer: who is told; what it raises is logged and goes no further.
        pool: where its kernels come from.
        limits: of which the run's and the queue's count.
        files: reads what its kernels find in ``~/data``; ``None`` where that is nothing.
    """

    def __init__(
        self,
        room: str,
        language: str,
        observer: RunObserver,
        pool: KernelPool,
        limits: Limits,
        files: ReadFiles | None = None,
    ) -> None:
        self._room = room
        self._language = language
        self._observer = observer
        self._limits = limits
        self._queue: deque[Run] = deque()
        self._current: Run | None = None
        self._over: dict[str, Run] = {}
        self._free = asyncio.Event()
        self._free.set()
        self._state = KernelState.ABSENT
        self._kernel = RoomKernel(language, pool, self, files)
        self._wanted = False
        self._wake = asyncio.Event()
        self._restarts: list[asyncio.Future[None]] = []
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

    @property
    def places(self) -> int:
        """How many more runs the queue takes."""
        return self._limits.run_queue - len(self._queue)

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
            raise KernelUnavailable(SHUT_DOWN)
        if self.places <= 0:
            raise RateLimited("Too many runs are waiting. Wait for some to finish.", retry_after=1)
        self._queue.append(Run(request, outputs, self._kernel, self._limits))
        self._poke()

    @property
    def information(self) -> JSON | None:
        """What the kernel said of itself when it had started, as pages are told; ``None`` while there is none."""
        link = self._kernel.link
        return None if link is None else information(link.information)

    async def ask(self, kind: str, content: JSON, member: int) -> JSON | None:
        """What the kernel answers to a member's question that runs nothing, as a page may see it.

        ``None`` where there is no kernel, it ended meanwhile or does not answer, or has enough to answer already.
        """
        link = self._kernel.link
        asked = None if link is None else link.ask(kind, content, member)
        answer = None if asked is None else await asyncio.shield(asked)
        return None if answer is None else shaped(kind, content, answer)

    async def interrupt(self) -> None:
        """Interrupt the running cell and skip what waits."""
        self._skip_all()
        if self._current is not None:
            await self._current.interrupt()

    async def restart(self) -> None:
        """Restart the kernel; the running cell ends as ``interrupted`` and what waits is skipped.

        Raises:
            KernelUnavailable: it could not be started again.
        """
        if self._closed:
            raise KernelUnavailable(SHUT_DOWN)
        self._skip_all()
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._restarts.append(done)
        if self._current is not None:
            self._current.restart()
        self._poke()
        await done

    async def pause(self) -> None:
        """Stop what runs, skip what waits; returns when nothing runs. The kernel stays."""
        await self.interrupt()
        await self._free.wait()

    def follow(self, observer: RunObserver) -> None:
        """From now on ``observer`` is told, and no longer the one before."""
        self._observer = observer

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
        self._settle_restarts(KernelUnavailable(SHUT_DOWN))
        self._forget(*self._over)
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
            with self._patience():
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
        self._forget(*self._over)
        self._change(KernelState.STARTING)
        if reason != "asked":
            self._kernel.announce("restart")
        try:
            with self._patience():
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

    @contextmanager
    def _patience(self) -> Iterator[None]:
        """Say so when a start takes long."""
        text = _SLOW.format(seconds=self._limits.kernel_start_seconds)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(_SLOW_SECONDS, lambda: self._change(KernelState.STARTING, text))
        try:
            yield
        finally:
            timer.cancel()

    def _failed(self, error: KernelUnavailable) -> None:
        cause = error.__cause__
        known = cause is None or isinstance(cause, InterviewError)
        _log.warning("room %s: %s", self._room, error.message, exc_info=None if known else cause)
        message = error.message if "try again" in error.message else f"{error.message} {_AGAIN}"
        self._fail_all(KernelState.DEAD, message)
        self._settle_restarts(KernelUnavailable(message))

    # One run

    async def _run(self, run: Run) -> None:
        self._current = run
        self._forget(run.request.cell)
        self._free.clear()
        self._kernel.used()
        run.begin()
        self._tell(lambda: self._observer.run_started(run.request))
        self._change(KernelState.BUSY)
        end = End(RunStatus.INTERRUPTED, SHUT_DOWN)
        try:
            end = await run.go()
        finally:
            self._current = None
            try:
                self._finish(run, end)
            finally:
                self._free.set()
        if end.kill:
            await self._kernel.kill()
            await self._restart(_REASONS.get(end.status, "did not react"))
        elif end.status is RunStatus.DIED:
            await self._died(end.message or "The kernel died.")
        elif self._state is KernelState.BUSY:
            self._deaths.clear()
            self._change(KernelState.IDLE)

    def _finish(self, run: Run, end: End) -> None:
        result = run.finish(end)
        self._tell(lambda: self._observer.run_finished(run.request, result))
        self._over[run.request.cell] = run
        if len(self._over) > _LATE_CELLS:
            self._forget(next(iter(self._over)))
        if end.status is not RunStatus.OK:
            self._skip(lambda other: other.request.batch == run.request.batch)

    def _forget(self, *cells: str) -> None:
        """What the last runs of these cells may still write is not wanted any more."""
        for cell in cells:
            run = self._over.pop(cell, None)
            if run is not None:
                run.close()

    # What is told

    def _skip_all(self) -> None:
        self._skip(lambda _: True)

    def _skip(self, which: Callable[[Run], bool]) -> None:
        skipped = [run for run in self._queue if which(run)]
        self._queue = deque(run for run in self._queue if not which(run))
        result = ExecutionResult(RunStatus.SKIPPED, None, 0, _NO_OUTPUTS)
        for run in skipped:
            self._tell(partial(self._observer.run_finished, run.request, result))

    def _fail_all(self, state: KernelState, message: str) -> None:
        """There is no kernel: every run that waits ends with the reason, in its cell too."""
        self._change(state, message)
        runs, self._queue = list(self._queue), deque()
        for run in runs:
            self._forget(run.request.cell)
            run.begin()
            self._finish(run, End(RunStatus.DIED, message))

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
                settle(done)
            elif not done.done():
                done.set_exception(error)
