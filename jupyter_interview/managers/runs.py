"""What was run, by whom, and how did it end?

A run names a cell; its source is taken from the document. `Runs` is the use case and the log; `core.ports.Executor` is
the kernel with its queue.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core import clock
from ..core.errors import BadRequest, KernelUnavailable, NotFound, SourceChanged, TooLarge
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
from .channel import sender_of

if TYPE_CHECKING:
    from .live import LiveRoom

HISTORY = 200
_CATCH_UP_SECONDS = 3.0
_KERNEL_EVENTS = {
    "kernel_started": EventKind.KERNEL_STARTED,
    "kernel_restarted": EventKind.KERNEL_RESTARTED,
    "kernel_died": EventKind.KERNEL_DIED,
}
_OVER = {RunStatus.OK, RunStatus.ERROR, RunStatus.INTERRUPTED, RunStatus.TIMEOUT, RunStatus.DIED, RunStatus.SKIPPED}


@dataclass(slots=True)
class Run:
    """One run with what is known of it. Times in microseconds; ``seq`` is the newest event about it."""

    id: str
    cell: str
    source: str
    language: str
    member: int
    status: RunStatus
    started_at: int | None = None
    finished_at: int | None = None
    duration: int | None = None
    execution_count: int | None = None
    message: str | None = None
    seq: int | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more happens to it."""
        return self.status in _OVER

    def to_json(self, member: Member | None) -> JSON:
        """The protocol's run."""
        return {
            "id": self.id,
            "cell": self.cell,
            "status": self.status.value,
            "member": sender_of(member) if member is not None else None,
            "source": self.source,
            "language": self.language,
            "started_at": clock.iso(self.started_at),
            "finished_at": clock.iso(self.finished_at),
            "duration_ms": None if self.duration is None else round(self.duration / 1000, 3),
            "execution_count": self.execution_count,
            "message": self.message,
            "seq": self.seq,
        }


def fold_runs(events: Iterable[Event], before: dict[str, Run] | None = None) -> dict[str, Run]:
    """The runs that a log's ``run_started`` and ``run_finished`` tell of, in the order in which they began.

    ``before`` is what an earlier part of the log told; it goes on.
    """
    runs: dict[str, Run] = {} if before is None else before
    for event in events:
        if event.erased:
            continue
        payload = event.payload or {}
        if event.kind is EventKind.RUN_STARTED:
            runs[payload["run"]] = Run(
                id=payload["run"],
                cell=payload["cell"],
                source=payload["source"],
                language=payload["language"],
                member=event.member,
                status=RunStatus.RUNNING,
                started_at=event.at,
                seq=event.seq,
            )
        elif event.kind is EventKind.RUN_FINISHED:
            run = runs.get(payload["run"])
            if run is None:
                # Skipped before it began: the end tells all there is.
                run = runs[payload["run"]] = Run(
                    payload["run"],
                    payload["cell"],
                    payload["source"],
                    payload["language"],
                    event.member,
                    RunStatus.SKIPPED,
                )
            run.status = RunStatus(payload["status"])
            run.finished_at = event.at
            run.duration = payload["duration"]
            run.execution_count = payload["execution_count"]
            run.message = payload.get("message")
            run.seq = event.seq
    return runs


class Runs:
    """The runs of one open room; the Protocol `core.ports.RunObserver`.

    Args:
        live: the room.
        history: its run events so far, in order.
    """

    def __init__(self, live: LiveRoom, history: Sequence[Event]) -> None:
        self._live = live
        self._runs = fold_runs(history)
        self._repeated: dict[str, asyncio.Future[ExecutionResult]] = {}
        self.executor: Executor | None = None
        self.kernel_state = KernelState.ABSENT
        self.kernel_message: str | None = None

    @property
    def active(self) -> bool:
        """Whether a run waits or is in progress."""
        return any(not run.over for run in self._runs.values())

    def recent(self) -> list[JSON]:
        """The last runs, oldest first."""
        return [self._json(run) for run in list(self._runs.values())[-HISTORY:]]

    def settle(self) -> None:
        """The server started anew: what was running then will not go on."""
        for run in [run for run in self._runs.values() if not run.over]:
            request = ExecutionRequest(run.id, run.cell, run.source, run.member, "")
            since = 0 if run.started_at is None else clock.now() - run.started_at
            message = "The server was restarted during this run."
            self.run_finished(request, ExecutionResult(RunStatus.DIED, None, since, "", message))

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
            The runs, queued.

        Raises:
            Forbidden: the member may not run.
            NotFound: no such code cell.
            SourceChanged: the document did not become what the client saw.
            TooLarge: a source is too long.
            RateLimited: the queue is full.
            KernelUnavailable: there is no sandbox to run it in.
        """
        batch = secrets.token_hex(8)
        requests = [await self._prepared(member, connection, cell, digest, batch) for cell, digest in cells]
        if not requests:
            raise BadRequest("Name at least one cell to run.")
        self._live.require(member.id, Permission.RUN, connection, "run_code")
        executor = self._executor()
        if executor.state is KernelState.UNAVAILABLE:
            executor.start()
            raise KernelUnavailable(self.kernel_message or "No kernel can be started.")
        accepted = []
        for request in requests:
            executor.submit(request, self._live.document.outputs_of(request.cell, request.id, request.member))
            run = Run(request.id, request.cell, request.source, self._live.room.language, member.key, RunStatus.QUEUED)
            # The executor may already have begun with it.
            accepted.append(self._runs.setdefault(request.id, run))
        return [self._json(run) for run in accepted]

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
        await self._executor().restart()

    def start_kernel(self) -> None:
        """Begin to start the kernel, so that it is ready when the first run comes."""
        self._executor().start()

    def kernel_json(self) -> JSON:
        """The kernel as a room's JSON shows it."""
        kernel_id = self.executor.kernel_id if self.executor is not None else None
        return {"id": kernel_id, "state": self.kernel_state.value, "message": self.kernel_message}

    async def close(self) -> None:
        """End the kernel."""
        if self.executor is not None:
            await self.executor.shutdown()
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
        self._live.idle()

    def kernel_changed(self, state: KernelState, message: str | None = None) -> None:
        """The kernel's state changed: everybody sees it."""
        self.kernel_state, self.kernel_message = state, message
        self._live.announce()

    def kernel_event(self, kind: str, payload: JSON) -> None:
        """A line for the log."""
        if kind == "kernel_died":
            self._live.document.settle()
        self._live.log.append(_KERNEL_EVENTS[kind], payload=payload)

    # -- inside

    def _executor(self) -> Executor:
        if self.executor is None:
            live = self._live
            self.executor = live.executors(live.room.id, live.room.language, self, live.files)
        return self.executor

    async def _prepared(
        self, member: Member, connection: int, cell: str | None, digest: str | None, batch: str
    ) -> ExecutionRequest:
        self._live.require(member.id, Permission.RUN, connection, "run_code")
        document = self._live.document
        if cell is None:
            cell = next(iter(document.code_cells()), None)
        if cell is None or ((source := document.source(cell)) is None and digest is None):
            raise NotFound("There is no such code cell.", cell=cell)
        if digest is not None and not await document.wait_for_source(cell, digest, _CATCH_UP_SECONDS):
            raise SourceChanged("The cell changed in the meantime. Look at it and run it again.", cell=cell)
        source = document.source(cell)
        if source is None:
            raise NotFound("There is no such code cell.", cell=cell)
        limit = self._live.limits.code_bytes
        if len(source.encode()) > limit:
            raise TooLarge(f"A cell can have {limit} bytes of code.", limit=limit)
        return ExecutionRequest(secrets.token_hex(8), cell, source, member.key, batch)

    def _publish(self, kind: str, event: Event, told: JSON) -> None:
        self._live.peers.broadcast(kind, told, seq=event.seq)

    def _json(self, run: Run) -> JSON:
        return run.to_json(self._live.member_of(run.member))
