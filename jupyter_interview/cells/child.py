"""How does a program run, and how does it end?

In a session of its own, so that one signal reaches it with all it started. Its output is sent on while it runs; it has
no input. When it is over, whatever it left behind in its session is over too.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress

from .kernel import interrupt_seconds
from .pump import Pumps, Take

# Of the time that an interrupted cell has: then a program ends that does not react.
_KILL_SHARE = 0.45


class Child:
    """One run of one program.

    Args:
        command: program and arguments.
        folder: where it runs.
        environment: all of its variables.
    """

    def __init__(self, command: Sequence[str], folder: str, environment: Mapping[str, str]) -> None:
        self._command = [*leash(), *command]
        self._folder = folder
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = asyncio.Event()
        self.interrupted = False

    async def run(self, take: Take) -> int:
        """Run it to its end; its exit status, negative for a signal.

        Raises:
            OSError: it cannot be started.
        """
        process = self._process = subprocess.Popen(  # noqa: ASYNC220, S603  # vfork and exec, about a millisecond
            self._command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        pumps = Pumps(process, take)
        if self.interrupted:
            self.kill()
        try:
            return await asyncio.get_running_loop().run_in_executor(None, process.wait)
        finally:
            self._ended.set()
            self.kill()
            await pumps.drained()
            await pumps.close()

    def interrupt(self) -> None:
        """Ask it to end, and end it if it does not within its time."""
        self.interrupted = True
        if not self._ended.is_set():
            self._signal(signal.SIGINT)
            asyncio.get_running_loop().call_later(_KILL_SHARE * interrupt_seconds(), self.kill)

    def kill(self) -> None:
        """End it and all that is left of its session. Idempotent."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)


def leash() -> tuple[str, ...]:
    """Without a sandbox around the kernel, nobody else would end a program whose kernel was killed."""
    return ("setpriv", "--pdeathsig", "KILL") if os.getppid() != 1 and shutil.which("setpriv") else ()


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Variables of a program: the plain ones of the kernel and ``extra``, in which ``{HOME}`` is filled in."""
    names = ("HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER")
    result = {name: os.environ[name] for name in names if name in os.environ}
    home = result.setdefault("HOME", os.path.expanduser("~"))
    result.update({name: value.replace("{HOME}", home) for name, value in (extra or {}).items()})
    return result


_SIGNALS = {
    signal.SIGSEGV: "The program crashed (segmentation fault): it used memory that is not its own.",
    signal.SIGBUS: "The program crashed (bus error): it used memory that is not there.",
    signal.SIGABRT: "The program aborted.",
    signal.SIGFPE: "The program crashed (arithmetic error), for instance by a division by zero.",
    signal.SIGILL: "The program crashed (illegal instruction).",
    signal.SIGKILL: "The program was killed, perhaps because it used too much memory.",
    signal.SIGXCPU: "The program used up its processor time.",
    signal.SIGXFSZ: "The program wrote a file that is larger than allowed.",
}


def ending(status: int) -> str:
    """A line for people about how a program ended that did not end well."""
    if status > 0:
        return f"The program ended with exit status {status}."
    with suppress(ValueError):
        number = signal.Signals(-status)
        return _SIGNALS.get(number, f"The program was ended by the signal {number.name}.")
    return f"The program was ended by signal {-status}."
