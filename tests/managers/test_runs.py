"""Is every run in the log, in its order, with its source and its end?"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import AbstractContextManager
from typing import Any

import pytest

from jupyter_interview.core.errors import (
    BadRequest,
    Forbidden,
    KernelUnavailable,
    NotFound,
    RateLimited,
    RoomEnded,
    SourceChanged,
    TooLarge,
)
from jupyter_interview.core.models import EventKind, KernelState, RunStatus
from jupyter_interview.core.permissions import Role
from jupyter_interview.managers import runs
from jupyter_interview.managers.channel import sender_of
from jupyter_interview.managers.live import LiveRoom
from jupyter_interview.managers.runlog import HISTORY
from tests.collab.clients import Client, new_cell
from tests.managers.conftest import MakeHouse
from tests.managers.house import House, Kernel

RUN_KINDS = (EventKind.RUN_STARTED, EventKind.RUN_FINISHED)


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()


async def _room(house: House, *sources: str) -> tuple[LiveRoom, Kernel, Client]:
    """A room with a candidate's client, a cell for each source and a started kernel."""
    live = await house.room(starter=sources[0])
    client = Client(house, live, await house.seat(live))
    house.socket(live, client.member)
    await client.connect()
    for number, source in enumerate(sources[1:], start=2):
        client.cells.append(new_cell(f"c{number}", source))
        await client.flush()
    await live.log.barrier()
    return live, house.kernels[live.room.id], client


async def _statuses(house: House, live: LiveRoom) -> list[tuple[str, Any]]:
    events = await house.story(live, *RUN_KINDS)
    return [(event.kind.label, (event.payload or {}).get("status")) for event in events]


async def test_a_run_is_told_and_stored_from_its_beginning_to_its_end(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, kernel, client = await _room(house, "1 + 1")
    watching = house.socket(live, await house.seat(live, Role.INTERVIEWER))
    (queued,) = await live.runs.request(client.member, 0, [(None, _digest("1 + 1"))])
    assert (queued["status"], queued["source"], queued["language"]) == ("queued", "1 + 1", "python")
    assert queued["started_at"] is None
    active = [live.runs.active]
    kernel.begin().stream("stdout", "2")
    kernel.end()
    await live.log.barrier()
    active.append(live.runs.active)
    assert active == [True, False]
    waits, started, finished = (watching.of(kind)[0] for kind in ("run_queued", "run_started", "run_finished"))
    assert waits["content"]["id"] == queued["id"] and waits["content"]["status"] == "queued"
    assert waits["content"]["started_at"] is None and waits["seq"] < started["seq"]
    assert started["content"]["id"] == finished["content"]["id"] == queued["id"]
    # Each frame shows the run as it was then, though it was over before its beginning was stored.
    assert started["content"]["status"] == "running" and started["content"]["finished_at"] is None
    assert started["seq"] == started["content"]["seq"] < finished["seq"] == finished["content"]["seq"]
    assert finished["content"]["status"] == "ok" and finished["content"]["execution_count"] == 1
    assert finished["content"]["duration_ms"] == 1.0 and finished["content"]["member"]["name"] == "Ada"
    first, last = await house.story(live, *RUN_KINDS)
    assert first.payload == {
        "run": queued["id"],
        "cell": queued["cell"],
        "source": "1 + 1",
        "language": "python",
    }
    assert last.payload == {
        "run": queued["id"],
        "cell": queued["cell"],
        "status": "ok",
        "duration": 1_000,
        "execution_count": 1,
        "outputs_hash": "hash",
    }
    assert first.member == last.member == client.member.key
    assert live.runs.recent() == await house.records.runs(live.room) == [finished["content"]]
    client.close()


async def test_the_source_is_the_documents(ji_house: MakeHouse) -> None:
    """What a client says it is, is only a check; what comes after the request is not run."""
    house = await ji_house()
    live, kernel, client = await _room(house, "a = 1")
    await live.runs.request(client.member, 0, [(None, None)])
    client.type("# changed\n")
    await client.flush()
    kernel.begin()
    (event,) = await house.story(live, EventKind.RUN_STARTED)
    assert event.payload is not None and event.payload["source"] == "a = 1"
    client.close()


async def test_a_batch_keeps_its_order_and_ends_with_the_first_error(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, kernel, client = await _room(house, "one", "two", "three")
    cells = live.document.code_cells()
    batch = await live.runs.request(client.member, 0, [(cell, None) for cell in cells])
    (alone,) = await live.runs.request(client.member, 0, [(cells[0], None)])
    assert [run["source"] for run in batch] == ["one", "two", "three"]
    kernel.begin()
    kernel.end()
    kernel.begin().display({"output_type": "error", "ename": "E", "evalue": "", "traceback": []})
    kernel.end(RunStatus.ERROR)
    kernel.begin()
    kernel.end()
    await live.log.barrier()
    statuses = {run["id"]: run["status"] for run in live.runs.recent()}
    assert [statuses[run["id"]] for run in (*batch, alone)] == ["ok", "error", "skipped", "ok"]
    expected = [("run_started", None), ("run_finished", "ok"), ("run_started", None), ("run_finished", "error")]
    expected += [("run_finished", "skipped"), ("run_started", None), ("run_finished", "ok")]
    assert await _statuses(house, live) == expected
    # The log alone tells the same, also of what never began.
    stored = {run["id"]: run for run in await house.records.runs(live.room)}
    assert {run_id: run["status"] for run_id, run in stored.items()} == statuses
    assert stored[batch[2]["id"]]["source"] == "three" and stored[batch[2]["id"]]["started_at"] is None
    client.close()


async def test_a_run_waits_for_the_source_that_the_client_saw(ji_house: MakeHouse) -> None:
    """The request and the edit go by different sockets: the request may be first."""
    house = await ji_house()
    live, _, client = await _room(house, "")
    (cell,) = live.document.code_cells()
    requesting = asyncio.ensure_future(live.runs.request(client.member, 0, [(cell, _digest("x = '漢'"))]))
    done, _ = await asyncio.wait([requesting], timeout=0.02)
    assert not done
    client.type("x = '漢'")
    await client.flush()
    (run,) = await asyncio.wait_for(requesting, 10)
    assert run["source"] == "x = '漢'"
    client.close()


async def test_a_source_that_never_comes_is_a_conflict(ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_CATCH_UP_SECONDS", 0.02)
    house = await ji_house()
    live, kernel, client = await _room(house, "x")
    (cell,) = live.document.code_cells()
    for cells in ([(cell, _digest("y"))], [(cell, _digest("x")), (cell, "")], [("gone", _digest("x"))]):
        with pytest.raises(SourceChanged):
            await live.runs.request(client.member, 0, cells)
    assert kernel.waiting == [] and live.runs.recent() == []
    client.close()


async def test_what_cannot_be_run_is_refused(ji_house: MakeHouse) -> None:
    house = await ji_house(code_bytes=5)
    live, kernel, client = await _room(house, "12345")
    spectator = await house.seat(live, Role.SPECTATOR)
    with pytest.raises(NotFound):
        await live.runs.request(client.member, 0, [("gone", None)])
    with pytest.raises(BadRequest):
        await live.runs.request(client.member, 0, [])
    with pytest.raises(Forbidden):
        await live.runs.request(spectator, 0, [(None, None)])
    for act in (live.runs.interrupt, live.runs.restart):
        with pytest.raises(Forbidden):
            await act(spectator)
    client.delete(0, 1)
    client.type("é", at=4)
    await client.flush()
    with pytest.raises(TooLarge):
        await live.runs.request(client.member, 0, [(None, None)])
    await house.members.switch(live, None, client.member.id, {"run": False})
    with pytest.raises(Forbidden):
        await live.runs.request(client.member, 0, [(None, None)])
    assert kernel.waiting == []
    denied = [(event.payload or {})["what"] for event in await house.story(live, EventKind.DENIED)]
    assert denied == ["run_code", "interrupt", "restart", "run_code"]
    del client.cells[0]
    await client.flush()
    await house.members.switch(live, None, client.member.id, {"run": True})
    with pytest.raises(NotFound):
        await live.runs.request(client.member, 0, [(None, None)])
    await house.rooms.end(live.room.id, client.member)
    with pytest.raises(RoomEnded):
        await live.runs.request(client.member, 0, [(None, None)])
    client.close()


async def test_permission_is_asked_again_after_the_wait(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, kernel, client = await _room(house, "")
    (cell,) = live.document.code_cells()
    requesting = asyncio.ensure_future(live.runs.request(client.member, 0, [(cell, _digest("rm"))]))
    await asyncio.wait([requesting], timeout=0.01)
    await house.members.switch(live, None, client.member.id, {"run": False})
    client.type("rm")
    await client.flush()
    with pytest.raises(Forbidden):
        await requesting
    assert kernel.waiting == []
    client.close()


async def test_interrupt_and_restart_are_in_the_log(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, kernel, client = await _room(house, "1", "2")
    await live.runs.request(client.member, 0, [(cell, None) for cell in live.document.code_cells()])
    kernel.begin()
    await live.runs.interrupt(client.member, 5)
    assert live.runs.kernel_json()["restarted"] is None
    await live.runs.restart(client.member, 6)
    live.runs.kernel_event("kernel_restarted", {"reason": "died"})
    await live.log.barrier()
    assert live.runs.kernel_json()["restarted"]["by"] == sender_of(client.member)
    assert sorted(run["status"] for run in live.runs.recent()) == ["interrupted", "skipped"]
    kinds = (EventKind.INTERRUPT, EventKind.KERNEL_STARTED, EventKind.KERNEL_RESTARTED)
    story = [(event.kind, event.member, event.connection) for event in await house.story(live, *kinds)]
    assert story == [
        (EventKind.KERNEL_STARTED, 0, 0),
        (EventKind.INTERRUPT, client.member.key, 5),
        (EventKind.KERNEL_RESTARTED, client.member.key, 6),
        (EventKind.KERNEL_RESTARTED, 0, 0),
    ]
    client.close()


async def test_what_ran_at_a_crash_is_settled_at_the_next_start(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, kernel, client = await _room(house, "while True: pass")
    (run,) = await live.runs.request(client.member, 0, [(None, None)])
    kernel.begin().stream("stdout", "half")
    await live.log.barrier()
    client.close()
    await house.crash()
    house = await ji_house()
    live = await house.rooms.open(live.room.id)
    await live.log.barrier()
    (found,) = live.runs.recent()
    assert (found["id"], found["status"]) == (run["id"], "died") and "restarted" in found["message"]
    assert found["duration_ms"] > 0 and found["finished_at"] > found["started_at"]
    assert not live.runs.active and await house.records.runs(live.room) == [found]
    told = [(output["name"], output["text"]) for output in live.document.notebook()["cells"][0]["outputs"]]
    assert told == [("stdout", "half"), ("stderr", f"\n{found['message']}\n")]
    assert live.document.doc.get("cells", type=type(client.cells))[0]["execution_state"] == "idle"  # type: ignore[attr-defined]
    assert await _statuses(house, live) == [("run_started", None), ("run_finished", "died")]
    await house.crash()
    house = await ji_house()
    live = await house.rooms.open(live.room.id)
    assert await _statuses(house, live) == [("run_started", None), ("run_finished", "died")], "once"


async def test_what_waited_at_a_crash_is_told_as_not_run(ji_house: MakeHouse) -> None:
    """A run that was acknowledged has a fate: in its cell, the runs, the record and the log, once."""
    house = await ji_house()
    live, kernel, client = await _room(house, "1", "2")
    first, second = live.document.code_cells()
    await live.runs.request(client.member, 3, [(first, None), (second, None)])
    (again,) = await live.runs.request(client.member, 3, [(second, None)])
    kernel.begin()
    await live.log.barrier()
    client.close()
    for _ in range(2):
        await house.crash()
        house = await ji_house()
        live = await house.rooms.open(live.room.id)
        await live.log.barrier()
        died, *waited = live.runs.recent()
        assert died["status"] == "died" and [run["status"] for run in waited] == ["skipped", "skipped"]
        assert waited[-1]["id"] == again["id"] and waited[-1]["started_at"] is None
        assert all("not run" in run["message"] and run["source"] == "2" for run in waited)
        (line,) = live.document.notebook()["cells"][1]["outputs"]
        assert line["name"] == "stderr" and line["text"].count("not run") == 1
        queued = await house.story(live, EventKind.RUN_QUEUED)
        assert [event.connection for event in queued] == [3, 3, 3]
        assert await _statuses(house, live) == [
            ("run_started", None),
            ("run_finished", "died"),
            ("run_finished", "skipped"),
            ("run_finished", "skipped"),
        ]
        assert await house.records.runs(live.room) == live.runs.recent()


async def test_what_a_dead_server_left_open_is_over_for_whoever_looks(ji_house: MakeHouse) -> None:
    """Nobody has to come into the room for that."""
    house = await ji_house()
    live, kernel, client = await _room(house, "1")
    await live.runs.request(client.member, 0, [(None, None), (None, None)])
    kernel.begin()
    await live.log.barrier()
    assert [run["status"] for run in await house.records.runs(live.room)] == ["running", "queued"]
    client.close()
    await house.crash()
    house = await ji_house()
    assert [run["status"] for run in await house.records.runs(live.room)] == ["died", "skipped"]
    assert [run["status"] for run in (await house.replay.story(live.room))["runs"]] == ["died", "skipped"]
    await house.stop()
    house = await ji_house()
    assert [run["status"] for run in await house.records.runs(live.room)] == ["died", "skipped"]
    assert house.rooms.open_rooms == [], "nothing was to be done"


async def test_a_run_is_acknowledged_once_the_log_has_it(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, _, client = await _room(house, "1")
    (run,) = await live.runs.request(client.member, 0, [(None, None)])
    assert run["status"] == "queued" and live.log.durable_seq >= run["seq"]
    client.close()


async def test_a_kernel_is_ready_before_it_is_needed_and_its_state_is_told(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live = await house.room()
    assert house.kernels == {} and live.room_json()["kernel"]["state"] == "absent"
    watching = house.socket(live, await house.seat(live, Role.INTERVIEWER))
    kernel = house.kernels[live.room.id]
    assert live.room_json()["kernel"] == {"id": "kernel", "state": "idle", "message": None, "restarted": None}
    live.runs.kernel_changed(KernelState.BUSY)
    assert watching.of("room_updated")[-1]["content"]["kernel"]["state"] == "busy"
    live.runs.kernel_event("kernel_died", {"message": "killed"})
    (event,) = await house.story(live, EventKind.KERNEL_DIED)
    assert event.payload == {"message": "killed"} and event.member == 0
    kernel.state = KernelState.UNAVAILABLE
    with pytest.raises(KernelUnavailable, match="Install the sandbox"):
        await live.runs.request(live.members[watching.connection.member], 0, [(None, None)])


async def test_only_the_newest_runs_are_shown_and_all_are_kept(ji_house: MakeHouse) -> None:
    house = await ji_house()
    live, kernel, client = await _room(house, "1")
    for _ in range(HISTORY + 5):
        await live.runs.request(client.member, 0, [(None, None)])
        kernel.begin()
        kernel.end()
    await live.log.barrier()
    assert len(live.runs.recent()) == HISTORY
    stored = await house.records.runs(live.room)
    assert len(stored) == HISTORY + 5 and stored[5:] == live.runs.recent()
    client.close()


async def _counted(live: LiveRoom, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The cells whose sources are looked at from now on, one for each look."""
    looks: list[str] = []
    source = live.document.source

    def look(cell: str) -> str | None:
        looks.append(cell)
        return source(cell)

    monkeypatch.setattr(live.document, "source", look)
    return looks


async def test_what_the_queue_has_no_place_for_is_not_looked_at(
    ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await ji_house(run_queue=5)
    live, kernel, client = await _room(house, "x")
    (cell,) = live.document.code_cells()
    kernel.room_for = 5
    await live.runs.request(client.member, 0, [(cell, None), (cell, None)])
    looks = await _counted(live, monkeypatch)
    with pytest.raises(TooLarge) as large:
        await live.runs.request(client.member, 0, [(cell, None)] * 6)
    assert large.value.details == {"limit": 5}
    with pytest.raises(RateLimited):
        await live.runs.request(client.member, 0, [(cell, None)] * 4)
    assert looks == [] and len(kernel.waiting) == 2, "all of a request or nothing"
    assert len(await live.runs.request(client.member, 0, [(cell, None)] * 3)) == 3
    client.close()


async def test_what_is_named_again_is_not_looked_at_again(ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await ji_house()
    live, kernel, client = await _room(house, "x", "y")
    first, second = live.document.code_cells()
    looks = await _counted(live, monkeypatch)
    runs = await live.runs.request(client.member, 0, [(first, None), (second, None), (None, None)] * 20)
    assert [run["source"] for run in runs] == ["x", "y", "x"] * 20 and len(kernel.waiting) == 60
    assert looks == [first, second, first]
    client.close()


async def test_a_member_has_a_few_requests_that_wait_for_a_source(
    ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await ji_house()
    live, kernel, client = await _room(house, "")
    other = await house.seat(live, Role.INTERVIEWER)
    (cell,) = live.document.code_cells()
    wanted = [(cell, _digest("y"))]
    waiting = [asyncio.ensure_future(live.runs.request(client.member, 0, wanted)) for _ in range(runs._PREPARED)]
    await asyncio.wait(waiting, timeout=0)
    with pytest.raises(RateLimited):
        await live.runs.request(client.member, 0, wanted)
    waiting.append(asyncio.ensure_future(live.runs.request(other, 0, wanted)))
    await asyncio.wait(waiting, timeout=0)
    looks = await _counted(live, monkeypatch)
    client.type("y")
    await client.flush()
    await asyncio.sleep(0)
    assert looks == [cell], "one look for all who wait for that cell"
    await asyncio.wait_for(asyncio.gather(*waiting), 10)
    assert len(kernel.waiting) == runs._PREPARED + 1
    await live.runs.request(client.member, 0, wanted)
    client.close()


async def test_a_request_waits_for_its_members_turn_and_counts_on_the_share(
    ji_house: MakeHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await ji_house()
    live, _, client = await _room(house, "x")
    (cell,) = live.document.code_cells()
    story: list[tuple[str, int]] = []
    document = live.document
    turn, spending = document.turn, document.spending

    async def waited(member: int) -> None:
        story.append(("turn", member))
        await turn(member)

    def spent(member: int) -> AbstractContextManager[None]:
        story.append(("spending", member))
        return spending(member)

    monkeypatch.setattr(document, "turn", waited)
    monkeypatch.setattr(document, "spending", spent)
    await live.runs.request(client.member, 0, [(cell, _digest("x"))])
    key = client.member.key
    assert story[0] == ("turn", key) and story[1:] == [("spending", key)] * 3, "wait, source, budget"
    client.close()
