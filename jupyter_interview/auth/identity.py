"""Who is behind a request?

Three proofs, each of its own scope: the bearer token of a program, the cookie of an account (for the desk and REST),
the cookie of a seat (for one room; its path is that room's). And the server's own user, whom jupyter-server's identity
provider knows. ``request`` is a tornado handler.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

from ..core.errors import InterviewError, NotFound, Unauthorized
from ..core.models import Account, Member
from ..managers.accounts import OWNER, Accounts
from ..managers.accounts import TOKEN_SECONDS as ACCOUNT_SECONDS
from ..managers.members import TOKEN_SECONDS as MEMBER_SECONDS
from ..managers.members import Members

ACCOUNT_COOKIE = "interview-account"
_SECONDS_A_DAY = 24 * 3600


class RequestIdentity:
    """The Protocol `managers.services.Identity`.

    Args:
        accounts: resolves the tokens of accounts.
        members: resolves the tokens of seats.
        stock: the server's own identity provider.
        base_url: the server's base URL.
    """

    def __init__(self, accounts: Accounts, members: Members, stock: Any, base_url: str) -> None:
        self._accounts = accounts
        self._members = members
        self._stock = stock
        self._base_url = base_url

    async def account(self, request: Any) -> Account | None:
        """An account, or the server's own user."""
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
        path = f"{self._base_url}interview/{room_id}"
        self._set(request, _room_cookie(room_id), token, path, MEMBER_SECONDS)

    def login(self, request: Any, token: str) -> None:
        """Set the cookie of an account."""
        self._set(request, ACCOUNT_COOKIE, token, self._base_url, ACCOUNT_SECONDS)

    def logout(self, request: Any) -> str | None:
        """Take the account's cookie back."""
        token: str | None = self.bearer(request) or request.get_cookie(ACCOUNT_COOKIE)
        request.clear_cookie(ACCOUNT_COOKIE, path=self._base_url)
        return token

    def bearer(self, request: Any) -> str | None:
        """The token in the header ``Authorization: Bearer``."""
        scheme, _, token = request.request.headers.get("Authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

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
        return Account(OWNER.key, OWNER.id, "", OWNER.name if name.startswith("Anonymous ") else name)

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


def _room_cookie(room_id: str) -> str:
    return f"interview-room-{room_id}"
