"""How does an interview begin, go on and end?"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ..core import clock
from ..core.errors import BadRequest, Conflict, InterviewError, NotFound, RoomEnded
from ..core.limits import Limits
from ..core.models import DOCUMENT_KINDS, JSON, Account, Event, EventKind, Member, Room, RoomState
from ..core.ports import Document, ExecutorFactory, Passwords
from ..db import Database
from ..db.events import last_seq, read_events
from ..db.files import insert_files
from ..db.members import list_members
from ..db.rooms import delete_room, get_room, insert_room, list_rooms, update_room
from . import files as files_of
from . import metadata
from .channel import ENDED
from .events import RoomLog
from .live import LiveRoom, room_json
from .records import Records

_log = logging.getLogger(__name__)


class OpenDocument(Protocol):
    """Makes the document of a room that is being opened: `collab`."""

    def __call__(self, live: LiveRoom, history: Sequence[Event], starting: JSON | None) -> Awaitable[Document]:
        """The document as ``history`` left it; a new one from the notebook ``starting``."""


class Rooms:
    """Every room there is.

    Args:
        database: where they are kept.
        limits: the limits in force.
        passwords: hashes of the room passwords.
        records: what is kept of an ended one.
        executors: makes their kernels.
        documents: makes their documents.
        base_url: the server's base URL.
    """

    def __init__(
        self,
        database: Database,
        limits: Limits,
        passwords: Passwords,
        records: Records,
        executors: ExecutorFactory,
        documents: OpenDocument,
        base_url: str,
    ) -> None:
        self._database = database
        self._limits = limits
        self._passwords = passwords
        self._records = records
        self._executors = executors
        self._documents = documents
        self._base_url = base_url
        self._live: dict[str, asyncio.Task[LiveRoom]] = {}
        self._closing: dict[str, asyncio.Task[None]] = {}

    # -- metadata

    def url(self, room_id: str) -> str:
        """Path of a room's bare link."""
        return f"{self._base_url}interview/{room_id}"

    async def create(
        self,
        account: Account,
        *,
        title: str,
        language: str,
        starter: str = "",
        language_info: JSON | None = None,
        password: str | None = None,
        notebook: JSON | None = None,
        settings: JSON | None = None,
        tags: Sequence[str] = (),
        files: Sequence[tuple[str, bytes]] = (),
        origin: JSON | None = None,
    ) -> JSON:
        """A new room, owned by ``account``.

        Args:
            account: whose it is.
            title: what people call it.
            language: id of a kernelspec; the caller has checked it.
            starter: source of the first cell when there is no notebook.
            language_info: what such a notebook says of its language, as nbformat has it: by that it is highlighted.
            password: asked of everybody who comes by the bare link.
            notebook: nbformat notebook to start from.
            settings: ``{"seats": n}``, candidates that the bare link seats (1), ``{"candidate": {permission: bool}}``.
            tags: words to find it by.
            files: names and contents of what its kernels find in ``~/data``.
            origin: ``{"room", "seq"}`` of the moment that it is a fork of.

        Raises:
            BadRequest: something is malformed.
            TooLarge: something is too long, or the files are too many or too large.
        """
        fields = metadata.checked({"title": title, "tags": tags, "settings": settings or {}})
        contents = await files_of.hashed(files, self._limits)
        hashed = await self._passwords.hash(password) if password else None
        now = clock.now()

        def work(connection: Any) -> Room:
            room = insert_room(
                connection,
                id=str(uuid.uuid4()),
                language=language,
                state=RoomState.WAITING,
                owner=account.key,
                created_at=now,
                password_hash=hashed,
                **fields,
            )
            insert_files(connection, room.key, contents)
            return replace(room, files=tuple(file for file, _ in contents))

        room = await self._database.write(work)
        starting = {"notebook": notebook, "starter": starter, "language_info": language_info}
        live = await self._open(room, starting, origin)
        await live.log.barrier()
        return live.room_json()

    async def get(self, room_id: str) -> Room:
        """The metadata of a room.

        Raises:
            NotFound: there is none with this id.
        """
        if (live := self.opened(room_id)) is not None:
            return live.room
        room = await self._database.read(lambda connection: get_room(connection, room_id))
        if room is None:
            raise NotFound("There is no such interview.")
        return room

    async def owned(self, account: Account, room_id: str) -> Room:
        """A room, if this account may manage it; another's looks as if there were none.

        Raises:
            NotFound: there is none, or it is another's.
        """
        room = await self.get(room_id)
        if not (account.is_owner or room.owner == account.key):
            raise NotFound("There is no such interview.")
        return room

    def json(self, room: Room) -> JSON:
        """The protocol's room, with who is in it when it is open."""
        live = self.opened(room.id)
        return live.room_json() if live is not None else room_json(room, self.url(room.id))

    async def page(
        self,
        account: Account,
        *,
        states: Sequence[RoomState] | None = None,
        text: str | None = None,
        tag: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[list[JSON], str | None]:
        """A page of this account's rooms, newest first, and the cursor of the next page.

        Raises:
            BadRequest: the cursor is not one of ours.
        """
        before = _before(cursor)
        owner = None if account.is_owner else account.key
        found = await self._database.read(
            lambda connection: list_rooms(
                connection, owner=owner, states=states, text=text, tag=tag, before=before, limit=limit + 1
            )
        )
        page, more = found[:limit], len(found) > limit
        return [self.json(room) for room in page], f"{page[-1].created_at}.{page[-1].key}" if more else None

    async def update(self, room_id: str, by: Member | Account, changes: JSON) -> JSON:
        """Change title, tags, settings or password (``None`` removes it) of a room that has not ended.

        Raises:
            BadRequest: something is malformed or cannot be changed.
            RoomEnded: the interview is over.
        """
        live = await self.open(room_id)
        fields = metadata.checked({name: value for name, value in changes.items() if name != "password"})
        if "password" in changes:
            password = changes["password"]
            fields["password_hash"] = await self._passwords.hash(password) if password else None
        if not fields:
            return live.room_json()
        key = live.room.key
        await self._database.write(lambda connection: update_room(connection, key, **fields))
        shown = {name: value for name, value in fields.items() if name != "password_hash"}
        if "password_hash" in fields:
            shown["has_password"] = fields["password_hash"] is not None
        await live.log.record(
            EventKind.ROOM_UPDATED, member=by.key if isinstance(by, Member) else 0, payload=metadata.plain(shown)
        )
        live.update(**fields)
        return live.room_json()

    async def delete(self, room_id: str) -> None:
        """Remove an ended room with its whole record.

        Raises:
            Conflict: it has not ended.
        """
        room = await self.get(room_id)
        if not room.ended:
            raise Conflict("End the interview before you delete it.")
        await self._database.write(lambda connection: delete_room(connection, room.key))

    # -- opening

    def opened(self, room_id: str) -> LiveRoom | None:
        """The room if it is open now."""
        task = self._live.get(room_id)
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    @property
    def open_rooms(self) -> list[LiveRoom]:
        """Those that are in memory."""
        return [live for room_id in list(self._live) if (live := self.opened(room_id)) is not None]

    async def open(self, room_id: str) -> LiveRoom:
        """The open room, opened from its log if need be.

        Raises:
            NotFound: there is no such room.
            RoomEnded: the interview is over.
            StorageUnavailable: the database failed.
        """
        if room_id not in self._live:
            room = await self.get(room_id)
            if room.ended:
                raise RoomEnded("The interview has ended.")
            if room_id not in self._live:
                return await self._open(room, None)
        live = await asyncio.shield(self._live[room_id])
        live.idle()
        return live

    async def _open(self, room: Room, starting: JSON | None, origin: JSON | None = None) -> LiveRoom:
        # One task per room, however many ask at once; it is not cancelled with whoever asked first.
        task = asyncio.get_running_loop().create_task(self._load(room, starting, origin))
        self._live[room.id] = task
        task.add_done_callback(lambda task: self._opened(room.id, task))
        return await asyncio.shield(task)

    def _opened(self, room_id: str, task: asyncio.Task[LiveRoom]) -> None:
        """A room that could not be opened leaves no trace: the next one to ask tries again."""
        if (task.cancelled() or task.exception() is not None) and self._live.get(room_id) is task:
            del self._live[room_id]

    async def _load(self, room: Room, starting: JSON | None, origin: JSON | None) -> LiveRoom:
        def work(connection: Any) -> tuple[list[Member], list[Event], list[Event], int]:
            story_kinds = [kind for kind in EventKind if kind not in DOCUMENT_KINDS]
            return (
                list_members(connection, room.key),
                read_events(connection, room.key, kinds=story_kinds),
                read_events(connection, room.key, kinds=DOCUMENT_KINDS),
                last_seq(connection, room.key),
            )

        if (closing := self._closing.get(room.id)) is not None:
            # Its last events are on their way: a log has one writer at a time.
            await asyncio.shield(closing)
        members, story, history, last = await self._database.read(work)
        if any(event.kind is EventKind.ROOM_ENDED for event in story):
            await self._records.store(room)
            raise RoomEnded("The interview has ended.")
        at = max((events[-1].at for events in (story, history) if events), default=0)
        log = RoomLog(self._database, room.key, last, at, lambda _: self._failed(live))
        live = LiveRoom(
            room,
            members,
            story,
            log=log,
            limits=self._limits,
            executors=self._executors,
            files=files_of.reader(self._database, room),
            url=self.url(room.id),
            release=self._discard,
        )
        if not story:
            files = [file.to_json() for file in room.files]
            payload: JSON = {"title": room.title, "language": room.language, "files": files}
            if origin is not None:
                payload["forked_from"] = origin
            log.append(EventKind.ROOM_CREATED, payload=payload)
        try:
            live.open(await self._documents(live, history, starting))
        except BaseException:
            live.presence.close()
            raise
        return live

    def _failed(self, live: LiveRoom) -> None:
        if self.opened(live.room.id) is live:
            live.lost()
            self._discard(live)

    def _discard(self, live: LiveRoom) -> None:
        """Take a room out of memory, in the background."""
        if self.opened(live.room.id) is live:
            del self._live[live.room.id]
        task = asyncio.get_running_loop().create_task(_quietly(live.close))
        self._closing[live.room.id] = task
        task.add_done_callback(lambda task: self._closed(live.room.id, task))

    def _closed(self, room_id: str, task: asyncio.Task[None]) -> None:
        if self._closing.get(room_id) is task:
            del self._closing[room_id]

    async def close(self) -> None:
        """The server stops: every room leaves the memory, everything queued is stored."""
        await asyncio.gather(*self._live.values(), return_exceptions=True)
        rooms = self.open_rooms
        self._live.clear()
        await asyncio.gather(*(_quietly(live.close) for live in rooms), *self._closing.values())

    # -- ending

    async def end(self, room_id: str, by: Member | Account) -> JSON:
        """End the interview: the kernel stops, the document freezes, the record is stored, everybody is told.

        Raises:
            RoomEnded: it already was.
            StorageUnavailable: the record could not be stored; the interview goes on.
        """
        live = await self.open(room_id)
        async with live.ending:
            if live.room.ended:
                raise RoomEnded("The interview has ended.")
            await live.runs.close()
            live.document.freeze()
            before = live.room
            # From here on nobody says or changes anything that the record would not have.
            live.room = replace(before, state=RoomState.ENDED)
            member = by.key if isinstance(by, Member) else 0
            try:
                await live.log.end(member, {"by": by.id})
                live.room = await self._records.store(before)
            except InterviewError:
                # Whoever opens it next finds out how far it came.
                self._failed(live)
                raise
            live.peers.broadcast("room_ended", live.room_json())
            content = live.room_json()
            live.peers.close(ENDED, "the interview has ended")
            self._discard(live)
        return {**content, "members_online": 0, "members": []}


async def _quietly(close: Callable[[], Awaitable[None]]) -> None:
    try:
        await close()
    except Exception:
        _log.exception("A room could not be closed cleanly")


def _before(cursor: str | None) -> tuple[int, int] | None:
    if cursor is None:
        return None
    created, _, key = cursor.partition(".")
    parts = ((created, 18), (key, 9))
    if not all(part.isascii() and part.isdigit() and len(part) <= most for part, most in parts):
        raise BadRequest("This cursor is not one that the server gave.", field="cursor")
    return int(created), int(key)


__all__ = ["OpenDocument", "Rooms"]
