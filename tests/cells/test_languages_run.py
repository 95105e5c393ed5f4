"""Does an interview work in each language, on each engine? All of it on the real kernel in its sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from .conftest import COMPILED, OWN, Cells, Result, notebook_starter, only
from .samples import SAMPLES, Sample


def begun(sample: Sample) -> Callable[[Result], bool]:
    """Whether the kernel has begun with the sample's ``busy``: by what it prints, where it can."""
    if "begun" in sample.busy:
        return lambda result: "begun" in result.text()
    return lambda result: any(kind == "execute_input" for kind, _ in result.messages)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_text(ji_cells: Cells) -> None:
    result = await ji_cells.run(ji_cells.sample.hello)
    assert result.status == "ok", result
    assert "héllo 😀" in result.shown


async def test_the_starter_runs(ji_cells: Cells) -> None:
    starter = notebook_starter(ji_cells.language)
    assert starter.strip()
    result = await ji_cells.run(starter)
    assert (result.status, result.text("stderr")) == ("ok", "")


async def test_what_is_wrong_is_told_with_its_line(ji_cells: Cells) -> None:
    result = await ji_cells.run(ji_cells.sample.wrong)
    assert result.status == "error", result
    assert re.search(r"cell:3\b|cell: line 3\b|line 3\b", result.shown), result


async def test_what_fails_is_told_with_its_line(ji_cells: Cells) -> None:
    result = await ji_cells.run(ji_cells.sample.fails)
    assert result.status == "error", result
    told = "\n".join([result.reply["evalue"], *result.reply["traceback"], result.text("stderr")])
    assert re.search(r"cell:3\b|cell\.c(?:pp)?:3\b|line 3\b|> 3|\[0;32m +3", told), result


async def test_output_comes_while_it_runs_and_an_interrupt_ends_it(ji_cells: Cells) -> None:
    result = await ji_cells.run_until(ji_cells.sample.waits, lambda result: "one" in result.shown)
    assert (result.status, result.reply["ename"]) == ("error", "KeyboardInterrupt")
    assert (await ji_cells.run(ji_cells.sample.hello)).status == "ok"


async def test_an_endless_loop_is_interrupted(ji_cells: Cells) -> None:
    result = await ji_cells.run_until(ji_cells.sample.busy, begun(ji_cells.sample))
    assert (result.status, result.reply["ename"]) == ("error", "KeyboardInterrupt")


@only(*(language for language in OWN if language != "sql"))
async def test_there_is_no_input(ji_cells: Cells) -> None:
    result = await ji_cells.run(ji_cells.sample.reads)
    assert "Standard input is empty in an interview." in result.text("stderr")
    plain = await ji_cells.run(ji_cells.sample.hello)
    assert plain.text("stderr") == ""


async def test_much_output(ji_cells: Cells) -> None:
    result = await ji_cells.run(ji_cells.sample.flood)
    assert result.status == "ok", str(result)[:2000]
    assert len(result.shown) > 1_000_000
    assert (await ji_cells.run(ji_cells.sample.hello)).status == "ok"


@only("javascript", "go", "bash")
async def test_output_without_end_comes_until_it_is_interrupted(ji_cells: Cells) -> None:
    """Nothing of it piles up in a program that does not give way."""
    code = {
        "javascript": "while (true) console.log('0123456789'.repeat(10));",
        "go": 'package main\nimport "fmt"\nfunc main() { for { fmt.Println("0123456789012345678901234567890123") } }',
        "bash": "yes 0123456789012345678901234567890123456789",
    }[ji_cells.language]
    for _ in range(3):
        # Wherever in a print the interrupt came: what later cells print is seen.
        result = await ji_cells.run_until(code, lambda result: len(result.messages) > 40)
        assert result.reply["ename"] == "KeyboardInterrupt"
        assert len(result.text()) > 500_000
        assert "héllo" in (await ji_cells.run(ji_cells.sample.hello)).text()


@only(*(language for language, sample in SAMPLES.items() if sample.keeps is not None))
async def test_what_a_cell_defines_stays(ji_cells: Cells) -> None:
    assert ji_cells.sample.keeps is not None
    first, second = ji_cells.sample.keeps
    assert (await ji_cells.run(first)).status == "ok"
    await ji_cells.run_until(ji_cells.sample.busy, begun(ji_cells.sample))
    result = await ji_cells.run(second)
    assert result.status == "ok" and "kept" in result.shown


CRASHES = {
    "javascript": ("const hoard = []; while (true) hoard.push(new Array(1000).fill(1.5));", "out of memory"),
    "java": ("class A { public static void main(String[] a) { System.exit(3); } }", "exit status 3"),
    "cpp": ("#include <vector>\nint main() { std::vector<int> v; v.at(3); }", "aborted"),
    "c": ("int main(void) { int *volatile p = 0; return *p; }", "segmentation fault"),
    "go": ('package main\nimport "os"\nfunc main() { os.Exit(3) }', "exit status 3"),
    "rust": ("fn main() { std::process::abort(); }", "aborted"),
    "bash": ("exit 3", "exit status 3"),
}


@only(*CRASHES)
async def test_a_crash_is_told_in_plain_words_and_the_kernel_goes_on(ji_cells: Cells) -> None:
    code, words = CRASHES[ji_cells.language]
    result = await ji_cells.run(code)
    assert (result.status, result.reply["ename"]) == ("error", "ProgramError")
    assert re.search(words, result.reply["evalue"])
    assert (await ji_cells.run(ji_cells.sample.hello)).status == "ok"


@only("c", "bash", "javascript")
async def test_what_ignores_an_interrupt_is_ended(ji_cells: Cells) -> None:
    code = {
        "c": "#include <signal.h>\n#include <stdio.h>\n"
        'int main(void) { signal(SIGINT, SIG_IGN); puts("one"); for (;;); }',
        "bash": "trap '' INT\necho one\nsleep 1000",
        "javascript": "console.log('one');\nrequire('child_process').execSync('trap \"\" INT; sleep 1000');",
    }[ji_cells.language]
    result = await ji_cells.run_until(code, lambda result: "one" in result.text())
    assert result.reply["ename"] == "KeyboardInterrupt"
    assert (await ji_cells.run(ji_cells.sample.hello)).status == "ok"


@only("c", "bash")
async def test_what_handles_an_interrupt_has_time_to_clean_up(ji_cells: Cells) -> None:
    code = {
        "c": "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
        'void end(int n) { usleep(200000); puts("cleaned"); exit(n); }\n'
        'int main(void) { signal(SIGINT, end); puts("one"); fflush(stdout); for (;;) pause(); }',
        "bash": "bash -c 'trap \"sleep .2; echo cleaned; exit\" INT; echo one; while :; do sleep .05; done'",
    }[ji_cells.language]
    result = await ji_cells.run_until(code, lambda result: "one" in result.text())
    assert (result.text(), result.reply["ename"]) == ("one\ncleaned\n", "KeyboardInterrupt")


@only("javascript")
async def test_what_does_not_even_begin_is_ended(ji_cells: Cells) -> None:
    """The interpreter's own code, which prepares a cell, is made to go on for ever by the cell before."""
    code = (
        "const { writeSync } = require('fs');\n"
        "String.prototype.replace = () => { writeSync(1, 'stuck'); while (true) {} };"
    )
    assert (await ji_cells.run(code)).status == "ok"
    result = await ji_cells.run_until("1", lambda result: "stuck" in result.text())
    assert result.reply["ename"] == "KeyboardInterrupt" and "had to be ended" in result.reply["evalue"]
    assert (await ji_cells.run(ji_cells.sample.hello)).status == "ok"


@only("javascript", "typescript")
async def test_prints_are_seen_whatever_an_interrupt_left(ji_cells: Cells) -> None:
    """One that ends a cell in the midst of Node.js' own code for a stream leaves it waiting for a write for ever."""
    left = "Object.assign(process.stdout._writableState, { writing: true, length: 1 });"
    assert (await ji_cells.run(left)).status == "ok"
    assert "héllo" in (await ji_cells.run(ji_cells.sample.hello)).text()
    written = await ji_cells.run("process.stdout.write(Buffer.from('a'), () => console.log('done'));")
    assert written.text("stdout") == "adone\n"


@only("bash")
async def test_a_shell_outlives_what_ignores_an_interrupt(ji_cells: Cells) -> None:
    code = "kept=yes\ntrap '' INT\necho one\nsleep 1000"
    await ji_cells.run_until(code, lambda result: "one" in result.text())
    assert (await ji_cells.run("trap - INT; echo $kept")).text() == "yes\n"


@only("bash", "javascript")
async def test_all_of_the_output_is_there_before_the_end_is_told(ji_cells: Cells) -> None:
    code = {"bash": "seq 200000", "javascript": "for (let i = 1; i <= 200000; i++) console.log(i);"}[ji_cells.language]
    result = await ji_cells.run(code)
    assert result.text() == "".join(f"{number}\n" for number in range(1, 200_001))


@only("sql")
async def test_tables_are_shown(ji_cells: Cells) -> None:
    result = await ji_cells.run("SELECT '<b>' AS \"a&b\", NULL AS n;")
    assert "<th>a&amp;b</th>" in result.data("text/html") and "<td>&lt;b&gt;</td><td>NULL</td>" in result.data(
        "text/html"
    )
    assert result.data() == "a&b  n\n---  ----\n<b>  NULL\n(1 row)"


@only("javascript")
async def test_a_value_and_rich_output(ji_cells: Cells) -> None:
    assert (await ji_cells.run("[1, 2].map(x => x * 2)")).data() == "[ 2, 4 ]"
    assert (await ji_cells.run("display.html('<i>x</i>')")).data("text/html") == "<i>x</i>"


@only("javascript")
async def test_a_cell_is_over_when_nothing_is_left_to_do(ji_cells: Cells) -> None:
    code = "setTimeout(() => console.log('late'), 50);\nPromise.resolve().then(() => console.log('soon'));\n"
    code += "console.log('now');"
    assert (await ji_cells.run(code)).text() == "now\nsoon\nlate\n"
    result = await ji_cells.run("async function main() {\n  await null;\n  throw new Error('x');\n}\nmain()")
    assert result.reply["evalue"] == "cell:3:9: x"


@only("javascript")
async def test_a_name_can_be_declared_again(ji_cells: Cells) -> None:
    for code in ("let again = 1;", "const again = 2, $b = 3;", "const again = 4;", "class A {}", "class A {}"):
        assert (await ji_cells.run(code)).status == "ok", code
    assert (await ji_cells.run("again + $b")).data() == "7"
    result = await ji_cells.run("let twice = 1;\nlet twice = 2;")
    assert "restart the kernel" in result.reply["evalue"]


@only("javascript", "typescript")
async def test_imports_and_exports(ji_cells: Cells) -> None:
    code = (
        "import fs, { existsSync as there } from 'node:fs';\nimport * as path from 'path';\nimport 'node:os';\n"
        "export const all = [typeof fs.readFileSync, there('/'), path.sep, typeof (await import('os')).cpus];\n"
        "console.log(all.join());"
    )
    result = await ji_cells.run(code)
    assert result.text() == "function,true,/,function\n", result


@only(*COMPILED)
async def test_a_cell_without_a_program(ji_cells: Cells) -> None:
    result = await ji_cells.run("// nothing yet")
    assert (result.status, result.reply["ename"]) == ("error", "NoProgram")
    assert "whole program" in result.reply["evalue"]


@only("go")
@pytest.mark.parametrize("package", ("package foo\n\n", "package mainly\n", ""))
async def test_a_program_of_go_is_in_the_package_main(ji_cells: Cells, package: str) -> None:
    result = await ji_cells.run(package + 'import "fmt"\n\nfunc main() { fmt.Println(1) }')
    assert (result.status, result.reply["ename"]) == ("error", "NoProgram")
    assert "package main" in result.reply["evalue"]


@only("c")
async def test_a_cell_that_is_run_again_is_not_compiled_again(ji_cells: Cells) -> None:
    """The program tells when it was made."""
    code = (
        "#include <stdio.h>\n#include <sys/stat.h>\nint main(void) { int unused; struct stat s;\n"
        'stat("/proc/self/exe", &s); printf("%ld.%09ld", s.st_mtim.tv_sec, s.st_mtim.tv_nsec); }'
    )
    first, again, other = [await ji_cells.run(text) for text in (code, code, code + "\n")]
    assert first.text("stdout") == again.text("stdout") != other.text("stdout")
    assert "unused variable" in first.text("stderr")
    assert first.text("stderr") == again.text("stderr"), "what the compiler remarked is told each time"


@only(*OWN)
async def test_an_empty_cell(ji_cells: Cells) -> None:
    result = await ji_cells.run(" \n\n")
    assert (result.status, result.shown) == ("ok", "")
