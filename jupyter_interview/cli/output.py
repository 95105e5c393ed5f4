"""How does a command write a large file, and tell how far it is?

A file is complete or not there: it is written beside its place under another name, and takes its own at the end.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

from ..core.errors import Conflict, StorageUnavailable

_QUIET_SECONDS = 1.0
_TERMINAL_SECONDS = 0.1
_LINES_SECONDS = 5.0


@contextlib.contextmanager
def whole_file(path: Path, *, replace: bool) -> Iterator[BinaryIO]:
    """A file to write to, that is at ``path`` once the block ended well, and nowhere otherwise.

    Args:
        path: its place.
        replace: whether what is there may be replaced.

    Raises:
        Conflict: something is there.
        StorageUnavailable: it cannot be written: full disk, no such folder, no right to.
    """
    if os.path.lexists(path) and not replace:
        raise Conflict(f"{path} is there already. --force replaces it.")
    try:
        number, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", suffix=".part", dir=path.parent)
    except OSError as error:
        raise _unwritten(path, error) from error
    try:
        with open(number, "wb") as file:
            yield file
            file.flush()
            os.fsync(number)
        _place(name, path, replace)
    except OSError as error:
        raise _unwritten(path, error) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _place(name: str, path: Path, replace: bool) -> None:
    if replace:
        os.replace(name, path)
        return
    try:
        # Unlike a rename, it fails where somebody made such a file in the meantime.
        os.link(name, path)
    except FileExistsError as error:
        raise Conflict(f"{path} is there already. --force replaces it.") from error
    except OSError:
        # A file system without hard links.
        os.rename(name, path)


def _unwritten(path: Path, error: OSError) -> StorageUnavailable:
    return StorageUnavailable(f"{path} could not be written: {error.strerror or error}. Nothing was left behind.")


class Progress:
    """Tells how far something is, once it takes more than a second.

    Args:
        what: a word for it, for instance ``Exported``.
        stream: where to; standard error by default.
    """

    def __init__(self, what: str, stream: TextIO | None = None) -> None:
        self._what = what
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._next = time.monotonic() + _QUIET_SECONDS
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        """``done`` of ``total`` is done."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (_TERMINAL_SECONDS if self._terminal else _LINES_SECONDS)
        self._shown = True
        share = min(1.0, done / total) if total else 1.0
        end = "" if self._terminal else "\n"
        start = "\r" if self._terminal else ""
        print(f"{start}{self._what}: {share:4.0%}", end=end, file=self._stream, flush=True)

    def close(self) -> None:
        """Leave the line."""
        if self._shown and self._terminal:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
