"""Do the outputs of a run get into the document, for everybody, and only while it may change?"""

from __future__ import annotations

from typing import Any

from jupyter_interview.core.models import JSON, EventKind
from tests.collab.clients import new_cell
from tests.collab.conftest import MakePair, Pair

IMAGE: JSON = {"output_type": "display_data", "data": {"image/png": "AA=="}, "metadata": {"width": 3}}
RESULT: JSON = {"output_type": "execute_result", "data": {"text/plain": "4"}, "metadata": {}, "execution_count": 2}
ERROR: JSON = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line"]}


def _first(pair: Pair) -> str:
    return pair.document.code_cells()[0]


async def _seen(pair: Pair) -> Any:
    """The first cell's outputs in the browsers, which agree."""
    await pair.settle()
    found = [client.cells[0]["outputs"].to_py() for client in (pair.candidate, pair.interviewer)]
    assert found[0] == found[1]
    return found[0]


async def test_a_run_writes_for_everybody(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    outputs = pair.document.outputs_of(_first(pair), "run-1")
    outputs.begin()
    assert pair.document.notebook()["cells"][0]["execution_count"] is None
    await pair.settle()
    assert pair.candidate.cells[0]["execution_state"] == "running"
    outputs.stream("stdout", "a 🎉")
    outputs.stream("stdout", "b\n")
    outputs.stream("stderr", "e")
    outputs.stream("stdout", "c")
    for output in (IMAGE, RESULT, ERROR):
        outputs.display(output)
    outputs.finish(2)
    streams = [("stdout", "a 🎉b\n"), ("stderr", "e"), ("stdout", "c")]
    expected = [{"output_type": "stream", "name": name, "text": text} for name, text in streams]
    assert outputs.outputs() == [*expected, IMAGE, RESULT, ERROR]
    assert [output["output_type"] for output in await _seen(pair)] == [o["output_type"] for o in outputs.outputs()]
    cell = pair.document.notebook()["cells"][0]
    assert cell["outputs"] == outputs.outputs() and cell["execution_count"] == 2
    assert pair.interviewer.cells[0]["execution_state"] == "idle"
    written = [event for event in await pair.house.story(pair.live, EventKind.DOCUMENT_UPDATE) if event.payload]
    assert len(written) == 9
    assert {event.member for event in written} == {0}
    assert all(event.payload == {"source": "kernel", "run": "run-1"} for event in written)


async def test_a_streams_text_only_grows(ji_pair: MakePair) -> None:
    """What is shown stays where it is: each append is as small as its text."""
    pair = await ji_pair()
    outputs = pair.document.outputs_of(_first(pair), "run")
    outputs.begin()
    outputs.stream("stdout", "x" * 10_000)
    await pair.settle()
    size = pair.document._size
    for _ in range(10):
        outputs.stream("stdout", "y")
    assert pair.document._size - size < 10 * 60
    assert (await _seen(pair))[0]["text"] == "x" * 10_000 + "y" * 10


async def test_a_display_is_updated_wherever_it_is_shown(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    pair.candidate.cells.append(new_cell("second"))
    await pair.settle()
    first = pair.document.outputs_of(_first(pair), "run-1")
    first.begin()
    first.stream("stdout", "before")
    first.display(IMAGE, "d")
    first.display(RESULT, "other")
    second = pair.document.outputs_of("second", "run-2")
    second.begin()
    second.display(RESULT, "d")
    second.update_display("d", {"text/plain": "new"}, {"k": 1})
    second.update_display("unknown", {"text/plain": "no"}, {})
    changed = {"data": {"text/plain": "new"}, "metadata": {"k": 1}}
    assert first.outputs()[1:] == [{**IMAGE, **changed}, RESULT]
    assert second.outputs() == [{**RESULT, **changed}]
    first.begin()
    first.display(ERROR)
    second.update_display("d", {"text/plain": "newer"}, {})
    assert first.outputs() == [ERROR], "what was shown before is forgotten"
    assert second.outputs()[0]["data"] == {"text/plain": "newer"}


async def test_clear_empties_the_cell(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    outputs = pair.document.outputs_of(_first(pair), "run")
    outputs.begin()
    outputs.display(IMAGE, "d")
    outputs.clear()
    outputs.stream("stdout", "after")
    outputs.update_display("d", {"text/plain": "x"}, {})
    assert [output["output_type"] for output in await _seen(pair)] == ["stream"]


async def test_a_deleted_cell_swallows_its_outputs(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    outputs = pair.document.outputs_of(_first(pair), "run")
    outputs.begin()
    outputs.display(IMAGE, "d")
    del pair.candidate.cells[0]
    await pair.settle()
    outputs.stream("stdout", "x")
    outputs.display(RESULT, "d")
    outputs.update_display("d", {}, {})
    outputs.clear()
    outputs.finish(1)
    assert outputs.outputs() == [] and pair.document.notebook()["cells"] == []


async def test_outputs_that_a_client_spoiled_are_written_anew(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    pair.candidate.cells[0]["outputs"] = "mine now"
    await pair.settle()
    outputs = pair.document.outputs_of(_first(pair), "run")
    outputs.begin()
    outputs.stream("stdout", "x")
    pair.candidate.doc.apply_update(pair.document.doc.get_update())
    pair.candidate.cells[0]["outputs"][0]["text"] = 7
    await pair.settle()
    outputs.stream("stdout", "y")
    assert outputs.outputs()[-1]["text"] == "y"


async def test_a_frozen_document_takes_no_late_output(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    outputs = pair.document.outputs_of(_first(pair), "run")
    outputs.begin()
    outputs.display(IMAGE, "d")
    pair.document.freeze()
    before, seq = pair.document.notebook(), pair.live.log.seq
    outputs.stream("stdout", "late")
    outputs.display(RESULT)
    outputs.update_display("d", {"text/plain": "late"}, {})
    outputs.clear()
    outputs.finish(9)
    assert pair.document.notebook() == before and pair.live.log.seq == seq


async def test_settle_ends_what_says_that_it_runs(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    pair.document.outputs_of(_first(pair), "run").begin()
    pair.document.settle()
    await pair.settle()
    assert pair.candidate.cells[0]["execution_state"] == "idle"
    seq = pair.live.log.seq
    pair.document.settle()
    assert pair.live.log.seq == seq, "what is idle is not written again"
