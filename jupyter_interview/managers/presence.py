"""Who is here now?

A member is *present* with a socket open, *away* when the last one closed, and has *left* after a time of grace, so that
a refresh makes no noise. Join and leave are logged and told; away and back are logged only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..core import clock
from ..core.errors import StorageUnavailable
from ..core.models import JSON, Event, EventKind, Member
from ..core.models import Presence as State
from ..core.ports import Peer
from .channel import Close, Connection, sender_of

if TYPE_CHECKING:
    from .live import LiveRoom

TYPING_SECONDS = 6.0
COMINGS = 200
_RETURNED = "returned"


def is_coming(event: Event) -> bool:
    """Whether the event is that a member came or went; being away and back is neither."""
    if event.kind is EventKind.JOIN:
        return (event.payload or {}).get("reason") != _RETURNED
    return event.kind is EventKind.LEAVE


class Presence:
    """The presence of the members of one open room.

    Args:
        live: the room.
        history: its join, leave and remove events so far, in order; the last one of each member is enough.
        comings: the last events by which somebody came or went.
    """

    def __init__(self, live: LiveRoom, history: Iterable[Event] = (), comings: Iterable[Event] = ()) -> None:
        self._live = live
        self._comings = deque(comings, COMINGS)
        self._states: dict[int, State] = {}
        self._timers: dict[int, asyncio.TimerHandle] = {}
        self._typing: dict[int, asyncio.TimerHandle] = {}
        for event in history:
            if event.kind is EventKind.JOIN:
                self._states[event.member] = State.PRESENT
            elif event.kind in (EventKind.LEAVE, EventKind.REMOVE):
                self._states.pop(event.member, None)
        # Whoever was here when the server stopped gets the time of grace to come back.
        for key in list(self._states):
            self._states[key] = State.AWAY
            self._timers[key] = self._later(key)

    def state(self, member: Member) -> State:
        """How this member stands."""
        return self._states.get(member.key, State.LEFT)

    def comings(self) -> list[JSON]:
        """Who came and went, the last ones, in order, as the protocol has it."""
        found = []
        for event in self._comings:
            if (member := self._live.member_of(event.member)) is not None:
                reason = (event.payload or {}).get("reason")
                sender = sender_of(member)
                found.append({"kind": event.kind.label, "member": sender, "reason": reason, "ts": clock.iso(event.at)})
        return found

    def online(self) -> list[str]:
        """Ids of the members who are present."""
        return sorted(self._live.peers.members())

    def enter(self, member: Member, kind: str, close: Close, peer: Peer | None = None) -> Connection:
        """A socket of a member opened.

        Raises:
            Forbidden: the member has too many.
            StorageUnavailable: the room has left the memory; it has to be opened again.
        """
        if self._live.closed:
            raise StorageUnavailable("The room was closed meanwhile. Try again.")
        connection = self._live.peers.add(member, kind, close, peer)
        before = self._states.get(member.key, State.LEFT)
        timer = self._timers.pop(member.key, None)
        if timer is not None:
            timer.cancel()
        self._states[member.key] = State.PRESENT
        self._live.busy()
        if kind == "channel":
            self._live.entered()
        if before is State.LEFT:
            self._log(EventKind.JOIN, member, connection.id, {"role": member.role.value, "name": member.name})
            self._live.peers.broadcast("join", self._live.member_json(member), but=connection)
        elif before is State.AWAY:
            self._log(EventKind.JOIN, member, connection.id, {"role": member.role.value, "reason": _RETURNED})
            self._live.peers.broadcast("member_updated", self._live.member_json(member), but=connection)
        return connection

    def leave(self, connection: Connection, reason: str = "closed") -> None:
        """A socket closed, for whatever reason; idempotent.

        Args:
            connection: the socket.
            reason: ``left`` (said so), ``closed`` or ``timeout``. Who says so has left at once, without grace.
        """
        if not self._live.peers.discard(connection) or self._live.closed:
            return
        member = self._live.members.get(connection.member)
        if member is not None and not self._live.peers.of(member.id):
            self.typing(member, connection, on=False)
            if reason == "left":
                self._left(member.key, reason)
            elif self._states.get(member.key) is State.PRESENT:
                self._states[member.key] = State.AWAY
                self._log(EventKind.AWAY, member, connection.id, {"reason": reason})
                self._live.peers.broadcast("member_updated", self._live.member_json(member))
                self._timers[member.key] = self._later(member.key)
        if not len(self._live.peers):
            self._live.idle()

    def removed(self, member: Member) -> None:
        """An interviewer removed this member: no grace."""
        self._left(member.key, "removed")

    def typing(self, member: Member, connection: Connection, *, on: bool) -> None:
        """Tell everybody else that a member types in the chat, or stopped; it expires by itself."""
        timer = self._typing.pop(member.key, None)
        if timer is not None:
            timer.cancel()
        elif not on:
            return
        if on:
            loop = asyncio.get_running_loop()
            self._typing[member.key] = loop.call_later(
                TYPING_SECONDS, lambda: self.typing(member, connection, on=False)
            )
        if (timer is None) == on:
            self._live.peers.broadcast("typing", on, but=connection, sender=sender_of(member))

    def close(self) -> None:
        """The room leaves the memory: no timer stays behind."""
        for timer in (*self._timers.values(), *self._typing.values()):
            timer.cancel()
        self._timers.clear()
        self._typing.clear()

    def _later(self, key: int) -> asyncio.TimerHandle:
        seconds = self._live.limits.grace_seconds
        return asyncio.get_running_loop().call_later(seconds, self._left, key, "timeout")

    def _left(self, key: int, reason: str) -> None:
        timer = self._timers.pop(key, None)
        if timer is not None:
            timer.cancel()
        member = self._live.member_of(key)
        if self._states.pop(key, None) is None or member is None:
            return
        self._log(EventKind.LEAVE, member, 0, {"role": member.role.value, "reason": reason})
        self._live.peers.broadcast("leave", {**self._live.member_json(member), "reason": reason})

    def _log(self, kind: EventKind, member: Member, connection: int, payload: JSON) -> None:
        event = self._live.log.append(kind, member=member.key, connection=connection, payload=payload)
        if is_coming(event):
            self._comings.append(event)
