"""Where does a room's kernel come from?

From the *pool*, where warm kernels wait: started, connected, never used. A room claims one, and it is that room's until
it ends; nothing is ever given back. Where none waits, the room starts its own. Refilling comes after what rooms need:
one kernel at a time, and none begins while a room starts its own.

A language is *in use* for `Limits.pool_idle_seconds` after a room last used it; only such languages have warm kernels.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from typing import Any

from ..core.errors import KernelUnavailable
from ..core.limits import Limits
from .manager import InterviewKernelManager
from .started import StartedKernel, start_kernel

_log = logging.getLogger(__name__)

#: A room that just got its kernel has the processor to itself for so long.
_SETTLE_SECONDS = 0.25
#: Pauses after failures double from the first to the last; then only a room's use brings another try.
_RETRY_SECONDS = 1.0
_RETRY_MOST_SECONDS = 60.0
_TRIES = 6
#: A kernel that dies sooner than this while it waits counts as a failed start.
_YOUNG_SECONDS = 60.0
#: A room waits so long for a kernel that the pool is starting, before it starts its own.
_PATIENCE_SECONDS = 10.0


@dataclass(eq=False)
class _Shelf:
    """The warm kernels of one language. Times are of the monotonic clock."""

    language: str
    size: int
    used: float = 0.0
    ready: deque[tuple[StartedKernel, float]] = field(default_factory=deque)
    waiting: bool = False
    failures: int = 0
    not_before: float = 0.0


class KernelPool:
    """The warm kernels of a server. Until `start`, and after `close`, rooms start all kernels themselves.

    Args:
        kernels: who holds the kernels.
        limits: of which ``pool_kernels``, ``pool_idle_seconds`` and ``kernel_start_seconds`` count.
        sizes: language → warm kernels, where that differs from ``limits.pool_kernels``; 0 keeps none.
        first: languages that are in use from the start.

    Raises:
        ValueError: a language of ``sizes`` is unknown, or its number is not one.
    """

    def __init__(
        self,
        kernels: InterviewKernelManager,
        limits: Limits,
        sizes: Mapping[str, int] | None = None,
        first: Iterable[str] = ("python",),
    ) -> None:
        self.kernels = kernels
        self._limits = limits
        self._sizes = _checked(sizes or {}, kernels)
        self._first = tuple(first)
        self._shelves: dict[str, _Shelf] = {}
        self._urgent = 0
        self._quiet_until = 0.0
        self._filling: _Shelf | None = None
        self._filled = asyncio.Event()
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._ending: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to keep kernels warm. Called once, on the event loop."""
        for language in self._first:
            self._shelf(language).used = time.monotonic()
        self._worker = asyncio.create_task(self._work(), name="kernel-pool")

    async def close(self) -> None:
        """End all that wait, and what is starting. Idempotent."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker
        for shelf in self._shelves.values():
            self._empty(shelf)
        while self._ending:
            await asyncio.wait(self._ending)

    def warm(self) -> dict[str, int]:
        """How many kernels wait, by language, for those who look after the server."""
        return {shelf.language: len(shelf.ready) for shelf in self._shelves.values() if shelf.ready}

    def use(self, language: str) -> None:
        """A room uses this language: it is in use from now on, and a start that failed may be tried again."""
        if self._worker is None:
            return
        shelf = self._shelf(language)
        shelf.used = time.monotonic()
        shelf.failures = min(shelf.failures, _TRIES - 1)
        self._wake.set()

    async def obtain(self, language: str) -> StartedKernel:
        """A kernel for a room: a warm one, else one that is started now.

        Raises:
            KernelUnavailable: with a line for people.
        """
        kernel = await self._claim(language)
        if kernel is not None:
            return kernel
        with self.urgent():
            return await start_kernel(self.kernels, language, self._limits.kernel_start_seconds)

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """While a room starts a kernel, the pool starts none."""
        self._urgent += 1
        try:
            yield
        finally:
            self._urgent -= 1
            self._settle()

    async def _claim(self, language: str) -> StartedKernel | None:
        """A warm kernel, where one waits or is just being started for nobody else."""
        if self._worker is None:
            return None
        self.use(language)
        shelf = self._shelf(language)
        if self._filling is shelf and not shelf.ready and not shelf.waiting:
            shelf.waiting = True
            try:
                await self._until_filled()
            finally:
                shelf.waiting = False
        elif len(shelf.ready) <= shelf.waiting:
            return None
        return self._take(shelf)

    async def _until_filled(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._filled.wait()

    def _take(self, shelf: _Shelf) -> StartedKernel | None:
        """The one that waits longest and is alive."""
        while shelf.ready:
            kernel, _ = shelf.ready.popleft()
            if kernel.ended:
                self._end(kernel)
                continue
            shelf.failures = 0
            self._settle()
            return kernel
        return None

    def _settle(self) -> None:
        self._quiet_until = time.monotonic() + _SETTLE_SECONDS
        self._wake.set()

    # The worker

    async def _work(self) -> None:
        while True:
            self._wake.clear()
            now = time.monotonic()
            for shelf in self._shelves.values():
                if not self._in_use(shelf, now):
                    self._empty(shelf)
            lacking = [shelf for shelf in self._shelves.values() if self._lacks(shelf, now)]
            due = [shelf for shelf in lacking if max(shelf.not_before, self._quiet_until) <= now]
            if due and not self._urgent:
                await self._fill(due[0])
            else:
                await self._rest(self._moments(lacking), now)

    def _moments(self, lacking: list[_Shelf]) -> list[float]:
        """When there will be something to do if nothing else happens."""
        if self._urgent:
            lacking = []
        idle = self._limits.pool_idle_seconds
        return [
            *(max(shelf.not_before, self._quiet_until) for shelf in lacking),
            *(shelf.used + idle for shelf in self._shelves.values() if shelf.ready),
        ]

    async def _rest(self, moments: list[float], now: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(min(moments) - now if moments else None):
                await self._wake.wait()

    async def _fill(self, shelf: _Shelf) -> None:
        """Start one kernel."""
        self._filling = shelf
        self._filled.clear()
        try:
            kernel = await start_kernel(self.kernels, shelf.language, self._limits.kernel_start_seconds)
            self._put(shelf, kernel)
        except KernelUnavailable as error:
            self._failed(shelf, error.message)
        finally:
            self._filling = None
            self._filled.set()

    def _put(self, shelf: _Shelf, kernel: StartedKernel) -> None:
        if shelf.failures:
            _log.info("kernels for %s are kept warm again", shelf.language)
        shelf.ready.append((kernel, time.monotonic()))
        if kernel.exit is not None:
            kernel.exit.add_done_callback(lambda _: self._died(shelf, kernel))

    def _died(self, shelf: _Shelf, kernel: StartedKernel) -> None:
        """A process ended: if it was one that still waited, another takes its place."""
        entry = next((entry for entry in shelf.ready if entry[0] is kernel), None)
        if entry is None:
            return
        shelf.ready.remove(entry)
        if time.monotonic() - entry[1] < _YOUNG_SECONDS:
            self._failed(shelf, kernel.last_words())
        else:
            shelf.failures = 0
            _log.info("a warm kernel for %s is replaced: %s", shelf.language, kernel.last_words())
        self._end(kernel)
        self._wake.set()

    def _failed(self, shelf: _Shelf, reason: str) -> None:
        pause = min(_RETRY_SECONDS * 2**shelf.failures, _RETRY_MOST_SECONDS)
        if not shelf.failures:
            _log.warning("no warm kernel for %s, rooms start their own until there is one: %s", shelf.language, reason)
        shelf.failures += 1
        shelf.not_before = time.monotonic() + pause

    # Parts

    def _shelf(self, language: str) -> _Shelf:
        size = self._sizes.get(language, self._limits.pool_kernels)
        return self._shelves.setdefault(language, _Shelf(language, size))

    def _in_use(self, shelf: _Shelf, now: float) -> bool:
        return now < shelf.used + self._limits.pool_idle_seconds

    def _lacks(self, shelf: _Shelf, now: float) -> bool:
        if len(shelf.ready) >= shelf.size or shelf.failures >= _TRIES:
            return False
        return self._in_use(shelf, now) and self.kernels.problem(shelf.language) is None

    def _empty(self, shelf: _Shelf) -> None:
        while shelf.ready:
            self._end(shelf.ready.popleft()[0])

    def _end(self, kernel: StartedKernel) -> None:
        task = asyncio.create_task(kernel.end(), name=f"kernel-end-{kernel.id}")
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _checked(sizes: Mapping[str, Any], kernels: InterviewKernelManager) -> dict[str, int]:
    """The sizes by language.

    Raises:
        ValueError: a language is unknown, or its number is not one.
    """
    if not sizes:
        return {}
    known = sorted(kernels.specs.find_kernel_specs())
    most = next(item.metadata["maximum"] for item in fields(Limits) if item.name == "pool_kernels")
    for language, size in sizes.items():
        if language not in known:
            raise ValueError(f"pool: unknown language {language!r}; known are {', '.join(known)}")
        if isinstance(size, bool) or size != int(size) or not 0 <= size <= most:
            raise ValueError(f"pool: {size!r} warm kernels for {language}; it takes a whole number from 0 to {most}")
    return {language: int(size) for language, size in sizes.items()}
