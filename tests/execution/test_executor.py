"""Does a room's code run in order, in a real kernel, and does every run end with the right word?"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import time
from textwrap import dedent
from typing import Any

import pytest

from jupyter_interview.core.errors import KernelUnavailable, RateLimited
from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import ExecutionRequest, KernelState, RunStatus
from jupyter_interview.execution import run

from .conftest import PATIENT, SOON, Cell, MakeRoom, Observer, kernel_process


async def test_a_run_writes_its_outputs(ji_room: MakeRoom) -> None:
    room = ji_room()
    run = room.submit("import sys\nprint('out')\nprint('err', file=sys.stderr)\n6 * 7")
    result = await room.result(run)
    cell = room.cells[run]
    assert (result.status, result.execution_count, cell.count, cell.state) == (RunStatus.OK, 1, 1, "idle")
    assert [output["output_type"] for output in cell.listed] == ["stream", "stream", "execute_result"]
    assert cell.listed[2]["data"] == {"text/plain": "42"}
    assert cell.calls[0] == "begin" and cell.calls[-1] == "finish"
    assert result.duration > 0
    canonical = json.dumps(cell.listed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert result.outputs_hash == hashlib.sha256(canonical.encode()).hexdigest()


async def test_the_kernel_starts_on_first_need_and_is_told(ji_room: MakeRoom) -> None:
    room = ji_room()
    assert (room.executor.state, room.executor.kernel_id) == (KernelState.ABSENT, None)
    await room.run("1")
    assert room.observer.events() == ["kernel_started"]
    states = [entry[1] for entry in room.observer.told if entry[0] == "kernel"]
    assert states == [KernelState.STARTING, KernelState.IDLE, KernelState.BUSY, KernelState.IDLE]
    assert room.executor.kernel_id is not None
    kernels: Any = room.kernels
    assert kernels.kernel_model(room.executor.kernel_id)["execution_state"] == "idle"


async def test_runs_keep_their_order(ji_room: MakeRoom) -> None:
    room = ji_room()
    runs = [room.submit(f"print({number})") for number in range(5)]
    await room.result(runs[-1])
    assert room.observer.order() == [(what, run) for run in runs for what in ("started", "finished")]
    assert [room.cells[run].text for run in runs] == [f"{number}\n" for number in range(5)]


async def test_an_error_skips_the_rest_of_its_batch_only(ji_room: MakeRoom) -> None:
    room = ji_room()
    first, second, third = (room.submit(source, "all") for source in ("1", "1/0", "print('never')"))
    other = room.submit("print('other')")
    assert (await room.result(other)).status is RunStatus.OK
    statuses = [room.observer.results[run].status for run in (first, second, third)]
    assert statuses == [RunStatus.OK, RunStatus.ERROR, RunStatus.SKIPPED]
    assert room.cells[second].listed[0]["ename"] == "ZeroDivisionError"
    assert room.cells[third].calls == []
    assert ("started", third) not in room.observer.order()


async def test_interrupt_ends_the_run_and_skips_what_waits(ji_room: MakeRoom) -> None:
    room = ji_room()
    running = room.submit("import time\nprint('up', flush=True)\ntime.sleep(60)")
    waiting = room.submit("print('never')")
    await room.cells[running].until(lambda cell: "up" in cell.text)
    await room.executor.interrupt()
    assert (await room.result(running)).status is RunStatus.INTERRUPTED
    assert room.observer.results[waiting].status is RunStatus.SKIPPED
    assert await room.run("print('goes on')") == (RunStatus.OK, room.cells["run3"])


async def test_a_pause_ends_runs_and_not_the_kernel_which_then_has_another_observer(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.run("kept = 7")
    running, waiting = room.submit("import time\nprint('up', flush=True)\ntime.sleep(60)"), room.submit("1")
    await room.cells[running].until(lambda cell: "up" in cell.text)
    await room.executor.pause()
    statuses = [room.observer.results[run].status for run in (running, waiting)]
    assert statuses == [RunStatus.INTERRUPTED, RunStatus.SKIPPED]
    before, room.observer = room.observer, Observer()
    room.executor.follow(room.observer)
    told = list(before.told)
    status, cell = await room.run("kept")
    assert status is RunStatus.OK and cell.listed[0]["data"] == {"text/plain": "7"}
    # Its restart or start would be told, and what is told goes to the new one alone.
    assert before.told == told and room.observer.events() == []


async def test_interrupt_right_after_submit_is_not_lost(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.ready()
    running = room.submit("import time; time.sleep(60)")
    await room.observer.until(lambda observer: ("started", running) in observer.order())
    await room.executor.interrupt()
    assert (await room.result(running)).status is RunStatus.INTERRUPTED


async def test_the_time_limit_interrupts(ji_room: MakeRoom) -> None:
    room = ji_room(run_seconds=3)
    await room.run("x = 1")
    run = room.submit("import time; time.sleep(60)")
    result = await room.result(run)
    assert result.status is RunStatus.TIMEOUT and result.message is not None and "3 s" in result.message
    assert result.message in room.cells[run].text
    assert (await room.run("print(x)"))[1].text == "1\n", "the kernel kept its memory"


async def test_a_run_that_does_not_react_loses_its_kernel(ji_room: MakeRoom) -> None:
    room = ji_room(run_seconds=3, interrupt_seconds=SOON)
    run = room.submit("import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass")
    result = await room.result(run)
    assert result.status is RunStatus.TIMEOUT and result.message is not None and "restarted" in result.message
    assert (await room.run("print('new')"))[1].text == "new\n"
    assert room.observer.events() == ["kernel_started", "kernel_restarted"]


async def test_a_dying_kernel_is_said_so_and_restarted(ji_room: MakeRoom) -> None:
    room = ji_room()
    run = room.submit("import os; print('last', flush=True); os._exit(9)", "batch")
    same_batch = room.submit("1", "batch")
    other = room.submit("print('new')")
    result = await room.result(run)
    assert result.status is RunStatus.DIED and result.message == "The kernel died (exit status 9)."
    assert result.message in room.cells[run].text and room.cells[run].state == "idle"
    assert (await room.result(same_batch)).status is RunStatus.SKIPPED
    assert (await room.result(other)).status is RunStatus.OK
    assert room.observer.events() == ["kernel_started", "kernel_died", "kernel_restarted"]
    assert ("kernel", KernelState.DEAD, result.message) in room.observer.told


async def test_death_between_runs_is_noticed_at_once(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.ready()
    before = room.executor.kernel_id
    os.kill(kernel_process(room), signal.SIGKILL)
    await room.observer.until(lambda observer: observer.events()[-1] == "kernel_restarted")
    await room.observer.until(lambda _: room.executor.state is KernelState.IDLE)
    assert room.executor.kernel_id == before
    died = next(entry for entry in room.observer.told if entry[:2] == ("event", "kernel_died"))
    assert "killed" in died[2]["message"]


async def test_a_kernel_that_only_dies_is_not_started_for_ever(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.ready()
    for _ in range(3):
        await room.observer.until(lambda _: room.executor.state is KernelState.IDLE)
        deaths = room.observer.events().count("kernel_died")
        os.kill(kernel_process(room), signal.SIGKILL)
        await room.observer.until(lambda observer: observer.events().count("kernel_died") > deaths)  # noqa: B023
    await room.observer.until(lambda _: room.executor.kernel_id is None)
    assert room.executor.state is KernelState.DEAD
    assert (await room.run("print('again')"))[1].text == "again\n"


@pytest.mark.parametrize("code", ("while True: pass", "import time; time.sleep(60)"))
async def test_an_interrupt_takes_effect_at_once(ji_room: MakeRoom, code: str) -> None:
    room = ji_room()
    await room.run("1 / 0")
    run = room.submit(f"print('up', flush=True)\n{code}")
    await room.cells[run].until(lambda cell: "up" in cell.text)
    before = time.monotonic()
    await room.executor.interrupt()
    assert (await room.result(run)).status is RunStatus.INTERRUPTED
    assert time.monotonic() - before < PATIENT / 4, "0.02 s on a quiet machine; one that got lost is repeated later"


async def test_code_that_was_interrupted_may_clean_up(ji_room: MakeRoom) -> None:
    """For a while nobody interrupts it again."""
    room = ji_room()
    code = """
        import time
        try:
            print("up", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            time.sleep(0.2)
            print("saved")
    """
    run = room.submit(dedent(code))
    await room.cells[run].until(lambda cell: "up" in cell.text)
    await room.executor.interrupt()
    assert (await room.result(run)).status is RunStatus.OK
    assert room.cells[run].text == "up\nsaved\n"


IGNORING = {
    "by its handler": "import signal\nsignal.signal(2, signal.SIG_IGN)\nprint('up', flush=True)\nwhile True: pass",
    # Nobody knows whether the first interrupt comes before the call or in it.
    "in a long call of C": (
        "while True:\n    try:\n        print('up', flush=True)\n        sum(range(10**13))\n"
        "    except KeyboardInterrupt: pass"
    ),
}


@pytest.mark.parametrize("code", IGNORING.values(), ids=IGNORING)
async def test_what_does_not_react_to_an_interrupt_is_ended(ji_room: MakeRoom, code: str) -> None:
    room = ji_room(interrupt_seconds=SOON)
    run = room.submit(code)
    await room.cells[run].until(lambda cell: "up" in cell.text)
    await room.executor.interrupt()
    result = await room.result(run)
    line = "The run did not react to the interrupt, so its kernel was ended. What it had defined is gone."
    assert (result.status, result.message) == (RunStatus.INTERRUPTED, line)
    assert room.cells[run].text.replace("up\n", "") == f"{line}\n"
    assert (await room.run("print('new')"))[1].text == "new\n"
    assert room.observer.events() == ["kernel_started", "kernel_restarted"]


async def test_what_holds_up_the_kernel_before_a_run_begins_is_ended(ji_room: MakeRoom) -> None:
    """A task that an earlier cell left behind: the run never began, so there is nothing in it to interrupt."""
    room = ji_room(interrupt_seconds=SOON)
    await room.run(
        "import asyncio\nasync def f():\n    while True:\n        try:\n            for i in range(10**12): pass\n"
        "        except BaseException: pass\nt = asyncio.create_task(f())"
    )
    run = room.submit("print('never')")
    await room.observer.until(lambda observer: ("started", run) in observer.order())
    await room.executor.interrupt()
    assert (await room.result(run)).status is RunStatus.INTERRUPTED


def test_every_interrupt_is_over_within_two_seconds() -> None:
    """By clocks of the server's own, whatever the kernel does."""
    assert Limits().interrupt_seconds * max(*run._STAGES, *run._STAGES_SOON) < 2.0


async def test_what_is_written_after_the_end_comes_to_its_cell(ji_room: MakeRoom) -> None:
    """Until that cell is run again."""
    room = ji_room()
    code = (
        "import asyncio\nfrom IPython.display import display\nhandle = display('t0', display_id='late')\n"
        "async def up():\n    await go.wait()\n    handle.update('t1')\n    print('late', flush=True)\n"
        "go = asyncio.Event()\ntask = asyncio.create_task(up())"
    )
    first = room.submit(code)
    assert (await room.result(first)).status is RunStatus.OK
    await room.run("go.set()")
    await room.cells[first].until(lambda cell: "late" in cell.text)
    assert room.cells[first].listed[0]["data"]["text/plain"] == "'t1'"
    again, waits = ("print('again', flush=True)", "await asyncio.sleep(0)\nprint('done')")
    await room.run(code)
    cell = Cell()
    room.executor.submit(ExecutionRequest("x", f"cell-run{len(room.cells)}", again, 1, "x"), cell)
    assert (await room.result("x")).status is RunStatus.OK
    await room.run(f"go.set()\nawait task\n{waits}")
    assert cell.text == "again\n" and "late" not in room.cells[f"run{len(room.cells) - 1}"].text


@pytest.mark.parametrize(
    ("code", "line"),
    (
        ("x = bytearray(5_000_000_000)", "The limit of 1024 MB of memory was met."),
        (
            "with open('x', 'wb') as f:\n    while True: f.write(bytes(1_000_000))",
            "for files in home and /tmp was met.",
        ),
        ("x = [open('/dev/null') for _ in range(5000)]", "The limit of open files was met."),
    ),
)
async def test_a_run_that_meets_a_limit_says_which(ji_room: MakeRoom, code: str, line: str) -> None:
    room = ji_room()
    run = room.submit(code)
    result = await room.result(run)
    assert result.status is RunStatus.ERROR and result.message is not None and line in result.message
    assert room.cells[run].text.endswith(f"{result.message}\n")
    assert (await room.run("print('goes on')"))[1].text == "goes on\n"


async def test_a_limit_met_inside_the_kernel_restarts_it(ji_room: MakeRoom) -> None:
    """Forged here; a flood of output that fills the memory of a real ipykernel leaves it like that now and then."""
    room = ji_room()
    status, cell = await room.run(
        "import os, sys\nprint('/ipykernel/iostream.py MemoryError', file=sys.stderr)\n"
        "get_ipython()._showtraceback = lambda *_: None\nraise MemoryError"
    )
    assert status is RunStatus.ERROR
    assert cell.text.endswith("The limit of 1024 MB of memory was met. The kernel was restarted.\n")
    assert (await room.run("print('new')"))[1].text == "new\n"
    assert room.observer.events() == ["kernel_started", "kernel_restarted"]


async def test_an_ordinary_error_names_no_limit(ji_room: MakeRoom) -> None:
    room = ji_room()
    run = room.submit("1 / 0")
    assert (await room.result(run)).message is None and room.cells[run].text == ""


async def test_restart_forgets_and_skips(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.run("x = 1")
    running = room.submit("import time\nprint('up', flush=True)\ntime.sleep(60)")
    waiting = room.submit("print('never')")
    await room.cells[running].until(lambda cell: "up" in cell.text)
    before = room.executor.kernel_id
    await room.executor.restart()
    assert room.executor.state is KernelState.IDLE and room.executor.kernel_id == before
    assert room.observer.results[running].status is RunStatus.INTERRUPTED
    assert room.observer.results[waiting].status is RunStatus.SKIPPED
    assert (await room.run("x"))[1].listed[0]["ename"] == "NameError"
    assert room.observer.events() == ["kernel_started", "kernel_restarted"]


async def test_restart_without_a_kernel_starts_one(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.executor.restart()
    assert room.executor.state is KernelState.IDLE


async def test_stock_handlers_reach_the_executor(ji_room: MakeRoom) -> None:
    """Interrupt and restart by the kernel's id, as jupyter_server's handlers do."""
    room = ji_room()
    await room.run("x = 1")
    kernel_id = room.executor.kernel_id
    assert kernel_id is not None
    running = room.submit("import time\nprint('up', flush=True)\ntime.sleep(60)")
    await room.cells[running].until(lambda cell: "up" in cell.text)
    await room.kernels.interrupt_kernel(kernel_id)
    assert (await room.result(running)).status is RunStatus.INTERRUPTED
    await room.kernels.restart_kernel(kernel_id)
    assert (await room.run("x"))[1].listed[0]["ename"] == "NameError"
    assert room.observer.events() == ["kernel_started", "kernel_restarted"], "a restart is no death"


async def test_input_is_refused_with_a_clear_line(ji_room: MakeRoom) -> None:
    status, cell = await ji_room().run("input('name?')")
    assert status is RunStatus.ERROR
    assert "input() is not available" in cell.listed[0]["evalue"]


async def test_the_queue_is_bounded(ji_room: MakeRoom) -> None:
    room = ji_room(run_queue=2)
    runs = [room.submit("1"), room.submit("2")]
    with pytest.raises(RateLimited):
        room.submit("3")
    assert [(await room.result(run)).status for run in runs] == [RunStatus.OK] * 2


async def test_shutdown_ends_everything(ji_room: MakeRoom) -> None:
    room = ji_room()
    running = room.submit("import time\nprint('up', flush=True)\ntime.sleep(60)")
    waiting = room.submit("1")
    await room.cells[running].until(lambda cell: "up" in cell.text)
    process = kernel_process(room)
    await room.executor.shutdown()
    assert room.observer.results[running].status is RunStatus.INTERRUPTED
    assert room.observer.results[waiting].status is RunStatus.SKIPPED
    assert not os.path.exists(f"/proc/{process}")
    assert len(room.kernels) == 0 and room.executor.state is KernelState.ABSENT
    with pytest.raises(KernelUnavailable):
        room.submit("1")
    await room.executor.shutdown()


@pytest.mark.parametrize("moment", (0, 1, 3, 10, 100))
async def test_shutdown_in_the_middle_of_a_start(ji_room: MakeRoom, moment: int) -> None:
    """Whatever step the start has reached, nothing is left of it."""
    room = ji_room()
    room.executor.start()
    for _ in range(moment):
        await asyncio.sleep(0)
    await room.executor.shutdown()
    await room.kernels.shutdown_all(now=True)
    assert len(room.kernels) == 0
    assert os.listdir(room.kernels.engine.runtime_dir) == []  # type: ignore[attr-defined]


async def test_a_document_that_refuses_does_not_stop_the_queue(ji_room: MakeRoom) -> None:
    class Frozen(Cell):
        def stream(self, name: str, text: str, removed: str = "") -> None:
            raise RuntimeError("frozen")

    room = ji_room()
    room.executor.submit(ExecutionRequest("frozen", "c", "print(1)", 1, "frozen"), Frozen())
    assert (await room.result("frozen")).status is RunStatus.OK
    assert (await room.run("print(2)"))[1].text == "2\n"


async def test_an_observer_that_fails_does_not_stop_the_queue(ji_room: MakeRoom, monkeypatch: Any) -> None:
    room = ji_room()

    def fail(request: ExecutionRequest) -> None:
        raise RuntimeError("database")

    monkeypatch.setattr(room.observer, "run_started", fail)
    assert (await room.run("print(1)"))[0] is RunStatus.OK
