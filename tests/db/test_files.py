"""Are the files of rooms kept to the byte, and found without their contents?"""

from __future__ import annotations

import dataclasses
import hashlib

import pytest

from jupyter_interview.core.errors import StorageUnavailable
from jupyter_interview.core.models import RoomFile
from jupyter_interview.db import Database
from jupyter_interview.db.files import insert_files, list_files, read_files
from jupyter_interview.db.rooms import delete_room, get_room, list_rooms
from tests.db.conftest import make_room

CONTENTS = {
    "z.bin": bytes(range(256)) * 1_000,
    "A.csv": b"1,2\n",
    "a.csv": b"",
    "u\u0308 'x\".txt": b"decomposed",
    "ü 'x\".txt": b"composed",
}


def _files(contents: dict[str, bytes]) -> list[tuple[RoomFile, bytes]]:
    return [
        (RoomFile(name, len(content), hashlib.sha256(content).hexdigest()), content)
        for name, content in contents.items()
    ]


async def test_files_come_back_to_the_byte(ji_database: Database, ji_room: int) -> None:
    """Names that differ in case or in composition are different files; they are listed by name, as code points."""
    files = _files(CONTENTS)
    await ji_database.write(lambda connection: insert_files(connection, ji_room, files))
    listed = await ji_database.read(lambda connection: list_files(connection, [ji_room]))
    assert listed == {ji_room: tuple(file for file, _ in sorted(files, key=lambda item: item[0].name))}
    assert await ji_database.read(lambda connection: read_files(connection, ji_room)) == CONTENTS
    with pytest.raises(StorageUnavailable):
        await ji_database.write(lambda connection: insert_files(connection, ji_room, files[:1]))


async def test_each_room_has_its_own(ji_database: Database) -> None:
    """Found with the room and with a page of rooms; gone with the room."""
    keys = [await make_room(ji_database, title=f"r{number}") for number in range(3)]
    for number, key in enumerate(keys[:2]):
        files = _files({"same.txt": bytes([number])})
        await ji_database.write(lambda connection, k=key, f=files: insert_files(connection, k, f))  # type: ignore[misc]
    rooms = await ji_database.read(lambda connection: list_rooms(connection, owner=None))
    first, second, none = sorted(rooms, key=lambda room: room.key)
    assert [len(room.files) for room in (first, second, none)] == [1, 1, 0]
    assert first.files[0] != second.files[0] and first.files[0].size == 1
    assert await ji_database.read(lambda connection: get_room(connection, second.id)) == second
    assert await ji_database.read(lambda connection: list_files(connection, keys[:1])) == {first.key: first.files}
    await ji_database.write(lambda connection: delete_room(connection, first.key))
    assert await ji_database.read(lambda connection: read_files(connection, first.key)) == {}
    assert await ji_database.read(lambda connection: read_files(connection, second.key)) == {"same.txt": b"\1"}
    assert await ji_database.read(lambda connection: list_files(connection, keys)) == {second.key: second.files}
    assert dataclasses.replace(none, files=()) == none
