"""Who is behind a request?

Three proofs, each of its own scope: the bearer token of a program, the cookie of an account (for the desk and REST),
the cookie of a seat (for one room; its path is that room's). And the server's own user, whom jupyter-server's identity
provider knows. Where rooms have an origin of their own, none of them but seats count there: an account proves itself by
its visit to that room. ``request`` is a tornado handler.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from ..core.errors import InterviewError, NotFound, Unauthorized
from ..core.models import JSON, Account, Member
from ..managers.accounts import OWNER, PLACE_SECONDS, Accounts
from ..managers.accounts import TOKEN_SECONDS as ACCOUNT_SECONDS
from ..managers.members import TOKEN_SECONDS as MEMBER_SECONDS
from ..managers.members import Members
from ..web.origins import Origins
from .visits import VISIT_SECONDS, Visits

ACCOUNT_COOKIE = "interview-account"
PLACE_COOKIE = "interview-place"
_SECONDS_A_DAY = 24 * 3600


class RequestIdentity:
    """The Protocol `managers.services.Identity`.

    Args:
        accounts: resolves the tokens of accounts.
        members: resolves the tokens of seats.
        stock: the server's own identity provider.
        base_url: the server's base URL.
        visits: hand-overs from the server's origin to that of the rooms.
        origins: which is which.
    """

    def __init__(
        self, accounts: Accounts, members: Members, stock: Any, base_url: str, visits: Visits, origins: Origins
    ) -> None:
        self._accounts = accounts
        self._members = members
        self._stock = stock
        self._base_url = base_url
        self._visits = visits
        self._origins = origins

    async def account(self, request: Any, room_id: str | None = None) -> Account | None:
        """An account, or the server's own user; at the rooms' origin, whoever visits this room."""
        if self._origins.is_rooms(request.request):
            return await self._visitor(request, room_id)
        token = self.bearer(request) or request.get_cookie(ACCOUNT_COOKIE)
        if token:
            try:
                return await self._accounts.resolve(token)
            except Unauthorized:
                if self.bearer(request):
                    return await self._owner(request)
        return await self._owner(request)

    async def member(self, request: Any, room_id: str) -> Member | None:
        """A seated member of this room."""
        for token in (self.bearer(request), request.get_cookie(_room_cookie(room_id))):
            if not token:
                continue
            try:
                return await self._members.resolve(room_id, token)
            except (Unauthorized, NotFound):
                continue
        return None

    def seat(self, request: Any, room_id: str, token: str) -> None:
        """Set the cookie of a seat: the browser sends it to this room and nowhere else."""
        self._set(request, _room_cookie(room_id), token, self._room_path(room_id), MEMBER_SECONDS)

    def login(self, request: Any, token: str) -> None:
        """Set the cookie of an account."""
        self._set(request, ACCOUNT_COOKIE, token, self._base_url, ACCOUNT_SECONDS)

    def place(self, request: Any) -> str | None:
        """What `remember` gave this browser."""
        place: str | None = request.get_cookie(PLACE_COOKIE)
        return place

    def remember(self, request: Any, token: str) -> None:
        """Set the cookie of a place: it proves no login, only that there was one."""
        self._set(request, PLACE_COOKIE, token, self._base_url, PLACE_SECONDS)

    def logout(self, request: Any) -> str | None:
        """Take the account's cookie back."""
        token: str | None = self.bearer(request) or request.get_cookie(ACCOUNT_COOKIE)
        request.clear_cookie(ACCOUNT_COOKIE, path=self._base_url)
        return token

    async def hand_over(self, room_id: str, account: Account, home: str) -> str:
        """A token by which the account enters this room at the rooms' origin."""
        mark = await self._accounts.mark_of(account)
        return self._visits.hand_over(room_id, account, mark, home)

    async def leave(self, request: Any) -> None:
        """The server's own user logs out: visits and seats that this session got end with it."""
        owner = await self._owner(request)
        if owner is not None and owner.session is not None:
            await self._accounts.leave(owner.session)

    def take_over(self, request: Any, room_id: str, token: str) -> None:
        """Set the cookie of a visit for a hand-over.

        Raises:
            Unauthorized: it is not valid here.
        """
        visit = self._visits.exchange(room_id, token, request.request.headers.get("Origin", ""))
        self._set(request, _visit_cookie(room_id), visit, self._room_path(room_id), VISIT_SECONDS)

    def home(self, request: Any, room_id: str) -> str:
        """The origin from which the visitor of this room came; empty where there is no visit."""
        return str(self._visit(request, room_id).get("home", ""))

    def bearer(self, request: Any) -> str | None:
        """The token in the header ``Authorization: Bearer``."""
        scheme, _, token = request.request.headers.get("Authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    def _visit(self, request: Any, room_id: str | None) -> JSON:
        token = request.get_cookie(_visit_cookie(room_id)) if room_id else None
        if not room_id or not token or not self._origins.is_rooms(request.request):
            return {}
        try:
            return self._visits.read(room_id, token)
        except Unauthorized:
            return {}

    async def _visitor(self, request: Any, room_id: str | None) -> Account | None:
        claims = self._visit(request, room_id)
        if not claims:
            return None
        mark = claims.get("mark")
        if claims["account"] == OWNER.id:
            account: Account | None = replace(OWNER, name=str(claims["name"]), session=mark)
        else:
            account = await self._accounts.find(str(claims["account"]))
        # Visits of older versions do not say when they were handed over.
        began = int(claims.get("began") or claims["iat"])
        return account if account is not None and await self._accounts.still(account.key, mark, began) else None

    def _room_path(self, room_id: str) -> str:
        return f"{self._base_url}interview/{room_id}"

    async def _owner(self, request: Any) -> Account | None:
        """The server's own user. A server without authentication has none: everybody would be it."""
        if not self._stock.auth_enabled:
            return None
        try:
            user = self._stock.get_user(request)
            if isinstance(user, Awaitable):
                user = await user
        except InterviewError:
            return None
        if user is None:
            return None
        name = user.display_name or user.name
        # A token's user has a made-up name of its own for each browser.
        shown = OWNER.name if name.startswith("Anonymous ") else name
        return replace(OWNER, name=shown, session=hashlib.sha256(user.username.encode()).hexdigest()[:16])

    def _set(self, request: Any, name: str, token: str, path: str, seconds: int) -> None:
        request.set_cookie(
            name,
            token,
            path=path,
            httponly=True,
            samesite="Lax",
            secure=request.request.protocol == "https",
            expires_days=seconds / _SECONDS_A_DAY,
        )


def _visit_cookie(room_id: str) -> str:
    return f"interview-visit-{room_id}"


def _room_cookie(room_id: str) -> str:
    return f"interview-room-{room_id}"
