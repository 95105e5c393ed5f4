"""Does a Python cell do what a program would, and stop when it is told to? On the real kernel in its sandbox."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jupyter_interview.cells.start import packed

from .conftest import Cells, Result, only

pytestmark = pytest.mark.asyncio(loop_scope="module")


def up(result: Result) -> bool:
    """Whether the cell has begun, by what it prints."""
    return "up" in result.text()


ENDLESS = {
    "awaits": "import asyncio\nprint('up')\nawait asyncio.sleep(1000)",
    "computes after it awaited": "import asyncio\nawait asyncio.sleep(0)\nprint('up')\nwhile True: pass",
    "computes in a callback": (
        "import asyncio\ndef g():\n    print('up')\n    while True: pass\n"
        "asyncio.get_event_loop().call_soon(g)\nawait asyncio.sleep(1000)"
    ),
    "computes in another task": (
        "import asyncio\nasync def g():\n    print('up')\n    while True: pass\n"
        "t = asyncio.create_task(g())\nawait asyncio.sleep(1000)"
    ),
    "runs a loop of its own": (
        "import asyncio\nasync def g():\n    print('up')\n    await asyncio.sleep(1000)\nasyncio.run(g())"
    ),
    "waits for a command again and again": "print('up')\nwhile True:\n    !sleep 1000",
    "waits for a command's output again and again": "print('up')\nwhile True:\n    x = !sleep 1000",
    "fails over an interrupt": (
        "import time\ntry:\n    print('up')\n    time.sleep(1000)\nexcept BaseException as e:\n"
        "    try: 1 / 0\n    except ZeroDivisionError: raise KeyboardInterrupt"
    ),
    "waits for a command to begin": (
        "import pexpect, time\nbegin = pexpect.spawnb if hasattr(pexpect, 'spawnb') else pexpect.spawn\n"
        "def slow(*_, **__):\n    print('up')\n    time.sleep(1000)\n"
        "setattr(pexpect, begin.__name__, slow)\n"
        "try:\n    !sleep 1000\nfinally: setattr(pexpect, begin.__name__, begin)"
    ),
}


@only("python")
@pytest.mark.parametrize("code", ENDLESS.values(), ids=ENDLESS)
async def test_an_interrupt_ends_it_and_keeps_what_was_defined(ji_cells: Cells, code: str) -> None:
    await ji_cells.run("kept = 'kept'")
    result = await ji_cells.run_until(code, up)
    assert (result.status, result.reply["ename"]) == ("error", "KeyboardInterrupt")
    assert "interview/cells" not in "".join(result.reply["traceback"]), "our own code is nobody's mistake"
    assert (await ji_cells.run("print(kept)")).text() == "kept\n"


HANDLING = """
import time
print("up")
try: time.sleep(1000)
except KeyboardInterrupt: print("handled")
!echo a command
"the end"
"""


@only("python")
async def test_a_cell_that_handles_an_interrupt_goes_on_to_its_end(ji_cells: Cells) -> None:
    result = await ji_cells.run_until(HANDLING, up)
    assert (result.status, result.data()) == ("ok", "'the end'")
    assert result.text().split() == ["up", "handled", "a", "command"]


SWALLOWING = {
    "sleeps": "import time\nprint('up')\nwhile True:\n    try: time.sleep(.01)\n    except BaseException: pass",
    "computes": "print('up')\nwhile True:\n    try:\n        for i in range(10**9): pass\n    except: pass",
    "awaits": (
        "import asyncio\nprint('up')\nwhile True:\n    try: await asyncio.sleep(.01)\n    except BaseException: pass"
    ),
}


@only("python")
@pytest.mark.parametrize("code", SWALLOWING.values(), ids=SWALLOWING)
async def test_what_catches_an_interrupt_is_ended_by_the_next(ji_cells: Cells, code: str) -> None:
    await ji_cells.run("kept = 'kept'")
    result = await ji_cells.run_until(code, up, times=2)
    assert (result.status, result.reply["ename"]) == ("error", "KeyboardInterrupt")
    assert (await ji_cells.run("import sys\nprint(kept, sys.gettrace())")).text() == "kept None\n"


@only("python")
@pytest.mark.parametrize(
    ("code", "status", "shown"),
    (
        ("print('a')\nexit()\nprint('b')", "ok", "a\nThe cell ended itself at line 2. What it had defined is kept.\n"),
        ("print('a')\nquit()", "ok", "a\nThe cell ended itself at line 2. What it had defined is kept.\n"),
        ("import sys\nsys.exit(3)\nprint('b')", "error", "The cell ended itself at line 2: status 3"),
        ("import sys\nsys.exit('too bad')", "error", "The cell ended itself at line 2: too bad"),
    ),
)
async def test_a_cell_may_end_itself(ji_cells: Cells, code: str, status: str, shown: str) -> None:
    await ji_cells.run("kept = 'kept'")
    result = await ji_cells.run(code)
    assert (result.status, result.shown) == (status, shown)
    assert (await ji_cells.run("print(kept)")).text() == "kept\n"


@only("python")
async def test_a_task_that_ends_itself_leaves_the_kernel_alone(ji_cells: Cells) -> None:
    code = "import asyncio\nkept = 'kept'\nasync def f(): exit()\nt = asyncio.create_task(f())"
    await ji_cells.run(code)
    assert (await ji_cells.run("print(kept)")).text() == "kept\n"


@only("python")
async def test_a_cell_is_started_without_arguments(ji_cells: Cells) -> None:
    test = "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(1, {})\nunittest.main()"
    good = await ji_cells.run(test.format(1))
    assert good.status == "ok" and good.text().endswith("OK\n"), good
    assert (await ji_cells.run(test.format(2))).status == "error"
    parsed = await ji_cells.run("import argparse\nprint(argparse.ArgumentParser().parse_args())")
    assert parsed.text() == "Namespace()\n"


@only("python")
async def test_a_cell_may_run_a_loop_of_its_own(ji_cells: Cells) -> None:
    code = (
        "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 'done'\n"
        "print(asyncio.run(f()), asyncio.new_event_loop().run_until_complete(f()), await f())"
    )
    assert (await ji_cells.run(code)).text() == "done done done\n"
    assert (await ji_cells.run(code.replace(", await f()", ""))).text() == "done done\n"


@only("python")
@pytest.mark.parametrize(
    ("code", "text"),
    (
        ("import sys\nsys.stdout.buffer.write(b'h\\xc3')\nsys.stdout.buffer.write(b'\\xa4\\n'); None", "hä\n"),
        ("print('before'); print('\\ud83d'); print('after')", "before\n\\ud83d\nafter\n"),
        ("import os\nprint(1)\nos.system('echo 2')\nprint(3)\nos.write(1, b'4\\n')\nprint(5)", "1\n2\n3\n4\n5\n"),
        ("import subprocess as s, sys\ns.run(['echo', 'a'], stdout=sys.stdout)\nprint('b')", "a\nb\n"),
        ("from multiprocessing import Pool\nwith Pool(1) as p: p.map(print, 'ab')\nprint('c')", "a\nb\nc\n"),
        ("import sys\nprint('a', file=sys.__stdout__)", "a\n"),
    ),
)
async def test_what_is_written_is_shown(ji_cells: Cells, code: str, text: str) -> None:
    assert (await ji_cells.run(code)).text() == text


@only("python")
async def test_streams_are_in_the_order_of_writing(ji_cells: Cells) -> None:
    code = "import sys\nfor i in range(300):\n    print('o', i); print('e', i, file=sys.stderr)"
    result = await ji_cells.run(code)
    assert result.text() == "".join(f"o {i}\ne {i}\n" for i in range(300))
    assert result.text("stderr") == "".join(f"e {i}\n" for i in range(300))


@only("python")
async def test_a_stream_that_was_replaced_comes_back(ji_cells: Cells) -> None:
    result = await ji_cells.run("import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer)\nprint('wrapped')")
    assert result.text("stdout") == "wrapped\n" and "until the end of its cell" in result.text("stderr")
    await ji_cells.run("sys.stdout = io.StringIO()\nsys.setrecursionlimit(150)\nprint('gone')")
    assert (await ji_cells.run("print('seen')")).text() == "seen\n"


@only("python")
async def test_what_is_written_late_belongs_to_its_cell(ji_cells: Cells) -> None:
    """Though another cell has begun meanwhile: a task's, a thread's, and a process's."""
    ready = "import asyncio, os, subprocess, sys, threading\nthen = threading.Event()\ndone = []\nout, into = os.pipe()"
    await ji_cells.run(ready)
    code = (
        "async def task():\n    await asyncio.to_thread(then.wait)\n    sys.stdout.write('late task\\n')\n"
        "def thread():\n    then.wait()\n    sys.stdout.write('late thread\\n')\n"
        "done += [asyncio.create_task(task()), threading.Thread(target=thread)]\ndone[1].start()\n"
        "child = subprocess.Popen(['sh', '-c', 'read x; echo late child'], stdin=out)"
    )
    first = ji_cells.client.execute(code)
    await ji_cells.client.get_shell_msg()
    then = "then.set()\nos.write(into, b'x\\n')\ndone[1].join()\nchild.wait()\nawait done[0]\nprint('own')"
    second = ji_cells.client.execute(then)
    texts = {first: "", second: ""}
    while not all(word in texts[first] for word in ("task", "thread", "child")) or "own" not in texts[second]:
        message = await ji_cells.client.get_iopub_msg(timeout=20)
        if message["msg_type"] == "stream":
            texts[message["parent_header"]["msg_id"]] += message["content"]["text"]
    assert sorted(texts[first].split("\n")) == ["", "late child", "late task", "late thread"]
    assert texts[second] == "own\n"


@only("python")
async def test_a_command_knows_the_names_around_it(ji_cells: Cells) -> None:
    lines = ("    !echo {a} $b", "    x = !echo {a} $b", "    return x")
    code = "\n".join(("a = b = 'outer'", "def f():", "    b = 'inner'", *lines, "print(*f(), _exit_code)"))
    assert (await ji_cells.run(code)).text().split() == ["outer", "inner", "outer", "inner", "0"]
    failed = await ji_cells.run("get_ipython().system_raise_on_error = True\n!exit 3")
    assert failed.reply["ename"] == "CalledProcessError"
    assert (await ji_cells.run("get_ipython().system_raise_on_error = False\n!exit 3\n_exit_code")).data() == "3"
    assert (await ji_cells.run("!sleep 1 &")).reply["ename"] == "OSError"


@only("python")
async def test_help_is_shown(ji_cells: Cells) -> None:
    assert "Return the number of items" in (await ji_cells.run("len?")).data()


async def test_any_text_and_any_number_can_be_sent() -> None:
    sent = packed({"a": ["\ud83d", 1.5, None, float("nan"), -float("inf")], "\udc00": "ä"})
    assert sent == r'{"a": ["\\ud83d", 1.5, null, NaN, -Infinity], "\\udc00": "ä"}'.encode()
    assert packed({"at": datetime(2026, 1, 2, tzinfo=UTC)}) == b'{"at": "2026-01-02T00:00:00Z"}'


FULL = """
import resource
before = resource.getrlimit(resource.RLIMIT_DATA)
resource.setrlimit(resource.RLIMIT_DATA, (300_000_000, before[1]))
held, size = [], 1_000_000
while True:
    try: held.append(bytes(size))
    except MemoryError:
        if size == 10: raise
        size //= 10
"""


@only("python")
async def test_an_error_is_told_though_no_memory_is_left(ji_cells: Cells) -> None:
    for _ in range(2):
        result = await ji_cells.run(FULL)
        assert (result.status, result.reply["ename"]) == ("error", "MemoryError")
        assert "held.append" in "".join(result.reply["traceback"]) and result.text() == ""
        await ji_cells.run("del held\nresource.setrlimit(resource.RLIMIT_DATA, before)")
