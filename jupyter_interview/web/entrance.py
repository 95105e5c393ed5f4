"""What does every request pass before any handler sees it?

- *Where it comes from*: behind a reverse proxy that the operator named, the one address that this proxy saw; from
  anybody else what a header says of addresses counts for nothing.
- *Whether there is a place for its connection*: in all, and for its network (`connections`).
- *How much it may send*: whoever is not logged in, a little, and not for long. What is on its way at a time from one
  network, and from everybody, is bounded. That is decided by the headers, before anything of the body is read.
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Iterable
from contextlib import suppress
from http.client import responses
from typing import Any, cast

from tornado import httputil
from tornado.http1connection import HTTP1Connection
from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream, StreamClosedError

from ..core.encoding import json_bytes
from ..core.errors import InterviewError, RateLimited, TooLarge
from ..core.network import Proxies, network_of
from ..managers.services import SETTING, Services
from .base import InterviewHandler
from .connections import REFUSAL, Connections, Listener, most_connections
from .unheard import Bodies

_FOR = "X-Forwarded-For"
# Tornado would look at all of these, in an order of its own.
_SAID = ("X-Real-Ip", _FOR, "X-Scheme", "X-Forwarded-Proto")
_LARGE_BODY_SECONDS = 900.0


class Entrance(HTTPServer):
    """Tornado's server with our entrance. Its further arguments are those of tornado's."""

    def initialize(self, application: Any, *, proxies: Proxies, warn: Any, **keywords: Any) -> None:  # type: ignore[override]
        """Set it up.

        Args:
            application: the web application of jupyter-server.
            proxies: whom to believe where a request comes from.
            warn: called with a line for the operator.
            **keywords: tornado's.
        """
        self.application = application
        self.proxies = proxies
        self._warn = warn
        services: Services = application.settings[SETTING]
        limits = services.limits
        self.bodies = Bodies(limits.network_bodies_bytes, limits.bodies_bytes)
        self.connections = Connections(most_connections(limits.connections), limits.network_connections)
        super().initialize(application, xheaders=True, idle_connection_timeout=limits.idle_seconds, **keywords)

    def add_sockets(self, sockets: Iterable[socket.socket]) -> None:
        """Listen."""
        super().add_sockets([Listener.of(each) for each in sockets])

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Somebody connects. The connections of a proxy are those of many networks."""
        peer = address[0] if isinstance(address, tuple) else ""
        if self.connections.take(stream, network_of(peer), bounded=bool(peer) and peer not in self.proxies):
            super().handle_stream(stream, address)
            return
        with suppress(StreamClosedError):
            stream.write(REFUSAL)
        stream.close()

    def start_request(self, server_conn: object, request_conn: httputil.HTTPConnection) -> httputil.HTTPMessageDelegate:
        """A request begins."""
        return _Request(self, super().start_request(server_conn, request_conn), cast(HTTP1Connection, request_conn))

    def came_by(self, peer: str, headers: httputil.HTTPHeaders) -> None:
        """Leave of what the headers say of addresses what may be believed."""
        said = {name: headers.pop(name) for name in _SAID if name in headers}
        if peer in self.proxies:
            headers["X-Real-Ip"] = self.proxies.client(peer, said.get(_FOR, ""))
            if "X-Forwarded-Proto" in said:
                headers["X-Forwarded-Proto"] = said["X-Forwarded-Proto"]
        elif said and self.proxies.unnamed(peer):
            self._warn(
                "Requests come by a proxy at %s, which is not in c.InterviewApp.trusted_proxies: to the limits by "
                "address all its visitors are one.",
                peer,
            )


class _Request(httputil.HTTPMessageDelegate):
    """One request on its way to the application."""

    def __init__(
        self, entrance: Entrance, following: httputil.HTTPMessageDelegate, connection: HTTP1Connection
    ) -> None:
        self._entrance = entrance
        self._following = following
        self._connection = connection
        self._refused = False
        self._coming: tuple[str, int] | None = None

    async def headers_received(
        self,
        start_line: httputil.RequestStartLine | httputil.ResponseStartLine,
        headers: httputil.HTTPHeaders,
    ) -> None:
        """Decide by the headers."""
        context: Any = self._connection.context
        self._entrance.came_by(context.remote_ip, headers)
        services: Services = self._entrance.application.settings[SETTING]
        limits = services.limits
        large = _is_large(headers, int(limits.body_bytes))
        if large and await self._is_known(services, start_line, headers):
            self._connection.set_body_timeout(_LARGE_BODY_SECONDS)
        else:
            self._connection.set_body_timeout(limits.body_seconds)
            if large and "Content-Length" in headers:
                self._refuse(
                    TooLarge("Log in to send so much.", limit=limits.body_bytes), waits="Expect" not in headers
                )
                return
            self._connection.set_max_body_size(int(limits.body_bytes))
            network = network_of(headers.get("X-Real-Ip", context.remote_ip or ""))
            if not self._comes(network, headers, limits.body_bytes) and not await self._is_known(
                services, start_line, headers
            ):
                waiting = RateLimited("Too much is being sent. Try again in a moment.", retry_after=limits.body_seconds)
                self._refuse(waiting, waits="Expect" not in headers)
                return
        passed = self._following.headers_received(start_line, headers)
        if passed is not None:
            await passed

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Pass it on."""
        return None if self._refused else self._following.data_received(chunk)

    def finish(self) -> None:
        """Pass it on."""
        self._come()
        if self._refused:
            self._connection.finish()
        else:
            self._following.finish()

    def on_connection_close(self) -> None:
        """Pass it on."""
        self._come()
        if not self._refused:
            self._following.on_connection_close()

    def _comes(self, network: str, headers: httputil.HTTPHeaders, most: int) -> bool:
        """Whether the body may come beside the others that do; one whose length is not said counts as the longest."""
        length = None if "Transfer-Encoding" in headers else _length(headers)
        size = most if length is None else length
        if not self._entrance.bodies.begin(network, size):
            return False
        self._coming = (network, size)
        return True

    def _come(self) -> None:
        """The body has come, or never will. Idempotent."""
        if self._coming is not None:
            coming, self._coming = self._coming, None
            self._entrance.bodies.end(*coming)

    async def _is_known(self, services: Services, start_line: Any, headers: httputil.HTTPHeaders) -> bool:
        """Whether an account, or the server's own user, asks."""
        settings = self._entrance.application.settings
        if not settings["identity_provider"].auth_enabled:
            return True
        request = httputil.HTTPServerRequest(connection=self._connection, start_line=start_line, headers=headers)
        try:
            # A handler that answers nothing: identities are told by one.
            return await services.identity.account(InterviewHandler(self._entrance.application, request)) is not None
        except InterviewError:
            return False

    def _refuse(self, error: InterviewError, *, waits: bool) -> None:
        """Answer at once. A body that is on its way is thrown away as it comes: a client that is cut off reads nothing.

        Args:
            error: the answer.
            waits: whether the body is on its way.
        """
        self._refused = True
        body = json_bytes({"error": error.to_json()})
        said = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        line = httputil.ResponseStartLine("HTTP/1.1", error.status, responses[error.status])
        self._connection.write_headers(line, httputil.HTTPHeaders(said), body)
        if not waits:
            self._connection.finish()


def _is_large(headers: httputil.HTTPHeaders, limit: int) -> bool:
    """Whether a body may have more than so many bytes. Nobody knows how long one in chunks gets."""
    # What is no number tornado refuses, or bounds.
    return "Transfer-Encoding" in headers or (_length(headers) or 0) > limit


def _length(headers: httputil.HTTPHeaders) -> int | None:
    """The announced bytes of a body; ``None`` where that is no plain number."""
    length = headers.get("Content-Length", "0")
    if not (length.isascii() and length.isdigit()):
        return None
    # Python refuses to read a number of thousands of digits.
    return int(length) if len(length) <= 15 else 10**15
