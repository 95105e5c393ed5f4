"""The document socket: how do the bytes of a browser's editor reach the shared notebook?

The URLs are jupyter-collaboration's, so that its front end works as it is: a session is asked for, then the room's one
document is opened by websocket.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any, ClassVar

from pydantic import BaseModel

from ..core.errors import BadMessage, InterviewError, NotFound, TooLarge
from ..core.permissions import Permission
from ..core.quantities import as_size
from ..managers.channel import Connection
from ..managers.live import LiveRoom
from ..web import Gate, InterviewSocket
from .page import NOTEBOOK

_log = logging.getLogger(__name__)
_CHANGES = (b"\0\1", b"\0\2")
"""How messages begin that change the document."""
_STEP1 = b"\0\0"
"""How a message begins that asks for all that the client lacks."""


class SessionRequest(BaseModel):
    """Body of a request for a session."""

    format: str = "json"
    type: str = "notebook"


class DocumentSession(Gate):
    """``PUT <room>/api/collaboration/session/<path>``."""

    needs: ClassVar = {"PUT": Permission.VIEW}

    async def put(self, path: str) -> None:
        """The same session for everybody and through restarts: nobody is told that it expired."""
        body = self.body(SessionRequest)
        if path != NOTEBOOK or (body.format, body.type) != ("json", "notebook"):
            raise NotFound("There is no such document here.")
        self.answer({"format": "json", "type": "notebook", "fileId": self.room_id, "sessionId": self.room_id})


class DocumentSocket(InterviewSocket, Gate):
    """``<room>/api/collaboration/room/json:notebook:<room>``."""

    needs: ClassVar = {"GET": Permission.VIEW}

    _live: LiveRoom | None = None
    _connection: Connection | None = None

    @property
    def max_message_size(self) -> int:
        """Beyond this tornado itself hangs up; below it the document takes a change over the limit back."""
        return self.services.limits.document_read_bytes

    async def get(self, document: str, **kwargs: Any) -> None:
        """The handshake."""
        if document != f"json:notebook:{self.room_id}":
            raise NotFound("There is no such document here.")
        self.check_handshake()
        self._live = await self.live()
        # A full house is said in the handshake, where the page backs off, and not by closing at once.
        self._connection = self._live.presence.enter(self.own_member(), "document", self.close)
        await super().get(document=document, **kwargs)
        if self.ws_connection is None:
            self.on_close()

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Greet the client with what the server knows."""
        super().open(*args, **kwargs)
        if self._live is not None and self._connection is not None:
            self._live.document.connect(self.own_member(), self._connection.id, self.transmit)

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """One message; the next is read when this one is done."""
        if self._live is None or self._connection is None:
            return None
        if self.unsent and message[:2] == _STEP1:
            # Its answer may weigh as much as the document: one at a time, and the next is heard once that was read.
            return self._once_drained(message)
        return self._receive(message)

    async def _once_drained(self, message: str | bytes) -> None:
        await self.drained()
        if (waiting := self._receive(message)) is not None:
            await waiting

    def _receive(self, message: str | bytes) -> Awaitable[None] | None:
        if self._live is None or self._connection is None:
            return None
        try:
            self._check(message)
            waiting = self._live.document.receive(self._connection.id, message)  # type: ignore[arg-type]  # checked
        except InterviewError as error:
            self._refused(error)
            return None
        except Exception:
            _log.exception("A document message failed")
            self.close(1011, "internal error")
            return None
        return None if waiting is None else self._patiently(waiting)

    def on_close(self) -> None:
        """However it closed: no cursor and no registration stays."""
        super().on_close()
        if self._live is not None and self._connection is not None:
            connection, self._connection = self._connection, None
            self._live.document.disconnect(connection.id)
            self._live.presence.leave(connection)

    async def _patiently(self, waiting: Awaitable[None]) -> None:
        try:
            await waiting
        except InterviewError as error:
            self._refused(error)

    def _check(self, message: str | bytes) -> None:
        self.services.rates.hit("document", self.own_member().id)
        if isinstance(message, str):
            raise BadMessage("The document's protocol is binary.")
        limit = self.services.limits.document_message_bytes
        if len(message) > limit and message[:2] not in _CHANGES:
            raise TooLarge(f"A message can have at most {as_size(limit)}.", limit=limit)

    def _refused(self, error: InterviewError) -> None:
        if self._live is not None and self._connection is not None and isinstance(error, BadMessage | TooLarge):
            what = {"code": error.error_code}
            self._live.deny(self._connection.key, self._connection.id, "document_message", **what)
        self.refuse(error)
