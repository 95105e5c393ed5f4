"""What is special about each language? One row per language; nothing else here knows one by name.

A row says which kernel runs it, how the page shows it and, for a compiled one, the commands. In them ``{source}``,
``{program}``, ``{folder}``, ``{heap}`` (megabytes) and the row's own ``names`` are filled in. A compiler runs in the
folder of the source, a program in the home directory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .java import names as java_names


@dataclass(frozen=True, slots=True)
class Compiled:
    """How a whole cell becomes a program.

    Attributes:
        source: name of the source file.
        compile: the compiler's command.
        run: the program's command, run in the home directory.
        position: a pattern with groups ``line`` and perhaps ``column``, of a place in the compiler's text.
        error: a pattern of the compiler's line that says what is wrong, with the group ``message``.
        crash: a pattern with the group ``line``, of a place in what a crashing program writes to stderr.
        reads: a pattern of code that reads standard input.
        entry: a pattern that a program has to contain, and what to say when it does not.
        environment: variables for compiler and program; in a value ``{HOME}`` is filled in.
        noise: a pattern of what the compiler says and nobody needs to read.
        names: further values for the commands, learned from the source.
    """

    source: str
    compile: tuple[str, ...]
    run: tuple[str, ...]
    position: str
    error: str
    crash: str
    reads: str
    entry: tuple[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    noise: str = ""
    names: Callable[[str], Mapping[str, str]] = lambda _: {}


@dataclass(frozen=True, slots=True)
class Row:
    """One language.

    Attributes:
        name: of the kernelspec, and the word for the command line.
        title: for people.
        kernel: ``module:class`` in this package.
        extension: of a file in it, with the dot.
        mime: by which CodeMirror finds its highlighting.
        mode: CodeMirror's name of it.
        compiled: its commands, where there are any.
        streams: class of the kernel's own stdout and stderr, where code of cells runs in it.
    """

    name: str
    title: str
    kernel: str
    extension: str
    mime: str
    mode: str
    compiled: Compiled | None = None
    streams: str = ""


_GCC_POSITION = r"(?m)^cell:(?P<line>\d+)(?::(?P<column>\d+))?: (?:fatal )?error:"
_GCC_ERROR = (
    r"(?m)^(?:cell:\d+(?::\d+)?: (?:fatal )?error: |.*: (?=undefined reference|multiple definition))(?P<message>.*)$"
)
_WARNINGS = ("-Wall", "-Wextra", "-Wno-unused-parameter")

#: A cache of the compiled standard library that an image may bring; Go's own is in the home directory.
_GO_CACHE = "/opt/interview/go-cache"


def _go_cache() -> str:
    return _GO_CACHE if os.path.isdir(_GO_CACHE) else "{HOME}/.cache/go-build"


_GO = Compiled(
    source="cell.go",
    compile=("go", "build", "-ldflags=-w", "-o", "{program}", "{source}"),
    run=("{program}",),
    position=r"(?m)^(?:\./)?cell:(?P<line>\d+):(?P<column>\d+):",
    error=r"(?m)^(?:\./)?cell:\d+:\d+: (?P<message>.*)$",
    crash=r"(?m)\bcell\.go:(?P<line>\d+)",
    reads=r"\bos\.Stdin\b|\bfmt\.(?:F?Scan)(?:ln|f)?\s*\(",
    entry=(
        r"(?ms)\A(?=.*^\s*package\s+main\b)(?=.*^\s*func\s+main\s*\()",
        "A cell is a whole program: package main with func main().",
    ),
    environment={
        "GO111MODULE": "off",
        "GOFLAGS": "",
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOTELEMETRY": "off",
        "GOCACHE": _go_cache(),
        "GOPATH": "{HOME}/go",
    },
    noise=r"(?m)^# .*\n",
)

_JAVA = Compiled(
    source="{class}.java",
    compile=(
        "javac",
        "-J-XX:TieredStopAtLevel=1",
        "-J-XX:+UseSerialGC",
        "-J-Xshare:auto",
        "-J-Xmx{heap}m",
        "-proc:none",
        "-Xlint:all,-serial,-processing,-rawtypes",
        "-encoding",
        "UTF-8",
        "-g",
        "-d",
        "{folder}",
        "{source}",
    ),
    run=(
        "java",
        "-XX:+UseSerialGC",
        "-Xshare:auto",
        "-Xmx{heap}m",
        "-XX:ReservedCodeCacheSize=64m",
        "-XX:-UsePerfData",
        "-Dfile.encoding=UTF-8",
        "-Dstdout.encoding=UTF-8",
        "-Dstderr.encoding=UTF-8",
        "-cp",
        "{folder}",
        "{main}",
    ),
    position=r"(?m)^cell:(?P<line>\d+): error:(?:.*\n(?!cell:)(?:.*\n)*?(?P<column> *)\^)?",
    error=r"(?m)^cell:\d+: error: (?P<message>.*)$",
    crash=r"(?m)^\s*at [\w.$<>]+\(\w+\.java:(?P<line>\d+)\)",  # the library's own have a / in their name
    reads=r"\bSystem\s*\.\s*in\b",
    entry=(r"\bvoid\s+main\s*\(", "A cell is a whole program: a class with public static void main(String[] args)."),
    names=java_names,
)

_RUST = Compiled(
    source="cell.rs",
    compile=("rustc", "--edition", "2021", "-C", "debug-assertions=on", "-o", "{program}", "{source}"),
    run=("{program}",),
    position=r"(?m)^error.*\n\s*--> cell:(?P<line>\d+):(?P<column>\d+)",
    error=r"(?m)^error(?:\[\w+\])?: (?P<message>.*)$",
    crash=r"\bcell\.rs:(?P<line>\d+):\d+",
    reads=r"\bstdin\s*\(\s*\)",
    entry=(r"\bfn\s+main\s*\(", "A cell is a whole program: it needs fn main()."),
    noise=r"(?m)^(?:error: aborting due to|warning: \d+ warnings? emitted|(?:Some errors|For more information) ).*\n*",
)

_C_READS = r"\b(?:scanf|getchar|gets|getline|getdelim)\s*\(|\bstdin\b|\bSTDIN_FILENO\b"
_C_ENTRY = (r"\bmain\s*\(", "A cell is a whole program: it needs int main().")

_C = Compiled(
    source="cell.c",
    compile=("gcc", "-std=gnu17", "-O1", *_WARNINGS, "-o", "{program}", "{source}", "-lm", "-pthread"),
    run=("stdbuf", "-oL", "{program}"),
    position=_GCC_POSITION,
    error=_GCC_ERROR,
    crash=r"\bcell\.c:(?P<line>\d+)",
    reads=_C_READS,
    entry=_C_ENTRY,
)

_CPP = Compiled(
    source="cell.cpp",
    compile=("g++", "-std=gnu++20", "-O1", *_WARNINGS, "-o", "{program}", "{source}", "-pthread"),
    run=("stdbuf", "-oL", "{program}"),
    position=_GCC_POSITION,
    error=_GCC_ERROR,
    crash=r"\bcell\.cpp:(?P<line>\d+)",
    reads=_C_READS + r"|\bcin\b",
    entry=_C_ENTRY,
)

_PROGRAM = "program:ProgramKernel"

ROWS: dict[str, Row] = {
    row.name: row
    for row in (
        Row(
            "python",
            "Python",
            "python:PythonKernel",
            ".py",
            "text/x-python",
            "python",
            streams=f"{__package__}.streams.CellStream",
        ),
        Row("javascript", "JavaScript", "node:JavaScriptKernel", ".js", "text/javascript", "javascript"),
        Row("typescript", "TypeScript", "node:TypeScriptKernel", ".ts", "application/typescript", "typescript"),
        Row("java", "Java", _PROGRAM, ".java", "text/x-java", "java", _JAVA),
        Row("cpp", "C++", _PROGRAM, ".cpp", "text/x-c++src", "c++", _CPP),
        Row("c", "C", _PROGRAM, ".c", "text/x-csrc", "c", _C),
        Row("go", "Go", _PROGRAM, ".go", "text/x-go", "go", _GO),
        Row("rust", "Rust", _PROGRAM, ".rs", "text/x-rustsrc", "rust", _RUST),
        Row("sql", "SQL (SQLite)", "sql:SqlKernel", ".sql", "text/x-sqlite", "sqlite"),
        Row("bash", "Bash", "shell:ShellKernel", ".sh", "text/x-sh", "shell"),
    )
}
