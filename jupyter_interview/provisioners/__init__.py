"""Where do the kernels run? In a sandbox that can reach nothing: the contract, its engines, and the choice of one."""

from .bubblewrap import BubblewrapEngine, BubblewrapProvisioner
from .contract import Engine, SandboxProvisioner
from .plain import PlainEngine, PlainProvisioner
from .probe import NoEngine, choose

__all__ = [
    "BubblewrapEngine",
    "BubblewrapProvisioner",
    "Engine",
    "NoEngine",
    "PlainEngine",
    "PlainProvisioner",
    "SandboxProvisioner",
    "choose",
]
