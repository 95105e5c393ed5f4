"""How does one run go, from the request to its end?

A `Run` waits for whatever comes first: the kernel's answer, its death, the time limit, an interrupt, a restart, or
output without end. It writes the cell's outputs; it tells nobody, that is the executor's business.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from ..core.limits import Limits
from ..core.models import ExecutionRequest, ExecutionResult, RunStatus
from ..core.ports import CellOutputs
from .kernel import Execution
from .lifecycle import RoomKernel
from .outputs import RunOutputs

_IDLE_SECONDS = 3.0
_BEGIN_SECONDS = 1.0
# When an interrupt is sent again, and when it is given up, as shares of the time that the limit allows for it. Whoever
# interrupts lets the code clean up; a run that the server stops has had its time.
_STAGES = (0.6, 0.85, 1.0)
_STAGES_SOON = (0.4, 0.6, 0.85)
_ANSWER_SECONDS = 0.5

_RESTARTED = "The kernel was restarted."
_FLOODED = "The run was stopped: it wrote far beyond the output limit."
_NO_REACTION = "The kernel did not react and was restarted."
_IGNORED = "The run did not react to the interrupt, so its kernel was ended. What it had defined is gone."

SHUT_DOWN = "The kernel was shut down."


@dataclass(frozen=True, slots=True)
class End:
    """How a run ended, as far as its kernel goes. ``kill``: the kernel is of no use any more and has to go."""

    status: RunStatus
    message: str | None = None
    kill: bool = False


class Run:
    """One run in a kernel; made when it is queued.

    Args:
        request: what to run.
        outputs: where its outputs go.
        kernel: the room's.
        limits: of which the run's time and output count.
    """

    def __init__(self, request: ExecutionRequest, outputs: CellOutputs, kernel: RoomKernel, limits: Limits) -> None:
        loop = asyncio.get_running_loop()
        self.request = request
        self._kernel = kernel
        self._limits = limits
        self._flooded: asyncio.Future[None] = loop.create_future()
        self._aborted: asyncio.Future[None] = loop.create_future()
        self._restart: asyncio.Future[None] = loop.create_future()
        self._ignored: asyncio.Future[None] = loop.create_future()
        self._sink = RunOutputs(outputs, limits, lambda: settle(self._flooded))
        self._execution: Execution | None = None
        self._insisting: asyncio.Task[None] | None = None
        self._interrupted = False
        self._begun = time.monotonic()

    def begin(self) -> None:
        """The cell shows that it runs."""
        self._begun = time.monotonic()
        self._sink.begin()

    async def go(self) -> End:
        """Send it to the kernel and wait for its end."""
        link = self._kernel.link
        if link is None:
            return End(RunStatus.DIED, self._kernel.last_words())
        self._execution = link.execute(self.request.source, self._sink.message)
        try:
            end = await self._outcome(self._execution)
            await self._sink.drain()
            return end
        finally:
            link.done()
            if self._insisting is not None:
                self._insisting.cancel()

    def close(self) -> None:
        """What its code may still write (a task, a thread, a process) is not wanted any more. Idempotent."""
        self._sink.close()
        if self._execution is not None:
            self._execution.closed = True

    def finish(self, end: End) -> ExecutionResult:
        """Write its outputs so far, with the reason of its end where there is one. More may come until `close`."""
        if end.status is not RunStatus.DIED:
            self._sink.note_lost()
        if end.message is not None:
            self._sink.note(end.message)
        count = None if self._execution is None else self._execution.count
        return ExecutionResult(
            status=end.status,
            execution_count=count,
            duration=round((time.monotonic() - self._begun) * 1_000_000),
            outputs_hash=self._sink.finish(count),
            message=end.message or self._sink.full,
        )

    def restart(self) -> None:
        """The kernel is to be restarted: end now."""
        settle(self._restart)

    async def interrupt(self) -> None:
        """Somebody wants it to end."""
        self._interrupted = True
        await self._signal(_STAGES)

    async def _outcome(self, execution: Execution) -> End:
        ends = (execution.reply, self._flooded, self._aborted, self._ignored)
        first = await self._first(self._limits.run_seconds, *ends)
        if first is None:
            limit = f"The run was stopped after the time limit of {self._limits.run_seconds:g} s."
            return await self._stop(execution, End(RunStatus.TIMEOUT, limit))
        if first is self._flooded:
            execution.muted = True
            return await self._stop(execution, End(RunStatus.INTERRUPTED, _FLOODED))
        if first is self._ignored:
            return End(RunStatus.INTERRUPTED, _IGNORED, kill=True)
        if first is not execution.reply:
            return self._cut(first)
        await self._first(_IDLE_SECONDS, execution.idle)
        if execution.reply.result().get("status") == "ok":
            return End(RunStatus.OK)
        if self._interrupted:
            return End(RunStatus.INTERRUPTED)
        met = self._sink.limit_met()
        if met is not None and self._sink.kernel_broke:
            return End(RunStatus.ERROR, f"{met} {_RESTARTED}", kill=True)
        return End(RunStatus.ERROR, met)

    async def _stop(self, execution: Execution, end: End) -> End:
        """Interrupt a run that has to end; one that does not react loses its kernel."""
        await self._signal(_STAGES_SOON)
        first = await self._first(self._limits.interrupt_seconds, execution.reply, self._aborted, self._ignored)
        if first is None or first is self._ignored:
            return End(end.status, f"{end.message} {_NO_REACTION}", kill=True)
        if first is execution.reply:
            await self._first(_IDLE_SECONDS, execution.idle)
            return end
        return end if first is self._aborted else self._cut(first)

    def _cut(self, first: asyncio.Future[Any]) -> End:
        if first is self._kernel.exit:
            return End(RunStatus.DIED, self._kernel.last_words())
        return End(RunStatus.INTERRUPTED, _RESTARTED if first is self._restart else None)

    async def _first(self, seconds: float, *futures: asyncio.Future[Any]) -> asyncio.Future[Any] | None:
        """The first that comes of ``futures``, the wish for a restart, the kernel's end; ``None`` after ``seconds``.

        Of those that come together it is the first in this order: a run that has ended was not stopped.
        """
        ended = () if self._kernel.exit is None else (self._kernel.exit,)
        watched = (*futures, self._restart, *ended)
        done, _ = await asyncio.wait(watched, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return next((future for future in watched if future in done), None)

    async def _signal(self, stages: tuple[float, ...]) -> None:
        """Interrupt the kernel, but not before it has begun: an idle kernel takes no notice."""
        execution = self._execution
        if execution is None:
            return
        asked = asyncio.get_running_loop().time()
        await self._first(_BEGIN_SECONDS, execution.began, execution.reply)
        if execution.reply.done():
            return
        if self._insisting is None:
            moments = [asked + share * self._limits.interrupt_seconds for share in stages]
            self._insisting = asyncio.create_task(self._insist(execution, moments))
        await self._kernel.interrupt()

    async def _insist(self, execution: Execution, moments: list[float]) -> None:
        """Interrupt again at each of the moments but the last, at which the kernel is given up.

        An interrupt between a kernel's own steps is lost, or ends the request without an answer; code can catch one;
        and a long call of C hears of none.
        """
        over: set[asyncio.Future[Any]] = {execution.reply, execution.idle}
        for moment in moments:
            left = moment - asyncio.get_running_loop().time()
            done, _pending = await asyncio.wait(over, timeout=max(0.0, left), return_when=asyncio.FIRST_COMPLETED)
            if done:
                break
            if moment == moments[-1]:
                settle(self._ignored)
            else:
                await self._kernel.interrupt()
        await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({execution.reply}, timeout=_ANSWER_SECONDS)
        if not execution.reply.done():
            settle(self._aborted)


def settle(future: asyncio.Future[None]) -> None:
    """Set a future that may be set already."""
    if not future.done():
        future.set_result(None)
