"""How are the files that rooms hold for their kernels stored?"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, delete, insert, select

from ..core.models import RoomFile
from .tables import room_file


def insert_files(connection: Connection, room: int, files: Iterable[tuple[RoomFile, bytes]]) -> None:
    """Store files with their contents for the room with key ``room``."""
    for file, content in files:
        connection.execute(insert(room_file).values(room=room, content=content, **file.to_json()))


def list_files(connection: Connection, rooms: Collection[int]) -> dict[int, tuple[RoomFile, ...]]:
    """The files of rooms by the rooms' keys, by name, without their contents; rooms that have none are not in it."""
    table = room_file.c
    query = select(table.room, table.name, table.size, table.sha256).where(table.room.in_(rooms))
    found: dict[int, list[RoomFile]] = {}
    for row in connection.execute(query):
        found.setdefault(row.room, []).append(RoomFile(row.name, row.size, row.sha256))
    # Databases differ in what comes first.
    return {room: tuple(sorted(files, key=lambda file: file.name)) for room, files in found.items()}


def read_files(connection: Connection, room: int) -> dict[str, bytes]:
    """The contents of a room's files by name."""
    query = select(room_file.c.name, room_file.c.content).where(room_file.c.room == room)
    return {row.name: bytes(row.content) for row in connection.execute(query)}


def read_file(connection: Connection, room: int, name: str) -> bytes | None:
    """The content of one file of a room; ``None`` when there is none of this name."""
    query = select(room_file.c.content).where(room_file.c.room == room, room_file.c.name == name)
    content = connection.execute(query).scalar()
    return None if content is None else bytes(content)


def delete_file(connection: Connection, room: int, name: str) -> None:
    """Delete a file of a room. For the writer."""
    connection.execute(delete(room_file).where(room_file.c.room == room, room_file.c.name == name))
