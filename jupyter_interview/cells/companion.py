"""How does a process live on from cell to cell, so that variables do?

A *companion* is the language's own interpreter. It reads orders, one line each, from one descriptor and writes
answers, one line each, to another. All that it wrote to stdout and stderr before an answer is taken before the answer;
what it writes between the cells is taken too.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from .child import leash
from .pump import Pumps, Take

_ANSWER_BYTES = 32 * 1_048_576


class Companion:
    """One process. When it ends another one has to be made.

    Args:
        command: interpreter and arguments; ``{orders}`` and ``{answers}`` stand for the numbers of its descriptors.
        folder: where it runs.
        environment: all of its variables.
        take: takes its output.
    """

    def __init__(self, command: Sequence[str], folder: str, environment: Mapping[str, str], take: Take) -> None:
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603
            [*leash(), *(part.format(orders=orders, answers=answers) for part in command)],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(orders, answers),
            start_new_session=True,
        )
        os.close(orders)
        os.close(answers)
        self.answers = answers
        self._pumps = Pumps(self._process, take)
        self.exit = asyncio.get_running_loop().run_in_executor(None, self._process.wait)
        self._lines: asyncio.StreamReader | None = None

    @property
    def pid(self) -> int:
        """Number of the process, and of its session."""
        return self._process.pid

    def order(self, line: str) -> None:
        """Send an order: a short line. One that has ended takes none."""
        with suppress(OSError):
            os.write(self._orders, line.encode() + b"\n")

    async def answer(self) -> str | None:
        """The next answer, when all output before it was taken; ``None`` when the process has ended."""
        if self._lines is None:
            self._lines = asyncio.StreamReader(limit=_ANSWER_BYTES)
            protocol = asyncio.StreamReaderProtocol(self._lines)
            await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(self._answers, "rb", 0))
        reading: asyncio.Future[bytes] = asyncio.ensure_future(self._lines.readline())
        both: set[asyncio.Future[Any]] = {reading, self.exit}
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if reading.done() and not reading.cancelled() and reading.exception() is None and not reading.result():
            await asyncio.wait({self.exit})  # it made another program of itself, which has yet to end
        reading.cancel()
        line = b"" if not reading.done() or reading.cancelled() or reading.exception() else reading.result()
        await self._pumps.drained()
        if not line:
            self.kill()
            await self.exit
            return None
        return line.decode("utf-8", "replace").rstrip("\n")

    def signal(self, number: int) -> None:
        """Signal it and what it started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it and what it started. Idempotent."""
        self.signal(signal.SIGKILL)

    async def close(self) -> None:
        """Let go of one that has ended."""
        await self._pumps.close()
        os.close(self._orders)
