"""How does a file or directory become one that nobody else of this machine can read?

What exists may have been made by an older version, or restored from a backup, with the permissions of those days.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Collection
from pathlib import Path

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700


def make_file(path: str) -> None:
    """An empty file that is private from its first byte, unless something is there.

    Raises:
        OSError: it cannot be made.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
    except FileExistsError:
        return


def tighten_file(path: str) -> str | None:
    """Take a file's permissions from all but its owner; a line for the operator where that fails.

    The file is never opened: closing a file takes away all of the process's locks on it, also SQLite's.
    """
    return _tighten(path, FILE_MODE)


def tighten_directory(path: Path, own: Collection[str]) -> str | None:
    """Take a directory's permissions from all but its owner; a line for the operator where that fails.

    Args:
        path: the directory.
        own: names of what may be in it. One with other things in it may be needed by others, and is left as it is.
    """
    try:
        foreign = sorted(name for name in os.listdir(path) if not name.startswith(".") and name not in own)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}."
    if foreign and _is_open(os.stat(path).st_mode):
        return (
            f"{path} can be read by other users of this machine, and was left so because there are other things in it "
            f"({foreign[0]}): take their permission away (chmod 700), or name a directory of its own."
        )
    return _tighten(str(path), DIRECTORY_MODE)


def lock(directory: Path) -> int | None:
    """Take a directory for this process alone, until it ends.

    Returns:
        A descriptor, which has to stay open; ``None`` where another process has the directory.

    Raises:
        OSError: there is no such directory.
    """
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _tighten(path: str, mode: int) -> str | None:
    try:
        found = stat.S_IMODE(os.stat(path).st_mode)
        if _is_open(found):
            os.chmod(path, found & mode)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{path} can be read by other users of this machine, and that could not be changed: {error.strerror}."
    return None


def _is_open(mode: int) -> bool:
    return bool(mode & 0o077)
