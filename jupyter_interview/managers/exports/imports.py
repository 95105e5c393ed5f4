"""How does an exported interview come to another server?

It keeps its id, its events with their numbers and hashes, its signatures and its members with their keys, which this
server's vault wraps anew. So the replay is the same, and the log still proves what it proved. It is over here, whatever
it was there: nobody can enter it. Its members are nobody here: accounts stay behind, and the room belongs to the
server's own user.

The file is checked to its end before anything is stored; what goes into the database waits in a temporary file until
then, and comes in with one short transaction.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import pickle
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from ...core import clock
from ...core.chain import Link
from ...core.errors import BadRequest, Conflict, LogDamaged, NotFound
from ...core.models import JSON, Event, EventKind, Head, MemberState, Room, RoomFile, RoomState
from ...core.permissions import Role
from ...core.ports import History, OpenHistory, Signatures
from ...core.text import is_email, is_line, shown
from ...core.verify import Reason
from ...db import Database
from ...db.bookmarks import insert_bookmark
from ...db.files import insert_files
from ...db.heads import insert_head
from ...db.keys import insert_key, keep_event_keys
from ...db.links import insert_links
from ...db.members import insert_member
from ...db.redactions import store_redactions
from ...db.rooms import get_room, insert_room
from ..bookmarks import MOST, NOTE_CHARS
from ..logfile.header import MOMENTS, NUMBERS, is_number
from ..logfile.lines import FileEvent, FileHeader
from ..logfile.payloads import Contents
from ..logfile.reader import LogReader
from ..logfile.writer import Progress
from ..metadata import checked
from ..records import Records
from .exports import FILES, LOG, MARKS
from .package import Package, check_sizes

_PORTION = 1_000
_UNTITLED = "Interview"
"""Instead of a title in which nothing can be seen; earlier versions had such."""
_ID_CHARS = 64
OWNER = 0
"""The server's own user."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What came in.

    Attributes:
        room: the new room.
        events: how many events of its log.
        heads: the signatures over it.
        damage: where the log did not hold; ``None`` when it did.
    """

    room: Room
    events: int
    heads: tuple[Head, ...]
    damage: LogDamaged | None


@dataclass(slots=True)
class _Portion:
    """Some events, what replaces the data of the erased ones, and the keys of those that have one of their own."""

    links: list[Link] = field(default_factory=list)
    redactions: dict[int, bytes] = field(default_factory=dict)
    keys: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class _Parcel:
    """A log that was checked, on its way into the database."""

    header: FileHeader
    spool: IO[bytes]
    events: int = 0
    last_at: int = 0
    hash: bytes = b""
    heads: list[Head] = field(default_factory=list)
    damage: LogDamaged | None = None

    def portions(self) -> Iterator[_Portion]:
        """The events, a portion at a time."""
        self.spool.seek(0)
        while True:
            try:
                # Nobody else could have written into this file: it has no name.
                yield pickle.load(self.spool)  # noqa: S301
            except EOFError:
                return


class Imports:
    """Brings exports in.

    Args:
        database: where to.
        records: makes the final records.
        histories: tries whether a document takes the updates of a log.
        signatures: checks signatures, and knows the keys that count.
    """

    def __init__(self, database: Database, records: Records, histories: OpenHistory, signatures: Signatures) -> None:
        self._database = database
        self._records = records
        self._histories = histories
        self._signatures = signatures

    async def bring(
        self, package: Package, *, up_to_damage: bool = False, progress: Progress | None = None
    ) -> Imported:
        """Store an export.

        Args:
            package: the opened zip.
            up_to_damage: take what holds of a log that does not hold to its end. The room says so from then on.
            progress: told how many of how many events are checked.

        Raises:
            BadRequest: it is not as an export is.
            LogDamaged: its log does not hold (to the first event, with ``up_to_damage``).
            Conflict: there is such a room here.
        """
        loop = asyncio.get_running_loop()
        with tempfile.TemporaryFile() as spool:
            check = _Check(package, self._signatures, self._histories, spool, progress)
            parcel, marks = await loop.run_in_executor(None, check.all, up_to_damage)
            room = await self._database.write(lambda connection: _store(connection, package, parcel, marks))
        with contextlib.suppress(NotFound):
            # Of a log that ends before the notebook began there is no record.
            await self._records.remake(room)
        return Imported(room, parcel.events, tuple(parcel.heads), parcel.damage)


class _Check:
    """Looks at everything of an export that needs no database. Runs in one thread."""

    def __init__(
        self,
        package: Package,
        signatures: Signatures,
        histories: OpenHistory,
        spool: IO[bytes],
        progress: Progress | None,
    ) -> None:
        self._package = package
        self._signatures = signatures
        self._histories = histories
        self._spool = spool
        self._progress = progress

    def all(self, up_to_damage: bool) -> tuple[_Parcel, list[JSON]]:
        """The log on its way into the database, and the bookmarks."""
        package = self._package
        problems = package.problems()
        if problems and not up_to_damage:
            raise BadRequest(next(iter(problems.values())))
        with package.stream(LOG) as stream:
            reader = LogReader(stream, lambda _: self._signatures)
            check_sizes([file["size"] for file in reader.header.room["files"]])
            parcel = _Parcel(reader.header, self._spool)
            try:
                self._read(reader, parcel)
            except LogDamaged as damage:
                if not up_to_damage or not parcel.events:
                    raise
                parcel.damage = damage
        _check_files(package, parcel.header)
        return parcel, [] if MARKS in problems else _bookmarks(package.small(MARKS), parcel)

    def _read(self, reader: LogReader, parcel: _Parcel) -> None:
        """Put the events that hold and make sense into the spool."""
        sense = Contents()
        indices = {"": 0, **{member.id: index for index, member in enumerate(reader.header.members, 1)}}
        history = self._histories()
        portion = _Portion()
        try:
            for item in reader.events():
                if isinstance(item, Head):
                    parcel.heads.append(item)
                    continue
                link = item.link
                problem = sense.problem(item) or _misfit(history, item, indices[link.member])
                if problem is not None:
                    message = f"Event {link.seq} holds, but makes no sense: {problem}."
                    raise LogDamaged(message, seq=link.seq, reason=Reason.CONTENT.value)
                portion.links.append(link)
                if item.redaction is not None:
                    portion.redactions[link.seq] = item.redaction
                if item.key is not None:
                    portion.keys[link.seq] = item.key
                parcel.events, parcel.last_at = link.seq, link.at
                if len(portion.links) >= _PORTION:
                    pickle.dump(portion, parcel.spool)
                    portion = _Portion()
                if self._progress is not None:
                    self._progress(link.seq, reader.header.last_seq)
        finally:
            history.close()
            pickle.dump(portion, parcel.spool)


def _misfit(history: History, item: FileEvent, member: int) -> str | None:
    """Why the document cannot go on with an event."""
    link = item.link
    data = item.redaction if item.withheld else item.data
    event = Event(0, link.seq, link.at, member, link.connection, EventKind(link.kind), item.payload, data)
    try:
        history.add(event, member)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        return f"the document cannot take its change ({type(error).__name__})"
    return None


def _check_files(package: Package, header: FileHeader) -> None:
    if sorted(file["name"] for file in header.room["files"]) != sorted(package.names()):
        raise BadRequest("The zip does not hold exactly the files that the interview had.")
    for file in header.room["files"]:
        _file(package, file)


def _file(package: Package, said: JSON) -> tuple[RoomFile, bytes]:
    """A file as the header says that it is; one at a time is in memory."""
    file = RoomFile(said["name"], said["size"], said["sha256"])
    fits = package.size(FILES + file.name) == file.size
    content = package.whole(FILES + file.name, file.size) if fits else b""
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        raise BadRequest(f"The file {file.name} in the zip is not the one that the interview had.")
    return file, content


def _bookmarks(content: bytes, parcel: _Parcel) -> list[JSON]:
    try:
        marks = json.loads(content)["bookmarks"]
        fits = isinstance(marks, list) and len(marks) <= MOST and all(map(_is_bookmark, marks))
    except (ValueError, RecursionError, TypeError, KeyError):
        fits = False
    if not fits or len({mark["id"] for mark in marks}) < len(marks):
        raise BadRequest(f"{MARKS} in the zip is not a list of bookmarks.")
    return [mark for mark in marks if mark["seq"] <= parcel.events]


def _is_bookmark(mark: Any) -> bool:
    return (
        isinstance(mark, dict)
        and isinstance(mark.get("id"), str)
        and 0 < len(mark["id"]) <= _ID_CHARS
        and mark["id"].isalnum()
        and mark["id"].isascii()
        and is_number(mark.get("seq"), NUMBERS)
        and isinstance(mark.get("note"), str)
        and len(mark["note"]) <= NOTE_CHARS
    )


# -- into the database


def _store(connection: Any, package: Package, parcel: _Parcel, marks: list[JSON]) -> Room:
    """In one transaction, in the writer."""
    header = parcel.header
    if get_room(connection, header.room_id) is not None:
        raise Conflict("This interview is on this server already. Delete it there before you import it.")
    room = insert_room(connection, **_room_values(parcel))
    for file in header.room["files"]:
        insert_files(connection, room.key, [_file(package, file)])
    members = _store_members(connection, room.key, header)
    seq = 0
    for portion in parcel.portions():
        insert_links(connection, room.key, portion.links, members)
        store_redactions(connection, room.key, portion.redactions)
        keep_event_keys(connection, room.key, portion.keys)
        seq = portion.links[-1].seq if portion.links else seq
    assert seq == parcel.events, "what was checked is what is stored"
    for head in parcel.heads:
        insert_head(connection, room.key, head)
    for mark in marks:
        _store_bookmark(connection, room.key, mark, members)
    found = get_room(connection, header.room_id)
    assert found is not None
    return found


def _room_values(parcel: _Parcel) -> dict[str, Any]:
    about = parcel.header.room
    title = shown(about["title"]) or _UNTITLED
    fields = checked({"title": title, "tags": about["tags"], "settings": about["settings"]})
    damage = about["damage"]
    if parcel.damage is not None:
        seq, reason = parcel.damage.details["seq"], parcel.damage.details["reason"]
        # Where the file itself was changed, all events hold, but nobody vouches for their end.
        damage = {"seq": parcel.events + 1, "reason": reason if seq else Reason.SIGNATURE.value}
    ended = about["ended_at"] if about["state"] == RoomState.ENDED.value and parcel.damage is None else None
    return {
        **fields,
        "id": about["id"],
        "language": about["language"],
        "state": RoomState.ENDED,
        "owner": OWNER,
        "created_at": about["created_at"],
        "started_at": about["started_at"],
        "ended_at": ended if ended is not None else parcel.last_at,
        "damage": damage,
    }


def _store_members(connection: Any, room: int, header: FileHeader) -> dict[str, int]:
    """The members with their keys; their keys in the database by id."""
    if header.key is not None:
        insert_key(connection, room, 0, header.key)
    keys = {}
    for member in header.members:
        # An earlier version let characters pass that ours would not: what the log says stays.
        if not (member.name.strip() and is_line(member.name)) or not (member.email is None or is_email(member.email)):
            raise BadRequest("A member of this interview has a name or address that is none.")
        made = insert_member(
            connection,
            id=member.id,
            room=room,
            role=Role(member.role),
            name=member.name,
            email=member.email,
            account=None,
            state=MemberState(member.state),
            switches=dict(member.switches),
            joined_at=member.joined_at,
            left_at=member.left_at,
        )
        keys[member.id] = made.key
        if member.key is not None:
            insert_key(connection, room, made.key, member.key)
    return keys


def _store_bookmark(connection: Any, room: int, mark: JSON, members: Mapping[str, int]) -> None:
    at, created = mark.get("at"), mark.get("created_at")
    insert_bookmark(
        connection,
        id=mark["id"],
        room=room,
        seq=mark["seq"],
        at=_moment(at),
        note=shown(mark["note"]),
        member=members.get(str(mark.get("member"))),
        account=None,
        created_at=_moment(created),
    )


def _moment(value: Any) -> int:
    if is_number(value, MOMENTS):
        return int(value)
    try:
        return clock.parse(value)
    except (TypeError, ValueError, OverflowError):
        return 0
