"""Does an interview that comes from elsewhere replay the same, and is everything refused that cannot be trusted?"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.collab import History, Redaction
from jupyter_interview.core.errors import BadRequest, Conflict, InterviewError, LogDamaged, RoomEnded, TooLarge
from jupyter_interview.core.models import EventKind
from jupyter_interview.db import Vault
from jupyter_interview.db.files import read_files
from jupyter_interview.db.members import list_members
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.erasure import Erasure
from jupyter_interview.managers.evidence import Evidence
from jupyter_interview.managers.exports import package as packages
from jupyter_interview.managers.exports.imports import Imported
from tests.managers import house as houses
from tests.managers.conftest import MakeHouse
from tests.managers.exporting import Interview, Post, interview, package_of, post_of, says
from tests.managers.house import SIGNING, House
from tests.managers.logs import Book, of_book, packed, read, small_book

Bring = Callable[..., Any]


@pytest.fixture
async def post(ji_house: MakeHouse) -> AsyncIterator[Post]:
    """The server to which interviews come, on each database."""
    async with post_of(await ji_house()) as made:
        yield made


@pytest.fixture
async def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    """The server from which they come. Its vault is another."""
    with monkeypatch.context() as patch:
        patch.setattr(houses, "VAULT", Vault(b"w" * 32))
        house = House(f"sqlite:///{tmp_path / 'source.sqlite'}")
    await house.start()
    async with post_of(house) as made:
        yield made
    await house.stop()


@pytest.fixture
def bring(post: Post, tmp_path: Path) -> Bring:
    """``await bring(zip, up_to_damage=True)`` imports."""

    async def work(content: bytes, **options: Any) -> Imported:
        with package_of(content, tmp_path) as package:
            return await post.imports.bring(package, **options)

    return work


def unpacked(content: bytes) -> dict[str, bytes]:
    """The members of a zip."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


def events_of(log: bytes) -> list[bytes]:
    """The lines of a log's events."""
    return [line for line in log.splitlines() if line.startswith(b'{"seq":')]


# -- what comes in


async def test_the_replay_is_the_same(post: Post, source: Post, bring: Bring) -> None:
    """Manifest, story, each frame, the notebook at every event, bookmarks, files and the log itself."""
    held = await interview(source)
    told = await source.told(held.room)
    content = await source.take(held.room, "zip")
    imported = await bring(content)
    room = imported.room
    assert (room.id, room.title, room.owner, room.damage) == (held.room.id, held.room.title, OWNER.key, None)
    assert await post.told(room) == told
    for seq in range(2, imported.events + 1):
        assert await post.replay.notebook(room, str(seq)) == await source.replay.notebook(held.room, str(seq)), seq
    (mark,), (original,) = await post.bookmarks.list(room), await source.bookmarks.list(held.room)
    # Who marked it is an account of the other server.
    assert mark == {**original, "author": ""}
    assert await post.house.database.read(lambda connection: read_files(connection, room.key)) == {
        "data.csv": b"a,b\n1,2\n"
    }
    here, there = unpacked(await post.take(room, "zip")), unpacked(content)
    events = [[line for line in each["log.jsonl"].splitlines() if line.startswith(b'{"seq"')] for each in (here, there)]
    assert events[0] == events[1] and here["notebook.ipynb"] == there["notebook.ipynb"]


async def test_it_still_proves_what_it_proved(post: Post, source: Post, bring: Bring) -> None:
    held = await interview(source)
    room = (await bring(await source.take(held.room, "zip"))).room
    verdict = await Evidence(post.house.database, SIGNING).verify(room)
    assert verdict.damage is None and verdict.signed == verdict.events
    reader, _ = read(await post.take(room, "jsonl"))
    original, _ = read(await source.take(held.room, "jsonl"))
    assert reader.hash == original.hash and reader.verdict.heads == original.verdict.heads


async def test_nobody_can_enter_it(post: Post, source: Post, bring: Bring) -> None:
    """Not as a member, not by the link, not as an account; also one that goes on where it came from."""
    held = await interview(source, end=False)
    room = (await bring(await source.take(held.room, "zip"))).room
    assert room.ended and room.ended_at is not None
    with pytest.raises(RoomEnded):
        await post.house.rooms.open(room.id)
    members = await post.house.database.read(lambda connection: list_members(connection, room.key))
    assert [(member.name, member.account) for member in members] == [("Ada", None), ("Iván", None)]
    record = await post.house.records.record(room)
    assert record is not None and [message["content"] for message in record["messages"]]


async def test_a_room_that_is_here_is_not_touched(post: Post, source: Post, bring: Bring) -> None:
    held = await interview(source)
    content = await source.take(held.room, "zip")
    room = (await bring(content)).room
    with pytest.raises(Conflict, match="on this server already"):
        await bring(content)
    await post.house.rooms.delete(room.id, OWNER)
    assert (await bring(content)).room.id == room.id


async def test_names_of_an_earlier_version_come_in(post: Post, source: Post, bring: Bring) -> None:
    """It let characters pass that cannot be seen. What the log says of a person stays."""
    book = Book(title="\u3164")
    book.members = [replace(member, name=f"{member.name}\u3164") for member in book.members]
    book.add(EventKind.ROOM_CREATED, {"title": book.title, "language": "python", "files": []})
    book.sign()
    imported = await bring(of_book(book))
    assert imported.damage is None and imported.room.title == "Interview"
    members = await post.house.records.members(imported.room)
    assert [member.name for member in members] == ["Ada\u3164", "Iván\u3164"]
    for name in ("a\nb", "\u202eb", " ", "\x1b[2J"):
        other = Book(1)
        other.members = [replace(other.members[0], name=name), other.members[1]]
        other.add(EventKind.ROOM_CREATED, {"title": other.title, "language": "python", "files": []})
        other.sign()
        with pytest.raises(BadRequest):
            await bring(of_book(other))


async def test_an_erased_member_stays_erased(post: Post, source: Post, bring: Bring) -> None:
    book = Book()
    book.add(EventKind.ROOM_CREATED, {"title": book.title, "language": "python", "files": []})
    book.add(EventKind.CHAT_MESSAGE, {"text": "secret"}, member=1, withheld=True)
    book.sign()
    del book.keys[1]
    imported = await bring(of_book(book))
    assert imported.events == 2 and imported.damage is None
    content = await post.take(imported.room, "jsonl")
    assert read(content)[0].erased == 1 and b"secret" not in content


@pytest.mark.parametrize("whole", [False, True], ids=["member", "room"])
async def test_what_was_erased_is_in_no_export_and_comes_back_nowhere(
    post: Post, source: Post, bring: Bring, whole: bool
) -> None:
    """The log still holds, the replay is that of the erased interview, and nothing names or quotes the person."""
    # One of the interviewer's events names her, so his key goes too, and those of his other events stay.
    held = await interview(source, his="Well done, Ada")
    erasure = Erasure(source.house.database, source.house.records, Redaction, History)
    gone = await (erasure.room(held.room) if whole else erasure.member(held.room, held.ada))
    await source.replay.forget(held.room.key)
    room = await source.house.rooms.get(held.room.id)
    content = await source.take(room, "zip")
    told = await source.told(room)
    members = unpacked(content)
    reader, _ = read(members["log.jsonl"])
    assert reader.erased == gone > 10
    kept = [line for line in members["log.jsonl"].splitlines() if line.startswith(b'{"seq"') and b',"key":"' in line]
    assert bool(kept) is not whole
    members["replay.html"] = json.dumps(told, ensure_ascii=False).encode()
    words = ["Ada", "Fertig", "größe", *(["data.csv"] if whole else [])]
    assert [(name, word) for name, member in members.items() for word in words if says(member, word)] == []
    imported = (await bring(content)).room
    assert await post.told(imported) == told


# -- what is damaged


@pytest.fixture
async def held(source: Post) -> Interview:
    """An interview there."""
    return await interview(source)


def damaged(members: dict[str, bytes], number: int) -> bytes:
    """The export with one bit flipped in the line of an event."""
    lines = members["log.jsonl"].splitlines(keepends=True)
    place = next(index for index, line in enumerate(lines) if line.startswith(b'{"seq":%d,' % number))
    line = bytearray(lines[place])
    line[40] ^= 1
    lines[place] = bytes(line)
    return packed({**members, "log.jsonl": b"".join(lines)})


async def test_a_damaged_log_is_refused_or_taken_as_far_as_it_holds(
    post: Post, source: Post, held: Interview, bring: Bring
) -> None:
    members = unpacked(await source.take(held.room, "zip"))
    content = damaged(members, 12)
    with pytest.raises(LogDamaged) as caught:
        await bring(content)
    assert caught.value.details["seq"] == 12
    with pytest.raises(InterviewError):
        await post.house.rooms.get(held.room.id)
    imported = await bring(content, up_to_damage=True)
    assert imported.events == 11 and imported.room.damage is not None and imported.room.damage["seq"] == 12
    told = await post.told(imported.room)
    assert told["manifest"]["damage"]["seq"] == 12 and told["manifest"]["last_seq"] == 11
    for seq in range(3, 12):
        there = await source.replay.notebook(held.room, str(seq))
        assert await post.replay.notebook(imported.room, str(seq)) == there
    # It says so when it goes on from here, too.
    reader, _ = read(await post.take(imported.room, "jsonl"))
    assert reader.header.room["damage"]["seq"] == 12 and reader.seq == 11


async def test_nothing_comes_of_a_log_that_holds_nowhere(source: Post, held: Interview, bring: Bring) -> None:
    members = unpacked(await source.take(held.room, "zip"))
    with pytest.raises(LogDamaged):
        await bring(damaged(members, 1), up_to_damage=True)


@pytest.mark.parametrize("name", ["log.jsonl", "notebook.ipynb", "replay.html", "bookmarks.json", "files/data.csv"])
async def test_every_member_is_checked(source: Post, held: Interview, bring: Bring, name: str) -> None:
    members = unpacked(await source.take(held.room, "zip"))
    manifest = json.loads(members["manifest.json"])
    content = packed({**members, name: members[name] + b" "}, files=manifest["files"])
    with pytest.raises(BadRequest, match="is not what it was when it was exported"):
        await bring(content)


async def test_a_zip_with_rotten_bytes(post: Post, source: Post, held: Interview, bring: Bring) -> None:
    """Wherever: refused in a line, or (a time, an attribute) without effect."""
    content = await source.take(held.room, "zip")
    refused = 0
    for place in range(0, len(content), len(content) // 60):
        rotten = bytearray(content)
        rotten[place] ^= 0x10
        try:
            imported = await bring(bytes(rotten))
        except InterviewError:
            refused += 1
        else:
            log = unpacked(await post.take(imported.room, "zip"))["log.jsonl"]
            assert events_of(log) == events_of(unpacked(content)["log.jsonl"])
            await post.house.rooms.delete(imported.room.id, OWNER)
    assert 30 < refused < 61
    for size in range(0, len(content), len(content) // 20):
        with pytest.raises(BadRequest, match="not a zip"):
            await bring(content[:size])


# -- what is hostile


async def test_chained_and_signed_nonsense_is_refused(bring: Bring) -> None:
    """Anybody can write a log that holds. Updates that no document takes, and events without sense, are not let in."""
    with pytest.raises(LogDamaged) as caught:
        await bring(of_book(small_book()))
    assert caught.value.details == {"seq": 2, "reason": "content"}
    assert (await bring(of_book(small_book()), up_to_damage=True)).events == 1


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (EventKind.CHAT_MESSAGE, None),
        (EventKind.CHAT_MESSAGE, {"text": 7}),
        (EventKind.CHAT_MESSAGE, {"text": "x", "id": []}),
        (EventKind.RUN_STARTED, {"run": "r"}),
        (EventKind.RUN_STARTED, {"run": [], "cell": "c", "source": "", "language": "python"}),
        (EventKind.RUN_FINISHED, {"run": "r", "cell": "c", "status": "ok", "duration": 1, "execution_count": 1}),
        (
            EventKind.RUN_FINISHED,
            {"run": "r", "cell": "c", "status": "sung", "duration": 1, "execution_count": 1, "outputs_hash": ""},
        ),
        (
            EventKind.RUN_FINISHED,
            {"run": "r", "cell": "c", "status": "ok", "duration": -1, "execution_count": 1, "outputs_hash": ""},
        ),
        (
            EventKind.RUN_FINISHED,
            {"run": "r", "cell": "c", "status": "ok", "duration": 1, "execution_count": 1, "outputs_hash": ""},
        ),
        (EventKind.PERMISSION_CHANGED, {"member": "x", "permissions": {"edit": "yes"}}),
        (EventKind.REMOVE, {}),
        (EventKind.DOCUMENT_UPDATE, None),
        (EventKind.JOIN, {"reason": {}}),
    ],
)
async def test_an_event_without_sense_is_refused(bring: Bring, kind: EventKind, payload: dict[str, Any] | None) -> None:
    book = Book()
    book.add(EventKind.ROOM_CREATED, {"title": book.title, "language": "python", "files": []})
    book.add(kind, payload, member=1)
    book.sign()
    with pytest.raises(LogDamaged, match="Event 2 holds, but makes no sense") as caught:
        await bring(of_book(book))
    assert caught.value.details["seq"] == 2


def _zip(*members: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members:
            archive.writestr(name, content)
    return stream.getvalue()


def _link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("log.jsonl")
    info.external_attr = 0o120777 << 16
    return info


def _method(method: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("log.jsonl")
    info.compress_type = method
    return info


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "not a zip"),
        (b"PK\x03\x04 and no more", "not a zip"),
        (_zip(), "no manifest.json"),
        (_zip(("log.jsonl", b"")), "no manifest.json"),
        (_zip(("../../etc/cron.d/x", b"")), "does not belong into an export"),
        (_zip(("/etc/passwd", b"")), "does not belong into an export"),
        (_zip(("files/../log.jsonl", b"")), "does not belong into an export"),
        (_zip(("files/a/b", b"")), "does not belong into an export"),
        (_zip(("files/", b"")), "does not belong into an export"),
        (_zip(("files/a\\b", b"")), "does not belong into an export"),
        (_zip(("LOG.JSONL", b"")), "does not belong into an export"),
        (_zip(("log.jsonl", b"a"), ("log.jsonl", b"b")), "log.jsonl is twice in the zip"),
        (_zip((_link(), b"/etc/passwd")), "not stored in the zip as an export does it"),
        (_zip((_method(zipfile.ZIP_LZMA), b"x")), "not stored in the zip as an export does it"),
        (_zip(("manifest.json", b"[" * 100_000)), "is not that of an export"),
        (_zip(("manifest.json", b"{}")), "is not that of an export"),
        (_zip(("manifest.json", b"[]")), "is not that of an export"),
        (packed({}, version=2), "is of version 2"),
        (packed({}, files=[]), "lists no files"),
        (packed({}, files={"log.jsonl": {}}), "does not hold exactly what its manifest lists"),
        (packed({"README.txt": b""}, files={}), "does not hold exactly what its manifest lists"),
        (packed({"README.txt": b""}), "There is no log.jsonl"),
    ],
)
async def test_a_hostile_zip_is_refused(bring: Bring, content: bytes, told: str) -> None:
    with pytest.raises(BadRequest) as caught:
        await bring(content)
    assert told in caught.value.message


async def test_a_zip_that_is_a_bomb(bring: Bring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "WHOLE_BYTES", 10_000_000)
    monkeypatch.setattr(packages, "SMALL_BYTES", 1_000_000)
    with pytest.raises(TooLarge, match="Unpacked, the zip has more"):
        await bring(_zip(("log.jsonl", bytes(10_000_001))))
    with pytest.raises(TooLarge, match=r"manifest\.json in the zip is too large"):
        await bring(_zip(("manifest.json", bytes(1_000_001))))
    many = _zip(*((f"files/{number}", b"") for number in range(1_001)))
    with pytest.raises(TooLarge, match="at most 1,000 files"):
        await bring(many)


async def test_files_are_those_that_the_interview_had(source: Post, held: Interview, bring: Bring) -> None:
    members = unpacked(await source.take(held.room, "zip"))
    with pytest.raises(BadRequest, match=r"The file data\.csv in the zip is not the one"):
        await bring(packed({**members, "files/data.csv": b"a,b\n9,9\n"}))
    with pytest.raises(BadRequest, match="exactly the files"):
        await bring(packed({**members, "files/more.csv": b""}))
    del members["files/data.csv"]
    with pytest.raises(BadRequest, match="exactly the files"):
        await bring(packed(members))


@pytest.mark.parametrize(
    "marks",
    [
        b"",
        b"[]",
        b'{"bookmarks": 7}',
        b'{"bookmarks": [{}]}',
        b'{"bookmarks": [{"id": "a", "seq": "1", "note": ""}]}',
        b'{"bookmarks": [{"id": "../a", "seq": 1, "note": ""}]}',
        b'{"bookmarks": [{"id": "a", "seq": 1, "note": "x"}, {"id": "a", "seq": 1, "note": "x"}]}',
    ],
)
async def test_bookmarks_that_are_none(source: Post, held: Interview, bring: Bring, marks: bytes) -> None:
    members = unpacked(await source.take(held.room, "zip"))
    with pytest.raises(BadRequest, match="is not a list of bookmarks"):
        await bring(packed({**members, "bookmarks.json": marks}))
