"""Does a kernel stay within what no single process limit can hold?

The processes of a kernel together: their memory, their number, the number of their files, on disk and open (each costs
the machine memory that no size limit counts), and what lies in the directory of its sockets (the one place of the
machine's own disk that a kernel can write to). One thread looks at all kernels; a kernel that went beyond is ended. It
is a second line: each single process is held by its own limits in any case (`shim.py`). Docker's kernels are held by
cgroups in the first place.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..core.limits import Limits

_log = logging.getLogger(__name__)

_INTERVAL = 0.1
#: A kernel that does nothing is looked at more and more rarely, up to so many intervals.
_RARELY = 4
_MEGABYTE = 1_048_576
_FILES = 100_000
_OPEN = 4_096
#: So long may a kernel of many processes stay at their limit: a program meets it once, a bomb sits there.
_FULL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Watched:
    """A kernel under watch.

    ``root`` is the process that all others descend from (``None``: they are not looked at), ``sockets`` the machine's
    path of their directory, ``scratch`` the sandbox's own file systems as its processes see them; ``breach`` ends the
    kernel and is told why.
    """

    root: int | None
    sockets: str
    breach: Callable[[str], None]
    scratch: tuple[str, ...] = ()


@dataclass(slots=True)
class _Pace:
    """How often a kernel is looked at, in rounds of the watch: each time while it spends processor time."""

    spent: int = -1
    pause: int = 1
    left: int = 1

    def due(self) -> bool:
        """Whether this round is one to look."""
        self.left -= 1
        return self.left <= 0

    def looked(self, spent: int) -> None:
        """It had spent ``spent`` in all."""
        self.pause = min(self.pause * 2, _RARELY) if spent == self.spent else 1
        self.spent, self.left = spent, self.pause


class Watch:
    """Watches the kernels of one engine from one thread, which runs while there is a kernel."""

    def __init__(self, limits: Limits, interval: float = _INTERVAL) -> None:
        self._limits = limits
        self._interval = interval
        self._kernels: dict[Watched, _Pace] = {}
        self._full: dict[Watched, float] = {}
        self._spent: dict[Watched, int] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, watched: Watched) -> None:
        """Begin to watch a kernel."""
        with self._changed:
            self._kernels[watched] = _Pace()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kernel-watch", daemon=True)
                self._thread.start()

    def remove(self, watched: Watched) -> None:
        """No longer watch it. Unknown ones are ignored."""
        with self._changed:
            self._kernels.pop(watched, None)
            self._full.pop(watched, None)
            self._spent.pop(watched, None)
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._kernels:
                    self._thread = None
                    return
                kernels = list(self._kernels.items())
            for watched, pace in kernels:
                if not pace.due():
                    continue
                reason = self._checked(watched)
                pace.looked(self._spent.pop(watched, 0))
                if reason is not None:
                    self.remove(watched)
                    watched.breach(reason)
            time.sleep(self._interval)

    def _checked(self, watched: Watched) -> str | None:
        """`check`, which must not end for all kernels because of one."""
        try:
            return self.check(watched)
        except Exception:
            _log.exception("A kernel could not be checked")
            return None

    def check(self, watched: Watched) -> str | None:
        """What the kernel did wrong, as a line for people; ``None`` when it is well."""
        processes = [] if watched.root is None else list(family(watched.root))
        limits = self._limits
        numbers = [vitals(pid) for pid in processes]
        self._spent[watched] = sum(ticks for _, ticks in numbers)
        if self._too_many(watched, len(processes), sum(count for count, _ in numbers)):
            return f"The kernel started more than {limits.kernel_processes} processes and was ended."
        if sum(resident(pid) for pid in processes) > limits.kernel_memory_bytes:
            used = sum(proportional(pid) for pid in processes)
            if used > limits.kernel_memory_bytes:
                return memory_line(limits)
        if sum(map(opened, processes)) > _OPEN:
            return f"The kernel opened more than {_OPEN} files together and was ended."
        if sum(files(processes[-1], path) for path in watched.scratch if processes) > _FILES:
            return f"The kernel made more than {_FILES} files and was ended."
        if not only_sockets(watched.sockets):
            return "The kernel wrote where it may not and was ended."
        return None

    def _too_many(self, watched: Watched, processes: int, total: int) -> bool:
        """Whether there are more than may be, or for some time as many as can be: a bomb that the limit holds."""
        most = self._limits.kernel_processes
        if total > most + 8:
            return True
        if processes < most / 2 or total < most * 7 / 8:
            self._full.pop(watched, None)
            return False
        return time.monotonic() - self._full.setdefault(watched, time.monotonic()) > _FULL_SECONDS


def memory_line(limits: Limits) -> str:
    """What people are told when a kernel used up its memory."""
    return f"The kernel used more than {limits.kernel_memory_bytes // _MEGABYTE} MB of memory and was ended."


def family(root: int) -> Iterator[int]:
    """``root`` and all its descendants that are alive."""
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        if os.path.exists(f"/proc/{pid}"):
            yield pid
            waiting.extend(children(pid))


def children(pid: int) -> list[int]:
    """The processes that ``pid`` started, or inherited, in that order."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return []
    if not tasks:
        return []  # it ended just now
    if not os.path.exists(f"/proc/{pid}/task/{tasks[0]}/children"):
        return sorted(other for other in _numbers() if _parent(other) == pid)
    return [int(child) for task in tasks for child in _read(f"/proc/{pid}/task/{task}/children").split()]


def _numbers() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdecimal()]


def _parent(pid: int) -> int:
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def threads(pid: int) -> int:
    """How many threads the process has; 0 when it is gone."""
    return vitals(pid)[0]


def vitals(pid: int) -> tuple[int, int]:
    """How many threads the process has and how much processor time it has spent, in ticks; 0 when it is gone."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return (int(fields[17]), int(fields[11]) + int(fields[12])) if len(fields) > 17 else (0, 0)


def resident(pid: int) -> int:
    """Bytes in memory that are not files, page tables too: a quick upper bound, since forks share theirs."""
    text = _read(f"/proc/{pid}/status")
    total = 0
    for line in text.splitlines():
        if line.startswith(("RssAnon:", "RssShmem:", "VmPTE:")):
            total += int(line.split()[1]) * 1024
    return total


def tables(pid: int) -> int:
    """Bytes of page tables: a mapping of nothing but zeros costs only them."""
    lines = _read(f"/proc/{pid}/status").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmPTE:"))


def proportional(pid: int) -> int:
    """Bytes in memory, what is shared counted in parts; falls back to `resident` where the machine does not tell."""
    text = _read(f"/proc/{pid}/smaps_rollup")
    values = {line.split(":")[0]: line.split()[1] for line in text.splitlines() if line.startswith("Pss")}
    if "Pss_Anon" not in values:
        return resident(pid)
    return (int(values["Pss_Anon"]) + int(values.get("Pss_Shmem", "0"))) * 1024 + tables(pid)


def opened(pid: int) -> int:
    """How many files, pipes and sockets the process has open: each holds memory that is nobody's."""
    try:
        return os.stat(f"/proc/{pid}/fd").st_size or len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def files(pid: int, path: str) -> int:
    """How many files and directories the file system at ``path`` has, as the process sees it.

    0 when that is gone, and for a process that has not left the machine's own root yet.
    """
    root = f"/proc/{pid}/root"
    try:
        if os.path.samestat(os.stat(root), os.stat("/")):
            return 0
        state = os.statvfs(root + path)
    except OSError:
        return 0
    return state.f_files - state.f_ffree


def only_sockets(directory: str) -> bool:
    """Whether nothing but a handful of sockets lies in it. A directory that is gone is well."""
    try:
        with os.scandir(directory) as entries:
            for number, entry in enumerate(entries):
                if number > 16 or not stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                    return False
    except OSError:
        return True
    return True


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
