"""How does the log of a room become a file? In pages, so that no more than one of them is in memory.

The file ends with the newest event at the beginning of the writing. Where no signed head of the server's stands at that
event (the interview goes on, or the log was imported in part), it gets one for the occasion.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from ...core import clock
from ...core.chain import GENESIS, Link, head_message
from ...core.errors import LogDamaged
from ...core.models import JSON, Event, Head, Member, Room
from ...core.ports import Signer
from ...db import Database
from ...db.events import last_seq
from ...db.heads import list_heads
from ...db.keys import find_event_keys, find_keys
from ...db.links import read_links
from ...db.members import list_members
from ...db.portions import PORTION_ROWS, portion_end
from .lines import FileEvent, Seal, event_line, head_line, header_line, seal_line, seal_message

Progress = Callable[[int, int], None]
"""Told how many of how many events are done."""
Statements = Callable[[], Sequence[JSON]]
"""Gives the statements by which the server's keys vouch for each other, as JSON."""


@dataclass(frozen=True, slots=True)
class _Start:
    last: int
    members: list[Member]
    keys: dict[int, bytes]
    heads: list[Head]


@dataclass(frozen=True, slots=True)
class _Portion:
    """Events as they are stored and opened, and the keys of those that have one of their own."""

    events: list[tuple[Link, Event | None]]
    keys: dict[int, bytes]


class _Encoder:
    """Makes lines of stored events, in a thread, and looks whether they hold.

    Args:
        heads: the signatures that belong between them.
        keyed: ids of the subjects whose keys the file has; empty for the room.
    """

    def __init__(self, heads: Sequence[Head], keyed: Collection[str]) -> None:
        self._keyed = keyed
        self._heads: dict[int, list[Head]] = {}
        for head in heads:
            self._heads.setdefault(head.seq, []).append(head)
        self.hash = GENESIS
        self.holds = True

    def lines(self, portion: _Portion) -> bytes:
        """The lines of events that follow the last ones.

        Raises:
            LogDamaged: one cannot be told in a file at all.
        """
        parts: list[bytes] = []
        for link, event in portion.events:
            key = None if link.subject in self._keyed else portion.keys.get(link.seq)
            try:
                parts.append(event_line(_file_event(link, event, key), self.hash))
                self.holds = self.holds and event is not None and link.follows(self.hash) == link.hash
            except (ValueError, OverflowError) as error:
                message = f"The log of this interview is damaged at event {link.seq}."
                raise LogDamaged(message, seq=link.seq, reason="form") from error
            self.hash = link.hash
            parts += map(head_line, self._heads.get(link.seq, ()))
        return b"".join(parts)


def _file_event(link: Link, event: Event | None, key: bytes | None) -> FileEvent:
    if link.payload is None and link.data is None:
        return FileEvent(link)
    if event is None:
        # Damaged: it goes out as it is, and whoever checks the file finds it.
        return FileEvent(link, withheld=True)
    if event.erased:
        return FileEvent(link, withheld=True, redaction=event.data)
    return FileEvent(link, event.payload, event.data, key=key)


class LogWriter:
    """Writes logs.

    Args:
        database: where they are.
        signer: the server's signature.
        statements: what its keys say of each other.
    """

    def __init__(self, database: Database, signer: Signer, statements: Statements) -> None:
        self._database = database
        self._signer = signer
        self._statements = statements

    async def write(self, room: Room, progress: Progress | None = None) -> AsyncGenerator[bytes, None]:
        """The file, piece by piece."""
        start = await self._database.read(lambda connection: _start(connection, room))
        keyed = {member.id for member in start.members if member.key in start.keys} | (
            {""} if 0 in start.keys else set()
        )
        encoder = _Encoder(start.heads, keyed)
        digest = hashlib.sha256()
        piece = header_line(room, start.members, start.keys, start.last, self._statements())
        done = 0
        while True:
            digest.update(piece)
            yield piece
            if done >= start.last:
                break
            portion = await self._database.read(_portion(room.key, done, start.last))
            if not portion.events:
                # Rows are missing in the database. The file says so by itself.
                encoder.holds = False
                break
            piece = await asyncio.get_running_loop().run_in_executor(None, encoder.lines, portion)
            done = portion.events[-1][0].seq
            # It would wait in memory with its piece, for as long as the reader takes.
            del portion
            if progress is not None:
                progress(done, start.last)
        if encoder.holds and not any(head.seq == start.last for head in start.heads):
            piece = head_line(self._sign_head(room, start.last, encoder.hash))
            digest.update(piece)
            yield piece
        yield seal_line(self._sign_file(room, digest.digest()))

    def _sign_head(self, room: Room, seq: int, digest: bytes) -> Head:
        at = clock.now()
        key_id, public, signature = self._signer.sign(head_message(room.id, seq, at, digest))
        return Head(room.id, seq, at, digest, key_id, public, signature)

    def _sign_file(self, room: Room, digest: bytes) -> Seal:
        at = clock.now()
        key_id, public, signature = self._signer.sign(seal_message(room.id, at, digest))
        return Seal(at, digest, key_id, public, signature)


def _start(connection: Any, room: Room) -> _Start:
    members = list_members(connection, room.key)
    keys = find_keys(connection, room.key, [0, *(member.key for member in members)])
    return _Start(last_seq(connection, room.key), members, keys, list_heads(connection, room.key))


def _portion(room: int, after: int, until: int) -> Callable[[Any], _Portion]:
    def read(connection: Any) -> _Portion:
        end = portion_end(connection, room, after=after, until=until)
        events = read_links(connection, room, after=after, until=end, limit=PORTION_ROWS)
        return _Portion(events, find_event_keys(connection, room, after + 1, end))

    return read
