"""Do the outputs of a run get into the document, for everybody, and only while it may change?"""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Array, Map, Text

from jupyter_interview.collab.notebook import cells_of, yjs_value
from jupyter_interview.core.errors import RateLimited
from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import JSON, EventKind
from jupyter_interview.core.ports import DISPLAY_PLACES
from jupyter_interview.execution.outputs import RunOutputs, outputs_hash
from tests.collab.clients import new_cell
from tests.collab.conftest import MakePair, Pair
from tests.collab.counting import reads
from tests.managers.house import House

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


async def test_what_is_printed_over_is_printed_over_for_everybody(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    outputs = pair.document.outputs_of(_first(pair), "run-1")
    outputs.begin()
    outputs.stream("stdout", "a 🎉\n1é")
    outputs.stream("stdout", "0%", "é")
    outputs.stream("stdout", "99 🎉\n", "10%")
    outputs.finish(1)
    expected = [{"output_type": "stream", "name": "stdout", "text": "a 🎉\n99 🎉\n"}]
    assert outputs.outputs() == expected == await _seen(pair) == pair.document.notebook()["cells"][0]["outputs"]
    size = pair.document.standing.total
    outputs.clear()
    assert pair.document.standing.total == 0 < size < 100
    # Somebody cleared the cell's outputs meanwhile: there is nothing to take away.
    outputs.stream("stdout", "new", "old old")
    assert (await _seen(pair))[0]["text"] == "new"


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
    before = len(await pair.edits())
    for _ in range(10):
        outputs.stream("stdout", "y")
    assert sum(len(event.data or b"") for event in (await pair.edits())[before:]) < 10 * 60
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


async def test_the_newest_outputs_of_a_display_follow_it(ji_pair: MakePair) -> None:
    """And they are found without looking at anything else, however many there are."""
    pair = await ji_pair()
    pair.candidate.cells.append(new_cell("second"))
    await pair.settle()
    first, second = pair.document.outputs_of(_first(pair), "run-1"), pair.document.outputs_of("second", "run-2")
    first.begin()
    second.begin()
    for _ in range(5):
        first.display(RESULT, "d")
    for _ in range(DISPLAY_PLACES - 2):
        second.display(RESULT, "d")
    for number in range(100):
        second.display(RESULT, f"other {number}")
    assert second.shown("d") == DISPLAY_PLACES
    with reads() as counted:
        second.update_display("d", {"text/plain": "new"}, {})
    assert counted["Array"] <= 2 * DISPLAY_PLACES, "each is read, and perhaps read back"
    texts = [output["data"]["text/plain"] for output in first.outputs()]
    assert texts == [RESULT["data"]["text/plain"]] * 3 + ["new"] * 2
    assert [output["data"]["text/plain"] for output in second.outputs()].count("new") == DISPLAY_PLACES - 2
    second.begin()
    assert first.shown("d") == 2 and first.shown("other 7") == 0
    second.display(RESULT, "other 7")
    first.begin()
    second.begin()
    assert first.shown("d") == first.shown("other 7") == 0


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
    """The server refuses that today; logs from before have it."""
    pair = await ji_pair()
    with pair.document.acting(pair.candidate.member.key, 1, None):
        cells_of(pair.document.doc)[0]["outputs"] = "mine now"
    outputs = pair.document.outputs_of(_first(pair), "run")
    outputs.begin()
    outputs.stream("stdout", "x")
    with pair.document.acting(pair.candidate.member.key, 1, None):
        cells_of(pair.document.doc)[0]["outputs"][0]["text"] = 7
    await pair.settle()
    outputs.stream("stdout", "y")
    assert pair.document.notebook()["cells"][0]["outputs"][-1]["text"] == "y"
    assert outputs.outputs() == [{"output_type": "stream", "name": "stdout", "text": "xy"}], "what the run wrote"


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


async def test_the_hash_is_of_what_the_run_wrote(ji_pair: MakePair) -> None:
    """Whatever somebody made of the outputs meanwhile, or put beside them."""
    pair = await ji_pair()
    outputs = pair.document.outputs_of(_first(pair), "run")
    sink = RunOutputs(outputs, Limits(), lambda: None)
    sink.begin()
    sink.message("stream", {"name": "stdout", "text": "wrong\n"})
    await pair.settle()
    shared = pair.document.doc.get("cells", type=Array)[0]["outputs"]
    shared.append(Map({"output_type": "stream", "name": "stdout", "text": Text("right\n")}))
    shared.insert(0, Map(yjs_value(RESULT)))
    wrote = [{"output_type": "stream", "name": "stdout", "text": "wrong\n"}]
    assert sink.finish(1) == outputs_hash(wrote)
    assert outputs_hash(pair.document.notebook()["cells"][0]["outputs"]) != outputs_hash(wrote)


ODD: JSON = {
    "application/json": {"b": [1, 2.5, -0.0, 1e300, 2**53, None, True, {"z": 1, "a": "é\0🎉"}], "a": 10**20},
    "text/plain": ["one\n", "two"],
    "image/svg+xml": "<svg/>",
}


async def test_the_hash_of_a_run_that_nobody_touched_is_that_of_the_document(ji_pair: MakePair) -> None:
    """As it was in logs before: a replay computes the same from the log."""
    pair = await ji_pair()
    pair.candidate.cells.append(new_cell("second"))
    await pair.settle()
    other = RunOutputs(pair.document.outputs_of("second", "run-0"), Limits(), lambda: None)
    other.begin()
    other.message("display_data", {"data": ODD, "metadata": {}, "transient": {"display_id": "elsewhere"}})
    assert other.finish(1) == outputs_hash(pair.document.notebook()["cells"][1]["outputs"])
    sink = RunOutputs(pair.document.outputs_of(_first(pair), "run"), Limits(), lambda: None)
    sink.begin()
    sink.message("stream", {"name": "stdout", "text": "gone"})
    sink.message("clear_output", {"wait": True})
    sink.message("display_data", {"data": {"text/plain": "0"}, "metadata": {"a": 1}, "transient": {"display_id": "d"}})
    sink.message("execute_result", {"data": ODD, "metadata": {"width": 3}, "execution_count": 7})
    sink.message("update_display_data", {"data": ODD, "metadata": {"k": 2.0}, "transient": {"display_id": "d"}})
    sink.message("update_display_data", {"data": ODD, "metadata": {}, "transient": {"display_id": "elsewhere"}})
    for text in ("a", "b\r50%\r60%", "\rc🎉"):
        sink.message("stream", {"name": "stderr", "text": text})
    sink.message("error", {"ename": "E", "evalue": "v", "traceback": ["1", "2"]})
    digest = sink.finish(3)
    assert digest == outputs_hash(pair.document.notebook()["cells"][0]["outputs"])
    assert digest != outputs_hash([])


async def test_old_outputs_give_way_and_a_line_says_so(ji_pair: MakePair) -> None:
    pair = await ji_pair(outputs_bytes=50_000, cells=200)
    for number in range(100):
        pair.candidate.cells.append(new_cell(f"c{number}"))
    await pair.settle()
    for number in range(100):
        outputs = pair.document.outputs_of(f"c{number}", f"run-{number}")
        outputs.begin()
        outputs.stream("stdout", "x" * 10_000)
        outputs.finish(number)
    cells = pair.document.notebook()["cells"][1:]
    line = "Outputs removed: the interview's outputs reached 0.05 MB. Run the cell again.\n"
    assert [cell["outputs"][0]["text"] for cell in cells[:95]] == [line] * 95
    assert [len(cell["outputs"][0]["text"]) for cell in cells[96:]] == [10_000] * 4
    assert all(len(cell["outputs"]) == 1 and cell["execution_count"] is not None for cell in cells)
    again = pair.document.outputs_of("c96", "again")
    again.begin()
    again.stream("stdout", "y" * 30_000)
    texts = [cell["outputs"][0]["text"] for cell in pair.document.notebook()["cells"][97:]]
    assert texts[0] == "y" * 30_000 and [text == line for text in texts[1:]] == [True, False, False]
    assert len(pair.document.doc.get_update()) < 150_000
    await _seen(pair)


async def test_after_a_restart_the_oldest_runs_are_still_the_first_to_go(ji_pair: MakePair) -> None:
    pair = await ji_pair(outputs_bytes=25_000)
    ada = pair.live.members[pair.candidate.member.id]
    for name in ("first", "second"):
        pair.candidate.cells.append(new_cell(name))
    await pair.settle()
    for name in ("second", "first"):
        await pair.live.runs.request(ada, 0, [(name, None)])
        pair.house.kernels[pair.live.room.id].begin().stream("stdout", name * 2_000)
        pair.house.kernels[pair.live.room.id].end()
    await pair.house.crash()
    house = await House(pair.house.url, outputs_bytes=25_000).start()
    try:
        live = await house.rooms.open(pair.live.room.id)
        outputs = live.document.outputs_of(_first(pair), "run")
        outputs.begin()
        outputs.stream("stdout", "x" * 10_000)
        shown = {cell["id"]: cell["outputs"][0]["text"] for cell in live.document.notebook()["cells"]}
        assert shown["second"].startswith("Outputs removed") and shown["first"] == "first" * 2_000
    finally:
        await house.stop()


async def test_one_run_shown_in_many_places_is_not_many_times_its_limit(ji_pair: MakePair) -> None:
    pair = await ji_pair(output_bytes=100_000)
    outputs = pair.document.outputs_of(_first(pair), "run")
    sink = RunOutputs(outputs, pair.live.limits, lambda: None)
    sink.begin()
    for _ in range(400):
        sink.message("display_data", {"data": {"text/plain": "x"}, "transient": {"display_id": "d"}})
    sink.message("update_display_data", {"data": {"text/plain": "x" * 50_000}, "transient": {"display_id": "d"}})
    sink.finish(1)
    assert sink.full is not None
    assert len(pair.document.doc.get_update()) < 200_000


async def test_outputs_end_where_the_log_takes_no_more(ji_pair: MakePair) -> None:
    pair = await ji_pair(log_outputs_minute_bytes=200_000)
    ada = pair.live.members[pair.candidate.member.id]
    sizes = []
    for number in range(3):
        outputs = pair.document.outputs_of(_first(pair), f"run-{number}", ada.key)
        sink = RunOutputs(outputs, pair.live.limits, lambda: None)
        sink.begin()
        for _ in range(30):
            sink.message("display_data", {"data": {"text/plain": "x" * 1_000}})
        sink.finish(number)
        sizes.append(len(outputs.outputs()))
    assert sizes[0] == 30 and 1 < sizes[1] < 30 and sizes[2] == 1
    told = pair.document.notebook()["cells"][0]["outputs"][-1]["text"]
    assert "200 kB" in told and "in a minute" in told and "not shown" in told
    written = sum(
        len(event.data or b"") for event in await pair.edits() if event.subject == ada.key and not event.member
    )
    assert written < 200_000
    with pytest.raises(RateLimited) as caught:
        await pair.live.runs.request(ada, 0, [(None, None)])
    assert caught.value.details["retry_after"] > 0 and caught.value.details["budget"] == "log_outputs_minute_bytes"


async def test_outputs_have_names_that_objects_can_have(ji_pair: MakePair) -> None:
    pair = await ji_pair()
    outputs = pair.document.outputs_of(_first(pair), "run-1")
    outputs.begin()
    value = {"constructor": {"a": 1}, "__proto__": [{"prototype": 2}]}
    fit = {"_constructor": {"a": 1}, "___proto__": [{"_prototype": 2}]}
    shown: JSON = {"output_type": "display_data", "data": {"application/json": value}, "metadata": value}
    outputs.display(shown, "d")
    assert await _seen(pair) == [yjs_value({**shown, "data": {"application/json": fit}, "metadata": fit})]
    assert outputs.outputs() == pair.document.notebook()["cells"][0]["outputs"]
    outputs.update_display("d", {"application/json": value}, value)
    assert (await _seen(pair))[0]["metadata"] == yjs_value(fit)
    assert outputs.outputs() == pair.document.notebook()["cells"][0]["outputs"]
