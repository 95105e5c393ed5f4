"""Which kernel does a room have, and is it alive?

`RoomKernel` starts, restarts, and lets go of the room's kernel and the connection to it. It decides nothing: when that
is to happen, and who is told, is the executor's business.
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
from ..core.models import KernelState
from .kernel import KernelLink
from .manager import InterviewKernelManager, RoomKernelManager
from .ports import Ending, Supervisor

_log = logging.getLogger(__name__)


class RoomKernel:
    """The kernel of one room, at most one.

    Args:
        language: name of the kernelspec.
        kernels: who holds the kernels.
        seconds: time until a started kernel has to answer.
        supervisor: who is asked when a stock handler wants it interrupted or restarted.
    """

    def __init__(self, language: str, kernels: InterviewKernelManager, seconds: float, supervisor: Supervisor) -> None:
        self._language = language
        self._kernels = kernels
        self._seconds = seconds
        self._supervisor = supervisor
        self._manager: RoomKernelManager | None = None
        self.id: str | None = None
        self.link: KernelLink | None = None
        self.exit: asyncio.Task[int] | None = None

    @property
    def problem(self) -> str | None:
        """Why no kernel can be started on this machine."""
        return self._kernels.engine.problem

    @property
    def exists(self) -> bool:
        """Whether there is one, alive or not."""
        return self._manager is not None

    @property
    def ended(self) -> bool:
        """Whether its process ended by itself."""
        return self.exit is not None and self.exit.done()

    def last_words(self) -> str:
        """Why it ended: a line for people."""
        reason = self._ending.reason if self._manager is not None else None
        if reason is not None:
            return reason
        return _obituary(self.exit.result() if self.exit is not None and self.exit.done() else None)

    async def start(self) -> None:
        """Start one and connect to it. On failure nothing is left.

        Raises:
            KernelUnavailable: with a line for people.
        """
        kernel_id = str(uuid.uuid4())
        start = self._kernels.start_kernel(kernel_name=self._language, kernel_id=kernel_id)
        try:
            await _whole(start, lambda: self._kernels.abandon(kernel_id))
            self._adopt(kernel_id)
            await self._connect()
        except asyncio.CancelledError:
            if kernel_id in self._kernels:
                self._adopt(kernel_id)
            raise
        except Exception as error:  # upstream raises many kinds; all mean that there is no kernel
            raise await self._failed(error) from error

    async def restart(self) -> None:
        """End its process, if that is still there, and start another under the same id and on the same sockets.

        Raises:
            KernelUnavailable: with a line for people; then there is no kernel any more.
        """
        manager = self._present()
        self._disconnect()
        try:
            await _whole(manager.restart_kernel(now=True), self._ending.end)
            await self._connect()
        except Exception as error:  # as in start
            manager.announce("dead")
            raise await self._failed(error) from error

    async def interrupt(self) -> None:
        """Send an interrupt; one that is gone takes none."""
        if self._manager is not None:
            try:
                await self._manager.interrupt_kernel()
            except RuntimeError as error:  # upstream's word for "it is gone"
                _log.debug("no interrupt: %s", error)

    async def kill(self) -> None:
        """End its process at once."""
        if self._manager is not None and self._manager.provisioner is not None:
            await self._manager.provisioner.kill()

    async def discard(self) -> None:
        """Let go of it. Idempotent."""
        self._disconnect()
        kernel_id, self.id, self._manager = self.id, None, None
        if kernel_id is None:
            return
        self._kernels.supervise(kernel_id, None)
        if kernel_id in self._kernels:
            try:
                await self._kernels.shutdown_kernel(kernel_id, now=True)  # type: ignore[no-untyped-call]
            except Exception:  # it is to go in any case
                _log.exception("the shutdown of kernel %s failed", kernel_id)

    def announce(self, event: str) -> None:
        """Tell open websockets of a ``restart`` or that it is ``dead``."""
        if self._manager is not None:
            self._manager.announce(event)

    def note_state(self, state: KernelState) -> None:
        """Record the state for the REST model."""
        if self.id is not None:
            self._kernels.note_state(self.id, state.value)

    def _adopt(self, kernel_id: str) -> None:
        self.id = kernel_id
        self._manager = cast(RoomKernelManager, self._kernels.get_kernel(kernel_id))
        self._kernels.supervise(kernel_id, self._supervisor)

    async def _connect(self) -> None:
        """Connect to the process that was just started, unless it ends first."""
        self.exit = asyncio.create_task(self._ending.exited(), name=f"kernel-exit-{self.id}")
        self.link = KernelLink(self._present())
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

    async def _failed(self, error: Exception) -> KernelUnavailable:
        await self.discard()
        if isinstance(error, InterviewError):
            return KernelUnavailable(error.message)
        _log.error("no kernel for %s", self._language, exc_info=error)
        return KernelUnavailable("The kernel could not be started.")

    def _disconnect(self) -> None:
        if self.link is not None:
            self.link.close()
            self.link = None
        if self.exit is not None:
            self.exit.cancel()
            self.exit = None

    def _present(self) -> RoomKernelManager:
        if self._manager is None:
            raise KernelUnavailable("There is no kernel.")
        return self._manager

    @property
    def _ending(self) -> Ending:
        return cast(Any, self._present().provisioner)  # type: ignore[no-any-return]


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
