"""How does a kernel come to run and answer, and how does it end?

A `StartedKernel` can take code at once. It belongs to nobody yet (the pool's) or to one room for the rest of its life.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import uuid
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, cast

from ..core.errors import InterviewError, KernelUnavailable
from .kernel import KernelLink
from .manager import InterviewKernelManager, RoomKernelManager
from .ports import Ending

_log = logging.getLogger(__name__)


class StartedKernel:
    """One kernel that was started, with the connection to it. Made by `start_kernel`.

    ``exit`` ends when its process does; `restart` gives it a new process, connection and ``exit`` under the same id.
    """

    def __init__(self, kernel_id: str, kernels: InterviewKernelManager, seconds: float) -> None:
        self.id = kernel_id
        self.manager = cast(RoomKernelManager, kernels.get_kernel(kernel_id))
        self.link: KernelLink | None = None
        self.exit: asyncio.Task[int] | None = None
        self._kernels = kernels
        self._seconds = seconds

    @property
    def ending(self) -> Ending:
        """What the engine knows of its process."""
        return cast(Any, self.manager.provisioner)  # type: ignore[no-any-return]

    @property
    def ended(self) -> bool:
        """Whether its process ended by itself."""
        return self.exit is not None and self.exit.done()

    def last_words(self) -> str:
        """Why it ended: a line for people."""
        reason = self.ending.reason
        if reason is not None:
            return reason
        return _obituary(self.exit.result() if self.exit is not None and self.exit.done() else None)

    async def connect(self) -> None:
        """Connect to the process that was just started, unless it ends first.

        Raises:
            KernelUnavailable: it ended, or did not answer in time.
        """
        self.exit = asyncio.create_task(self.ending.exited(), name=f"kernel-exit-{self.id}")
        self.link = KernelLink(self.manager)
        connecting = asyncio.create_task(self.link.connect(self._seconds))
        try:
            await asyncio.wait({connecting, self.exit}, return_when=asyncio.FIRST_COMPLETED)
            if not connecting.done():
                raise KernelUnavailable(self.last_words())
            await connecting
        finally:
            connecting.cancel()
            with suppress(asyncio.CancelledError, KernelUnavailable):
                await connecting

    async def restart(self) -> None:
        """End its process, if that is still there, and start another under the same id and on the same sockets.

        Raises:
            KernelUnavailable: with a line for people; then it has to be ended.
        """
        self._disconnect()
        try:
            await self.kill()  # before upstream would interrupt it first
            await _whole(self.manager.restart_kernel(now=True), self.ending.end)
            await self.connect()
        except Exception as error:  # upstream raises many kinds; all mean that there is no kernel
            raise _unavailable(error) from error

    async def interrupt(self) -> None:
        """Send an interrupt; one that is gone takes none."""
        try:
            await self.manager.interrupt_kernel()
        except RuntimeError as error:  # upstream's word for "it is gone"
            _log.debug("no interrupt: %s", error)

    async def kill(self) -> None:
        """End its process at once."""
        if self.manager.provisioner is not None:
            await self.manager.provisioner.kill()

    async def end(self) -> None:
        """Let go of it: connection, process, directory. Idempotent."""
        self._disconnect()
        self._kernels.supervise(self.id, None)
        if self.id in self._kernels:
            try:
                await self._kernels.shutdown_kernel(self.id, now=True)  # type: ignore[no-untyped-call]
            except Exception:  # it is to go in any case
                _log.exception("the shutdown of kernel %s failed", self.id)

    def _disconnect(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None
        if self.exit is not None:
            self.exit.cancel()
            self.exit = None


async def start_kernel(kernels: InterviewKernelManager, language: str, seconds: float) -> StartedKernel:
    """Start a kernel and connect to it. On failure, and when cancelled, nothing is left.

    Args:
        kernels: who holds the kernels.
        language: name of the kernelspec.
        seconds: time until it has to answer.

    Raises:
        KernelUnavailable: with a line for people; its cause is what was raised where that says more.
    """
    kernel_id = str(uuid.uuid4())
    start = kernels.start_kernel(kernel_name=language, kernel_id=kernel_id)
    try:
        await _whole(start, lambda: kernels.abandon(kernel_id))
        kernel = StartedKernel(kernel_id, kernels, seconds)
        try:
            await kernel.connect()
        except BaseException:
            await kernel.end()
            raise
    except asyncio.CancelledError:
        if kernel_id in kernels:
            await StartedKernel(kernel_id, kernels, seconds).end()
        raise
    except Exception as error:  # as in restart
        raise _unavailable(error) from error
    return kernel


def _unavailable(error: Exception) -> KernelUnavailable:
    if isinstance(error, InterviewError):
        return KernelUnavailable(error.message)
    return KernelUnavailable("The kernel could not be started; the server's log has the reason.")


async def _whole(work: Awaitable[Any], abandon: Callable[[], None]) -> None:
    """Await ``work``; when cancelled, end it by ``abandon``: upstream's managers do not survive half a start."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        abandon()
        with suppress(Exception):
            await task
        raise


def _obituary(code: int | None) -> str:
    """A line for people from an exit status; a signal shows as a negative one, or above 128 through a sandbox."""
    if code is None:
        return "The kernel died."
    number = -code if code < 0 else code - 128
    if number == signal.SIGKILL:
        return "The kernel was killed, perhaps because it used too much memory."
    if number == signal.SIGXCPU:
        return "The kernel used up its processor time and was ended."
    if number == signal.SIGSEGV:
        return "The kernel crashed (segmentation fault)."
    return f"The kernel died (exit status {code})."
