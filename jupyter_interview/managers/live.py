"""What is an open room?

`LiveRoom` is a room in memory: its log, its people, their sockets, the document and the kernel. `managers.rooms` opens
it from the log and releases it when it has been empty for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..core import clock
from ..core.errors import Forbidden, RoomEnded
from ..core.limits import Limits
from ..core.models import JSON, EventKind, KernelState, Member, Room
from ..core.permissions import Permission, Role
from ..core.ports import Document, ExecutorFactory, ReadFiles
from .channel import STORAGE, Connection, Peers
from .events import RoomLog
from .kept import Kept
from .knocks import Knocks
from .messages import Messages
from .presence import Presence
from .runs import Runs
from .story import Story

_CODE_SECONDS = 0.2
_DENIED_PER_MINUTE = 60


class LiveRoom:
    """One open room.

    Args:
        room: its metadata.
        members: everybody who has or had a seat, knocks, or did so and could come back.
        story: what its log tells besides the document.
        log: where new events go.
        limits: the limits in force.
        executors: makes its kernel.
        files: reads what the kernel finds in ``~/data``; ``None`` for nothing.
        url: path of its bare link.
        release: called when it has been empty for `Limits.release_seconds`.
    """

    document: Document
    knocks: Knocks

    def __init__(
        self,
        room: Room,
        members: list[Member],
        story: Story,
        *,
        log: RoomLog,
        limits: Limits,
        executors: ExecutorFactory,
        files: ReadFiles | None,
        url: str,
        release: Callable[[LiveRoom], None],
    ) -> None:
        self.room = room
        self.members = {member.id: member for member in members}
        self._by_key = {member.key: member for member in members}
        self.log = log
        log.budget.warn = self._warned
        self.limits = limits
        self.executors = executors
        self.files = files
        self.url = url
        self.closed = False
        self.ending = asyncio.Lock()
        self.seats = asyncio.Lock()
        self._release = release
        self._release_timer: asyncio.TimerHandle | None = None
        self._code_timer: asyncio.TimerHandle | None = None
        self._code = ""
        self._denied: tuple[int, int] = (0, 0)
        self.peers = Peers(room.id, limits.sockets_per_member)
        self.messages = Messages(self, story.messages, story.known, story.hidden)
        self.presence = Presence(self, story.presence.values(), story.comings)
        self.runs = Runs(self, story.runs)

    def open(self, document: Document, kept: Kept | None = None) -> None:
        """The document was rebuilt: from now on the room lives, with the kernel that was ``kept`` for it."""
        self.document = document
        document.observe_code(self._code_changed)
        document.settle()
        if kept is not None:
            self.runs.adopt(kept)
        self.runs.settle()
        self.idle()

    # -- people

    def member_of(self, key: int) -> Member | None:
        """The member with this key; ``None`` for the server itself."""
        return self._by_key.get(key)

    def put_member(self, member: Member) -> None:
        """A member is new or changed: everybody hears of it, open sockets obey."""
        self.members[member.id] = member
        self._by_key[member.key] = member
        self.peers.broadcast("member_updated", self.member_json(member))

    def forget_member(self, member: Member) -> None:
        """Somebody who never had a seat is of no concern to those who are here any more."""
        del self.members[member.id], self._by_key[member.key]

    def require(self, member_id: str, permission: Permission, connection: int, what: str) -> Member:
        """The member as it stands now, if it may.

        Raises:
            RoomEnded: the interview is over and this would change it.
            Forbidden: the member may not; the refusal is logged.
        """
        member = self.members.get(member_id)
        if self.room.ended and permission is not Permission.VIEW:
            raise RoomEnded("The interview has ended.")
        if member is not None and member.can(permission):
            return member
        self.deny(member.key if member else 0, connection, what, permission=permission.value)
        raise Forbidden(_REFUSALS.get(permission, "You may not do this here."), permission=permission.value)

    def deny(self, member: int, connection: int, what: str, **details: Any) -> None:
        """Log a refusal. A flood of them is counted, not written line by line."""
        minute = clock.now() // 60_000_000
        count = self._denied[1] + 1 if self._denied[0] == minute else 1
        self._denied = (minute, count)
        if count <= _DENIED_PER_MINUTE and self.log.failure is None:
            payload = {"what": what, **details} | ({"more": "suppressed"} if count == _DENIED_PER_MINUTE else {})
            self.log.append(EventKind.DENIED, member=member, connection=connection, payload=payload)

    def tell(self, member_id: str, kind: str, content: JSON) -> None:
        """Send a frame to the channels of one member."""
        self.peers.broadcast(kind, content, only=lambda connection: connection.member == member_id)

    # -- what clients see

    def member_json(self, member: Member) -> JSON:
        """A member with presence and times."""
        return {
            **member.to_json(),
            "presence": self.presence.state(member).value,
            "joined_at": clock.iso(member.joined_at),
            "left_at": clock.iso(member.left_at),
        }

    def members_json(self) -> list[JSON]:
        """Everybody, in order of arrival."""
        return [self.member_json(member) for member in self.members.values()]

    def room_json(self) -> JSON:
        """The room with who is in it and how its kernel is."""
        online = self.peers.members()
        return {
            **room_json(self.room, self.url),
            "members_online": len(online),
            "members": [self.member_json(member) for member in self.members.values() if member.id in online],
            "kernel": self.runs.kernel_json(),
        }

    def joined_json(self, member: Member) -> JSON:
        """All that a client needs when it joins or comes back."""
        notices = self.log.budget.notices() if member.role is Role.INTERVIEWER else []
        return {
            "room": self.room_json(),
            "you": self.member_json(member),
            "members": self.members_json(),
            "messages": self.messages.recent(),
            "runs": self.runs.recent(),
            "comings": self.presence.comings(),
            "code": self.document.code(),
            "seq": self.log.seq,
            "notices": notices,
            "late": self.log.is_late,
            "limits": {
                "chat_chars": self.limits.chat_chars,
                "change_bytes": self.limits.document_message_bytes,
                "read_bytes": self.limits.document_read_bytes,
            },
        }

    def _warned(self, notice: JSON) -> None:
        """A budget of the log is used up, or nearly: interviewers hear of it."""
        member = self.member_of(notice.pop("member", 0))
        if member is not None:
            notice |= {"member": member.id, "message": f"{member.name}: {notice['message']}"}
        only = lambda connection: connection.role is Role.INTERVIEWER  # noqa: E731
        self.peers.broadcast("notice", notice, only=only)

    def announce(self) -> None:
        """The room's metadata or kernel changed."""
        if not self.closed:
            self.peers.broadcast("room_updated", self.room_json())

    def update(self, **changes: Any) -> None:
        """Metadata changed in the database: the copy here follows, everybody hears of it."""
        self.room = replace(self.room, **changes)
        self.announce()

    # -- life

    def busy(self) -> None:
        """Somebody is here: the room stays."""
        if self._release_timer is not None:
            self._release_timer.cancel()
            self._release_timer = None

    def entered(self) -> None:
        """A member came: by the time that somebody runs something, the kernel is ready."""
        if self.runs.kernel_state is KernelState.ABSENT:
            self.runs.start_kernel()

    def idle(self) -> None:
        """Perhaps nobody is here any more: the room leaves the memory after a while."""
        self.busy()
        if not self.closed and not len(self.peers):
            loop = asyncio.get_running_loop()
            self._release_timer = loop.call_later(self.limits.release_seconds, self._expired)

    def _expired(self) -> None:
        # Whoever is being seated will be here in a moment.
        if self.runs.active or self.seats.locked():
            self.idle()
        else:
            self._release(self)

    def _code_changed(self) -> None:
        if self.peers.wants_code and self._code_timer is None and not self.closed:
            self._code_timer = asyncio.get_running_loop().call_later(_CODE_SECONDS, self._send_code)

    def _send_code(self) -> None:
        self._code_timer = None
        code = self.document.code()
        if code != self._code:
            self._code = code
            self.peers.broadcast("code_update", code, only=lambda connection: connection.wants_code, seq=self.log.seq)

    def lost(self) -> None:
        """Its log could not be written: clients come back when it can, with all that they hold."""
        self.peers.broadcast("error", {"code": "storage_unavailable", "message": _STORAGE, "id": None})
        self.peers.close(STORAGE, "storage unavailable")

    async def close(self) -> None:
        """Leave the memory: sockets, timers, kernel and document. Idempotent."""
        if self.closed:
            return
        self._leave()
        await self.runs.close()
        await self.let_go()

    async def set_aside(self) -> Kept:
        """The log failed: as `close`, but the kernel is the caller's now, who calls `let_go` as well."""
        self._leave()
        return await self.runs.detach()

    def _leave(self) -> None:
        self.closed = True
        self.busy()
        if self._code_timer is not None:
            self._code_timer.cancel()
        self.presence.close()
        self.knocks.close()
        self.peers.close(1001, "the room was closed")

    async def let_go(self) -> None:
        """Let go of document and log."""
        await self.document.close()
        await self.log.close()


_STORAGE = "The server cannot store what happens here. Your changes are kept in this page until it can."
_REFUSALS = {
    Permission.EDIT: "You may not edit here now.",
    Permission.RUN: "You may not run code here now.",
    Permission.CHAT: "You may not write in the chat now.",
    Permission.MANAGE: "Only interviewers may do this.",
    Permission.REVIEW: "Only interviewers may see this.",
    Permission.VIEW: "You are not in this interview.",
}


def room_json(room: Room, url: str) -> JSON:
    """The protocol's room, as far as the database knows it."""
    return {
        "id": room.id,
        "url": url,
        "title": room.title,
        "language": room.language,
        "state": room.state.value,
        "created_at": clock.iso(room.created_at),
        "started_at": clock.iso(room.started_at),
        "ended_at": clock.iso(room.ended_at),
        "settings": dict(room.settings),
        "tags": list(room.tags),
        "files": [file.to_json() for file in room.files],
        "has_password": room.password_hash is not None,
        "members_online": 0,
        "members": [],
        "kernel": {"id": None, "state": "absent", "message": None, "restarted": None},
    }


__all__ = ["Connection", "LiveRoom", "room_json"]
