"""Is a cell of Node.js over when a program would be, and stopped with all that it began? On the real kernel."""

from __future__ import annotations

import pytest

from .conftest import Cells, Result, only

pytestmark = pytest.mark.asyncio(loop_scope="module")


def up(result: Result) -> bool:
    """Whether the cell has begun, by what it prints."""
    return "up" in result.text()


@only("javascript", "typescript")
async def test_a_cell_may_be_a_module(ji_cells: Cells) -> None:
    """What Node.js lets a file say. None of it shows a value."""
    for code in (
        "module.exports = function twoSum() { return 1 }",
        "exports.a = 1; undefined",
        "export default function add(a, b) { return a + b }\nexport {\n  add\n};\nadd(1, 2); undefined",
        "export default class {}",
        "export default { a: 1 }",
        "export * from 'node:fs';",
    ):
        result = await ji_cells.run(code)
        assert (result.status, result.shown) == ("ok", ""), code
    code = "if (require.main === module && import.meta.main) console.log(__filename, __dirname, add(1, 2))"
    assert (await ji_cells.run(code)).text() == "/home/interview/cell.js /home/interview 3\n"


@only("javascript", "typescript")
async def test_a_cell_that_ends_itself_says_so(ji_cells: Cells) -> None:
    """And keeps what it had defined; with a status it failed."""
    for code in ("var kept = 1; console.log('a'); process.exit(); console.log('b')", "setTimeout(process.exit, 1, 0)"):
        result = await ji_cells.run(code)
        assert result.status == "ok" and "b" not in result.text("stdout")
        assert result.text("stderr") == "The cell ended itself. What it had defined is kept.\n"
    failed = await ji_cells.run("process.exit(3)")
    assert (failed.status, failed.reply["evalue"]) == ("error", "The program ended with exit status 3.")
    assert (await ji_cells.run("console.log(kept)")).text() == "1\n"


@only("javascript", "typescript")
async def test_streams_are_in_the_order_of_writing(ji_cells: Cells) -> None:
    code = (
        "for (let i = 0; i < 300; i++) { console.log('o', i); console.error('e', i) }\n"
        "require('child_process').execSync('echo child', { stdio: 'inherit' });\nconsole.error('end')"
    )
    result = await ji_cells.run(code)
    assert result.text() == "".join(f"o {i}\ne {i}\n" for i in range(300)) + "child\nend\n"
    assert result.text("stderr") == "".join(f"e {i}\n" for i in range(300)) + "end\n"


@only("javascript", "typescript")
async def test_a_cell_waits_for_its_threads(ji_cells: Cells) -> None:
    code = (
        "import { Worker } from 'node:worker_threads';\n"
        "const script = \"require('worker_threads').parentPort.postMessage(41)\";\n"
        "const thread = new Worker(script, { eval: true });\n"
        "thread.on('message', m => console.log('got', m));\nthread.on('exit', c => console.log('exit', c)); undefined"
    )
    assert (await ji_cells.run(code)).text() == "got 41\nexit 0\n"


FAILING = {
    "a timer": "setTimeout(() => { throw new Error('late') }, 5);\nsetTimeout(() => console.log('never'), 5000);",
    "a promise": "setInterval(() => 0, 1000);\n(async () => { await null; throw new Error('late') })(); undefined",
    "a status": "setTimeout(() => { process.exitCode = 3 }, 5); undefined",
}


@only("javascript", "typescript")
@pytest.mark.parametrize("code", FAILING.values(), ids=FAILING)
async def test_what_fails_late_fails_its_run(ji_cells: Cells, code: str) -> None:
    result = await ji_cells.run(code)
    assert result.status == "error" and "never" not in result.text()
    assert "status 3" in result.reply["evalue"] or result.reply["evalue"].endswith("late")
    assert (await ji_cells.run("console.log('on')")).text() == "on\n"


@only("javascript")
async def test_what_nothing_can_bring_is_not_awaited(ji_cells: Cells) -> None:
    result = await ji_cells.run("await new Promise(() => {})")
    assert result.status == "error" and "nothing is left to bring" in result.reply["evalue"]


@only("javascript")
async def test_a_replaced_write_holds_until_the_end_of_its_cell(ji_cells: Cells) -> None:
    await ji_cells.run("process.stdout.write = () => true; console.log('lost')")
    assert (await ji_cells.run("console.log('seen')")).text() == "seen\n"


GENTLY = {
    "timers": "console.log('up'); await (async () => { for (;;) await new Promise(r => setTimeout(r, 10)) })()",
    "a thread": "const t = new (require('worker_threads').Worker)('while (true);', { eval: true }); console.log('up')",
    "a server": "require('net').createServer().listen(8123); console.log('up')",
    "a process": "const p = require('child_process').spawn('sleep', ['1000']); console.log('up')",
}


@only("javascript")
@pytest.mark.parametrize("code", GENTLY.values(), ids=GENTLY)
async def test_an_interrupt_ends_what_a_cell_began_and_keeps_the_rest(ji_cells: Cells, code: str) -> None:
    await ji_cells.run("globalThis.kept = 'kept'")
    result = await ji_cells.run_until(f"{{ {code} }}", up)
    assert (result.status, result.reply["ename"]) == ("error", "KeyboardInterrupt")
    assert (await ji_cells.run("console.log(kept, process.getActiveResourcesInfo())")).text().startswith("kept")


COLLECT = """
require('v8').setFlagsFromString('--expose-gc');
for (let i = 0; i < 9; i++) {
  require('vm').runInNewContext('gc')();
  await new Promise(resolve => setTimeout(resolve, 1));
}
console.log(typeof kept);
"""


@only("javascript")
async def test_what_a_cell_awaited_in_vain_is_no_end_of_the_interpreter(ji_cells: Cells) -> None:
    """Its promise is garbage then, and V8 crashed when it collected what the inspector waited for."""
    await ji_cells.run("globalThis.kept = 'kept'")
    assert (await ji_cells.run("await new Promise(() => {})")).status == "error"
    assert (await ji_cells.run(COLLECT)).text() == "string\n"
    await ji_cells.run_until(f"{{ {GENTLY['timers']} }}", up)
    assert (await ji_cells.run(COLLECT)).text() == "string\n"


HARDLY = {
    "files": "const fs = require('fs/promises');\nconsole.log('up'); (async () => { for (;;) await fs.stat('/') })()",
    "sleeps": "const { setTimeout: sleep } = require('timers/promises');\nconsole.log('up'); for (;;) await sleep(5)",
}


@only("javascript")
@pytest.mark.parametrize("code", HARDLY.values(), ids=HARDLY)
async def test_what_cannot_be_ended_alone_ends_with_its_interpreter(ji_cells: Cells, code: str) -> None:
    """Otherwise it would go on, and the cell be said to be over."""
    await ji_cells.run("globalThis.kept = 'kept'")
    result = await ji_cells.run_until(code, up)
    assert result.reply["ename"] == "KeyboardInterrupt" and "had to be ended" in result.reply["evalue"]
    assert (await ji_cells.run("console.log(typeof kept)")).text() == "undefined\n"


@only("javascript")
async def test_promises_without_end_are_interrupted(ji_cells: Cells) -> None:
    """With or without their interpreter, which V8 decides."""
    result = await ji_cells.run_until("console.log('up'); (async () => { while (true) await null })()", up)
    assert result.reply["ename"] == "KeyboardInterrupt"
    assert (await ji_cells.run("console.log('on')")).text() == "on\n"
