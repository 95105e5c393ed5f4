"""Is all that a program wrote taken before its end is told, however slow who takes it is? With real pipes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import pytest_asyncio

from jupyter_interview.cells.pump import Pump


class Slow:
    """A pump behind a pipe whose takings wait for ``gate``."""

    def __init__(self) -> None:
        self.reading, self.writing = os.pipe()
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()
        self.texts: list[str] = []
        self.more = b""
        self.pump = Pump("stdout", self.reading, self._take)

    async def _take(self, name: str, text: str) -> None:
        assert name == "stdout"
        self.begun.set()
        if self.more:
            os.write(self.writing, self.more)
        await self.gate.wait()
        self.texts.append(text)


@pytest_asyncio.fixture
async def ji_slow() -> AsyncIterator[Slow]:
    """A pump that is stopped in the end."""
    slow = Slow()
    yield slow
    await slow.pump.stop()
    os.close(slow.reading)
    os.close(slow.writing)


async def test_what_was_written_is_waited_for(ji_slow: Slow) -> None:
    """Both what is being taken and what still lies in the pipe; a part of a character counts as well."""
    os.write(ji_slow.writing, b"one ")
    await ji_slow.begun.wait()
    os.write(ji_slow.writing, "two é".encode()[:-1])
    draining = asyncio.ensure_future(ji_slow.pump.drained())
    for _ in range(20):
        await asyncio.sleep(0)
    assert not draining.done()
    ji_slow.gate.set()
    await draining
    assert "".join(ji_slow.texts) == "one two "


async def test_what_is_written_meanwhile_is_not(ji_slow: Slow) -> None:
    """A background process that writes without end keeps no cell from its end."""
    ji_slow.gate.set()
    ji_slow.more = b"again "
    os.write(ji_slow.writing, b"one ")
    await ji_slow.begun.wait()
    await ji_slow.pump.drained()
    assert "".join(ji_slow.texts).startswith("one ")
