"""Which runs does a log tell of?

A `Run` is what is known of one; `fold_runs` makes them of the log's events, for a room that is opened and for whoever
looks at its record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..core import clock
from ..core.models import JSON, Event, EventKind, Member, RunStatus
from .channel import sender_of

HISTORY = 200
HISTORY_CHARS = 2_000_000
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
    """The runs that a log's `RUN_KINDS` tell of, in the order in which they were asked for, or in older logs began.

    ``before`` is what an earlier part of the log told; it goes on.
    """
    runs: dict[str, Run] = {} if before is None else before
    for event in events:
        if event.erased:
            continue
        payload = event.payload or {}
        if event.kind in (EventKind.RUN_QUEUED, EventKind.RUN_STARTED):
            started = event.kind is EventKind.RUN_STARTED
            runs[payload["run"]] = Run(
                id=payload["run"],
                cell=payload["cell"],
                source=payload["source"],
                language=payload["language"],
                member=event.member,
                status=RunStatus.RUNNING if started else RunStatus.QUEUED,
                started_at=event.at if started else None,
                seq=event.seq,
            )
        elif event.kind is EventKind.RUN_FINISHED:
            run = runs.get(payload["run"])
            if run is None:
                # Skipped before it began, in a log that did not tell of what waits: the end tells all there is.
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


def prune(runs: dict[str, Run]) -> None:
    """Forget the oldest runs that are over: the last `HISTORY` are kept, as far as their sources are not too large."""
    count = size = 0
    for run in reversed(list(runs.values())):
        count, size = count + 1, size + len(run.source)
        if run.over and (count > HISTORY or size > HISTORY_CHARS):
            del runs[run.id]
