"""How does a kernel run without a sandbox?

Only where the operator said so: the kernel is an ordinary process of the server's user and can read, write and reach
all that the server can. Its environment is the same allow-list, and the limits on single processes still hold.
"""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec

from ..core.limits import Limits
from . import launch
from .contract import Engine, metadata
from .places import sweep
from .process import ProcessProvisioner, in_memory
from .toolchain import missing_programs
from .watch import Watch

_log = logging.getLogger(__name__)


class PlainEngine:
    """Kernels as ordinary processes. Says so in the log."""

    name = "none"

    def __init__(self, limits: Limits, runtime_dir: str) -> None:
        self.limits = limits
        self.runtime_dir = runtime_dir
        self.watch = Watch(limits)
        sweep(runtime_dir)
        self.problem: str | None = None
        _log.warning("kernels run WITHOUT A SANDBOX: whoever may run code in a room has this server's rights")

    def provisioner(self, *, kernel_id: str, kernel_spec: Any, parent: Any) -> PlainProvisioner:
        """The provisioner of one kernel."""
        return PlainProvisioner(kernel_id=kernel_id, kernel_spec=kernel_spec, parent=parent, engine=self)

    def language_problem(self, spec: KernelSpec) -> str | None:
        """Which programs of a language this machine lacks."""
        return missing_programs(metadata(spec), launch.environment(spec.env, "", {})["PATH"])


class PlainProvisioner(ProcessProvisioner):
    """One kernel without a sandbox, in a directory of its own that is removed afterwards."""

    @classmethod
    def default_engine(cls) -> Engine:
        """An engine with default limits, for a Jupyter that found this class by its entry point."""
        return PlainEngine(Limits(), os.path.join(tempfile.gettempdir(), f"ji-{os.getuid()}"))

    @property
    def home(self) -> str:
        """The kernel's home and working directory."""
        home = self.directory / "home"
        home.mkdir(mode=0o700, exist_ok=True)
        return str(home)

    @property
    def inside(self) -> str:
        """Directory of sockets and connection file: there is but one view of it."""
        return str(self.directory)

    @property
    def cells(self) -> str:
        """The folder of our own kernels."""
        return launch.CELLS

    @property
    def data(self) -> Path:
        """The directory of the room's files. Without a sandbox the kernel may change it."""
        return Path(self.home) / launch.DATA_NAME

    def command(self, kernel: list[str], env: dict[str, str]) -> tuple[list[str], dict[str, str], tuple[int, ...]]:
        """The kernel's command behind the limits."""
        settings = launch.shim_settings(kernel, self._limits, user=None, processes=False, leash=os.getpid())
        descriptor = in_memory("settings", settings)
        return launch.shim_arguments(descriptor, shim=launch.SHIM), env, (descriptor,)
