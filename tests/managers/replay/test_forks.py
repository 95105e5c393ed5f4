"""Does a fork start where the other room was, and does it say honestly what runs differently?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.collab import History, Redaction
from jupyter_interview.core.errors import BadRequest, NotFound
from jupyter_interview.core.models import JSON, EventKind, ExecutionResult, KernelState, RunStatus
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers.accounts import OWNER
from jupyter_interview.managers.erasure import Erasure
from jupyter_interview.managers.live import LiveRoom
from jupyter_interview.managers.replay.collector import Collector, comparable
from tests.collab.clients import Client, new_cell
from tests.managers.house import SECONDS, House, Kernel


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """On a SQLite database."""
    house = await House(f"sqlite:///{tmp_path / 'forks.db'}").start()
    yield house
    await house.stop()


async def ran(house: House, live: LiveRoom, ada: Client, text: str, status: RunStatus = RunStatus.OK) -> None:
    """A run of the first cell that printed something."""
    await live.runs.request(ada.member, 0, [(None, None)])
    kernel = house.kernels[live.room.id]
    kernel.begin().stream("stdout", text)
    kernel.end(status)
    await live.log.barrier()


async def begun(house: House) -> tuple[LiveRoom, Client]:
    """A room with a candidate."""
    live = await house.room(starter="print(1)", files=[("a.txt", b"content")], tags=["x"])
    ada = Client(house, live, await house.seat(live, Role.CANDIDATE))
    await ada.connect()
    return live, ada


async def waiting(house: House, fork: LiveRoom) -> Kernel:
    """The kernel of a fork, once a run waits there."""
    kernel = None
    async with asyncio.timeout(SECONDS):
        while kernel is None or not kernel.waiting:
            await asyncio.sleep(0)
            kernel = house.kernels.get(fork.room.id)
    return kernel


async def settled(house: House, live: LiveRoom, made: JSON, texts: list[tuple[str, RunStatus]]) -> JSON:
    """The progress of a fork once its kernel printed these texts."""
    fork = await house.rooms.open(made["id"])
    task = house.forks._reruns[made["id"]].task
    assert task is not None
    for text, status in texts:
        kernel = await waiting(house, fork)
        kernel.begin().stream("stdout", text)
        kernel.end(status)
    await task
    return await house.forks.told(live.room, made["id"])


async def test_a_fork_is_the_room_as_it_was(house: House) -> None:
    live, ada = await begun(house)
    seq = live.log.seq
    ada.type("later = 2\n", 0)
    await ada.flush()
    made = await house.forks.fork(live.room, OWNER, seq, None, rerun=False)
    fork = await house.rooms.open(made["id"])
    assert fork.document.notebook() == (await house.replay.notebook(live.room, str(seq)))[0]
    assert fork.room.title == "Interview (fork)" and fork.room.tags == ("x",)
    assert [file.name for file in fork.room.files] == ["a.txt"]
    [created] = await house.story(fork, EventKind.ROOM_CREATED)
    assert (created.payload or {})["forked_from"] == {"room": live.room.id, "seq": seq}
    assert (await house.forks.told(live.room, made["id"]))["state"] == "none"
    moment, _ = await house.replay.moment(fork.room)
    assert {run[2] for cell in moment.cells for run in cell["authors"]} == {2}, "all of it is what it began with"
    for at in (0, "2000-01-01"):
        with pytest.raises(NotFound):
            await house.forks.fork(live.room, OWNER, at, None, rerun=False)
    with pytest.raises(BadRequest):
        await house.forks.fork(live.room, OWNER, "x", None, rerun=False)
    with pytest.raises(NotFound):
        await house.forks.told(fork.room, made["id"])


async def test_what_runs_differently(house: House) -> None:
    """Another end, and runs that nobody waits for again; where the hashes are equal, so are the outputs."""
    live, ada = await begun(house)
    for text in ("same\n", "one\n", "fails\n"):
        await ran(house, live, ada, text)
    await live.runs.request(ada.member, 0, [(None, None)])
    kernel = house.kernels[live.room.id]
    kernel.begin().stream("stdout", "gone\n")
    ada.cells.insert(0, new_cell("other", "x"))
    del ada.cells[1]
    await ada.flush()
    kernel.end()
    await ran(house, live, ada, "stuck", RunStatus.TIMEOUT)
    await live.log.barrier()
    made = await house.forks.fork(live.room, OWNER, live.log.seq, "Again", rerun=True)
    again = [("same\n", RunStatus.OK), ("two\n", RunStatus.OK), ("fails\n", RunStatus.ERROR), ("gone\n", RunStatus.OK)]
    progress = await settled(house, live, made, again)
    assert progress["state"] == "done" and progress["done"] == progress["total"] == 5
    reasons = [difference["reason"] for difference in progress["differences"]]
    assert reasons == ["status", "not_repeated"], "equal hashes are equal outputs"


async def test_outputs_are_compared_where_hashes_differ(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    live, ada = await begun(house)
    await ran(house, live, ada, "same 0x7f0011223344\n")
    await ran(house, live, ada, "one\n")
    await live.runs.request(ada.member, 0, [(None, None)])
    kernel = house.kernels[live.room.id]
    kernel.begin().stream("stdout", "gone\n")
    del ada.cells[0]
    await ada.flush()
    kernel.end()
    await live.log.barrier()
    made = await house.forks.fork(live.room, OWNER, live.log.seq, None, rerun=True)
    state = house.forks._reruns[made["id"]]
    # As another kernel would say it.
    monkeypatch.setattr(
        "tests.managers.house.ExecutionResult",
        lambda status, count, duration, digest, message=None: result(status, count, duration, f"{digest}!", message),
    )
    progress = await settled(
        house, live, made, [(text, RunStatus.OK) for text in ("same 0xdeadbeef00\n", "2\n", "gone\n")]
    )
    assert state.state == "done"
    assert [(each["reason"], each["source"]) for each in progress["differences"]] == [
        ("outputs", "print(1)"),
        ("gone", "print(1)"),
    ]
    assert progress["differences"][0]["recorded"][0]["text"] == "one\n"
    assert progress["differences"][0]["now"][0]["text"] == "2\n"


def result(*words: Any) -> Any:
    """As a kernel says it."""
    return ExecutionResult(*words)


async def test_no_kernel(house: House) -> None:
    """That nothing can be run again is said, and the fork is there all the same."""
    live, ada = await begun(house)
    await ran(house, live, ada, "1\n")
    made = await house.forks.fork(live.room, OWNER, live.log.seq, None, rerun=False)
    fork = await house.rooms.open(made["id"])
    fork.runs._executor()
    house.kernels[fork.room.id].state = KernelState.UNAVAILABLE
    state = house.forks._reruns[made["id"]]
    await house.forks._rerun(live.room, fork, live.log.seq, state)
    assert state.state == "failed" and state.message


async def erased(house: House, live: LiveRoom, ada: Client) -> None:
    """The candidate is, after the end and by another process."""
    await house.rooms.end(live.room.id, OWNER)
    other = await House(house.url).start()
    erasure = Erasure(other.database, other.records, Redaction, History)
    await erasure.member(await other.rooms.get(live.room.id), ada.member)
    await other.stop()


async def test_texts_of_an_erased_member_are_told_no_more(house: House) -> None:
    live, ada = await begun(house)
    await ran(house, live, ada, "secret\n")
    made = await house.forks.fork(live.room, OWNER, live.log.seq, None, rerun=True)
    await settled(house, live, made, [("now\n", RunStatus.ERROR)])
    before = await house.forks.told(live.room, made["id"])
    [difference] = before["differences"]
    assert difference["source"] == "print(1)" and difference["now"]
    assert before == house.forks._reruns[made["id"]].to_json(), "nothing is lost while nobody is erased"
    await erased(house, live, ada)
    after = await house.forks.told(live.room, made["id"])
    kept = {name: difference[name] for name in ("run", "cell", "status")}
    message = "What it had put out is gone, and cannot be compared."
    gone = {**kept, "source": "", "reason": "gone", "message": message}
    assert after == {**before, "differences": [gone]}
    assert await house.forks.told(live.room, made["id"]) == after
    assert house.forks._reruns[made["id"]].to_json() == after, "it is not in memory either"
    with pytest.raises(NotFound):
        await house.forks.told(live.room, "another")


async def test_nothing_is_run_again_once_its_writer_is_erased(house: House) -> None:
    live, ada = await begun(house)
    await ran(house, live, ada, "one\n")
    made = await house.forks.fork(live.room, OWNER, live.log.seq, None, rerun=True)
    state = house.forks._reruns[made["id"]]
    await waiting(house, await house.rooms.open(made["id"]))
    await erased(house, live, ada)
    told = await house.forks.told(live.room, made["id"])
    assert told["state"] == "failed" and told["message"] and told["differences"] == []
    assert state.task is not None
    await asyncio.wait([state.task])
    assert state.task.cancelled() and await house.forks.told(live.room, made["id"]) == told


async def test_a_rerun_that_breaks_says_so(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it breaks of, here a log that lacks what every log has: it does not seem to go on for ever."""
    live, ada = await begun(house)
    await ran(house, live, ada, "1\n")
    live.log.append(EventKind.RUN_FINISHED, payload={"status": "ok"})
    await live.log.barrier()
    made = await house.forks.fork(live.room, OWNER, live.log.seq, None, rerun=True)
    task = house.forks._reruns[made["id"]].task
    assert task is not None
    await asyncio.wait([task])
    told = await house.forks.told(live.room, made["id"])
    assert told["state"] == "failed" and told["message"] and "KeyError" in caplog.text


def test_what_is_comparable() -> None:
    """Streams as a whole, no counts, colours and addresses; everything else counts."""
    collector = Collector()
    collector.begin()
    collector.stream("stdout", "a")
    collector.stream("stderr", "b")
    collector.stream("stdout", "c <x at 0x7f00aa11bb22>")
    collector.display({"output_type": "execute_result", "data": {"text/plain": "1"}, "execution_count": 4}, "d")
    collector.update_display("d", {"text/plain": "2"}, {})
    collector.finish(1)
    one = collector.outputs()
    other: list[JSON] = [
        {"output_type": "stream", "name": "stdout", "text": "ac <x at 0x7f0000000000>"},
        {"output_type": "stream", "name": "stderr", "text": "\x1b[31mb\x1b[0m"},
        {"output_type": "execute_result", "data": {"text/plain": ["2"]}, "metadata": {}, "execution_count": 9},
    ]
    assert comparable(one) == comparable(other)
    other[2]["data"] = {"text/plain": "3"}
    assert comparable(one) != comparable(other)
    trace: list[list[JSON]] = [
        [{"output_type": "error", "ename": "E", "evalue": "v", "traceback": [f"Cell In[{n}], line 1"]}] for n in (1, 22)
    ]
    assert comparable(trace[0]) == comparable(trace[1])
    trace[1][0]["ename"] = "F"
    assert comparable(trace[0]) != comparable(trace[1])
    collector.clear()
    assert collector.outputs() == []
