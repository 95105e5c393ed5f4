"""Who makes the executors of rooms?"""

from __future__ import annotations

from ..core.limits import Limits
from ..core.ports import ReadFiles, RunObserver
from .executor import RoomExecutor
from .manager import InterviewKernelManager
from .pool import KernelPool


class RoomExecutors:
    """The `core.ports.ExecutorFactory` of a server.

    Args:
        kernels: who holds the kernels.
        limits: those of the server.
        pool: where warm kernels wait; without one, rooms start all kernels themselves.
    """

    def __init__(self, kernels: InterviewKernelManager, limits: Limits, pool: KernelPool | None = None) -> None:
        self._pool = KernelPool(kernels, limits) if pool is None else pool
        self._limits = limits

    def __call__(self, room: str, language: str, observer: RunObserver, files: ReadFiles | None = None) -> RoomExecutor:
        """An executor for the room with id ``room``, no kernel started yet.

        Its kernels see ``files`` read-only in ``~/data``; ``None`` where the room has none.
        """
        return RoomExecutor(room, language, observer, self._pool, self._limits, files)
