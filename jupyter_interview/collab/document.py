"""How is the shared notebook of one room edited by many, with every change in its author's name?

*Attributed apply*: a message carries the authenticated member of its socket, the permission is checked per message, and
the update is applied inside an "acting as" context, so that the document's observer knows the author of every delta.
*Write-ahead*: a delta goes to the log first and to the other sockets once it is durable. So no browser ever holds an
operation of somebody else that the log does not have, and a Yjs client id can be bound to its member strictly, through
restarts: whoever sends operations of another's client id forges them.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any

from pycrdt import Doc, TransactionEvent

from ..core.errors import BadMessage, Forbidden, RoomEnded, StorageUnavailable, TooLarge
from ..core.models import JSON, Event, EventKind, Member
from ..core.permissions import Permission
from ..managers.live import LiveRoom
from . import wire
from .awareness import KEEP_ALIVE, Awareness, Forged
from .changes import apply, changes_cells
from .cursors import Cursors
from .notebook import cells_of, change_text, code_cells, find_cell, first_state, read_notebook, starting_notebook
from .outputs import IDLE, DocumentOutputs
from .past import Past, remember
from .updates import Operations, inspect, read_state
from .wire import Malformed, Reader

_log = logging.getLogger(__name__)
_EMPTY, _KEEP_ALIVE_SECONDS = b"\0\0", 15.0
_CLIENTS_PER_MEMBER, _IGNORED_PER_SOCKET = 1_000, 200
SERVER = 0


async def open_document(live: LiveRoom, history: Sequence[Event], starting: JSON | None) -> NotebookDocument:
    """The document of a room that is being opened; the Protocol `managers.rooms.OpenDocument`.

    Args:
        live: the room.
        history: the document's events so far; when there are none, the first is written here.
        starting: for a new room ``{"notebook": nbformat or None, "starter": source of the first cell, "language_info":
            nbformat's, or None}``.

    Raises:
        StorageUnavailable: the first event could not be stored.
    """
    loop = asyncio.get_running_loop()
    if not history:
        wanted = starting or {}
        notebook = wanted.get("notebook") or starting_notebook(
            wanted.get("starter") or "", live.room.language, wanted.get("language_info")
        )
        data = await loop.run_in_executor(None, first_state, notebook)
        history = [await live.log.record(EventKind.DOCUMENT_SNAPSHOT, payload={"source": "load"}, data=data)]
    return NotebookDocument(live, await loop.run_in_executor(None, remember, history))


@dataclass(slots=True)
class _Socket:
    """An open document socket. ``ignored`` counts what was dropped without harm."""

    id: int
    member: str
    key: int
    send: Callable[[bytes], None]
    ignored: int = 0


class NotebookDocument:
    """The document of one open room; the Protocol `core.ports.Document`.

    Args:
        live: the room.
        past: what its log tells.
    """

    def __init__(self, live: LiveRoom, past: Past) -> None:
        self._live = live
        self.doc: Doc[Any] = Doc()
        self.displays: dict[str, list[tuple[str, int]]] = {}
        self._awareness = Awareness()
        self._cursors = Cursors(self.doc, lambda: self._operations.state, self._log_cursor)
        self._sockets: dict[int, _Socket] = {}
        self._author: tuple[int, int, JSON | None, int | None] = (SERVER, 0, {"source": "server"}, None)
        self._remote = False
        self.frozen = False
        self._size = past.size
        self._owners = past.owners
        self._clients = Counter(past.owners.values())
        self._waiters: list[tuple[str, str, asyncio.Future[bool]]] = []
        self._code_changed: Callable[[], None] = lambda: None
        self.doc.apply_update(past.state)
        self._owners[self.doc.client_id] = SERVER
        self._operations = past.operations
        self._subscription = self.doc.observe(self._observed)
        self._timer = asyncio.get_running_loop().call_later(_KEEP_ALIVE_SECONDS, self._keep_alive)

    # -- reading

    def source(self, cell: str) -> str | None:
        """A code cell's source."""
        found = find_cell(self.doc, cell)
        return None if found is None else str(found["source"])

    def code_cells(self) -> list[str]:
        """Ids of the code cells."""
        return [str(cell.get("id")) for cell in code_cells(self.doc)]

    def code(self) -> str:
        """Source of the first code cell."""
        first = next(code_cells(self.doc), None)
        return "" if first is None else str(first["source"])

    def notebook(self) -> JSON:
        """The notebook as it stands."""
        return read_notebook(self.doc)

    def observe_code(self, changed: Callable[[], None]) -> None:
        """Whom to tell of changes."""
        self._code_changed = changed

    async def wait_for_source(self, cell: str, digest: str, seconds: float) -> bool:
        """Wait for a source that the client saw and whose update is still on its way."""
        if self._has_source(cell, digest):
            return True
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiter = (cell, digest, future)
        self._waiters.append(waiter)
        try:
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiters.remove(waiter)

    def _has_source(self, cell: str, digest: str) -> bool:
        source = self.source(cell)
        return source is not None and hashlib.sha256(source.encode("utf-8", "replace")).hexdigest() == digest

    # -- writing by the server

    @contextlib.contextmanager
    def writing(self, run: str, subject: int) -> Generator[None]:
        """A transaction of the server's, for a run that ``subject`` asked for."""
        with self._acting(SERVER, 0, {"source": "kernel", "run": run}, subject), self.doc.transaction():
            yield

    def outputs_of(self, cell: str, run: str, member: int = SERVER) -> DocumentOutputs:
        """Where the outputs of a run go."""
        return DocumentOutputs(self, cell, run, member)

    def settle(self) -> None:
        """No cell runs."""
        with self._acting(SERVER, 0, {"source": "server"}), self.doc.transaction():
            for cell in code_cells(self.doc):
                if cell.get("execution_state") != IDLE:
                    cell["execution_state"] = IDLE

    def set_code(self, text: str, member: Member, connection: int) -> None:
        """Make the first code cell's source ``text``."""
        self._check_writer(member.id, connection, "code_update")
        limit = self._live.limits.code_bytes
        if len(text.encode("utf-8", "replace")) > limit:
            raise TooLarge(f"A cell can have {limit} bytes of code.", limit=limit)
        with self._acting(member.key, connection, {"source": "code_update"}), self.doc.transaction():
            first = next(code_cells(self.doc), None)
            if first is None:
                raise BadMessage("The notebook has no code cell.")
            change_text(first["source"], text)

    def freeze(self) -> None:
        """Nothing changes any more."""
        self.frozen = True

    async def close(self) -> None:
        """Let go of the document."""
        self._timer.cancel()
        self._cursors.close()
        self._sockets.clear()
        for _, _, future in self._waiters:
            if not future.done():
                future.set_result(False)
        self.doc.unobserve(self._subscription)

    # -- sockets

    def connect(self, member: Member, connection: int, send: Callable[[bytes], None]) -> None:
        """A document socket opened."""
        self._sockets[connection] = _Socket(connection, member.id, member.key, send)
        send(wire.sync(wire.STEP1, self.doc.get_state()))
        self._greet(send)

    def _greet(self, send: Callable[[bytes], None]) -> None:
        if (everybody := self._awareness.everybody()) is not None:
            send(everybody)

    def disconnect(self, connection: int) -> None:
        """A document socket closed."""
        if self._sockets.pop(connection, None) is None:
            return
        self._cursors.left(connection)
        if (gone := self._awareness.leave(connection)) is not None:
            self._send(gone)

    def receive(self, connection: int, message: bytes) -> Awaitable[None] | None:
        """A message came."""
        socket = self._sockets.get(connection)
        if socket is None:
            return None
        if self._live.log.failure is not None:
            raise StorageUnavailable("The server cannot store what happens here.")
        with self._refusing(socket):
            return self._dispatch(socket, message)

    @contextlib.contextmanager
    def _refusing(self, socket: _Socket) -> Generator[None]:
        """What is wrong with a message is logged and said."""
        try:
            yield
        except Forged as error:
            self._live.deny(socket.key, socket.id, "awareness", reason=str(error))
            raise BadMessage("You can speak for yourself only.") from error
        except Malformed as error:
            self._live.deny(socket.key, socket.id, "document_message", reason=str(error))
            raise BadMessage("The message is not of the document's protocol.") from error

    def _dispatch(self, socket: _Socket, message: bytes) -> Awaitable[None] | None:
        reader = Reader(message)
        kind = reader.varuint()
        if kind == wire.SYNC:
            step, data = reader.varuint(), reader.bytes()
            if not reader.done:
                raise Malformed("there is something behind the message")
            if step == wire.STEP1:
                read_state(data)
                return self._answer(socket, data)
            if step in (wire.STEP2, wire.UPDATE):
                return self._update(socket, data)
            raise Malformed("an unknown step of the sync protocol")
        if kind == wire.AWARENESS:
            return self._heed_later(socket, reader.bytes())
        if kind == wire.QUERY_AWARENESS:
            self._greet(socket.send)
            return None
        if kind == wire.RAW and reader.string() == "save":
            return self._saved(socket, reader.varuint())
        raise Malformed("an unknown kind of message")

    async def _heed_later(self, socket: _Socket, awareness: bytes) -> None:
        """A cursor stands beside a character: it goes out behind that, and keystrokes do not wait for cursors."""
        await self._live.log.barrier()
        if socket.id not in self._sockets:
            return
        with self._refusing(socket):
            out = self._awareness.receive(self._live.members[socket.member], socket.id, awareness)
        if out is not None:
            self._send(out, but=socket.id)
            self._cursors.heard(socket.key, socket.id, self._awareness.cursors_of(socket.id))

    def _log_cursor(self, member: int, connection: int, data: bytes) -> None:
        if not self.frozen and self._live.log.failure is None:
            self._live.log.append(EventKind.CURSOR, member=member, connection=connection, data=data)

    async def _answer(self, socket: _Socket, state: bytes) -> None:
        """What a client lacks: only what is durable goes out."""
        update = self.doc.get_update(state)
        # In this order: what others write while we wait is not in it.
        await self._live.log.barrier()
        socket.send(wire.sync(wire.STEP2, update))

    async def _saved(self, socket: _Socket, number: int) -> None:
        """JupyterLab asks to save: everything always is, once the log has it."""
        await self._live.log.barrier()
        answer = f'{{"type":"save","responseTo":{number},"status":"success"}}'.encode()
        socket.send(bytes((wire.RAW,)) + wire.prefixed(answer))

    def _update(self, socket: _Socket, update: bytes) -> Awaitable[None] | None:
        if update == _EMPTY:
            return None
        member = self._live.members.get(socket.member)
        if member is None or not member.can(Permission.EDIT) or self.frozen:
            self._unwanted(socket, update)
            return None
        claims = inspect(update)
        for client in claims.news(self._operations.state):
            if self._owners.get(client, member.key) != member.key:
                self._live.deny(member.key, socket.id, "document_update", reason="client id of another", client=client)
                raise BadMessage("This browser sends changes in somebody else's name.", code="forbidden")
        plan = self._operations.plan(claims)
        if plan is None:
            # The client knows what is missing, and sends it when it hears how far the server is.
            socket.send(wire.sync(wire.STEP1, self.doc.get_state()))
            return None
        if plan.cells and len(cells_of(self.doc)) + plan.cells > self._live.limits.cells:
            raise TooLarge("The notebook has reached its limit of cells.", limit=self._live.limits.cells)
        if self._size + len(update) > self._live.limits.document_bytes:
            raise TooLarge("The notebook has reached its limit.", limit=self._live.limits.document_bytes)
        self._apply(member, socket, update, plan)
        return self._live.log.capacity() if self._live.log.behind else None

    def _apply(self, member: Member, socket: _Socket, update: bytes, plan: Operations) -> None:
        news = list(plan.state)
        strangers = sum(client not in self._owners for client in news)
        if strangers and self._clients[member.key] + strangers > _CLIENTS_PER_MEMBER:
            raise TooLarge("Too many editors were opened by one member.", limit=_CLIENTS_PER_MEMBER)
        with self._acting(member.key, socket.id, None):
            self._remote = True
            try:
                apply(self.doc, update)
            finally:
                self._remote = False
        for client in news:
            if client not in self._owners:
                self._owners[client] = member.key
                self._clients[member.key] += 1
        self._operations.add(plan)

    def _unwanted(self, socket: _Socket, update: bytes) -> None:
        """An update of somebody who may not edit.

        Every page of JupyterLab writes a little when it opens (the document's id, the kernel's language): that is
        passed over. What would change a cell is refused and logged.
        """
        if self.frozen:
            raise RoomEnded("The interview has ended.")
        socket.ignored += 1
        if socket.ignored <= _IGNORED_PER_SOCKET:
            if self._operations.plan(inspect(update)) is None:
                return
            if not changes_cells(self.doc, update):
                return
        self._live.deny(socket.key, socket.id, "document_update", permission=Permission.EDIT.value)
        raise Forbidden("You may not edit here now.")

    def _check_writer(self, member_id: str, connection: int, what: str) -> None:
        self._live.require(member_id, Permission.EDIT, connection, what)
        if self.frozen:
            raise RoomEnded("The interview has ended.")

    # -- what every change passes

    @contextlib.contextmanager
    def _acting(
        self, member: int, connection: int, payload: JSON | None, subject: int | None = None
    ) -> Generator[None]:
        before, self._author = self._author, (member, connection, payload, subject)
        try:
            yield
        finally:
            self._author = before

    def _observed(self, event: TransactionEvent) -> None:
        """Runs inside the commit of every transaction, so it must not raise: the data are in the document already."""
        member, connection, payload, subject = self._author
        try:
            update = event.update
            self._size += len(update)
            if not self._remote:
                self._operations.learn(inspect(update))
            self._live.log.append(
                EventKind.DOCUMENT_UPDATE,
                member=member,
                subject=subject,
                connection=connection,
                payload=payload,
                data=update,
                durable=self._publish,
            )
            if self._waiters:
                asyncio.get_running_loop().call_soon(self._wake)
            self._code_changed()
        except Exception:
            _log.exception("A change of the document was not logged")
            self._live.log.fail(StorageUnavailable("A change could not be logged."))

    def _publish(self, event: Event) -> None:
        """A change is durable: everybody but its author's socket gets it."""
        self._send(wire.sync(wire.UPDATE, event.data or b""), but=event.connection)

    def _send(self, message: bytes, but: int = -1) -> None:
        for socket in list(self._sockets.values()):
            if socket.id != but:
                socket.send(message)

    def _wake(self) -> None:
        for cell, digest, future in self._waiters:
            if not future.done() and self._has_source(cell, digest):
                future.set_result(True)

    def _keep_alive(self) -> None:
        self._send(KEEP_ALIVE)
        self._timer = asyncio.get_running_loop().call_later(_KEEP_ALIVE_SECONDS, self._keep_alive)
