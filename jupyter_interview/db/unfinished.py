"""In which rooms did a server stop in the midst of a run?"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from ..core.models import RUN_KINDS, EventKind, RoomState
from .portions import newest_kinds
from .tables import room


def unfinished_rooms(connection: Connection) -> list[str]:
    """Ids of the rooms that have not ended and whose log tells of a run without an end.

    Only the newest events about runs are looked at. A room too many may be among them, which costs nothing but opening
    it.
    """
    rooms = connection.execute(select(room.c.key, room.c.id).where(room.c.state != RoomState.ENDED.value))
    return [id_ for key, id_ in rooms.all() if _is_unfinished(newest_kinds(connection, key, RUN_KINDS))]


def _is_unfinished(kinds: Sequence[EventKind]) -> bool:
    """Whether of the runs that these events tell of, in order, one has no end."""
    if not kinds:
        return False
    begins = kinds[-1] is not EventKind.RUN_FINISHED
    return begins or kinds.count(EventKind.RUN_QUEUED) > kinds.count(EventKind.RUN_FINISHED)
