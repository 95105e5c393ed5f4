"""What happens to the database of a `House` at a moment that a test chooses?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from .house import House


@contextmanager
def before(house: House, statement: str, act: Callable[[Connection], None]) -> Iterator[None]:
    """Call ``act`` with the writer's connection, in its thread, right before it executes what begins so."""

    def hook(connection: Connection, _: Any, executed: str, *__: Any) -> None:
        if executed.startswith(statement):
            act(connection)

    writer = house.database._writer
    event.listen(writer, "before_cursor_execute", hook)
    try:
        yield
    finally:
        event.remove(writer, "before_cursor_execute", hook)


def turn_read_only(connection: Connection) -> None:
    """From here on this transaction may write nothing, as where a disk fails or a replica takes over."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TRANSACTION READ ONLY")
        return
    connection.exec_driver_sql("PRAGMA query_only = ON")
    # SQLite means the connection by it.
    event.listen(connection.engine, "rollback", _writes_again, once=True)


def _writes_again(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA query_only = OFF")
