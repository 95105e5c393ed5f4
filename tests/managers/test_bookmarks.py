"""Are marked moments kept, and bounded?"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jupyter_interview.core.errors import BadRequest, NotFound, TooLarge
from jupyter_interview.core.models import Account, EventKind
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers import bookmarks
from jupyter_interview.managers.accounts import OWNER
from tests.managers.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """On a SQLite database."""
    house = await House(f"sqlite:///{tmp_path / 'bookmarks.db'}").start()
    yield house
    await house.stop()


async def test_a_bookmark_of_each(house: House) -> None:
    """Of a member, an account and the server's own user: in the order of their moments, by name."""
    live = await house.room()
    ivan = await house.seat(live, Role.INTERVIEWER, "Ivan")
    ada: Account = await house.accounts.create("ada@example.org", "Ada", "correct horse battery")
    await live.log.barrier()
    marks = [await house.bookmarks.add(live.room, by, seq, "n") for by, seq in ((ivan, 2), (ada, 1), (OWNER, 2))]
    listed = await house.bookmarks.list(live.room)
    assert [(each["author"], each["member"], each["seq"]) for each in listed] == [
        ("Ada", None, 1),
        ("Ivan", ivan.id, 2),
        ("", None, 2),
    ]
    assert {each["id"] for each in listed} == {each["id"] for each in marks}
    assert listed[0]["ms"] == 0 and all(each["created_at"] for each in listed)
    await house.bookmarks.change(live.room, listed[0]["id"], "other")
    await house.bookmarks.remove(live.room, listed[1]["id"])
    assert [each["note"] for each in await house.bookmarks.list(live.room)] == ["other", "n"]


async def test_a_bookmark_is_where_the_playhead_is(house: House) -> None:
    """Between its event and the next one; after the last one up to now, and nowhere else."""
    live = await house.room()
    member = await house.seat(live)
    await live.log.barrier()
    events = await house.log(live)
    moments = [(event.at - events[0].at) / 1000 for event in events]
    then = live.log.append(EventKind.CHAT_MESSAGE, member=member.key, payload={"text": "later"})
    await live.log.barrier()
    end = (then.at - events[0].at) / 1000
    seq, begin = events[-1].seq, moments[-1]
    wanted = [(None, begin), (begin + 0.25 * (end - begin), begin + 0.25 * (end - begin)), (0, begin), (end + 9e6, end)]
    for ms, found in wanted:
        made = await house.bookmarks.add(live.room, OWNER, seq, "n", ms=ms)
        assert made["seq"] == seq and abs(made["ms"] - found) <= 1
    late = await house.bookmarks.add(live.room, OWNER, then.seq, "n", ms=end + 9e6)
    assert end <= late["ms"] + 1 <= end + 60_000


async def test_what_is_no_bookmark(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    live, other = await house.room(), await house.room()
    made = await house.bookmarks.add(live.room, OWNER, 1, "n")
    for seq in (0, -1, 99):
        with pytest.raises(NotFound):
            await house.bookmarks.add(live.room, OWNER, seq, "n")
    with pytest.raises(BadRequest):
        await house.bookmarks.add(live.room, OWNER, 1, " \n ")
    with pytest.raises(TooLarge):
        await house.bookmarks.add(live.room, OWNER, 1, "x" * (bookmarks.NOTE_CHARS + 1))
    for room in (other.room, live.room):
        name = made["id"] if room is other.room else "ff"
        with pytest.raises(NotFound):
            await house.bookmarks.change(room, name, "n")
        with pytest.raises(NotFound):
            await house.bookmarks.remove(room, name)
    monkeypatch.setattr(bookmarks, "MOST", 1)
    with pytest.raises(TooLarge):
        await house.bookmarks.add(live.room, OWNER, 1, "n")
