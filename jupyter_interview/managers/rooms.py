"""How does an interview begin, go on and end?"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from ..core import clock
from ..core.errors import Conflict, Forbidden, InterviewError, NotFound, RoomEnded
from ..core.limits import Limits
from ..core.models import DOCUMENT_KINDS, JSON, Account, Event, EventKind, Member, Room, RoomState
from ..core.ports import Document, ExecutorFactory, Passwords
from ..db import Database
from ..db.events import last_moment
from ..db.files import insert_files
from ..db.members import list_members
from ..db.rooms import delete_room, get_room, insert_room, list_rooms, update_room
from ..db.unfinished import unfinished_rooms
from . import files as files_of
from . import metadata, paging
from .budgets import Budget, read_budget
from .channel import ENDED
from .endings import quietly
from .events import RoomLog
from .kept import Keeping
from .knocks import Knocks
from .live import LiveRoom, room_json
from .portions import Portions
from .records import Records
from .story import KINDS, Story


class OpenDocument(Protocol):
    """Makes the document of a room that is being opened: `collab`."""

    def __call__(
        self, live: LiveRoom, history: AsyncIterator[list[Event]], starting: JSON | None
    ) -> Awaitable[Document]:
        """The document as ``history``, in portions, left it; a new one from ``starting`` where there is none."""


class Rooms:
    """Every room there is.

    Args:
        database: where they are kept.
        limits: the limits in force.
        passwords: hashes of the room passwords.
        records: what is kept of an ended one.
        executors: makes their kernels.
        documents: makes their documents.
        base_url: the server's base URL, behind the rooms' origin where they have one of their own.
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
        self._keeping = Keeping(limits.release_seconds)

    # -- metadata

    def url(self, room_id: str) -> str:
        """A room's bare link: a path, or an address where rooms have an origin of their own."""
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
        password_hash: str | None = None,
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
            password_hash: of such a password, where only that is known.
            notebook: nbformat notebook to start from.
            settings: ``{"seats": n}``, candidates that the bare link seats (1), ``{"candidate": {permission: bool}}``,
                ``{"link": "open" or "closed"}``.
            tags: words to find it by.
            files: names and contents of what its kernels find in ``~/data``.
            origin: ``{"room", "seq"}`` of the moment that it is a fork of.

        Raises:
            BadRequest: something is malformed.
            TooLarge: something is too long, or the files are too many or too large.
        """
        fields = metadata.checked({"title": title, "tags": tags, "settings": settings or {}})
        contents = await files_of.hashed(files, self._limits)
        if password:
            password_hash = await self._passwords.hash(password)
        now = clock.now()

        def work(connection: Any) -> Room:
            room = insert_room(
                connection,
                id=str(uuid.uuid4()),
                language=language,
                state=RoomState.WAITING,
                owner=account.key,
                created_at=now,
                password_hash=password_hash,
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
            BadRequest: it is not one of ours.
        """
        before = paging.after(cursor)
        owner = None if account.is_owner else account.key
        found = await self._database.read(
            lambda connection: list_rooms(
                connection, owner=owner, states=states, text=text, tag=tag, before=before, limit=limit + 1
            )
        )
        page, more = found[:limit], len(found) > limit
        return [self.json(room) for room in page], paging.cursor(page[-1]) if more else None

    async def update(self, room_id: str, by: Member | Account, changes: JSON) -> JSON:
        """Change title, tags, settings or password (``None`` removes it) of a room that has not ended.

        New settings replace all but ``link``, which stays as it is where they do not name it.

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
        async with live.seats:
            if "settings" in fields:
                fields["settings"] = metadata.with_link(fields["settings"], live.room.settings)
            await self._change(live, by, fields)
        return live.room_json()

    async def close_link(self, live: LiveRoom, by: Member | None) -> None:
        """Nobody comes by the bare link until an interviewer opens it again. The caller holds ``live.seats``."""
        if live.room.link_open:
            await self._change(live, by, {"settings": {**live.room.settings, "link": "closed"}})

    async def _change(self, live: LiveRoom, by: Member | Account | None, fields: dict[str, Any]) -> None:
        key = live.room.key
        await self._database.write(lambda connection: update_room(connection, key, **fields))
        shown = {name: value for name, value in fields.items() if name != "password_hash"}
        if "password_hash" in fields:
            shown["has_password"] = fields["password_hash"] is not None
        await live.log.record(
            EventKind.ROOM_UPDATED, member=by.key if isinstance(by, Member) else 0, payload=metadata.plain(shown)
        )
        live.update(**fields)

    async def delete(self, room_id: str, by: Member | Account) -> None:
        """Remove an ended room with its whole record.

        Raises:
            Forbidden: whoever asks does not own it.
            Conflict: it has not ended.
        """
        room = await self.get(room_id)
        if isinstance(by, Member) and not room.is_owned_by(by):
            if (live := self.opened(room_id)) is not None:
                live.deny(by.key, 0, "delete")
            raise Forbidden("Only the account that opened the interview may delete it.")
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
        def work(connection: Any) -> tuple[list[Member], tuple[int, int], Budget]:
            budget = read_budget(connection, room.key, self._limits)
            return list_members(connection, room.key), last_moment(connection, room.key), budget

        if (closing := self._closing.get(room.id)) is not None:
            # Its last events are on their way: a log has one writer at a time.
            await asyncio.shield(closing)
        members, (last, at), budget = await self._database.read(work)
        story = Story()
        async for events in Portions(self._database, room.key, until=last, kinds=KINDS):
            story.add(events)
        if story.ended:
            await self._records.store(room)
            self._keeping.end(room.id)
            raise RoomEnded("The interview has ended.")
        log = RoomLog(self._database, room.key, last, at, lambda _: self._failed(live), budget, room.id)
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
        log.late = lambda late: live.peers.broadcast("storing", {"late": late})
        live.knocks = Knocks(live, self._database)
        if not last:
            files = [file.to_json() for file in room.files]
            payload: JSON = {"title": room.title, "language": room.language, "files": files}
            if origin is not None:
                payload["forked_from"] = origin
            log.append(EventKind.ROOM_CREATED, payload=payload)
        history = Portions(self._database, room.key, until=last, kinds=DOCUMENT_KINDS)
        try:
            document = await self._documents(live, history, starting)
            live.open(document, self._keeping.take(room.id))
        except BaseException:
            live.presence.close()
            live.knocks.close()
            raise
        return live

    def _failed(self, live: LiveRoom) -> None:
        if self.opened(live.room.id) is live:
            live.lost()
            self._discard(live, self._set_aside)

    async def _set_aside(self, live: LiveRoom) -> None:
        self._keeping.put(live.room.id, await live.set_aside())
        await live.let_go()

    def _discard(self, live: LiveRoom, close: Callable[[LiveRoom], Awaitable[None]] = LiveRoom.close) -> None:
        """Take a room out of memory, in the background."""
        if self.opened(live.room.id) is live:
            del self._live[live.room.id]
        task = asyncio.get_running_loop().create_task(quietly(lambda: close(live), "A room"))
        self._closing[live.room.id] = task
        task.add_done_callback(lambda task: self._closed(live.room.id, task))

    def _closed(self, room_id: str, task: asyncio.Task[None]) -> None:
        if self._closing.get(room_id) is task:
            del self._closing[room_id]

    async def settle(self) -> None:
        """The server has started: runs that the one before it did not finish get their end in the log.

        Opening a room does it, but their replays are looked at without opening them.
        """
        for room_id in await self._database.read(unfinished_rooms):
            await quietly(partial(self._settle, room_id), "What an earlier server left")

    async def _settle(self, room_id: str) -> None:
        with contextlib.suppress(InterviewError):
            live = await self.open(room_id)
            await live.log.barrier()

    async def close(self) -> None:
        """The server stops: every room leaves the memory, everything queued is stored."""
        await asyncio.gather(*self._live.values(), return_exceptions=True)
        rooms = self.open_rooms
        self._live.clear()
        await asyncio.gather(*(quietly(live.close, "A room") for live in rooms), *self._closing.values())
        await self._keeping.close()

    # -- ending

    async def end(self, room_id: str, by: Member | Account) -> JSON:
        """End the interview: the kernel stops, the document freezes, the record is stored, everybody is told.

        Raises:
            RoomEnded: it already was.
            StorageUnavailable: the end could not be stored; the interview goes on, with its kernel.
        """
        live = await self.open(room_id)
        async with live.ending:
            if live.room.ended:
                raise RoomEnded("The interview has ended.")
            # Before anything is stopped: a database that takes nothing now would not take the end either.
            await self._database.write(lambda connection: None)
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


__all__ = ["OpenDocument", "Rooms"]
