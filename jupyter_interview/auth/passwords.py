"""How is a password kept and checked?

Argon2id (RFC 9106, its second recommended profile: 64 MiB, three passes). Each hash costs some 50 ms and 64 MiB, so
hashes run in a small pool of their own: two at a time, a bounded number waiting, everybody else is told to come back.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import threading
import unicodedata
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from argon2 import Parameters, PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from argon2.profiles import RFC_9106_LOW_MEMORY

from ..core.errors import RateLimited, TooLarge
from ..core.quantities import as_count

_T = TypeVar("_T")

PASSWORD_CHARS = 1_024
_WORKERS = 2
_WAITING = 30
_RETRY_SECONDS = 5


class Argon2Passwords:
    """The Protocol `core.ports.Passwords`.

    Args:
        parameters: cost of new hashes; old ones are verified at the cost that is written in them.
        workers: hashes computed at a time; memory in use is at most ``workers`` times that of one hash.
        waiting: callers that may wait for a worker.
    """

    def __init__(
        self, parameters: Parameters = RFC_9106_LOW_MEMORY, workers: int = _WORKERS, waiting: int = _WAITING
    ) -> None:
        self._hasher = PasswordHasher.from_parameters(parameters)
        self._nobody = _unmatchable(parameters)
        self._places = threading.BoundedSemaphore(workers + waiting)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="interview-password")

    async def hash(self, password: str) -> str:
        """The encoded hash, with its own salt.

        Raises:
            TooLarge: more than `PASSWORD_CHARS` characters.
            RateLimited: too many hashes are waiting.
        """
        return await asyncio.wrap_future(self._submit(_prepared(password)))

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Whether ``password`` belongs to ``encoded``.

        ``None`` (no such account) and a text that is no Argon2 hash are ``False`` after the work of a real check, so
        that the time does not tell who has an account.

        Raises:
            TooLarge: more than `PASSWORD_CHARS` characters.
            RateLimited: too many hashes are waiting.
        """
        return await asyncio.wrap_future(self._submit_check(encoded, _prepared(password)))

    def needs_rehash(self, encoded: str) -> bool:
        """Whether ``encoded`` was made at another cost than new hashes are: store a new one after the next log-in."""
        try:
            return self._hasher.check_needs_rehash(encoded)
        except InvalidHashError:
            return True

    def close(self) -> None:
        """Let the running hashes end and cancel what waits. Idempotent."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _submit(self, password: bytes) -> Future[str]:
        self._take_place()
        return self._leaving(self._pool.submit(self._hasher.hash, password))

    def _submit_check(self, encoded: str | None, password: bytes) -> Future[bool]:
        self._take_place()
        return self._leaving(self._pool.submit(self._check, encoded, password))

    def _take_place(self) -> None:
        if not self._places.acquire(blocking=False):
            raise RateLimited(f"The server is busy. Try again in {_RETRY_SECONDS} seconds.", retry_after=_RETRY_SECONDS)

    def _leaving(self, future: Future[_T]) -> Future[_T]:
        # On the future, not in the coroutine: a caller who goes away does not stop the thread that works for him.
        future.add_done_callback(lambda _: self._places.release())
        return future

    def _check(self, encoded: str | None, password: bytes) -> bool:
        if encoded is not None:
            try:
                return self._hasher.verify(encoded, password)
            except InvalidHashError:
                pass
            except Argon2Error:
                return False
        with contextlib.suppress(Argon2Error):
            self._hasher.verify(self._nobody, password)
        return False


def _prepared(password: str) -> bytes:
    """The bytes to hash: NFC, because keyboards of different systems compose accents differently."""
    if len(password) > PASSWORD_CHARS:
        raise TooLarge(f"A password has at most {as_count(PASSWORD_CHARS)} characters.", limit=PASSWORD_CHARS)
    # surrogatepass: JSON can carry a lone surrogate, which plain UTF-8 refuses with an exception.
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _unmatchable(parameters: Parameters) -> str:
    """An encoded hash of these parameters that no known password has."""
    salt = base64.b64encode(bytes(parameters.salt_len)).decode().rstrip("=")
    digest = base64.b64encode(bytes(parameters.hash_len)).decode().rstrip("=")
    cost = f"m={parameters.memory_cost},t={parameters.time_cost},p={parameters.parallelism}"
    return f"$argon2id$v={parameters.version}${cost}${salt}${digest}"
