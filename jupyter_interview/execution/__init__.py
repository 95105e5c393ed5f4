"""How does code get from a cell to a kernel, and its outputs into the shared document?"""

from .executor import RoomExecutor
from .factory import RoomExecutors
from .languages import Language, kernels_dir, languages
from .manager import InterviewKernelManager
from .ports import Engine

__all__ = [
    "Engine",
    "InterviewKernelManager",
    "Language",
    "RoomExecutor",
    "RoomExecutors",
    "kernels_dir",
    "languages",
]
