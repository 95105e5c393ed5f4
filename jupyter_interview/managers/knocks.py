"""Who waits in front of a room, and for how long?

A page that waits asks again and again. A knock that is not repeated ends: it is logged, interviewers see it go, and its
place is free. Whoever comes back with its token knocks anew; once the token has expired, an open room knows nothing of
them any more. One network has a few of the places at most.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core import clock
from ..core.errors import Forbidden
from ..core.models import EventKind, Member, MemberState
from ..core.network import network_of
from ..db import Database
from ..db.members import update_member

if TYPE_CHECKING:
    from .live import LiveRoom

_log = logging.getLogger(__name__)
TOKEN_SECONDS = 3_600
"""How long the token of a knock is good for."""
_KNOWN = 2_000
"""People without a seat whom an open room knows: those who wait, and those who could come back."""


class Knocks:
    """The knocks at one open room.

    Args:
        live: the room. Who knocked when it was left gets the time of a knock to ask again.
        database: where members are kept.
    """

    def __init__(self, live: LiveRoom, database: Database) -> None:
        self._live = live
        self._database = database
        self._networks: dict[str, str] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._forget()
        for member in live.members.values():
            if member.state is MemberState.KNOCKING:
                self.heard(member.id, "")

    def check(self, address: str) -> None:
        """Whether one more may knock, from this address.

        Raises:
            Forbidden: too many do.
        """
        self._forget()
        limits = self._live.limits
        gone = sum(member.state is MemberState.GONE for member in self._live.members.values())
        waiting = [member for member in self._live.members.values() if member.state is MemberState.KNOCKING]
        near = [member for member in waiting if self._networks.get(member.id) == network_of(address)]
        if len(waiting) >= limits.knocks or len(near) >= limits.network_knocks or len(waiting) + gone >= _KNOWN:
            raise Forbidden("Too many people wait to be admitted. Try again in a minute.", code="room_full")

    def heard(self, member: str, address: str) -> None:
        """Somebody who knocks asked, from this address."""
        self.over(member)
        self._networks[member] = network_of(address)
        seconds = self._live.limits.knock_seconds
        self._timers[member] = asyncio.get_running_loop().call_later(seconds, self._silent, member)

    def over(self, member: str) -> None:
        """The knock was answered. Idempotent."""
        self._networks.pop(member, None)
        if (timer := self._timers.pop(member, None)) is not None:
            timer.cancel()

    def close(self) -> None:
        """The room leaves the memory: no timer stays behind."""
        for member in list(self._timers):
            self.over(member)

    async def again(self, member: Member, address: str) -> None:
        """Somebody whose knock had ended is back. To be called with the room's seats locked.

        Raises:
            Forbidden: too many wait.
        """
        self.check(address)
        changed = replace(member, state=MemberState.KNOCKING, left_at=None)
        await self._database.write(_change(changed))
        self._live.log.append(EventKind.KNOCK, member=member.key, payload={"name": member.name})
        self._live.put_member(changed)
        self.heard(member.id, address)

    def _forget(self) -> None:
        """Who went away so long ago that nobody can come back as them; the database keeps them."""
        before = clock.now() - TOKEN_SECONDS * 1_000_000
        for member in list(self._live.members.values()):
            if member.state is MemberState.GONE and (member.left_at or 0) < before:
                self._live.forget_member(member)

    def _silent(self, member: str) -> None:
        self.over(member)
        task = asyncio.get_running_loop().create_task(self._end(member))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def _end(self, member_id: str) -> None:
        live = self._live
        try:
            async with live.seats:
                member = live.members.get(member_id)
                heard = member_id in self._timers
                if (
                    live.closed
                    or live.room.ended
                    or heard
                    or member is None
                    or member.state is not MemberState.KNOCKING
                ):
                    return
                changed = replace(member, state=MemberState.GONE, left_at=clock.now())
                await self._database.write(_change(changed))
                payload = {"role": member.role.value, "reason": "gave_up"}
                live.log.append(EventKind.LEAVE, member=member.key, payload=payload)
                live.put_member(changed)
        except Exception:  # whoever opens the room next tries again
            _log.exception("A knock could not be ended")


def _change(member: Member) -> Callable[[Any], None]:
    return lambda connection: update_member(connection, member.key, state=member.state, left_at=member.left_at)
