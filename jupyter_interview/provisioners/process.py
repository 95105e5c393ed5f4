"""How is a kernel run as a process of this machine?

For the engines that start one by a command: its start, its end, its signals, and what it says when it fails.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
from abc import abstractmethod
from contextlib import suppress
from typing import Any

from .contract import SandboxProvisioner, settle

_ERROR_BYTES = 4_000


class ProcessProvisioner(SandboxProvisioner):
    """The half of a provisioner that has to do with a process."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = -1

    @abstractmethod
    def command(self, kernel: list[str], env: dict[str, str]) -> tuple[list[str], dict[str, str], tuple[int, ...]]:
        """How to start ``kernel``: arguments, environment of the first process, file descriptors to hand over."""

    def started(self, process: subprocess.Popen[bytes]) -> None:
        """The process was started: begin to watch it."""

    def target(self) -> int | None:
        """Number of the process whose group gets the kernel's signals; ``None`` when there is none."""
        return self._process.pid if self._process is not None else None

    async def start(self, kernel: list[str], env: dict[str, str], ended: asyncio.Future[int]) -> None:
        """Start it on the event loop's thread on purpose: bubblewrap dies with the *thread* that started it."""
        argv, first, descriptors = self.command(kernel, env)
        self._errors, errors = os.pipe()
        os.set_blocking(errors, False)  # nobody reads it in time: a full pipe must not stop the kernel
        os.set_blocking(self._errors, False)
        try:
            process = subprocess.Popen(  # noqa: ASYNC220, S603  # vfork and exec, about a millisecond
                argv,
                env=first,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=descriptors,
                start_new_session=True,
            )
        finally:
            for descriptor in (errors, *descriptors):
                os.close(descriptor)
        self._process = process
        threading.Thread(target=_report_exit, args=(process, ended), name="kernel-exit", daemon=True).start()
        self.started(process)

    async def wait(self) -> int | None:
        """Wait for the end of the process and let go of it."""
        code = await super().wait()
        self._process = None
        return code

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel and the processes it started (its process group)."""
        pid = self.target()
        if pid is None or signum == 0:
            return
        with suppress(ProcessLookupError):
            os.killpg(os.getpgid(pid), signum)

    def end(self) -> None:
        """Kill the process, with all it started where the engine can. Called from any thread, for a dead one too."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the launch made; on a restart the directory stays, since clients know its path."""
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1
        await super().cleanup(restart)

    async def last_words(self) -> str:
        """The end of what it wrote to its standard output and error."""
        try:
            return os.read(self._errors, 65_536)[-_ERROR_BYTES:].decode("utf-8", "replace").strip()
        except OSError:
            return ""


def in_memory(name: str, content: bytes) -> int:
    """A file descriptor to hand over, from which ``content`` can be read. It is on no disk and in no command line."""
    descriptor = os.memfd_create(name)
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def _report_exit(process: subprocess.Popen[bytes], future: asyncio.Future[int]) -> None:
    settle(future, process.wait())
