"""Does REST make, list, change, end and delete rooms as the protocol says?"""

from __future__ import annotations

from typing import Any

import nbformat
import pytest

from tests.handlers.rest import error_of, log_in
from tests.integration.clients import House, Room

pytestmark = pytest.mark.integration


@pytest.fixture
def house(database_house: House) -> House:
    """On each of the databases."""
    return database_house


async def test_a_room_from_birth_to_deletion(house: House) -> None:
    """Created waiting, live with its candidate, ended for good, deleted with its record."""
    made = await house.owner.post(
        "api/interview/rooms",
        json={"title": "  Python\tinterview ", "language": "python", "password": "sesame", "tags": ["a", "b", "a"],
              "settings": {"seats": 2, "candidate": {"run": False}}},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    room = made.json()
    assert made.headers["Location"] == room["url"] == f"/interview/{room['id']}"
    assert (room["title"], room["state"], room["tags"], room["has_password"]) == (
        "Python interview",
        "waiting",
        ["a", "b"],
        True,
    )
    assert "sesame" not in made.text and room["settings"] == {"seats": 2, "candidate": {"run": False}}
    place = Room(house, room["id"])
    cara = await place.join("Cara", password="sesame")
    assert cara.member["permissions"]["run"] is False
    shown = await place.api("GET")
    assert shown["state"] == "live" and shown["started_at"]
    changed = await place.api("PATCH", "", {"title": "Other", "tags": ["c"], "password": None})
    assert (changed["title"], changed["tags"], changed["has_password"]) == ("Other", ["c"], False)
    error_of(await house.owner.delete(f"api/interview/rooms/{place.id}"), 409, "conflict")
    ended = await place.end()
    assert ended["state"] == "ended" and ended["ended_at"] and ended["members"] == []
    for method, path, body in (
        ("POST", "/end", None),
        ("PATCH", "", {"title": "x"}),
        ("POST", "/invitations", {"role": "spectator"}),
    ):
        answer = await house.owner.request(method, f"api/interview/rooms/{place.id}{path}", json=body)
        error_of(answer, 410, "room_ended")
    error_of(await house.nobody.post(f"{place.path}join", json={"name": "Late"}), 410, "room_ended")
    error_of(await cara.rest.get("api/kernels"), 410, "room_ended")
    assert (await place.notebook())["nbformat"] == 4
    assert (await house.owner.delete(f"api/interview/rooms/{place.id}")).status_code == 204
    for suffix in ("", "/events", "/notebook"):
        error_of(await house.owner.get(f"api/interview/rooms/{place.id}{suffix}"), 404, "not_found")
    error_of(await house.owner.delete(f"api/interview/rooms/{place.id}"), 404, "not_found")


async def test_pages_of_rooms(house: House) -> None:
    """Newest first, each once, by cursor; filters by state, words and tag."""
    bob = await log_in(house, "bob")
    ids = []
    for number in range(7):
        body = {"title": f"Page {number} 100%_ö", "tags": [f"tag{number % 2}"]}
        ids.append((await bob.post("api/interview/rooms", json=body)).json()["id"])
    await house.api("POST", f"rooms/{ids[0]}/end")
    seen: list[str] = []
    cursor: str | None = None
    while True:
        parameters = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await bob.get("api/interview/rooms", params=parameters)).json()
        assert len(page["rooms"]) <= 3
        seen += [room["id"] for room in page["rooms"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen[-7:] == ids[::-1] or seen[:7] == ids[::-1]

    async def found(**query: str) -> list[str]:
        answer = await bob.get("api/interview/rooms", params=query)
        return [room["id"] for room in answer.json()["rooms"] if room["id"] in ids]

    assert await found(state="ended") == ids[:1]
    assert await found(state="open") == ids[:0:-1]
    assert await found(q="page 3") == [ids[3]]
    assert await found(q="100%_ö") == ids[::-1]
    assert await found(q="%") == ids[::-1] and await found(q="100__") == []
    assert await found(tag="tag1") == [ids[5], ids[3], ids[1]] and await found(tag="tag") == []
    for query in ("cursor=x", "cursor=9999999999999999999999.1", "cursor=1.99999999999999999999", "cursor=%00",
                  "cursor=1.99999999999",
                  "limit=x", "limit=-1", "state=x", "state=live,x", "q=%ff"):  # fmt: skip
        assert (await bob.get(f"api/interview/rooms?{query}")).status_code == 400, query
    for query in ("q=%00", "tag=%00", "limit=0", "limit=999999999999999", "cursor=1.1", "q=%F0%9F%98%80"):
        assert (await bob.get(f"api/interview/rooms?{query}")).status_code == 200, query


async def test_languages(house: House) -> None:
    """What can be chosen, with what is missing for each; nothing else can be."""
    listed = (await house.api("GET", "languages"))["languages"]
    python = next(language for language in listed if language["name"] == "python")
    assert python["available"] is True and python["display_name"]
    for language in ("klingon", "", "../python", "\0"):
        answer = await house.owner.post("api/interview/rooms", json={"title": "x", "language": language})
        error_of(answer, 400, "bad_request")


async def test_a_room_starts_from_a_notebook(house: House) -> None:
    """A valid one of any format is taken; anything else is refused and leaves no room."""
    old_cell = {"cell_type": "code", "language": "python", "input": "1 + 1", "outputs": [], "metadata": {}}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [old_cell], "metadata": {}}]}
    new_cell = {"cell_type": "code", "id": "b", "metadata": {}, "source": ["x ", "= 1"], "execution_count": 3,
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["a\n", "b\n"]}]}  # fmt: skip
    task = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Task\nö 😀"}
    metadata = {"title": "t", "nested": {"a": [1, 2.5, None, True]}}
    new = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [task, new_cell]}
    room = await house.room(notebook=new)
    taken = await room.notebook()
    nbformat.validate(nbformat.from_dict(taken))  # type: ignore[no-untyped-call]
    assert [(cell["cell_type"], cell["source"]) for cell in taken["cells"]] == [
        ("markdown", "# Task\nö 😀"),
        ("code", "x = 1"),
    ]
    assert taken["cells"][1]["outputs"][0]["text"] == "a\nb\n" and taken["cells"][1]["execution_count"] == 3
    assert taken["metadata"]["nested"] == {"a": [1, 2.5, None, True]}
    room = await house.room(notebook=old)
    assert (await room.notebook())["cells"][0]["source"] == "1 + 1"
    before = len((await house.api("GET", "rooms?limit=100"))["rooms"])
    broken: tuple[Any, ...] = ({}, {"cells": []},
                     {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"x": 1}]},
                     {"nbformat": 99, "nbformat_minor": 0, "metadata": {}, "cells": []},
                     {"nbformat": "4", "cells": 5}, {"nbformat": 4, "nbformat_minor": 5, "metadata": 5, "cells": []},
                     {"nbformat": 4, "nbformat_minor": 5, "metadata": {},
                      "cells": [{"cell_type": "code", "id": "a", "metadata": {}, "source": 5, "outputs": [],
                                 "execution_count": None}]})  # fmt: skip
    for notebook in broken:
        answer = await house.owner.post("api/interview/rooms", json={"title": "x", "notebook": notebook})
        error_of(answer, 400, "bad_request")
    large = {**new, "metadata": {"x": "y" * 4_000_001}}
    error_of(await house.owner.post("api/interview/rooms", json={"title": "x", "notebook": large}), 413, "too_large")
    assert len((await house.api("GET", "rooms?limit=100"))["rooms"]) == before


def _cells(*sources: str, outputs: int = 0) -> dict[str, Any]:
    """A notebook, with so many bytes of outputs in its first cell."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]  # type: ignore[no-untyped-call]
    if outputs:
        cells[0]["outputs"] = [nbformat.v4.new_output("stream", text="x" * outputs)]  # type: ignore[no-untyped-call]
    return dict(nbformat.v4.new_notebook(cells=cells))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize(
    ("notebook", "said"),
    [
        (_cells(*["x"] * 501), "A notebook can have at most 500 cells."),
        (_cells("x", "y" * 200_001), "A cell can have at most 200,000 characters; cell 2 has more."),
        (_cells("x", outputs=3_900_000) | {"metadata": {}}, None),
    ],
)
async def test_a_room_does_not_begin_beyond_its_limits(
    house: House, notebook: dict[str, Any], said: str | None
) -> None:
    """Nobody could edit it."""
    answer = await house.owner.post("api/interview/rooms", json={"title": "x", "notebook": notebook})
    if said is None:
        assert answer.status_code == 201
        return
    error = error_of(answer, 413, "too_large")
    assert (error["message"], error["details"]["field"]) == (said, "notebook")
