"""Does a log file hold, and what is in it?

`LogReader` goes through a file once, line by line, from anywhere bytes come from, and keeps no more than one line. It
gives out an event only after `core.verify` found that it is the one that the chain of hashes was made over: for that it
seals the content again, as the database it came from did. The first thing that does not hold ends the reading.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from ...core import clock
from ...core.chain import Link, text
from ...core.errors import BadRequest, LogDamaged
from ...core.models import JSON, EventKind, Head
from ...core.ports import Signatures
from ...core.verify import Reason, Verdict, Verifier
from ...db.vault import DATA, KEY_BYTES, PAYLOAD, EventSealer, Sealer
from .header import MOMENTS, NUMBERS, header_of, is_base64, is_number
from .lines import (
    EVENT_KEYS,
    EXPORT_KEYS,
    HEAD_KEYS,
    LINE_BYTES,
    OWN_KEY,
    REDACTION,
    WITHHELD,
    FileEvent,
    FileHeader,
    Seal,
    line,
    seal_message,
)

_HEADER_BYTES = 8 * 1024 * 1024
_KINDS = {kind.label: kind for kind in EventKind}
_FORMS = (
    EVENT_KEYS,
    (*EVENT_KEYS, OWN_KEY),
    (*EVENT_KEYS, WITHHELD),
    (*EVENT_KEYS, WITHHELD, REDACTION),
)
_SEALED = ("payload", "data")
_DIGEST_CHARS = 64
_END = "the file ends"
_FILE = "file"
"""The reason where something in the file was changed that is not in the chain."""


Trust = Callable[[FileHeader], Signatures]


class Malformed(ValueError):
    """A line is not what it should be; in words that go on from *Event 7 cannot be read:*."""


class LogReader:
    """One reading of a file.

    Args:
        stream: the file, at its beginning.
        trust: what checks signatures, and knows the keys that count; asked once the first line is read.

    Attributes:
        header: the first line.
        seal: the last line, once it is read.
        erased: how many events so far have their sealed content only.

    Raises:
        BadRequest: it is no log, or one that this version cannot read.
    """

    def __init__(self, stream: BinaryIO, trust: Trust) -> None:
        self._stream = stream
        self._number = 1
        self.seal: Seal | None = None
        self.erased = 0
        raw = stream.readline(_HEADER_BYTES)
        try:
            self.header: FileHeader = header_of(_content_of(raw))
        except Malformed as error:
            raise BadRequest("This is not the log of an interview, or its first line was changed.", line=1) from error
        self._digest = hashlib.sha256(raw)
        header = self.header
        self._signatures = signatures = trust(header)
        self._verifier = Verifier(
            header.room_id,
            members=[member.id for member in header.members],
            signatures=signatures,
            names={member.id: (member.name, member.role) for member in header.members},
        )
        self._room = text(header.room_id)
        keys = {"": header.key, **{member.id: member.key for member in header.members}}
        self._sealers = {name: None if key is None else Sealer(header.room_id, key) for name, key in keys.items()}

    @property
    def seq(self) -> int:
        """Number of the last event that holds."""
        return self._verifier.seq

    @property
    def hash(self) -> bytes:
        """Of the last event that holds."""
        return self._verifier.hash

    @property
    def verdict(self) -> Verdict:
        """What the log is worth, as far as it was read."""
        return self._verifier.finish()

    def events(self) -> Iterator[FileEvent | Head]:
        """The events that hold, in order, and the signatures over the log in their places.

        Raises:
            LogDamaged: something does not hold; ``details`` has ``seq``, the first event that does not (``None`` where
                every event does and something else in the file was changed), ``reason`` and ``line``.
        """
        while self.seal is None:
            raw = self._stream.readline(LINE_BYTES + 1)
            self._number += 1
            try:
                if not raw:
                    raise Malformed(_END)
                if len(raw) > LINE_BYTES:
                    raise Malformed("the line is too long")
                found = self._line(_content_of(raw))
            except Malformed as error:
                raise self._unreadable(error) from error
            self._digest.update(raw)
            if found is not None:
                yield found
        if self._stream.read(1):
            raise self._changed("There is something behind the last line of the file.")

    def _line(self, content: JSON) -> FileEvent | Head | None:
        if "head" in content:
            head = self._head(content)
            if not self._verifier.head(head):
                raise self._refusal()
            return head
        if "export" in content:
            self._close(content)
            return None
        event = self._event(content)
        if event.link.seq == self.seq + 1 and event.link.seq > self.header.last_seq:
            raise Malformed("the file should have ended before it")
        if not self._verifier.event(event.link, event.payload):
            self._look_for_the_missing()
            raise self._refusal()
        self.erased += event.withheld
        return event

    def _look_for_the_missing(self) -> None:
        """An event that is not in its place may come later: then it is not missing."""
        damage = self._verifier.damage
        while damage is not None and damage.reason is Reason.GAP:
            raw = self._stream.readline(LINE_BYTES + 1)
            if not raw:
                return
            try:
                self._verifier.event(self._event(_content_of(raw)).link)
            except Malformed:
                continue
            damage = self._verifier.damage

    # -- refusals

    def _unreadable(self, error: Malformed) -> LogDamaged:
        number, last = self.seq + 1, self.header.last_seq
        if number > last:
            message = f"The signatures behind event {self.seq} cannot be read: {error}."
            return self._refused(max(self.seq, 1), Reason.SIGNATURE.value, message)
        if str(error) == _END:
            message = f"Event {number} is missing: the file should go on to event {last}."
            return self._refused(number, Reason.TRUNCATED.value, message)
        return self._refused(number, Reason.FORM.value, f"Event {number} cannot be read: {error}.")

    def _refusal(self) -> LogDamaged:
        damage = self._verifier.damage
        assert damage is not None
        return self._refused(damage.seq, damage.reason.value, damage.message)

    def _changed(self, message: str) -> LogDamaged:
        return self._refused(None, _FILE, message)

    def _refused(self, seq: int | None, reason: str, message: str) -> LogDamaged:
        return LogDamaged(f"Line {self._number}: {message}", seq=seq, reason=reason, line=self._number)

    # -- events

    def _event(self, content: JSON) -> FileEvent:
        if tuple(content) not in _FORMS:
            raise Malformed("it has not the fields of an event")
        fields = _fields(content)
        payload, data = content["payload"], _bytes(content["data"], "data")
        redaction = _bytes(content.get(REDACTION), "redaction")
        key = _bytes(content.get(OWN_KEY), "key")
        if WITHHELD in content:
            sealed = _withheld(content, payload, data)
        elif payload is None and data is None:
            sealed = None, None
        else:
            sealer = self._sealer(content["seq"], fields["subject"], key)
            sealed = (
                None if payload is None else sealer.seal(PAYLOAD, line(payload)[:-1]),
                None if data is None else sealer.seal(DATA, data),
            )
        link = Link(self.header.room_id, **fields, payload=sealed[0], data=sealed[1])
        return FileEvent(link, payload, data, WITHHELD in content, redaction, key)

    def _sealer(self, seq: int, subject: str, key: bytes | None) -> EventSealer:
        """What an event was sealed with."""
        sealer = self._sealers.get(subject)
        if sealer is not None and key is None:
            return sealer.event(seq)
        if sealer is None and key is not None and len(key) == KEY_BYTES:
            return EventSealer(self._room, key)
        raise Malformed("its content is in the clear, and the key that it was sealed with is not in the file")

    # -- signatures

    def _head(self, content: JSON) -> Head:
        fields = content["head"]
        if tuple(content) != ("head",) or not _is_signature(fields, HEAD_KEYS, "hash"):
            raise Malformed("a signature has not its fields")
        if not is_number(fields["seq"], NUMBERS):
            raise Malformed("a signature has not its fields")
        return Head(
            room=self.header.room_id,
            seq=fields["seq"],
            at=fields["at"],
            hash=bytes.fromhex(fields["hash"]),
            key_id=fields["key_id"],
            public_key=base64.b64decode(fields["public_key"]),
            signature=base64.b64decode(fields["signature"]),
        )

    def _close(self, content: JSON) -> None:
        if self.seq < self.header.last_seq:
            raise Malformed(_END)
        verdict = self.verdict
        if verdict.damage is not None:
            raise self._refusal()
        if verdict.signed < self.seq:
            message = f"Nobody has signed the log up to its last event {self.seq}."
            raise self._refused(verdict.signed + 1, Reason.UNSIGNED.value, message)
        seal = _seal_of(content)
        if seal is None:
            raise self._changed("The last line of the file has not its fields.")
        if seal.sha256 != self._digest.digest():
            raise self._changed("Every event holds, but something else in the file (a name, a time) was changed.")
        signed = seal_message(self.header.room_id, seal.at, seal.sha256)
        if not self._signatures.holds(seal.key_id, seal.public_key, seal.signature, signed):
            raise self._changed("Every event holds, but the signature over the file as a whole is not genuine.")
        self.seal = seal


def _content_of(raw: bytes) -> JSON:
    """What a line holds.

    Raises:
        Malformed: it is no JSON object, or not in its one form.
    """
    try:
        content = json.loads(raw.decode())
        same = isinstance(content, dict) and line(content) == raw
    except (ValueError, RecursionError):
        same = False
    if not same:
        raise Malformed("the line is not in the form in which it was written")
    return content  # type: ignore[no-any-return]  # a dictionary, as was just seen


def _fields(content: JSON) -> dict[str, Any]:
    """The fields of a link but for its content.

    Raises:
        Malformed: one is not of its kind.
    """
    at, kind = content["at"], content["kind"]
    if not is_number(content["seq"], NUMBERS):
        raise Malformed("its number is none")
    if not is_number(at, MOMENTS) or content["ts"] != clock.iso(at):
        raise Malformed("its moment is none, or is told in two ways")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise Malformed(f"its kind {kind!r:.40} is not known")
    if not is_number(content["connection"], NUMBERS):
        raise Malformed("its connection is not a number")
    if not (content["payload"] is None or isinstance(content["payload"], dict)):
        raise Malformed("its payload is not an object")
    return {
        "seq": content["seq"],
        "at": at,
        "kind": int(_KINDS[kind]),
        "connection": content["connection"],
        "member": _member(content["member"], "member"),
        "subject": _member(content["subject"], "subject"),
        "hash": _hash(content["hash"]),
        "previous": _hash(content["previous"]),
    }


def _member(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not value:
        raise Malformed(f"its {name} is not the id of a member")
    return value


def _bytes(value: Any, name: str) -> bytes | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            content = base64.b64decode(value, validate=True)
        except ValueError:
            content = b""
        # Several texts are the base64 of the same bytes.
        if base64.b64encode(content).decode() == value:
            return content
    raise Malformed(f"its {name} is not base64")


def _withheld(content: JSON, payload: JSON | None, data: bytes | None) -> tuple[bytes | None, bytes | None]:
    if payload is not None or data is not None:
        raise Malformed("it has content both sealed and in the clear")
    kept = content[WITHHELD]
    if not isinstance(kept, dict) or tuple(kept) != _SEALED:
        raise Malformed("its sealed content has not its fields")
    return _bytes(kept["payload"], "sealed payload"), _bytes(kept["data"], "sealed data")


def _hash(value: Any) -> bytes:
    if not _is_digest(value):
        raise Malformed("its hash is not a SHA-256")
    return bytes.fromhex(value)


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) == _DIGEST_CHARS and set(value) <= set("0123456789abcdef")


def _is_signature(fields: Any, keys: tuple[str, ...], digest: str) -> bool:
    return (
        isinstance(fields, dict)
        and tuple(fields) == keys
        and is_number(fields["at"], MOMENTS)
        and _is_digest(fields[digest])
        and isinstance(fields["key_id"], str)
        and is_base64(fields["public_key"], 32)
        and is_base64(fields["signature"], 64)
    )


def _seal_of(content: JSON) -> Seal | None:
    fields = content["export"]
    if tuple(content) != ("export",) or not _is_signature(fields, EXPORT_KEYS, "sha256"):
        return None
    return Seal(
        at=fields["at"],
        sha256=bytes.fromhex(fields["sha256"]),
        key_id=fields["key_id"],
        public_key=base64.b64decode(fields["public_key"]),
        signature=base64.b64decode(fields["signature"]),
    )
