"""Has this cell been compiled already? If not: what does the compiler say, in terms of the cell?

A build is kept under the digest of its source; the least recently used ones make room. The compiler knows the cell as a
file; in what it says, that file is called ``cell``, and its lines are the cell's.
"""

from __future__ import annotations

import hashlib
import os
import re
import resource
import shutil
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .child import Child, environment
from .kernel import PLAIN, RED, YELLOW, Failure, Interrupted
from .table import Compiled

_KEPT_BUILDS = 16
_KEPT_BYTES = 32 * 1_048_576
_SAID_CHARS = 20_000
_HEAP_MEGABYTES = 512
_LEAST_MEGABYTES = 32

RunChild = Callable[[Child, Callable[[str, str], Awaitable[None]]], Awaitable[int]]
"""Runs a child so that an interrupt finds it; its exit status."""


@dataclass(frozen=True, slots=True)
class Build:
    """A compiled cell: the command that runs it, its folder, and what the compiler remarked."""

    command: tuple[str, ...]
    folder: Path
    remarks: str


class Builds:
    """The builds of one kernel.

    Args:
        compiled: the language.
        folder: where they are kept; made when needed.
    """

    def __init__(self, compiled: Compiled, folder: Path) -> None:
        self._compiled = compiled
        self._folder = folder
        self._kept: OrderedDict[str, Build] = OrderedDict()

    async def get(self, code: str, run: RunChild) -> Build:
        """The build of this source, made when it is not there.

        Raises:
            Failure: it does not compile, or there is no compiler.
            Interrupted: the compiler was interrupted.
        """
        digest = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
        if digest in self._kept:
            self._kept.move_to_end(digest)
            return self._kept[digest]
        self._make_room()
        folder = self._folder / digest[:16]
        try:
            build = await self._build(code, folder, run)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        self._kept[digest] = build
        return build

    async def _build(self, code: str, folder: Path, run: RunChild) -> Build:
        values = {
            "folder": str(folder),
            "program": str(folder / "program"),
            "heap": str(heap_megabytes()),
            **self._compiled.names(code),
        }
        source = values["source"] = filled(self._compiled.source, values)
        _write(folder, source, code)
        said: list[str] = []

        async def take(_: str, text: str) -> None:
            if sum(map(len, said)) < _SAID_CHARS:
                said.append(text)

        command = [filled(part, values) for part in self._compiled.compile]
        child = Child(command, str(folder), environment(self._compiled.environment))
        try:
            status = await run(child, take)
        except OSError:
            raise Failure("CompileError", f"{command[0]} is not installed here.") from None
        if child.interrupted:
            raise Interrupted("The compiler was interrupted.")
        text = self._in_terms_of_the_cell("".join(said)[:_SAID_CHARS], source)
        if status != 0:
            raise self._failure(text, status)
        return Build(tuple(filled(part, values) for part in self._compiled.run), folder, coloured(text))

    def _in_terms_of_the_cell(self, text: str, source: str) -> str:
        text = re.sub(rf"(?m)(?:\./)?\b{re.escape(source)}(?=:)", "cell", text)
        return re.sub(self._compiled.noise, "", text).strip("\n") if self._compiled.noise else text.strip("\n")

    def _failure(self, text: str, status: int) -> Failure:
        place = re.search(self._compiled.position, text)
        error = re.search(self._compiled.error, text)
        message = error["message"] if error else f"The compiler ended with exit status {status}."
        if place is not None:
            column = _column(place["column"])
            message = f"cell:{place['line']}{f':{column}' if column else ''}: {message}"
        return Failure("CompileError", message, coloured(text).split("\n") if text else None)

    def _make_room(self) -> None:
        sizes = {digest: _size(build.folder) for digest, build in self._kept.items()}
        for digest in list(self._kept):
            if len(self._kept) < _KEPT_BUILDS and sum(sizes.values()) < _KEPT_BYTES:
                return
            sizes.pop(digest)
            shutil.rmtree(self._kept.pop(digest).folder, ignore_errors=True)


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with ``{name}`` replaced by the values."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def coloured(text: str) -> str:
    """What a compiler said, with the word of each kind of remark in its colour."""
    text = re.sub(r"(?m)^(.*?)\b((?:fatal )?error(?:\[\w+\])?:)", rf"\1{RED}\2{PLAIN}", text)
    return re.sub(r"(?m)^(.*?)\b(warning:)", rf"\1{YELLOW}\2{PLAIN}", text)


def heap_megabytes(beside: int | None = None) -> int:
    """How much a virtual machine may take for its heap, so that the rest of it fits into the kernel's limit too.

    Args:
        beside: what it needs besides, in megabytes; half of the limit when not given.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_DATA)
    if limit == resource.RLIM_INFINITY:
        return _HEAP_MEGABYTES
    megabytes = limit // 1_048_576
    return max(_LEAST_MEGABYTES, megabytes // 2 if beside is None else megabytes - beside)


def _column(found: str | None) -> str | None:
    """A column as the compiler gave it: a number, or the blanks in front of its caret."""
    return str(len(found) + 1) if found is not None and not found.strip() else found


def _write(folder: Path, name: str, code: str) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(code, encoding="utf-8", errors="replace")
    except OSError as error:
        raise Failure("CompileError", f"The cell could not be written: {error.strerror}.") from None


def _size(folder: Path) -> int:
    return sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file() and not entry.is_symlink())


def home_folder(names: Sequence[str] = (".cache", "interview")) -> Path:
    """Where builds are kept: below the home directory."""
    return Path(os.path.expanduser("~")).joinpath(*names)
