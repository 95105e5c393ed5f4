"""Who are the interviewers that log in with a password?

A token names the password that it was got with, by a *mark*: a new password ends all that went before it, on every
server of the database. The server's own user has no password here: what was got in a *session* ends when it is left. A
*place* is where an account has logged in before, a browser or a network: wrong passwords from elsewhere do not lock it
out.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from typing import Any

from ..core import clock
from ..core.errors import BadRequest, Conflict, NotFound, Unauthorized
from ..core.models import JSON, Account
from ..core.network import network_of
from ..core.ports import Passwords, Tokens
from ..core.text import is_email, shown
from ..db import Database
from ..db.accounts import (
    account_name,
    find_account,
    get_account,
    insert_account,
    list_accounts,
    password_hash,
    revoke_token,
    revoked_tokens,
    update_account,
)

PASSWORD_CHARS = 10
TOKEN_SECONDS = 12 * 3600
PLACE_SECONDS = 180 * 24 * 3600
_NETWORKS = 10_000
SESSION_SECONDS = 7 * 24 * 3600
"""As long as what is got in a session of the server's own user may last."""
_LEFT = "left "
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
        self._left: dict[str, int] = {}
        self._networks: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def start(self) -> None:
        """Learn which tokens are dead."""
        now = clock.now()
        self._revoked = await self._database.read(lambda connection: revoked_tokens(connection, now))
        for words in (jti.split(" ") for jti in self._revoked if jti.startswith(_LEFT)):
            self._left[words[2]] = max(int(words[1]), self._left.get(words[2], 0))

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
        """A new password; whoever is logged in with the one before is so no more.

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
        claims = {"use": "account", "account": found[0].id, "mark": _mark(found[1])}
        token, expires_at = self._tokens.issue(claims, TOKEN_SECONDS)
        return found[0], token, expires_at

    async def known(self, email: str, place: str | None, address: str) -> str | None:
        """The place from which an account logs in again, by what it is counted; ``None`` for an unknown one.

        Args:
            email: the account's address.
            place: what `place` gave the browser.
            address: where the request comes from.
        """
        email, network = shown(email).lower(), network_of(address)
        if place and (claims := self._place(place)) is not None:
            found = await self._database.read(lambda connection: find_account(connection, email))
            if found is not None and (claims.get("account"), claims.get("mark")) == (found[0].id, _mark(found[1])):
                return str(claims["jti"])
        return f"{email} {network}" if (email, network) in self._networks else None

    async def place(self, account: Account, address: str) -> str:
        """Remember where an account has just logged in; what its browser shows the next time."""
        assert self._tokens is not None, "these accounts cannot log in"
        self._networks[(account.email, network_of(address))] = None
        if len(self._networks) > _NETWORKS:
            self._networks.popitem(last=False)
        claims = {"use": "place", "account": account.id, "mark": await self.mark(account.key)}
        return self._tokens.issue(claims, PLACE_SECONDS)[0]

    async def mark_of(self, account: Account) -> str | None:
        """What its visits and seats name: the mark of its password, or the session of the server's own user."""
        return account.session if account.is_owner else await self.mark(account.key)

    async def mark(self, key: int) -> str | None:
        """The mark of an account's present password; ``None`` when it is disabled, or the server's own user."""
        hashed = await self._database.read(lambda connection: password_hash(connection, key)) if key else None
        return None if hashed is None else _mark(hashed)

    async def resolve(self, token: str) -> Account:
        """The account that a token proves.

        Raises:
            Unauthorized: the token is invalid, dead, or older than the password, or the account is disabled.
        """
        claims = self._claims(token)
        account_id = str(claims.get("account"))
        found = await self._database.read(lambda connection: get_account(connection, account_id))
        if found is None or claims.get("mark") != _mark(found[1]):
            raise Unauthorized("Log in again.")
        return found[0]

    async def find(self, account_id: str) -> Account | None:
        """The account with this id; ``None`` where there is none, or it is disabled."""
        found = await self._database.read(lambda connection: get_account(connection, account_id))
        return None if found is None else found[0]

    async def name_of(self, key: int) -> str | None:
        """The name of the account with this key; ``None`` of one that is disabled, or the server's own user."""
        return await self._database.read(lambda connection: account_name(connection, key)) if key else None

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

    async def leave(self, session: str) -> None:
        """The server's own user logs out of this session: what was got in it until now is of no use any more."""
        now = clock.now()
        seconds = now // 1_000_000
        self._left[session] = seconds
        jti, expires_at = f"{_LEFT}{seconds} {session}", now + SESSION_SECONDS * 1_000_000
        self._revoked.add(jti)
        await self._database.write(lambda connection: revoke_token(connection, jti, expires_at, now))

    async def still(self, key: int, mark: str | None, began: int) -> bool:
        """Whether what an account got still counts.

        Args:
            key: of the account.
            mark: that of its password then; of the server's own user, the session.
            began: seconds since 1970 when it was got.
        """
        if key:
            return mark is not None and mark == await self.mark(key)
        return mark is None or began > self._left.get(mark, -1)

    def _claims(self, token: str) -> JSON:
        assert self._tokens is not None, "these accounts cannot log in"
        claims = self._tokens.read(token)
        if claims.get("use") != "account" or claims.get("jti") in self._revoked:
            raise Unauthorized("Log in again.")
        return claims

    def _place(self, token: str) -> JSON | None:
        assert self._tokens is not None, "these accounts cannot log in"
        try:
            claims = self._tokens.read(token)
        except Unauthorized:
            return None
        return claims if claims.get("use") == "place" else None

    async def _update(self, email: str, **values: Any) -> None:
        email = shown(email).lower()
        if not await self._database.write(lambda connection: update_account(connection, email, **values)):
            raise NotFound(f"{email} has no account.")


def _mark(password_hash: str) -> str:
    """Tells one password from the next: each hash has a salt of its own."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


def _email(email: str) -> str:
    email = shown(email).lower()
    if not is_email(email):
        raise BadRequest(f"{email!r} is not an email address.", field="email")
    return email


def _password(password: str) -> str:
    if len(password) < PASSWORD_CHARS:
        raise BadRequest(f"A password has at least {PASSWORD_CHARS} characters.", field="password")
    return password
