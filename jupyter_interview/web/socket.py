"""How do our websockets live and die?

All three kinds (channel, document, kernel) check the origin, are pinged, close on a refusal with a code of their own
and never raise into the server. With each ping is asked whether who opened it may still be here: a new password ends
what was opened with the old one. What they leave unread is bounded, whatever keeps them alive: beyond the limit nothing
more is written, and the connection is cut a moment later with all that waits. So is what they are in the middle of
saying: beyond that limit nothing more is read.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_server.base.websocket import WebSocketMixin
from tornado.escape import json_encode, utf8
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..core.errors import BadRequest, Forbidden, InterviewError, RateLimited, RoomEnded, StorageUnavailable, TooLarge
from ..managers.channel import ENDED, REMOVED, STORAGE
from ..managers.services import Services
from .unheard import UNHEARD, HeardProtocol, Hearing
from .unsent import UNSENT, Backlog, owner_of

BAD = 4400
OUT = 4401
BEHIND = 4413
LIMITED = 4429
_CUT_SECONDS = 2.0


class InterviewSocket(WebSocketMixin, WebSocketHandler):
    """Mixed in before `Gate` or `InterviewHandler`."""

    #: A handshake costs as much as many a request: a page that reconnects makes three at a time.
    limit: ClassVar[str] = "socket"

    services: Services
    log: Any
    _backlog: Backlog | None = None
    _behind = False
    _gone = False
    _asking: asyncio.Task[None] | None = None

    if TYPE_CHECKING:

        async def still_known(self) -> bool: ...

    def send_ping(self) -> None:
        """Called by jupyter-server, every `ping_interval`."""
        with contextlib.suppress(WebSocketClosedError):
            super().send_ping()
        if self.ws_connection is not None and (self._asking is None or self._asking.done()):
            self._asking = asyncio.ensure_future(self._ask())

    async def _ask(self) -> None:
        try:
            if not await self.still_known():
                self.close(OUT, "log in again")
        except InterviewError as error:
            self.log.warning("Whether a socket's user is still known could not be asked: %s", error.message)

    def set_default_headers(self) -> None:
        """A handshake has no content."""

    def check_origin(self, origin: str | None = None) -> bool:
        """Only pages of this server may open it."""
        allowed: bool = WebSocketMixin.check_origin(self, origin)
        return allowed

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """The handshake; what is refused is so before anything happens in the room."""
        self.check_handshake()
        await super().get(*args, **kwargs)

    def check_handshake(self) -> None:
        """Refuse a page of another server, and a picture that has this address.

        Raises:
            Forbidden: it comes from another page.
            BadRequest: it is no handshake.
        """
        if not self.check_origin():
            raise Forbidden("Only pages of this server may open it.")
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise BadRequest("This address is for websockets.")

    def get_websocket_protocol(self) -> Any:
        """One that bounds what is held of its owner; none for whoever left before there was one: nothing is opened.

        Tornado would take jupyter-server's milliseconds for seconds: one of the two pings is enough.
        """
        protocol: Any = super().get_websocket_protocol()
        if protocol is None or self._gone:
            return None
        protocol.params.ping_interval = protocol.params.ping_timeout = None
        hearing = Hearing(UNHEARD, owner_of(self), self.services.limits.member_unheard_bytes)
        return HeardProtocol(self, protocol.params, hearing)

    def on_connection_close(self) -> None:
        """The client is gone, perhaps while it was not yet known whether it may come in."""
        self._gone = True
        super().on_connection_close()

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """A keystroke is a small packet that must not wait for the next one."""
        self.set_nodelay(True)
        return super().open(*args, **kwargs)

    @property
    def ping_interval(self) -> float:
        """Milliseconds between two pings."""
        return float(self.services.limits.ping_seconds) * 1000

    @property
    def ping_timeout(self) -> float:
        """Milliseconds of silence after which the socket is dropped."""
        return float(self.services.limits.silence_seconds) * 1000

    def write_message(self, message: bytes | str | dict[str, Any], binary: bool = False) -> asyncio.Future[None]:
        """As tornado's, but bounded; and whoever does not wait for the future leaves no error behind: jupyter-server
        never does.

        Raises:
            WebSocketClosedError: it is closed already; the future fails with it when the socket closes meanwhile, and
                at once when the client is so far behind that the message was not written.
        """
        data = utf8(json_encode(message) if isinstance(message, dict) else message)
        size = len(data)
        if self._behind or not self.backlog.takes(size):
            self._fall_behind()
            written = asyncio.get_running_loop().create_future()
            written.set_exception(WebSocketClosedError())
        else:
            written = super().write_message(data, binary)
            self.backlog.wait_for(size, written)
        written.add_done_callback(_retrieved)
        return written

    @property
    def backlog(self) -> Backlog:
        """What this socket leaves unread."""
        if self._backlog is None:
            limits = self.services.limits
            self._backlog = Backlog(UNSENT, owner_of(self), limits.unsent_bytes, limits.member_unsent_bytes)
        return self._backlog

    @property
    def unsent(self) -> int:
        """Bytes that wait for the client to read."""
        return self.backlog.bytes

    async def drained(self) -> None:
        """Wait until the client has read all that was written, or the socket is closed."""
        await self.backlog.drained()

    def _fall_behind(self) -> None:
        """The client does not read. It may come back; what waits for it is dropped, with a moment to hear why."""
        if self._behind or self.ws_connection is None:
            return
        self._behind = True
        self.log.info("A socket was closed that left %d bytes unread", self.unsent)
        connection = self.ws_connection
        self.close(BEHIND, "too far behind")
        # Not only when it answers the closing handshake: that waits behind all the rest.
        asyncio.get_running_loop().call_later(_CUT_SECONDS, _cut, connection)

    def transmit(self, message: str | bytes) -> None:
        """Send without waiting; a closed socket ignores it."""
        with contextlib.suppress(WebSocketClosedError):
            self.write_message(message, binary=isinstance(message, bytes))

    def refuse(self, error: InterviewError) -> None:
        """Close because of a refusal, with a code that tells the page what to do."""
        self.close(close_code(error), error.message[:100])


def close_code(error: InterviewError) -> int:
    """The websocket close code of a refusal."""
    if isinstance(error, RoomEnded):
        return ENDED
    if isinstance(error, Forbidden):
        return REMOVED
    if isinstance(error, StorageUnavailable):
        return STORAGE
    if isinstance(error, TooLarge):
        return 1009
    if isinstance(error, RateLimited):
        return LIMITED
    return BAD


def _cut(connection: Any) -> None:
    """Close what is below a websocket; what waits to be read is dropped, here and by the system."""
    stream = connection.stream
    if not stream.closed():
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()


def _retrieved(future: Any) -> None:
    if not future.cancelled():
        future.exception()
