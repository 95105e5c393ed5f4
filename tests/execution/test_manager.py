"""Is our kernel manager what stock handlers expect, and is upstream still what it builds on?

The versions read: jupyter_client 8.10, jupyter_server 2.21. Each semi-private name that is touched has a test here.
"""

from __future__ import annotations

import inspect
import json
import socket
from pathlib import Path
from typing import Any

import pytest
import zmq
from jupyter_client.connect import ConnectionFileMixin
from jupyter_client.ioloop.manager import AsyncIOLoopKernelManager
from jupyter_client.manager import KernelManager
from jupyter_client.multikernelmanager import MultiKernelManager
from jupyter_client.restarter import KernelRestarter
from jupyter_server.services.kernels.kernelmanager import MappingKernelManager
from traitlets.config import Config

from jupyter_interview.core.errors import KernelUnavailable
from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import RunStatus
from jupyter_interview.execution import InterviewKernelManager, kernels_dir, languages
from jupyter_interview.execution.manager import ALLOWED_MESSAGES, check_socket, message_bytes

from .conftest import MakeRoom


class _NoEngine:
    problem: str | None = "Install bubblewrap."
    missing: str | None = None
    limits = Limits()

    def provisioner(self, **_: Any) -> Any:
        raise AssertionError("never asked")

    def language_problem(self, spec: Any) -> str | None:
        return self.missing


@pytest.fixture
def manager(tmp_path: Path) -> Any:
    config = Config()
    config.MappingKernelManager.cull_idle_timeout = 10
    config.MappingKernelManager.buffer_offline_messages = True
    config.MultiKernelManager.default_kernel_name = "other"
    made = InterviewKernelManager(
        engine=_NoEngine(), kernels_dir=kernels_dir(), connection_dir=str(tmp_path), config=config
    )
    yield made
    made.context.destroy(linger=0)


def test_the_servers_settings_for_its_own_kernels_do_not_count(manager: InterviewKernelManager) -> None:
    assert manager.cull_idle_timeout == 0
    assert manager.buffer_offline_messages is False
    assert manager.default_kernel_name == "python"


def test_no_stock_socket_may_run_code(manager: InterviewKernelManager) -> None:
    assert manager.allowed_message_types == list(ALLOWED_MESSAGES)
    assert not [kind for kind in ALLOWED_MESSAGES if kind.startswith(("execute", "comm_open", "comm_msg", "input"))]


def test_sockets_for_many_kernels(manager: InterviewKernelManager) -> None:
    """A kernel takes seven. With libzmq's default a server would refuse its 147th."""
    assert manager.context.get(zmq.MAX_SOCKETS) >= 7 * 1_000


def test_only_our_languages(manager: InterviewKernelManager) -> None:
    ours = {path.parent.name for path in Path(kernels_dir()).glob("*/kernel.json")}
    assert set(manager.kernel_spec_manager.get_all_specs()) == ours  # type: ignore[union-attr]
    assert {item.name for item in languages(manager)} == ours


def test_why_a_language_cannot_run(manager: InterviewKernelManager, monkeypatch: Any) -> None:
    """The engine's own problem comes first, then what it says of the language; an unknown one has no kernel."""
    assert manager.problem("python") == "Install bubblewrap."
    monkeypatch.setattr(_NoEngine, "problem", None)
    assert manager.problem("python") is None
    monkeypatch.setattr(_NoEngine, "missing", "Install Python.")
    assert manager.problem("python") == "Install Python."
    problem = manager.problem("cobol")
    assert problem is not None
    assert problem.startswith("This server has no kernel for the language 'cobol'; it has ") and "python" in problem


def test_nothing_in_a_kernelspec_is_secret_or_chooses_the_sandbox() -> None:
    """Every file of it is served by the web server."""
    for path in Path(kernels_dir()).rglob("*"):
        assert path.is_dir() or path.suffix in (".json", ".svg", ".png")
    for path in Path(kernels_dir()).glob("*/kernel.json"):
        assert "kernel_provisioner" not in json.loads(path.read_text(encoding="utf-8"))["metadata"]


async def test_a_started_kernel_as_stock_handlers_see_it(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.ready()
    kernel_id = room.executor.kernel_id
    assert kernel_id is not None and kernel_id in room.kernels
    kernels: Any = room.kernels
    model = kernels.kernel_model(kernel_id)
    assert (model["id"], model["name"], model["execution_state"]) == (kernel_id, "python", "idle")
    assert [item["id"] for item in kernels.list_kernels()] == [kernel_id]
    kernel: Any = room.kernels.get_kernel(kernel_id)
    assert kernel.ready.done() and await kernel.is_alive()
    stream = kernel.connect_shell()
    try:
        assert stream.socket.getsockopt(zmq.MAXMSGSIZE) == message_bytes(Limits())
    finally:
        stream.close()
    assert kernels.ports_changed(kernel_id) is False
    heard: list[str] = []
    room.kernels.add_restart_callback(kernel_id, lambda: heard.append("restart"))
    await room.run("import os; os._exit(1)")
    assert (await room.run("1"))[0] is RunStatus.OK
    assert heard == ["restart"]


async def test_a_link_in_place_of_a_socket_is_not_followed(ji_room: MakeRoom, tmp_path: Path) -> None:
    room = ji_room()
    await room.ready()
    assert room.executor.kernel_id is not None
    kernel: Any = room.kernels.get_kernel(room.executor.kernel_id)
    path = Path(f"{kernel.ip}-{kernel.shell_port}")
    path.unlink()
    with socket.socket(socket.AF_UNIX) as victim:
        target = Path(room.kernels.connection_dir) / "v"
        victim.bind(str(target))
        victim.listen()
        path.symlink_to(target)
        with pytest.raises(KernelUnavailable):
            kernel.connect_shell()
        victim.setblocking(False)
        with pytest.raises(BlockingIOError):
            victim.accept()


async def test_a_kernelspec_cannot_choose_its_provisioner(ji_room: MakeRoom, tmp_path: Path) -> None:
    """Whatever kernel.json says, the engine's provisioner runs it."""
    spec = json.loads((Path(kernels_dir()) / "python" / "kernel.json").read_text(encoding="utf-8"))
    spec["metadata"]["kernel_provisioner"] = {"provisioner_name": "local-provisioner", "config": {"x": 1}}
    (tmp_path / "python").mkdir()
    (tmp_path / "python" / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    room = ji_room(directory=str(tmp_path))
    status, cell = await room.run("import os; print(os.path.expanduser('~'))")
    assert (status, cell.text) == (RunStatus.OK, "/home/interview\n")


def test_check_socket(tmp_path: Path) -> None:
    with pytest.raises(KernelUnavailable):
        check_socket(str(tmp_path / "none"))
    with pytest.raises(KernelUnavailable):
        check_socket(str(tmp_path))


def test_upstream_sockets_are_made_in_one_place() -> None:
    assert "identity" in inspect.signature(ConnectionFileMixin._create_connected_socket).parameters
    for channel in ("shell", "iopub", "stdin", "hb", "control"):
        source = inspect.getsource(getattr(ConnectionFileMixin, f"connect_{channel}"))
        assert "_create_connected_socket" in source


def test_upstream_takes_a_provisioner_that_is_already_there() -> None:
    assert "if self.provisioner is None" in inspect.getsource(KernelManager._async_pre_start_kernel)
    assert "self.pre_start_kernel(" in inspect.getsource(MultiKernelManager._async_start_kernel)


def test_upstream_renames_python() -> None:
    """Why we override the observer: without it ``python`` would become ``python3``."""
    assert KernelManager(kernel_name="python").kernel_name == "python3"


def test_upstream_keeps_failed_starts() -> None:
    assert "_pending_kernels" in inspect.getsource(MultiKernelManager._async_start_kernel)


def test_upstream_restarter_calls_back() -> None:
    assert "callbacks[event]" in inspect.getsource(KernelRestarter._fire_callbacks)
    assert "self._restarter" in inspect.getsource(AsyncIOLoopKernelManager.start_restarter)


def test_upstream_watches_activity_by_methods_that_we_override() -> None:
    for name in ("start_watching_activity", "stop_watching_activity", "interrupt_kernel", "restart_kernel"):
        assert hasattr(MappingKernelManager, name) and name in vars(InterviewKernelManager)
