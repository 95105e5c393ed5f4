"""What does a room hear when no kernel comes: none that answers, no language, no engine, no sandbox?"""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.core.errors import KernelUnavailable
from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import KernelState, RunStatus
from jupyter_interview.execution import executor, kernels_dir

from .conftest import MakeRoom, Room, kernel_process

#: A kernel that takes connections on all of its sockets, and nothing more.
MUTE = """
import json, socket, sys, time
info = json.load(open(sys.argv[1]))
kept = []
for number in range(1, 6):
    kept.append(socket.socket(socket.AF_UNIX))
    kept[-1].bind(f"{info['ip']}-{number}")
    kept[-1].listen()
time.sleep(60)
"""


async def test_a_kernel_that_never_answers(ji_room: MakeRoom, tmp_path: Path, monkeypatch: Any) -> None:
    """Its sockets are there, it says nothing: told while it lasts and in the end, and gone when it works again."""
    monkeypatch.setattr(executor, "_SLOW_SECONDS", 0.5)
    spec = json.loads((Path(kernels_dir()) / "python" / "kernel.json").read_text(encoding="utf-8"))
    path = tmp_path / "python" / "kernel.json"
    path.parent.mkdir()
    path.write_text(json.dumps(spec | {"argv": ["python", "-c", MUTE, "{connection_file}"]}), encoding="utf-8")
    room = ji_room(directory=str(tmp_path), kernel_start_seconds=8)
    run = room.submit("print(1)")
    result = await room.result(run)
    told = [entry[2] for entry in room.observer.told if entry[0] == "kernel" and entry[2]]
    assert told == [
        "The kernel takes long to start. The text can be edited meanwhile. It is given up after 8 s.",
        "The kernel did not answer within 8 s. Run a cell or restart the kernel to try again.",
    ]
    assert (result.status, result.message) == (RunStatus.DIED, told[-1])
    assert room.executor.kernel_id is None and os.listdir(room.kernels.engine.runtime_dir) == []  # type: ignore[attr-defined]
    path.write_text(json.dumps(spec), encoding="utf-8")
    assert (await room.run("print('again')"))[1].text == "again\n"


async def test_a_language_that_this_server_has_not(ji_room: MakeRoom, tmp_path: Path) -> None:
    room = ji_room(directory=str(tmp_path))
    result = await room.result(room.submit("1"))
    assert result.message == "This server has no kernel for the language 'python'; it has none."
    assert room.executor.state is KernelState.UNAVAILABLE


async def test_an_engine_that_goes_and_comes_back(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.ready()
    engine: Any = room.kernels.engine
    engine.problem = "The engine is gone. Start it."
    os.kill(kernel_process(room), signal.SIGKILL)
    await room.observer.until(lambda _: room.executor.kernel_id is None)
    assert _last_state(room) == (
        KernelState.DEAD,
        "The engine is gone. Start it. Run a cell or restart the kernel to try again.",
    )
    lost = await room.result(room.submit("1"))
    assert lost.status is RunStatus.DIED and lost.message == engine.problem
    assert _last_state(room) == (KernelState.UNAVAILABLE, engine.problem)
    engine.problem = None
    assert (await room.run("print('back')"))[1].text == "back\n"


async def test_a_sandbox_program_that_goes_and_comes_back(ji_room: MakeRoom) -> None:
    """The same where nothing told the engine: the start itself fails, with an error that is no line for people."""
    room = ji_room()
    await room.ready()
    engine: Any = room.kernels.engine
    program, engine.bwrap = engine.bwrap, "/no/such/program"
    os.kill(kernel_process(room), signal.SIGKILL)
    await room.observer.until(lambda _: room.executor.kernel_id is None)
    state, message = _last_state(room)
    assert state is KernelState.DEAD and message.endswith("Run a cell or restart the kernel to try again.")
    with pytest.raises(KernelUnavailable, match="try again"):
        await room.executor.restart()
    engine.bwrap = program
    await room.executor.restart()
    assert (await room.run("print('back')"))[1].text == "back\n"


async def test_without_a_sandbox_runs_are_refused_with_the_reason(ji_room: MakeRoom) -> None:
    class Nothing:
        problem = "Install bubblewrap."
        limits = Limits()

        def provisioner(self, **_: Any) -> Any:
            raise AssertionError("never asked")

        def language_problem(self, spec: Any) -> str | None:
            raise AssertionError("never asked")

    room = ji_room(engine=Nothing())
    run = room.submit("1")
    result = await room.result(run)
    assert result.status is RunStatus.DIED and result.message == "Install bubblewrap."
    assert room.executor.state is KernelState.UNAVAILABLE
    assert "Install bubblewrap." in room.cells[run].text and room.cells[run].state == "idle"
    with pytest.raises(KernelUnavailable, match="Install bubblewrap"):
        await room.executor.restart()


def _last_state(room: Room) -> Any:
    return [entry[1:] for entry in room.observer.told if entry[0] == "kernel"][-1]
