"""Does the watch see what a kernel's processes use together?"""

from __future__ import annotations

import os
import queue
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import watch

MEGABYTE = 1_048_576


@contextmanager
def _python(code: str) -> Iterator[int]:
    """A process that prints a line when it is ready; its number."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        assert process.stdout.readline() == "ready\n"
        yield process.pid
    finally:
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()


WAIT = "print('ready', flush=True); import sys; sys.stdin.read()"


@pytest.fixture
def ji_process() -> Iterator[int]:
    """A process without others: the tests' own has whatever servers run for other tests."""
    with _python(WAIT) as pid:
        yield pid


def test_family_has_children_and_their_children() -> None:
    code = (
        "import os, sys\n"
        "r, w = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    if os.fork() == 0:\n"
        "        os.write(w, b'x')\n"
        "    sys.stdin.read(); os._exit(0)\n"
        f"os.read(r, 1); {WAIT}"
    )
    with _python(code) as pid:
        assert len(list(watch.family(pid))) == 3
        assert watch.children(pid) == [child for child in watch._numbers() if watch._parent(child) == pid]
    assert list(watch.family(2**22 + 1)) == []


def test_threads_are_counted() -> None:
    code = f"import threading\nfor _ in range(3): threading.Thread(target=input, daemon=True).start()\n{WAIT}"
    with _python(code) as pid:
        assert watch.threads(pid) == 4
    assert watch.threads(pid) == 0


def test_memory_is_counted_once_when_shared() -> None:
    code = f"import os\nx = bytearray(b'x') * 100_000_000\npids = [os.fork() for _ in range(1)]\n{WAIT}"
    code = code.replace("print('ready', flush=True)", "print('ready', flush=True) if pids[0] else None")
    with _python(code) as pid:
        found = list(watch.family(pid))
        assert len(found) == 2
        assert sum(map(watch.resident, found)) > 190_000_000
        assert 95_000_000 < sum(map(watch.proportional, found)) < 150_000_000


@pytest.mark.parametrize(
    ("limits", "words"),
    (
        ({"kernel_memory_bytes": 20 * MEGABYTE}, "20 MB of memory"),
        ({"kernel_processes": 1}, "more than 1 processes"),
        ({}, None),
    ),
)
def test_check_says_what_is_wrong(limits: dict[str, float], words: str | None, tmp_path: Path) -> None:
    code = (
        "import threading\nx = bytearray(b'x') * 50_000_000\n"
        f"for _ in range(12): threading.Thread(target=threading.Event().wait, daemon=True).start()\n{WAIT}"
    )
    with _python(code) as pid:
        reason = watch.Watch(Limits.checked(**limits)).check(watch.Watched(pid, str(tmp_path), print))
    assert reason is None if words is None else reason is not None and words in reason


def test_open_files_of_all_processes_count(tmp_path: Path) -> None:
    code = (
        "import os, resource\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (1024, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))\n"
        "held = [os.open('/dev/null', 0) for _ in range(1000)]\n"
        f"pids = [os.fork() for _ in range(5)]\n{WAIT}"
    )
    code = code.replace("print('ready', flush=True)", "print('ready', flush=True) if all(pids) else None")
    with _python(code) as pid:
        assert watch.opened(pid) > 1000
        reason = watch.Watch(Limits()).check(watch.Watched(pid, str(tmp_path), print))
    assert reason is not None and "4096 files" in reason
    assert watch.opened(2**22 + 1) == 0


def test_page_tables_count() -> None:
    code = (
        "import mmap\nheld = mmap.mmap(-1, 2**34, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ)\n"
        f"for place in range(0, 2**34, 2**21): held[place]\n{WAIT}"
    )
    with _python(code) as pid:
        assert watch.tables(pid) > 30_000_000
        assert watch.resident(pid) > watch.tables(pid) and watch.proportional(pid) > watch.tables(pid)


def test_a_bomb_that_its_limit_holds_is_told_after_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = f"import os\npids = [os.fork() for _ in range(3)]\n{WAIT}"  # eight processes
    code = code.replace("print('ready', flush=True)", "print('ready', flush=True) if all(pids) else None")
    now = 0.0
    monkeypatch.setattr("jupyter_interview.provisioners.watch.time.monotonic", lambda: now)
    with _python(code) as pid:
        watching = watch.Watch(Limits.checked(kernel_processes=8))
        watched = watch.Watched(pid, str(tmp_path), print)
        while len(list(watch.family(pid))) < 8:
            os.sched_yield()
        assert watching.check(watched) is None
        now = 1.9
        assert watching.check(watched) is None
        now = 2.1
        assert "8 processes" in str(watching.check(watched))
        assert watch.Watch(Limits.checked(kernel_processes=20)).check(watched) is None


def test_only_sockets(tmp_path: Path) -> None:
    assert watch.only_sockets(str(tmp_path / "gone"))
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "k-1"))
        assert watch.only_sockets(str(tmp_path))
        (tmp_path / "link").symlink_to("k-1")
        assert not watch.only_sockets(str(tmp_path))


def test_a_breach_is_told_once_from_the_thread(ji_process: int, tmp_path: Path) -> None:
    told: queue.Queue[str] = queue.Queue()
    watching = watch.Watch(Limits.checked(kernel_memory_bytes=1), interval=0.001)
    watching.add(watch.Watched(ji_process, str(tmp_path), told.put))
    assert "memory" in told.get(timeout=60)
    thread = watching._thread
    if thread is not None:
        thread.join(10)
    assert watching._thread is None and told.empty()


def test_a_kernel_that_cannot_be_looked_at_ends_no_watch(
    ji_process: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process may end between any two looks at it; the others are watched all the same."""
    failed, told = threading.Event(), queue.Queue[str]()
    real = watch.family

    def family(root: int) -> Iterator[int]:
        if root == 1:
            failed.set()
            raise IndexError("list index out of range")
        return real(root)

    monkeypatch.setattr(watch, "family", family)
    watching = watch.Watch(Limits.checked(kernel_memory_bytes=1), interval=0.001)
    broken = watch.Watched(1, str(tmp_path), told.put)
    watching.add(broken)
    assert failed.wait(10)
    watching.add(watch.Watched(ji_process, str(tmp_path), told.put))
    assert "memory" in told.get(timeout=60)
    watching.remove(broken)


NO_DESCRIPTORS = """
import os, queue, resource
from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import watch

told = queue.Queue()
watching = watch.Watch(Limits(), interval=0.01)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
watching.add(watch.Watched(os.getpid(), "/nosuch", told.put))
print(told.get(timeout=60))
"""


def test_a_kernel_that_nobody_can_look_at_is_ended() -> None:
    """The server is out of descriptors: the watch must not take that for a kernel that is well."""
    done = subprocess.run([sys.executable, "-c", NO_DESCRIPTORS], capture_output=True, text=True, timeout=120)
    assert done.stdout == "The server could not look after the kernel any more and ended it.\n", done.stderr
    assert done.stderr.count("A kernel could not be looked at") == 1, "it is logged once"


def test_a_kernel_whose_memory_is_slow_to_measure_holds_up_no_other(
    ji_process: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a process uses can be read only while it does not fork, and a bomb of many forks all the time."""
    begun, go_on, told = threading.Event(), threading.Event(), queue.Queue[str]()
    asked: list[int] = []

    def proportional(pid: int) -> int:
        asked.append(pid)
        begun.set()
        assert go_on.wait(150)
        return 2**40

    monkeypatch.setattr(watch, "proportional", proportional)
    watching = watch.Watch(Limits.checked(kernel_memory_bytes=1), interval=0.001)
    (tmp_path / "good").mkdir()
    watching.add(watch.Watched(ji_process, str(tmp_path / "good"), told.put))
    assert begun.wait(60), "it uses more than a byte"
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "file").touch()
    watching.add(watch.Watched(None, str(tmp_path / "bad"), told.put))
    assert "where it may not" in told.get(timeout=60)
    assert len(asked) == 1, "one measurement at a time"
    go_on.set()
    assert "memory" in told.get(timeout=60)


def test_a_process_that_just_ended_has_no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its list of threads is empty for a moment, before it is gone."""
    monkeypatch.setattr("os.listdir", lambda _path: [])
    assert watch.children(os.getpid()) == []


def test_an_idle_kernel_is_looked_at_rarely() -> None:
    pace = watch._Pace()
    spent = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 6, 7, 8]
    looks = []
    for number, ticks in enumerate(spent):
        if pace.due():
            looks.append(number)
            pace.looked(ticks)
    assert looks == [0, 1, 3, 7, 11, 12, 13]


def test_processor_time_is_seen() -> None:
    before = watch.vitals(os.getpid())[1]
    while sum(os.times()[:2]) * 100 < before + 5:
        pass
    assert watch.vitals(os.getpid())[1] > before
    assert watch.vitals(2**22 + 1) == (0, 0)
