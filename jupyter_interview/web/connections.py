"""How many connections may there be, and what when the machine gives no more?

Each costs a descriptor, and without descriptors nothing of this server works: no kernel starts, and none can be looked
after. So connections have what a reserve for all that leaves, and one network has a part of it.
"""

from __future__ import annotations

import errno
import logging
import resource
import socket
import time
from typing import Any

from tornado.ioloop import IOLoop
from tornado.iostream import IOStream

_log = logging.getLogger(__name__)

_FULL = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_PAUSE_SECONDS = 0.5
_SAID_SECONDS = 60.0
_LEAST_RESERVE = 64
_LOOK_AT = 64


def most_connections(limit: int) -> int:
    """How many connections there may be: ``limit``, or what a quarter of the process's descriptors leaves."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(1, min(limit, files - max(_LEAST_RESERVE, files // 4)))


class Connections:
    """The open connections by network.

    Args:
        most: in all.
        most_of_network: of one network; at most half of all.
    """

    def __init__(self, most: int, most_of_network: int) -> None:
        self._most = most
        self._most_of_network = max(1, min(most_of_network, most // 2))
        self._open: dict[str, set[IOStream]] = {}
        self._count = 0
        self._look_at = min(_LOOK_AT, most)

    def take(self, stream: IOStream, network: str, *, bounded: bool) -> bool:
        """Whether a connection may stay; then it counts until it is closed.

        Args:
            stream: the connection.
            network: whose it is.
            bounded: whether the bound of one network counts.
        """
        if self._count >= self._look_at or len(self._open.get(network, ())) >= self._most_of_network:
            self._forget_closed()
        own = self._open.setdefault(network, set())
        if self._count >= self._most or (bounded and len(own) >= self._most_of_network):
            return False
        own.add(stream)
        self._count += 1
        return True

    def _forget_closed(self) -> None:
        """Nobody tells of a connection that ends: who is gone is looked for when they may be as many as are here."""
        kept = ((network, {each for each in streams if not each.closed()}) for network, streams in self._open.items())
        self._open = {network: streams for network, streams in kept if streams}
        self._count = sum(map(len, self._open.values()))
        self._look_at = min(self._most, max(_LOOK_AT, 2 * self._count))


class Listener(socket.socket):
    """A listening socket that rests for a moment when there is no descriptor for who comes: they wait in line."""

    _said = -_SAID_SECONDS

    @classmethod
    def of(cls, other: socket.socket) -> Listener:
        """In the place of ``other``, which is none any more."""
        listener = cls(other.family, other.type, other.proto, fileno=other.detach())
        listener.setblocking(False)
        return listener

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection.

        Raises:
            BlockingIOError: there is none now.
        """
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in _FULL:
                raise
            self._rest(error)
            raise BlockingIOError(error.errno, "no descriptor is left") from error

    def _rest(self, error: OSError) -> None:
        if time.monotonic() - self._said >= _SAID_SECONDS:
            self._said = time.monotonic()
            _log.warning("No connection can be taken: %s. Give the server more open files (ulimit -n).", error.strerror)
        loop = IOLoop.current()
        loop.update_handler(self, 0)
        loop.call_later(_PAUSE_SECONDS, self._go_on, loop)

    def _go_on(self, loop: IOLoop) -> None:
        if self.fileno() != -1:
            loop.update_handler(self, IOLoop.READ)


_TEXT = b"There are too many connections. Try again in a moment.\n"
REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 5\r\nContent-Type: text/plain\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_TEXT), _TEXT)
)
"""What is answered to whom there is no place for."""
