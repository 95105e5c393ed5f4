"""How are the server's signatures over logs stored?"""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from ..core.models import Head
from .tables import head, room


def insert_head(connection: Connection, key: int, item: Head) -> None:
    """Store a signature over the log of the room with this key."""
    connection.execute(
        insert(head).values(
            room=key,
            seq=item.seq,
            at=item.at,
            hash=item.hash,
            key_id=item.key_id,
            public_key=item.public_key,
            signature=item.signature,
        )
    )


def list_heads(connection: Connection, key: int) -> list[Head]:
    """The signatures over a room's log, in the log's order."""
    room_id = connection.execute(select(room.c.id).where(room.c.key == key)).scalar()
    query = select(head).where(head.c.room == key).order_by(head.c.seq)
    return [
        Head(
            room=room_id or "",
            seq=row.seq,
            at=row.at,
            hash=bytes(row.hash),
            key_id=row.key_id,
            public_key=bytes(row.public_key),
            signature=bytes(row.signature),
        )
        for row in connection.execute(query)
    ]
