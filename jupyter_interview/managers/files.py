"""Which files may a room hold for its kernels, and how do those get them?

They come with the creation of a room and never change. What is known of them (`core.models.RoomFile`) is part of the
room and of its log; their contents are in the database alone and are read once for each kernel.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from ..core.errors import BadRequest, TooLarge
from ..core.limits import Limits
from ..core.models import Room, RoomFile
from ..core.ports import ReadFiles
from ..core.quantities import as_count, as_size
from ..core.text import FILE_NAME_BYTES, is_file_name, shown
from ..db import Database
from ..db.files import read_files

_SHOWN_CHARS = 60


def check_names(names: Sequence[str], limits: Limits) -> None:
    """Whether a room can hold files of these names.

    Raises:
        BadRequest: one is not a plain file name, or two are the same.
        TooLarge: they are too many.
    """
    if len(names) > limits.data_files:
        raise TooLarge(
            f"An interview can have at most {as_count(limits.data_files)} files.",
            limit=limits.data_files,
            field="files",
        )
    for name, count in Counter(names).items():
        if not is_file_name(name):
            raise BadRequest(
                f"{shown(name)[:_SHOWN_CHARS]!r} cannot name a file: a name has 1 to {FILE_NAME_BYTES} bytes, without "
                "slashes and control characters.",
                field="files",
            )
        if count > 1:
            raise BadRequest(f"Two files have the name {name!r}.", field="files")


async def hashed(files: Sequence[tuple[str, bytes]], limits: Limits) -> list[tuple[RoomFile, bytes]]:
    """Files as a room holds them, by name, with their contents.

    Args:
        files: pairs of name and content.
        limits: the limits in force.

    Raises:
        BadRequest: as `check_names`.
        TooLarge: they are too many, or together too large.
    """
    check_names([name for name, _ in files], limits)
    if sum(len(content) for _, content in files) > limits.data_bytes:
        raise TooLarge(
            f"The files of an interview can have at most {as_size(limits.data_bytes)} together.",
            limit=limits.data_bytes,
            field="files",
        )

    def work() -> list[tuple[RoomFile, bytes]]:
        return [
            (RoomFile(name, len(content), hashlib.sha256(content).hexdigest()), content)
            for name, content in sorted(files)
        ]

    return await asyncio.get_running_loop().run_in_executor(None, work) if files else []


def reader(database: Database, room: Room) -> ReadFiles | None:
    """What reads the files of a room for a kernel; ``None`` where it has none."""
    if not room.files:
        return None

    async def read() -> Mapping[str, bytes]:
        return await database.read(lambda connection: read_files(connection, room.key))

    return read
