"""Does a kernel stay within what no single process limit can hold?

The processes of a kernel together: their memory, their number, the number of their files, on disk and open (each costs
the machine memory that no size limit counts), and what lies in the directory of its sockets (the one place of the
machine's own disk that a kernel can write to). One thread looks at all kernels; a kernel that went beyond is ended.
What may have to wait for a kernel's own processes, measuring memory that they share, has a thread for itself. A kernel
that the watch cannot look at for a while, because this server is out of descriptors for instance, is ended as well. The
watch is a second line: each single process is held by its own limits in any case (`shim.py`). Docker's kernels are held
by cgroups in the first place.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

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
#: So long may a kernel be out of sight.
_BLIND_SECONDS = 2.0
_LOOKED_AT, _MEASURED = "looked at", "measured"
_UNSEEN = "The server could not look after the kernel any more and ended it."
#: These errors say nothing of what is looked at: this process, or the machine, has no more of something.
_BLIND = (errno.EMFILE, errno.ENFILE, errno.ENOMEM)


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
        self._measuring: set[Watched] = set()
        self._blind: dict[tuple[Watched, str], float] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, watched: Watched) -> None:
        """Begin to watch a kernel."""
        with self._changed:
            self._kernels[watched] = _Pace()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kernel-watch", daemon=True)
                self._thread.start()

    def remove(self, watched: Watched) -> bool:
        """No longer watch it; whether it was watched until now."""
        with self._changed:
            self._full.pop(watched, None)
            self._spent.pop(watched, None)
            for what in (_LOOKED_AT, _MEASURED):
                self._blind.pop((watched, what), None)
            self._changed.notify_all()
            return self._kernels.pop(watched, None) is not None

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
                self._end(watched, self._sees(watched, _LOOKED_AT, partial(self._looked, watched)))
                pace.looked(self._spent.pop(watched, 0))
            time.sleep(self._interval)

    def _end(self, watched: Watched, reason: str | None) -> None:
        """End a kernel with the reason, where there is one, unless it was ended meanwhile."""
        if reason is not None and self.remove(watched):
            watched.breach(reason)

    def _sees(self, watched: Watched, what: str, look: Callable[[], str | None]) -> str | None:
        """What a look at a kernel finds. One that fails ends neither the watch nor, where it is but one, the kernel.

        Args:
            watched: the kernel.
            what: what cannot be done to it where the look fails, for the log.
            look: finds a reason to end it.
        """
        try:
            reason = look()
        except Exception as error:
            now = time.monotonic()
            since = self._blind.setdefault((watched, what), now)
            if since == now:
                # What the system refuses, descriptors mostly, is no fault of this code.
                _log.error("A kernel could not be %s: %s", what, error, exc_info=not isinstance(error, OSError))
            return _UNSEEN if now - since > _BLIND_SECONDS else None
        self._blind.pop((watched, what), None)
        return reason

    def _looked(self, watched: Watched) -> str | None:
        """`look`, and the begin of a measurement where its processes may use too much."""
        processes = _processes(watched)
        reason = self.look(watched, processes)
        if reason is None and self._may_use_too_much(processes):
            self._measure(watched, processes)
        return reason

    def _measure(self, watched: Watched, processes: list[int]) -> None:
        """Measure its memory, unless that still goes on: for each process it waits until that one does not fork."""
        if watched in self._measuring:
            return
        self._measuring.add(watched)

        def work() -> None:
            try:
                self._end(watched, self._sees(watched, _MEASURED, lambda: self.measured(processes)))
            finally:
                self._measuring.discard(watched)

        try:
            threading.Thread(target=work, name="kernel-memory", daemon=True).start()
        except BaseException:
            self._measuring.discard(watched)
            raise

    def check(self, watched: Watched) -> str | None:
        """What the kernel did wrong, as a line for people; ``None`` when it is well."""
        processes = _processes(watched)
        reason = self.look(watched, processes)
        if reason is None and self._may_use_too_much(processes):
            reason = self.measured(processes)
        return reason

    def look(self, watched: Watched, processes: list[int]) -> str | None:
        """What can be seen of it without waiting for any of its processes."""
        limits = self._limits
        numbers = [vitals(pid) for pid in processes]
        self._spent[watched] = sum(ticks for _, ticks in numbers)
        if self._too_many(watched, len(processes), sum(count for count, _ in numbers)):
            return f"The kernel started more than {limits.kernel_processes} processes and was ended."
        if sum(map(opened, processes)) > _OPEN:
            return f"The kernel opened more than {_OPEN} files together and was ended."
        if sum(files(processes[-1], path) for path in watched.scratch if processes) > _FILES:
            return f"The kernel made more than {_FILES} files and was ended."
        if not only_sockets(watched.sockets):
            return "The kernel wrote where it may not and was ended."
        return None

    def measured(self, processes: list[int]) -> str | None:
        """What these use together."""
        used = sum(proportional(pid) for pid in processes)
        return memory_line(self._limits) if used > self._limits.kernel_memory_bytes else None

    def _may_use_too_much(self, processes: list[int]) -> bool:
        return sum(map(resident, processes)) > self._limits.kernel_memory_bytes

    def _too_many(self, watched: Watched, processes: int, total: int) -> bool:
        """Whether there are more than may be, or for some time as many as can be: a bomb that the limit holds."""
        most = self._limits.kernel_processes
        if total > most + 8:
            return True
        if processes < most / 2 or total < most * 7 / 8:
            self._full.pop(watched, None)
            return False
        return time.monotonic() - self._full.setdefault(watched, time.monotonic()) > _FULL_SECONDS


def _processes(watched: Watched) -> list[int]:
    return [] if watched.root is None else list(family(watched.root))


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
    except OSError as error:
        _only_gone(error)
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
    except OSError as error:
        _only_gone(error)
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
    except OSError as error:
        _only_gone(error)
        return 0
    return state.f_files - state.f_ffree


def only_sockets(directory: str) -> bool:
    """Whether nothing but a handful of sockets lies in it. A directory that is gone is well."""
    try:
        with os.scandir(directory) as entries:
            for number, entry in enumerate(entries):
                if number > 16 or not stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                    return False
    except OSError as error:
        _only_gone(error)
    return True


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError as error:
        _only_gone(error)
        return ""


def _only_gone(error: OSError) -> None:
    """Raise an error that does not say that the process, or the directory, is gone."""
    if error.errno in _BLIND:
        raise error
