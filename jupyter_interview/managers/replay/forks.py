"""How does an interview go on from one of its moments, in a room of its own?

A *fork* is a new room that starts from the document as it stood then: language, settings and files are the same, and
its log says where it is from. On demand, what had been run until then is run again in the new room's fresh kernel, in
the same order and with the same sources, and outputs that differ are named.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field
from typing import Any

from ...core.errors import InterviewError, NotFound
from ...core.jsontext import values_of
from ...core.models import (
    JSON,
    RUN_KINDS,
    Account,
    Event,
    EventKind,
    ExecutionRequest,
    ExecutionResult,
    Room,
    RunStatus,
)
from ...db import Database
from ...db.events import read_events
from ...db.files import read_files
from ...db.keys import Held, KeysGone, held_keys
from ..live import LiveRoom
from ..rooms import Rooms
from ..runlog import Run, fold_runs
from .collector import Collector, comparable
from .replay import Replay

_REPEATED = (RunStatus.OK, RunStatus.ERROR)
_REMEMBERED = 200
_SUFFIX = " (fork)"
_GONE = "What it had put out is gone, and cannot be compared."
TITLE_CHARS = 200

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Rerun:
    """How far the runs of a fork have been done again.

    ``source`` is the room that it is a fork of, ``held`` the keys that opened what is said here of that room.
    """

    source: int
    state: str = "none"
    done: int = 0
    total: int = 0
    message: str | None = None
    differences: list[JSON] = field(default_factory=list)
    held: Held | None = None
    task: asyncio.Task[None] | None = None

    def forget(self) -> None:
        """Something of the room was erased: what its runs were and put out goes, and nothing is run again any more."""
        self.held = None
        if self.task is not None and not self.task.done():
            self.task.cancel()
            self.state, self.message = "failed", "Something of the interview was erased while its runs were done again."
        about = {"source": "", "reason": "gone", "message": _GONE}
        self.differences = [
            {**{name: each[name] for name in ("run", "cell", "status")}, **about} for each in self.differences
        ]

    def to_json(self) -> JSON:
        """``{state, done, total, message, differences}``."""
        return {
            "state": self.state,
            "done": self.done,
            "total": self.total,
            "message": self.message,
            "differences": self.differences,
        }


class Forks:
    """Makes forks, and keeps count of what is run again in them.

    Args:
        database: where logs and files are.
        rooms: makes the new rooms.
        replay: knows the moments.
    """

    def __init__(self, database: Database, rooms: Rooms, replay: Replay) -> None:
        self._database = database
        self._rooms = rooms
        self._replay = replay
        self._reruns: dict[str, Rerun] = {}

    async def fork(self, room: Room, account: Account, at: str | int, title: str | None, *, rerun: bool) -> JSON:
        """A new room that begins at a moment of another.

        Args:
            room: the other one.
            account: whose the new one is.
            at: an event's number or an ISO 8601 time.
            title: of the new one; by default the other's, with a word behind it.
            rerun: run again what had been run until then.

        Returns:
            The new room, as the protocol has it.

        Raises:
            BadRequest: ``at`` or the title is none.
            NotFound: there was no notebook at that moment.
        """
        moment, seq = await self._replay.moment(room, at)
        files = await self._database.read(lambda connection: read_files(connection, room.key)) if room.files else {}
        made = await self._rooms.create(
            account,
            title=title or room.title[: TITLE_CHARS - len(_SUFFIX)] + _SUFFIX,
            language=room.language,
            notebook=moment.notebook(),
            settings={name: value for name, value in room.settings.items() if name != "link"},
            tags=room.tags,
            password_hash=room.password_hash,
            files=list(files.items()),
            origin={"room": room.id, "seq": seq},
        )
        state = self._reruns[made["id"]] = Rerun(room.key)
        while len(self._reruns) > _REMEMBERED:
            self._forget_oldest()
        if rerun:
            live = await self._rooms.open(made["id"])
            state.state = "running"
            state.task = asyncio.get_running_loop().create_task(self._rerun(room, live, seq, state))
        return made

    async def told(self, room: Room, fork: str) -> JSON:
        """How far the runs of a fork of this room have been done again, without what was erased since.

        Another process may have erased it.

        Raises:
            NotFound: there is no such fork, or the server was restarted since.
        """
        state = self._state(room, fork)
        held = state.held
        if held is not None:
            try:
                await self._database.read(lambda connection: held_keys(connection, room.key, held))
            except KeysGone:
                state.forget()
        return state.to_json()

    def _state(self, room: Room, fork: str) -> Rerun:
        state = self._reruns.get(fork)
        if state is None or state.source != room.key:
            raise NotFound("There is no such fork of this interview.")
        return state

    async def close(self) -> None:
        """Stop what is being run again. Idempotent."""
        tasks = [state.task for state in self._reruns.values() if state.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget_oldest(self) -> None:
        state = self._reruns.pop(next(iter(self._reruns)))
        if state.task is not None:
            state.task.cancel()

    async def _rerun(self, room: Room, live: LiveRoom, until: int, state: Rerun) -> None:
        def work(connection: Any) -> tuple[Held, list[Event]]:
            events = read_events(connection, room.key, until=until, kinds=RUN_KINDS)
            return held_keys(connection, room.key), [event for event in events if event.payload is not None]

        try:
            state.held, events = await self._database.read(work)
            ends = {(event.payload or {})["run"]: event for event in events if event.kind is EventKind.RUN_FINISHED}
            runs = [run for run in fold_runs(events).values() if run.over and run.status is not RunStatus.SKIPPED]
            state.total = len(runs)
            for run in runs:
                difference = await self._again(room, live, run, ends[run.id])
                if difference is not None:
                    about = {"run": run.id, "cell": run.cell, "source": run.source, "status": run.status.value}
                    state.differences.append({**about, **difference})
                state.done += 1
            state.state = "done"
        except InterviewError as error:
            state.state, state.message = "failed", error.message
        except Exception:  # whoever asks how far it is would wait for ever
            _log.exception("The runs of a fork could not be done again")
            state.state, state.message = "failed", "The runs could not be done again. The server's log says why."

    async def _again(self, room: Room, live: LiveRoom, run: Run, end: Event) -> JSON | None:
        """Do a run again; how it differs, if it does."""
        if run.status not in _REPEATED:
            return {"reason": "not_repeated", "message": f"It was not run again: it had ended as {run.status.value}."}
        collector = Collector()
        request = ExecutionRequest(secrets.token_hex(8), run.cell, run.source, 0, secrets.token_hex(8))
        result: ExecutionResult = await live.runs.repeat(request, collector)
        if result.status is RunStatus.DIED or result.status is RunStatus.SKIPPED:
            return {"reason": "not_repeated", "message": result.message or "The kernel did not run it."}
        if result.status is run.status and result.outputs_hash == (end.payload or {}).get("outputs_hash"):
            return None
        now = collector.outputs()
        if result.status is not run.status:
            message = f"It ended as {result.status.value}, and had ended as {run.status.value}."
            return {"reason": "status", "message": message, "now": now}
        recorded = await self._recorded(room, run, end.seq)
        if recorded is None:
            return {"reason": "gone", "message": _GONE, "now": now}
        if comparable(recorded) == comparable(now):
            return None
        return {"reason": "outputs", "message": None, "recorded": recorded, "now": now}

    async def _recorded(self, room: Room, run: Run, seq: int) -> list[JSON] | None:
        """The outputs of a run when it ended; ``None`` where its cell was gone by then."""
        moment, _ = await self._replay.moment(room, seq)
        for cell in moment.cells:
            if cell["run"] == run.id:
                return [values_of(output) for output in cell["outputs"]]
        return None
