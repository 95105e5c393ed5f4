"""Who makes the executors of rooms?"""

from __future__ import annotations

from ..core.limits import Limits
from ..core.ports import ReadFiles, RunObserver
from .executor import RoomExecutor
from .manager import InterviewKernelManager


class RoomExecutors:
    """The `core.ports.ExecutorFactory` of a server."""

    def __init__(self, kernels: InterviewKernelManager, limits: Limits) -> None:
        self._kernels = kernels
        self._limits = limits

    def __call__(self, room: str, language: str, observer: RunObserver, files: ReadFiles | None = None) -> RoomExecutor:
        """An executor for the room with id ``room``, no kernel started yet."""
        return RoomExecutor(room, language, observer, self._kernels, self._limits)
