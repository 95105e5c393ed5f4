"""What is left of the kernels of a server that was killed?"""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import BubblewrapEngine, DockerEngine, PlainEngine
from jupyter_interview.provisioners.container import SERVER_LABEL

from .conftest import IMAGES, SECONDS, MakeEngine

_SERVER = """
import asyncio, sys
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import BubblewrapEngine, DockerEngine, PlainEngine

async def main(name, directory):
    if name == "plain":
        engine = PlainEngine(Limits(), directory)
    elif name == "docker":
        engine = DockerEngine(Limits(), directory, {"probe": "jupyter-interview/python:1"})
    else:
        engine = BubblewrapEngine(Limits(), directory)
        engine.real_user = name == "real_user"
    argv = ["python", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = KernelSpec(argv=argv, display_name="Python", language="python", resource_dir=directory + "/probe")
    manager = AsyncKernelManager(connection_file=directory + "/c.json")
    manager.provisioner = engine.provisioner(kernel_id="k", kernel_spec=spec, parent=manager)
    await manager.start_kernel()
    print(manager.provisioner.target() if name != "docker" else "started", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("name", ("real_user", "user_namespace", "plain"))
def test_a_killed_server_takes_its_kernels_along(name: str, ji_engine: MakeEngine, tmp_path: Path) -> None:
    ji_engine(name)  # skips where this machine has no such engine
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, name, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as server:
        assert server.stdout is not None
        process = os.pidfd_open(int(server.stdout.readline()))
        server.kill()
    try:
        assert select.select([process], [], [], SECONDS)[0], "the kernel outlived its server"
    finally:
        os.close(process)


def _containers(engine: DockerEngine) -> list[str]:
    found = engine.api.call(
        lambda client: client.containers(all=True, filters={"label": f"{SERVER_LABEL}={engine.server}"})
    )
    return [container["Id"] for container in found]


def test_a_killed_servers_containers_go_with_the_next_start(ji_engine: MakeEngine, tmp_path: Path) -> None:
    """And not before: another server of the same user may be at work."""
    ji_engine("docker")  # skips where this machine has no such engine
    with subprocess.Popen(
        [sys.executable, "-c", _SERVER, "docker", str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]
    ) as server:
        assert server.stdout is not None and server.stdout.readline()
        neighbour = DockerEngine(Limits(), str(tmp_path), IMAGES)
        assert len(_containers(neighbour)) == 1
        server.kill()
    other = DockerEngine(Limits(), str(tmp_path / "other"), IMAGES)
    assert _containers(other) == [] and len(_containers(neighbour)) == 1, "not that of another server"
    assert _containers(DockerEngine(Limits(), str(tmp_path), IMAGES)) == []


@pytest.mark.parametrize("name", ("bubblewrap", "docker", "plain"))
def test_leftovers_are_swept(name: str, tmp_path: Path, ji_limits: Limits) -> None:
    for age in (0, 10_000):
        (tmp_path / f"left{age}" / "s").mkdir(parents=True)
        then = time.time() - age
        os.utime(tmp_path / f"left{age}", (then, then))
    (tmp_path / "other").mkdir()
    os.utime(tmp_path / "other", (0, 0))
    engines = {"bubblewrap": BubblewrapEngine, "plain": PlainEngine}
    if name == "docker":
        DockerEngine(ji_limits, str(tmp_path), {})
    else:
        engines[name](ji_limits, str(tmp_path))
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["left0", "other"]
