"""How does a command write a large file, tell how far it is, and say what it found?

What a command says goes through `say`: titles, names and messages come from others, and a terminal obeys what it
prints. A file is complete or not there: it is written beside its place under another name, and takes its own at the
end.
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
from ..core.text import visible

_QUIET_SECONDS = 1.0
_TERMINAL_SECONDS = 0.1
_LINES_SECONDS = 5.0
_BRIEF_CHARS = 200


def say(*fields: str, error: bool = False, end: str = "\n") -> None:
    """Print one line, in which nothing of others ends the line, moves the cursor or hides something.

    Args:
        fields: what it says; several are separated by tabs.
        error: whether it goes to standard error.
        end: what comes behind it.
    """
    print("\t".join(map(visible, fields)), end=end, file=sys.stderr if error else sys.stdout, flush=True)


def tell(text: str, *, error: bool = False) -> None:
    """Print lines that others may have written in part: only the first begins at the margin."""
    first, *others = text.split("\n")
    say(first, error=error)
    for line in others:
        say(f"  {line}" if line and not line.startswith(" ") else line, error=error)


def page(text: str, *, error: bool = False) -> None:
    """Print a text that has nothing of others in it, as it stands."""
    print(text, end="" if text.endswith("\n") else "\n", file=sys.stderr if error else sys.stdout)


def brief(text: str) -> str:
    """A name or title in a line of its own words: no spaces that push what follows to where a line begins."""
    text = " ".join(text.split())
    return text if len(text) <= _BRIEF_CHARS else f"{text[: _BRIEF_CHARS - 1]}…"


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
