"""What does REST give of a replay, and to whom?"""

from __future__ import annotations

import gzip
import json
from typing import Any

import httpx
import pytest

from jupyter_interview.core.models import JSON
from jupyter_interview.core.moment import Moment
from tests.handlers.rest import error_of
from tests.integration.clients import House, Room

pytestmark = pytest.mark.integration


@pytest.fixture
def house(database_house: House) -> House:
    """On each of the databases."""
    return database_house


async def settled(answer: Any) -> httpx.Response:
    """The answer, asked for again while the frames are made."""
    found: httpx.Response = await answer()
    while found.status_code == 202:
        assert 0 <= found.json()["progress"] <= 1
        found = await answer()
    assert found.status_code == 200, found.text
    return found


async def worked(house: House) -> Room:
    """A room in which something was typed, run and said."""
    room = await house.room()
    cara = await room.join("Cara")
    notebook, channel = await cara.document(), await cara.channel()
    await notebook.set_source("import random\nprint('é 🎉', 6 * 7)")
    await notebook.saved()
    await cara.run(notebook.cell())
    await channel.expect("run_finished")
    await channel.ask("chat_message", "done")
    return room


async def test_manifest_frames_and_story(house: House) -> None:
    """Of a live room up to now, of an ended one to its end; with what an outsider's program needs to fold it."""
    room = await worked(house)
    path = f"api/interview/rooms/{room.id}"
    for live in (True, False):
        manifest: JSON = (await settled(lambda: house.owner.get(f"{path}/replay"))).json()
        assert manifest["live"] is live and manifest["damage"] is None
        [frame] = manifest["frames"]
        answer = await house.owner.get(f"{path}/replay/frames/{frame['number']}")
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.headers["Content-Type"].startswith("application/json")
        content = answer.json()
        moment = Moment(content["state"])
        moment.fold(content["entries"])
        assert moment.notebook() == await room.notebook(manifest["last_seq"])
        assert moment.cells[0]["outputs"][0]["text"] == "é 🎉 42\n"
        story = (await settled(lambda: house.owner.get(f"{path}/replay/story"))).json()
        assert [message["content"] for message in story["messages"]] == ["done"]
        assert [run["status"] for run in story["runs"]] == ["ok"]
        assert moment.cells[0]["run"] == story["runs"][0]["id"]
        if live:
            await room.end()
    assert manifest["ended_at"] and [marker["kind"] for marker in manifest["markers"]][-1] == "end"


async def test_a_frame_is_sent_once(house: House) -> None:
    """Whoever has it hears so; whoever reads no gzip gets it plain."""
    room = await worked(house)
    await room.end()
    path = f"api/interview/rooms/{room.id}/replay/frames/1"
    await settled(lambda: house.owner.get(f"api/interview/rooms/{room.id}/replay"))
    first = await house.owner.get(path)
    again = await house.owner.get(path, headers={"If-None-Match": first.headers["Etag"]})
    assert again.status_code == 304 and again.content == b""
    plain = await house.owner.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers and plain.json() == first.json()
    async with house.owner.stream("GET", path) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert json.loads(gzip.decompress(raw)) == first.json()


async def test_moments_out_of_range(house: House) -> None:
    room = await worked(house)
    path = f"api/interview/rooms/{room.id}"
    for number in ("0", "99", "999999999"):
        error_of(await house.owner.get(f"{path}/replay/frames/{number}"), 404, "not_found")
    for number in ("-1", "x", "1.5", "9" * 30, "%00"):
        assert (await house.owner.get(f"{path}/replay/frames/{number}")).status_code == 404
    for at in (0, -1, 1 << 40, "x", "2026-13-01", ""):
        error_of(await house.owner.post(f"{path}/fork", json={"at": at}), 400, "bad_request")
    error_of(await house.owner.post(f"{path}/fork", json={"at": "2000-01-01"}), 404, "not_found")
    for body in ({}, {"at": None}, {"at": 5, "x": 1}, {"at": 5, "rerun": "perhaps"}, {"at": [1]}):
        error_of(await house.owner.post(f"{path}/fork", json=body), 400, "bad_request")
    for seq in (0, -1, 1 << 40, "x", None):
        error_of(await house.owner.post(f"{path}/bookmarks", json={"seq": seq, "note": "n"}), 400, "bad_request")
    for ms in (-1, 1e300, "x"):
        mark = {"seq": 1, "note": "n", "ms": ms}
        error_of(await house.owner.post(f"{path}/bookmarks", json=mark), 400, "bad_request")
    error_of(await house.owner.post(f"{path}/bookmarks", json={"seq": 1 << 20, "note": "n"}), 404, "not_found")


async def test_who_may(house: House) -> None:
    """Interviewers of the room; to everybody else there is nothing, live or ended."""
    room, other = await worked(house), await house.room("Elsewhere")
    people = {role: await room.invite(role) for role in ("interviewer", "spectator")}
    people["candidate"] = await other.join("Otto")
    otto = await other.invite("interviewer")
    names = ["replay", "replay/story", "replay/frames/1", "bookmarks", f"forks/{room.id}"]
    for _ in range(2):
        for name in names:
            inside = f"api/interview/rooms/{room.id}/{name}"
            allowed = await people["interviewer"].rest.get(inside)
            assert allowed.status_code in (200, 202) or name.startswith("forks"), allowed.text
            error_of(await people["spectator"].rest.get(inside), 403, "forbidden")
            error_of(await house.nobody.get(inside), 401, "unauthorized")
            token = {"Authorization": f"Bearer {otto.token}"}
            error_of(await house.nobody.get(inside, headers=token), 401, "unauthorized")
            error_of(await house.nobody.get(f"interview/{room.id}/{inside}", headers=token), 401, "unauthorized")
            error_of(await otto.rest.get(inside), 404, "not_found")
            unknown = inside.replace(room.id, "00000000-0000-4000-8000-000000000000")
            error_of(await house.owner.get(unknown), 404, "not_found")
        for method, name, body in (
            ("POST", "bookmarks", {"seq": 1, "note": "n"}),
            ("PATCH", "bookmarks/ff", {"note": "n"}),
            ("DELETE", "bookmarks/ff", None),
            ("POST", "fork", {"at": 9}),
        ):
            inside = f"api/interview/rooms/{room.id}/{name}"
            error_of(await people["spectator"].rest.request(method, inside, json=body), 403, "forbidden")
            error_of(await house.nobody.request(method, inside, json=body), 401, "unauthorized")
        if (await room.api("GET"))["state"] != "ended":
            await room.end()
    # Whoever only was in it cannot even see that there is something.
    assert (await people["candidate"].rest.get(f"api/interview/rooms/{other.id}/replay")).status_code == 403


async def test_bookmarks(house: House) -> None:
    """Interviewers mark moments, and each changes and removes what another marked."""
    room = await worked(house)
    ivan = await room.invite("interviewer", "Ivan")
    path = f"api/interview/rooms/{room.id}/bookmarks"
    events = await room.events()
    late = (await ivan.rest.post(path, json={"seq": events[-1]["seq"], "note": "at its end", "ms": 1e9})).json()
    answer = await house.owner.post(path, json={"seq": 3, "note": " the  start "})
    early = answer.json()
    assert answer.status_code == 201 and early["note"] == "the start" and early["seq"] == 3
    assert late["author"] == "Ivan" and late["member"] == ivan.id and early["member"] is None
    assert early["at"] == events[2]["ts"] and 0 <= early["ms"] <= late["ms"]
    listed = (await house.owner.get(path)).json()["bookmarks"]
    assert listed == [early, late] == (await ivan.rest.get(path)).json()["bookmarks"]
    changed = (await ivan.rest.patch(f"{path}/{early['id']}", json={"note": "better"})).json()
    assert changed == {**early, "note": "better"}
    await room.end()
    assert (await house.owner.delete(f"{path}/{late['id']}")).status_code == 204
    assert (await house.owner.get(path)).json()["bookmarks"] == [changed]
    error_of(await house.owner.delete(f"{path}/{late['id']}"), 404, "not_found")
    error_of(await house.owner.patch(f"{path}/{late['id']}", json={"note": "x"}), 404, "not_found")
    for note in ("", "  ", "\0"):
        error_of(await house.owner.post(path, json={"seq": 1, "note": note}), 400, "bad_request")
    error_of(await house.owner.post(path, json={"seq": 1, "note": "x" * 2_001}), 413, "too_large")
    foreign = await house.room("Elsewhere")
    elsewhere = f"api/interview/rooms/{foreign.id}/bookmarks/{early['id']}"
    error_of(await house.owner.patch(elsewhere, json={"note": "x"}), 404, "not_found")
    error_of(await house.owner.delete(elsewhere), 404, "not_found")
