"""What has to be in an event that comes from elsewhere?

A foreign log may be chained and signed without a fault and still say what no server writes. Whoever reads events relies
on the fields that are named here; what else a payload holds is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...core.models import DOCUMENT_KINDS, EventKind, RunStatus
from .lines import FileEvent

_TEXT_CHARS = 20_000_000
_ID_CHARS = 200
_NUMBERS = 1 << 53
_OVER = {status.value for status in RunStatus} - {RunStatus.QUEUED.value, RunStatus.RUNNING.value}

Check = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _TEXT_CHARS


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _ID_CHARS


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < _NUMBERS


def _is_number_or_none(value: Any) -> bool:
    return value is None or _is_number(value)


def _is_over(value: Any) -> bool:
    return isinstance(value, str) and value in _OVER


def _are_permissions(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(on, bool) for on in value.values())


_SOURCE: Mapping[str, Check] = {"source": _is_text, "language": _is_id}
_RUN: Mapping[str, Check] = {"run": _is_id, "cell": _is_id}
_NEEDED: Mapping[EventKind, Mapping[str, Check]] = {
    EventKind.CHAT_MESSAGE: {"text": _is_text},
    EventKind.MESSAGE_HIDDEN: {"message": _is_number},
    EventKind.RUN_QUEUED: {**_RUN, **_SOURCE},
    EventKind.RUN_STARTED: {**_RUN, **_SOURCE},
    EventKind.RUN_FINISHED: {
        **_RUN,
        "status": _is_over,
        "duration": _is_number,
        "execution_count": _is_number_or_none,
        "outputs_hash": _is_text,
    },
    EventKind.ADMIT: {"member": _is_id, "role": _is_id},
    EventKind.REMOVE: {"member": _is_id},
    EventKind.PERMISSION_CHANGED: {"member": _is_id, "permissions": _are_permissions},
    EventKind.ROOM_CREATED: {"title": _is_text, "language": _is_id},
}
_OPTIONAL: Mapping[str, Check] = {
    "id": _is_id,
    "message": _is_text,
    "name": _is_text,
    "reason": _is_text,
    "role": _is_id,
    "source": _is_text,
    "language": _is_id,
    "run": _is_id,
}


class Contents:
    """Looks at the events of one log in their order."""

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._at = 0

    def problem(self, event: FileEvent) -> str | None:
        """Why the server cannot do with an event; ``None`` when it can."""
        kind = EventKind(event.link.kind)
        if event.link.at < self._at:
            return "it was before the event in front of it"
        self._at = event.link.at
        if event.withheld:
            return None
        if kind in DOCUMENT_KINDS and not event.data:
            return "it has no change of the document"
        payload = event.payload or {}
        for name, check in _NEEDED.get(kind, {}).items():
            if name not in payload or not check(payload[name]):
                return f"its {name} is not what it should be"
        for name, check in _OPTIONAL.items():
            if payload.get(name) is not None and not check(payload[name]):
                return f"its {name} is not what it should be"
        return self._of_run(kind, payload)

    def _of_run(self, kind: EventKind, payload: Mapping[str, Any]) -> str | None:
        if kind in (EventKind.RUN_QUEUED, EventKind.RUN_STARTED):
            self._known.add(payload["run"])
        elif kind is EventKind.RUN_FINISHED and payload["run"] not in self._known:
            # Skipped before it began: its end has to tell all there is.
            self._known.add(payload["run"])
            if any(name not in payload for name in _SOURCE):
                return "it ends a run that never began"
        return None
