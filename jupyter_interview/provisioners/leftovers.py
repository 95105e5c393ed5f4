"""Which containers were left behind, by a crashed server or by an engine that was away?

A container carries the identity of its server, which is the same after a restart, and of the process that made it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from pathlib import Path

from ..core.errors import KernelUnavailable
from .container import PROCESS_LABEL, SERVER_LABEL
from .engine_api import EngineApi, Refused

_KEPT_SECONDS = 120.0

_log = logging.getLogger(__name__)


class Leftovers:
    """Names of containers that are to go as soon as the engine can be reached.

    A name is kept for a while even if there is no such container: an engine that hung may yet make it.
    """

    def __init__(self, api: EngineApi) -> None:
        self._api = api
        self._names: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, name: str) -> None:
        """Remember one."""
        with self._lock:
            self._names[name] = time.monotonic()

    def remove(self) -> None:
        """Try again. Raises nothing: what does not go now goes next time."""
        with self._lock:
            names = dict(self._names)
        for name, added in names.items():
            try:
                discard(self._api, name)
            except KernelUnavailable:
                continue
            if time.monotonic() - added > _KEPT_SECONDS:
                with self._lock:
                    self._names.pop(name, None)


def discard(api: EngineApi, name: str) -> None:
    """Kill and remove a container. One that is gone, or just going, is well.

    Raises:
        EngineGone: the engine cannot be reached.
        EngineSlow: it did not answer in time.
        Refused: it could not.
    """
    try:
        api.call(lambda client: client.remove_container(name, force=True, v=True))
    except Refused as refusal:
        if not refusal.missing and "already in progress" not in refusal.message:
            raise


def remove_crashed(api: EngineApi, server: str) -> None:
    """Remove the containers of a server whose processes are gone. Those of another that is at work stay.

    Raises:
        KernelUnavailable: the engine did not let us.
    """
    filters = {"label": f"{SERVER_LABEL}={server}"}
    for found in api.call(lambda client: client.containers(all=True, filters=filters)):
        if not _lives(found["Labels"].get(PROCESS_LABEL, "")):
            discard(api, found["Id"])
            _log.warning("removed a kernel's container that a server which is gone had left")


def this_process() -> str:
    """The label of this process: its namespace, number and beginning."""
    return f"{os.stat('/proc/self/ns/pid').st_ino}:{os.getpid()}:{_started(os.getpid())}"


def _lives(process: str) -> bool:
    """Whether the process with this label is still there. One of another namespace is taken for gone."""
    space, pid, _ = (*process.split(":"), "", "", "")[:3]
    return space == str(os.stat("/proc/self/ns/pid").st_ino) and process == f"{space}:{pid}:{_started(pid)}"


def _started(pid: int | str) -> str:
    """When a process began, in ticks since the machine did; empty when there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]
