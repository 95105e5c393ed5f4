"""Fixtures of the tests of the languages' kernels.

- `ji_cells`: a started kernel of each language on each engine, one for all tests of a module
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from jupyter_interview.core.limits import Limits
from jupyter_interview.execution import kernels_dir
from jupyter_interview.provisioners import BubblewrapEngine, DockerEngine, Engine, PlainEngine
from tests.fixtures.real import missing

from .samples import SAMPLES, Sample

SECONDS = 60.0
#: An interrupted cell has time to end: how busy the machine is decides nothing.
LIMITS = Limits.checked(interrupt_seconds=8.0)
#: A signal that comes while another one waits is none.
_AGAIN_SECONDS = 0.2
ENGINES = ("bubblewrap", "docker")
OWN = tuple(language for language in SAMPLES if language != "python")
COMPILED = ("c", "cpp", "go", "java", "rust")

JSON = dict[str, Any]


@dataclass
class Result:
    """What came of a cell, also while it still runs."""

    messages: list[tuple[str, JSON]] = field(default_factory=list)
    reply: JSON = field(default_factory=dict)

    def text(self, name: str | None = None) -> str:
        """What was written to a stream, or to both."""
        streams = (content for kind, content in self.messages if kind == "stream")
        return "".join(content["text"] for content in streams if name in (None, content["name"]))

    def data(self, mime: str = "text/plain") -> str:
        """All displayed data of one type."""
        return "\n".join(content["data"].get(mime, "") for _, content in self.messages if "data" in content)

    @property
    def shown(self) -> str:
        """Everything that a reader can see of it."""
        return self.text() + self.data() + "\n".join(self.reply.get("traceback", []))

    @property
    def status(self) -> str:
        """``ok`` or ``error``."""
        return str(self.reply["status"])


class Cells:
    """A kernel of one language and a connection to it."""

    def __init__(self, language: str, manager: AsyncKernelManager, client: Any) -> None:
        self.language = language
        self.manager = manager
        self.client = client
        self._changed = asyncio.Event()

    @property
    def sample(self) -> Sample:
        """The code for this language."""
        return SAMPLES[self.language]

    async def run(self, code: str) -> Result:
        """Run a cell to its end."""
        async with asyncio.timeout(SECONDS):
            return await self._run(code, Result())

    async def run_until(self, code: str, condition: Callable[[Result], bool], times: int = 1) -> Result:
        """Run a cell, interrupt it when it has shown enough, and wait for its end.

        Args:
            code: the cell.
            condition: whether it has shown enough.
            times: how often it is interrupted, in quick succession.
        """
        result = Result()
        async with asyncio.timeout(SECONDS):
            running = asyncio.ensure_future(self._run(code, result))
            while not condition(result):
                self._changed.clear()
                await self._changed.wait()
                assert not running.done(), f"ended by itself: {result}"
            for _ in range(times):
                await self.manager.interrupt_kernel()
                await asyncio.wait({running}, timeout=_AGAIN_SECONDS)
            return await running

    async def run_until_shown(self, code: str, text: str) -> str:
        """Run a cell until it has written ``text``, and leave it running; what it has written."""
        result = Result()
        async with asyncio.timeout(SECONDS):
            running = asyncio.ensure_future(self._run(code, result))
            while text not in result.text():
                self._changed.clear()
                await self._changed.wait()
        running.cancel()
        return result.text()

    async def _run(self, code: str, result: Result) -> Result:
        def take(message: JSON) -> None:
            result.messages.append((message["msg_type"], message["content"]))
            self._changed.set()

        answer = await self.client.execute_interactive(code, allow_stdin=False, stop_on_error=False, output_hook=take)
        result.reply = answer["content"]
        self._changed.set()
        return result


def engine_of(name: str, runtime: str, language: str) -> Engine:
    """An engine that can run this language, with time for interrupts; without one the test is over."""
    specs = KernelSpecManager(kernel_dirs=[kernels_dir()], ensure_native_kernel=False)
    engine: Engine
    if name == "plain":
        engine = PlainEngine(LIMITS, runtime)
        problem = engine.language_problem(specs.get_kernel_spec(language))
    elif name == "docker":
        engine = DockerEngine(LIMITS, runtime, {language: f"jupyter-interview/{language}:1"})
        problem = engine.known_problem(language)
    else:
        engine = BubblewrapEngine(LIMITS, runtime)
        problem = engine.problem or engine.language_problem(specs.get_kernel_spec(language))
    if problem is not None:
        missing(f"{language} in {name} ({problem})")
    return engine


async def start(name: str, language: str, folder: Path) -> Cells:
    """Start a kernel."""
    engine = engine_of(name, str(folder), language)
    specs = KernelSpecManager(kernel_dirs=[kernels_dir()], ensure_native_kernel=False)
    manager = AsyncKernelManager(
        kernel_name=language, kernel_spec_manager=specs, connection_file=str(folder / "connection.json")
    )
    manager._kernel_spec = specs.get_kernel_spec(language)  # upstream takes `python` for the one that runs the tests
    manager.provisioner = engine.provisioner(kernel_id="k", kernel_spec=manager.kernel_spec, parent=manager)
    await manager.start_kernel()
    client = manager.client()
    client.start_channels(stdin=False, hb=False)
    await client.wait_for_ready(timeout=SECONDS)
    return Cells(language, manager, client)


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[(engine, language) for engine in ENGINES for language in SAMPLES],
    ids=lambda pair: "-".join(pair),
)
async def ji_cells(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cells]:
    """A started kernel; ``indirect`` narrows the pairs of engine and language."""
    engine, language = request.param
    cells = await start(engine, language, tmp_path_factory.mktemp("k"))
    yield cells
    cells.client.stop_channels()
    await cells.manager.shutdown_kernel(now=True)


def only(*languages: str) -> pytest.MarkDecorator:
    """For a test of some languages."""
    pairs = [(engine, language) for engine in ENGINES for language in languages]
    return pytest.mark.parametrize("ji_cells", pairs, indirect=True, ids="-".join)


def notebook_starter(language: str) -> str:
    """The starter cell of a language."""
    spec = json.loads((Path(kernels_dir()) / language / "kernel.json").read_text(encoding="utf-8"))
    return str(spec["metadata"]["interview"]["starter"])
