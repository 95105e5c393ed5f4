"""What does a browser that this program started have of the machine?"""

from __future__ import annotations

import psutil  # type: ignore[import-untyped]  # it has none

MEMORY = 2 << 30
"""Bytes that a small laptop has for one."""


def processes() -> list[psutil.Process]:
    """Those of Chromium among the children of this program."""
    return [process for process in psutil.Process().children(recursive=True) if "chrom" in process.name()]


def limit() -> None:
    """None of them gets more than `MEMORY`; what they start later inherits that."""
    for process in processes():
        process.rlimit(psutil.RLIMIT_DATA, (MEMORY, MEMORY))


def memory() -> int:
    """Bytes (PSS) that all of them have together: what they share counts once."""
    total = 0
    for process in processes():
        try:
            total += process.memory_full_info().pss
        except psutil.Error:  # gone meanwhile
            continue
    return total
