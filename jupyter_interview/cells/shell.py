"""How does a cell run in Bash? Sourced by a shell that lives on, so variables, functions and the directory stay.

The shell is an interactive one, for only such a one comes back to its prompt after an interrupt.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from .child import ending, environment
from .companion import Companion
from .interpreter import InterpreterKernel, home
from .kernel import NO_INPUT, PLAIN, RED, Failure, interrupt_seconds

# Of the time that an interrupted cell has: then what the shell has started ends, and it has the rest to come back.
_STRAGGLERS_SHARE = 0.25
_READS = re.compile(r"(?m)(?:^|[;&(]|\bdo|\bthen|\bwhile|\buntil|\bif)[ \t]*(?:IFS=\S*[ \t]+)?(?:read|select)\b")
_PLACE = re.compile(r"(?m)^cell: line (?P<line>\d+):")
_FED = re.compile(r"<|\|[ \t]*(?:while|until|read|\{|\()")

#: An interactive shell's messages name no line, but for the most common one there is a hook.
#: The two high descriptors are where the cells' output goes, whatever a cell makes of 1 and 2 with ``exec``.
_SETUP = r"""
PS1= PS2= PROMPT_COMMAND= HISTFILE=
set +o history +o histexpand
unset MAILCHECK
exec 198>&1 199>&2
command_not_found_handle() {
  printf 'cell: line %s: %s: command not found\n' "${BASH_LINENO[0]}" "$1" >&2
  return 127
}
__failed() {
  if [[ ${BASH_SOURCE[1]-} ]]; then __line=$1; else set +e; fi
}
__over() {
  PS1= PS2= PROMPT_COMMAND=
  local __exit=$(trap -p EXIT)
  if [[ $__exit ]]; then trap - EXIT; eval "set -- $__exit"; eval "$3"; fi
}
"""

#: Its commands come by the orders; what a cell starts has no input.
_START = 'exec "$@" 0<&{orders} {orders}<&-'

#: Two lines: an interrupt takes the rest of the first one with it. The trap keeps the line of what failed last, and
#: with ``set -e`` it leaves the cell instead of the shell. What a cell sets for itself holds until its end, as in a
#: script: options, traps and redirections.
_RUN = (
    "printf 'begun\\n' >&{answers}; __line=0; "
    """trap '__failed $LINENO; [[ ${{BASH_SOURCE[0]-}} && $- == *e* ]] && return' ERR; set -E; """
    ". {source} </dev/null {answers}>&-\n"
    "{{ __status=$?; trap - DEBUG ERR RETURN HUP INT QUIT USR1 USR2 PIPE ALRM TERM CHLD; "
    "set +abefkuvxCEPT -Bh +o pipefail +o posix; }} >/dev/null 2>&1; exec >&198 2>&199; __over; "
    "printf 'done %s %s\\n' $__status $__line >&{answers}"
)


class ShellKernel(InterpreterKernel):
    """Bash."""

    _source = ""
    _line = "0"
    _silent = True

    async def make(self, folder: Path) -> Companion:
        """A shell that takes its commands from the orders."""
        program = shutil.which("bash")
        if program is None:
            raise Failure("ProgramError", "bash is not installed here.")
        setup = folder / "setup.sh"
        setup.write_text(_SETUP, encoding="utf-8")
        command = [program, "-c", _START, "bash", program, "--noprofile", "--noediting", "--rcfile", str(setup), "-i"]
        self._silent = True
        companion = Companion(command, home(), environment(), self._said)
        companion.order(f"printf 'ready\\n' >&{companion.answers}")
        if await companion.answer() is None:
            await companion.close()
            raise Failure("ProgramError", f"bash does not start: {ending(companion.exit.result())}")
        self._silent = False  # it has complained by now that it has no terminal
        return companion

    def ask(self, companion: Companion, source: Path) -> None:
        """Source the file."""
        self._source = str(source)
        companion.order(_RUN.format(source=source, answers=companion.answers))

    async def hear(self, answer: str) -> bool:
        """``begun``; last ``done STATUS LINE``."""
        if answer == "begun":
            self.begin()
            return False
        _, status, line = answer.split()
        if status != "0":
            line = line if line != "0" else self._line
            text = f"cell:{line}: exit status {status}" if line != "0" else f"exit status {status}"
            raise Failure("ExitStatus", text, [f"{RED}{text}{PLAIN}"])
        return True

    async def run_cell(self, code: str) -> None:
        """Source the cell."""
        self._line = "0"
        if _READS.search(code) and not _FED.search(code):
            await self.stream("stderr", NO_INPUT + "\n")
        await super().run_cell(code)

    def calm(self, companion: Companion) -> None:
        """Interrupt it; what ignores that is ended, and the shell lives on."""
        super().calm(companion)
        self.later(_STRAGGLERS_SHARE * interrupt_seconds(), lambda: _kill_stragglers(companion.pid))

    async def _said(self, name: str, text: str) -> None:
        if self._silent or (self.interrupted and text == "\n"):
            return
        text = text.replace(f"{self._source}: ", "cell: ").replace("bash: cell: ", "cell: ")
        if name == "stderr" and (place := _PLACE.search(text)) is not None:
            self._line = place["line"]
        await self.stream(name, text)


def _kill_stragglers(shell: int) -> None:
    for entry in os.listdir("/proc"):
        if entry.isdecimal() and int(entry) != shell:
            with suppress(OSError):
                if os.getsid(int(entry)) == shell:
                    os.kill(int(entry), signal.SIGKILL)
