"""How does a run end when two reasons come in the same moment? No real kernel can be made to hit that moment."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import JSON, ExecutionRequest, RunStatus
from jupyter_interview.execution.kernel import Execution, OnMessage
from jupyter_interview.execution.run import Run

from .conftest import Cell

_LIMITS = Limits.checked(output_bytes=100_000)


class _Link:
    """To a kernel whose whole output and whose answer are read in one go."""

    def execute(self, source: str, on_message: OnMessage) -> Execution:
        execution = Execution("1", on_message)
        for _ in range(2):
            on_message("stream", {"name": "stdout", "text": source * 1_000_000})
        execution.reply.set_result({"status": "ok"})
        execution.idle.set_result(None)
        return execution

    def done(self) -> None:
        """Nothing to do."""


@dataclass
class _Kernel:
    link: _Link = field(default_factory=_Link)
    exit: asyncio.Future[Any] | None = None

    def last_words(self) -> str:
        return "The kernel died."


def _run(kernel: _Kernel, cell: Cell | None = None) -> Run:
    request = ExecutionRequest("1", "1", "x", 1, "1")
    return Run(request, cell or Cell(), kernel, _LIMITS)  # type: ignore[arg-type]


@pytest.mark.parametrize("_", range(20))
async def test_a_run_that_has_ended_was_not_stopped_for_its_flood(_: int) -> None:
    """Twenty times: an order that is nobody's is the right one every other time."""
    assert (await _run(_Kernel()).go()).status is RunStatus.OK


@pytest.mark.parametrize("_", range(20))
async def test_a_restart_that_ends_the_kernel_is_no_death(_: int) -> None:
    class Silent(_Link):
        def execute(self, source: str, on_message: OnMessage) -> Execution:
            return Execution("1", on_message)

    ended: asyncio.Future[JSON] = asyncio.get_running_loop().create_future()
    ended.set_result({})
    run = _run(_Kernel(Silent(), ended))
    run.restart()
    end = await run.go()
    assert (end.status, end.message) == (RunStatus.INTERRUPTED, "The kernel was restarted.")


async def test_a_run_that_ends_has_written_what_is_gathered() -> None:
    """In portions, while it still is in progress; what is left for its end is written in one turn of the loop."""

    class Much(_Link):
        def execute(self, source: str, on_message: OnMessage) -> Execution:
            for _ in range(200):
                on_message("display_data", {"data": {"text/plain": source}, "metadata": {}})
            return super().execute("", on_message)

    cell = Cell()
    end = await _run(_Kernel(Much()), cell).go()
    assert end.status is RunStatus.OK and len(cell.listed) == 200
