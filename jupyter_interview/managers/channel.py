"""Who listens to a room, and how is everybody told?

`Peers` holds the open sockets of one room, of all three kinds (channel, document, kernel), and sends frames to those of
the channel. A *connection* is one socket of one member.
"""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..core import clock
from ..core.errors import Forbidden
from ..core.models import JSON, Member
from ..core.permissions import Role
from ..core.ports import Peer

# A server that starts anew must not give the numbers of the one before to other sockets of the same room.
_numbers = itertools.count(secrets.randbelow(1 << 28))

Close = Callable[[int, str], None]

REMOVED = 4403
ENDED = 4410
STORAGE = 4503


@dataclass(slots=True, eq=False)
class Connection:
    """One open socket. ``peer`` is set for those on the channel."""

    id: int
    member: str
    key: int
    role: Role
    kind: str
    close: Close
    peer: Peer | None = None
    wants_code: bool = False


def encode(kind: str, content: Any, **fields: Any) -> str:
    """A frame of the protocol as JSON text, with the present moment unless ``ts`` is given."""
    frame = {"type": kind, "ts": clock.iso(clock.now()), "content": content, **fields}
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


def sender_of(member: Member) -> JSON:
    """The protocol's ``sender``."""
    return {"id": member.id, "name": member.name, "role": member.role.value}


class Peers:
    """The open sockets of one room.

    Args:
        room: id of the room, which every frame names.
        per_member: sockets that one member may have open.
    """

    def __init__(self, room: str, per_member: int) -> None:
        self._room = room
        self._per_member = per_member
        self._connections: dict[int, Connection] = {}

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, member: Member, kind: str, close: Close, peer: Peer | None = None) -> Connection:
        """Register a socket.

        Raises:
            Forbidden: the member has too many open.
        """
        if len(self.of(member.id)) >= self._per_member:
            raise Forbidden("Too many open windows of this interview. Close some.", limit=self._per_member)
        connection = Connection(next(_numbers), member.id, member.key, member.role, kind, close, peer)
        self._connections[connection.id] = connection
        return connection

    def discard(self, connection: Connection) -> bool:
        """Unregister; whether it was registered."""
        return self._connections.pop(connection.id, None) is not None

    def of(self, member: str) -> list[Connection]:
        """The open sockets of a member."""
        return [connection for connection in self._connections.values() if connection.member == member]

    def members(self) -> set[str]:
        """Ids of the members who have a socket open."""
        return {connection.member for connection in self._connections.values()}

    @property
    def wants_code(self) -> bool:
        """Whether anybody asked for `code_update`."""
        return any(connection.wants_code for connection in self._connections.values())

    def broadcast(
        self,
        kind: str,
        content: Any,
        *,
        but: Connection | None = None,
        only: Callable[[Connection], bool] | None = None,
        **fields: Any,
    ) -> None:
        """Send one frame to the channel of everybody.

        Args:
            kind: type of the frame.
            content: its content.
            but: this socket is left out: no echo to the sender.
            only: sockets for which this is false are left out.
            **fields: further fields of the frame (``seq``, ``sender``, ``ts``).
        """
        text: str | None = None
        for connection in list(self._connections.values()):
            if connection.peer is None or connection is but or (only is not None and not only(connection)):
                continue
            if text is None:
                text = encode(kind, content, room=self._room, **fields)
            connection.peer.send(text)

    def close(self, code: int, reason: str, member: str | None = None) -> None:
        """Close all sockets, or those of one member."""
        for connection in list(self._connections.values()):
            if member is None or connection.member == member:
                connection.close(code, reason)
