"""How does a cell run in an interpreter that lives on? What is the same for each of them."""

from __future__ import annotations

import asyncio
import os
import signal
from abc import abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .build import home_folder
from .child import ending
from .companion import Companion
from .kernel import CellKernel, Failure, Interrupted, interrupt_seconds

# Shares of the time that an interrupted cell has: then an interpreter ends that does not react, or has not begun.
_KILL_SHARE = 0.45
_LATE_SHARE = 0.65
_BEGIN_SECONDS = 0.02
_GONE = "What it had defined is gone."


class InterpreterKernel(CellKernel):
    """A kernel with a `Companion`: started with the kernel, and again when it has ended."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)  # type: ignore[no-untyped-call]
        self._companion: Companion | None = None
        self._making = asyncio.Lock()
        self._timers: list[asyncio.TimerHandle] = []
        self._asked = False
        self._begun = False

    # A language's part

    @abstractmethod
    async def make(self, folder: Path) -> Companion:
        """Start the interpreter and wait until it takes orders.

        Args:
            folder: for files of its own.

        Raises:
            Failure: it cannot be had.
        """

    @abstractmethod
    def ask(self, companion: Companion, source: Path) -> None:
        """Order it to run the file ``source``."""

    @abstractmethod
    async def hear(self, answer: str) -> bool:
        """Take one answer; whether it was the last. The first says that it begins with the cell (`begin`).

        Before that it cannot be calmed: a signal would meet Bash with half an order read, and V8 would end whatever it
        does next, our harness as well as the cell.

        Raises:
            Failure: the cell failed; the answer was the last.
        """

    def calm(self, companion: Companion) -> None:
        """Interrupt what runs; the interpreter is to live on."""
        companion.signal(signal.SIGINT)

    def obituary(self, status: int) -> str:
        """Why the interpreter ended by itself, as a line for people."""
        return ending(status)

    # The same for all

    def start(self) -> None:
        """Begin to serve, with the interpreter on its way."""
        super().start()
        self.io_loop.add_callback(self._prepare)

    async def run_cell(self, code: str) -> None:
        """Run it in the interpreter; a new one if the last one has ended."""
        companion = await self._present()
        if self.interrupted:
            raise Interrupted()
        source = _folder() / f"cell{self.row.extension}"
        source.write_text(code, encoding="utf-8", errors="replace")
        self._asked, self._begun = True, False
        try:
            self.ask(companion, source)
            await self._listen(companion)
        finally:
            self._asked = False
            while self._timers:
                self._timers.pop().cancel()

    def stop(self) -> None:
        """Interrupt the cell; an interpreter that does not react, or does not even begin, is ended."""
        if self._companion is None or not self._asked:
            return
        if self._begun:
            self.calm(self._companion)
        share = _KILL_SHARE if self._begun else _LATE_SHARE
        self.later(share * interrupt_seconds(), self._companion.kill)

    def begin(self) -> None:
        """The interpreter begins with the cell: what was to stop it meanwhile can do so very soon.

        Not at once: between saying so and the first line of the cell there is code of ours, which an interrupt would
        end as well.
        """
        self.later(_BEGIN_SECONDS, self._begin)

    def _begin(self) -> None:
        self._begun = True
        if self.interrupted:
            self.stop()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Call it then, unless the cell is over."""
        self._timers.append(asyncio.get_running_loop().call_later(seconds, call))

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """End the interpreter, and then the kernel."""
        self.ended = True
        if self._companion is not None:
            self._companion.kill()
        return {"status": "ok", "restart": restart}

    async def _listen(self, companion: Companion) -> None:
        while (answer := await companion.answer()) is not None:
            if await self.hear(answer):
                return
        status = companion.exit.result()
        if self.interrupted:
            raise Interrupted(f"The run had to be ended. {_GONE}")
        if status != 0:
            raise Failure("ProgramError", f"{self.obituary(status)} {_GONE}")
        await self.stream("stderr", f"The interpreter was ended. {_GONE}\n")

    async def _present(self) -> Companion:
        async with self._making:
            if self._companion is not None and self._companion.exit.done():
                await self._companion.close()
                self._companion = None
            if self._companion is None:
                self._companion = await self.make(_folder())
            return self._companion

    async def _prepare(self) -> None:
        with suppress(Failure):  # the first cell will meet it again, and say so
            await self._present()


def _folder() -> Path:
    folder = home_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def home() -> str:
    """Where interpreters run."""
    return os.path.expanduser("~")
