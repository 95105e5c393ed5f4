"""Does a room hold what it was created with, for its kernels alone, and does its log say what that was?"""

from __future__ import annotations

import hashlib

import pytest

from jupyter_interview.core.errors import BadRequest, TooLarge
from jupyter_interview.core.models import EventKind
from jupyter_interview.managers.accounts import OWNER
from tests.managers.conftest import MakeHouse

FILES = [("b.json", b"{}"), ("a.csv", b"1,2\n"), ("empty", b"")]
SHOWN = [
    {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    for name, content in sorted(FILES)
]


async def test_a_room_shows_its_files_and_its_log_hashes_them(ji_house: MakeHouse) -> None:
    house = await ji_house()
    made = await house.rooms.create(OWNER, title="Interview", language="python", files=FILES)
    assert made["files"] == SHOWN
    live = await house.rooms.open(made["id"])
    (created,) = await house.story(live, EventKind.ROOM_CREATED)
    assert created.payload == {"title": "Interview", "language": "python", "files": SHOWN}
    member = await house.seat(live)
    assert live.joined_json(member)["room"]["files"] == SHOWN
    await house.rooms.update(made["id"], OWNER, {"title": "Other"})
    assert live.room_json()["files"] == SHOWN
    await house.rooms.end(made["id"], OWNER)
    assert house.rooms.json(await house.rooms.get(made["id"]))["files"] == SHOWN
    assert (await house.rooms.page(OWNER))[0][0]["files"] == SHOWN
    await house.rooms.delete(made["id"], OWNER)


async def test_the_kernel_reads_them_from_the_database(ji_house: MakeHouse) -> None:
    """Also in a room that was opened again after a crash; a room without files gives its kernel nothing to read."""
    house = await ji_house()
    live = await house.room(files=FILES)
    bare = await house.room()
    live.runs.start_kernel()
    bare.runs.start_kernel()
    read = house.kernels[live.room.id].files
    assert read is not None and await read() == dict(FILES)
    assert house.kernels[bare.room.id].files is None
    await house.log(live)
    await house.crash()
    house = await ji_house()
    again = await house.rooms.open(live.room.id)
    again.runs.start_kernel()
    read = house.kernels[again.room.id].files
    assert read is not None and await read() == dict(FILES)
    assert again.room_json()["files"] == SHOWN
    assert len(await house.story(again, EventKind.ROOM_CREATED)) == 1


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "\\", "a\0", "a\nb", "\u202ea", "x" * 201, "\ud800"])
async def test_a_name_that_is_none_makes_no_room(ji_house: MakeHouse, name: str) -> None:
    house = await ji_house()
    with pytest.raises(BadRequest, match="cannot name a file: a name has 1 to 200 bytes") as refusal:
        await house.room(files=[("fine", b""), (name, b"")])
    assert refusal.value.details == {"field": "files"} and refusal.value.message.isprintable()
    assert house.rooms.open_rooms == [] and (await house.rooms.page(OWNER))[0] == []


async def test_two_files_of_one_name_make_no_room(ji_house: MakeHouse) -> None:
    """Names are the same to the letter or not at all."""
    house = await ji_house()
    with pytest.raises(BadRequest, match=r"Two files have the name 'a\.csv'"):
        await house.room(files=[("a.csv", b"1"), ("b", b""), ("a.csv", b"2")])
    assert (await house.rooms.page(OWNER))[0] == []
    live = await house.room(files=[("a.csv", b"1"), ("A.csv", b"2"), ("ü", b"3"), ("u\u0308", b"4")])
    assert len(live.room.files) == 4


async def test_too_many_and_too_large_make_no_room(ji_house: MakeHouse) -> None:
    """The limits' own values are allowed; one more is not."""
    house = await ji_house(data_files=2, data_bytes=10)
    with pytest.raises(TooLarge, match="can have at most 2 files") as many:
        await house.room(files=[("a", b""), ("b", b""), ("c", b"")])
    assert many.value.details["limit"] == 2
    with pytest.raises(TooLarge, match="10 bytes together") as large:
        await house.room(files=[("a", b"x" * 5), ("b", b"x" * 6)])
    assert large.value.details["limit"] == 10
    assert (await house.rooms.page(OWNER))[0] == []
    live = await house.room(files=[("a", b"x" * 5), ("b", b"x" * 5)])
    assert sum(file.size for file in live.room.files) == 10
