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
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from typing import Any, NamedTuple

from pycrdt import Doc, TransactionEvent

from ..core.errors import BadMessage, RoomEnded, StorageUnavailable, TooLarge
from ..core.models import JSON, Event, EventKind, Member
from ..core.moment import units
from ..core.permissions import Permission
from ..core.quantities import as_size
from ..core.text import with_line_feeds
from ..managers.live import LiveRoom
from . import wire
from .cells import Cells
from .changes import apply
from .edits import Edits
from .notebook import change_text, end_lines, read_notebook
from .operations import Operations
from .outputs import IDLE, DocumentOutputs
from .past import Past, remember
from .shares import Shares
from .sockets import DocumentSockets
from .standing import Standing
from .updates import inspect, read_deletes

_log = logging.getLogger(__name__)
SERVER = 0


class _Author(NamedTuple):
    """In whose name the document changes."""

    member: int
    connection: int
    payload: JSON | None
    subject: int | None = None
    plan: Operations | None = None
    kind: EventKind = EventKind.DOCUMENT_UPDATE


_SERVER = _Author(SERVER, 0, {"source": "server"})


async def open_document(live: LiveRoom, history: AsyncIterator[list[Event]], starting: JSON | None) -> NotebookDocument:
    """The document of a room that is being opened; the Protocol `managers.rooms.OpenDocument`.

    Args:
        live: the room.
        history: the document's events so far, in portions; when there are none, the first is written here.
        starting: for a new room ``{"notebook": nbformat or None, "starter": source of the first cell, "language_info":
            nbformat's, or None}``.

    Raises:
        StorageUnavailable: the first event could not be stored.
    """
    document = NotebookDocument(live, await remember(live, history, starting))
    document.straighten()
    return document


class NotebookDocument:
    """The document of one open room; the Protocol `core.ports.Document`.

    Args:
        live: the room.
        past: what its log tells.

    Attributes:
        cells: the cells that are in it.
        standing: the outputs that are in it.
        askers: cell → who asked for its last run, and whose its outputs are.
        operations: what is in it.
    """

    def __init__(self, live: LiveRoom, past: Past) -> None:
        self._live = live
        self.doc: Doc[Any] = Doc()
        # Before there is anything in it, so that it is told of all cells.
        self.cells = Cells(self.doc)
        self.standing = Standing(live.limits.outputs_bytes, live.log.budget, past.outputs, live.runs.order())
        self.askers: dict[str, int] = {}
        self._author = _SERVER
        self.frozen = False
        self._waiters: list[tuple[str, str, asyncio.Future[bool]]] = []
        self._waking = False
        self._code_changed: Callable[[], None] = lambda: None
        self.doc.apply_update(past.state)
        self.operations = past.operations
        past.owners[self.doc.client_id] = SERVER
        self._edits = Edits(self, live, past.owners)
        self._sockets = DocumentSockets(self, live, self._edits)
        self._subscription = self.doc.observe(self._observed)

    # -- reading

    @property
    def shares(self) -> Shares:
        """How much of the event loop each member has taken."""
        return self._sockets.shares

    def source(self, cell: str) -> str | None:
        """A code cell's source."""
        found = self.cells.find(cell)
        return None if found is None else str(found["source"])

    def code_cells(self) -> list[str]:
        """Ids of the code cells."""
        return self.cells.ids()

    def code(self) -> str:
        """Source of the first code cell."""
        first = next(iter(self.cells.code()), None)
        return "" if first is None else str(first["source"])

    def notebook(self) -> JSON:
        """The notebook as it stands."""
        return read_notebook(self.doc)

    def observe_code(self, changed: Callable[[], None]) -> None:
        """Whom to tell of changes."""
        self._code_changed = changed

    async def wait_for_source(self, cell: str, digest: str, seconds: float, member: int = SERVER) -> bool:
        """Wait for a source that the client saw and whose update is still on its way."""
        with self.spending(member):
            if self._digest(cell) == digest:
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

    def _digest(self, cell: str) -> str | None:
        """The SHA-256 of a code cell's source."""
        source = self.source(cell)
        return None if source is None else hashlib.sha256(source.encode("utf-8", "replace")).hexdigest()

    # -- whose work it is

    async def turn(self, member: int) -> None:
        """Wait while a member has used up the share of the event loop."""
        wait = self.shares.wait(member)
        while wait:
            await asyncio.sleep(wait)
            # Another request of the same member may have been faster.
            wait = self.shares.wait(member)

    def spending(self, member: int) -> contextlib.AbstractContextManager[None]:
        """What happens meanwhile is a member's work."""
        return self.shares.spending(member)

    def sent(self, member: int, size: int) -> None:
        """So many bytes are on their way to a member who asked for them, which is work as well."""
        self.shares.sent(member, size)

    # -- writing by the server

    @contextlib.contextmanager
    def writing(self, run: str, subject: int) -> Generator[None]:
        """A transaction of the server's, for a run that ``subject`` asked for."""
        with self.acting(SERVER, 0, {"source": "kernel", "run": run}, subject):
            yield

    def outputs_of(self, cell: str, run: str, member: int = SERVER) -> DocumentOutputs:
        """Where the outputs of a run go."""
        self.askers[cell] = member
        return DocumentOutputs(self, cell, run, member)

    def settle(self) -> None:
        """No cell runs."""
        with self.acting(*_SERVER[:3]):
            for cell in self.cells.code():
                if cell.get("execution_state") != IDLE:
                    cell["execution_state"] = IDLE

    def straighten(self) -> None:
        """Lines of all sources end with a line feed, also where an earlier version let other ends in."""
        crooked = [source for cell in self.cells.named().values() if "\r" in str(source := cell["source"])]
        if crooked:
            with self.acting(*_SERVER[:3]):
                for source in crooked:
                    end_lines(source)

    def set_code(self, text: str, member: Member, connection: int) -> None:
        """Make the first code cell's source ``text``."""
        self._live.require(member.id, Permission.EDIT, connection, "code_update")
        if self.frozen:
            raise RoomEnded("The interview has ended.")
        text = with_line_feeds(text)
        limits = self._live.limits
        if len(text.encode("utf-8", "replace")) > limits.code_bytes:
            raise TooLarge(f"A cell can have at most {as_size(limits.code_bytes)} of code.", limit=limits.code_bytes)
        first = next(iter(self.cells.code()), None)
        if first is None:
            raise BadMessage("The notebook has no code cell.")
        self._live.log.budget.check(member.key, len(text))
        grown = units(text) - units(str(first["source"]))
        if grown > 0 and self.operations.size + grown > limits.document_bytes:
            raise TooLarge(
                f"The notebook can have at most {as_size(limits.document_bytes)}.", limit=limits.document_bytes
            )
        with self.spending(member.key), self.acting(member.key, connection, {"source": "code_update"}):
            change_text(first["source"], text)

    def freeze(self) -> None:
        """Nothing changes any more."""
        self._edits.finish()
        self.frozen = True

    async def close(self) -> None:
        """Let go of the document."""
        self._sockets.close()
        if not self.frozen:
            self._edits.finish()
        for _, _, future in self._waiters:
            if not future.done():
                future.set_result(False)
        self.doc.unobserve(self._subscription)
        self.cells.close()

    # -- sockets

    def connect(self, member: Member, connection: int, send: Callable[[bytes], None]) -> None:
        """A document socket opened."""
        self._sockets.connect(member, connection, send)

    def receive(self, connection: int, message: bytes) -> Awaitable[None] | None:
        """A message came."""
        return self._sockets.receive(connection, message)

    def disconnect(self, connection: int) -> None:
        """A document socket closed."""
        self._sockets.disconnect(connection)

    # -- what every change passes

    @contextlib.contextmanager
    def acting(self, member: int, connection: int, payload: JSON | None, subject: int | None = None) -> Generator[None]:
        """A transaction in somebody's name.

        Args:
            member: key of the author.
            connection: by which socket it came.
            payload: of the event.
            subject: key of the member whose content it holds; by default the author.
        """
        with self._as(_Author(member, connection, payload, subject)), self.doc.transaction():
            yield

    def apply(self, update: bytes, plan: Operations, member: int, connection: int, *, away: bool = False) -> None:
        """Apply an update in a member's name; ``plan`` is what it adds, ``away``: it was made without a connection.

        Raises:
            Malformed: it does not apply.
        """
        kind = EventKind.DOCUMENT_RESYNC if away else EventKind.DOCUMENT_UPDATE
        with self._as(_Author(member, connection, None, plan=plan, kind=kind)):
            apply(self.doc, update)

    @contextlib.contextmanager
    def _as(self, author: _Author) -> Generator[None]:
        before, self._author = self._author, author
        try:
            yield
        finally:
            self._author = before

    def _observed(self, event: TransactionEvent) -> None:
        """Runs inside the commit of every transaction, so it must not raise: the data are in the document already."""
        author = self._author
        try:
            update = event.update
            if author.plan is None:
                self.operations.learn(inspect(update))
            else:
                self.operations.add(author.plan)
                removed = event.delete_set  # type: ignore[attr-defined]  # pycrdt 0.14 has it, its stubs do not
                self.operations.remove(read_deletes(removed))
            self._live.log.append(
                author.kind,
                member=author.member,
                subject=author.subject,
                connection=author.connection,
                payload=author.payload,
                data=update,
                durable=self._publish,
            )
            if self._waiters and not self._waking:
                # Once for all changes of this turn of the loop.
                self._waking = True
                asyncio.get_running_loop().call_soon(self._wake)
            self._code_changed()
        except Exception:
            _log.exception("A change of the document was not logged")
            self._live.log.fail(StorageUnavailable("A change could not be logged."))

    def _publish(self, event: Event) -> None:
        """A change is durable: everybody but its author's socket gets it."""
        self._sockets.send(wire.sync(wire.UPDATE, event.data or b""), but=event.connection)

    def _wake(self) -> None:
        """See who has waited long enough: one look at each cell that somebody waits for."""
        self._waking = False
        digests = {cell: self._digest(cell) for cell in {cell for cell, _, _ in self._waiters}}
        for cell, digest, future in self._waiters:
            if not future.done() and digests[cell] == digest:
                future.set_result(True)
