"""Which origin does a request come to, and what is served there?

A browser lets a page call everything of its own origin with the visitor's cookies. Rooms show what candidates make, so
an operator can give them an origin of their own (`InterviewApp.rooms_origin`); without one they share the server's.
Hosts are compared without port and scheme: cookies know neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..core.errors import BadRequest

SETTING = "interview_origins"
# What may stand in a host of a Content-Security-Policy; bare IPv6 addresses may not.
_HOST = re.compile(r"[A-Za-z0-9._-]{1,253}(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Origins:
    """Where rooms are served.

    Attributes:
        rooms: ``scheme://host[:port]`` of the rooms; empty where they are at the server's own.
    """

    rooms: str = ""

    @property
    def host(self) -> str:
        """Host name of the rooms' origin."""
        return (urlsplit(self.rooms).hostname or "") if self.rooms else ""

    def is_rooms(self, request: Any) -> bool:
        """Whether a request (tornado's) came to the rooms' origin, where it is one of their own."""
        return bool(self.rooms) and host_name(request.host) == self.host

    def of(self, request: Any) -> str:
        """The origin that a request came to.

        Raises:
            BadRequest: its host is not one that a policy can name.
        """
        if self.is_rooms(request):
            return self.rooms
        if _HOST.fullmatch(request.host) is None:
            raise BadRequest("Open this server by a host name or an IPv4 address.")
        return f"{request.protocol}://{request.host.lower()}"


def checked_origin(text: str) -> str:
    """An origin as an operator writes it, in its one form.

    Raises:
        ValueError: it is none.
    """
    parts = urlsplit(text)
    _ = parts.port
    if parts.scheme not in ("http", "https") or _HOST.fullmatch(parts.netloc) is None:
        raise ValueError("an origin is http://HOST or https://HOST, with a port where it is not the usual one")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("an origin has no path")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def host_name(host: str) -> str:
    """The host of a ``Host`` header without its port, in lower case."""
    return re.sub(r":[0-9]*$", "", host).lower().rstrip(".")
