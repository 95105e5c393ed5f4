"""How does a cell run in Python? In ipykernel, with what a program expects and a notebook has not.

Beside IPython's own:

- An interrupt ends the cell by stages: KeyboardInterrupt, or the cancelling of what is awaited; when it comes again,
  a KeyboardInterrupt at the next line of the cell whatever that catches. Who hears of neither is ended by the server.
- ``exit()`` ends the cell and not the kernel. ``sys.argv`` is that of a program without arguments. ``asyncio.run``
  works though the kernel's own event loop is running.
- An error for want of memory is told with memory that was kept back for it.
- What a cell put in the place of ``sys.stdout`` and ``sys.stderr`` holds until its end.
"""

from __future__ import annotations

import asyncio
import functools
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from subprocess import CalledProcessError
from types import FrameType, TracebackType
from typing import Any, ClassVar

from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.autocall import ZMQExitAutocall
from IPython.core.page import as_hook
from IPython.utils.process import system  # type: ignore[attr-defined]  # as ipykernel imports it
from traitlets import Type, default

from .reserve import Reserve
from .streams import GATHERED
from .table import Row

ARGUMENTS = ["cell.py"]
"""``sys.argv`` of a cell."""

_LEAST_DEPTH = 1_000
_OURS = Path(__file__).parent


class _Exit(ZMQExitAutocall):
    """``exit`` and ``quit``, with or without parentheses: as in a program."""

    def __call__(self, code: object = None) -> None:
        """End the cell."""
        raise SystemExit(code)

    def __repr__(self) -> str:
        """What a line shows that only names it, as in Python."""
        return "Use exit() to end the cell."


class CellShell(ZMQInteractiveShell):
    """IPython's shell, which knows when the cell's own code runs.

    ``left``: the cell ended itself and reported success. ``told``: its error was shown.
    """

    running = False
    told = False
    left = False

    @default("exiter")
    def _default_exiter(self) -> _Exit:
        return _Exit(self)

    def init_hooks(self) -> None:
        """What goes to a pager is shown as an output."""
        super().init_hooks()
        self.set_hook("show_in_pager", as_hook(self._page), 1)

    def set_next_input(self, text: str, replace: bool = False) -> None:
        """``%load`` and the like: no page takes a new cell from a kernel, so the text is shown."""
        print(text)

    def system(self, cmd: str) -> None:
        """Run a line that begins with ``!``, as upstream's does but for interrupts.

        Raises:
            CalledProcessError: it failed, and the shell was told to raise that.
            KeyboardInterrupt: an interrupt ends the cell too, and not that line alone.
            OSError: it would have gone on by itself.
        """
        if cmd.rstrip().endswith("&"):
            raise OSError("Background processes not supported.")
        command = self.var_expand(cmd, depth=1)  # with the names of the frame that holds the line
        with self._ended_by_interrupts():
            code = self.user_ns["_exit_code"] = system(command)
        if self.system_raise_on_error and code != 0:
            raise CalledProcessError(code, cmd)

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """What a line like ``x = !command`` wrote; an interrupt ends the cell too, as above."""
        with self._ended_by_interrupts():
            return super().getoutput(cmd, split=split, depth=depth + 1)

    @contextmanager
    def _ended_by_interrupts(self) -> Iterator[None]:
        """IPython keeps an interrupt of its commands to itself, or falls over it before the command has begun."""
        before = self.kernel.interrupts
        try:
            yield
        except Exception:
            if self.kernel.interrupts == before:
                raise
        if self.kernel.interrupts != before:
            raise KeyboardInterrupt from None

    async def run_code(self, code_obj: Any, result: Any = None, *, async_: bool = False) -> bool:
        """Run compiled code: a cell, or its last expression after the rest; not after an interrupt that nobody took."""
        kernel = self.kernel
        if kernel.unheard or kernel.interrupts > 1:
            self._refuse(result)
            return True
        self.running = True
        try:
            return bool(await super().run_code(code_obj, result, async_=async_))
        finally:
            self.running = False
            kernel.calm()

    def showtraceback(self, *arguments: Any, **options: Any) -> None:
        """Show the error that is being handled; the end that a cell gave itself is none."""
        _, value, trace = sys.exc_info()
        if isinstance(value, MemoryError):
            self.kernel.reserve.give_up()
        if options.get("exception_only") and isinstance(value, SystemExit):
            self._left(value, trace)
        else:
            _without_ours(value)
            super().showtraceback(*arguments, **options)

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        if self.kernel.interrupts and etype is asyncio.CancelledError:
            etype, stb = KeyboardInterrupt, [line.replace("CancelledError", "KeyboardInterrupt") for line in stb]
        super()._showtraceback(etype, evalue, stb)
        self.told = True

    def _refuse(self, result: Any) -> None:
        error = KeyboardInterrupt()
        if result is not None:
            result.error_in_exec = error
        self._showtraceback(KeyboardInterrupt, error, ["KeyboardInterrupt"])

    def _left(self, end: SystemExit, trace: TracebackType | None) -> None:
        self.left = not end.code
        frames = list(traceback.walk_tb(trace))
        lines = [line for frame, line in frames if frame.f_globals is self.user_ns]
        where = f" at line {lines[-1]}" if lines else ""
        if not self.left:
            text = f"The cell ended itself{where}: {end.code if isinstance(end.code, str) else f'status {end.code}'}"
            self._showtraceback(SystemExit, end, [text])
        elif not frames or frames[-1][0].f_globals.get("__name__") != "unittest.main":
            print(f"The cell ended itself{where}. What it had defined is kept.", file=sys.stderr)

    def _page(self, text: Any, *_: Any, **__: Any) -> None:
        if isinstance(text, dict):
            data = text.get("data", text)
            text = data.get("text/plain", "") if isinstance(data, dict) else ""
        self.display_pub.publish({"text/plain": str(text)})


class PythonKernel(IPythonKernel):
    """Python. `start.run` sets ``row``.

    ``interrupts``: how often the cell was interrupted; ``unheard``: its code was not told. ``ended``: it was shut
    down. ``reserve``: for telling errors.
    """

    row: ClassVar[Row]
    shell: Any
    shell_class = Type(CellShell)
    interrupts = 0
    unheard = False
    ended = False
    _awaited: asyncio.Future[Any] | None = None
    _tracing: Any = None

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.reserve = Reserve()

    def start(self) -> None:
        """Begin to serve, and to listen for interrupts."""
        super().start()
        sys.argv = list(ARGUMENTS)
        warnings.filterwarnings("ignore", message="To exit: use")
        self._streams: dict[str, Any] = {"stdout": sys.stdout, "stderr": sys.stderr}
        sys.breakpointhook = _no_debugger
        _lend_loops()
        signal.signal(signal.SIGINT, self.interrupt)

    def pre_handler_hook(self) -> None:
        """A cell may have put a handler of its own there."""
        signal.signal(signal.SIGINT, self.interrupt)

    def post_handler_hook(self) -> None:
        """The handler stays."""

    @contextmanager
    def _cancel_on_sigint(self, future: asyncio.Future[Any]) -> Iterator[None]:
        self._awaited = future
        try:
            yield
        finally:
            self._awaited = None

    def interrupt(self, _: int, frame: FrameType | None) -> None:
        """Take a SIGINT.

        Raises:
            KeyboardInterrupt: into the cell's code.
            CancelledError: into a task or a callback that a cell left behind, and which holds up all others.
        """
        self.interrupts += 1
        self.unheard = not self.shell.running
        if self.shell.running and self.interrupts > 1:
            self._insist(frame)
        awaited = self._awaited
        if awaited is None and self.shell.running:
            raise KeyboardInterrupt
        if awaited is not None:
            loop = awaited.get_loop()
            if asyncio.current_task(loop) is awaited:
                if self.shell.running:
                    raise KeyboardInterrupt
                return
            loop.call_soon_threadsafe(awaited.cancel)
        if _in_callback(frame):
            raise asyncio.CancelledError

    def do_shutdown(self, restart: bool) -> dict[str, Any]:  # type: ignore[override]  # as upstream's of IPython
        """End the kernel."""
        self.ended = True
        reply: dict[str, Any] = super().do_shutdown(restart)
        return reply

    def calm(self) -> None:
        """The cell's code is over: nothing is insisted on any more."""
        if self._tracing is not None:
            sys.settrace(self._tracing[0])
            self._tracing = None

    async def do_execute(self, code: str, silent: bool, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Run a cell; the content of ``execute_reply``."""
        header = self._streams["stdout"].parent_header
        GATHERED.begin(header)
        self.interrupts, self.unheard, self.shell.left, self.shell.told = 0, False, False, False
        self.reserve.take()
        try:
            reply: dict[str, Any] = await super().do_execute(code, silent, *arguments, **options)
        except (KeyboardInterrupt, asyncio.CancelledError):  # it came between IPython's own steps
            error = {"ename": "KeyboardInterrupt", "evalue": "", "traceback": ["KeyboardInterrupt"]}
            reply = {"status": "error", **error}
            if not self.shell.told:
                self.send_response(self.iopub_socket, "error", error, channel="shell")
        finally:
            self.calm()
            self._restore()
            GATHERED.end(header)
        if self.shell.left:
            kept = {name: value for name, value in reply.items() if name not in ("ename", "evalue", "traceback")}
            return {**kept, "status": "ok", "payload": [], "user_expressions": {}}
        if self.interrupts and reply.get("ename") == "CancelledError":
            reply["ename"] = "KeyboardInterrupt"
        return reply

    def _insist(self, frame: FrameType | None) -> None:
        """From now on each line of the cell raises anew: what catches an interrupt meets the next one outside."""
        if self._tracing is None:
            self._tracing = (sys.gettrace(),)
        names = self.shell.user_ns

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line" and frame.f_globals is names:
                raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        while frame is not None:
            if frame.f_globals is names:
                frame.f_trace = trace
            frame = frame.f_back

    def _restore(self) -> None:
        """What a cell replaced and would make the next one silent, or impossible."""
        for name, stream in self._streams.items():
            put = getattr(sys, name)
            if put is not stream:
                with suppress(Exception):  # whatever it is
                    put.flush()
                setattr(sys, name, stream)
                line = f"sys.{name} is the page's again: a replacement holds until the end of its cell."
                print(line, file=self._streams["stderr"])
        for file in (sys.__stdout__, sys.__stderr__):
            if file is not None and not file.closed:
                file.flush()
        if sys.getrecursionlimit() < _LEAST_DEPTH:
            sys.setrecursionlimit(_LEAST_DEPTH)


def _without_ours(error: BaseException | None) -> None:
    """Leave out the steps through this package: they say how an error came, and not where."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            if Path(trace.tb_next.tb_frame.f_code.co_filename).parent == _OURS:
                trace.tb_next = trace.tb_next.tb_next
            else:
                trace = trace.tb_next
        error = error.__cause__ or error.__context__


def _no_debugger(*_: Any, **__: Any) -> None:
    print("There is no debugger: it would need input. The cell goes on.", file=sys.stderr)


def _in_callback(frame: FrameType | None) -> bool:
    """Whether the innermost event loop is in the midst of something, and does not just wait."""
    run_once = getattr(asyncio.BaseEventLoop, "_run_once").__code__  # noqa: B009  # private, read in Python 3.11 to 3.13
    run = getattr(asyncio.Handle, "_run").__code__  # noqa: B009
    while frame is not None and frame.f_code is not run_once:
        if frame.f_code is run:
            return True
        frame = frame.f_back
    return False


def _lend_loops() -> None:
    """Let cells run an event loop of their own, as programs do, though the kernel's is running.

    Not by a loop that can be entered twice: theirs is a new one, and the kernel's rests meanwhile.
    """
    places: list[tuple[Any, str]] = [(asyncio, "run"), (asyncio.Runner, "run"), (asyncio.BaseEventLoop, "run_forever")]
    places.append((asyncio.BaseEventLoop, "run_until_complete"))
    kernel = asyncio.get_event_loop_policy().get_event_loop()
    for owner, name in places:
        setattr(owner, name, _apart(getattr(owner, name), kernel))


def _apart(function: Callable[..., Any], kernel: asyncio.AbstractEventLoop) -> Callable[..., Any]:
    """``function`` with no event loop running in this thread, where that is the kernel's and not the one to run."""

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        outer = asyncio._get_running_loop()
        if outer is not kernel or (arguments and arguments[0] is kernel):
            return function(*arguments, **options)
        asyncio._set_running_loop(None)
        try:
            return function(*arguments, **options)
        finally:
            asyncio._set_running_loop(outer)
            asyncio.set_event_loop(outer)

    return call
