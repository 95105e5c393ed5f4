"""How does a process live on from cell to cell, so that variables do?

A *companion* is the language's own interpreter. It reads orders, one line each, from one descriptor and writes
answers, one line each, to another. All that it wrote to stdout and stderr before an answer is taken before the answer;
what it writes between the cells is taken too.
"""

from __future__ import annotations

import array
import asyncio
import codecs
import fcntl
import os
import signal
import subprocess
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from .child import CHUNK, Take, leash

_GATHER_SECONDS = 0.005
_DRAIN_SECONDS = 0.3
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
        assert self._process.stdout is not None and self._process.stderr is not None
        loop = asyncio.get_running_loop()
        self._pumps = [
            _Pump("stdout", self._process.stdout.fileno(), take),
            _Pump("stderr", self._process.stderr.fileno(), take),
        ]
        self.exit = loop.run_in_executor(None, self._process.wait)
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
        await self._drain()
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

    def close(self) -> None:
        """Let go of one that has ended."""
        for pump in self._pumps:
            pump.stop()
        os.close(self._orders)

    async def _drain(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                for pump in self._pumps:
                    await pump.drained()


class _Pump:
    """Takes what comes out of one pipe."""

    def __init__(self, name: str, descriptor: int, take: Take) -> None:
        self._name = name
        self._descriptor = descriptor
        self._take = take
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stepped = asyncio.Event()
        self._hurry = asyncio.Event()
        self._busy = False
        os.set_blocking(descriptor, False)
        self._task = asyncio.ensure_future(self._run())

    async def drained(self) -> None:
        """Wait until everything that was written so far is taken."""
        self._hurry.set()
        try:
            while not self._task.done() and (self._busy or self._waiting()):
                self._stepped.clear()
                await self._stepped.wait()
        finally:
            self._hurry.clear()

    def stop(self) -> None:
        """Take no more."""
        self._task.cancel()

    async def _run(self) -> None:
        try:
            while await self._step():
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), _GATHER_SECONDS)
        finally:
            self._busy = False
            self._stepped.set()

    async def _step(self) -> bool:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._descriptor, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._descriptor)
        self._busy = True
        try:
            chunk = os.read(self._descriptor, CHUNK)
            text = self._decoder.decode(chunk, final=not chunk)
            if text:
                await self._take(self._name, text)
        finally:
            self._busy = False
            self._stepped.set()
        return bool(chunk)

    def _waiting(self) -> int:
        count = array.array("i", [0])
        with suppress(OSError):
            fcntl.ioctl(self._descriptor, termios.FIONREAD, count)
        return count[0]
