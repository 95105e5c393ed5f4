"""With which key does the server sign what it recorded, and why should anybody believe that key?

One Ed25519 key signs at a time. A rotation makes a new one, says so under the signatures of both, and destroys the old
private key. So whoever trusts one key of the server, because it was published or handed over, can follow the statements
to all of them. Everything is in the file ``signing.json`` in the data directory, mode 0600, replaced as a whole.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import secrets
import stat
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ..core import clock
from ..core.chain import key_message
from ..core.errors import StorageUnavailable
from .secrets import SecretFileError

_log = logging.getLogger(__name__)
_BYTES = 32
_SIGNATURE = 64
_MAX_BYTES = 16 * 1024 * 1024
_ADVICE = "Put that right, or restore it from a backup; without it nobody can tell this server's signatures."


class BadKeys(ValueError):
    """Statements about keys that are malformed."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One public key of a server, and how it came to be.

    Attributes:
        public_key: 32 bytes.
        since: microseconds since 1970.
        previous: the public key that it replaced; ``None`` for the first.
        signature: of `core.chain.key_message` by the previous key.
        countersignature: of the same by this key.
    """

    public_key: bytes
    since: int
    previous: bytes | None = None
    signature: bytes = b""
    countersignature: bytes = b""

    @property
    def id(self) -> str:
        """The key's id."""
        return key_id(self.public_key)

    @property
    def holds(self) -> bool:
        """Whether both keys say that the one replaced the other."""
        if self.previous is None:
            return False
        message = key_message(self.public_key, self.previous, self.since)
        return _verifies(self.previous, self.signature, message) and _verifies(
            self.public_key, self.countersignature, message
        )

    def to_json(self) -> dict[str, Any]:
        """As it is stored and exported: bytes in base64."""
        return {
            "id": self.id,
            "public_key": _encode(self.public_key),
            "since": self.since,
            "previous": None if self.previous is None else _encode(self.previous),
            "signature": _encode(self.signature),
            "countersignature": _encode(self.countersignature),
        }


def read_statements(value: Any) -> list[Statement]:
    """Statements from their JSON.

    Raises:
        BadKeys: that is not what it is.
    """
    try:
        return [
            Statement(
                _decode(item["public_key"], _BYTES),
                _moment(item["since"]),
                None if item["previous"] is None else _decode(item["previous"], _BYTES),
                _decode(item["signature"], _SIGNATURE, 0),
                _decode(item["countersignature"], _SIGNATURE, 0),
            )
            for item in value
        ]
    except (TypeError, KeyError) as error:
        raise BadKeys("this is no list of a server's keys") from error


def key_id(public_key: bytes) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of a public key."""
    return hashlib.sha256(public_key).hexdigest()[:16]


def vouched(statements: Sequence[Statement], trusted: Collection[bytes]) -> frozenset[bytes]:
    """All public keys that the trusted ones vouch for, by the rotations in ``statements``, and they themselves."""
    found = set(trusted)
    links = [(item.previous, item.public_key) for item in statements if item.previous is not None and item.holds]
    grown = True
    while grown:
        grown = False
        for old, new in links:
            if (old in found) != (new in found):
                found |= {old, new}
                grown = True
    return frozenset(found)


class TrustedKeys:
    """The Protocol `core.ports.Signatures`.

    Args:
        trusted: public keys whose signatures count; ``None`` for any key, as long as the signature is genuine.
    """

    def __init__(self, trusted: Collection[bytes] | None) -> None:
        self._trusted = None if trusted is None else frozenset(trusted)

    def holds(self, key: str, public_key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether it is a signature of this key, and the id is the key's."""
        return key == key_id(public_key) and _verifies(public_key, signature, message)

    def trusts(self, public_key: bytes) -> bool:
        """Whether the key is one of the trusted."""
        return self._trusted is None or public_key in self._trusted


class SigningKeys:
    """The keys of this server: the Protocols `core.ports.Signer` and `core.ports.Signatures`.

    The file is read each time, so that a rotation counts at once, and made with a first key when it is not there.

    Args:
        path: of the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def sign(self, message: bytes) -> tuple[str, bytes, bytes]:
        """The id and the public key of the newest key, and its signature.

        Raises:
            StorageUnavailable: the file cannot be used.
        """
        try:
            private, statements = self._load()
        except SecretFileError as error:
            _log.error("%s", error)
            raise StorageUnavailable(
                "The server cannot sign the log of this interview. Its operator finds the reason in the server's log."
            ) from error
        return statements[-1].id, statements[-1].public_key, private.sign(message)

    def holds(self, key: str, public_key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether it is a signature of this key, and the id is the key's."""
        return TrustedKeys(None).holds(key, public_key, signature, message)

    def trusts(self, public_key: bytes) -> bool:
        """Whether it is a key of this server, of now or before."""
        return any(item.public_key == public_key for item in self.statements())

    def statements(self) -> list[Statement]:
        """The keys, oldest first.

        Raises:
            SecretFileError: the file cannot be used.
        """
        return self._load()[1]

    def to_json(self) -> list[dict[str, Any]]:
        """The statements as they go into exports.

        Raises:
            SecretFileError: the file cannot be used.
        """
        return [statement.to_json() for statement in self.statements()]

    def rotate(self) -> Statement:
        """Make a new key, let both vouch for the change, and destroy the old private key.

        Raises:
            SecretFileError: the file cannot be used.
        """
        old, statements = self._load()
        new, now = Ed25519PrivateKey.generate(), max(clock.now(), statements[-1].since + 1)
        previous, public = statements[-1].public_key, new.public_key().public_bytes_raw()
        message = key_message(public, previous, now)
        statement = Statement(public, now, previous, old.sign(message), new.sign(message))
        self._store(new, [*statements, statement], replace=True)
        return statement

    # -- the file

    def _load(self) -> tuple[Ed25519PrivateKey, list[Statement]]:
        try:
            return self._read()
        except FileNotFoundError:
            pass
        private = Ed25519PrivateKey.generate()
        first = Statement(private.public_key().public_bytes_raw(), clock.now())
        try:
            self._store(private, [first], replace=False)
            return self._read()
        except OSError as error:
            raise self._unusable(f"cannot be made: {error.strerror}") from error

    def _read(self) -> tuple[Ed25519PrivateKey, list[Statement]]:
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise
        except OSError as error:
            raise self._unusable(f"cannot be read: {error.strerror}") from error
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                raise self._unusable("is not a regular file of this user")
            if status.st_mode & 0o077:
                raise self._unusable(f"is open to other users (mode {stat.S_IMODE(status.st_mode):04o})")
            content = os.read(descriptor, _MAX_BYTES)
        finally:
            os.close(descriptor)
        try:
            value = json.loads(content)
            private = Ed25519PrivateKey.from_private_bytes(_decode(value["private_key"], _BYTES))
            statements = read_statements(value["keys"])
            fits = bool(statements) and statements[-1].public_key == private.public_key().public_bytes_raw()
        except (ValueError, TypeError, KeyError):
            fits = False
        if not fits:
            raise self._unusable("is damaged")
        return private, statements

    def _store(self, private: Ed25519PrivateKey, statements: Sequence[Statement], *, replace: bool) -> None:
        """The file appears under its name only when it is complete and on the disk."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        value = {"private_key": _encode(private.private_bytes_raw()), "keys": [item.to_json() for item in statements]}
        draft = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                json.dump(value, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                os.replace(draft, self._path)
            else:
                try:
                    os.link(draft, self._path)
                except FileExistsError:
                    return
        finally:
            draft.unlink(missing_ok=True)

    def _unusable(self, what: str) -> SecretFileError:
        return SecretFileError(f"The file of signing keys {self._path} {what}. {_ADVICE}")


def _verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()


def _decode(value: Any, *sizes: int) -> bytes:
    if not isinstance(value, str):
        raise BadKeys("bytes are written in base64")
    try:
        found = base64.b64decode(value, validate=True)
    except ValueError as error:
        raise BadKeys("bytes are written in base64") from error
    if len(found) not in sizes:
        raise BadKeys("a key or signature has a wrong size")
    return found


def _moment(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    raise BadKeys("a moment is a number of microseconds")
