"""Who may come by which link?"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from ..core import clock
from ..core.errors import BadRequest, Conflict, NotFound
from ..core.models import JSON, EventKind, Invitation, Member
from ..core.permissions import Role
from ..core.quantities import as_count
from ..core.text import shown
from ..db import Database
from ..db.invitations import (
    find_invitation,
    insert_invitation,
    list_invitations,
    revoke_invitation,
    revoke_ways_back,
    use_invitation,
)
from .live import LiveRoom
from .names import NAME_CHARS

_LONGEST_SECONDS = 366 * 24 * 3600
_MOST = 200


class Invitations:
    """Secret links, one role each.

    Args:
        database: where they are kept.
        hash_secret: the stored form of a secret.
    """

    def __init__(self, database: Database, hash_secret: Callable[[str], str]) -> None:
        self._database = database
        self._hash = hash_secret

    async def create(
        self,
        live: LiveRoom,
        by: Member | None,
        *,
        role: Role,
        name: str | None = None,
        expires_in: int | None = None,
        max_uses: int | None = 1,
    ) -> JSON:
        """A new invitation; its JSON has the link with the secret, which is shown this once.

        Args:
            live: the room.
            by: who invites; ``None`` for an account outside the room.
            role: what the guest will be.
            name: a note for whom it is.
            expires_in: seconds until it is of no use; never when ``None``.
            max_uses: how many may come by it; any number when ``None``.

        Raises:
            BadRequest: a number is out of range.
        """
        if expires_in is not None and not 0 < expires_in <= _LONGEST_SECONDS:
            raise BadRequest("expires_in is a number of seconds up to a year.", field="expires_in")
        if max_uses is not None and not 0 < max_uses <= 1_000:
            raise BadRequest("max_uses is between 1 and 1000.", field="max_uses")
        now = clock.now()
        secret = secrets.token_urlsafe(32)
        values: dict[str, Any] = {
            "id": secrets.token_hex(8),
            "room": live.room.key,
            "role": role,
            "name": shown(name)[:NAME_CHARS] or None if name else None,
            "secret_hash": self._hash(secret),
            "created_at": now,
            "expires_at": None if expires_in is None else now + expires_in * 1_000_000,
            "max_uses": max_uses,
            "uses": 0,
            "made_by": by.key if by else None,
        }

        def work(connection: Any) -> Invitation:
            if len(list_invitations(connection, live.room.key)) >= _MOST:
                raise Conflict(f"A room can have at most {as_count(_MOST)} invitations.")
            return insert_invitation(connection, **values)

        invitation = await self._database.write(work)
        live.log.append(
            EventKind.ROOM_UPDATED,
            member=by.key if by else 0,
            payload={"invitation": invitation.id, "role": role.value},
        )
        return {**invitation_json(invitation), "url": f"{live.url}#invite={secret}"}

    async def list(self, room: int) -> list[JSON]:
        """The invitations of a room, without secrets."""
        found = await self._database.read(lambda connection: list_invitations(connection, room))
        return [invitation_json(invitation) for invitation in found]

    async def revoke(self, live: LiveRoom, by: Member | None, invitation_id: str) -> None:
        """From now on nobody comes by it; who came stays.

        Raises:
            NotFound: the room has no such invitation.
        """
        now = clock.now()
        done = await self._database.write(
            lambda connection: revoke_invitation(connection, live.room.key, invitation_id, now)
        )
        if not done:
            raise NotFound("There is no such invitation.")
        _log_revoked(live, by, invitation_id)

    async def close_behind(self, live: LiveRoom, by: Member | None, member: Member) -> None:
        """Nobody comes any more by what ``member`` could come back by: the invitation used, and those that they made.

        Who came by them stays. The caller holds ``live.seats``: nobody is on the way in meanwhile.
        """
        now = clock.now()
        ended = await self._database.write(
            lambda connection: revoke_ways_back(connection, live.room.key, member.key, member.invitation, now)
        )
        for invitation_id in ended:
            _log_revoked(live, by, invitation_id)

    async def find(self, room: int, secret: str) -> Invitation | None:
        """The invitation that would be used; ``None`` when it is unknown or over."""
        hashed, now = self._hash(secret), clock.now()
        return await self._database.read(lambda connection: find_invitation(connection, room, hashed, now))

    async def use(self, room: int, secret: str) -> Invitation | None:
        """Count one use; ``None`` when the invitation is unknown or over."""
        hashed, now = self._hash(secret), clock.now()
        return await self._database.write(lambda connection: use_invitation(connection, room, hashed, now))


def _log_revoked(live: LiveRoom, by: Member | None, invitation_id: str) -> None:
    payload = {"invitation": invitation_id, "revoked": True}
    live.log.append(EventKind.ROOM_UPDATED, member=by.key if by else 0, payload=payload)


def invitation_json(invitation: Invitation) -> JSON:
    """An invitation as interviewers see it."""
    return {
        "id": invitation.id,
        "role": invitation.role.value,
        "name": invitation.name,
        "created_at": clock.iso(invitation.created_at),
        "expires_at": clock.iso(invitation.expires_at),
        "max_uses": invitation.max_uses,
        "uses": invitation.uses,
        "revoked": invitation.revoked_at is not None,
    }
