"""What does a browser do with the shared notebook?

A `Client` is a Yjs client as JupyterLab's: it holds a copy of the document, edits it while connected or not, and speaks
the wire protocol with the server's document. No network: messages are handed over in their order.
"""

from __future__ import annotations

import inspect
from typing import Any

from pycrdt import Array, Doc, Map, Subscription, Text, TransactionEvent

from jupyter_interview.collab import wire
from jupyter_interview.collab.wire import Reader
from jupyter_interview.core.models import Member
from jupyter_interview.managers.live import LiveRoom
from tests.managers.house import House, Socket

_NUMBERS = iter(range(1_000, 1 << 30))


def new_cell(cell_id: str, source: str = "", kind: str = "code") -> Map[Any]:
    """A cell as JupyterLab makes it."""
    values: dict[str, Any] = {"id": cell_id, "cell_type": kind, "source": Text(source), "metadata": Map({})}
    if kind == "code":
        values |= {"outputs": Array([]), "execution_count": None, "execution_state": "idle"}
    return Map(values)


class Client:
    """One browser of one member.

    Attributes:
        doc: its copy of the document.
        refused: what the server raised when it sent something.
        awareness: the awareness messages that it got.
    """

    def __init__(self, house: House, live: LiveRoom, member: Member, client_id: int | None = None) -> None:
        self.house, self.live, self.member = house, live, member
        self.doc: Doc[Any] = Doc(client_id=client_id or next(_NUMBERS))
        self.refused: list[Exception] = []
        self.awareness: list[bytes] = []
        self.received: list[bytes] = []
        self.raw: list[bytes] = []
        self.socket: Socket | None = None
        self.asked = 0
        self._pending: list[bytes] = []
        self._remote = False
        self._subscription: Subscription = self.doc.observe(self._changed)

    # -- the connection

    async def connect(self) -> None:
        """Open a document socket and exchange what each side lacks."""
        self.socket = self.house.socket(self.live, self.member, "document")
        self.live.document.connect(self.member, self.socket.connection.id, self._receive)
        await self.send(wire.sync(wire.STEP1, self.doc.get_state()))
        await self.flush()

    def disconnect(self) -> None:
        """The socket is gone, and what was not handed over with it."""
        if self.socket is not None:
            self.live.document.disconnect(self.socket.connection.id)
            self.live.presence.leave(self.socket.connection)
            self.socket = None
        self._pending.clear()

    def close(self) -> None:
        """The page is closed. Without it nothing could free the client: pycrdt keeps whom it calls."""
        self.disconnect()
        self.doc.unobserve(self._subscription)

    async def send(self, message: bytes) -> None:
        """Hand one message to the server; what it raises is remembered."""
        assert self.socket is not None
        try:
            waiting = self.live.document.receive(self.socket.connection.id, message)
            if inspect.isawaitable(waiting):
                await waiting
        except Exception as error:
            self.refused.append(error)

    async def flush(self) -> None:
        """Hand over everything that was edited, and answer what the server asked."""
        while self._pending and self.socket is not None:
            await self.send(self._pending.pop(0))

    def _receive(self, message: bytes) -> None:
        self.received.append(message)
        reader = Reader(message)
        kind = reader.varuint()
        if kind == wire.AWARENESS:
            self.awareness.append(reader.bytes())
            return
        if kind == wire.RAW:
            self.raw.append(message)
            return
        step, data = reader.varuint(), reader.bytes()
        if step == wire.STEP1:
            self.asked += 1
            self._pending.append(wire.sync(wire.STEP2, self.doc.get_update(data)))
            return
        self._remote = True
        try:
            self.doc.apply_update(data)
        finally:
            self._remote = False

    def _changed(self, event: TransactionEvent) -> None:
        if not self._remote and self.socket is not None:
            self._pending.append(wire.sync(wire.UPDATE, event.update))

    # -- editing

    @property
    def cells(self) -> Array[Any]:
        """The cells of its copy."""
        cells: Array[Any] = self.doc.get("cells", type=Array)
        return cells

    def text(self, index: int = 0) -> str:
        """Source of a cell in its copy."""
        return str(self.cells[index]["source"])

    def type(self, text: str, at: int = 0, index: int = 0) -> None:
        """Insert text into a cell."""
        source = self.cells[index]["source"]
        # pycrdt counts bytes.
        source.insert(len(str(source)[:at].encode()), text)

    def delete(self, start: int, end: int, index: int = 0) -> None:
        """Delete characters of a cell."""
        source = self.cells[index]["source"]
        text = str(source)
        first, last = len(text[:start].encode()), len(text[:end].encode())
        if last > first:
            del source[first:last]
