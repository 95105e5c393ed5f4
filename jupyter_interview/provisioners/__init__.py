"""Where do the kernels run? In a sandbox that can reach nothing: the contract, its engines, and the choice of one."""

from .bubblewrap import BubblewrapEngine, BubblewrapProvisioner
from .contract import Engine, SandboxProvisioner
from .docker import DockerEngine, DockerProvisioner
from .images import default_images
from .plain import PlainEngine, PlainProvisioner
from .probe import NoEngine, choose
from .users import kept_groups

__all__ = [
    "BubblewrapEngine",
    "BubblewrapProvisioner",
    "DockerEngine",
    "DockerProvisioner",
    "Engine",
    "NoEngine",
    "PlainEngine",
    "PlainProvisioner",
    "SandboxProvisioner",
    "choose",
    "default_images",
    "kept_groups",
]
