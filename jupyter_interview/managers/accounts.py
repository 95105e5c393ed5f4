"""Who are the interviewers that log in with a password?"""

from __future__ import annotations

import secrets
from typing import Any

from ..core import clock
from ..core.errors import BadRequest, Conflict, NotFound, Unauthorized
from ..core.models import JSON, Account
from ..core.ports import Passwords, Tokens
from ..core.text import is_email, shown
from ..db import Database
from ..db.accounts import (
    find_account,
    get_account,
    insert_account,
    list_accounts,
    revoke_token,
    revoked_tokens,
    update_account,
)

PASSWORD_CHARS = 10
TOKEN_SECONDS = 12 * 3600
OWNER = Account(key=0, id="owner", email="", name="Interviewer")


class Accounts:
    """Accounts and their tokens.

    Args:
        database: where they are kept.
        passwords: hashes.
        tokens: signatures; ``None`` where nobody logs in (the command line).
    """

    def __init__(self, database: Database, passwords: Passwords, tokens: Tokens | None = None) -> None:
        self._database = database
        self._passwords = passwords
        self._tokens = tokens
        self._revoked: set[str] = set()

    async def start(self) -> None:
        """Learn which tokens are dead."""
        now = clock.now()
        self._revoked = await self._database.read(lambda connection: revoked_tokens(connection, now))

    async def create(self, email: str, name: str, password: str) -> Account:
        """A new account.

        Raises:
            BadRequest: the address or the password is unusable.
            Conflict: the address has one.
        """
        email = _email(email)
        values: dict[str, Any] = {
            "id": secrets.token_hex(8),
            "email": email,
            "name": shown(name) or email.partition("@")[0],
            "password_hash": await self._passwords.hash(_password(password)),
            "created_at": clock.now(),
        }

        def work(connection: Any) -> Account:
            if find_account(connection, email) is not None:
                raise Conflict(f"{email} has an account already.")
            return insert_account(connection, **values)

        return await self._database.write(work)

    async def list(self) -> list[tuple[Account, bool]]:
        """Every account with whether it is disabled."""
        return await self._database.read(list_accounts)

    async def set_password(self, email: str, password: str) -> None:
        """A new password.

        Raises:
            BadRequest: it is unusable.
            NotFound: no such account.
        """
        hashed = await self._passwords.hash(_password(password))
        await self._update(email, password_hash=hashed)

    async def disable(self, email: str, *, disabled: bool = True) -> None:
        """Nobody logs in with it any more, and its tokens are of no use; or again they are.

        Raises:
            NotFound: no such account.
        """
        await self._update(email, disabled=disabled)

    async def login(self, email: str, password: str) -> tuple[Account, str, int]:
        """The account, a token and its expiry in microseconds.

        Raises:
            Unauthorized: unknown address, wrong password or disabled: one message for all, after the same time.
        """
        assert self._tokens is not None, "these accounts cannot log in"
        email = shown(email).lower()
        found = await self._database.read(lambda connection: find_account(connection, email))
        matches = await self._passwords.verify(None if found is None else found[1], password)
        if found is None or not matches or found[2]:
            raise Unauthorized("The email or the password is wrong.")
        token, expires_at = self._tokens.issue({"use": "account", "account": found[0].id}, TOKEN_SECONDS)
        return found[0], token, expires_at

    async def resolve(self, token: str) -> Account:
        """The account that a token proves.

        Raises:
            Unauthorized: the token is invalid or dead, or the account is disabled.
        """
        claims = self._claims(token)
        account_id = str(claims.get("account"))
        account = await self._database.read(lambda connection: get_account(connection, account_id))
        if account is None:
            raise Unauthorized("Log in again.")
        return account

    async def logout(self, token: str) -> None:
        """The token is dead.

        Raises:
            Unauthorized: it was.
        """
        claims = self._claims(token)
        jti, now = str(claims["jti"]), clock.now()
        self._revoked.add(jti)
        expires_at = int(claims["exp"]) * 1_000_000
        await self._database.write(lambda connection: revoke_token(connection, jti, expires_at, now))

    def _claims(self, token: str) -> JSON:
        assert self._tokens is not None, "these accounts cannot log in"
        claims = self._tokens.read(token)
        if claims.get("use") != "account" or claims.get("jti") in self._revoked:
            raise Unauthorized("Log in again.")
        return claims

    async def _update(self, email: str, **values: Any) -> None:
        email = shown(email).lower()
        if not await self._database.write(lambda connection: update_account(connection, email, **values)):
            raise NotFound(f"{email} has no account.")


def _email(email: str) -> str:
    email = shown(email).lower()
    if not is_email(email):
        raise BadRequest(f"{email!r} is not an email address.", field="email")
    return email


def _password(password: str) -> str:
    if len(password) < PASSWORD_CHARS:
        raise BadRequest(f"A password has at least {PASSWORD_CHARS} characters.", field="password")
    return password
