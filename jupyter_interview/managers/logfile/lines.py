"""How is the log of a room written into a file, line by line?

A log file is JSON Lines in UTF-8: a header, one line for each event in order, each signed head right behind the event
that it signs, and a last line that seals the file itself. `docs/developers/log-file.md` is the specification. Each
line has exactly one form (keys in their order, no white space), so that every bit of a file counts: a line that is not
what `line` makes of its own content was changed.

An exported log carries the keys that the contents are sealed with, and the contents in the clear: whoever reads it
seals them again, and gets the bytes over which the chain was made. `reader` does.
"""

from __future__ import annotations

import base64
import json
import struct
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...core import clock
from ...core.chain import Link
from ...core.models import JSON, EventKind, Head, Member, Room

FORMAT = "jupyter-interview log"
VERSION = 1
LINE_BYTES = 96 * 1024 * 1024
"""No line is longer: the largest event holds a whole document, in base64."""
HEADER_KEYS = ("format", "version", "room", "members", "last_seq", "keys")
ROOM_KEYS = (
    "id",
    "title",
    "language",
    "state",
    "created_at",
    "started_at",
    "ended_at",
    "settings",
    "tags",
    "files",
    "damage",
    "key",
)
MEMBER_KEYS = ("id", "name", "email", "role", "state", "joined_at", "left_at", "switches", "key")
EVENT_KEYS = ("seq", "at", "ts", "kind", "member", "subject", "connection", "payload", "data", "previous", "hash")
WITHHELD = "sealed"
REDACTION = "redaction"
OWN_KEY = "key"
HEAD_KEYS = ("seq", "at", "hash", "key_id", "public_key", "signature")
EXPORT_KEYS = ("at", "sha256", "key_id", "public_key", "signature")
_EXPORT = b"jupyter-interview export 1\n"


@dataclass(frozen=True, slots=True)
class FileMember:
    """A member as a log file has it; ``key`` is ``None`` where there is none (any more)."""

    id: str
    name: str
    email: str | None
    role: str
    state: str
    joined_at: int
    left_at: int | None
    switches: Mapping[str, bool]
    key: bytes | None


@dataclass(frozen=True, slots=True)
class FileHeader:
    """The first line.

    Attributes:
        room, key: the room, and the key of what is nobody's.
        members: everybody, in order.
        last_seq: number of the last event in the file.
        statements: what the keys of the server that exported say of each other (`auth.signing`), as JSON.
    """

    room: Mapping[str, Any]
    members: tuple[FileMember, ...]
    last_seq: int
    key: bytes | None
    statements: tuple[JSON, ...] = ()

    @property
    def room_id(self) -> str:
        """The room's id."""
        found: str = self.room["id"]
        return found


@dataclass(frozen=True, slots=True)
class FileEvent:
    """An event as a log file has it.

    Attributes:
        link: the event as it is stored and chained.
        payload, data: the content in the clear; ``None`` also where it is withheld.
        withheld: whether the file has the sealed content alone.
        redaction: what replaces the data of an erased event.
        key: the event's own key, where its subject's key is gone and the event stayed.
    """

    link: Link
    payload: JSON | None = None
    data: bytes | None = None
    withheld: bool = False
    redaction: bytes | None = None
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """The last line: the server's signature over the SHA-256 of all lines before it, made at ``at``."""

    at: int
    sha256: bytes
    key_id: str
    public_key: bytes
    signature: bytes


def line(content: Mapping[str, Any]) -> bytes:
    """The only form of a line.

    Raises:
        ValueError: it cannot be written: no Unicode, no number.
    """
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n").encode()


def text_of(content: bytes | None) -> str | None:
    """Bytes as base64 (RFC 4648, section 4); ``None`` stays ``None``."""
    return None if content is None else base64.b64encode(content).decode()


def header_line(
    room: Room, members: list[Member], keys: Mapping[int, bytes], last_seq: int, statements: Sequence[JSON] = ()
) -> bytes:
    """The first line.

    Args:
        room: the room as it stands.
        members: all of its members, in order.
        keys: of members by their key in the database, and the room's at 0; who is not in it has none.
        last_seq: number of the last event that the file will have.
        statements: what the server's keys say of each other.
    """
    about: JSON = {
        "id": room.id,
        "title": room.title,
        "language": room.language,
        "state": room.state.value,
        "created_at": room.created_at,
        "started_at": room.started_at,
        "ended_at": room.ended_at,
        "settings": dict(room.settings),
        "tags": list(room.tags),
        "files": [file.to_json() for file in room.files],
        "damage": None if room.damage is None else dict(room.damage),
        "key": text_of(keys.get(0)),
    }
    people = [_member_json(member, keys.get(member.key)) for member in members]
    values = (FORMAT, VERSION, about, people, last_seq, list(statements))
    return line(dict(zip(HEADER_KEYS, values, strict=True)))


def _member_json(member: Member, key: bytes | None) -> JSON:
    return {
        "id": member.id,
        "name": member.name,
        "email": member.email,
        "role": member.role.value,
        "state": member.state.value,
        "joined_at": member.joined_at,
        "left_at": member.left_at,
        "switches": dict(member.switches),
        "key": text_of(key),
    }


def event_line(event: FileEvent, previous: bytes) -> bytes:
    """One event, behind one with the hash ``previous``."""
    link = event.link
    content: JSON = {
        "seq": link.seq,
        "at": link.at,
        "ts": clock.iso(link.at),
        "kind": EventKind(link.kind).label,
        "member": link.member or None,
        "subject": link.subject or None,
        "connection": link.connection,
        "payload": event.payload,
        "data": text_of(event.data),
        "previous": previous.hex(),
        "hash": link.hash.hex(),
    }
    if event.withheld:
        content[WITHHELD] = {"payload": text_of(link.payload), "data": text_of(link.data)}
        if event.redaction is not None:
            content[REDACTION] = text_of(event.redaction)
    elif event.key is not None:
        content[OWN_KEY] = text_of(event.key)
    return line(content)


def head_line(head: Head) -> bytes:
    """A signed head, behind the event that it signs."""
    content = {
        "seq": head.seq,
        "at": head.at,
        "hash": head.hash.hex(),
        "key_id": head.key_id,
        "public_key": text_of(head.public_key),
        "signature": text_of(head.signature),
    }
    return line({"head": content})


def seal_line(seal: Seal) -> bytes:
    """The last line."""
    content = {
        "at": seal.at,
        "sha256": seal.sha256.hex(),
        "key_id": seal.key_id,
        "public_key": text_of(seal.public_key),
        "signature": text_of(seal.signature),
    }
    return line({"export": content})


def seal_message(room_id: str, at: int, sha256: bytes) -> bytes:
    """What the server signs when it exports: the context, the room's id (16 bytes), moment (i64) and SHA-256."""
    return b"".join((_EXPORT, uuid.UUID(room_id).bytes, struct.pack(">q", at), sha256))
