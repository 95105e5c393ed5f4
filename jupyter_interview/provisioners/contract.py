"""What must a sandbox engine do, and what is the same for all of them?

An *engine* knows the machine and the server's limits; it makes one *provisioner* per kernel. The provisioner talks to
its kernel over ``ipc://`` sockets in a short private directory, so a kernel needs no network. It reads nothing but the
command, the environment and our own metadata from the kernelspec: a ``config`` there can set any trait, therefore
nothing here is one.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from ..core.errors import KernelUnavailable
from ..core.limits import Limits
from . import launch
from .places import is_listening, write_files
from .watch import Watch

CHANNELS = ("shell", "iopub", "stdin", "hb", "control")
_SUN_PATH = 107
_POLL_SECONDS = 0.004
_KILL_SECONDS = 5.0


class Engine(Protocol):
    """A way to run kernels on this machine. ``problem`` is the line for people when it can run none at all."""

    name: str
    problem: str | None
    limits: Limits
    runtime_dir: str
    watch: Watch

    def provisioner(self, *, kernel_id: str, kernel_spec: Any, parent: Any) -> KernelProvisionerBase:
        """The provisioner of one kernel."""

    def language_problem(self, spec: KernelSpec) -> str | None:
        """Why kernels of this kernelspec cannot run here, with the command that mends it; ``None`` when they can.

        Quick enough for the event loop.
        """


class SandboxProvisioner(KernelProvisionerBase):
    """The shared half of every provisioner: sockets, connection files, the room's files, the kernel's end.

    Args:
        engine: who made it. Whatever else a kernelspec passes is refused with a warning.
    """

    def __init__(
        self,
        *,
        kernel_id: str | None = None,
        kernel_spec: Any = None,
        parent: Any = None,
        engine: Any = None,
        **config: Any,
    ) -> None:
        super().__init__(kernel_id=kernel_id, kernel_spec=kernel_spec, parent=parent)
        if config or (engine is not None and not isinstance(getattr(engine, "limits", None), Limits)):
            self.log.warning("ignored what kernel.json sets for its provisioner: %s", ", ".join(sorted(config)))
            engine = None if config else engine
        self._engine: Engine = engine if isinstance(getattr(engine, "limits", None), Limits) else self.default_engine()
        self._limits = Limits.checked(**asdict(self._engine.limits))
        self._directory: Path | None = None
        self._exit: asyncio.Future[int] | None = None
        self._reason: str | None = None
        self._files_lost = False

    # What an engine provides

    @classmethod
    @abstractmethod
    def default_engine(cls) -> Engine:
        """The engine where Jupyter made the provisioner by its entry point, without our kernel manager."""

    @abstractmethod
    async def start(self, kernel: list[str], env: dict[str, str], ended: asyncio.Future[int]) -> None:
        """Start the command ``kernel`` and see to it that its exit status gets into ``ended`` (`settle`).

        Raises:
            KernelUnavailable: it could not be started.
        """

    @abstractmethod
    def end(self) -> None:
        """Kill the kernel without waiting, or end its start. Called from any thread, for a dead one too."""

    @abstractmethod
    async def send_signal(self, signum: int) -> None:
        """Signal the kernel and the processes it started."""

    @property
    def inside(self) -> str:
        """Directory of sockets and connection file as the kernel sees it."""
        return launch.INSIDE

    @property
    def home(self) -> str:
        """The kernel's home directory as it sees it."""
        return launch.HOME

    @property
    def cells(self) -> str:
        """The folder of our own kernels as the kernel sees it."""
        return launch.CELLS_INSIDE

    @property
    def python(self) -> str:
        """The program that a kernelspec calls ``python``."""
        return sys.executable

    @property
    def data(self) -> Path:
        """The machine's directory of the room's files; the kernel sees it as ``~/data``, read-only in a sandbox."""
        return self.directory / launch.DATA_NAME

    def environment(self) -> dict[str, str]:
        """The kernel's environment."""
        allowed = {launch.INTERRUPT_SECONDS: f"{self._limits.interrupt_seconds:g}"}
        return launch.environment(self.kernel_spec.env, self.home, os.environ) | allowed

    def own_socket_directory(self, path: Path) -> None:
        """Give the directory of sockets to the kernel's user."""

    def own_connection_file(self, path: Path) -> None:
        """Give the connection file to the kernel's user."""

    async def last_words(self) -> str:
        """What the kernel wrote before it ended."""
        return ""

    # What rooms ask for

    def put_files(self, files: Mapping[str, bytes]) -> None:
        """Show files in the kernel's ``~/data``, from its first start until its end; existing ones are replaced.

        Blocks as long as writing takes.

        Args:
            files: contents by plain name.

        Raises:
            BadRequest: a name is not that of a plain file.
            RuntimeError: before the first launch, or after cleanup.
        """
        write_files(self.data, files, self.directory)
        self._files_lost = False

    @property
    def files_lost(self) -> bool:
        """Whether what was put there has gone with the directory, which had to be made anew."""
        return self._files_lost

    @property
    def reason(self) -> str | None:
        """Why the kernel was ended or did not start, when that is known: a line for people."""
        return self._reason

    async def exited(self) -> int:
        """Wait for the end of the kernel, learned at once; its exit status."""
        return 0 if self._exit is None else await asyncio.shield(self._exit)

    # What jupyter_client asks for

    @property
    def directory(self) -> Path:
        """The private directory: ``s/`` with the sockets, ``data/``, the kernel's view of the connection file.

        Raises:
            RuntimeError: before the first launch, or after cleanup.
        """
        if self._directory is None:
            raise RuntimeError("the kernel has no directory yet")
        return self._directory

    @property
    def has_process(self) -> bool:
        """Whether there is a kernel whose end was not yet waited for."""
        return self._exit is not None

    async def poll(self) -> int | None:
        """``None`` while it runs, else its exit status."""
        if self._exit is None:
            return 0
        return self._exit.result() if self._exit.done() else None

    async def wait(self) -> int | None:
        """Wait for the end of the kernel and let go of it."""
        code = await self.exited()
        self._exit = None
        return code

    async def kill(self, restart: bool = False) -> None:
        """End it at once and wait until it is gone: upstream would only look every 0.1 s."""
        if self._exit is not None and not self._exit.done():
            self.end()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.exited(), _KILL_SECONDS)

    async def terminate(self, restart: bool = False) -> None:
        """Ask it to end. A sandbox holds nothing that would need a farewell, so it is ended."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the launch made; on a restart the directory stays, since clients know its path."""
        if not restart:
            self.end()
        if not restart and self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None

    def get_shutdown_wait_time(self, recommended: float = 5.0) -> float:
        """Seconds that a polite shutdown may take."""
        return min(recommended, 2.0)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Connection files and command. Nothing of ``kwargs`` counts: it may come from a client.

        Raises:
            KernelUnavailable: the engine cannot start kernels on this machine.
        """
        if self._engine.problem:
            raise KernelUnavailable(self._engine.problem)
        if self._directory is None:
            self._prepare()
        elif not (self._directory / "s").is_dir():
            # Whoever clears away temporary files may have taken it. Clients know its path.
            self._files_lost = self._make_folders(self._directory) or self._files_lost
        km: Any = self.parent
        km.write_connection_file()
        self.connection_info = km.get_connection_info()
        self._write_inside_view()
        return {"cmd": self._kernel_command(), "env": self.environment()}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start it and wait until all of its sockets take connections.

        Raises:
            KernelUnavailable: it ended, or did not open its sockets in time.
        """
        self._remove_sockets()
        self._reason = None
        await self.cleanup(restart=True)
        self._exit = asyncio.get_running_loop().create_future()
        try:
            await self.start(cmd, kwargs["env"], self._exit)
            await self._until_listening()
        except BaseException:
            self.end()
            raise
        return self.connection_info

    # Parts

    def _prepare(self) -> None:
        os.makedirs(self._engine.runtime_dir, mode=0o700, exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix="", dir=self._engine.runtime_dir))
        address = str(directory / "s" / launch.SOCKET_NAME)
        if len(f"{address}-{len(CHANNELS)}") > _SUN_PATH:
            shutil.rmtree(directory)
            raise KernelUnavailable(f"The directory {self._engine.runtime_dir} has too long a path for kernel sockets.")
        self._directory = directory
        self._make_folders(directory)
        km: Any = self.parent
        km.transport, km.ip, km.cache_ports = "ipc", address, False
        for number, channel in enumerate(CHANNELS, 1):
            setattr(km, f"{channel}_port", number)

    def _make_folders(self, directory: Path) -> bool:
        """Make those that are not there; whether that of the room's files is a new one."""
        os.makedirs(self._engine.runtime_dir, mode=0o700, exist_ok=True)
        directory.mkdir(mode=0o700, exist_ok=True)
        sockets = directory / "s"
        sockets.mkdir(mode=0o700)
        self.own_socket_directory(sockets)
        if self.data.is_dir():
            return False
        self.data.mkdir(parents=True)
        self.data.chmod(0o755)
        return True

    def _write_inside_view(self) -> None:
        info = dict(self.connection_info)
        key = info["key"]
        info["key"] = key.decode() if isinstance(key, bytes) else key
        info["ip"] = f"{self.inside}/s/{launch.SOCKET_NAME}"
        info["kernel_name"] = str(getattr(self.parent, "kernel_name", ""))
        path = self.directory / launch.CONNECTION_NAME
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="utf-8") as file:
            json.dump(info, file)
        self.own_connection_file(path)

    def _kernel_command(self) -> list[str]:
        values = {
            "{connection_file}": f"{self.inside}/{launch.CONNECTION_NAME}",
            "{resource_dir}": str(self.kernel_spec.resource_dir),
            "{prefix}": sys.prefix,
            "{cells}": self.cells,
        }
        command = [_filled(argument, values) for argument in self.kernel_spec.argv]
        if command and command[0] in ("python", "python3"):
            command[0] = self.python
        return command

    def _socket_paths(self) -> list[Path]:
        return [self.directory / "s" / f"{launch.SOCKET_NAME}-{number}" for number in range(1, len(CHANNELS) + 1)]

    def _remove_sockets(self) -> None:
        """A restarted kernel's directory may hold anything that its predecessor left."""
        for entry in os.scandir(self.directory / "s"):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                os.unlink(entry.path)

    async def _until_listening(self) -> None:
        deadline = time.monotonic() + self._limits.kernel_start_seconds
        waiting = self._socket_paths()
        while waiting:
            if self._exit is not None and self._exit.done():
                self._reason = (
                    self._reason or f"The kernel ended before it was ready. {await self.last_words()}".strip()
                )
                raise KernelUnavailable(self._reason)
            if time.monotonic() > deadline:
                raise KernelUnavailable(f"The kernel was not ready after {self._limits.kernel_start_seconds:g} s.")
            waiting = [path for path in waiting if not is_listening(path)]
            if waiting:
                await asyncio.sleep(_POLL_SECONDS)


def metadata(spec: KernelSpec) -> dict[str, Any]:
    """What a kernelspec says to us: its ``metadata.interview``."""
    found = spec.metadata.get("interview", {})
    return found if isinstance(found, dict) else {}


def settle(future: asyncio.Future[int], code: int) -> None:
    """Tell the exit status of a kernel, from any thread. Only the first counts."""

    def tell() -> None:
        if not future.done():
            future.set_result(code)

    with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
        future.get_loop().call_soon_threadsafe(tell)


def _filled(argument: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        argument = argument.replace(name, value)
    return argument
