"""How are rooms and their final records stored?"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from ..core.errors import LogDamaged
from ..core.models import JSON, Room, RoomFile, RoomState
from .files import list_files
from .keys import derived_key, make_derived_key
from .tables import (
    bookmark,
    event,
    event_key,
    frame,
    head,
    invitation,
    member,
    member_key,
    record,
    redaction,
    room,
    room_file,
)
from .vault import Broken, open_derived, seal_derived

_BELONGINGS = (event, invitation, member, record, room_file, member_key, event_key, head, redaction, frame, bookmark)
_CONTENT = ("notebook", "messages", "members", "runs")


def _dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _room_of(row: Row[Any], files: tuple[RoomFile, ...]) -> Room:
    return Room(
        key=row.key,
        id=row.id,
        title=row.title,
        language=row.language,
        state=RoomState(row.state),
        owner=row.owner,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        password_hash=row.password_hash,
        settings=json.loads(row.settings),
        tags=tuple(json.loads(row.tags)),
        files=files,
        damage=None if row.damage is None else json.loads(row.damage),
    )


def _values(values: dict[str, Any]) -> dict[str, Any]:
    """Model values as column values."""
    encoded = {
        name: _dumps(list(value) if name == "tags" else value)
        for name, value in values.items()
        if name in ("settings", "tags") or (name == "damage" and value is not None)
    }
    return {**values, **encoded}


def rooms_of(connection: Connection, rows: Sequence[Row[Any]]) -> list[Room]:
    """The rooms of rows of their table, with their files."""
    files = list_files(connection, [row.key for row in rows]) if rows else {}
    return [_room_of(row, files.get(row.key, ())) for row in rows]


def insert_room(connection: Connection, **values: Any) -> Room:
    """Store a new room; ``values`` are the fields of `Room` but for ``key`` and ``files``."""
    key = connection.execute(insert(room).values(**_values(values))).inserted_primary_key
    assert key is not None
    return Room(key=key[0], **values)


def update_room(connection: Connection, key: int, **values: Any) -> None:
    """Change fields of a room."""
    connection.execute(update(room).where(room.c.key == key).values(**_values(values)))


def get_room(connection: Connection, room_id: str) -> Room | None:
    """The room with this public id."""
    rows = connection.execute(select(room).where(room.c.id == room_id)).all()
    return next(iter(rooms_of(connection, rows)), None)


def get_room_by_key(connection: Connection, key: int) -> Room | None:
    """The room with this key."""
    rows = connection.execute(select(room).where(room.c.key == key)).all()
    return next(iter(rooms_of(connection, rows)), None)


def list_rooms(
    connection: Connection,
    *,
    owner: int | None,
    states: Collection[RoomState] | None = None,
    text: str | None = None,
    tag: str | None = None,
    before: tuple[int, int] | None = None,
    limit: int = 50,
) -> list[Room]:
    """Rooms, newest first.

    Args:
        connection: where to read.
        owner: only those of this account; ``None`` for all.
        states: only those in one of these states.
        text: only those whose title, language or people's names contain it (letter case ignored).
        tag: only those with exactly this tag.
        before: ``(created_at, key)`` of the last room of the previous page.
        limit: at most so many.
    """
    query = select(room).order_by(room.c.created_at.desc(), room.c.key.desc()).limit(limit)
    if owner is not None:
        query = query.where(room.c.owner == owner)
    if states is not None:
        query = query.where(room.c.state.in_([state.value for state in states]))
    if text:
        people = select(member.c.room).where(_contains(member.c.name, text))
        query = query.where(
            or_(_contains(room.c.title, text), _contains(room.c.language, text), room.c.key.in_(people))
        )
    if tag:
        # Not LIKE: to SQLite's, two spellings are one tag.
        query = query.where(func.replace(room.c.tags, _dumps(tag), "") != room.c.tags)
    if before is not None:
        created, key = before
        query = query.where(or_(room.c.created_at < created, and_(room.c.created_at == created, room.c.key < key)))
    return rooms_of(connection, connection.execute(query).all())


def list_ended(connection: Connection) -> list[Room]:
    """The rooms that have ended, oldest first."""
    query = select(room).where(room.c.state == RoomState.ENDED.value).order_by(room.c.key)
    return rooms_of(connection, connection.execute(query).all())


def _contains(column: Column[str], text: str) -> ColumnElement[bool]:
    """Whether a text is in a column; as it is written too, since not every server knows all small letters."""
    written = column.contains(text, autoescape=True)
    return or_(written, func.lower(column).contains(text.lower(), autoescape=True))


def delete_room(connection: Connection, key: int) -> None:
    """Remove a room with all that belongs to it."""
    for table in _BELONGINGS:
        connection.execute(delete(table).where(table.c.room == key))
    connection.execute(delete(room).where(room.c.key == key))


def insert_record(connection: Connection, key: int, **values: Any) -> None:
    """Store what remains of an ended interview: notebook, messages, members, runs and times."""
    content = _dumps({name: values[name] for name in _CONTENT}).encode("utf-8", "replace")
    times = {name: value for name, value in values.items() if name not in _CONTENT}
    sealed = seal_derived(make_derived_key(connection, key), "record", content)
    connection.execute(insert(record).values(room=key, content=sealed, **times))


def get_record(connection: Connection, key: int) -> JSON | None:
    """The final record of a room, decoded; ``None`` before its end.

    Raises:
        LogDamaged: it does not open.
    """
    row = connection.execute(select(record).where(record.c.room == key)).first()
    if row is None:
        return None
    found = derived_key(connection, key)
    try:
        content: JSON = json.loads(open_derived(found or b"", "record", bytes(row.content)))
    except (Broken, ValueError) as error:
        raise LogDamaged("The record of this interview is damaged.", seq=0, reason="record") from error
    times = {name: value for name, value in row._mapping.items() if name not in ("room", "content")}
    return {**times, **content}


def delete_record(connection: Connection, key: int) -> None:
    """Throw a room's final record away, to make it anew."""
    connection.execute(delete(record).where(record.c.room == key))
