"""How is an error told where no memory is left?

By memory that was put aside: it is given up when a cell meets its limit, and taken again once there is enough.
"""

from __future__ import annotations

import mmap
from contextlib import suppress

#: What IPython needs to describe an error, many times over. Never written to: it costs the machine nothing.
RESERVE_BYTES = 32 * 1_048_576


class Reserve:
    """Memory of this process that counts against its limit, and is there when somebody gives it up."""

    def __init__(self) -> None:
        self._held: mmap.mmap | None = None

    def take(self) -> None:
        """Put it aside, where as much again is left."""
        if self._held is None:
            with suppress(OSError, ValueError, MemoryError):
                mmap.mmap(-1, 2 * RESERVE_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
                self._held = mmap.mmap(-1, RESERVE_BYTES, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def give_up(self) -> None:
        """Let others have it."""
        if self._held is not None:
            self._held.close()
            self._held = None
