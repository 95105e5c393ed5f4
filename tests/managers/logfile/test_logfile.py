"""Does a log file give back what was written, and refuse everything else in one line?"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from jupyter_interview.auth.signing import TrustedKeys
from jupyter_interview.core.errors import BadRequest, LogDamaged
from jupyter_interview.core.models import EventKind
from jupyter_interview.managers.logfile import reader
from jupyter_interview.managers.logfile.lines import line, text_of
from jupyter_interview.managers.logfile.reader import LogReader
from tests.managers.logs import Book, read, small_book


def test_what_was_written_is_read() -> None:
    book = small_book()
    reader, events = read(book.file())
    assert [event.link.seq for event in events] == list(range(1, book.seq + 1))
    assert (reader.seq, reader.hash, reader.erased) == (book.seq, book.hash, 0)
    assert reader.seal is not None and [head.seq for head in reader.verdict.heads] == [12, book.seq]
    ada, ivan = (member.id for member in book.members)
    assert (events[11].payload, events[11].link.member) == ({"text": "Grüße 🙂 </script>\n\"'\\\u2028"}, ivan)
    assert (events[13].data, events[13].link.member, events[13].link.subject) == (b"output", "", ada)
    assert [(member.name, member.key) for member in reader.header.members] == [
        ("Ada", book.keys[1]),
        ("Iván", book.keys[2]),
    ]


def test_an_erased_member_leaves_a_log_that_holds() -> None:
    book = Book()
    book.add(EventKind.ROOM_CREATED, {"title": "x"})
    book.add(EventKind.DOCUMENT_UPDATE, None, b"secret", member=1, withheld=True, redaction=b"filler")
    book.add(EventKind.CHAT_MESSAGE, {"text": "secret"}, member=1, withheld=True)
    book.sign()
    del book.keys[1]
    content = book.file()
    reader, events = read(content)
    assert b"secret" not in content and reader.erased == 2
    assert (events[1].data, events[1].redaction, events[2].payload) == (None, b"filler", None)


def test_an_event_that_was_kept_has_a_key_of_its_own() -> None:
    """Its subject's key was destroyed because of others."""
    book = Book()
    book.add(EventKind.ROOM_CREATED, {"title": "x"})
    book.add(EventKind.CHAT_MESSAGE, {"text": "stays"}, b"data", member=2, own_key=True)
    book.add(EventKind.CHAT_MESSAGE, {"text": "quotes"}, member=2, withheld=True)
    book.sign()
    keys = dict(book.keys)
    del book.keys[2]
    _, events = read(book.file())
    assert (events[1].payload, events[1].data, events[2].payload) == ({"text": "stays"}, b"data", None)
    for number, key in ((1, "AAAA"), (1, "!"), (2, events[1].key)):
        content = json.loads(book.lines[number])
        content["key"] = text_of(key) if isinstance(key, bytes) else key
        lines, book.lines[number] = book.lines[:], line(content)
        assert damaged(book.file()).details["seq"] == number + 1
        book.lines = lines
    book.keys = keys
    assert "the key that it was sealed with is not in the file" in damaged(book.file()).message


# -- what is refused

Change = Callable[[dict[str, Any]], object]


def damaged(content: bytes) -> LogDamaged:
    """The refusal of a file whose header can be read."""
    with pytest.raises(LogDamaged) as caught:
        read(content)
    refusal = caught.value
    assert set(refusal.details) == {"seq", "line", "reason"} and "Traceback" not in refusal.message
    assert refusal.message.startswith(f"Line {refusal.details['line']}: ")
    return refusal


def changed(book: Book, number: int, change: Change) -> bytes:
    """The file with one event's fields changed, in the form of a line, and sealed again."""
    content = json.loads(book.lines[number])
    change(content)
    book.lines[number] = line(content)
    return book.file()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda event: event.update(seq=9), "was changed: its hash is another"),
        (lambda event: event.update(seq=9, previous="0" * 64), "is missing: event 9 follows 3"),
        (lambda event: event.update(seq=3), "was changed: its hash is another"),
        (lambda event: event.update(seq="4"), "its number is none"),
        (lambda event: event.update(seq=True), "its number is none"),
        (lambda event: event.update(at=event["at"] + 1), "its moment is none, or is told in two ways"),
        (lambda event: event.update(at=-1), "its moment is none"),
        (lambda event: event.update(at=1 << 70), "its moment is none"),
        (lambda event: event.update(ts="2026-01-01"), "its moment is none"),
        (lambda event: event.update(kind="sing"), "its kind 'sing' is not known"),
        (lambda event: event.update(kind=["chat_message"]), "its kind"),
        (lambda event: event.update(kind="cursor"), "was changed: its hash is another"),
        (lambda event: event.update(member="0" * 16), "was changed: its hash is another"),
        (lambda event: event.update(member=[]), "its member is not the id of a member"),
        (lambda event: event.update(member=""), "its member is not the id of a member"),
        (lambda event: event.update(subject={}), "its subject is not the id of a member"),
        (lambda event: event.update(subject="0"), "the key that it was sealed with is not in the file"),
        (lambda event: event.update(connection=8), "was changed: its hash is another"),
        (lambda event: event.update(connection=-1), "its connection is not a number"),
        (lambda event: event.update(connection=1 << 31), "its connection is not a number"),
        (lambda event: event.update(connection=None), "its connection is not a number"),
        (lambda event: event.update(payload=[]), "its payload is not an object"),
        (lambda event: event.update(payload={"a": 1}), "was changed: its hash is another"),
        (lambda event: event.update(data="!!!"), "its data is not base64"),
        (lambda event: event.update(data=7), "its data is not base64"),
        (lambda event: event.update(data="AAB="), "its data is not base64"),
        (lambda event: event.update(data=None), "was changed: its hash is another"),
        (lambda event: event.update(previous="0" * 64), "does not follow the event before it"),
        (lambda event: event.update(previous="0" * 63), "its hash is not a SHA-256"),
        (lambda event: event.update(hash="0" * 64), "was changed: its hash is another"),
        (lambda event: event.update(hash="G" * 64), "its hash is not a SHA-256"),
        (lambda event: event.update(hash=None), "its hash is not a SHA-256"),
        (lambda event: event.update(extra=1), "it has not the fields of an event"),
        (lambda event: event.pop("data"), "it has not the fields of an event"),
        (lambda event: event.update(redaction="AAAA"), "it has not the fields of an event"),
        (lambda event: event.update(sealed={}), "it has content both sealed and in the clear"),
        (lambda event: event.update(data=None, sealed=[]), "its sealed content has not its fields"),
        (lambda event: event.update(data=None, sealed={"payload": None, "data": 3}), "its sealed data is not base64"),
    ],
)
def test_a_changed_event_is_named(change: Change, told: str) -> None:
    refusal = damaged(changed(small_book(), 3, change))
    assert (refusal.details["seq"], refusal.details["line"]) == (4, 5)
    assert refusal.message.startswith("Line 5: Event 4 ") and told in refusal.message


@pytest.mark.parametrize(
    "raw",
    [
        b"\n",
        b"{}\n",
        b"null\n",
        b"[]\n",
        b'"head"\n',
        b"\xff\xfe\n",
        b"\x00\n",
        b'{"seq":4,"seq":4}\n',
        b'{"seq":NaN}\n',
        b'{"seq":1e999}\n',
        b'{"seq": 4}\n',
        b'{"seq":"\\ud800"}\n',
        b"[" * 100_000 + b"\n",
        b'{"seq":' + b"9" * 10_000 + b"}\n",
        b'{"head":null}\n',
        b'{"head":{}}\n',
        b'{"export":{}}\n',
        b'{"head":{},"export":{}}\n',
    ],
    ids=lambda raw: repr(raw[:20]),
)
def test_a_line_that_is_none_is_named(raw: bytes) -> None:
    book = small_book()
    book.lines[3] = raw
    assert damaged(book.file()).details["seq"] == 4


def test_a_line_of_any_length_is_not_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "LINE_BYTES", 2_000)
    book = small_book()
    book.lines[3] = b'"' + b"a" * 5_000 + b'"\n'
    assert damaged(book.file()).message == "Line 5: Event 4 cannot be read: the line is too long."


def test_a_tail_that_is_cut_off() -> None:
    """Wherever the end is missing: an event is, where one is not whole, else the signatures."""
    content = small_book().file()
    ends = [index + 1 for index, byte in enumerate(content) if byte == ord("\n")]
    events = [end for end in ends[1:] if content[:end].splitlines()[-1].startswith(b'{"seq":')]
    for size in range(ends[0], len(content) - 1, 17):
        whole = sum(end <= size for end in events)
        refusal = damaged(content[:size])
        assert refusal.details["seq"] == min(whole + 1, 15), (size, refusal.message)
        assert (refusal.details["reason"] == "signature") == (whole == 15), (size, refusal.message)


def test_a_log_that_nobody_signed() -> None:
    book = Book()
    book.add(EventKind.ROOM_CREATED, {"title": "x"})
    book.add(EventKind.CHAT_MESSAGE, {"text": "x"})
    refusal = damaged(book.file())
    assert refusal.message == "Line 4: Nobody has signed the log up to its last event 2."
    book.sign()
    book.add(EventKind.CHAT_MESSAGE, {"text": "x"})
    assert damaged(book.file()).details["seq"] == 3


def test_a_log_that_was_written_anew() -> None:
    """Everything holds but the signature, which is over another log; a new one would be another key's."""
    book, other = small_book(), small_book()
    other.lines, other.seq, other.hash = [], 0, bytes(32)
    for number in range(15):
        other.add(EventKind.CHAT_MESSAGE, {"text": f"forged {number}"}, member=1)
    other.lines.append(book.lines[-1])
    refusal = damaged(other.file())
    assert refusal.details["seq"] == 15 and "another log was signed than this one" in refusal.message
    other.lines.pop()
    other.signer = Ed25519PrivateKey.generate()
    other.sign()
    assert len(read(other.file())[1]) == 15
    trusted = TrustedKeys([book.signer.public_key().public_bytes_raw()])
    with pytest.raises(LogDamaged, match="a key nobody vouches for"):
        list(LogReader(io.BytesIO(other.file()), lambda _: trusted).events())


def test_an_event_too_many() -> None:
    book = small_book()
    header = book.header
    book.add(EventKind.CHAT_MESSAGE, {"text": "x"})
    book.sign()
    refusal = damaged(book.file(header))
    assert "should have ended before it" in refusal.message


def test_a_signature_that_is_none() -> None:
    book = small_book()
    head = json.loads(book.lines[-1])
    head["head"]["at"] += 1
    book.lines[-1] = line(head)
    assert damaged(book.file()).message == "Line 18: The signature of event 15 is not genuine."


def test_names_can_not_be_changed() -> None:
    """The header is not in the chain, but under the file's own signature."""
    book = small_book()
    content = book.file().replace("Iván".encode(), b"Ivan")
    refusal = damaged(content)
    assert (
        refusal.details["seq"] is None and "something else in the file (a name, a time) was changed" in refusal.message
    )


def test_something_behind_the_end() -> None:
    assert "behind the last line" in damaged(small_book().file() + b"\n").message


def _header(**fields: Any) -> bytes:
    content = json.loads(small_book().header)
    for name, value in fields.items():
        *path, last = name.split("__")
        part = content
        for step in path:
            part = part[int(step) if step.isdigit() else step]
        part[last] = value
    return line(content)


@pytest.mark.parametrize(
    ("header", "told"),
    [
        (b"", "not the log of an interview"),
        (b"PK\x03\x04\n", "not the log of an interview"),
        (b"{}\n", "not the log of an interview"),
        (b'{"format":[]}\n', "not the log of an interview"),
        (_header(version=2), "This log is of version 2"),
        (_header(version="1"), "This log is of version '1'"),
        (_header(extra=1), "the header has not the fields"),
        (_header(room=[]), "the header.room is not"),
        (_header(members={}), "the header.members is not"),
        (_header(last_seq=-1), "the header.last_seq is not"),
        (_header(last_seq=True), "the header.last_seq is not"),
        (_header(room__id="../../etc"), "room.id is not"),
        (_header(room__id=None), "room.id is not"),
        (_header(room__language="a b"), "room.language is not"),
        (_header(room__state="open"), "room.state is not"),
        (_header(room__state=[]), "room.state is not"),
        (_header(room__created_at=1e9), "room.created_at is not"),
        (_header(room__ended_at=1 << 60), "room.ended_at is not"),
        (_header(room__tags=[1]), "room.tags is not"),
        (_header(room__files=[{"name": "../x", "size": 1, "sha256": "0" * 64}]), "room.files is not"),
        (_header(room__files=[{"name": "x", "size": 1, "sha256": "0" * 64}] * 2), "room.files is not"),
        (_header(room__files=[7]), "room.files is not"),
        (_header(room__damage={"seq": 1}), "room.damage is not"),
        (_header(room__key="AAAA"), "room.key is not"),
        (_header(members__0__id="'; drop table member; --"), "members.0.id is not"),
        (_header(members__0__role="god"), "members.0.role is not"),
        (_header(members__0__role={}), "members.0.role is not"),
        (_header(members__0__switches={"manage": True}), "members.0.switches is not"),
        (_header(members__0__key=7), "members.0.key is not"),
        (_header(members__1__id=small_book().members[0].id), "two members have one id"),
    ],
)
def test_a_header_that_is_none(header: bytes, told: str) -> None:
    with pytest.raises(BadRequest) as caught:
        LogReader(io.BytesIO(header + b"".join(small_book().lines)), lambda _: TrustedKeys(None))
    assert told in caught.value.message


def test_the_header_may_not_be_endless() -> None:
    with pytest.raises(BadRequest, match="not the log of an interview"):
        LogReader(io.BytesIO(b'"' + b"a" * 9_000_000 + b'"\n'), lambda _: TrustedKeys(None))
