"""Which moments of an interview did its interviewers mark?

A bookmark is a note at a moment: at an event of the log, or some time after it. It is no part of the log: every
interviewer of the room can change and remove it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from ..core import clock
from ..core.errors import BadRequest, NotFound, TooLarge
from ..core.models import JSON, Account, Bookmark, Event, Member, Room
from ..core.quantities import as_count
from ..core.text import shown
from ..db import Database
from ..db.accounts import list_accounts
from ..db.bookmarks import delete_bookmark, get_bookmark, insert_bookmark, list_bookmarks, update_bookmark
from ..db.events import read_events
from ..db.members import list_members

NOTE_CHARS = 2_000
MOST = 500


class Bookmarks:
    """The bookmarks of all rooms.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, room: Room) -> list[JSON]:
        """All of a room, in the order of their moments: ``{id, seq, ms, at, note, author, member, created_at}``.

        ``ms`` counts from the room's first event; ``author`` is a name, ``member`` a member's id or ``None``.
        """

        def work(connection: Any) -> list[JSON]:
            return _json(connection, room, list_bookmarks(connection, room.key))

        return await self._database.read(work)

    async def add(self, room: Room, by: Member | Account, seq: int, note: str, *, ms: float | None = None) -> JSON:
        """Mark an event, or with ``ms`` a moment between it and the next one.

        Args:
            room: which one.
            by: who marks.
            seq: number of the event.
            note: what is to be seen there.
            ms: milliseconds since the room's first event.

        Raises:
            NotFound: the log has no such event.
            TooLarge: the note is too long, or there are too many.
        """
        text = _checked(note)
        member = by.key if isinstance(by, Member) and by.key else None
        account = by.key if isinstance(by, Account) else None

        def work(connection: Any) -> JSON:
            if len(list_bookmarks(connection, room.key)) >= MOST:
                raise TooLarge(f"An interview can have at most {as_count(MOST)} bookmarks.", limit=MOST)
            found = read_events(connection, room.key, after=seq - 1, limit=2) if seq > 0 else []
            if not found or found[0].seq != seq:
                raise NotFound("There is no such moment in this interview.", seq=seq)
            made = insert_bookmark(
                connection,
                id=secrets.token_hex(8),
                room=room.key,
                seq=seq,
                at=_between(connection, room, found, ms),
                note=text,
                member=member,
                account=account,
                created_at=clock.now(),
            )
            return _json(connection, room, [made])[0]

        return await self._database.write(work)

    async def change(self, room: Room, bookmark_id: str, note: str) -> JSON:
        """Change a note.

        Raises:
            NotFound: there is no such bookmark.
            TooLarge: the note is too long.
        """
        text = _checked(note)

        def work(connection: Any) -> JSON:
            found = get_bookmark(connection, room.key, bookmark_id)
            if found is None:
                raise NotFound("There is no such bookmark.")
            update_bookmark(connection, found.key, note=text)
            changed = get_bookmark(connection, room.key, bookmark_id)
            assert changed is not None
            return _json(connection, room, [changed])[0]

        return await self._database.write(work)

    async def remove(self, room: Room, bookmark_id: str) -> None:
        """Remove one.

        Raises:
            NotFound: there is no such bookmark.
        """
        if not await self._database.write(lambda connection: delete_bookmark(connection, room.key, bookmark_id)):
            raise NotFound("There is no such bookmark.")


def _between(connection: Any, room: Room, events: Sequence[Event], ms: float | None) -> int:
    """The moment ``ms``, but not before the first of these events, and not after the other one or the present."""
    if ms is None:
        return events[0].at
    (first,) = read_events(connection, room.key, limit=1)
    latest = events[1].at if len(events) > 1 else max(clock.now(), events[0].at)
    return min(max(first.at + round(ms * 1000), events[0].at), latest)


def _checked(note: str) -> str:
    text = shown(note)
    if len(text) > NOTE_CHARS:
        raise TooLarge(f"A note can have at most {as_count(NOTE_CHARS)} characters.", limit=NOTE_CHARS)
    if not text:
        raise BadRequest("Say what is to be seen here.", field="note")
    return text


def _json(connection: Any, room: Room, bookmarks: list[Bookmark]) -> list[JSON]:
    first = read_events(connection, room.key, limit=1) if bookmarks else []
    members = {member.key: member for member in list_members(connection, room.key)} if bookmarks else {}
    accounts = {account.key: account.name for account, _ in list_accounts(connection)} if bookmarks else {}
    found = []
    for item in bookmarks:
        member = members.get(item.member or 0)
        found.append(
            {
                "id": item.id,
                "seq": item.seq,
                "ms": (item.at - (first[0].at if first else item.at)) // 1000,
                "at": clock.iso(item.at),
                "note": item.note,
                "author": member.name if member is not None else accounts.get(item.account or 0, ""),
                "member": member.id if member is not None else None,
                "created_at": clock.iso(item.created_at),
            }
        )
    return found
