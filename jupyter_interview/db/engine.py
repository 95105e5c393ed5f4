"""How is a database opened?

Two engines on one URL: one connection that writes, a small pool that reads. SQLite runs in WAL mode, so readers never
wait for the writer, and with ``synchronous=FULL``: what was acknowledged survives a power cut. Operators whose disk
takes long for that may set ``?synchronous=NORMAL`` on the URL, which survives a killed server alone. Its files are for
the server's user alone.
"""

from __future__ import annotations

import contextlib
import logging
import os
from typing import Any
from urllib.parse import unquote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import QueuePool

from ..core import private
from .vault import Vault

_log = logging.getLogger(__name__)

_BUSY_MS = 10_000
_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")
#: What SQLite puts beside a database. It gives them the permissions that the database has.
_COMPANIONS = ("-wal", "-shm", "-journal")


def files_of(url: str) -> list[str]:
    """Where a database lies on this machine, whether or not all of it is there yet; nothing for one on a server.

    Raises:
        ValueError: the URL is malformed.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return []
    path = str(parsed.database)
    if path.startswith("file:"):
        path = unquote(path.removeprefix("file:").partition("?")[0])
    # SQLite puts its companions beside the file that a link leads to.
    path = os.path.realpath(path)
    return [path, *(path + end for end in _COMPANIONS)]


def shown_url(url: str) -> str:
    """A database's URL as people may read it: without its password."""
    return make_url(url).render_as_string(hide_password=True)


def open_engine(url: str, *, writer: bool, vault: Vault | None = None) -> Engine:
    """An engine for writing (one connection, transactions that lock at once) or for reading.

    With a ``vault``, what is sealed can be read and written on its connections.

    Raises:
        ValueError: the URL is malformed, of another database, or names an unknown synchronous mode.
    """
    parsed = make_url(url)
    options = {"vault": vault}
    backend = parsed.get_backend_name()
    size = 1 if writer else 4
    if backend == "postgresql":
        if parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        # Readers see one moment in all statements of a transaction, as SQLite's do.
        isolation = "READ COMMITTED" if writer else "REPEATABLE READ"
        # Who waits for another's lock, or for a server that is gone, is told so at some time. Operators' own come last.
        waits = f"-c lock_timeout={_BUSY_MS} {parsed.query.get('options', '')}".strip()
        return create_engine(
            parsed,
            pool_size=size,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"options": waits, "connect_timeout": _BUSY_MS // 1000, "tcp_user_timeout": _BUSY_MS},
            isolation_level=isolation,
            execution_options=options,
        )
    if backend == "sqlite":
        return _sqlite(parsed, writer=writer, size=size, options=options)
    raise ValueError(f"database {backend!r} is not supported; use sqlite:///FILE or postgresql://…")


def _sqlite(url: URL, *, writer: bool, size: int, options: dict[str, Any]) -> Engine:
    query = dict(url.query)
    synchronous = str(query.pop("synchronous", "FULL")).upper()
    if synchronous not in _SYNCHRONOUS:
        raise ValueError(f"synchronous={synchronous} is not one of {', '.join(_SYNCHRONOUS)}")
    if url.database in (None, "", ":memory:"):
        raise ValueError("an in-memory database keeps nothing: name a file")
    _make_private(files_of(url.render_as_string(hide_password=False)))
    engine = create_engine(
        url.set(query=query),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False},
        execution_options=options,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # The driver's own BEGIN comes too late for a consistent read and too weak for a write: we send it ourselves.
        connection.isolation_level = None
        # SQLite's own knows the letters of English only.
        connection.create_function("lower", 1, _lower, deterministic=True)
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            # What was erased must not be left on the disk.
            "secure_delete=ON",
            "journal_size_limit=4194304",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine


def _make_private(files: list[str]) -> None:
    """Before SQLite opens it: it would make a database that everybody can read."""
    with contextlib.suppress(OSError):
        # What is wrong with the place SQLite tells, in the words that people look for.
        private.make_file(files[0])
    for path in files:
        problem = private.tighten_file(path)
        if problem is not None:
            _log.warning(problem)


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
