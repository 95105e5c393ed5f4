"""Does a run that met a limit say which, and does no other run say so?"""

from __future__ import annotations

import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import JSON
from jupyter_interview.execution.hints import Words, limit_line

LIMITS = Limits()
MEMORY = "The limit of 1024 MB of memory was met."
PROCESSES = "The limit of 128 processes and threads was met."
ONE_FILE = "The limit of 256 MB for one file was met."
SCRATCH = "The limit of 256 MB for files in home and /tmp was met."
OPEN_FILES = "The limit of open files was met."


@pytest.mark.parametrize(
    ("words", "line"),
    (
        ("MemoryError: ", MEMORY),
        ("OSError: [Errno 12] Cannot allocate memory", MEMORY),
        ("terminate called after throwing an instance of 'std::bad_alloc'", MEMORY),
        ("java.lang.OutOfMemoryError: Java heap space", MEMORY),
        ("fatal error: runtime: out of memory", MEMORY),
        ("memory allocation of 4294967296 bytes failed", MEMORY),
        ("pid = os.fork()\nBlockingIOError: [Errno 11] Resource temporarily unavailable", PROCESSES),
        ("self.pid = _fork_exec(\nBlockingIOError: [Errno 11] Resource temporarily unavailable", PROCESSES),
        ("RuntimeError: can't start new thread", PROCESSES),
        ("bash: fork: retry: Resource temporarily unavailable", PROCESSES),
        ("java.lang.OutOfMemoryError: unable to create native thread: possibly out of memory", PROCESSES),
        ("runtime: failed to create new OS thread (have 5 already; errno=11)", PROCESSES),
        ("OSError: [Errno 27] File too large", ONE_FILE),
        ("OSError: [Errno 28] No space left on device", SCRATCH),
        ("OSError: [Errno 24] Too many open files: 'x'", OPEN_FILES),
        ("sock.recv(1)\nBlockingIOError: [Errno 11] Resource temporarily unavailable", None),
        ("ZeroDivisionError: division by zero", None),
        ("", None),
    ),
)
def test_words_and_lines(words: str, line: str | None) -> None:
    assert limit_line(words, LIMITS) == line


def test_the_limits_in_force_are_named() -> None:
    assert limit_line("MemoryError", Limits(kernel_memory_bytes=2 * 1024**3)) == MEMORY.replace("1024", "2048")
    assert limit_line("can't start new thread", Limits(kernel_processes=7)) == PROCESSES.replace("128", "7")


def test_an_error_counts_before_what_was_written_earlier() -> None:
    words = Words()
    words.hear("stream", {"name": "stderr", "text": "MemoryError\n"})
    words.hear("error", {"ename": "OSError", "evalue": "[Errno 28] No space left on device", "traceback": ["x"]})
    assert words.limit(LIMITS) == SCRATCH


def test_only_the_end_of_stderr_counts_and_stdout_does_not() -> None:
    words = Words()
    words.hear("stream", {"name": "stdout", "text": "MemoryError"})
    words.hear("stream", {"name": "stderr", "text": "MemoryError"})
    assert words.limit(LIMITS) == MEMORY
    words.hear("stream", {"name": "stderr", "text": "x" * 5_000})
    assert words.limit(LIMITS) is None


def test_hostile_words_are_taken_for_none() -> None:
    words = Words()
    hostile: list[JSON] = [{}, {"traceback": 5, "ename": [1], "evalue": None}, {"traceback": [None, "\ud800", {}]}]
    for content in hostile:
        words.hear("error", content)
        words.hear("stream", {"name": "stderr", **content})
    words.hear("stream", {"name": "stderr", "text": {"a": 1}})
    assert words.limit(LIMITS) is None


def test_a_broken_kernel_is_told_from_a_failed_cell() -> None:
    words = Words()
    words.hear("stream", {"name": "stderr", "text": 'File "/x/site-packages/ipykernel/iostream.py"\nMemoryError'})
    assert words.kernel_broke
    words.hear("error", {"ename": "MemoryError", "evalue": "", "traceback": ["/x/IPython/core/x.py"]})
    assert not words.kernel_broke
