"""Which of our limits made a run fail?

What a program hears from the system when it meets a limit (``MemoryError``, ``EAGAIN``, ``ENOSPC``) does not say that
there is one, nor how much it is. From the words of a failed run this finds the line that does. The words are the
candidate's: whoever forges them gets a line in his own cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ..core.limits import Limits
from ..core.models import JSON
from ..core.quantities import as_count
from . import shapes

_MEGABYTE = 1_048_576
_TAIL = 4_000
_OWN_WORK = re.compile(r"/(ipykernel|IPython/core)/")

#: Words in an error or on stderr → the line. The first that is found counts: Java says "memory" when it means threads.
_LINES: tuple[tuple[str, Callable[[Limits], str]], ...] = (
    (
        r"can't start new thread|unable to create native thread|failed to create new os thread"
        r"|(fork|spawn|thread)[\s\S]*(\[errno 11\]|resource temporarily unavailable)|fork: retry",
        lambda limits: f"The limit of {as_count(limits.kernel_processes)} processes and threads was met.",
    ),
    (
        r"\bmemoryerror\b|\[errno 12\]|cannot allocate memory|bad_alloc|out of memory|outofmemory|memory allocation of",
        lambda limits: f"The limit of {limits.kernel_memory_bytes // _MEGABYTE} MB of memory was met.",
    ),
    (
        r"\[errno 27\]|file too large|file size limit exceeded",
        lambda limits: f"The limit of {limits.kernel_file_bytes // _MEGABYTE} MB for one file was met.",
    ),
    (
        r"\[errno 28\]|no space left on device",
        lambda limits: (
            f"The limit of {limits.kernel_scratch_bytes // _MEGABYTE} MB for files in home and /tmp was met."
        ),
    ),
    (r"\[errno 24\]|too many open files", lambda _: "The limit of open files was met."),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), line) for pattern, line in _LINES)


class Words:
    """Listens to what one run says about its failure: its errors, and the end of its stderr."""

    def __init__(self) -> None:
        self._error = ""
        self._stderr = ""

    def hear(self, kind: str, content: JSON) -> None:
        """Take one iopub message, which may be anything."""
        if kind == "error":
            traceback = content.get("traceback")
            told = [*(traceback if isinstance(traceback, list) else []), content.get("ename"), content.get("evalue")]
            self._error = "\n".join(filter(None, map(shapes.text, told)))[-_TAIL:]
        elif kind == "stream" and content.get("name") == "stderr":
            self._stderr = (self._stderr + (shapes.text(content.get("text")) or "")[-_TAIL:])[-_TAIL:]

    @property
    def kernel_broke(self) -> bool:
        """Whether the limit was met in the midst of a Python kernel's own work: such a one holds on to what it has."""
        return not self._error and _OWN_WORK.search(self._stderr) is not None

    def limit(self, limits: Limits) -> str | None:
        """The line about the limit that the run met; ``None`` where it does not look like one."""
        return limit_line(self._error, limits) or limit_line(self._stderr, limits)


def limit_line(words: str, limits: Limits) -> str | None:
    """The line for people about the limit that ``words``, an error's or a program's last, speak of."""
    return next((line(limits) for pattern, line in _PATTERNS if pattern.search(words)), None)
