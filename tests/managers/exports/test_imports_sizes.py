"""Can a small zip make an import read more than an interview can have had?"""

from __future__ import annotations

import hashlib
import tracemalloc
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.core.errors import BadRequest, TooLarge
from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import EventKind, RoomFile
from jupyter_interview.managers.exports import package as packages
from tests.managers.conftest import MakeHouse
from tests.managers.exporting import package_of, post_of
from tests.managers.logs import Book
from tests.managers.logs import packed as zipped

Refuse = Callable[..., Any]
BOMB = 50_000_000
_DIRECTORY = b"PK\x01\x02"
_SIZE_AT, _NAME_AT = 24, 46


@pytest.fixture
async def refused(ji_house: MakeHouse, tmp_path: Path) -> AsyncIterator[Refuse]:
    """``await refused(zip)``: how an import refuses it. It takes no memory to speak of for that."""
    async with post_of(await ji_house()) as post:

        async def work(content: bytes, **options: Any) -> BadRequest:
            tracemalloc.start()
            try:
                with pytest.raises(BadRequest) as caught, package_of(content, tmp_path) as package:
                    await post.imports.bring(package, **options)
                assert tracemalloc.get_traced_memory()[1] < BOMB // 4
            finally:
                tracemalloc.stop()
            return caught.value

        yield work


def said(name: str, content: bytes, size: int | None = None) -> RoomFile:
    """A file in the header of a log, with its own size or another."""
    return RoomFile(name, len(content) if size is None else size, hashlib.sha256(content).hexdigest())


def packed(files: dict[str, bytes], told: list[RoomFile]) -> bytes:
    """A zip with files, and with a log whose header tells of others."""
    book = Book()
    book.room = replace(book.room, files=tuple(told))
    book.add(EventKind.ROOM_CREATED, {"title": book.title, "language": "python", "files": []})
    book.sign()
    members = {"log.jsonl": book.file(), "bookmarks.json": b'{"bookmarks": []}'}
    return zipped({**members, **{f"files/{name}": content for name, content in files.items()}})


def declaring(content: bytes, name: str, size: int) -> bytes:
    """The zip with another size of a member in its directory."""
    changed, place = bytearray(content), content.find(_DIRECTORY)
    while not content.startswith(name.encode(), place + _NAME_AT):
        place = content.index(_DIRECTORY, place + 1)
    changed[place + _SIZE_AT : place + _SIZE_AT + 4] = size.to_bytes(4, "little")
    return bytes(changed)


def test_the_bounds_are_the_highest_that_a_server_takes() -> None:
    bounds = {"data_files": packages.DATA_FILES, "data_bytes": packages.DATA_BYTES}
    assert bounds == {"data_files": 500, "data_bytes": 200_000_000}
    Limits.checked(**bounds)
    for name, most in bounds.items():
        with pytest.raises(ValueError, match=name):
            Limits.checked(**{name: most + 1})


@pytest.mark.parametrize("up_to_damage", [False, True])
async def test_a_file_that_unpacks_to_more_than_it_declares(
    tmp_path: Path, refused: Refuse, up_to_damage: bool
) -> None:
    content = packed({"data.csv": bytes(BOMB)}, [said("data.csv", b"a,b\n")])
    assert len(content) < BOMB // 500
    for size in (4, BOMB):
        refusal = await refused(declaring(content, "files/data.csv", size), up_to_damage=up_to_damage)
        assert "data.csv in the zip is not" in refusal.message and refusal.error_code == "bad_request"
    # Nor is it more when the header of the log tells the truth, and the zip does not.
    content = packed({"data.csv": bytes(BOMB)}, [said("data.csv", bytes(BOMB))])
    refusal = await refused(declaring(content, "files/data.csv", 4), up_to_damage=up_to_damage)
    assert "data.csv in the zip is not" in refusal.message


def test_no_more_is_read_of_a_member_than_it_declares(tmp_path: Path) -> None:
    content = declaring(packed({"data.csv": bytes(BOMB)}, []), "files/data.csv", 9)
    with package_of(content, tmp_path) as package:
        assert package.size("files/data.csv") == 9 and len(package.whole("files/data.csv", 9)) <= 9
        with pytest.raises(TooLarge):
            package.whole("files/data.csv", 8)


async def test_a_header_that_declares_too_much(tmp_path: Path, refused: Refuse) -> None:
    """Of one file, of all together, and too many of them."""
    half = packages.DATA_BYTES // 2
    for told in (
        [said("a", b"", 2 * half + 1)],
        [said("a", b"", half), said("b", b"", half + 1)],
        [said("a", b"", (1 << 40) - 1)],
    ):
        refusal = await refused(packed({file.name: b"" for file in told}, told))
        assert (refusal.error_code, refusal.details["limit"]) == ("too_large", 200_000_000)
        assert "at most 200 MB together" in refusal.message
    many = [said(f"{number}", b"") for number in range(packages.DATA_FILES + 1)]
    refusal = await refused(packed({}, many))
    assert (refusal.error_code, refusal.details["limit"]) == ("too_large", 500)


async def test_a_zip_that_declares_too_much(tmp_path: Path, refused: Refuse) -> None:
    """Before anything in it is read: the sizes are those of its directory."""
    content = packed({"a": bytes(BOMB), "b": b""}, [])
    for name in ("files/a", "files/b"):
        refusal = await refused(declaring(content, name, packages.DATA_BYTES + 1), up_to_damage=True)
        assert (refusal.error_code, refusal.details["limit"]) == ("too_large", 200_000_000)
    many = {f"{number}": b"" for number in range(packages.DATA_FILES + 1)}
    refusal = await refused(packed(many, []))
    assert (refusal.error_code, refusal.details["limit"]) == ("too_large", 500)


async def test_as_much_as_a_server_takes_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bounds themselves are no refusal."""
    monkeypatch.setattr(packages, "DATA_BYTES", 10)
    monkeypatch.setattr(packages, "DATA_FILES", 2)
    with package_of(packed({"a": bytes(7), "b": bytes(3)}, []), tmp_path) as package:
        assert sorted(package.names()) == ["a", "b"] and package.problems() == {}
    packages.check_sizes([7, 3])
    for sizes in ([7, 4], [1, 1, 1]):
        with pytest.raises(BadRequest):
            packages.check_sizes(sizes)
