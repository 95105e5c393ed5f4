"""How are interviewers' accounts and dead tokens stored?"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from ..core.models import Account
from .tables import account, revoked_token

#: So long a dead token is remembered after its end: a clock that was set forward brings none back to life.
REVOKED_SECONDS = 30 * 24 * 3600


def _account_of(row: Row[Any]) -> Account:
    return Account(key=row.key, id=row.id, email=row.email, name=row.name)


def insert_account(connection: Connection, **values: Any) -> Account:
    """Store a new account (``id``, ``email``, ``name``, ``password_hash``, ``created_at``)."""
    key = connection.execute(insert(account).values(**values)).inserted_primary_key
    assert key is not None
    return Account(key=key[0], id=values["id"], email=values["email"], name=values["name"])


def find_account(connection: Connection, email: str) -> tuple[Account, str, bool] | None:
    """The account of an address with its password hash and whether it is disabled."""
    row = connection.execute(select(account).where(account.c.email == email)).first()
    return None if row is None else (_account_of(row), row.password_hash, bool(row.disabled))


def get_account(connection: Connection, account_id: str) -> tuple[Account, str] | None:
    """The account with this id and its password hash, unless it is disabled."""
    row = connection.execute(select(account).where(account.c.id == account_id, account.c.disabled.is_(False))).first()
    return None if row is None else (_account_of(row), row.password_hash)


def password_hash(connection: Connection, key: int) -> str | None:
    """The password hash of the account with this key, unless it is disabled."""
    query = select(account.c.password_hash).where(account.c.key == key, account.c.disabled.is_(False))
    found: str | None = connection.execute(query).scalar()
    return found


def account_name(connection: Connection, key: int) -> str | None:
    """The name of the account with this key, unless it is disabled."""
    query = select(account.c.name).where(account.c.key == key, account.c.disabled.is_(False))
    found: str | None = connection.execute(query).scalar()
    return found


def list_accounts(connection: Connection) -> list[tuple[Account, bool]]:
    """Every account with whether it is disabled, by address."""
    rows = connection.execute(select(account).order_by(account.c.email))
    return [(_account_of(row), bool(row.disabled)) for row in rows]


def update_account(connection: Connection, email: str, **values: Any) -> bool:
    """Change ``password_hash``, ``name`` or ``disabled``; whether there was such an account."""
    return connection.execute(update(account).where(account.c.email == email).values(**values)).rowcount > 0


def revoke_token(connection: Connection, jti: str, expires_at: int, now: int) -> None:
    """Remember a token as dead until it would have expired anyway; forget those that have long since."""
    connection.execute(delete(revoked_token).where(revoked_token.c.expires_at <= now - REVOKED_SECONDS))
    if connection.execute(select(revoked_token.c.jti).where(revoked_token.c.jti == jti)).first() is None:
        connection.execute(insert(revoked_token).values(jti=jti, expires_at=expires_at))


def revoked_tokens(connection: Connection, now: int) -> set[str]:
    """Ids of the tokens that are dead before their time, as far as they are remembered."""
    alive = revoked_token.c.expires_at > now - REVOKED_SECONDS
    return set(connection.execute(select(revoked_token.c.jti).where(alive)).scalars())
