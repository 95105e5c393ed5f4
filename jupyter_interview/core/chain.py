"""What exactly is hashed of an event, and what does the server sign?

Each event's hash is SHA-256 over the hash of its predecessor and a canonical encoding of the event as it is stored,
that is with its contents sealed. So the chain can be checked without any key, and still holds when a key was destroyed.
The format with test vectors is in `docs/developers/event-log.md`; a change of it is a new format with another first
line.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

GENESIS = bytes(32)
_EVENT = b"jupyter-interview event 1\n"
_HEAD = b"jupyter-interview head 1\n"
_KEY = b"jupyter-interview key 1\n"
_LENGTH = struct.Struct(">I")
_MOMENT = struct.Struct(">Qq")
_AT = struct.Struct(">q")
_NO_LENGTH = 0xFFFFFFFF
_NONE = _LENGTH.pack(_NO_LENGTH)
# Authors and subjects of one log are few; those of a file may be anything, and should not stay.
_LINKERS = 64

Linker: TypeAlias = Callable[[bytes, int, int, int, int, "bytes | None", "bytes | None"], bytes]
"""What `linker` gives."""


@dataclass(frozen=True, slots=True)
class Link:
    """An event as the chain sees it.

    Attributes:
        room: id of the room whose log it is of.
        seq: its number, from 1.
        at: its moment in microseconds since 1970 (UTC).
        kind: number of its kind.
        connection: number of the socket it came by; 0 for none.
        member: id of its author; empty for the server.
        subject: id of the member with whose key it is sealed; empty for the room's own.
        payload: sealed JSON, or none.
        data: sealed bytes, or none.
        hash: what is said to be its hash.
        previous: what is said to be the hash of the event before it; ``None`` where nothing is said.
    """

    room: str
    seq: int
    at: int
    kind: int
    connection: int
    member: str
    subject: str
    payload: bytes | None
    data: bytes | None
    hash: bytes
    previous: bytes | None = None

    def follows(self, previous: bytes) -> bytes:
        """The hash that it has after an event with the hash ``previous``.

        Raises:
            OverflowError: a number of it cannot be in a log.
        """
        return linker(self.room, self.member, self.subject)(
            previous, self.seq, self.at, self.kind, self.connection, self.payload, self.data
        )


def text(value: str) -> bytes:
    """An identifier: the length of its UTF-8 as u32, then the UTF-8."""
    encoded = value.encode("utf-8", "surrogatepass")
    return _LENGTH.pack(len(encoded)) + encoded


@lru_cache(_LINKERS)
def linker(room: str, member: str, subject: str) -> Linker:
    """What hashes the events of one author and subject in a room: what their encodings have in common is prepared.

    A function that keeps all of it at hand, since the writer calls it for each keystroke.

    Args:
        room: id of the room.
        member: id of the author.
        subject: id of the subject.

    Returns:
        ``link(previous, seq, at, kind, connection, payload, data)``: the hash of an event after one with the hash
        ``previous``, 32 bytes like that. It raises `OverflowError` where a number is out of the range of its field.
    """
    place, people = _EVENT + text(room), text(member) + text(subject)
    form, none = f">32s{len(place)}sQqHQ", people + _NONE
    pack = struct.Struct(f"{form}{len(people)}sI").pack
    pack_data = struct.Struct(f"{form}{len(none)}sI").pack
    length, refused, sha256 = _LENGTH.pack, struct.error, hashlib.sha256

    def link(
        previous: bytes, seq: int, at: int, kind: int, connection: int, payload: bytes | None, data: bytes | None
    ) -> bytes:
        try:
            if payload is None and data is not None:
                return sha256(pack_data(previous, place, seq, at, kind, connection, none, len(data)) + data).digest()
            if payload is None:
                encoded = pack_data(previous, place, seq, at, kind, connection, none, _NO_LENGTH)
                return sha256(encoded).digest()
            encoded = pack(previous, place, seq, at, kind, connection, people, len(payload))
            rest = _NONE if data is None else length(len(data)) + data
        except refused as error:
            raise OverflowError(str(error)) from error
        return sha256(encoded + payload + rest).digest()

    return link


def head_message(room: str, seq: int, at: int, digest: bytes) -> bytes:
    """What the server signs when an interview ends: that the room's log up to event ``seq`` has the hash ``digest``.

    Raises:
        OverflowError: a number is out of the range of its field.
    """
    return b"".join((_HEAD, text(room), _pack(_MOMENT, seq, at), digest))


def key_message(new: bytes, old: bytes, at: int) -> bytes:
    """What the keys ``old`` and ``new`` both sign when the one takes the other's place: public keys of 32 bytes.

    Raises:
        OverflowError: the moment is out of the range of its field.
    """
    return b"".join((_KEY, new, old, _pack(_AT, at)))


def _pack(form: struct.Struct, *numbers: int) -> bytes:
    try:
        return form.pack(*numbers)
    except struct.error as error:
        raise OverflowError(str(error)) from error
