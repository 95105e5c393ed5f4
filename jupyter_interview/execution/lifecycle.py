"""Which kernel does a room have, and is it alive?

`RoomKernel` gets, restarts, and lets go of the room's kernel. It decides nothing: when that is to happen, and who is
told, is the executor's business.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

from ..core.errors import InterviewError, KernelUnavailable
from ..core.models import KernelState
from ..core.ports import ReadFiles
from .kernel import KernelLink
from .pool import KernelPool
from .ports import Supervisor
from .started import StartedKernel

_log = logging.getLogger(__name__)

#: Files that together are larger are written in a thread.
_LARGE_BYTES = 100_000


class RoomKernel:
    """The kernel of one room, at most one.

    Args:
        language: name of the kernelspec.
        pool: where kernels come from.
        supervisor: who is asked when a stock handler wants it interrupted or restarted.
        files: reads what the kernel finds in ``~/data``; ``None`` where that is nothing.
    """

    def __init__(self, language: str, pool: KernelPool, supervisor: Supervisor, files: ReadFiles | None = None) -> None:
        self._language = language
        self._pool = pool
        self._kernels = pool.kernels
        self._supervisor = supervisor
        self._read_files = files
        self._kernel: StartedKernel | None = None

    @property
    def problem(self) -> str | None:
        """Why no kernel of its language can be started on this machine, with what mends it."""
        return self._kernels.problem(self._language)

    @property
    def id(self) -> str | None:
        """The kernel's id while there is one."""
        return None if self._kernel is None else self._kernel.id

    @property
    def link(self) -> KernelLink | None:
        """The connection to its process, while there is one."""
        return None if self._kernel is None else self._kernel.link

    @property
    def exit(self) -> asyncio.Task[int] | None:
        """Ends with its process."""
        return None if self._kernel is None else self._kernel.exit

    @property
    def exists(self) -> bool:
        """Whether there is one, alive or not."""
        return self._kernel is not None

    @property
    def ended(self) -> bool:
        """Whether its process ended by itself."""
        return self._kernel is not None and self._kernel.ended

    def last_words(self) -> str:
        """Why it ended: a line for people."""
        return "The kernel died." if self._kernel is None else self._kernel.last_words()

    def used(self) -> None:
        """The room runs something: its language stays warm."""
        self._pool.use(self._language)

    async def start(self) -> None:
        """Get one that answers and holds the room's files. On failure nothing is left.

        Raises:
            KernelUnavailable: with a line for people.
        """
        files = await self._files()
        kernel = await self._pool.obtain(self._language)
        try:
            await _put(kernel, files)
        except BaseException:
            await kernel.end()
            raise
        self._kernel = kernel
        self._kernels.supervise(kernel.id, self._supervisor)

    async def restart(self) -> None:
        """End its process, if that is still there, and start another under the same id, sockets and files.

        Raises:
            KernelUnavailable: with a line for people; then there is no kernel any more.
        """
        kernel = self._kernel
        if kernel is None:
            raise KernelUnavailable("There is no kernel.")
        self.used()
        try:
            with self._pool.urgent():
                await kernel.restart()
            if kernel.ending.files_lost:
                await _put(kernel, await self._files())
        except KernelUnavailable:
            kernel.manager.announce("dead")
            await self.discard()
            raise

    async def interrupt(self) -> None:
        """Send an interrupt; one that is gone takes none."""
        if self._kernel is not None:
            await self._kernel.interrupt()

    async def kill(self) -> None:
        """End its process at once."""
        if self._kernel is not None:
            await self._kernel.kill()

    async def discard(self) -> None:
        """Let go of it. Idempotent."""
        kernel, self._kernel = self._kernel, None
        if kernel is not None:
            await kernel.end()

    def announce(self, event: str) -> None:
        """Tell open websockets of a ``restart`` or that it is ``dead``."""
        if self._kernel is not None:
            self._kernel.manager.announce(event)

    def note_state(self, state: KernelState) -> None:
        """Record the state for the REST model."""
        if self._kernel is not None:
            self._kernels.note_state(self._kernel.id, state.value)

    async def _files(self) -> Mapping[str, bytes]:
        if self._read_files is None:
            return {}
        try:
            return await self._read_files()
        except Exception as error:  # whatever the storage raises
            raise KernelUnavailable("The room's files could not be read. Run a cell to try again.") from error


async def _put(kernel: StartedKernel, files: Mapping[str, bytes]) -> None:
    """Write the files where the kernel sees them. When cancelled, nothing writes any more."""
    if not files:
        return
    try:
        if sum(map(len, files.values())) <= _LARGE_BYTES:
            kernel.ending.put_files(files)
        else:
            writing = asyncio.ensure_future(asyncio.to_thread(kernel.ending.put_files, files))
            try:
                await asyncio.shield(writing)
            finally:
                await asyncio.wait({writing})
    except InterviewError as error:
        raise KernelUnavailable(error.message) from error
    except Exception as error:
        text = (
            "The room's files could not be written for its kernel; is the server's disk full? Run a cell to try again."
        )
        raise KernelUnavailable(text) from error
