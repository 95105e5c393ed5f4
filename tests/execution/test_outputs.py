"""Are outputs gathered, bounded and cleared as they should be?"""

from __future__ import annotations

from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import JSON
from jupyter_interview.execution.outputs import TOO_LARGE, RunOutputs, outputs_hash

from .conftest import Cell


def _sink(cell: Cell, **limits: float) -> RunOutputs:
    return RunOutputs(cell, Limits.checked(**limits), lambda: None)


def _text(text: str, name: str = "stdout") -> tuple[str, JSON]:
    return "stream", {"name": name, "text": text}


def _shown(text: str, display_id: str | None = None, kind: str = "display_data") -> tuple[str, JSON]:
    transient = {} if display_id is None else {"display_id": display_id}
    return kind, {"data": {"text/plain": text}, "metadata": {}, "transient": transient}


async def test_the_first_output_is_written_at_once_and_the_next_are_gathered() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_text("a"))
    assert cell.calls == ["stream"]
    for letter in "bcd":
        sink.message(*_text(letter))
    assert cell.calls == ["stream"]
    await cell.until(lambda cell: cell.text == "abcd")
    assert cell.calls == ["stream", "stream"]


async def test_after_a_pause_it_is_at_once_again() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_text("a"))
    sink._tick()  # as the timer does after a quiet moment
    assert sink._timer is None
    sink.message(*_text("b"))
    assert cell.text == "ab"


async def test_the_order_of_kinds_is_kept() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_text("1"))
    sink.message(*_text("2", "stderr"))
    sink.message(*_shown("3"))
    sink.message(*_text("4"))
    sink.finish(1)
    assert [output.get("text") or output["data"]["text/plain"] for output in cell.listed] == ["1", "2", "3", "4"]


async def test_nothing_is_written_after_the_end() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_text("a"))
    sink.message(*_text("b"))
    assert sink.finish(3) == outputs_hash(cell.listed)
    sink.message(*_text("late"))
    assert cell.text == "ab" and cell.calls[-1] == "finish" and cell.count == 3


async def test_clear_output_waits_for_the_next_output() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_shown("old"))
    sink.message("clear_output", {"wait": True})
    sink.flush()
    assert "clear" not in cell.calls
    sink.message(*_shown("new"))
    sink.flush()
    assert [output["data"]["text/plain"] for output in cell.listed] == ["new"]


async def test_clear_output_at_once_drops_what_was_gathered() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_text("old"))
    sink.message(*_text("never written"))
    sink.message("clear_output", {"wait": False})
    sink.finish(None)
    assert cell.listed == [] and cell.calls == ["stream", "clear", "finish"]


async def test_a_display_is_updated() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_shown("1", "d"))
    sink.message(*_shown("2", "d", "update_display_data"))
    sink.finish(None)
    assert [output["data"]["text/plain"] for output in cell.listed] == ["2"]


async def test_an_output_that_never_came_is_told_at_the_end() -> None:
    cell = Cell()
    floods: list[int] = []
    sink = RunOutputs(cell, Limits(), lambda: floods.append(1))
    sink.message(TOO_LARGE, {})
    sink.message(*_text("x\n"))
    assert cell.text == "x\n" and floods == []
    sink.note_lost()
    assert cell.text == "x\nAn output was too large and is not shown.\n"
    sink.message(TOO_LARGE, {})
    assert floods == [1]
    sink.finish(None)


async def test_nothing_is_said_where_all_came() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_text("x"))
    sink.note_lost()
    sink.finish(None)
    assert cell.text == "x"


async def test_text_is_cut_where_the_limit_is() -> None:
    cell = Cell()
    sink = _sink(cell, output_bytes=10)
    sink.message(*_text("ééééééé"))
    assert cell.listed[0]["text"] == "ééééé"
    assert sink.full is not None and cell.listed[1]["text"] == sink.full + "\n"
    sink.message(*_text("more"))
    sink.message(*_shown("more"))
    sink.finish(None)
    assert len(cell.listed) == 2


async def test_updates_and_clears_count_towards_the_bytes() -> None:
    """Each is kept in the log for ever, though it is not seen for long."""
    cell = Cell()
    sink = _sink(cell, output_bytes=5_000)
    sink.message(*_shown("x", "d"))
    for _ in range(20):
        sink.message(*_shown("x" * 1_000, "d", "update_display_data"))
    sink.finish(None)
    assert sink.full is not None and cell.calls.count("update_display") < 6


async def test_outputs_may_be_many_when_they_are_cleared() -> None:
    cell = Cell()
    sink = _sink(cell, output_count=5)
    for number in range(50):
        sink.message("clear_output", {"wait": True})
        sink.message(*_shown(str(number)))
    sink.finish(None)
    assert sink.full is None and cell.listed[-1]["data"]["text/plain"] == "49"


async def test_a_flood_beyond_the_limits_is_told_once_it_goes_on() -> None:
    told: list[bool] = []
    sink = RunOutputs(Cell(), Limits.checked(output_count=3), lambda: told.append(True))
    for number in range(10):
        sink.message(*_shown(str(number)))
    assert told == []
    for number in range(10):
        sink.message(*_shown(str(number)))
    assert told


async def test_a_progress_bar_is_one_line() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_text("start\n"))
    for percent in range(0, 101):
        sink.message(*_text(f"\r{percent:3d}%"))
    sink.finish(None)
    assert cell.text == "start\n\r100%"


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    assert outputs_hash([{"a": 1, "b": "é"}]) == outputs_hash([{"b": "é", "a": 1}])
    assert outputs_hash([]) != outputs_hash([{}])
