"""Which rooms has a server left in the midst of a run?"""

from __future__ import annotations

import pytest

from jupyter_interview.core.models import EventKind, RoomState
from jupyter_interview.db import Database
from jupyter_interview.db.unfinished import unfinished_rooms

from .conftest import Writes, make_room

QUEUED, STARTED, FINISHED = EventKind.RUN_QUEUED, EventKind.RUN_STARTED, EventKind.RUN_FINISHED


@pytest.mark.parametrize(
    ("kinds", "found"),
    [
        ([], False),
        ([QUEUED, STARTED, FINISHED], False),
        ([QUEUED, STARTED], True),
        ([QUEUED], True),
        ([QUEUED, QUEUED, STARTED, FINISHED], True),
        ([QUEUED, QUEUED, STARTED, FINISHED, FINISHED], False),
        ([QUEUED, STARTED, *[EventKind.CURSOR] * 2_100], True),
        # A log of earlier versions, and one of a fork.
        ([STARTED, FINISHED, STARTED], True),
        ([STARTED, FINISHED], False),
    ],
)
async def test_a_run_without_an_end_is_found(ji_database: Database, kinds: list[EventKind], found: bool) -> None:
    room = await make_room(ji_database)
    ended = await make_room(ji_database, state=RoomState.ENDED)
    for key in (room, ended):
        writes = Writes(ji_database, key)
        for seq, kind in enumerate([EventKind.JOIN, *kinds, EventKind.LEAVE], 1):
            writes.append(seq, kind=kind, payload={})
        await writes.all(len(kinds) + 2)
    assert await ji_database.read(unfinished_rooms) == (["room-0"] if found else [])
