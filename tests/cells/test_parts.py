"""Are the parts of the kernels that need no sandbox right? Sources, builds, statements, words; with real compilers."""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from jupyter_interview.cells import build as builds
from jupyter_interview.cells.build import Build, Builds, coloured
from jupyter_interview.cells.child import Child, ending, environment
from jupyter_interview.cells.java import names
from jupyter_interview.cells.kernel import Failure
from jupyter_interview.cells.sql import statements
from jupyter_interview.cells.table import ROWS
from jupyter_interview.execution import kernels_dir
from tests.fixtures.real import missing

from .samples import SAMPLES

FOLDER = Path(builds.__file__).parent


@pytest.mark.parametrize(
    ("source", "file", "main"),
    [
        ("public class Foo { public static void main(String[] a) {} }", "Foo", "Foo"),
        ("class Foo { public static void main(String[] a) {} }", "Foo", "Foo"),
        ("class A { void f() { class main2 {} } }\npublic final class B { static void main(String[] a) {} }", "B", "B"),
        ("public class A {}\nclass B { public static void main(String[] a) {} }", "A", "B"),
        ('// public class No\n/* class No { */ class Yes { String s = "class Not {"; void main() {} }', "Yes", "Yes"),
        ("package a.b;\npublic record Foo(int x) { public static void main(String[] a) {} }", "Foo", "a.b.Foo"),
        ("class A { static class B { } public static void main(String[] a) {} }", "A", "A"),
        ("interface I { static void main(String[] a) {} }", "I", "I"),
        ("int x;", "Main", "Main"),
    ],
)
def test_a_java_program_is_named_after_its_source(source: str, file: str, main: str) -> None:
    assert names(source) == {"class": file, "main": main}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("SELECT 1", [(1, "SELECT 1")]),
        ("-- a;\n\nSELECT ';';\n  SELECT 2;", [(3, "SELECT ';';"), (4, "SELECT 2;")]),
        ("/* a;\n */ SELECT 1;;", [(2, "SELECT 1;")]),
        (
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n SELECT 1; SELECT 2; END;\nSELECT 3;",
            [(1, "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n SELECT 1; SELECT 2; END;"), (3, "SELECT 3;")],
        ),
        (".headers on\n.mode box;\nSELECT 1", [(1, ".headers on"), (2, ".mode box;"), (3, "SELECT 1")]),
        ("SELECT '\n.no'; SELECT 2", [(1, "SELECT '\n.no';"), (2, "SELECT 2")]),
        ("-- only this", []),
        (" ; ;\n", []),
    ],
)
def test_statements_of_a_cell(code: str, expected: list[tuple[int, str]]) -> None:
    assert list(statements(code)) == expected


def test_words_about_an_end() -> None:
    assert ending(3) == "The program ended with exit status 3."
    assert "segmentation fault" in ending(-11) and "memory" in ending(-9)
    assert ending(-10) == "The program was ended by the signal SIGUSR1."
    assert ending(-99) == "The program was ended by signal 99."


def test_colours_do_not_change_the_text() -> None:
    text = "cell:1:2: error: x\nerror[E1]: y\ncell:3: warning: z"
    assert coloured(text).count("\x1b[31m") == 2 and coloured(text).count("\x1b[33m") == 1


async def _run(child: Child, take: Callable[[str, str], Awaitable[None]]) -> int:
    return await child.run(take)


@pytest.fixture
def ji_builds(tmp_path: Path) -> Builds:
    """Builds of C."""
    compiled = ROWS["c"].compiled
    assert compiled is not None
    if subprocess.run(["which", "gcc"], capture_output=True, check=False).returncode:
        missing("gcc")
    return Builds(compiled, tmp_path / "builds")


def program(number: int) -> str:
    return f"int main(void) {{ return {number}; }}"


async def test_the_same_source_is_built_once(ji_builds: Builds) -> None:
    first = await ji_builds.get(program(1), _run)
    made = (first.folder / "program").stat().st_mtime_ns
    assert await ji_builds.get(program(1), _run) is first
    assert (first.folder / "program").stat().st_mtime_ns == made
    assert (await ji_builds.get(program(2), _run)).folder != first.folder


async def test_builds_make_room(ji_builds: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    """The least recently used one goes, by number and by size."""
    monkeypatch.setattr(builds, "_KEPT_BUILDS", 3)
    kept: list[Build] = [await ji_builds.get(program(number), _run) for number in range(3)]
    await ji_builds.get(program(0), _run)
    await ji_builds.get(program(3), _run)
    assert [build.folder.exists() for build in kept] == [True, False, True]
    monkeypatch.setattr(builds, "_KEPT_BYTES", 1)
    last = await ji_builds.get(program(4), _run)
    assert [path for path in last.folder.parent.iterdir()] == [last.folder]


async def test_what_does_not_compile_leaves_nothing(ji_builds: Builds) -> None:
    with pytest.raises(Failure, match=r"^cell:2:8: "):
        await ji_builds.get("int main(void) {\nreturn x;}", _run)
    with pytest.raises(Failure, match="undefined reference"):
        await ji_builds.get("int f(void);\nint main(void) { return f(); }", _run)
    assert not list((ji_builds._folder).iterdir())


async def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    """A background process that holds the pipe neither stays nor makes anybody wait."""
    texts: list[str] = []

    async def take(_: str, text: str) -> None:
        texts.append(text)

    child = Child(["/bin/sh", "-c", "sleep 1000 & echo $!"], str(tmp_path), environment())
    async with asyncio.timeout(10):
        assert await child.run(take) == 0
    try:
        left = os.pidfd_open(int("".join(texts)))
    except ProcessLookupError:
        return
    assert select.select([left], [], [], 10)[0], "it has ended, though nobody may have waited for it yet"
    os.close(left)


def test_there_is_a_sample_of_each_language() -> None:
    assert {path.parent.name for path in Path(kernels_dir()).glob("*/kernel.json")} == set(SAMPLES)


def test_an_unknown_language_is_refused() -> None:
    for arguments in ([], ["klingon"]):
        result = subprocess.run([sys.executable, str(FOLDER), *arguments], capture_output=True, text=True, check=False)
        assert result.returncode == 2
        assert result.stderr == f"Name one of the languages {', '.join(ROWS)}.\n"


def test_the_kernels_import_nothing_of_the_server() -> None:
    """The folder is all that a sandbox has of us."""
    code = (
        "import runpy, sys\n"
        f"sys.argv = [{str(FOLDER)!r}, 'none']\n"
        f"sys.path.insert(0, {str(FOLDER)!r})\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit: pass\n"
        "import interview_cells.start, interview_cells.program, interview_cells.shell, interview_cells.sql\n"
        "import interview_cells.node\n"
        "print([name for name in sys.modules if name.startswith('jupyter_interview')])\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd="/")
    assert (result.stdout, result.returncode) == ("[]\n", 0), result.stderr
