"""What lies in a kernel's private directory, and what is left of it after a crash?

Sockets, of which nothing is believed because the kernel may write there, and the room's files, which it can only read.
"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ..core.errors import BadRequest
from ..core.text import is_file_name
from . import launch

_YOUNG_SECONDS = 900.0


def is_listening(path: Path) -> bool:
    """Whether ``path`` itself is a socket, not a link to one, on which somebody listens."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            return False
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            probe.connect(str(path))
    except OSError:
        return False
    return True


def sweep(runtime_dir: str) -> None:
    """Remove what the kernels of a killed server have left. Young directories stay: another server may be at work."""
    try:
        directories = [Path(entry.path) for entry in os.scandir(runtime_dir) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return
    for directory in directories:
        sockets = directory / "s"
        if not sockets.is_dir() or is_listening(sockets / f"{launch.SOCKET_NAME}-1"):
            continue
        with suppress(OSError):
            if time.time() - directory.stat().st_mtime > _YOUNG_SECONDS:
                shutil.rmtree(directory, ignore_errors=True)


def write_files(folder: Path, files: Mapping[str, bytes], workshop: Path) -> None:
    """Write files that everybody can read and nobody write, each whole or not at all.

    Args:
        folder: where they are to appear.
        files: contents by plain name.
        workshop: a private directory on the same file system.

    Raises:
        BadRequest: a name is not that of a plain file; then nothing was written.
    """
    for name in files:
        check_name(name)
    for name, content in files.items():
        descriptor, draft = tempfile.mkstemp(dir=workshop)
        try:
            with open(descriptor, "wb") as file:
                file.write(content)
                os.fchmod(file.fileno(), 0o444)
            os.replace(draft, folder / name)
        except BaseException:
            os.unlink(draft)
            raise


def check_name(name: str) -> None:
    """Whether ``name`` can be a file in a room's folder.

    Raises:
        BadRequest: it is empty, too long, leads elsewhere, or has characters that no file name has.
    """
    if not is_file_name(name):
        raise BadRequest(f"{name[:80]!r} cannot be the name of a file: use a plain name such as orders.csv.")
