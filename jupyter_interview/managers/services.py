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

    async def account(self, request: Any, room_id: str | None = None) -> Account | None:
        """An interviewer's account, or the server's own user; ``None`` for nobody. With a room, in that room."""

    async def member(self, request: Any, room_id: str) -> Member | None:
        """A seated member of this room; ``None`` for nobody."""

    def seat(self, request: Any, room_id: str, token: str) -> None:
        """Give the browser the cookie that proves a seat."""

    def login(self, request: Any, token: str) -> None:
        """Give the browser the cookie of an account."""

    def place(self, request: Any) -> str | None:
        """The token of a place, with which the browser proves that an account has logged in there before."""

    def remember(self, request: Any, token: str) -> None:
        """Give the browser the cookie of a place."""

    def logout(self, request: Any) -> str | None:
        """Take the account's cookie back; the token that the request carried."""

    async def leave(self, request: Any) -> None:
        """The server's own user logs out: what this session got ends with it."""

    async def hand_over(self, room_id: str, account: Account, home: str) -> str:
        """A token by which an account enters a room at the rooms' own origin, coming from the origin ``home``."""

    def take_over(self, request: Any, room_id: str, token: str) -> None:
        """Give the browser the cookie that proves the account in this room, for such a token."""

    def home(self, request: Any, room_id: str) -> str:
        """The origin from which this room's visitor came; empty at the server's own."""

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
