"""How are the contents of a log sealed, and who can open them?

Each member of each room has an AES-256 key, stored wrapped (RFC 3394) by the server's vault key, which is not in the
database. Whoever has the database alone reads nothing; destroying a member's key destroys what it sealed, in the
database and in every copy of it.

Contents are sealed with AES-256-GCM-SIV (RFC 8452) under a key of the event alone, which is made from the subject's key
and the event's number. So a single event can be erased as well: the subject's key is destroyed, and the keys of the
events that stay are kept. The nonce is the number of the field: nothing is stored beside the 16 bytes of the tag, and
sealing again gives the same bytes, so that an export that carries contents and keys can be checked against the chain.

A key and nonce may come again with another content: a batch that failed leaves its numbers to the next events, and a
database that was restored from a backup goes on from there. With plain GCM that would give away both contents and the
key of its authentication; GCM-SIV gives away no more than whether both were the same.
"""

from __future__ import annotations

import hmac
import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from sqlalchemy import Connection

from ..core.chain import text

PAYLOAD, DATA = 0, 1
# Keys of a room that are no member's: its own, and the one of what is derived from the log.
ROOM, DERIVED = 0, -1
KEY_BYTES = 32
_EVENT_KEY = b"jupyter-interview event key 1\n"
_SEQ = struct.Struct(">Q")
_NONCES = {PAYLOAD: bytes(12), DATA: bytes(11) + b"\1"}
_RANDOM_NONCE = 12


class VaultError(Exception):
    """A key cannot be unwrapped: this is not the vault that wrapped it."""


class Broken(Exception):
    """Something sealed does not open: it was changed, or the key is another."""


class EventSealer:
    """Seals and opens the contents of one event.

    Args:
        room: id of the room, encoded by `core.chain.text`.
        key: the event's own 32 bytes: `Sealer.key`.
    """

    __slots__ = ("_aead", "_room")

    def __init__(self, room: bytes, key: bytes) -> None:
        self._aead = AESGCMSIV(key)
        self._room = room

    def seal(self, field: int, content: bytes) -> bytes:
        """A content, sealed; ``field`` is `PAYLOAD` or `DATA`."""
        return self._aead.encrypt(_NONCES[field], content, self._room)

    def open(self, field: int, sealed: bytes) -> bytes:
        """What was sealed.

        Raises:
            Broken: it was changed, is another event's, or the key is another.
        """
        try:
            return self._aead.decrypt(_NONCES[field], sealed, self._room)
        except InvalidTag as error:
            raise Broken("a content does not open") from error


class Sealer:
    """Seals and opens the contents of one subject's events.

    Args:
        room: id of the room.
        key: the subject's 32 bytes.
    """

    __slots__ = ("_keyed", "_room")

    def __init__(self, room: str, key: bytes) -> None:
        self._keyed = hmac.new(key, _EVENT_KEY, "sha256")
        self._room = text(room)

    def key(self, seq: int) -> bytes:
        """The key of the event ``seq`` alone: it says nothing of the subject's or of other events'."""
        keyed = self._keyed.copy()
        keyed.update(_SEQ.pack(seq))
        return keyed.digest()

    def event(self, seq: int) -> EventSealer:
        """Seals and opens the event ``seq``."""
        return EventSealer(self._room, self.key(seq))

    def seal(self, seq: int, field: int, content: bytes) -> bytes:
        """A content of the event ``seq``, sealed; ``field`` is `PAYLOAD` or `DATA`."""
        return self.event(seq).seal(field, content)

    def open(self, seq: int, field: int, sealed: bytes) -> bytes:
        """What was sealed.

        Raises:
            Broken: it was changed, is another event's, or the key is another.
        """
        return self.event(seq).open(field, sealed)


class Vault:
    """The server's vault key.

    Args:
        secret: at least 32 random bytes.
    """

    def __init__(self, secret: bytes) -> None:
        if len(secret) < KEY_BYTES:
            raise ValueError(f"a vault's secret has at least {KEY_BYTES} bytes")
        self._key = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"jupyter-interview vault 1").derive(secret)

    def wrap(self, key: bytes) -> bytes:
        """A key as it may be stored: 40 bytes."""
        return aes_key_wrap(self._key, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The key.

        Raises:
            VaultError: another vault wrapped it, or it was changed.
        """
        try:
            return aes_key_unwrap(self._key, wrapped)
        except InvalidUnwrap as error:
            raise VaultError("This is not the vault that the keys in the database were wrapped with.") from error


def new_key() -> bytes:
    """A fresh random key."""
    return os.urandom(KEY_BYTES)


def seal_derived(key: bytes, label: str, content: bytes) -> bytes:
    """Something that is made from the log, and made again at will: hence a random nonce, 12 bytes in front.

    ``label`` says what it is; it opens under the same one only.
    """
    nonce = os.urandom(_RANDOM_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, label.encode())


def open_derived(key: bytes, label: str, sealed: bytes) -> bytes:
    """What `seal_derived` sealed.

    Raises:
        Broken: it was changed, is something else, or the key is another.
    """
    try:
        return AESGCM(key).decrypt(sealed[:_RANDOM_NONCE], sealed[_RANDOM_NONCE:], label.encode())
    except (InvalidTag, ValueError) as error:
        raise Broken(f"{label} does not open") from error


def vault_of(connection: Connection) -> Vault:
    """The vault of the database that a connection belongs to; `engine.open_engine` attached it."""
    vault = connection.get_execution_options().get("vault")
    assert isinstance(vault, Vault), "this connection was opened without a vault"
    return vault
