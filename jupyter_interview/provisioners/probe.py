"""Which engine runs the kernels of this server?"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_client.kernelspec import KernelSpec

from ..core.errors import KernelUnavailable
from ..core.limits import Limits
from .bubblewrap import BubblewrapEngine
from .contract import Engine
from .docker import DockerEngine
from .plain import PlainEngine
from .watch import Watch

SETTINGS = ("auto", "docker", "bubblewrap", "none")

#: The language whose image decides whether ``auto`` takes Docker.
ESSENTIAL = "python"

_log = logging.getLogger(__name__)


class NoEngine:
    """No sandbox works here: every start is refused with the reason."""

    name = "unavailable"

    def __init__(self, limits: Limits, runtime_dir: str, problem: str) -> None:
        self.limits = limits
        self.runtime_dir = runtime_dir
        self.watch = Watch(limits)
        self.problem: str | None = problem

    def provisioner(self, *, kernel_id: str, kernel_spec: Any, parent: Any) -> Any:
        """There is none.

        Raises:
            KernelUnavailable: always.
        """
        raise KernelUnavailable(self.problem or "No kernels can be started here.")

    def language_problem(self, spec: KernelSpec) -> str | None:
        """The same for all languages."""
        return self.problem


def choose(
    setting: str,
    limits: Limits,
    runtime_dir: str | None = None,
    hidden: Iterable[str] = (),
    *,
    images: Mapping[str, str] | None = None,
    runtime: str | None = None,
) -> Engine:
    """The engine for a setting. Takes some tens of milliseconds: it asks Docker, or starts a real sandbox, to see.

    Args:
        setting: ``auto`` takes Docker where that answers and has the image of `ESSENTIAL`, else bubblewrap; ``docker``
            and ``bubblewrap`` take what they say or nothing; ``none`` runs kernels unsandboxed.
        limits: the server's.
        runtime_dir: private directory for kernel sockets; by default a short one that belongs to this user.
        hidden: what no kernel may see: the server's data directory, database, secrets.
        images: the images that Docker may run, by language; without any ``auto`` does not ask it.
        runtime: the name of a runtime of Docker's.

    Raises:
        ValueError: no such setting.
    """
    if setting not in SETTINGS:
        raise ValueError(f"sandbox = {setting!r}: choose one of {', '.join(SETTINGS)}")
    directory = default_runtime_dir() if runtime_dir is None else runtime_dir
    if setting == "none":
        return PlainEngine(limits, directory)
    reasons: list[str] = []
    if setting == "docker" or (setting == "auto" and images):
        docker = DockerEngine(limits, directory, images or {}, runtime=runtime)
        reason = docker.known_problem(ESSENTIAL)
        if reason is None:
            return docker
        if setting == "docker":
            _log.warning("no kernels can be started until this is mended: %s", reason)
            return docker
        reasons.append(reason)
    engine = BubblewrapEngine(limits, directory, hidden)
    if engine.problem is not None:
        hint = "To run kernels without a sandbox all the same, set sandbox to 'none'."
        return NoEngine(limits, directory, " ".join([engine.problem, *reasons, hint]))
    return engine


def default_runtime_dir() -> str:
    """A short private directory: the user's own in /run where there is one, else below the temporary directory.

    Raises:
        KernelUnavailable: what stands there belongs to somebody else or is open to others.
    """
    base = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    path = os.path.join(base, f"ji-{os.getuid()}")
    os.makedirs(path, mode=0o700, exist_ok=True)
    state = os.lstat(path)
    if state.st_uid != os.getuid() or state.st_mode & 0o170077 != 0o040000:
        raise KernelUnavailable(f"{path} is not a private directory of this user. Remove it or set another.")
    return path
