"""How do our websockets live and die?

All three kinds (channel, document, kernel) check the origin, are pinged, close on a refusal with a code of their own
and never raise into the server.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from jupyter_server.base.websocket import WebSocketMixin
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from ..core.errors import Forbidden, InterviewError, RateLimited, RoomEnded, StorageUnavailable, TooLarge
from ..managers.channel import ENDED, REMOVED, STORAGE
from ..managers.services import Services

BAD = 4400
LIMITED = 4429


class InterviewSocket(WebSocketMixin, WebSocketHandler):
    """Mixed in before `Gate` or `InterviewHandler`."""

    services: Services

    def set_default_headers(self) -> None:
        """A handshake has no content."""

    def check_origin(self, origin: str | None = None) -> bool:
        """Only pages of this server may open it."""
        allowed: bool = WebSocketMixin.check_origin(self, origin)
        return allowed

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """The handshake; a page of another server is refused before anything happens in the room."""
        if not self.check_origin():
            raise Forbidden("Only pages of this server may open it.")
        await super().get(*args, **kwargs)

    def get_websocket_protocol(self) -> Any:
        """Tornado would take jupyter-server's milliseconds for seconds: one of the two pings is enough."""
        protocol: Any = super().get_websocket_protocol()
        if protocol is not None:
            protocol.params.ping_interval = protocol.params.ping_timeout = None
        return protocol

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
        """As tornado's, but whoever does not wait for the future leaves no error behind: jupyter-server never does.

        Raises:
            WebSocketClosedError: it is closed already; the future fails with it when the socket closes meanwhile.
        """
        written = super().write_message(message, binary)
        written.add_done_callback(_retrieved)
        return written

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


def _retrieved(future: Any) -> None:
    if not future.cancelled():
        future.exception()
