"""Does a log tell of an output that a later run replaced, in the notebook, the page and the replay?"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from pycrdt import Array, Map, Text

from jupyter_interview.core.encoding import json_bytes
from jupyter_interview.core.models import JSON, Member, RunStatus
from jupyter_interview.core.ports import CellOutputs
from jupyter_interview.managers.replay import framing
from tests.collab.clients import Client
from tests.managers.conftest import MakeHouse
from tests.managers.exporting import Interview, Post, interview, post_of

LINE = "Output replaced by run {} of Iván after the run.\n"


@pytest.fixture
async def post(ji_house: MakeHouse) -> AsyncIterator[Post]:
    async with post_of(await ji_house()) as made:
        yield made


@dataclass
class Shows:
    """An interview with a second cell. Ada's run of the first one showed something that has a name."""

    post: Post
    held: Interview

    async def begins(self, member: Member, index: int) -> CellOutputs:
        """A run of a cell begins."""
        live = self.held.live
        await live.runs.request(member, 0, [(live.document.code_cells()[index], None)])
        return self.post.house.kernels[live.room.id].begin()

    def ends(self) -> None:
        """The run that began ends."""
        self.post.house.kernels[self.held.live.room.id].end(RunStatus.OK)

    async def exported(self, at: str | None = None) -> tuple[JSON, list[JSON]]:
        """The first cell of the notebook, and the runs of the story."""
        await self.held.live.log.barrier()
        notebook = json.loads(await self.post.take(self.held.room, "ipynb", at))
        return notebook["cells"][0], (await self.post.replay.story(self.held.room))["runs"]


@pytest.fixture
async def shows(post: Post) -> AsyncIterator[Shows]:
    held = await interview(post, end=False)
    client = Client(post.house, held.live, held.ada)
    await client.connect()
    fields: dict[str, Any] = {"outputs": Array(), "execution_count": None, "metadata": Map()}
    client.cells.append(Map({"id": "second", "cell_type": "code", "source": Text("x"), **fields}))
    await client.flush()
    made = Shows(post, held)
    outputs = await made.begins(held.ada, 0)
    outputs.display(shown("2 of 9 tests passed"), "bar")
    made.ends()
    yield made
    client.close()


def shown(text: str) -> JSON:
    """An output."""
    return {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}


async def replaces(shows: Shows, member: Member, text: str = "all tests passed") -> None:
    """A run of the second cell goes on with what the first one showed."""
    (await shows.begins(member, 1)).update_display("bar", {"text/plain": text}, {})
    shows.ends()


async def test_a_run_that_replaces_what_it_showed_itself_is_nothing_to_tell(shows: Shows) -> None:
    outputs = await shows.begins(shows.held.ada, 0)
    outputs.display(shown("1 %"), "own")
    outputs.update_display("own", {"text/plain": "100 %"}, {})
    shows.ends()
    cell, runs = await shows.exported()
    assert "outputs_replaced_by" not in cell["metadata"]["interview"]
    assert not [run for run in runs if "outputs_replaced" in run]
    assert "replaced by" not in json.dumps(cell["outputs"])


async def test_a_later_run_that_replaces_an_output_is_told(shows: Shows) -> None:
    before = shows.held.live.log.seq
    await replaces(shows, shows.held.ivan)
    cell, runs = await shows.exported()
    earlier, later = runs[-2:]
    assert cell["outputs"][0]["data"] == {"text/plain": "all tests passed"}
    assert cell["outputs"][-1]["text"] == LINE.format(later["execution_count"])
    [told] = cell["metadata"]["interview"]["outputs_replaced_by"]
    assert (told["id"], told["name"], told["role"]) == (later["id"], "Iván", "interviewer")
    assert [each["run"] for each in earlier["outputs_replaced"]] == [later["id"]]
    assert later["started_seq"] < earlier["outputs_replaced"][0]["seq"] < later["finished_seq"]
    assert "outputs_replaced" not in later
    cell, _ = await shows.exported(str(before))
    assert "outputs_replaced_by" not in cell["metadata"]["interview"]


async def test_each_run_is_told_once_and_a_line_names_the_last_ones(shows: Shows) -> None:
    for number in range(5):
        outputs = await shows.begins(shows.held.ivan, 1)
        for step in range(3):
            outputs.update_display("bar", {"text/plain": f"{number}.{step}"}, {})
        shows.ends()
    cell, runs = await shows.exported()
    assert [each["run"] for each in runs[-6]["outputs_replaced"]] == [run["id"] for run in runs[-5:]]
    assert cell["outputs"][-1]["text"].endswith("run 8 of Iván, 2 more after the run.\n")


async def test_a_new_run_of_the_cell_has_outputs_of_its_own(shows: Shows) -> None:
    await replaces(shows, shows.held.ivan)
    (await shows.begins(shows.held.ada, 0)).stream("stdout", "again")
    shows.ends()
    cell, runs = await shows.exported()
    assert "outputs_replaced_by" not in cell["metadata"]["interview"]
    assert len([run for run in runs if "outputs_replaced" in run]) == 1


async def test_outputs_that_give_way_are_not_taken_for_replaced_ones(shows: Shows) -> None:
    document = shows.held.live.document
    outputs = await shows.begins(shows.held.ivan, 1)
    document.standing.limit = 1  # type: ignore[attr-defined]
    outputs.display(shown("much"))
    shows.ends()
    cell, runs = await shows.exported()
    assert "Outputs removed" in cell["outputs"][0]["text"]
    assert not [run for run in runs if "outputs_replaced" in run]


async def test_frames_of_an_older_version_are_made_anew(shows: Shows, monkeypatch: pytest.MonkeyPatch) -> None:
    await replaces(shows, shows.held.ivan)
    await shows.held.live.log.barrier()
    monkeypatch.setattr(framing, "ENTRIES", 2)
    with monkeypatch.context() as older:
        older.setattr(framing, "json_bytes", without_replaced)
        await shows.post.replay.ready(shows.held.room)
    await shows.post.replay.forget(shows.held.room.key)
    _, runs = await shows.exported()
    assert len([run for run in runs if "outputs_replaced" in run]) == 1


def without_replaced(value: Any) -> bytes:
    """JSON as of a version whose frames did not tell it."""
    kept = {name: each for name, each in value.items() if name != "replaced"} if isinstance(value, dict) else value
    return json_bytes(kept)


async def test_the_page_in_a_file_tells_it_too(shows: Shows) -> None:
    await replaces(shows, shows.held.ivan)
    await shows.held.live.log.barrier()
    page = (await shows.post.take(shows.held.room, "html")).decode()
    story = gzip.decompress(base64.b64decode(page.split('id="interview-story">')[1].split("<")[0]))
    assert len([run for run in json.loads(story)["runs"] if "outputs_replaced" in run]) == 1
