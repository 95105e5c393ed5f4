"""Which managers are there? What `app.py` builds and every handler finds under ``settings["interview"]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from ..core.limits import Limits
from ..core.models import JSON, Account, Member
from ..core.ports import RateLimiter
from ..db import Database
from .accounts import Accounts
from .bookmarks import Bookmarks
from .exports.exports import Exports
from .exports.own import OwnPart
from .invitations import Invitations
from .members import Members
from .records import Records
from .replay.forks import Forks
from .replay.replay import Replay
from .rooms import Rooms

SETTING = "interview"


class Identity(Protocol):
    """Who is behind a request? `auth.identity`. ``request`` is a tornado handler."""

    async def account(self, request: Any) -> Account | None:
        """An interviewer's account, or the server's own user; ``None`` for nobody."""

    async def member(self, request: Any, room_id: str) -> Member | None:
        """A seated member of this room; ``None`` for nobody."""

    def seat(self, request: Any, room_id: str, token: str) -> None:
        """Give the browser the cookie that proves a seat."""

    def login(self, request: Any, token: str) -> None:
        """Give the browser the cookie of an account."""

    def logout(self, request: Any) -> str | None:
        """Take the account's cookie back; the token that the request carried."""

    def bearer(self, request: Any) -> str | None:
        """The token of an ``Authorization: Bearer`` header."""


class Languages(Protocol):
    """Which languages can be had?"""

    def list(self) -> list[JSON]:
        """``{name, display_name, available, message, starter}`` each."""


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that a request may need."""

    database: Database
    limits: Limits
    rates: RateLimiter
    identity: Identity
    accounts: Accounts
    rooms: Rooms
    members: Members
    invitations: Invitations
    records: Records
    replay: Replay
    bookmarks: Bookmarks
    forks: Forks
    exports: Exports
    own: OwnPart
    languages: Languages
    kernels: Any
    """The kernel manager of the rooms, for jupyter-server's own kernel handlers."""
