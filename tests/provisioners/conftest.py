"""Fixtures of the provisioners' tests.

- `ji_limits`: limits small enough to be met quickly
- `ji_engine`: makes an engine by name: ``real_user`` and ``user_namespace`` (both bubblewrap), ``docker``, ``plain``
- `ji_weather`: a way to the Docker engine that can be cut and slowed down
- `ji_kernel`: starts a real kernel on an engine; what it started is ended with the test
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from jupyter_interview.core.errors import KernelUnavailable
from jupyter_interview.core.limits import Limits
from jupyter_interview.provisioners import BubblewrapEngine, DockerEngine, Engine, PlainEngine, SandboxProvisioner
from jupyter_interview.provisioners.container import SERVER_LABEL
from jupyter_interview.provisioners.engine_api import EngineApi
from jupyter_interview.provisioners.leftovers import discard
from tests.fixtures.real import missing

from .weather import Weather

SPEC = Path(__file__).parents[2] / "kernels" / "python" / "kernel.json"
IMAGES = {"probe": "jupyter-interview/python:1"}
SECONDS = 30.0
MEGABYTE = 1_048_576

MakeEngine = Callable[..., Engine]


@dataclass(frozen=True)
class Answer:
    """What came of a piece of code: status, all text written, name of the exception."""

    status: str
    text: str
    ename: str


class Kernel:
    """A started kernel and a connection to it."""

    def __init__(self, manager: AsyncKernelManager, client: Any) -> None:
        self.manager = manager
        self.client = client

    @property
    def provisioner(self) -> SandboxProvisioner:
        """What runs it."""
        provisioner = self.manager.provisioner
        assert isinstance(provisioner, SandboxProvisioner)
        return provisioner

    async def run(self, code: str, heard: Callable[[], object] = lambda: None) -> Answer:
        """Run code; the kernel's death comes back as status ``died``. ``heard`` is called for each text as it comes."""
        texts: list[str] = []

        def take(message: dict[str, Any]) -> None:
            if text := str(message["content"].get("text", "")):
                texts.append(text)
                heard()

        running = asyncio.ensure_future(self.client.execute_interactive(code, allow_stdin=False, output_hook=take))
        dying = asyncio.ensure_future(self.provisioner.exited())
        await asyncio.wait({running, dying}, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        ended = running.done() or dying.done()
        dying.cancel()
        if running.done():
            content = running.result()["content"]
            return Answer(content["status"], "".join(texts), content.get("ename", ""))
        running.cancel()
        assert ended, f"no answer within {SECONDS} s"
        return Answer("died", "".join(texts), "")

    async def until_ended(self) -> int:
        """Wait for the process's end; its exit status."""
        return await asyncio.wait_for(self.provisioner.exited(), SECONDS)


StartKernel = Callable[..., Awaitable[Kernel]]


@pytest.fixture
def ji_limits() -> Limits:
    """Limits small enough to be met quickly."""
    return Limits.checked(
        kernel_memory_bytes=512 * MEGABYTE,
        kernel_processes=64,
        kernel_file_bytes=4 * MEGABYTE,
        kernel_scratch_bytes=16 * MEGABYTE,
        kernel_start_seconds=SECONDS,
    )


@pytest.fixture
def ji_engine(tmp_path_factory: pytest.TempPathFactory, ji_limits: Limits) -> Iterator[MakeEngine]:
    """``ji_engine("real_user", limits=…, hidden=…)``."""

    dockers: list[str] = []

    def make(name: str, limits: Limits = ji_limits, **keywords: Any) -> Engine:
        runtime = str(tmp_path_factory.mktemp("r"))
        if name == "plain":
            return PlainEngine(limits, runtime)
        if name == "docker":
            images = keywords.pop("images", IMAGES)
            docker = DockerEngine(limits, runtime, images, **keywords)
            dockers.append(docker.server)
            if "url" not in keywords and images == IMAGES and docker.known_problem("probe") is not None:
                missing(f"Docker with its images ({docker.known_problem('probe')})")
            return docker
        engine = BubblewrapEngine(limits, runtime, **keywords)
        assert engine.problem is None, engine.problem
        if name == "user_namespace":
            engine.real_user = False
        elif not engine.real_user:
            pytest.skip("only root can give a kernel a real user of its own")
        return engine

    yield make
    for server in dockers:
        _remove_containers(server)


def _remove_containers(server: str) -> None:
    """What a test about an engine that hung has left with it."""
    api = EngineApi()
    with suppress(KernelUnavailable):
        filters = {"label": f"{SERVER_LABEL}={server}"}
        for found in api.call(lambda client: client.containers(all=True, filters=filters)):
            discard(api, found["Id"])


@pytest.fixture
async def ji_kernel(tmp_path: Path) -> AsyncIterator[StartKernel]:
    """``await ji_kernel(engine, spec={…})`` where ``spec`` is laid over the Python kernelspec."""
    started: list[Kernel] = []

    async def start(engine: Engine, spec: dict[str, Any] | None = None) -> Kernel:
        directory = tmp_path / "specs" / "probe"
        directory.mkdir(parents=True, exist_ok=True)
        text = {**json.loads(SPEC.read_text(encoding="utf-8")), **(spec or {})}
        (directory / "kernel.json").write_text(json.dumps(text), encoding="utf-8")
        specs = KernelSpecManager(kernel_dirs=[str(directory.parent)], ensure_native_kernel=False)
        manager = AsyncKernelManager(
            kernel_name="probe", kernel_spec_manager=specs, connection_file=str(tmp_path / f"{len(started)}.json")
        )
        manager.provisioner = engine.provisioner(kernel_id="k", kernel_spec=manager.kernel_spec, parent=manager)
        await manager.start_kernel()
        client = manager.client()
        client.start_channels(stdin=False, hb=False)
        await client.wait_for_ready(timeout=SECONDS)
        kernel = Kernel(manager, client)
        started.append(kernel)
        return kernel

    yield start
    for kernel in started:
        kernel.client.stop_channels()
        await kernel.manager.shutdown_kernel(now=True)


@pytest.fixture
def ji_weather(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weather]:
    """A socket in front of the real Docker engine: ``ji_weather.url``."""
    weather = Weather(str(tmp_path_factory.mktemp("w") / "docker.sock"))
    weather.open()
    yield weather
    weather.cut()


@pytest.fixture(autouse=True)
def server_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the server that no kernel may see."""
    monkeypatch.setenv("INTERVIEW_SECRET", "s3cret")
    assert os.environ["INTERVIEW_SECRET"]


async def until_process(command: bytes) -> int:
    """Wait until a process of this machine has this command line: whoever started it may hear of that before it has."""
    deadline = asyncio.get_running_loop().time() + SECONDS
    while (found := find_process(command)) is None:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)
    return found


def find_process(command: bytes) -> int | None:
    """A process of this machine with this command line, each word ended by a zero byte."""
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdecimal() and (entry / "cmdline").read_bytes() == command:
                return int(entry.name)
        except OSError:
            continue
    return None
