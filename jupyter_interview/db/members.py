"""How are the people of a room stored?"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from ..core.models import Member, MemberState
from ..core.permissions import Role
from .tables import member


def _member_of(row: Row[Any]) -> Member:
    return Member(
        key=row.key,
        id=row.id,
        room=row.room,
        role=Role(row.role),
        name=row.name,
        email=row.email,
        account=row.account,
        state=MemberState(row.state),
        switches=json.loads(row.switches),
        joined_at=row.joined_at,
        left_at=row.left_at,
        invitation=row.invitation,
    )


def _values(values: dict[str, Any]) -> dict[str, Any]:
    if "switches" in values:
        values = {**values, "switches": json.dumps(values["switches"], separators=(",", ":"))}
    return values


def insert_member(connection: Connection, **values: Any) -> Member:
    """Store a new member; ``values`` are the fields of `Member` but for ``key``."""
    key = connection.execute(insert(member).values(**_values(values))).inserted_primary_key
    assert key is not None
    return Member(key=key[0], **values)


def update_member(connection: Connection, key: int, **values: Any) -> None:
    """Change fields of a member."""
    connection.execute(update(member).where(member.c.key == key).values(**_values(values)))


def find_member(connection: Connection, member_id: str) -> Member | None:
    """The member with this public id, of whatever room."""
    row = connection.execute(select(member).where(member.c.id == member_id)).first()
    return None if row is None else _member_of(row)


def list_members(connection: Connection, room: int) -> list[Member]:
    """Everybody who ever had or asked for a seat in a room, in order of arrival."""
    query = select(member).where(member.c.room == room).order_by(member.c.key)
    return [_member_of(row) for row in connection.execute(query)]
