"""Where does the server keep its secret, and how does it make others?

The secret file lies in Jupyter's data directory with mode 0600 and is made once, on the first start. A file that others
can read is refused, not repaired: whoever could read it can sign tokens for as long as it is in use, and a silent
`chmod` would hide that. The error says what to do.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from pathlib import Path

SECRET_BYTES = 32
_NEW_BYTES = 64
_MAX_BYTES = 4_096
_RENEW = "Remove it and start again; everybody has to log in and join anew."


class SecretFileError(Exception):
    """The secret file cannot be used; the message is for the operator and says what to do."""


def load_secret(path: Path, advice: str = _RENEW) -> bytes:
    """The secret in the file ``path``, which is made with 64 random bytes if it is not there.

    Several servers may start at the same moment: one makes the file, all return its content.

    Args:
        path: of the file.
        advice: what the operator is told to do about a file that cannot be used.

    Raises:
        SecretFileError: the file is no regular file of this user, can be read or written by others, has a wrong
            size, or cannot be made.
    """
    try:
        return _read(path, advice)
    except FileNotFoundError:
        pass
    try:
        _create(path)
        return _read(path, advice)
    except OSError as error:
        raise SecretFileError(f"The secret file {path} cannot be made: {error.strerror}.") from error


def new_secret() -> str:
    """A random text of 256 bits for a link: 43 characters that need no quoting in a URL."""
    return secrets.token_urlsafe(SECRET_BYTES)


def hash_secret(secret: str) -> str:
    """What the database keeps of a text from `new_secret`: SHA-256 in hex.

    A fast hash is enough, as 256 random bits cannot be guessed; never use it for a password.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def secret_matches(secret: str, stored: str) -> bool:
    """Whether ``stored`` is the `hash_secret` of ``secret``, in a time that does not tell how much of it fits."""
    return hmac.compare_digest(hash_secret(secret).encode(), stored.encode("utf-8", "surrogatepass"))


def _create(path: Path) -> None:
    """Make the file unless there is one. It appears under its name only when it is complete and on the disk."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_NEW_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        _sync_directory(path.parent)
    finally:
        draft.unlink()


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, advice: str) -> bytes:
    try:
        # O_NONBLOCK: opening a named pipe would wait for a writer for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = "it is a symbolic link" if path.is_symlink() else error.strerror
        raise SecretFileError(f"The secret file {path} cannot be read: {reason}.") from error
    try:
        _check(path, os.fstat(descriptor), advice)
        return os.read(descriptor, _MAX_BYTES)
    finally:
        os.close(descriptor)


def _check(path: Path, status: os.stat_result, renew: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretFileError(f"The secret file {path} is not a regular file. {renew}")
    if status.st_uid != os.geteuid():
        raise SecretFileError(f"The secret file {path} belongs to another user. {renew}")
    if status.st_mode & 0o077:
        mode = stat.S_IMODE(status.st_mode)
        raise SecretFileError(f"The secret file {path} is open to other users (mode {mode:04o}). {renew}")
    if not SECRET_BYTES <= status.st_size <= _MAX_BYTES:
        raise SecretFileError(
            f"The secret file {path} has {status.st_size} bytes, not {SECRET_BYTES} to {_MAX_BYTES}. {renew}"
        )
