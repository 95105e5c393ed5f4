"""How is a database opened?

Two engines on one URL: one connection that writes, a small pool that reads. SQLite runs in WAL mode, so readers never
wait for the writer; ``synchronous=NORMAL`` survives a killed server, and a power cut may cost the last moments
(operators who want more set ``?synchronous=FULL`` on the URL).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import QueuePool

from .vault import Vault

_BUSY_MS = 10_000
_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


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
        return create_engine(
            parsed,
            pool_size=size,
            max_overflow=0,
            pool_pre_ping=True,
            isolation_level=isolation,
            execution_options=options,
        )
    if backend == "sqlite":
        return _sqlite(parsed, writer=writer, size=size, options=options)
    raise ValueError(f"database {backend!r} is not supported; use sqlite:///FILE or postgresql://…")


def _sqlite(url: URL, *, writer: bool, size: int, options: dict[str, Any]) -> Engine:
    query = dict(url.query)
    synchronous = str(query.pop("synchronous", "NORMAL")).upper()
    if synchronous not in _SYNCHRONOUS:
        raise ValueError(f"synchronous={synchronous} is not one of {', '.join(_SYNCHRONOUS)}")
    if url.database in (None, "", ":memory:"):
        raise ValueError("an in-memory database keeps nothing: name a file")
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


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()
