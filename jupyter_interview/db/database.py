"""How do the managers reach the database without blocking the event loop?

Reads run in a small thread pool. All writes go through one writer thread that takes whatever has queued up and commits
it as a group: under load a commit carries many rows, at rest one row waits for nobody. An event is *durable* when its
commit returned, and only then does anybody hear of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError

from ..core.errors import StorageUnavailable
from ..core.models import Event
from . import schema
from .engine import open_engine
from .events import EventInsert, row_of, size_of
from .ledger import Ledger, Unlinkable
from .schema import SchemaMismatch
from .vault import Vault

__all__ = ["Database", "SchemaMismatch", "Stream"]

T = TypeVar("T")
Durable = Callable[[Exception | None], None]
_BATCH = 2_000
_REFUSALS = (IntegrityError, DataError, ProgrammingError, Unlinkable)

_log = logging.getLogger(__name__)


class Stream:
    """The events of one room on their way to the database.

    Once one of them could not be written, none that follows is: a log never has a gap.
    """

    __slots__ = ("failure",)

    def __init__(self) -> None:
        self.failure: Exception | None = None


class _Job:
    """A write that is not an event: a function of the connection, and the future that waits for it."""

    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Callable[[Connection], Any], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future
        self.result: Any = None
        self.error: Exception | None = None


_Item: TypeAlias = "tuple[dict[str, Any], Durable, Stream] | _Job"


class Database:
    """One database, one writer.

    Args:
        url: SQLAlchemy URL of a SQLite file or a PostgreSQL database.
        vault: opens and makes the keys with which contents are sealed.
        queue_limit: events that may wait for the writer before `capacity` makes their producers wait.

    Attributes:
        ledger: what the writer knows of the logs that it writes; only for what runs in `write`.
    """

    def __init__(self, url: str, vault: Vault, *, queue_limit: int = 20_000) -> None:
        self.url = url
        self.ledger = Ledger()
        self._limit = queue_limit
        self._queue: SimpleQueue[_Item | None] = SimpleQueue()
        self._backlog = 0
        self._drained = asyncio.Event()
        self._drained.set()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="interview-read")
        self._writer = open_engine(url, writer=True, vault=vault)
        self._reader = open_engine(url, writer=False, vault=vault)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: Connection | None = None
        self._insert = EventInsert(self._writer)

    def prepare(self) -> None:
        """Create the schema of an empty database, check that of another. Blocks: for before the loop runs.

        Raises:
            SchemaMismatch: the database is of another version of the schema.
            StorageUnavailable: it cannot be reached.
        """
        try:
            schema.prepare(self._writer)
        except SQLAlchemyError as error:
            self._dispose()
            raise StorageUnavailable(f"The database cannot be used: {_line(error)}") from error
        except SchemaMismatch:
            self._dispose()
            raise

    def start(self) -> None:
        """Start the writer, on the running loop."""
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="interview-writer", daemon=True)
        self._thread.start()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """The result of ``work`` on a reading connection, in one consistent view.

        Raises:
            StorageUnavailable: the database failed.
        """

        def task() -> T:
            with self._reader.connect() as connection, connection.begin():
                return work(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, task)
        except SQLAlchemyError as error:
            raise _unavailable(error) from error

    async def write(self, work: Callable[[Connection], T]) -> T:
        """The result of ``work`` in the writer, once it is committed.

        An exception of ``work`` undoes ``work`` alone and is raised here.

        Raises:
            StorageUnavailable: the database failed, or is closed.
        """
        if self._closing or self._thread is None:
            raise StorageUnavailable("the server is shutting down")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._queue.put(_Job(work, future))
        return await future

    async def scrub(self) -> None:
        """Leave nothing of what was deleted or overwritten in the database's files, as far as that can be done.

        SQLite overwrites with zeros what it deletes (`engine`), but keeps older pages in its journal, which is emptied
        here. PostgreSQL frees the space for others; its own journal and backups are the operator's.

        Raises:
            StorageUnavailable: others are reading without end, or the database failed.
        """

        def task() -> None:
            if self._reader.dialect.name == "postgresql":
                with self._reader.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("VACUUM")
                return
            with self._reader.connect() as connection:
                driver: Any = connection.connection.driver_connection
                if driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    raise StorageUnavailable(
                        "The database is busy: what was erased is still in its journal. Erase it once more."
                    )

        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, task)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise _unavailable(error) from error

    def append(self, event: Event, stream: Stream, durable: Durable) -> int:
        """Queue one event; ``durable(None)`` is called on the loop once it is committed, or with the failure.

        Events become durable in the order in which they were appended. Never blocks.

        Returns:
            The bytes that it takes once it is stored.
        """
        if self._closing or self._thread is None:
            assert self._loop is not None, "append() before start()"
            self._loop.call_soon(durable, StorageUnavailable("the server is shutting down"))
            return 0
        self._backlog += 1
        if self._backlog >= self._limit:
            self._drained.clear()
        # The row is made here: an event that cannot be written is its producer's mistake, not that of its batch.
        row = row_of(event)
        self._queue.put((row, durable, stream))
        return size_of(row)

    @property
    def backlog(self) -> int:
        """Events that wait for the writer now."""
        return self._backlog

    @property
    def behind(self) -> bool:
        """Whether so many events wait that `capacity` would."""
        return self._backlog >= self._limit

    async def capacity(self) -> None:
        """Wait while too many events wait for the writer: the back-pressure that producers obey."""
        if self._backlog >= self._limit:
            await self._drained.wait()

    async def close(self) -> None:
        """Write what has queued up, then stop. Idempotent."""
        if self._closing:
            return
        self._closing = True
        if self._thread is not None:
            self._queue.put(None)
            await asyncio.get_running_loop().run_in_executor(self._pool, self._thread.join)
        # Whoever reads still has a connection.
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)
        self._forget_connection()
        self._dispose()

    def _dispose(self) -> None:
        self._writer.dispose()
        self._reader.dispose()

    # -- the writer thread

    def _run(self) -> None:
        last = False
        while not last:
            batch, last = self._take()
            if batch:
                self._write(batch)
            # While it waits for the next one, this thread keeps no room in memory.
            del batch

    def _write(self, batch: list[_Item]) -> None:
        """Commit a batch and report it.

        One that the database refuses is written item by item: a row that cannot be stored does not fail its neighbours.
        """
        failure: Exception | None = None
        try:
            self._commit(batch)
        except Exception as error:  # the writer must outlive whatever one batch does
            self._forget_connection()
            self.ledger.forget()
            if len(batch) > 1 and isinstance(error, _REFUSALS):
                for item in batch:
                    self._write([item])
                return
            failure = _unavailable(error)
            for item in batch:
                if not isinstance(item, _Job):
                    item[2].failure = failure
        self._report(batch, failure)

    def _take(self) -> tuple[list[_Item], bool]:
        """Whatever waits, at least one item; and whether the queue ended."""
        batch: list[_Item] = []
        item = self._queue.get()
        while True:
            if item is None:
                return batch, True
            batch.append(item)
            if len(batch) >= _BATCH:
                return batch, False
            try:
                item = self._queue.get_nowait()
            except Empty:
                return batch, False

    def _commit(self, batch: list[_Item]) -> None:
        if self._connection is None:
            self._connection = self._writer.connect()
        connection = self._connection
        if not any(isinstance(item, _Job) for item in batch):
            rows = [item[0] for item in batch if not isinstance(item, _Job) and item[2].failure is None]
            if not rows:
                return
            sealed = self.ledger.seal(rows)
            if sealed is not None:
                if not self._insert.alone(connection, sealed):
                    with connection.begin():
                        self._insert.within(connection, sealed)
                return
        rows = []
        with connection.begin():
            for item in batch:
                if isinstance(item, _Job):
                    # Order counts: a job may read what was appended before it.
                    self._flush(connection, rows)
                    self._perform(connection, item)
                elif item[2].failure is None:
                    rows.append(item[0])
            self._flush(connection, rows)

    def _flush(self, connection: Connection, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        sealed = self.ledger.seal(rows)
        if sealed is None:
            self.ledger.load(connection, rows)
            sealed = self.ledger.seal(rows)
            assert sealed is not None, "what was loaded is enough"
        self._insert.within(connection, sealed)
        rows.clear()

    def _forget_connection(self) -> None:
        """A connection in an unknown state is not worth keeping."""
        connection, self._connection = self._connection, None
        with contextlib.suppress(SQLAlchemyError):
            if connection is not None:
                connection.invalidate()
                connection.close()

    @staticmethod
    def _perform(connection: Connection, job: _Job) -> None:
        job.error = None
        try:
            with connection.begin_nested():
                job.result = job.work(connection)
        except _REFUSALS as error:
            job.error = _unavailable(error)
        except SQLAlchemyError:
            # A lost server, a full disk: SQLite has undone the whole transaction, not the job alone.
            raise
        except Exception as error:
            job.error = error

    def _report(self, batch: list[_Item], failure: Exception | None) -> None:
        assert self._loop is not None
        # A loop that was closed under us has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            # Looked up here: by the time that the loop tells, a later event of the same stream may have failed.
            failures = [failure if isinstance(item, _Job) else item[2].failure for item in batch]
            self._loop.call_soon_threadsafe(self._settle, batch, failures)

    def _settle(self, batch: list[_Item], failures: list[Exception | None]) -> None:
        """Back on the loop: tell everybody in the batch."""
        for item, failure in zip(batch, failures, strict=True):
            if isinstance(item, _Job):
                _resolve(item, failure)
            else:
                self._backlog -= 1
                try:
                    item[1](failure)
                except Exception:
                    _log.exception("Somebody could not be told of an event")
        if self._backlog <= self._limit // 2:
            self._drained.set()


def _resolve(job: _Job, failure: Exception | None) -> None:
    if job.future.done():
        return
    error = failure or job.error
    if error is not None:
        job.future.set_exception(error)
    else:
        job.future.set_result(job.result)


def _unavailable(error: Exception) -> StorageUnavailable:
    return StorageUnavailable(
        "The database does not answer. What you did since may not be saved yet; the page keeps it and tries again.",
        reason=type(error).__name__,
    )


def _line(error: SQLAlchemyError) -> str:
    """What the driver says, without SQLAlchemy's words around it."""
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return " ".join(str(said).split())
