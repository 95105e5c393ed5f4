"""What is a fork by REST: whose room, with what in it, and who may come in?"""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_interview.core.models import JSON
from tests.fixtures.server import ServerFactory
from tests.handlers.rest import error_of, log_in
from tests.integration.clients import House, Room

pytestmark = pytest.mark.integration


@pytest.fixture
def house(database_house: House) -> House:
    """On each of the databases."""
    return database_house


async def forked(house: House, room: Room, **body: Any) -> tuple[Room, JSON]:
    """A fork, once what was to be run again has been."""
    made = await house.owner.post(f"api/interview/rooms/{room.id}/fork", json=body)
    assert made.status_code == 201, made.text
    fork = Room(house, made.json()["id"])

    async def look() -> JSON | None:
        found: JSON = (await house.owner.get(f"api/interview/rooms/{room.id}/forks/{fork.id}")).json()
        return found if found["state"] in ("none", "done", "failed") else None

    progress = await look()
    while progress is None:
        progress = await look()
    return fork, progress


async def test_a_fork_with_its_runs(house: House) -> None:
    """It starts as the other one was; what it ran is run again in order, and only what differs is named."""
    files = [{"name": "data.txt", "data": "aGVsbG8="}]
    room = await house.room("First", files=files, tags=["hard"], settings={"seats": 2})
    cara = await room.join("Cara")
    notebook, channel = await cara.document(), await cara.channel()
    sources = [
        "x = open('/home/user/data/data.txt').read() if False else 'hello'\nprint(x)",
        "import os\nprint(os.urandom(8))",
        "print(object())",
        "1 / 0",
    ]
    for source in sources:
        await notebook.set_source(source)
        await notebook.saved()
        await cara.run(notebook.cell())
        await channel.expect("run_finished")
    seq = (await room.events())[-1]["seq"]
    await notebook.set_source("later")
    await notebook.saved()
    await room.end()
    fork, progress = await forked(house, room, at=seq, rerun=True)
    assert progress["state"] == "done" and progress["done"] == progress["total"] == 4, progress
    [difference] = progress["differences"]
    assert difference["reason"] == "outputs" and difference["source"] == sources[1]
    assert difference["recorded"] != difference["now"]
    shown = await fork.api("GET")
    assert shown["title"] == "First (fork)" and shown["state"] == "waiting" and shown["tags"] == ["hard"]
    assert [file["name"] for file in shown["files"]] == ["data.txt"] and shown["settings"]["seats"] == 2
    begun, was = await fork.notebook(), await room.notebook(seq)
    assert begun["cells"] == was["cells"] and begun["cells"][0]["source"] == "1 / 0"
    [created] = await fork.events("room_created")
    assert created["payload"]["forked_from"] == {"room": room.id, "seq": seq}
    assert [event["payload"]["source"] for event in await fork.events("run_started")] == sources


async def test_a_fork_of_a_live_room_by_a_guest(house: House) -> None:
    """An interviewer without an account gets a link in; the room that is forked goes on."""
    room = await house.room()
    await (await room.join("Cara")).channel()
    ivan = await room.invite("interviewer", "Ivan")
    made = await ivan.rest.post(f"api/interview/rooms/{room.id}/fork", json={"at": 2, "title": "Again"})
    assert made.status_code == 201 and made.json()["title"] == "Again"
    fork = Room(house, made.json()["id"])
    secret = made.json()["url"].partition("#invite=")[2]
    joined = await fork.join("Ivan", invite=secret)
    assert joined.member["role"] == "interviewer"
    used_up = await house.nobody.post(f"{fork.path}join", json={"name": "Mallory", "invite": secret})
    error_of(used_up, 403, "invitation_invalid")
    progress = await ivan.rest.get(f"api/interview/rooms/{room.id}/forks/{fork.id}")
    assert progress.json() == {"state": "none", "done": 0, "total": 0, "message": None, "differences": []}
    assert (await room.api("GET"))["state"] == "live"
    other = await house.room("Elsewhere")
    error_of(await house.owner.get(f"api/interview/rooms/{other.id}/forks/{fork.id}"), 404, "not_found")


async def test_an_invited_interviewer_opens_few_rooms_on_the_owners_account(ji_server: ServerFactory) -> None:
    """The account itself as many as it likes."""
    async with House(ji_server("--InterviewApp.rates=fork=2/hour")) as house:
        room = await house.room()
        ivan = await room.invite("interviewer")
        path = f"api/interview/rooms/{room.id}/fork"
        for _ in range(2):
            made = await ivan.rest.post(path, json={"at": 2})
            assert made.status_code == 201 and "#invite=" in made.json()["url"], made.text
        error_of(await ivan.rest.post(path, json={"at": 2}), 429, "rate_limited")
        for _ in range(3):
            assert (await house.owner.post(path, json={"at": 2})).status_code == 201


async def test_a_guests_fork_of_an_accounts_room_is_the_accounts(house: House) -> None:
    """Not the server's own user's, nor the guest's; and who was asked for a password is asked for it again."""
    ada, bob = await log_in(house), await log_in(house, "bob")
    body = {"title": "Ada's", "language": "python", "password": "open sesame"}
    room = Room(house, (await ada.post("api/interview/rooms", json=body)).json()["id"])
    ivan = await room.invite("interviewer", "Ivan")
    made = (await ivan.rest.post(f"api/interview/rooms/{room.id}/fork", json={"at": 2})).json()
    fork = Room(house, made["id"])
    path = f"api/interview/rooms/{fork.id}"
    assert (await ada.get(path)).json()["has_password"]
    assert fork.id in [each["id"] for each in (await ada.get("api/interview/rooms?limit=100")).json()["rooms"]]
    error_of(await bob.get(path), 404, "not_found")
    for stranger in ({}, {"password": "wrong"}):
        refused = await house.nobody.post(f"{fork.path}join", json={"name": "Cara", **stranger})
        error_of(refused, 403, "password_required")
    assert (await fork.join("Cara", password="open sesame")).member["role"] == "candidate"
    # An interviewer's seat in one room is none in the other, but for the one invitation.
    assert (await house.client(ivan.headers).get(f"{fork.path}api/me")).status_code == 401
    guest = await fork.join("Ivan", invite=made["url"].partition("#invite=")[2])
    error_of(await guest.rest.delete(path), 403, "forbidden")
    assert (await ada.post(f"{path}/end")).status_code == 200
    assert (await ada.delete(path)).status_code == 204
