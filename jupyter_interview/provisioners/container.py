"""What is a kernel's container made of?

A pure function from settings to the body of the engine's call "create a container"
(https://docs.docker.com/reference/api/engine/), so that a test can read what holds a kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..core.limits import Limits
from . import launch, unseen

SERVER_LABEL = "jupyter-interview.server"
PROCESS_LABEL = "jupyter-interview.process"
KERNEL_LABEL = "jupyter-interview.kernel"

#: All files of a kernel's tmpfs: each costs the machine memory that its size does not count.
_FILES = 50_000
_OPEN_FILES = 1024
#: The first process, and what the engine starts for a moment.
_SPARE_PROCESSES = 4


@dataclass(frozen=True, slots=True)
class Container:
    """All that one launch depends on.

    Args:
        image: the id of the image.
        user: number of user and group.
        shown: the machine's directories and files by the path that they have inside; read-only.
        sockets: the machine's directory of sockets, the only one that can be written.
        runtime: name of the engine's runtime, ``None`` for its default.
    """

    image: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    limits: Limits
    user: int
    sockets: str
    shown: Mapping[str, str]
    labels: Mapping[str, str] = field(default_factory=dict)
    runtime: str | None = None


def body(container: Container) -> dict[str, Any]:
    """The request's body."""
    # docker-init hands a signal on to the kernel alone otherwise, not to what the kernel started.
    environment = {**container.environment, "TINI_KILL_PROCESS_GROUP": "1"}
    return {
        "Image": container.image,
        "Entrypoint": list(container.command),
        "Cmd": [],
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "User": f"{container.user}:{container.user}",
        "WorkingDir": launch.HOME,
        "Hostname": "interview",
        "NetworkDisabled": True,
        "Healthcheck": {"Test": ["NONE"]},
        "Labels": dict(container.labels),
        "HostConfig": _host(container),
    }


def _host(container: Container) -> dict[str, Any]:
    limits = container.limits
    mounts = [_mount(outside, inside, True) for inside, outside in container.shown.items()]
    settings: dict[str, Any] = {
        "NetworkMode": "none",
        "IpcMode": "private",
        "ReadonlyRootfs": True,
        "Init": True,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        "Mounts": [*mounts, _mount(container.sockets, f"{launch.INSIDE}/s", False)],
        "Tmpfs": _tmpfs(container),
        "ShmSize": max(limits.kernel_scratch_bytes // 4, 65_536),
        "Memory": limits.kernel_memory_bytes,
        "MemorySwap": limits.kernel_memory_bytes,
        "PidsLimit": limits.kernel_processes + _SPARE_PROCESSES,
        "NanoCpus": int(limits.kernel_cpus * 1_000_000_000),
        "CpuShares": 256,
        "OomScoreAdj": 1000,
        # In the place of the engine's own list, all of which is in ours.
        "MaskedPaths": [*(f"/proc/{name}" for name in unseen.PROC), *unseen.SYS],
        "Ulimits": _ulimits(limits),
        # What a kernel writes to its own standard output lies on the machine's disk.
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "64k", "max-file": "1"}},
        "RestartPolicy": {"Name": "no"},
    }
    if container.runtime is not None:
        settings["Runtime"] = container.runtime
    return settings


def _mount(outside: str, inside: str, read_only: bool) -> dict[str, Any]:
    return {"Type": "bind", "Source": outside, "Target": inside, "ReadOnly": read_only}


def _tmpfs(container: Container) -> dict[str, str]:
    total, user = container.limits.kernel_scratch_bytes, container.user
    common = f"rw,exec,nosuid,nodev,nr_inodes={_FILES}"
    return {
        "/tmp": f"{common},size={max(total // 4, 65_536)},mode=1777",  # noqa: S108  # the container's own
        launch.HOME: f"{common},size={max(total // 2, 65_536)},mode=0700,uid={user},gid={user}",
    }


def _ulimits(limits: Limits) -> list[dict[str, Any]]:
    values = {
        "core": 0,
        "data": limits.kernel_memory_bytes,
        "fsize": limits.kernel_file_bytes,
        "nofile": _OPEN_FILES,
    }
    # Processor time is left to the last step before the kernel (`shim.py`), whose soft limit tells what happened.
    return [{"Name": name, "Soft": value, "Hard": value} for name, value in values.items()]
