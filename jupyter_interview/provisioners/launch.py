"""What is a kernel's sandbox made of?

Pure functions from settings to arguments, environment and mounts, so that a test can read what a sandbox is made of.
``outside`` paths are the machine's, ``inside`` paths are those that the kernel sees. Command lines can be read by all
users of the machine and by the kernel itself: they only name where the settings are, a descriptor or a file.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..core.limits import Limits
from . import unseen

HOME = "/home/interview"
INSIDE = "/run/interview"

#: Our own kernels: a folder that Python can run, and where every sandbox shows it.
CELLS = str(Path(__file__).parent.parent / "cells")
CELLS_INSIDE = "/opt/interview/cells"

#: The last step before a kernel: a program, and where every sandbox shows it.
SHIM = str(Path(__file__).with_name("shim.py"))
SHIM_INSIDE = "/opt/interview/shim.py"

#: What that step reads, in the kernel's directory and where a container shows it.
SETTINGS_NAME = "settings"
SETTINGS_INSIDE = "/opt/interview/settings"

#: Name of the directory of a room's files, in the kernel's directory and in its home.
DATA_NAME = "data"
SCRATCH = ("/tmp", HOME, "/dev/shm")  # noqa: S108  # the sandbox's own
SOCKET_NAME = "k"
CONNECTION_NAME = "connection.json"
INSIDE_USER = 1000

#: Tells our own kernels how long an interrupted cell has to end. The server ends the kernel of one that does not.
INTERRUPT_SECONDS = "CELL_INTERRUPT_SECONDS"

#: The only variables of the server that a kernel may see.
PASSED_ON = ("TZ",)

#: What of /etc interpreters and compilers need, as patterns; nothing of it is secret. Debian's Java lies there.
ETC = (
    "alternatives",
    "fonts",
    "java-*-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "timezone",
)

#: Parts of an interpreter's prefix. ``etc`` and ``var`` are left out: Jupyter's configuration lives there.
_PREFIX_PARTS = ("bin", "include", "lib", "lib32", "lib64", "libexec", "pyvenv.cfg", "share")
_ROOT_PARTS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")

#: RLIMIT_NPROC counts per user namespace since this kernel; before, it counts everything the user runs on the machine.
_COUNTS_PER_NAMESPACE = (5, 14)


@dataclass(frozen=True, slots=True)
class Bind:
    """One read-only view of the machine: ``outside`` appears at ``inside``."""

    outside: str
    inside: str


@dataclass(frozen=True, slots=True)
class Sandbox:
    """All that one bubblewrap launch depends on.

    ``user`` is the number the kernel really runs as (server started by root), or ``None`` where a user namespace hides
    the server's own user behind `INSIDE_USER`. ``data`` is the machine's directory of the room's files.
    """

    bwrap: str
    limits: Limits
    binds: tuple[Bind, ...]
    sockets: str
    connection: str
    environment: Mapping[str, str]
    data: str | None = None
    hidden: tuple[str, ...] = ()
    user: int | None = None
    seccomp: int | None = None


def system_binds(root: str = "/") -> list[Bind]:
    """The machine's programs and libraries, and the harmless part of its /etc."""
    base = Path(root)
    found = [path for pattern in ETC for path in sorted((base / "etc").glob(pattern))]
    paths = [base / "usr", *(base / part for part in _ROOT_PARTS), *found]
    return [Bind(str(path), "/" + str(path.relative_to(base))) for path in paths if path.exists()]


def interpreter_binds(prefixes: Iterable[str], packages: Iterable[str] = ()) -> list[Bind]:
    """What a Python of these prefixes consists of, under its own path and, where links lead elsewhere, its real one.

    Args:
        prefixes: ``sys.prefix`` and ``sys.base_prefix``.
        packages: further directories to import from.
    """
    found: dict[str, None] = {}
    for prefix in prefixes:
        for part in _PREFIX_PARTS:
            found.setdefault(os.path.join(prefix, part))
    for package in packages:
        found.setdefault(package)
    binds: dict[str, Bind] = {}
    for path in found:
        if not os.path.exists(path):
            continue
        real = os.path.realpath(path)
        for inside in {os.path.abspath(path), real}:
            binds.setdefault(inside, Bind(real, inside))
    return [bind for inside, bind in sorted(binds.items()) if not _within(inside, ("/usr",))]


def cells_binds(folder: str = CELLS) -> list[Bind]:
    """Our own kernels, where they are installed, and the step before all kernels."""
    return [*([Bind(folder, CELLS_INSIDE)] if os.path.isdir(folder) else []), Bind(SHIM, SHIM_INSIDE)]


def package_directories(search: Sequence[str] | None = None) -> list[str]:
    """Directories of installed packages on the import path; never the working directory or a source checkout."""
    entries = sys.path if search is None else search
    return [entry for entry in entries if Path(entry).name in ("site-packages", "dist-packages")]


def environment(spec: Mapping[str, str], home: str, server: Mapping[str, str]) -> dict[str, str]:
    """The kernel's environment: an allow-list, never the server's.

    Args:
        spec: what kernel.json adds; it wins over all but ``HOME``.
        home: the kernel's home directory as it sees it.
        server: the server's environment, from which only `PASSED_ON` is taken.
    """
    threads = "4"
    result = {
        "PATH": os.pathsep.join([os.path.join(sys.prefix, "bin"), "/usr/local/bin", "/usr/bin", "/bin"]),
        "LANG": "C.UTF-8",
        "USER": "interview",
        "LOGNAME": "interview",
        "SHELL": "/bin/sh",
        "TERM": "xterm-256color",
        "IPYTHONDIR": os.path.join(home, ".ipython"),
        "MPLCONFIGDIR": os.path.join(home, ".matplotlib"),
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": threads,
        "MKL_NUM_THREADS": threads,
        "PYTHONDONTWRITEBYTECODE": "1",
        # There is no network: what somebody tries to install says so at once, and not after a minute of retries.
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    result.update({name: server[name] for name in PASSED_ON if name in server})
    result.update(spec)
    result["HOME"] = home
    return result


def counts_per_namespace(release: str | None = None) -> bool:
    """Whether this machine's RLIMIT_NPROC counts per user namespace."""
    match = re.match(r"(\d+)\.(\d+)", platform.release() if release is None else release)
    return match is not None and (int(match[1]), int(match[2])) >= _COUNTS_PER_NAMESPACE


def shim_arguments(settings: int | str, python: str = sys.executable, shim: str = SHIM_INSIDE) -> list[str]:
    """The command that applies the settings and becomes the kernel.

    Args:
        settings: a file descriptor to read them from, or the path of a file (`shim_settings`).
        python: the interpreter to do it with.
        shim: where it sees the program.
    """
    return [python, "-I", "-S", shim, str(settings)]


def shim_settings(
    command: Sequence[str],
    limits: Limits,
    *,
    user: int | None,
    processes: bool,
    leash: int | None = None,
    code: bytes | None = None,
) -> bytes:
    """What `shim_arguments` reads: settings, ``--`` and a command, with a zero byte after each.

    Args:
        command: what to become.
        limits: those of the server.
        user: the number to run as, or ``None`` to stay.
        processes: whether a limit on processes binds this kernel alone; otherwise it is left to the watch.
        leash: number of the process with which the kernel has to end.
        code: a system call filter to set (`seccomp.py`), where the sandbox does not.
    """
    settings: dict[str, int] = {
        "data": limits.kernel_memory_bytes,
        "file": limits.kernel_file_bytes,
        "cpu": limits.kernel_cpu_seconds,
        "core": 0,
        "files": 1024,
        "nice": 5,
    }
    if processes:
        settings["processes"] = limits.kernel_processes
    if user is not None:
        settings["user"] = user
    if leash is not None:
        settings["leash"] = leash
    pairs = [f"{name}={value}" for name, value in settings.items()]
    if code is not None:
        pairs.append(f"filter={code.hex()}")
    return joined([*pairs, "--", *command])


def joined(words: Iterable[str]) -> bytes:
    """Words with a zero byte after each, as `shim.py` and ``bwrap --args`` read them."""
    return b"".join(os.fsencode(word) + b"\0" for word in words)


def sandbox_shim_settings(sandbox: Sandbox, command: Sequence[str]) -> bytes:
    """The settings of the step before a kernel in bubblewrap.

    Args:
        sandbox: the settings.
        command: the kernel's own command, with inside paths.
    """
    alone = sandbox.user is not None or counts_per_namespace()
    return shim_settings(command, sandbox.limits, user=sandbox.user, processes=alone)


def bwrap_options(sandbox: Sandbox) -> list[str]:
    """All that bubblewrap is told.

    The order of mounts matters: a private /tmp comes before binds below /tmp, and what is hidden comes after them.
    """
    return [
        *_namespaces(sandbox),
        *(["--seccomp", str(sandbox.seccomp)] if sandbox.seccomp is not None else []),
        *_scratch(sandbox),
        *_mounts(sandbox),
        *_setenv(sandbox.environment),
        "--chdir",
        HOME,
    ]


def _namespaces(sandbox: Sandbox) -> list[str]:
    arguments = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
    if sandbox.user is None:
        number = str(INSIDE_USER)
        arguments += ["--unshare-user", "--disable-userns", "--uid", number, "--gid", number]
    else:
        arguments += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    return [*arguments, "--hostname", "interview", "--die-with-parent", "--new-session", "--clearenv"]


def _scratch(sandbox: Sandbox) -> list[str]:
    total = sandbox.limits.kernel_scratch_bytes
    return [
        *_tmpfs("/tmp", "1777", total // 4),  # noqa: S108  # the sandbox's own
        *_tmpfs(HOME, "0777" if sandbox.user is not None else "0700", total // 2),
        *("--proc", "/proc"),
        # bwrap takes it for closed and leaves it alone where root stands behind the kernel's user
        *("--ro-bind", "/proc/sys", "/proc/sys"),
        *_hidden(f"/proc/{name}" for name in unseen.PROC),
        *("--dev", "/dev"),
        # reads as zeros as well, but what is mapped of it cannot stay when nobody has it mapped any more
        *("--dev-bind", "/dev/full", "/dev/zero"),
        *_tmpfs("/dev/shm", "1777", total // 4),  # noqa: S108  # the sandbox's own
    ]


def _tmpfs(path: str, mode: str, size: int) -> list[str]:
    return ["--perms", mode, "--size", str(max(size, 65_536)), "--tmpfs", path]


def _mounts(sandbox: Sandbox) -> list[str]:
    arguments: list[str] = []
    made: set[str] = set()
    for bind in sandbox.binds:
        arguments += _parents(bind.inside, made)
        if os.path.islink(bind.outside) and not os.path.isabs(os.readlink(bind.outside)):
            arguments += ["--symlink", os.readlink(bind.outside), bind.inside]
        else:
            arguments += ["--ro-bind", bind.outside, bind.inside]
    shown = [bind.inside for bind in sandbox.binds]
    arguments += _hidden(path for path in sandbox.hidden if _within(path, shown))
    if sandbox.data is not None:
        arguments += ["--ro-bind", sandbox.data, f"{HOME}/{DATA_NAME}"]
    sockets, connection = f"{INSIDE}/s", f"{INSIDE}/{CONNECTION_NAME}"
    arguments += _parents(sockets, made)
    arguments += ["--bind", sandbox.sockets, sockets, "--ro-bind", sandbox.connection, connection]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]


def _hidden(paths: Iterable[str]) -> list[str]:
    """An empty directory, or a file that cannot be opened, over what is there."""
    arguments: list[str] = []
    for path in paths:
        if os.path.isdir(path):
            arguments += [*_tmpfs(path, "0755", 0), "--remount-ro", path]
        elif os.path.exists(path):
            arguments += ["--ro-bind", "/dev/null", path]
    return arguments


def _parents(inside: str, made: set[str]) -> list[str]:
    """Directories above a mount point, with ordinary permissions: bwrap's own are for its own user only."""
    arguments: list[str] = []
    for parent in reversed(Path(inside).parents):
        path = str(parent)
        if path not in ("/", "/tmp", "/usr", "/home") and path not in made:  # noqa: S108
            made.add(path)
            arguments += ["--perms", "0755", "--dir", path]
    return arguments


def _setenv(variables: Mapping[str, str]) -> list[str]:
    return [argument for name, value in variables.items() for argument in ("--setenv", name, value)]


def _within(path: str, above: Iterable[str]) -> bool:
    return any(path == parent or path.startswith(parent.rstrip("/") + "/") for parent in above)
