"""How are the frames of a replay stored?

Sealed with the key of what is derived from the log. They can be thrown away at any time and made again.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Column, Connection, Row, delete, func, insert, select

from ..core.models import Frame
from .keys import Held, derived_key, held_keys, make_derived_key
from .tables import frame
from .vault import Broken, open_derived, seal_derived


def insert_frame(connection: Connection, item: Frame, content: bytes, trace: bytes, held: Held) -> None:
    """Store a frame with its content (gzip of JSON). One that has its number is replaced.

    Args:
        connection: the writer's.
        item: the frame.
        content: what it holds.
        trace: what it takes to go on with it (gzip of JSON).
        held: the keys with which that was opened.

    Raises:
        KeysGone: some of these are gone: it may hold what was erased.
    """
    held_keys(connection, item.room, held, lock=True)
    key = make_derived_key(connection, item.room)
    here = (frame.c.room == item.room, frame.c.number == item.number)
    connection.execute(delete(frame).where(*here))
    connection.execute(
        insert(frame).values(
            room=item.room,
            number=item.number,
            first_seq=item.first_seq,
            last_seq=item.last_seq,
            first_at=item.first_at,
            last_at=item.last_at,
            hash=item.hash,
            summary=seal_derived(key, f"summary {item.number}", item.summary),
            content=seal_derived(key, f"frame {item.number}", content),
            trace=seal_derived(key, f"trace {item.number}", trace),
        )
    )


def list_frames(connection: Connection, room: int) -> list[Frame]:
    """The frames of a room in their order, without their contents. Any that does not open, and all after it, are left
    out: they have to be made anew."""
    columns = [column for column in frame.columns if column.name not in ("content", "trace")]
    rows = connection.execute(select(*columns).where(frame.c.room == room).order_by(frame.c.number)).all()
    key = derived_key(connection, room) if rows else None
    if key is None:
        return []
    found: list[Frame] = []
    for row in rows:
        try:
            summary = open_derived(key, f"summary {row.number}", bytes(row.summary))
        except Broken:
            break
        found.append(_frame_of(row, summary))
    return found


def _frame_of(row: Row[tuple[object, ...]], summary: bytes) -> Frame:
    values = dict(row._mapping)
    return Frame(**{**values, "hash": bytes(row.hash), "summary": summary})


def read_frame(connection: Connection, room: int, number: int) -> bytes | None:
    """The content of a frame; ``None`` when there is none with this number, or it does not open."""
    return _read(connection, room, number, frame.c.content, "frame")


def read_trace(connection: Connection, room: int, number: int) -> bytes | None:
    """What it takes to go on with a frame; ``None`` as for `read_frame`."""
    return _read(connection, room, number, frame.c.trace, "trace")


def _read(connection: Connection, room: int, number: int, column: Column[bytes], label: str) -> bytes | None:
    sealed = connection.execute(select(column).where(frame.c.room == room, frame.c.number == number)).scalar()
    key = derived_key(connection, room) if sealed is not None else None
    if sealed is None or key is None:
        return None
    try:
        return open_derived(key, f"{label} {number}", bytes(sealed))
    except Broken:
        return None


def delete_frames(connection: Connection, rooms: Sequence[int] | int, *, since: int = 0) -> None:
    """Throw the frames of rooms away, or those with numbers from ``since`` on."""
    keys = [rooms] if isinstance(rooms, int) else list(rooms)
    connection.execute(delete(frame).where(frame.c.room.in_(keys), frame.c.number >= since))


def count_frames(connection: Connection, room: int) -> int:
    """How many frames of a room are stored."""
    return connection.execute(select(func.count()).select_from(frame).where(frame.c.room == room)).scalar() or 0
