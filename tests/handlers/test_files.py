"""How do files come into a room by REST, who sees them, and what is refused?"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from typing import Any

import httpx
import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.handlers.files import NewFile, decoded
from jupyter_interview.managers.files import hashed
from tests.handlers.rest import error_of, log_in
from tests.integration.clients import House

pytestmark = pytest.mark.integration


@pytest.fixture
def house(database_house: House) -> House:
    """On each of the databases."""
    return database_house


def _file(name: str, content: bytes) -> dict[str, str]:
    return {"name": name, "data": base64.b64encode(content).decode()}


def _shown(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


async def _create(client: httpx.AsyncClient, files: Any) -> httpx.Response:
    return await client.post("api/interview/rooms", json={"title": "Files", "files": files})


@pytest.mark.parametrize("size", [0, 1, 2, 3, 49_151, 49_152, 49_153, 200_000])
async def test_a_file_arrives_to_the_byte(house: House, size: int) -> None:
    """Whatever its length: the decoder works in pieces."""
    content = os.urandom(size)
    made = await _create(house.owner, [_file("data.bin", content)])
    assert made.status_code == 201 and made.json()["files"] == [_shown("data.bin", content)], made.text


async def test_every_member_sees_the_files_and_the_log_hashes_them(house: House) -> None:
    """Names, sizes and hashes; no content, in any answer."""
    secret = b"the content of a file"
    account = await log_in(house)
    made = await _create(account, [_file("ü b.csv", secret), _file("a.json", b"{}")])
    assert made.status_code == 201, made.text
    expected = [_shown("a.json", b"{}"), _shown("ü b.csv", secret)]
    assert made.json()["files"] == expected and _file("", secret)["data"] not in made.text
    joined = await house.nobody.post(f"interview/{made.json()['id']}/join", json={"name": "Cara"})
    house.nobody.cookies.clear()
    cara = house.client({"Authorization": f"Bearer {joined.json()['token']}"}, f"interview/{made.json()['id']}/")
    seen = await cara.get(f"api/interview/rooms/{made.json()['id']}")
    assert seen.status_code == 200 and seen.json()["files"] == expected
    events = await account.get(f"api/interview/rooms/{made.json()['id']}/events?kind=room_created")
    assert [event["payload"]["files"] for event in events.json()["events"]] == [expected]
    listed = await account.get("api/interview/rooms")
    assert listed.json()["rooms"][0]["files"] == expected


LOOK = """\
import hashlib, pathlib
folder = pathlib.Path.home() / "data"
for path in sorted(folder.iterdir()):
    print(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
    for change in (path.unlink, lambda: path.write_bytes(b""), lambda: path.chmod(0o666), (folder / "new").touch):
        try:
            change()
        except OSError:
            print("refused")
print(open("data/orders.csv").read())
"""


async def test_the_kernel_reads_the_files_and_cannot_change_them(house: House) -> None:
    """A real one, from its first run on, and again after a restart."""
    files = {"orders.csv": b"id,total\n1,5\n", "ü b.bin": os.urandom(3_000_000)}
    room = await house.room(files=[_file(name, content) for name, content in files.items()])
    cara = await room.join("Cara")
    notebook, channel = await cara.document(), await cara.channel()
    await notebook.set_source(LOOK)
    expected = "".join(
        f"{name} {hashlib.sha256(content).hexdigest()}\n" + "refused\n" * 4 for name, content in files.items()
    )
    for _ in range(2):
        (run,) = await cara.run(notebook.cell())
        ended = await channel.expect("run_finished", lambda frame, run=run: frame["content"]["id"] == run["id"])  # type: ignore[misc]
        assert ended["content"]["status"] == "ok", notebook.outputs()
        await notebook.until(lambda: notebook.printed() == f"{expected}id,total\n1,5\n\n", notebook.printed)
        kernel = await cara.kernel_id()
        assert (await cara.rest.post(f"api/kernels/{kernel}/restart")).is_success


async def test_who_may_not_create_a_room_brings_no_file(house: House) -> None:
    """Nobody, a candidate, and a room's interviewer without an account; and nothing changes a room's files later."""
    room = await house.room(files=[_file("a", b"a")])
    files = [_file("a.csv", b"1")]
    error_of(await _create(house.nobody, files), 401, "unauthorized")
    for person in (await room.join("Cara"), await room.invite("interviewer")):
        error_of(await _create(house.client(person.headers), files), 401, "unauthorized")
    change = await house.owner.patch(f"api/interview/rooms/{room.id}", json={"files": files})
    error_of(change, 400, "bad_request")
    assert (await room.api("GET"))["files"] == [_shown("a", b"a")]


@pytest.mark.parametrize(
    "data",
    ["A", "AA", "AAA", "AAAA=", "AAAA====", "AA==AA==", "=", "A===", "AAAA\n", "AA A", "-_-_", "ää==", "AAA*", "\0",
     "A" * 65_534 + "==" + "AAAA", "A" * 70_001, "data:text/plain;base64,AAAA"],
)  # fmt: skip
async def test_what_is_not_base64_is_refused(house: House, data: str) -> None:
    """With the field that is wrong."""
    refused = await _create(house.owner, [_file("fine", b"fine"), {"name": "a", "data": data}])
    assert error_of(refused, 400, "bad_request")["details"] == {"field": "files.1.data"}


async def test_what_is_malformed_is_refused_and_leaves_no_room(house: House) -> None:
    """Forms, names, doubles: each in the protocol's form."""
    before = (await house.api("GET", "rooms?limit=100"))["rooms"]
    forms: tuple[Any, ...] = ({}, "x", None, 5, [5], [None], ["a"], [{}], [{"name": "a"}], [{"data": ""}],
                              [{"name": 5, "data": ""}], [{"name": "a", "data": 5}], [{"name": "a", "data": None}],
                              [{**_file("a", b""), "size": 0}], {"name": "a", "data": ""})  # fmt: skip
    names = ("", ".", "..", "a/b", "/etc/passwd", "..\\x", "a\0b", "a\tb", "\u202ea", "x" * 201, "ü" * 101)
    doubles = [_file("a", b"1"), _file("a", b"1")]
    for files in (*forms, *([_file(name, b"")] for name in names), doubles):
        error_of(await _create(house.owner, files), 400, "bad_request")
    raw = b'{"title": "x", "files": [{"name": "\\ud800", "data": ""}]}'
    error_of(await house.owner.post("api/interview/rooms", content=raw), 400, "bad_request")
    assert (await house.api("GET", "rooms?limit=100"))["rooms"] == before


async def test_limits_are_told_and_kept(house: House) -> None:
    """The languages come with the limits of a new room; what is beyond is `too_large` with the limit."""
    limits = (await house.api("GET", "languages"))["limits"]
    assert limits == {"data_files": 50, "data_bytes": 20_000_000}
    many = await _create(house.owner, [_file(str(number), b"") for number in range(51)])
    assert error_of(many, 413, "too_large")["details"] == {"limit": 50, "field": "files"}
    half = os.urandom(10_000_000)
    large = await _create(house.owner, [_file("a", half), _file("b", half + b"x")])
    assert error_of(large, 413, "too_large")["details"] == {"limit": 20_000_000, "field": "files"}
    full = await _create(house.owner, [_file("a", half), _file("b", half)])
    assert full.status_code == 201 and full.json()["files"] == [_shown("a", half), _shown("b", half)]
    body = await house.owner.post("api/interview/rooms", content=b'{"title": "' + b"x" * 48_000_001 + b'"}')
    error_of(body, 413, "too_large")


async def test_the_loop_goes_on_while_files_are_decoded_and_hashed() -> None:
    """The default limit takes some tenths of a second; a loop that waited for it would turn a few times."""
    content = os.urandom(Limits().data_bytes)
    file = NewFile(**_file("large", content))

    async def turns(task: asyncio.Future[Any]) -> int:
        count = 0
        while not task.done():
            await asyncio.sleep(0)
            count += 1
        return count

    decoding = asyncio.ensure_future(decoded([file]))
    assert await turns(decoding) > 20
    assert decoding.result() == [("large", content)]
    hashing = asyncio.ensure_future(hashed(decoding.result(), Limits()))
    assert await turns(hashing) > 20
    assert hashing.result()[0][0].to_json() == _shown("large", content)
