"""Does every provisioner, with a real kernel, do what jupyter_client asks of one?"""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from jupyter_interview.core.errors import KernelUnavailable
from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import PlainEngine
from jupyter_interview.provisioners.places import is_listening

from .conftest import SECONDS, MakeEngine, StartKernel, find_process, until_process

ENGINES = ("real_user", "user_namespace", "docker", "plain")

pytestmark = pytest.mark.parametrize("name", ENGINES)


async def test_runs_code_over_ipc(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    assert kernel.manager.transport == "ipc"
    assert await kernel.provisioner.poll() is None
    answer = await kernel.run("print(6 * 7)")
    assert (answer.status, answer.text) == ("ok", "42\n")


async def test_environment_is_an_allow_list(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name), spec={"env": {"FROM_SPEC": "1", "HOME": "/"}})
    answer = await kernel.run("import os, json; print(json.dumps(dict(os.environ)))")
    found = json.loads(answer.text)
    assert found["FROM_SPEC"] == "1"
    assert found["HOME"] != "/"
    assert "s3cret" not in answer.text
    assert not {key for key in found if key.startswith(("JUPYTER", "JPY_", "INTERVIEW_"))}


async def test_interrupt_reaches_kernel_and_children(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    for code, words, outcome in (
        ("import subprocess; subprocess.run(['sleep', '654'])", b"sleep\x00654\x00", ("", "KeyboardInterrupt")),
        ("import os; print(os.system('sleep 655'))", b"sleep\x00655\x00", ("2\n", "")),  # only the child takes it
    ):
        running = asyncio.create_task(kernel.run(code))
        await until_process(words)
        await kernel.manager.interrupt_kernel()
        answer = await asyncio.wait_for(running, SECONDS)
        assert (answer.text, answer.ename) == outcome
        assert find_process(words) is None


async def test_death_is_known_at_once(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    assert (await kernel.run("import os; os._exit(7)")).status == "died"
    assert await kernel.until_ended() == 7
    assert await kernel.provisioner.poll() == 7
    assert await kernel.provisioner.wait() == 7
    assert not kernel.provisioner.has_process


async def test_restart_keeps_the_addresses(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    kernel = await ji_kernel(ji_engine(name))
    before = kernel.manager.get_connection_info()
    await kernel.run("x = 1")
    await kernel.manager.restart_kernel(now=True)
    assert kernel.manager.get_connection_info() == before
    kernel.client.stop_channels()
    kernel.client = kernel.manager.client()
    kernel.client.start_channels(stdin=False, hb=False)
    await kernel.client.wait_for_ready(timeout=SECONDS)
    assert (await kernel.run("x")).ename == "NameError"


async def test_leaves_nothing_behind(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    engine = ji_engine(name)
    kernel = await ji_kernel(engine)
    connection_file = Path(kernel.manager.connection_file)
    assert os.listdir(engine.runtime_dir) and connection_file.exists()
    kernel.client.stop_channels()
    await kernel.manager.shutdown_kernel(now=True)
    assert os.listdir(engine.runtime_dir) == []
    assert not connection_file.exists()


async def test_directory_and_connection_file_are_private(
    name: str, ji_engine: MakeEngine, ji_kernel: StartKernel
) -> None:
    kernel = await ji_kernel(ji_engine(name))
    directory = kernel.provisioner.directory
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "s").stat().st_mode) == 0o700
    assert stat.S_IMODE((directory / "connection.json").stat().st_mode) == 0o400
    assert len(str(directory / "s" / "k-5")) <= 107


async def test_kernelspec_config_changes_nothing(name: str, ji_engine: MakeEngine, ji_limits: Limits) -> None:
    engine = ji_engine(name)
    ours: Any = engine.provisioner(kernel_id="k", kernel_spec=None, parent=None)
    made = type(ours)
    config = {"_limits": None, "limits": {"kernel_memory_bytes": 1}, "network": "host"}
    provisioner: Any = made(kernel_id="k", kernel_spec=None, parent=None, **config)  # as KernelProvisionerFactory does
    assert provisioner._limits == Limits()
    assert not hasattr(provisioner, "network")
    assert ours._limits == ji_limits


async def test_a_kernel_that_ends_at_once_says_why(name: str, ji_engine: MakeEngine, ji_kernel: StartKernel) -> None:
    engine = ji_engine(name)
    spec = {"argv": ["python", "-c", "import sys; sys.exit('no such thing here')"]}
    with pytest.raises(KernelUnavailable, match="no such thing here"):
        await ji_kernel(engine, spec=spec)


async def test_too_long_a_path_is_refused(name: str, tmp_path: Path, ji_limits: Limits, ji_kernel: StartKernel) -> None:
    engine = PlainEngine(ji_limits, str(tmp_path / ("x" * 100)))
    with pytest.raises(KernelUnavailable, match="too long a path"):
        await ji_kernel(engine)


async def test_what_a_kernel_left_in_place_of_its_sockets(
    name: str, ji_engine: MakeEngine, ji_kernel: StartKernel, tmp_path: Path
) -> None:
    """A link to somebody else's socket is not followed, and the next start removes it."""
    kernel = await ji_kernel(ji_engine(name))
    sockets = kernel.provisioner.directory / "s"
    (sockets / "link").symlink_to(sockets / "k-1")
    assert is_listening(sockets / "k-1")
    assert not is_listening(sockets / "link")
    assert not is_listening(tmp_path)
    await kernel.provisioner.kill()
    await kernel.manager.restart_kernel(now=True)
    assert sorted(entry.name for entry in sockets.iterdir()) == ["k-1", "k-2", "k-3", "k-4", "k-5"]
