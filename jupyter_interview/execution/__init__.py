"""How does code get from a cell to a kernel, and its outputs into the shared document?"""

from .executor import RoomExecutor
from .factory import RoomExecutors
from .languages import Language, kernels_dir, languages
from .manager import InterviewKernelManager
from .pool import KernelPool
from .ports import Engine

__all__ = [
    "Engine",
    "InterviewKernelManager",
    "KernelPool",
    "Language",
    "RoomExecutor",
    "RoomExecutors",
    "kernels_dir",
    "languages",
]
