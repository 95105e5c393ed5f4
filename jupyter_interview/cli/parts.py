"""Which managers does a command need, that works on interviews without serving them?

The same ones as the server's, on the same database, but no kernel and no visitor.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

from ..app import InterviewApp
from ..auth import Argon2Passwords
from ..auth.signing import TrustedKeys
from ..collab import History, NotebookFold, open_document
from ..core.errors import BadRequest, KernelUnavailable
from ..core.limits import Limits
from ..core.models import Room
from ..core.ports import Executor, ReadFiles, RunObserver
from ..db import Database
from ..managers.bookmarks import Bookmarks
from ..managers.evidence import Evidence
from ..managers.exports.exports import Exports
from ..managers.exports.imports import Imports
from ..managers.records import Records
from ..managers.replay.replay import Replay
from ..managers.rooms import Rooms

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Parts:
    """What commands work with."""

    rooms: Rooms
    replay: Replay
    evidence: Evidence
    exports: Exports
    imports: Imports


def room_id(text: str) -> str:
    """The id in what somebody typed: an id, or a link with one in it.

    Raises:
        BadRequest: there is none.
    """
    found = _UUID.search(text.lower())
    if found is None:
        raise BadRequest(f"{text!r} is not the id of an interview: its link ends with it.")
    return found.group()


def no_kernel(room: str, language: str, observer: RunObserver, files: ReadFiles | None = None) -> Executor:
    """Commands run nothing."""
    raise KernelUnavailable("A command starts no kernels.")


@contextlib.asynccontextmanager
async def parts_of(app: InterviewApp, database: Database) -> AsyncIterator[Parts]:
    """The managers on an open database."""
    keys = app.open_keys()
    passwords = Argon2Passwords(workers=1)
    records = Records(database, NotebookFold, keys)
    limits = Limits.checked(**app.limits)
    rooms = Rooms(database, limits, passwords, records, no_kernel, open_document, "/")
    evidence = Evidence(database, keys)
    replay = Replay(database, rooms, History, evidence)
    bookmarks = Bookmarks(database)
    try:
        yield Parts(
            rooms=rooms,
            replay=replay,
            evidence=evidence,
            exports=Exports(database, replay, bookmarks, keys, keys.to_json),
            imports=Imports(database, records, History, TrustedKeys(None)),
        )
    finally:
        await replay.close()
        passwords.close()


async def find_room(parts: Parts, text: str) -> Room:
    """The room that somebody named.

    Raises:
        BadRequest: that names none.
        NotFound: it is not here.
    """
    return await parts.rooms.get(room_id(text))
