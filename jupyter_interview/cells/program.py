"""How does a cell run that is a whole program? It is compiled, unless it was before, and started."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from typing import Any

from .build import Builds, home_folder
from .child import Child, ending, environment
from .kernel import NO_INPUT, PLAIN, RED, CellKernel, Failure, Interrupted
from .table import Compiled

_TAIL_CHARS = 16_384


class ProgramKernel(CellKernel):
    """The kernel of each compiled language. Nothing is kept from one cell to the next but builds."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)  # type: ignore[no-untyped-call]
        if self.row.compiled is None:
            raise TypeError(f"{self.row.name} is not compiled")
        self._compiled: Compiled = self.row.compiled
        self._builds = Builds(self._compiled, home_folder())
        self._child: Child | None = None

    async def run_cell(self, code: str) -> None:
        """Compile it and run it to its end."""
        pattern, advice = self._compiled.entry
        if not re.search(pattern, code):
            raise Failure("NoProgram", advice)
        build = await self._builds.get(code, self._run_child)
        if build.remarks:
            await self.stream("stderr", build.remarks + "\n")
        if re.search(self._compiled.reads, code):
            await self.stream("stderr", NO_INPUT + "\n")
        tail, path = "", f"{build.folder}{os.sep}"

        async def take(name: str, text: str) -> None:
            nonlocal tail
            text = text.replace(path, "")
            if name == "stderr":
                tail = (tail + text)[-_TAIL_CHARS:]
            await self.stream(name, text)

        variables = environment(self._compiled.environment)
        child = Child(build.command, variables["HOME"], variables)
        try:
            status = await self._run_child(child, take)
        except OSError as error:
            raise Failure("ProgramError", f"The program cannot be started: {error.strerror}.") from None
        if self.interrupted:
            raise Interrupted("The program was interrupted.")
        if status != 0:
            raise self._failure(status, tail)

    def stop(self) -> None:
        """End the program, or its compiler."""
        if self._child is not None:
            self._child.interrupt()

    async def _run_child(self, child: Child, take: Callable[[str, str], Awaitable[None]]) -> int:
        if self.interrupted:
            raise Interrupted()
        self._child = child
        try:
            return await child.run(take)
        finally:
            self._child = None

    def _failure(self, status: int, tail: str) -> Failure:
        text = ending(status)
        place = re.search(self._compiled.crash, tail)
        if place is not None:
            text = f"cell:{place['line']}: {text}"
        return Failure("ProgramError", text, [f"{RED}{text}{PLAIN}"])
