"""What was run, by whom, and how did it end?

A run names a cell; its source is taken from the document. `Runs` is the use case and the log; `core.ports.Executor` is
the kernel with its queue.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..core.errors import BadRequest, InterviewError, KernelUnavailable, NotFound, RateLimited, SourceChanged, TooLarge
from ..core.models import (
    JSON,
    Event,
    EventKind,
    ExecutionRequest,
    ExecutionResult,
    KernelState,
    Member,
    RunStatus,
)
from ..core.permissions import Permission
from ..core.ports import CellOutputs, Executor
from ..core.quantities import as_count, as_size
from .kept import Kept
from .kernelevents import KernelEvents
from .runlog import HISTORY, Run, prune

if TYPE_CHECKING:
    from .live import LiveRoom

_CATCH_UP_SECONDS = 3.0
# Requests of one member that are looked at, or wait for a source, at a time.
_PREPARED = 16
# What the log says of a run besides its source and outputs.
_RUN_BYTES = 2_000
_NOT_RUN = "The server stopped before this run began: it was not run. Run the cell again."
_CUT_OFF = (
    "The server was restarted during this run. The kernel is a new one, without the variables: run the cells again."
)
_NOT_STORED = "The server could not store what happened during this run."
_ENDED = "The kernel was ended with an interview that goes on, because its end could not be stored."


class Runs:
    """The runs of one open room; the Protocol `core.ports.RunObserver`.

    Args:
        live: the room.
        history: its last runs by id, in order.
    """

    def __init__(self, live: LiveRoom, history: dict[str, Run] | None = None) -> None:
        self._live = live
        self._runs = {} if history is None else history
        self._repeated: dict[str, asyncio.Future[ExecutionResult]] = {}
        self._prepared: Counter[int] = Counter()
        self.executor: Executor | None = None
        self.kernel_state = KernelState.ABSENT
        self.kernel_message: str | None = None
        self._ended: JSON | None = None
        self._kernel_events = KernelEvents(live)
        self._interrupted = _CUT_OFF

    @property
    def active(self) -> bool:
        """Whether a run waits or is in progress."""
        return any(not run.over for run in self._runs.values())

    def order(self) -> list[str]:
        """Cells that were run, in the order of their last runs."""
        return list(dict.fromkeys(run.cell for run in reversed(self._runs.values())))[::-1]

    def recent(self) -> list[JSON]:
        """The last runs, oldest first."""
        return [self._json(run) for run in list(self._runs.values())[-HISTORY:]]

    def settle(self) -> None:
        """The server started anew: what was running then will not go on."""
        told = set()
        for run in [run for run in self._runs.values() if not run.over]:
            begun = run.started_at is not None
            since = max(0, self._live.log.at - run.started_at) if run.started_at is not None else 0
            message = self._interrupted if begun else _NOT_RUN
            if run.cell not in told:
                # In the cell as well: whoever waits for it looks there. What stood in it stays.
                told.add(run.cell)
                # It may have been in the midst of a line.
                line = f"\n{message}\n" if begun else f"{message}\n"
                self._live.document.outputs_of(run.cell, run.id, run.member).stream("stderr", line)
            request = ExecutionRequest(run.id, run.cell, run.source, run.member, "")
            status = RunStatus.DIED if begun else RunStatus.SKIPPED
            self.run_finished(request, ExecutionResult(status, None, since, "", message))

    async def request(
        self, member: Member, connection: int, cells: Sequence[tuple[str | None, str | None]]
    ) -> list[JSON]:
        """Queue cells, in order, as one batch.

        Args:
            member: who asks.
            connection: by which socket; 0 for REST.
            cells: pairs of the cell's id (``None``: the first code cell) and the SHA-256 of the source that the client
                saw, or ``None`` where it did not say.

        Returns:
            The runs, queued, once the log has that: whatever becomes of the server, it will tell what became of them.

        Raises:
            Forbidden: the member may not run.
            NotFound: no such code cell.
            SourceChanged: the document did not become what the client saw.
            TooLarge: these are more cells than the queue has places, a source is too long, or the log takes no more
                sources or outputs.
            RateLimited: the queue has no place for all of them, too many requests of the member's wait for their
                sources, or the member added too much to the log in a minute.
            KernelUnavailable: there is no sandbox to run it in.
            StorageUnavailable: the log could not take them.
        """
        if not cells:
            raise BadRequest("Name at least one cell to run.")
        self._live.require(member.id, Permission.RUN, connection, "run_code")
        executor, document = self._executor(), self._live.document
        self._check_places(executor, len(cells))
        with self._preparing(member):
            await document.turn(member.key)
            sources = await self._sources(member, cells)
        # It may have been another world before the wait.
        self._live.require(member.id, Permission.RUN, connection, "run_code")
        self._check_places(executor, len(cells))
        batch = secrets.token_hex(8)
        requests = [ExecutionRequest(secrets.token_hex(8), *each, member.key, batch) for each in sources]
        with document.spending(member.key):
            self._check_budget(member, requests)
        if executor.state is KernelState.UNAVAILABLE:
            executor.start()
            raise KernelUnavailable(self.kernel_message or "No kernel can be started.")
        accepted = []
        for request in requests:
            accepted.append(self._queued(request, connection))
            try:
                executor.submit(request, document.outputs_of(request.cell, request.id, request.member))
            except InterviewError as error:
                self.run_finished(request, ExecutionResult(RunStatus.SKIPPED, None, 0, "", error.message))
                raise
        told = [self._json(run) for run in accepted]
        await self._live.log.barrier()
        return told

    async def repeat(self, request: ExecutionRequest, outputs: CellOutputs) -> ExecutionResult:
        """Run again what was run elsewhere, in nobody's name; how it ended. It is logged like every run.

        Args:
            request: what to run.
            outputs: where its outputs go.

        Raises:
            RateLimited: the queue is full.
            KernelUnavailable: there is no sandbox to run it in.
        """
        executor = self._executor()
        if executor.state is KernelState.UNAVAILABLE:
            raise KernelUnavailable(self.kernel_message or "No kernel can be started.")
        run = Run(request.id, request.cell, request.source, self._live.room.language, request.member, RunStatus.QUEUED)
        self._runs[request.id] = run
        future: asyncio.Future[ExecutionResult] = asyncio.get_running_loop().create_future()
        self._repeated[request.id] = future
        try:
            executor.submit(request, outputs)
            return await future
        finally:
            del self._repeated[request.id]

    async def interrupt(self, member: Member, connection: int = 0) -> None:
        """Interrupt the running cell; what waits is skipped.

        Raises:
            Forbidden: the member may not run.
        """
        self._live.require(member.id, Permission.RUN, connection, "interrupt")
        self._live.log.append(EventKind.INTERRUPT, member=member.key, connection=connection)
        if self.executor is not None:
            await self.executor.interrupt()

    async def restart(self, member: Member, connection: int = 0) -> None:
        """Restart the kernel.

        Raises:
            Forbidden: the member may not run.
        """
        self._live.require(member.id, Permission.RUN, connection, "restart")
        with self._kernel_events.asked_by(member, connection):
            await self._executor().restart()

    def start_kernel(self) -> None:
        """Begin to start the kernel, so that it is ready when the first run comes."""
        self._executor().start()

    def kernel_json(self) -> JSON:
        """The kernel as a room's JSON shows it."""
        kernel_id = self.executor.kernel_id if self.executor is not None else None
        told = {"state": self.kernel_state.value, "message": self.kernel_message}
        return {"id": kernel_id, **told, "restarted": self._kernel_events.restarted}

    @property
    def information(self) -> JSON | None:
        """What the kernel said of itself; ``None`` while there is none."""
        return None if self.executor is None else self.executor.information

    async def ask(self, member: Member, kind: str, content: JSON) -> JSON | None:
        """What the kernel answers to a question of a page's, which runs nothing; ``None``: there is no answer now."""
        return None if self.executor is None else await self.executor.ask(kind, content, member.key)

    def adopt(self, kept: Kept) -> None:
        """Go on with the kernel that the room had before its log failed, and log what became of it since."""
        self._interrupted = _NOT_STORED
        for kind, payload in kept.missed:
            self.kernel_event(kind, payload)
        if kept.executor is not None:
            self.executor = kept.executor
            self.executor.follow(self)
            self.kernel_state = self.executor.state

    async def detach(self) -> Kept:
        """The log failed: nothing runs any more, and the kernel with what it knows is the caller's."""
        self._forget_repeated()
        if self.executor is None:
            return Kept(None, self._kernel_events.missed)
        if self._ended is not None:
            return Kept(None, [*self._kernel_events.missed, ("kernel_died", self._ended)])
        await self.executor.pause()
        return Kept(self.executor, self._kernel_events.missed)

    async def close(self) -> None:
        """End the kernel."""
        if self.executor is not None:
            if self.executor.kernel_id is not None:
                self._ended = {"kernel": self.executor.kernel_id, "message": _ENDED}
            await self.executor.shutdown()
        self._forget_repeated()

    def _forget_repeated(self) -> None:
        for future in self._repeated.values():
            if not future.done():
                future.set_exception(KernelUnavailable("The room was closed."))

    # -- RunObserver

    def run_started(self, request: ExecutionRequest) -> None:
        """The kernel begins with it now."""
        language = self._live.room.language
        run = self._runs.setdefault(
            request.id, Run(request.id, request.cell, request.source, language, request.member, RunStatus.QUEUED)
        )
        run.status = RunStatus.RUNNING
        payload = {"run": run.id, "cell": run.cell, "source": run.source, "language": language}
        event = self._live.log.append(
            EventKind.RUN_STARTED,
            member=run.member,
            payload=payload,
            durable=lambda event: self._publish("run_started", event, told),
        )
        run.started_at, run.seq = event.at, event.seq
        # As it is now: with a slow database it may be over by the time that its beginning is stored.
        told = self._json(run)

    def run_finished(self, request: ExecutionRequest, result: ExecutionResult) -> None:
        """It is over."""
        run = self._runs[request.id]
        run.status, run.duration, run.message = result.status, result.duration, result.message
        run.execution_count = result.execution_count
        payload: JSON = {
            "run": run.id,
            "cell": run.cell,
            "status": run.status.value,
            "duration": run.duration,
            "execution_count": run.execution_count,
            "outputs_hash": result.outputs_hash,
        }
        if run.message:
            payload["message"] = run.message
        if run.started_at is None:
            payload.update(source=run.source, language=run.language)
        event = self._live.log.append(
            EventKind.RUN_FINISHED,
            member=run.member,
            payload=payload,
            durable=lambda event: self._publish("run_finished", event, told),
        )
        run.finished_at, run.seq = event.at, event.seq
        told = self._json(run)
        if (future := self._repeated.get(run.id)) is not None and not future.done():
            future.set_result(result)
        prune(self._runs)
        self._live.idle()

    def kernel_changed(self, state: KernelState, message: str | None = None) -> None:
        """The kernel's state changed: everybody sees it."""
        self.kernel_state, self.kernel_message = state, message
        self._live.announce()

    def kernel_event(self, kind: str, payload: JSON) -> None:
        """A line for the log."""
        if kind == "kernel_died":
            self._live.document.settle()
        self._kernel_events.add(kind, payload)

    # -- inside

    def _queued(self, request: ExecutionRequest, connection: int) -> Run:
        """A request has a place in the queue: the log says so, before it can begin."""
        language = self._live.room.language
        run = Run(request.id, request.cell, request.source, language, request.member, RunStatus.QUEUED)
        self._runs[run.id] = run
        payload = {"run": run.id, "cell": run.cell, "source": run.source, "language": language}
        event = self._live.log.append(
            EventKind.RUN_QUEUED,
            member=run.member,
            connection=connection,
            payload=payload,
            durable=lambda event: self._publish("run_queued", event, told),
        )
        run.seq = event.seq
        told = self._json(run)
        return run

    def _executor(self) -> Executor:
        if self.executor is None:
            live = self._live
            self.executor = live.executors(live.room.id, live.room.language, self, live.files)
        return self.executor

    def _check_places(self, executor: Executor, wanted: int) -> None:
        """Whether the queue has place for all of a request: before anything is looked for, and when it is found.

        Raises:
            TooLarge: it never has.
            RateLimited: not now.
        """
        limit = self._live.limits.run_queue
        if wanted > limit:
            raise TooLarge(f"One request can run at most {as_count(limit)} cells.", limit=limit)
        if wanted > executor.places:
            raise RateLimited("Too many runs are waiting. Wait for some to finish.", retry_after=1)

    @contextmanager
    def _preparing(self, member: Member) -> Generator[None]:
        """One more request of a member's is looked at, or waits for a source.

        Raises:
            RateLimited: there are too many.
        """
        if self._prepared[member.key] >= _PREPARED:
            raise RateLimited("Too many runs wait for their source. Wait for some to begin.", retry_after=1)
        self._prepared[member.key] += 1
        try:
            yield
        finally:
            self._prepared[member.key] -= 1

    async def _sources(self, member: Member, cells: Sequence[tuple[str | None, str | None]]) -> list[tuple[str, str]]:
        """The ids of cells and their sources; what is named again is not looked at again."""
        found: dict[tuple[str | None, str | None], tuple[str, str]] = {}
        for named in cells:
            if named not in found:
                found[named] = await self._source(member, *named)
        return [found[named] for named in cells]

    async def _source(self, member: Member, cell: str | None, digest: str | None) -> tuple[str, str]:
        document = self._live.document
        if cell is None:
            cell = next(iter(document.code_cells()), None)
        if cell is None:
            raise NotFound("There is no such code cell.", cell=cell)
        if digest is not None and not await document.wait_for_source(cell, digest, _CATCH_UP_SECONDS, member.key):
            raise SourceChanged("The cell changed in the meantime. Look at it and run it again.", cell=cell)
        with document.spending(member.key):
            source = document.source(cell)
            if source is None:
                raise NotFound("There is no such code cell.", cell=cell)
            limit = self._live.limits.code_bytes
            if len(source.encode()) > limit:
                raise TooLarge(f"A cell can have at most {as_size(limit)} of code.", limit=limit)
        return cell, source

    def _check_budget(self, member: Member, requests: Sequence[ExecutionRequest]) -> None:
        """Whether the log has place for what these runs say of themselves, beside those that wait, and for an output.

        Raises:
            TooLarge: it has not.
            RateLimited: not now.
        """
        waiting = [run.source for run in self._runs.values() if run.member == member.key and not run.over]
        new, later = (
            sum(len(source.encode()) + _RUN_BYTES for source in sources)
            for sources in ([request.source for request in requests], waiting)
        )
        budget = self._live.log.budget
        # Each says what it is twice: when it is queued, and when it begins.
        budget.check(member.key, 2 * new, later)
        budget.check_outputs(member.key, _RUN_BYTES)

    def _publish(self, kind: str, event: Event, told: JSON) -> None:
        self._live.peers.broadcast(kind, told, seq=event.seq)

    def _json(self, run: Run) -> JSON:
        return run.to_json(self._live.member_of(run.member))
