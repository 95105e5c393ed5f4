"""How do the browsers of one room talk to its document?

Each message of y-websocket's protocol is judged by whose socket it came by. What it takes of the event loop is on its
sender's account (`.shares`): who has used that up is heard later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import BadMessage, Forbidden, RoomEnded, StorageUnavailable
from ..core.models import EventKind, Member
from ..core.permissions import Permission
from . import wire
from .awareness import KEEP_ALIVE, Awareness, Forged
from .cursors import Cursors
from .edits import Edits
from .shares import Shares
from .updates import read_state
from .wire import Malformed, Reader

if TYPE_CHECKING:
    from ..managers.live import LiveRoom
    from .document import NotebookDocument

_EMPTY, _KEEP_ALIVE_SECONDS = b"\0\0", 15.0
_IGNORED_PER_SOCKET, _CLIENTS = 200, 10_000


@dataclass(slots=True)
class _Socket:
    """An open document socket.

    ``ignored`` counts what was dropped without harm; ``returned``: what the page wrote without a connection was said.
    """

    id: int
    member: str
    key: int
    send: Callable[[bytes], None]
    ignored: int = 0
    returned: bool = False


class DocumentSockets:
    """The open sockets of one document.

    Args:
        document: which one.
        live: its room.
        edits: takes members' updates.
    """

    def __init__(self, document: NotebookDocument, live: LiveRoom, edits: Edits) -> None:
        self._document = document
        self._live = live
        self._edits = edits
        self._awareness = Awareness()
        self._cursors = Cursors(document.doc, lambda: document.operations.state, self._log_cursor)
        self._sockets: dict[int, _Socket] = {}
        self.shares = Shares()
        self._timer = asyncio.get_running_loop().call_later(_KEEP_ALIVE_SECONDS, self._keep_alive)

    def close(self) -> None:
        """Hear nobody any more."""
        self._timer.cancel()
        self._cursors.close()
        self._sockets.clear()

    def connect(self, member: Member, connection: int, send: Callable[[bytes], None]) -> None:
        """A document socket opened."""
        self._sockets[connection] = _Socket(connection, member.id, member.key, send)
        send(wire.sync(wire.STEP1, self._document.doc.get_state()))
        self._greet(send)

    def disconnect(self, connection: int) -> None:
        """A document socket closed."""
        if self._sockets.pop(connection, None) is None:
            return
        self._cursors.left(connection)
        if (gone := self._awareness.leave(connection)) is not None:
            self.send(gone)

    def send(self, message: bytes, but: int = -1) -> None:
        """Send to everybody but one."""
        for socket in list(self._sockets.values()):
            if socket.id != but:
                socket.send(message)

    def receive(self, connection: int, message: bytes) -> Awaitable[None] | None:
        """A message came."""
        socket = self._sockets.get(connection)
        if socket is None:
            return None
        wait = self.shares.wait(socket.key)
        return self._later(wait, socket, message) if wait else self._received(socket, message)

    async def _later(self, wait: float, socket: _Socket, message: bytes) -> None:
        while wait and socket.id in self._sockets:
            await asyncio.sleep(wait)
            wait = self.shares.wait(socket.key)
        if socket.id in self._sockets and (waiting := self._received(socket, message)) is not None:
            await waiting

    def _received(self, socket: _Socket, message: bytes) -> Awaitable[None] | None:
        if self._live.log.failure is not None:
            raise StorageUnavailable("The server cannot store what happens here.")
        with self._refusing(socket):
            return self._dispatch(socket, message)

    @contextlib.contextmanager
    def _refusing(self, socket: _Socket) -> Generator[None]:
        """What is wrong with a message is logged and said; what it took is counted."""
        try:
            with self.shares.spending(socket.key):
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
                read_state(data, _CLIENTS)
                return self._answer(socket, data)
            if step == wire.STEP2:
                # What the page has that the server had not when they met. Later ones are of what got lost between them.
                away, socket.returned = not socket.returned, True
                return self._update(socket, data, away=away)
            if step == wire.UPDATE:
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

    def _greet(self, send: Callable[[bytes], None]) -> None:
        if (everybody := self._awareness.everybody()) is not None:
            send(everybody)

    async def _heed_later(self, socket: _Socket, awareness: bytes) -> None:
        """A cursor stands beside a character: it goes out behind that, and keystrokes do not wait for cursors."""
        await self._live.log.barrier()
        if socket.id not in self._sockets:
            return
        with self._refusing(socket):
            out = self._awareness.receive(self._live.members[socket.member], socket.id, awareness)
            if out is not None:
                self.send(out, but=socket.id)
                self._cursors.heard(socket.key, socket.id, self._awareness.cursors_of(socket.id))

    def _log_cursor(self, member: int, connection: int, data: bytes) -> None:
        log = self._live.log
        if not self._document.frozen and log.failure is None and log.budget.allows(member, len(data)):
            self._live.log.append(EventKind.CURSOR, member=member, connection=connection, data=data)

    async def _answer(self, socket: _Socket, state: bytes) -> None:
        """What a client lacks: only what is durable goes out."""
        with self.shares.spending(socket.key):
            update = self._document.doc.get_update(state)
        self.shares.sent(socket.key, len(update))
        # In this order: what others write while we wait is not in it.
        await self._live.log.barrier()
        socket.send(wire.sync(wire.STEP2, update))

    async def _saved(self, socket: _Socket, number: int) -> None:
        """JupyterLab asks to save: everything always is, once the log has it."""
        await self._live.log.barrier()
        answer = f'{{"type":"save","responseTo":{number},"status":"success"}}'.encode()
        socket.send(bytes((wire.RAW,)) + wire.prefixed(answer))

    def _update(self, socket: _Socket, update: bytes, *, away: bool = False) -> Awaitable[None] | None:
        if update == _EMPTY:
            return None
        member = self._live.members.get(socket.member)
        if member is None or not member.can(Permission.EDIT) or self._document.frozen:
            self._unwanted(socket, update)
            return None
        if not self._edits.take(member, socket.id, update, socket.send, away=away):
            # The client knows what is missing, and sends it when it hears how far the server is.
            socket.send(wire.sync(wire.STEP1, self._document.doc.get_state()))
            return None
        return self._live.log.capacity() if self._live.log.behind else None

    def _unwanted(self, socket: _Socket, update: bytes) -> None:
        """An update of somebody who may not edit: what would change a cell is refused and logged."""
        if self._document.frozen:
            raise RoomEnded("The interview has ended.")
        socket.ignored += 1
        if socket.ignored <= _IGNORED_PER_SOCKET and not self._edits.unwanted(update):
            return
        self._live.deny(socket.key, socket.id, "document_update", permission=Permission.EDIT.value)
        raise Forbidden("You may not edit here now.")

    def _keep_alive(self) -> None:
        self.send(KEEP_ALIVE)
        self._timer = asyncio.get_running_loop().call_later(_KEEP_ALIVE_SECONDS, self._keep_alive)
