"""Are outputs gathered, bounded and cleared as they should be?"""

from __future__ import annotations

import asyncio

from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import JSON
from jupyter_interview.core.ports import DISPLAY_PLACES
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


async def test_what_comes_after_the_end_is_written_until_it_is_closed() -> None:
    cell = Cell()
    sink = _sink(cell, output_bytes=20)
    sink.message(*_text("a"))
    sink.message(*_text("b"))
    assert sink.finish(3) == outputs_hash(cell.listed)
    assert cell.text == "ab" and cell.calls[-1] == "finish" and cell.count == 3
    sink.message(*_text("late"))
    await cell.until(lambda cell: cell.text == "ablate")
    sink.message(*_text("x" * 20))
    assert "This run reached the limit of 20 bytes." in cell.text, "it counts for the same run"
    sink.close()
    sink.close()
    before = cell.text
    sink.message(*_text("never"))
    sink.flush()
    assert cell.text == before


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


async def test_what_is_replaced_counts_a_little() -> None:
    """What stands at the end is what the limit is for; but a loop that replaces for ever comes to an end."""
    cell = Cell()
    sink = _sink(cell, output_bytes=5_000)
    sink.message(*_shown("x", "d"))
    for _ in range(20):
        sink.message(*_shown("x" * 1_000, "d", "update_display_data"))
    assert sink.full is None
    for _ in range(100):
        sink.message(*_shown("x" * 1_000, "d", "update_display_data"))
    sink.finish(None)
    assert sink.full is not None


async def test_replacing_is_written_no_more_often_than_its_size_allows() -> None:
    """The log keeps every version that is written. The last one is written always."""
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_shown("0", "d"))
    for number in range(1, 31):
        sink.message(*_shown(f"{number} " + "x" * 100_000, "d", "update_display_data"))
        sink._tick()  # as the timer does all the time
    assert cell.calls.count("update_display") == 1
    sink.finish(None)
    assert cell.calls.count("update_display") == 2
    assert cell.listed[0]["data"]["text/plain"].startswith("30 ")


async def test_clearing_is_written_no_more_often_than_its_size_allows() -> None:
    cell = Cell()
    sink = _sink(cell)
    for number in range(30):
        sink.message("clear_output", {"wait": True})
        sink.message(*_shown(f"{number} " + "x" * 100_000))
        sink._tick()
    assert cell.calls.count("display") == 1
    sink.message(*_text("end"))
    sink.finish(None)
    assert cell.calls.count("display") == 2 and cell.calls.count("clear") == 2
    assert cell.listed[0]["data"]["text/plain"].startswith("29 ") and cell.listed[1]["text"] == "end"


async def test_overwriting_with_carriage_returns_leaves_what_stands_at_the_end() -> None:
    cell = Cell()
    sink = _sink(cell, output_bytes=10_000)
    for number in range(50):
        sink.message(*_text(f"\r{number:03d}" + "x" * 1_000))
    sink.finish(None)
    assert sink.full is None and cell.text == "049" + "x" * 1_000


async def test_an_update_comes_before_what_is_shown_with_its_id_later() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_shown("1", "d"))
    sink.message(*_shown("2", "d", "update_display_data"))
    sink.message(*_shown("3", "d"))
    sink.finish(None)
    assert [output["data"]["text/plain"] for output in cell.listed] == ["2", "3"]


async def test_an_update_of_what_is_shown_elsewhere_outlives_a_clear() -> None:
    cell = Cell()
    cell.shows["d"] = [{"output_type": "display_data", "data": {}, "metadata": {}}]
    sink = _sink(cell)
    sink.message(*_text("at once"))
    sink.message(*_shown("new", "d", "update_display_data"))
    sink.message(*_shown("here", "d"))
    sink.message("clear_output", {"wait": False})
    sink.finish(None)
    assert cell.shows["d"][0]["data"] == {"text/plain": "new"} and cell.listed == []


async def test_an_output_that_the_log_does_not_take_is_said() -> None:
    cell = Cell()
    cell.refuses = lambda size: "The log is full." if size > 10_000 else None
    sink = _sink(cell)
    sink.message(*_text("a" * 100))
    sink.message(*_shown("x" * 20_000))
    sink.message(*_text("b"))
    sink.finish(None)
    assert cell.text == "a" * 100 + "The log is full. Its further output is not shown.\n"
    assert [output["output_type"] for output in cell.listed] == ["stream", "stream"]


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
    assert cell.text == "start\n100%"


async def test_what_is_printed_over_what_was_written_takes_its_place() -> None:
    """Also where the pieces are written one by one, and what follows goes on behind it."""
    cell = Cell()
    sink = _sink(cell)
    for piece in ("11111\r", "2 ", "3", "4\n", "a\b", "b\r\n", "c"):
        sink.message(*_text(piece))
        sink.flush()
        assert "\r" not in cell.text and "\b" not in cell.text
    sink.message("stream", {"name": "stderr", "text": "\rerror\r"})
    sink.message(*_text("\rd"))
    sink.finish(None)
    assert [output["text"] for output in cell.listed] == ["2 341\nb\nc", "error", "d"]


async def test_a_line_of_ours_is_not_printed_over() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message("stream", {"name": "stderr", "text": "50%"})
    sink.note("Ours.")
    sink.message("stream", {"name": "stderr", "text": "\r60%"})
    sink.finish(None)
    assert cell.text == "50%Ours.\n60%"


def test_the_hash_does_not_depend_on_the_order_of_keys() -> None:
    assert outputs_hash([{"a": 1, "b": "é"}]) == outputs_hash([{"b": "é", "a": 1}])
    assert outputs_hash([]) != outputs_hash([{}])


def _shows(cell: Cell, number: int) -> None:
    """So many outputs follow each of the display ids a, b, c, …"""
    for letter in "abcdefghij":
        cell.shows[letter] = [{"output_type": "display_data", "data": {}, "metadata": {}} for _ in range(number)]


async def test_replacing_is_written_no_more_often_than_its_places_allow() -> None:
    """A few bytes in many places are much work."""
    often = []
    for places in (1, DISPLAY_PLACES):
        cell = Cell()
        _shows(cell, places)
        sink = _sink(cell)
        sink.message(*_shown("x", "a", "update_display_data"))
        often.append(sink._replace_at - sink._loop.time())
        sink.message(*_shown("last", "a", "update_display_data"))
        sink.finish(None)
        assert cell.shows["a"][0]["data"] == {"text/plain": "last"}, "the last state is always written"
    assert often[1] > 4 * often[0] > 0


async def test_one_turn_of_the_loop_writes_a_bounded_number_of_places() -> None:
    cell = Cell()
    _shows(cell, DISPLAY_PLACES)
    sink = _sink(cell)
    sink.message(*_text("at once"))
    for letter in "abcdefghij":
        sink.message(*_shown("x", letter, "update_display_data"))
    written = []
    while sink._timer is not None:
        before = cell.calls.count("update_display")
        sink._tick()  # as the timer does
        written.append(cell.calls.count("update_display") - before)
    assert written == [1] * 10 + [0]
    for _ in range(100):
        sink.message(*_shown("shown"))
    await asyncio.sleep(0)
    first = cell.calls.count("display")
    assert first < 50, "much that comes in one turn is not written in that turn"
    sink._tick()
    assert first < cell.calls.count("display") < 50


async def test_at_the_end_all_is_written_and_others_are_served_in_between() -> None:
    cell = Cell()
    sink = _sink(cell)
    sink.message(*_text("at once"))
    for number in range(100):
        sink.message(*_shown(str(number)))
    turns = []

    async def neighbour() -> None:
        while len(cell.listed) <= 100:
            turns.append(len(cell.listed))
            await asyncio.sleep(0)

    waiting = asyncio.create_task(neighbour())
    await sink.drain()
    await waiting
    assert len(turns) >= 3
    sink.finish(None)
    assert [output["data"]["text/plain"] for output in cell.listed[1:]] == [str(number) for number in range(100)]


async def test_what_is_said_in_between_keeps_its_place() -> None:
    cell = Cell()
    sink = _sink(cell)
    for number in range(60):
        sink.message(*_shown(str(number)))
    sink.note("ours")
    sink.message(*_shown("after"))
    sink.finish(None)
    texts = [output.get("text") or output["data"]["text/plain"] for output in cell.listed]
    assert texts == [*map(str, range(60)), "ours\n", "after"]
