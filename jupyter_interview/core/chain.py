"""What exactly is hashed of an event, and what does the server sign?

Each event's hash is SHA-256 over the hash of its predecessor and a canonical encoding of the event as it is stored,
that is with its contents sealed. So the chain can be checked without any key, and still holds when a key was destroyed.
The format with test vectors is in `docs/developers/event-log.md`; a change of it is a new format with another first
line.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

GENESIS = bytes(32)
_EVENT = b"jupyter-interview event 1\n"
_HEAD = b"jupyter-interview head 1\n"
_KEY = b"jupyter-interview key 1\n"
_NUMBERS = struct.Struct(">QqHQ")
_LENGTH = struct.Struct(">I")
_MOMENT = struct.Struct(">Qq")
_AT = struct.Struct(">q")
_NONE = b"\xff\xff\xff\xff"
_sha256, _numbers, _length = hashlib.sha256, _NUMBERS.pack, _LENGTH.pack


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
        return link(
            previous,
            text(self.room),
            self.seq,
            self.at,
            self.kind,
            self.connection,
            text(self.member),
            text(self.subject),
            self.payload,
            self.data,
        )


def text(value: str) -> bytes:
    """An identifier: the length of its UTF-8 as u32, then the UTF-8."""
    encoded = value.encode("utf-8", "surrogatepass")
    return _LENGTH.pack(len(encoded)) + encoded


def link(
    previous: bytes,
    room: bytes,
    seq: int,
    at: int,
    kind: int,
    connection: int,
    member: bytes,
    subject: bytes,
    payload: bytes | None,
    data: bytes | None,
) -> bytes:
    """The hash of an event: 32 bytes. ``room``, ``member`` and ``subject`` are encoded by `text`.

    Raises:
        OverflowError: a number is out of the range of its field.
    """
    return linked(previous, place(room), seq, at, kind, connection, member + subject, payload, data)


def place(room: bytes) -> bytes:
    """What the encodings of all events of a room begin with: `linked` takes it, so that a writer makes it once."""
    return _EVENT + room


def linked(
    previous: bytes,
    beginning: bytes,
    seq: int,
    at: int,
    kind: int,
    connection: int,
    people: bytes,
    payload: bytes | None,
    data: bytes | None,
) -> bytes:
    """`link`, with what stays the same prepared: the room's `place`, and author and subject joined.

    Raises:
        OverflowError: a number is out of the range of its field.
    """
    try:
        numbers = _numbers(seq, at, kind, connection)
    except struct.error as error:
        raise OverflowError(str(error)) from error
    encoded = b"%b%b%b%b%b%b" % (
        previous,
        beginning,
        numbers,
        people,
        _NONE if payload is None else _length(len(payload)) + payload,
        _NONE if data is None else _length(len(data)) + data,
    )
    return _sha256(encoded).digest()


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
