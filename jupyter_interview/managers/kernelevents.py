"""What became of a room's kernel, and who asked for it: for the log, and for whoever looks at the room."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..core import clock
from ..core.models import JSON, Event, EventKind, Member
from .channel import sender_of

if TYPE_CHECKING:
    from .live import LiveRoom

_KINDS = {
    "kernel_started": EventKind.KERNEL_STARTED,
    "kernel_restarted": EventKind.KERNEL_RESTARTED,
    "kernel_died": EventKind.KERNEL_DIED,
}


class KernelEvents:
    """The events of one room's kernel.

    Args:
        live: the room.

    Attributes:
        missed: what is not stored yet: a kernel outlives a log that fails.
        restarted: the last restart that somebody asked for, ``{by, at}``; ``None`` where there was none since the room
            was opened.
    """

    def __init__(self, live: LiveRoom) -> None:
        self._live = live
        self._asking: tuple[Member, int] | None = None
        self.missed: list[tuple[str, JSON]] = []
        self.restarted: JSON | None = None

    @contextmanager
    def asked_by(self, member: Member, connection: int) -> Generator[None]:
        """A member has asked for a restart. Who asks while one goes on gets that one."""
        first = self._asking is None
        if first:
            self._asking = member, connection
        try:
            yield
        finally:
            if first:
                self._asking = None

    def add(self, kind: str, payload: JSON) -> None:
        """Something happened, as `core.ports.RunObserver.kernel_event` tells it."""
        member = connection = 0
        if self._asking is not None and payload.get("reason") == "asked":
            who, connection = self._asking
            member = who.key
            self.restarted = {"by": sender_of(who), "at": clock.iso(self._live.log.now())}
        event = kind, payload
        self.missed.append(event)
        if self._live.log.failure is None:

            def stored(_: Event) -> None:
                self.missed.remove(event)

            self._live.log.append(_KINDS[kind], member=member, connection=connection, payload=payload, durable=stored)
