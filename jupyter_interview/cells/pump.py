"""How does what a program writes get out, in pieces that are worth sending, and when is all of it out?"""

from __future__ import annotations

import array
import asyncio
import codecs
import fcntl
import os
import subprocess
import termios
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import BinaryIO, cast

_CHUNK = 65_536
_GATHER_SECONDS = 0.005

Take = Callable[[str, str], Awaitable[None]]
"""Takes a stream's name and text."""


class Pump:
    """Takes what comes out of one pipe.

    Args:
        name: of the stream.
        descriptor: the reading end; whoever made it closes it.
        take: takes what was read. What it waits for keeps the program waiting.
    """

    def __init__(self, name: str, descriptor: int, take: Take) -> None:
        self._name = name
        self._descriptor = descriptor
        self._take = take
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._read = 0
        self._taken = 0
        self._stepped = asyncio.Event()
        self._hurry = asyncio.Event()
        os.set_blocking(descriptor, False)
        self._task = asyncio.ensure_future(self._run())

    async def drained(self) -> None:
        """Wait until everything that was written so far is taken, and not for what is written meanwhile.

        A pipe holds no more than the system lets it: this ends, however much a program writes and however slow the
        machine is.
        """
        goal = self._read + self._waiting()
        self._hurry.set()
        try:
            while self._taken < goal and not self._task.done():
                self._stepped.clear()
                await self._stepped.wait()
        finally:
            self._hurry.clear()

    async def stop(self) -> None:
        """Take no more; then the descriptor may be closed."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        try:
            while await self._step():
                # what comes in small pieces is gathered; more than one piece in this time has to wait in the pipe
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), _GATHER_SECONDS)
        finally:
            self._stepped.set()

    async def _step(self) -> bool:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._descriptor, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(self._descriptor)
        chunk = os.read(self._descriptor, _CHUNK)
        self._read += len(chunk)
        if text := self._decoder.decode(chunk, final=not chunk):
            await self._take(self._name, text)
        self._taken = self._read
        self._stepped.set()
        return bool(chunk)

    def _waiting(self) -> int:
        """How many bytes lie in the pipe."""
        count = array.array("i", [0])
        with suppress(OSError):
            fcntl.ioctl(self._descriptor, termios.FIONREAD, count)
        return count[0]


class Pumps:
    """Those of what a process writes.

    Args:
        process: made with a pipe for stdout and one for stderr.
        take: takes what was read.
    """

    def __init__(self, process: subprocess.Popen[bytes], take: Take) -> None:
        self._pipes = {"stdout": cast(BinaryIO, process.stdout), "stderr": cast(BinaryIO, process.stderr)}
        self._pumps = [Pump(name, pipe.fileno(), take) for name, pipe in self._pipes.items()]

    async def drained(self) -> None:
        """Wait until everything that was written so far is taken."""
        for pump in self._pumps:
            await pump.drained()

    async def close(self) -> None:
        """Take no more; something that left the process's session may still hold the pipes."""
        for pump in self._pumps:
            await pump.stop()
        for pipe in self._pipes.values():
            pipe.close()
