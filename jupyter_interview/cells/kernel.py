"""What do all our kernels have in common? Their description, how they answer, and how an interrupt reaches them.

An interrupt comes as SIGINT, sent by the provisioner or, for an ``interrupt_request``, by ipykernel's control thread.
It must not become a KeyboardInterrupt in the middle of an event loop, so it is taken there as an event.
"""

from __future__ import annotations

import asyncio
import os
import signal
from abc import abstractmethod
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, ClassVar

from ipykernel.kernelbase import Kernel

from .table import Row

RED, YELLOW, PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"

NO_INPUT = "Standard input is empty in an interview. Put the value into a variable instead."


_INTERRUPT_SECONDS = 1.8


def interrupt_seconds() -> float:
    """How long the server waits for the end of a cell that it interrupts, before it ends the kernel."""
    return float(os.environ.get("CELL_INTERRUPT_SECONDS", _INTERRUPT_SECONDS))


class Failure(Exception):
    """The cell failed.

    Args:
        name: what kind of error it is, one word.
        text: one line: what happened, and where.
        lines: what is shown; the name and the text when not given.
    """

    def __init__(self, name: str, text: str, lines: list[str] | None = None) -> None:
        super().__init__(text)
        self.name = name
        self.text = text
        self.lines = lines if lines is not None else [f"{RED}{name}{PLAIN}: {text}"]


class Interrupted(Failure):
    """Somebody interrupted the cell."""

    def __init__(self, text: str = "The run was interrupted.") -> None:
        super().__init__("KeyboardInterrupt", text)


class CellKernel(Kernel):
    """A kernel of ours. `start.run` sets ``row`` before one is made."""

    row: ClassVar[Row]
    implementation = "jupyter-interview"
    implementation_version = "1"
    _cell: dict[str, Any] | None = None
    _running = False
    interrupted = False
    ended = False

    @property
    def banner(self) -> str:  # type: ignore[override]  # upstream's are plain attributes
        """What the kernel calls itself."""
        return f"{self.row.title}, in an interview"

    @property
    def language_info(self) -> dict[str, object]:  # type: ignore[override]  # as above
        """By which the page chooses its highlighting."""
        row = self.row
        return {
            "name": row.name,
            "version": "",
            "mimetype": row.mime,
            "file_extension": row.extension,
            "codemirror_mode": row.mode,
            "pygments_lexer": row.name,
        }

    @property
    def kernel_info(self) -> dict[str, Any]:
        """The answer to kernel_info_request. Nothing optional: no debugger, no subshells."""
        return {**super().kernel_info, "supported_features": []}

    # A language's part

    @abstractmethod
    async def run_cell(self, code: str) -> None:
        """Run one cell.

        Raises:
            Failure: it failed; what it wrote before was already sent.
        """

    @abstractmethod
    def stop(self) -> None:
        """End what runs, if anything does already; called on the event loop, perhaps more than once for a cell.

        What a cell does in several steps has to look at ``interrupted`` before each.
        """

    # What it can send

    async def stream(self, name: str, text: str) -> None:
        """Send text to ``stdout`` or ``stderr`` and wait until it is out: what writes faster has to wait too."""
        await self.streams([(name, text)])

    async def streams(self, parts: Iterable[tuple[str, str]]) -> None:
        """Send texts, each with its stream's name, in this order, and wait until they are out."""
        for name, text in parts:
            self._send("stream", {"name": name, "text": text})
        loop = asyncio.get_running_loop()
        sent = loop.create_future()
        self.iopub_thread.schedule(lambda: loop.call_soon_threadsafe(_settle, sent))
        await sent

    def display(self, data: dict[str, Any], *, result: bool = False) -> None:
        """Show a MIME bundle, as the cell's value when it is its ``result``."""
        content: dict[str, Any] = {"data": data, "metadata": {}}
        if result:
            content["execution_count"] = self.execution_count
        self._send("execute_result" if result else "display_data", content)

    def _send(self, kind: str, content: dict[str, Any]) -> None:
        # with the cell's own header: ipykernel's is that of the task, and an interpreter's tasks outlive the cell
        if self.session is not None:
            self.session.send(self.iopub_socket, kind, content, parent=self._cell)

    # ipykernel's part

    def start(self) -> None:
        """Begin to serve, and to listen for interrupts."""
        super().start()  # type: ignore[no-untyped-call]
        loop: Any = self.io_loop
        loop.asyncio_loop.add_signal_handler(signal.SIGINT, self.interrupt)

    def interrupt(self) -> None:
        """Interrupt the cell; an idle kernel takes no notice."""
        if self._running:
            self.interrupted = True
            self.stop()

    def pre_handler_hook(self) -> None:
        """ipykernel's would turn SIGINT into a KeyboardInterrupt."""

    def post_handler_hook(self) -> None:
        """There is nothing to undo."""

    async def do_execute(
        self,
        code: str,
        silent: bool,
        store_history: bool = True,
        user_expressions: dict[str, str] | None = None,
        allow_stdin: bool = False,
        **_: Any,
    ) -> dict[str, Any]:
        """Run a cell; the content of ``execute_reply``."""
        self._cell = self.get_parent("shell")  # type: ignore[no-untyped-call]
        reply: dict[str, Any] = {"status": "ok", "payload": [], "user_expressions": {}}
        if code.strip():
            try:
                await self._run(code.replace("\r\n", "\n"))
            except Failure as failure:
                reply = {"ename": failure.name, "evalue": failure.text, "traceback": failure.lines}
                self._send("error", reply)
                reply = {**reply, "status": "error"}
        return {**reply, "execution_count": self.execution_count}

    async def do_shutdown(self, restart: bool) -> dict[str, Any]:
        """End what runs, and then the kernel."""
        self.ended = True
        self.interrupt()
        return {"status": "ok", "restart": restart}

    async def _run(self, code: str) -> None:
        self.interrupted, self._running = False, True
        try:
            await self.run_cell(code)
        except Interrupted:
            raise
        except Failure:
            if not self.interrupted:
                raise
        finally:
            self._running = False
        if self.interrupted:
            raise Interrupted()


def _settle(future: asyncio.Future[None]) -> None:
    with suppress(asyncio.InvalidStateError):
        future.set_result(None)
