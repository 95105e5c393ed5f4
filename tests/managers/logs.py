"""How does a test get the log of an interview as a file, without a server?

`Book` writes what a server would: sealed, linked, signed.
"""

from __future__ import annotations

import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jupyter_interview.auth.signing import TrustedKeys, key_id
from jupyter_interview.core.chain import GENESIS, Link, head_message
from jupyter_interview.core.models import JSON, EventKind, Head, Member, MemberState, Room, RoomState
from jupyter_interview.core.permissions import Role
from jupyter_interview.db.vault import DATA, PAYLOAD, Sealer
from jupyter_interview.managers.logfile.lines import (
    FileEvent,
    Seal,
    event_line,
    head_line,
    header_line,
    line,
    seal_line,
    seal_message,
)
from jupyter_interview.managers.logfile.reader import LogReader

AT = 1_700_000_000_000_000


@dataclass
class Book:
    """A log that is being written into a file.

    Attributes:
        seed: what everything that should be random is made of.
        lines: the lines so far, without the header.
    """

    seed: int = 0
    title: str = "Interview"
    lines: list[bytes] = field(default_factory=list)
    seq: int = 0
    hash: bytes = GENESIS

    def __post_init__(self) -> None:
        number = uuid.UUID(bytes=self.secret("room")[:16], version=4)
        self.room = Room(1, str(number), self.title, "python", RoomState.ENDED, 0, AT, AT, AT + 1_000_000)
        self.signer = Ed25519PrivateKey.from_private_bytes(self.secret("signer"))
        self.members = [
            Member(
                key,
                self.secret(f"member {key}").hex()[:16],
                1,
                role,
                name,
                MemberState.SEATED,
                AT,
                f"{name}@example.org",
            )
            for key, (role, name) in enumerate([(Role.CANDIDATE, "Ada"), (Role.INTERVIEWER, "Iván")], 1)
        ]
        self.keys = {key: self.secret(f"key {key}") for key in range(len(self.members) + 1)}

    def secret(self, what: str) -> bytes:
        """32 bytes."""
        return hashlib.sha256(f"{self.seed} {what}".encode()).digest()

    def add(
        self,
        kind: EventKind,
        payload: JSON | None = None,
        data: bytes | None = None,
        member: int = 0,
        subject: int | None = None,
        own_key: bool = False,
        **fields: Any,
    ) -> None:
        """The next event; ``fields`` are those of a `FileEvent` whose content is withheld."""
        seq, at = self.seq + 1, AT + self.seq * 1_000
        whose = member if subject is None else subject
        ids = {0: "", **{person.key: person.id for person in self.members}}
        sealer = Sealer(self.room.id, self.keys[whose])
        sealed = (
            None if payload is None else sealer.seal(seq, PAYLOAD, line(payload)[:-1]),
            None if data is None else sealer.seal(seq, DATA, data),
        )
        link = Link(self.room.id, seq, at, int(kind), 7, ids[member], ids[whose], *sealed, hash=b"")
        link = replace(link, hash=link.follows(self.hash))
        key = sealer.key(seq) if own_key else None
        event = FileEvent(link, **fields) if fields else FileEvent(link, payload, data, key=key)
        self.lines.append(event_line(event, self.hash))
        self.seq, self.hash = seq, link.hash

    def sign(self) -> None:
        """A head over all so far."""
        public = self.signer.public_key().public_bytes_raw()
        at = AT + self.seq * 1_000
        signature = self.signer.sign(head_message(self.room.id, self.seq, at, self.hash))
        self.lines.append(head_line(Head(self.room.id, self.seq, at, self.hash, key_id(public), public, signature)))

    @property
    def header(self) -> bytes:
        """The first line."""
        return header_line(self.room, self.members, self.keys, self.seq)

    def file(self, header: bytes | None = None) -> bytes:
        """The whole file, sealed as it is now."""
        content = (self.header if header is None else header) + b"".join(self.lines)
        at, digest = AT, hashlib.sha256(content).digest()
        signature = self.signer.sign(seal_message(self.room.id, at, digest))
        public = self.signer.public_key().public_bytes_raw()
        return content + seal_line(Seal(at, digest, key_id(public), public, signature))


def small_book(seed: int = 0) -> Book:
    """A log with every sort of event: of the room's, of members', with text, bytes, both, and none."""
    book = Book(seed)
    book.add(EventKind.ROOM_CREATED, {"title": book.title, "language": "python", "files": []})
    book.add(EventKind.DOCUMENT_SNAPSHOT, {"source": "load"}, bytes(range(256)))
    book.add(EventKind.JOIN, {"role": "candidate"}, member=1)
    for number in range(8):
        book.add(EventKind.DOCUMENT_UPDATE, None, book.secret(f"update {number}"), member=1 + number % 2)
    book.add(EventKind.CHAT_MESSAGE, {"text": "Grüße 🙂 </script>\n\"'\\\u2028"}, member=2)
    book.sign()
    book.add(EventKind.INTERRUPT, member=1)
    book.add(EventKind.DOCUMENT_UPDATE, {"source": "kernel"}, b"output", member=0, subject=1)
    book.add(EventKind.ROOM_ENDED, {"by": "owner"})
    book.sign()
    return book


def packed(members: Mapping[str, bytes], **manifest: Any) -> bytes:
    """A zip of members with a manifest that fits to them."""
    listed = {
        name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in members.items()
        if name != "manifest.json"
    }
    whole = {"format": "jupyter-interview export", "version": 1, "files": listed, **manifest}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, "manifest.json": json.dumps(whole).encode()}.items():
            archive.writestr(name, content)
    return stream.getvalue()


def of_book(book: Book) -> bytes:
    """A zip with the log of a book."""
    return packed({"log.jsonl": book.file(), "bookmarks.json": b'{"bookmarks": []}'})


def read(content: bytes) -> tuple[LogReader, list[FileEvent]]:
    """All of a file that holds."""
    reader = LogReader(io.BytesIO(content), lambda _: TrustedKeys(None))
    return reader, [item for item in reader.events() if isinstance(item, FileEvent)]
