"""How are the moments that interviewers marked stored?"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from ..core.models import Bookmark
from .tables import bookmark


def insert_bookmark(connection: Connection, **values: Any) -> Bookmark:
    """Store a new bookmark; ``values`` are the fields of `Bookmark` but for ``key``."""
    key = connection.execute(insert(bookmark).values(**values)).inserted_primary_key
    assert key is not None
    return Bookmark(key=key[0], **values)


def list_bookmarks(connection: Connection, room: int) -> list[Bookmark]:
    """The bookmarks of a room in the order of the moments that they mark."""
    query = select(bookmark).where(bookmark.c.room == room).order_by(bookmark.c.at, bookmark.c.key)
    return [Bookmark(**row._mapping) for row in connection.execute(query)]


def get_bookmark(connection: Connection, room: int, bookmark_id: str) -> Bookmark | None:
    """The bookmark of a room with this id."""
    query = select(bookmark).where(bookmark.c.room == room, bookmark.c.id == bookmark_id)
    row = connection.execute(query).first()
    return None if row is None else Bookmark(**row._mapping)


def update_bookmark(connection: Connection, key: int, **values: Any) -> None:
    """Change fields of a bookmark."""
    connection.execute(update(bookmark).where(bookmark.c.key == key).values(**values))


def delete_bookmark(connection: Connection, room: int, bookmark_id: str) -> bool:
    """Remove a bookmark; whether there was such a one."""
    query = delete(bookmark).where(bookmark.c.room == room, bookmark.c.id == bookmark_id)
    return connection.execute(query).rowcount > 0
