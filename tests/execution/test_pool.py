"""Does a room get a warm kernel that nobody has used, and is nothing left of the others?"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.core.models import KernelState, RunStatus
from jupyter_interview.execution import kernels_dir, pool

from .conftest import House, MakeHouse

both = pytest.mark.parametrize("sandbox", ("bubblewrap", "docker"))


async def _warm_one(house: House) -> str:
    """Id of the one kernel that waits."""
    await house.warm()
    return house.starts[-1]


@both
async def test_a_room_claims_the_warm_kernel_and_starts_none(ji_house: MakeHouse, sandbox: str) -> None:
    house = ji_house(sandbox=sandbox)
    warm = await _warm_one(house)
    process = house.process(warm)
    room = house.room()
    await room.ready()
    assert room.executor.kernel_id == warm
    status, cell = await room.run("import os; print(os.getpid()); _ = 1")
    assert status is RunStatus.OK and house.process(warm) == process
    assert room.observer.results["run1"].execution_count == 1, "it had run nothing"
    assert room.observer.events() == ["kernel_started"]
    states = [entry[1] for entry in room.observer.told if entry[0] == "kernel"]
    assert states[:2] == [KernelState.STARTING, KernelState.IDLE]
    assert cell.text


async def test_the_pool_is_refilled_with_another(ji_house: MakeHouse) -> None:
    house = ji_house()
    first = await _warm_one(house)
    await house.room().ready()
    await house.warm(0)
    second = await _warm_one(house)
    assert second != first and house.starts == [first, second]
    room = house.room()
    await room.ready()
    assert room.executor.kernel_id == second


@both
async def test_a_kernel_is_never_given_back(ji_house: MakeHouse, sandbox: str) -> None:
    house = ji_house(sizes={"python": 1}, sandbox=sandbox)
    first = await _warm_one(house)
    room = house.room()
    await room.run("x = 1")
    process = house.process(first)
    await room.executor.shutdown()
    assert not os.path.exists(f"/proc/{process}")
    await house.until(lambda: len(house.starts) == 2 and bool(house.pool.warm()))
    other = house.room()
    await other.run("x")
    assert other.executor.kernel_id != first
    assert other.cells["run1"].listed[0]["ename"] == "NameError"


async def test_two_rooms_share_nothing(ji_house: MakeHouse) -> None:
    house = ji_house(sizes={"python": 2})
    await house.warm(2)
    one, other = house.room(), house.room()
    await one.run("import builtins; builtins.x = 1; open('/home/interview/secret', 'w'); open('/tmp/secret', 'w')")
    await other.run('import os; print(sorted(os.listdir("/home/interview")), os.listdir("/tmp")); x')
    # A Python that is installed below /tmp is there, for every kernel.
    python = {Path(prefix).parts[2] for prefix in (sys.prefix, sys.base_prefix) if prefix.startswith("/tmp/")}
    assert other.cells["run1"].text == f"['.ipython', 'data'] {sorted(python)}\n"
    assert other.cells["run1"].listed[-1]["ename"] == "NameError"
    assert one.executor.kernel_id != other.executor.kernel_id


@both
async def test_a_restart_keeps_the_kernel_with_its_room(ji_house: MakeHouse, sandbox: str) -> None:
    house = ji_house(sandbox=sandbox)
    warm = await _warm_one(house)
    room = house.room()
    await room.run("x = 1")
    process = house.process(warm)
    await room.executor.restart()
    assert room.executor.kernel_id == warm and house.process(warm) != process
    assert (await room.run("x"))[1].listed[0]["ename"] == "NameError"
    await house.warm()
    assert house.starts.count(warm) == 1 and house.starts[-1] != warm


async def test_many_rooms_at_once_get_a_kernel_each(ji_house: MakeHouse) -> None:
    house = ji_house(sizes={"python": 2})
    await house.warm(2)
    waiting = set(house.starts)
    rooms = [house.room() for _ in range(5)]
    await asyncio.gather(*(room.ready() for room in rooms))
    claimed = [room.executor.kernel_id for room in rooms]
    assert len(set(claimed)) == 5 and waiting <= set(claimed)
    answers = await asyncio.gather(*(room.run("x = globals().get('x', 0) + 1; print(x)") for room in rooms))
    assert [cell.text for _, cell in answers] == ["1\n"] * 5


async def test_rooms_first(ji_house: MakeHouse) -> None:
    """While a room starts a kernel, the pool starts none."""
    house = ji_house()
    await house.warm()
    rooms = [house.room() for _ in range(3)]
    with house.pool.urgent():
        await asyncio.gather(*(room.ready() for room in rooms))
        await rooms[0].run("import time; time.sleep(0.5)")
        assert house.pool.warm() == {} and len(house.starts) == 3, "one was warm, two were started by their rooms"
    await house.warm()
    assert len(house.starts) == 4


async def test_a_room_takes_the_kernel_that_is_just_starting(ji_house: MakeHouse) -> None:
    house = ji_house()
    await house.until(lambda: len(house.starts) == 1)
    room = house.room()
    await room.ready()
    assert [room.executor.kernel_id] == house.starts


async def test_a_room_that_closes_while_it_waits_leaves_the_kernel_to_the_next(ji_house: MakeHouse) -> None:
    house = ji_house()
    await house.until(lambda: len(house.starts) == 1)
    room = house.room()
    room.executor.start()
    await room.observer.until(lambda _: room.executor.state is KernelState.STARTING)
    await room.executor.shutdown()
    await house.warm()
    other = house.room()
    await other.ready()
    assert [other.executor.kernel_id] == house.starts[:1]


async def test_a_language_is_warm_from_its_first_room_on(ji_house: MakeHouse, two_pythons: str) -> None:
    house = ji_house(directory=two_pythons)
    await house.warm()
    assert house.pool.warm() == {"python": 1}
    room = house.room("other")
    await room.ready()
    await house.warm(1, "other")


async def test_an_unused_language_goes_cold(ji_house: MakeHouse) -> None:
    house = ji_house(pool_idle_seconds=1.5)
    process = house.process(await _warm_one(house))
    await house.until(lambda: not house.pool.warm())
    await house.until(lambda: len(house.kernels) == 0)
    assert not os.path.exists(f"/proc/{process}") and len(house.starts) == 1
    await house.room().run("1")
    await house.warm()


async def test_runs_keep_a_language_warm(ji_house: MakeHouse) -> None:
    house = ji_house(pool_idle_seconds=6.0)
    await house.warm()
    room = house.room()
    begun = time.monotonic()
    await room.ready()
    await house.warm()
    while time.monotonic() - begun < 8.0:
        await room.run("import time; time.sleep(0.2)")
        assert house.pool.warm() == {"python": 1}


async def test_size_0_keeps_none(ji_house: MakeHouse) -> None:
    house = ji_house(sizes={"python": 0})
    room = house.room()
    await room.run("1")
    assert house.pool.warm() == {} and house.starts == [room.executor.kernel_id]


async def test_a_pool_that_was_not_started_keeps_none(ji_house: MakeHouse) -> None:
    house = ji_house(start=False)
    room = house.room()
    await room.run("1")
    assert house.starts == [room.executor.kernel_id]


@pytest.mark.parametrize(
    ("sizes", "text"),
    (
        ({"pyhton": 1}, "unknown language 'pyhton'; known are"),
        ({"python": -1}, "-1 warm kernels for python; it takes a whole number from 0 to 32"),
        ({"python": 33}, "from 0 to 32"),
        ({"python": 1.5}, "a whole number"),
    ),
)
async def test_a_wrong_size_is_refused(ji_house: MakeHouse, sizes: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        pool.KernelPool(ji_house(start=False).kernels, ji_house(start=False).limits, sizes)


@both
async def test_a_dead_one_is_replaced(ji_house: MakeHouse, sandbox: str, caplog: Any) -> None:
    house = ji_house(sandbox=sandbox)
    first = await _warm_one(house)
    with caplog.at_level(logging.WARNING, "jupyter_interview"):
        os.kill(house.process(first), signal.SIGKILL)
        await house.warm(0)
        second = await _warm_one(house)
    told = [record.message for record in caplog.records if record.name == pool.__name__]
    assert len(told) == 1 and told[0].startswith(
        "no warm kernel for python, rooms start their own until there is one: "
    )
    assert first not in house.kernels
    room = house.room()
    assert (await room.run("print(1)"))[1].text == "1\n" and room.executor.kernel_id == second


async def test_a_start_that_fails_is_tried_again_a_few_times(
    ji_house: MakeHouse, two_pythons: str, caplog: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(pool, "_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(pool, "_RETRY_MOST_SECONDS", 0.01)
    spec = Path(two_pythons) / "python" / "kernel.json"
    good = spec.read_text(encoding="utf-8")
    spec.write_text(json.dumps(json.loads(good) | {"argv": ["python", "-c", "exit(3)"]}), encoding="utf-8")
    house = ji_house(directory=two_pythons)
    with caplog.at_level(logging.WARNING, pool.__name__):
        await house.until(lambda: len(house.starts) == pool._TRIES and len(house.kernels._pending_kernels) == 0)
        assert [record.message for record in caplog.records if record.name == pool.__name__] == [
            "no warm kernel for python, rooms start their own until there is one: The kernel ended before it was ready."
        ]
    other = house.room("other")
    await other.run("import time; time.sleep(0.5)")
    await house.warm(1, "other")
    assert len([kernel for kernel in house.starts if kernel not in house.kernels]) == pool._TRIES, "it has given up"
    failed = len(house.starts)
    room = house.room()
    room.executor.start()
    await room.observer.until(lambda _: room.executor.state is KernelState.DEAD)
    await house.until(lambda: len(house.starts) >= failed + 2)
    spec.write_text(good, encoding="utf-8")
    assert (await room.run("print(1)"))[1].text == "1\n", "a claim never fails by the pool"
    await house.warm()


async def test_no_warm_kernels_without_a_sandbox(ji_house: MakeHouse, caplog: Any) -> None:
    house = ji_house(start=False)
    house.kernels.engine.problem = "Install bubblewrap."
    house.pool.start()
    room = house.room()
    room.executor.start()
    await room.observer.until(lambda _: room.executor.state is KernelState.UNAVAILABLE)
    assert house.starts == [] and not caplog.records
    house.kernels.engine.problem = None
    assert (await room.run("print(1)"))[1].text == "1\n"
    await house.warm()


@both
@pytest.mark.parametrize("moment", (0, 1, 3, 10, 100))
async def test_close_in_the_middle_of_a_start_leaves_nothing(ji_house: MakeHouse, sandbox: str, moment: int) -> None:
    """What is left is looked for by the fixture."""
    house = ji_house(sandbox=sandbox)
    for _ in range(moment):
        await asyncio.sleep(0)
    await house.pool.close()
    assert len(house.kernels) == 0 and house.pool.warm() == {}
    await house.pool.close()


@both
async def test_close_ends_those_that_wait_and_not_the_rooms(ji_house: MakeHouse, sandbox: str) -> None:
    house = ji_house(sizes={"python": 2}, sandbox=sandbox)
    await house.warm(2)
    room = house.room()
    await room.ready()
    await house.warm(2)
    processes = [house.process(kernel) for kernel in house.starts if kernel != room.executor.kernel_id]
    await house.pool.close()
    assert len(processes) == 2 and not any(os.path.exists(f"/proc/{process}") for process in processes)
    assert (await room.run("print(1)"))[1].text == "1\n"
    assert (await house.room().run("print(2)"))[1].text == "2\n"


async def test_stock_handlers_neither_list_nor_command_a_kernel_that_waits(ji_house: MakeHouse) -> None:
    house = ji_house()
    warm = await _warm_one(house)
    kernels: Any = house.kernels
    assert warm in kernels and kernels.list_kernels() == []
    with pytest.raises(Exception, match="No room has this kernel"):
        await kernels.interrupt_kernel(warm)
    with pytest.raises(Exception, match="No room has this kernel"):
        await kernels.restart_kernel(warm)
    room = house.room()
    await room.ready()
    assert [model["id"] for model in kernels.list_kernels()] == [warm]


@both
async def test_files_are_there_before_the_first_run(ji_house: MakeHouse, sandbox: str) -> None:
    house = ji_house(sandbox=sandbox)
    asked: list[int] = []

    async def read() -> Mapping[str, bytes]:
        asked.append(1)
        return {"people.csv": b"name\nAda\n", "large.bin": b"x" * 300_000}

    warm = await _warm_one(house)
    room = house.room(files=read)
    show = "import os; d = '/home/interview/data/'; print(sorted((n, os.path.getsize(d + n)) for n in os.listdir(d)))"
    assert (await room.run(show))[1].text == "[('large.bin', 300000), ('people.csv', 9)]\n"
    assert (await room.run("open(d + 'people.csv', 'a')"))[1].listed[0]["ename"] in ("OSError", "PermissionError")
    assert room.executor.kernel_id == warm
    await room.executor.restart()
    assert (await room.run(show))[1].text == "[('large.bin', 300000), ('people.csv', 9)]\n"
    assert len(asked) == 1


async def test_files_that_cannot_be_read_are_told(ji_house: MakeHouse) -> None:
    house = ji_house()
    broken = [True]

    async def read() -> Mapping[str, bytes]:
        if broken[0]:
            raise OSError("the database is gone")
        return {"a": b"1"}

    warm = await _warm_one(house)
    room = house.room(files=read)
    run = room.submit("print(1)")
    result = await room.result(run)
    assert result.message == "The room's files could not be read. Run a cell to try again."
    assert result.message in room.cells[run].text and room.executor.state is KernelState.DEAD
    broken.clear()
    broken.append(False)
    assert (await room.run("print(open('/home/interview/data/a').read())"))[1].text == "1\n"
    assert room.executor.kernel_id == warm, "nothing was lost by the failure"


@pytest.fixture
def two_pythons(tmp_path: Path) -> str:
    """A folder of kernelspecs with Python under two names."""
    text = (Path(kernels_dir()) / "python" / "kernel.json").read_text(encoding="utf-8")
    for name in ("python", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "kernel.json").write_text(text, encoding="utf-8")
    return str(tmp_path)
