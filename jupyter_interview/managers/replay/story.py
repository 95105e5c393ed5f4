"""What do a replay's manifest and story say? Docs: docs/developers/frames.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from ...core import clock
from ...core.models import CHAT_KINDS, JSON, RUN_KINDS, Event, EventKind, Frame, Member
from ...core.moment import FORMAT
from ..runlog import Run, fold_runs
from .framing import PEOPLE, Clock, People, density, whom

STORY_KINDS = (
    *CHAT_KINDS,
    *RUN_KINDS,
    EventKind.PERMISSION_CHANGED,
    *PEOPLE,
)


class Replaced(NamedTuple):
    """A later run replaced an output of an earlier one: when first, and its id."""

    seq: int
    ms: int
    run: str


_NOTHING: Mapping[str, Sequence[Replaced]] = MappingProxyType({})
_NOBODY: JSON = {"id": None, "name": "", "role": "server", "color": None}


def members_json(members: Iterable[Member]) -> list[JSON]:
    """The manifest's members."""
    named = [
        {"id": member.id, "name": member.name, "role": member.role.value, "color": member.to_user()["color"]}
        for member in members
    ]
    return [dict(_NOBODY), *named]


def manifest_json(
    room: JSON,
    members: Iterable[Member],
    frames: list[Frame],
    time: Clock,
    *,
    live: bool,
    damage: JSON | None,
    checked: bool,
) -> JSON:
    """The manifest of a room with these frames; ``checked``: whether more cannot become known of its damage."""
    last = frames[-1] if frames else None
    duration = time.ms(last.last_at) if last is not None else 0
    summaries: list[JSON] = [json.loads(frame.summary) for frame in frames]
    return {
        "format": FORMAT,
        "room": room,
        "started_at": clock.iso(time.first),
        "ended_at": None if live or last is None else clock.iso(last.last_at),
        "first_seq": next((each["document"] for each in summaries if each["document"] is not None), None),
        "last_seq": last.last_seq if last is not None else 0,
        "duration_ms": duration,
        "live": live,
        "damage": damage,
        "checked": checked,
        "members": members_json(members),
        "frames": [
            {
                "number": frame.number,
                "first_seq": frame.first_seq,
                "last_seq": frame.last_seq,
                "first_ms": time.ms(frame.first_at),
                "last_ms": time.ms(frame.last_at),
            }
            for frame in frames
        ],
        "density": density(summaries, duration),
        "idle": [gap for each in summaries for gap in each["idle"]],
        "markers": [marker for each in summaries for marker in each["markers"]],
    }


def replaced_outputs(frames: Iterable[Frame], until: int) -> dict[str, list[Replaced]]:
    """Earlier run → the later ones that replaced an output of it up to event ``until``, in their order."""
    found: dict[str, dict[str, Replaced]] = {}
    for frame in frames:
        for seq, ms, earlier, run in json.loads(frame.summary)["replaced"]:
            if seq <= until:
                found.setdefault(earlier, {}).setdefault(run, Replaced(seq, ms, run))
    return {earlier: list(later.values()) for earlier, later in found.items()}


class Story:
    """Messages, runs, people and permissions, told event by event: a long log need not be in memory at once.

    Args:
        people: members by index.
        time: of the replay.
    """

    def __init__(self, people: People, time: Clock) -> None:
        self._people = people
        self._time = time
        self._messages: dict[int, JSON] = {}
        self._permissions: list[JSON] = []
        self._comings: list[list[Any]] = []
        self._runs: dict[str, Run] = {}
        self._starts: dict[str, tuple[int, int]] = {}
        self._ends: dict[str, tuple[int, int, Any]] = {}

    def add(self, event: Event) -> None:
        """Take the next event of `STORY_KINDS`."""
        payload = event.payload or {}
        who, ms = self._people.of_key(event.member), self._time.ms(event.at)
        if event.kind is EventKind.CHAT_MESSAGE:
            self._messages[event.seq] = {"seq": event.seq, "ms": ms, "member": who, "content": payload.get("text")}
        elif event.kind is EventKind.MESSAGE_HIDDEN:
            if (message := self._messages.get(payload.get("message", 0))) is not None:
                message.setdefault("hidden", {"seq": event.seq, "ms": ms, "member": who})
        elif event.kind in PEOPLE:
            self._comings.append([ms, event.seq, who, PEOPLE[event.kind], whom(event, self._people)])
        elif event.kind is EventKind.PERMISSION_CHANGED:
            change = {"who": whom(event, self._people), "permissions": payload.get("permissions")}
            self._permissions.append({"seq": event.seq, "ms": ms, "member": who, **change})
        elif event.payload is not None:
            fold_runs([event], self._runs)
            if event.kind is EventKind.RUN_STARTED:
                self._starts[payload["run"]] = event.seq, ms
            elif event.kind is EventKind.RUN_FINISHED:
                self._ends[payload["run"]] = event.seq, ms, payload.get("outputs_hash")

    def json(self, replaced: Mapping[str, Sequence[Replaced]] = _NOTHING) -> JSON:
        """What was told so far; ``replaced`` as `replaced_outputs` gives it."""
        return {
            "messages": list(self._messages.values()),
            "runs": [self._run_json(run, replaced.get(run.id, ())) for run in self._runs.values()],
            "people": self._comings,
            "permissions": self._permissions,
        }

    def _run_json(self, run: Run, replaced: Sequence[Replaced]) -> JSON:
        started_seq, started_ms = self._starts.get(run.id, (None, None))
        finished_seq, finished_ms, outputs_hash = self._ends.get(run.id, (None, None, None))
        return {
            "id": run.id,
            "cell": run.cell,
            "member": self._people.of_key(run.member),
            "source": run.source,
            "language": run.language,
            "status": run.status.value,
            "message": run.message,
            "started_seq": started_seq,
            "finished_seq": finished_seq,
            "started_ms": started_ms,
            "finished_ms": finished_ms,
            "duration_ms": None if run.duration is None else round(run.duration / 1000, 3),
            "execution_count": run.execution_count,
            "outputs_hash": outputs_hash,
            **({"outputs_replaced": [each._asdict() for each in replaced]} if replaced else {}),
        }
