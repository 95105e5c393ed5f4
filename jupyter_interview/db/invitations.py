"""How are invitations stored? By the hash of their secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from ..core.models import Invitation
from ..core.permissions import Role
from .tables import invitation


def _invitation_of(row: Row[Any]) -> Invitation:
    values = dict(row._mapping)
    return Invitation(**{**values, "role": Role(values["role"])})


def insert_invitation(connection: Connection, **values: Any) -> Invitation:
    """Store a new invitation; ``values`` are the fields of `Invitation` but for ``key``."""
    key = connection.execute(insert(invitation).values(**values)).inserted_primary_key
    assert key is not None
    return Invitation(key=key[0], **values)


def list_invitations(connection: Connection, room: int) -> list[Invitation]:
    """The invitations of a room, oldest first."""
    query = select(invitation).where(invitation.c.room == room).order_by(invitation.c.key)
    return [_invitation_of(row) for row in connection.execute(query)]


def rename_invitations(connection: Connection, room: int, rename: Callable[[str], str]) -> None:
    """Change the names of a room's invitations that have one."""
    for found in list_invitations(connection, room):
        if found.name is not None and (name := rename(found.name)) != found.name:
            connection.execute(update(invitation).where(invitation.c.key == found.key).values(name=name))


def find_invitation(connection: Connection, room: int, secret_hash: str, now: int) -> Invitation | None:
    """The invitation with this secret; ``None`` when it is unknown, revoked, expired or used up."""
    query = select(invitation).where(invitation.c.room == room, invitation.c.secret_hash == secret_hash)
    row = connection.execute(query).first()
    if row is None:
        return None
    found = _invitation_of(row)
    used_up = found.max_uses is not None and found.uses >= found.max_uses
    expired = found.expires_at is not None and found.expires_at <= now
    return None if found.revoked_at is not None or used_up or expired else found


def use_invitation(connection: Connection, room: int, secret_hash: str, now: int) -> Invitation | None:
    """Count one use of the invitation with this secret; ``None`` where `find_invitation` finds none."""
    found = find_invitation(connection, room, secret_hash, now)
    if found is not None:
        connection.execute(update(invitation).where(invitation.c.key == found.key).values(uses=found.uses + 1))
    return found


def revoke_invitation(connection: Connection, room: int, invitation_id: str, now: int) -> bool:
    """Revoke; whether there was such an invitation."""
    done = connection.execute(
        update(invitation).where(invitation.c.room == room, invitation.c.id == invitation_id).values(revoked_at=now)
    )
    return done.rowcount > 0


def revoke_ways_back(connection: Connection, room: int, member: int, used: int | None, now: int) -> list[str]:
    """Revoke the invitation that a member used, and those that this member made; the ids of what was in force.

    Args:
        connection: the database.
        room: key of the room.
        member: key of the member.
        used: key of the invitation by which the member came, if any.
        now: the time of it.
    """
    theirs = or_(invitation.c.made_by == member, invitation.c.key == used)
    query = select(invitation.c.key, invitation.c.id).where(
        invitation.c.room == room, invitation.c.revoked_at.is_(None), theirs
    )
    found = connection.execute(query.order_by(invitation.c.key)).all()
    keys = [row.key for row in found]
    connection.execute(update(invitation).where(invitation.c.key.in_(keys)).values(revoked_at=now))
    return [row.id for row in found]
