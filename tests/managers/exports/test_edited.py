"""Does an export of a log from before say which outputs somebody edited after the run?"""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import nbformat
import pytest
from pycrdt import Array, Map, Text

from jupyter_interview.collab.document import NotebookDocument
from jupyter_interview.collab.notebook import cells_of
from tests.managers.conftest import MakeHouse
from tests.managers.exporting import Interview, Post, interview, post_of


@pytest.fixture
async def post(ji_house: MakeHouse) -> AsyncIterator[Post]:
    async with post_of(await ji_house()) as made:
        yield made


def forge(held: Interview, text: str) -> None:
    """What an older server let a member's update do."""
    document = held.live.document
    assert isinstance(document, NotebookDocument)
    with document.acting(held.ada.key, 7, None):
        outputs = cells_of(document.doc)[0]["outputs"]
        outputs.append(Map({"output_type": "stream", "name": "stdout", "text": text}))


async def exported(post: Post, held: Interview) -> tuple[Any, Any]:
    """The cell of the notebook, and the last run in the page."""
    await held.live.log.barrier()
    notebook = json.loads(await post.take(held.room, "ipynb"))
    nbformat.validate(notebook)
    page = (await post.take(held.room, "html")).decode()
    data = re.search(r'id="interview-story">([^<]*)<', page)
    assert data is not None
    story = json.loads(gzip.decompress(base64.b64decode(data[1])))
    return notebook["cells"][0], story["runs"][-1]


async def test_outputs_that_nobody_edited_are_as_they_were(post: Post) -> None:
    held = await interview(post, end=False)
    cell, run = await exported(post, held)
    assert "outputs_edited_by" not in cell["metadata"]["interview"] and "outputs_edited_by" not in run
    assert "edited by" not in json.dumps(cell["outputs"])


async def test_edited_outputs_are_told_with_who_did_it(post: Post) -> None:
    held = await interview(post, end=False)
    forge(held, "all tests passed")
    cell, run = await exported(post, held)
    assert [each["name"] for each in cell["metadata"]["interview"]["outputs_edited_by"]] == ["Ada"]
    assert cell["outputs"][-1]["text"] == "Outputs edited by Ada after the run.\n"
    assert run["outputs_edited_by"] == [cell["metadata"]["interview"]["outputs_edited_by"][0]["member"]]


async def test_outputs_of_which_some_are_taken_away_are_edited_as_well(post: Post) -> None:
    """A failure without its last line says something else; a cell without any outputs says nothing."""
    held = await interview(post, end=False)
    document = held.live.document
    assert isinstance(document, NotebookDocument)
    outputs = document.outputs_of(document.code_cells()[0], "again", held.ada.key)
    outputs.begin()
    outputs.stream("stdout", "went well")
    outputs.display({"output_type": "error", "ename": "AssertionError", "evalue": "no", "traceback": ["it did not"]})
    outputs.finish(9)
    with document.acting(held.ada.key, 7, None):
        del cells_of(document.doc)[0]["outputs"][1]
    cell, _ = await exported(post, held)
    assert [each["name"] for each in cell["metadata"]["interview"]["outputs_edited_by"]] == ["Ada"]
    with document.acting(held.ada.key, 7, None):
        cells_of(document.doc)[0]["outputs"].clear()
    cell, _ = await exported(post, held)
    assert "outputs_edited_by" not in cell["metadata"]["interview"]


async def test_a_new_run_makes_them_genuine_again(post: Post) -> None:
    held = await interview(post, end=False)
    forge(held, "all tests passed")
    document = held.live.document
    outputs = document.outputs_of(document.code_cells()[0], "again", held.ada.key)
    outputs.begin()
    outputs.stream("stdout", "genuine")
    outputs.finish(9)
    cell, _ = await exported(post, held)
    assert "outputs_edited_by" not in cell["metadata"]["interview"]


async def _again(held: Interview, text: str | None, at: int = 0) -> None:
    """An older server's member removes the cell and puts it in again in one change, maybe with other outputs."""
    document = held.live.document
    assert isinstance(document, NotebookDocument)
    cells = cells_of(document.doc)
    value = json.loads(str(cells[0]))
    outputs = [{**output, "text": text or output["text"]} for output in value["outputs"]]
    fields = {name: value[name] for name in ("id", "cell_type", "execution_count")}
    with document.acting(held.ada.key, 7, None):
        del cells[0]
        made = Map({**fields, "source": Text(value["source"]), "outputs": Array([Map(each) for each in outputs])})
        cells.insert(at, made)
        made["metadata"] = Map({})
    await held.live.log.barrier()


async def test_a_cell_that_comes_again_with_other_outputs_is_edited(post: Post) -> None:
    held = await interview(post, end=False)
    await _again(held, "all tests passed")
    cell, _ = await exported(post, held)
    assert [each["name"] for each in cell["metadata"]["interview"]["outputs_edited_by"]] == ["Ada"]


@pytest.mark.parametrize("forged", [False, True])
async def test_a_cell_that_was_moved_is_what_it_was(post: Post, forged: bool) -> None:
    """Whether somebody had edited its outputs or not."""
    held = await interview(post, end=False)
    if forged:
        forge(held, "all tests passed")
    await _again(held, None)
    cell, _ = await exported(post, held)
    assert ("outputs_edited_by" in cell["metadata"]["interview"]) is forged
