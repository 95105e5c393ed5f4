"""What do a replay's manifest and story say? Docs: docs/developers/frames.md."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...core import clock
from ...core.models import JSON, Event, EventKind, Frame, Member
from ...core.moment import FORMAT
from ..runs import fold_runs
from .framing import PEOPLE, Clock, People, density, whom

STORY_KINDS = (
    EventKind.CHAT_MESSAGE,
    EventKind.RUN_STARTED,
    EventKind.RUN_FINISHED,
    EventKind.PERMISSION_CHANGED,
    *PEOPLE,
)
_NOBODY: JSON = {"id": None, "name": "", "role": "server", "color": None}


def members_json(members: Iterable[Member]) -> list[JSON]:
    """The manifest's members."""
    named = [
        {"id": member.id, "name": member.name, "role": member.role.value, "color": member.to_user()["color"]}
        for member in members
    ]
    return [dict(_NOBODY), *named]


def manifest_json(
    room: JSON, members: Iterable[Member], frames: list[Frame], time: Clock, *, live: bool, damage: JSON | None
) -> JSON:
    """The manifest of a room with these frames."""
    last = frames[-1] if frames else None
    duration = time.ms(last.last_at) if last is not None else 0
    summaries = [frame.summary for frame in frames]
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


def story_json(events: list[Event], people: People, time: Clock) -> JSON:
    """Messages, runs, people and permissions of these events."""
    messages: list[JSON] = []
    permissions: list[JSON] = []
    comings: list[list[Any]] = []
    for event in events:
        payload = event.payload or {}
        who, ms = people.of_key(event.member), time.ms(event.at)
        if event.kind is EventKind.CHAT_MESSAGE:
            messages.append({"seq": event.seq, "ms": ms, "member": who, "content": payload.get("text")})
        elif event.kind in PEOPLE:
            comings.append([ms, event.seq, who, PEOPLE[event.kind], whom(event, people)])
        elif event.kind is EventKind.PERMISSION_CHANGED:
            change = {"who": whom(event, people), "permissions": payload.get("permissions")}
            permissions.append({"seq": event.seq, "ms": ms, "member": who, **change})
    return {
        "messages": messages,
        "runs": _runs_json(events, people, time),
        "people": comings,
        "permissions": permissions,
    }


def _runs_json(events: list[Event], people: People, time: Clock) -> list[JSON]:
    told = [event for event in events if event.payload is not None]
    ends = {event.payload["run"]: event for event in told if event.kind is EventKind.RUN_FINISHED and event.payload}
    starts = {event.payload["run"]: event for event in told if event.kind is EventKind.RUN_STARTED and event.payload}
    found = []
    for run in fold_runs(told).values():
        start, end = starts.get(run.id), ends.get(run.id)
        found.append(
            {
                "id": run.id,
                "cell": run.cell,
                "member": people.of_key(run.member),
                "source": run.source,
                "language": run.language,
                "status": run.status.value,
                "message": run.message,
                "started_seq": start.seq if start is not None else None,
                "finished_seq": end.seq if end is not None else None,
                "started_ms": time.ms(start.at) if start is not None else None,
                "finished_ms": time.ms(end.at) if end is not None else None,
                "duration_ms": None if run.duration is None else round(run.duration / 1000, 3),
                "execution_count": run.execution_count,
                "outputs_hash": (end.payload or {}).get("outputs_hash") if end is not None else None,
            }
        )
    return found
