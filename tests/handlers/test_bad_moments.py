"""What becomes of moments that are none? An error with a code wherever a moment is named, and never a failure."""

from __future__ import annotations

import urllib.parse
from typing import Any

import pytest

from tests.handlers.rest import error_of
from tests.integration.clients import House, Room

pytestmark = pytest.mark.integration

UNKNOWN = "00000000-0000-4000-8000-000000000000"
NO_MOMENT = ["", " ", "-1", "+1", "1.5", "1e3", "0x10", "NaN", "x", "\0", "٣", "😀", "2026-02-30", "12:00", "T",
             "2026-01-01T00:00:00+99:00", "10000-01-01T00:00:00Z", "-0001-01-01", "9" * 12, "9" * 5_000,
             "' OR 1=1 --"]  # fmt: skip
BEFORE = [
    "0",
    "00",
    "1",
    "2000-01-01",
    "0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59.999999Z",
    "0001-01-01T00:00:00+14:00",
]
AFTER = ["99999999999", "2147483648", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00"]


@pytest.fixture
def house(database_house: House) -> House:
    """On each of the databases."""
    return database_house


async def rooms(house: House) -> list[Room]:
    """One that goes on and one that is over, with a notebook from their second event on."""
    made = [await house.room(), await house.room()]
    for room in made:
        notebook = await (await room.join()).document()
        await notebook.set_source("x = 1")
        await notebook.saved()
    await made[1].end()
    return made


def named(at: str) -> str:
    """As it stands in a URL."""
    return urllib.parse.quote(at, safe="")


async def test_the_notebook_and_its_export(house: House) -> None:
    for room in await rooms(house):
        newest = await room.notebook()
        for path in ("notebook?at=", "export?format=ipynb&at="):
            base = f"api/interview/rooms/{room.id}/{path}"
            for at in NO_MOMENT:
                error_of(await house.owner.get(base + named(at)), 400, "bad_request")
            for at in BEFORE:
                error_of(await house.owner.get(base + named(at)), 404, "not_found")
            for at in AFTER:
                answer = await house.owner.get(base + named(at))
                assert answer.status_code == 200, answer.text
                assert [cell["source"] for cell in answer.json()["cells"]] == [
                    cell["source"] for cell in newest["cells"]
                ]
            # Half of a surrogate pair and bytes that are no text at all.
            for raw in ("%ED%A0%80", "%FF", "%C3%28"):
                error_of(await house.owner.get(base + raw), 400, "bad_request")


async def test_forks_and_bookmarks(house: House) -> None:
    before = len((await house.api("GET", "rooms?limit=100"))["rooms"])
    made = await rooms(house)
    for room in made:
        base = f"api/interview/rooms/{room.id}"
        for at in NO_MOMENT:
            error_of(await house.owner.post(f"{base}/fork", json={"at": at}), 400, "bad_request")
        for at in BEFORE:
            error_of(await house.owner.post(f"{base}/fork", json={"at": at}), 404, "not_found")
        error_of(await house.owner.post(f"{base}/fork", json={"at": 1}), 404, "not_found")
        for seq in (1_000_000, (1 << 31) - 1):
            error_of(await house.owner.post(f"{base}/bookmarks", json={"seq": seq, "note": "n"}), 404, "not_found")
        wrong: list[Any] = [1 << 31, 1 << 63, 1 << 64, 1.5, [5], {}]
        for value in wrong:
            error_of(await house.owner.post(f"{base}/bookmarks", json={"seq": value, "note": "n"}), 400, "bad_request")
    after = len((await house.api("GET", "rooms?limit=100"))["rooms"])
    assert after == min(100, before + len(made)), "no room came of a fork that was refused"


async def test_rooms_that_are_none(house: House) -> None:
    """Unknown or malformed, and a token of elsewhere."""
    [room, _] = await rooms(house)
    stranger = await (await house.room("Elsewhere")).invite("interviewer")
    for name in ("notebook?at=3", "replay", "replay/story", "replay/frames/1", "export?format=zip", "bookmarks"):
        error_of(await house.owner.get(f"api/interview/rooms/{UNKNOWN}/{name}"), 404, "not_found")
        token = {"Authorization": f"Bearer {stranger.token}"}
        error_of(await house.nobody.get(f"api/interview/rooms/{room.id}/{name}", headers=token), 401, "unauthorized")
        error_of(await stranger.rest.get(f"api/interview/rooms/{room.id}/{name}"), 404, "not_found")
        for broken in ("x", "..", room.id[:-1], room.id + "0", room.id.upper().replace("-", "")):
            assert (await house.owner.get(f"api/interview/rooms/{named(broken)}/{name}")).status_code == 404
    for form in ("pdf", "ZIP", "", "ipynb,jsonl"):
        path = f"api/interview/rooms/{room.id}/export?format={named(form)}"
        error_of(await house.owner.get(path), 400, "bad_request")
