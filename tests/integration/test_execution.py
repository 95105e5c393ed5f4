"""Does the server run the code, in order, for everybody, and within its limits?"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from tests.fixtures.server import Server
from tests.integration.clients import JSON, Channel, Notebook, Person, Room
from tests.integration.fixtures import UNLIMITED, watched

pytestmark = pytest.mark.integration

LIMITS = {"run_seconds": 8, "interrupt_seconds": 8, "output_bytes": 20_000, "output_count": 20, "release_seconds": 5}


@pytest.fixture(scope="module")
def tight_server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server whose runs end soon."""
    limits = [f"--InterviewApp.limits={name}={value}" for name, value in LIMITS.items()]
    server = Server(tmp_path_factory.mktemp("tight"), [*UNLIMITED[1:], *limits])
    try:
        server.start()
        yield server
    finally:
        server.stop()


@dataclass
class Interview:
    """Two people at one notebook, and an interviewer who listens."""

    room: Room
    cara: Person
    ivan: Person
    notebook: Notebook
    seen: Notebook
    hears: Channel

    async def run(self, *sources: str) -> list[JSON]:
        """Run cells with these sources as one batch; how each ended."""
        await self.write(*sources)
        runs = await self.cara.run(*(self.notebook.cell(index) for index in range(len(sources))))
        return await self.ends(runs)

    async def write(self, *sources: str) -> None:
        """The notebook's first cells have these sources."""
        if missing := len(sources) - len(self.notebook.cells):
            await self.notebook.add_cells(*[""] * max(0, missing))
        for index, source in enumerate(sources):
            await self.notebook.set_source(source, index)

    async def ends(self, runs: list[JSON], *, in_order: bool = True) -> list[JSON]:
        """How these runs ended, in the order in which they were asked for, which has to be that in which they ended."""
        ids = [run["id"] for run in runs]
        ends = [
            (await self.hears.expect("run_finished", lambda frame: frame["content"]["id"] in ids))["content"]
            for _ in runs
        ]
        assert not in_order or [run["id"] for run in ends] == ids
        ends.sort(key=lambda run: ids.index(run["id"]))
        await self.seen.saved()
        return ends

    async def begun(self, text: str, index: int = 0) -> None:
        """Wait until a cell wrote this."""
        await self.seen.until(lambda: text in self.seen.printed(index), text)


@pytest_asyncio.fixture
async def interview(tight_server: Server) -> AsyncIterator[Interview]:
    """A room with both of them in it."""
    async with watched(tight_server) as house:
        room = await house.room()
        cara, ivan = await room.join("Cara"), await room.invite("interviewer", "Ivan")
        yield Interview(room, cara, ivan, await cara.document(), await ivan.document(), await ivan.channel())


async def test_a_run_goes_on_without_its_browser(interview: Interview) -> None:
    """Who pressed Run closes the browser: the cell goes on, and its outputs reach the others and the log."""
    await interview.write("import time\nprint('begun', flush=True)\ntime.sleep(1)\nprint('ended')\n6 * 7")
    runs = await interview.cara.run(interview.notebook.cell())
    await interview.begun("begun")
    await interview.notebook.close()
    [end] = await interview.ends(runs)
    assert (end["status"], end["execution_count"], end["member"]["id"]) == ("ok", 1, interview.cara.id)
    assert end["duration_ms"] > 900
    assert interview.seen.printed() == "begun\nended\n"
    outputs = (await interview.room.notebook())["cells"][0]["outputs"]
    assert [output["output_type"] for output in outputs] == ["stream", "execute_result"]
    assert outputs[1]["data"]["text/plain"] == "42"


async def test_run_all_keeps_order_and_an_error_skips_the_rest(interview: Interview) -> None:
    """Cells run as they were asked for; after an error the rest of that batch is skipped, another batch runs."""
    ends = await interview.run("x = [1]", "x.append(2)", "print(x)")
    assert [(end["status"], end["execution_count"]) for end in ends] == [("ok", 1), ("ok", 2), ("ok", 3)]
    assert interview.seen.printed(2) == "[1, 2]\n"
    await interview.write("y = 1", "1 / 0", "y = 2", "print(y)")
    cells = [interview.notebook.cell(index) for index in range(4)]
    batch = await interview.cara.run(*cells[:3])
    other = await interview.ivan.run(cells[3])
    assert [end["status"] for end in await interview.ends([*batch, *other])] == ["ok", "error", "skipped", "ok"]
    assert interview.seen.printed(3) == "1\n"
    assert interview.seen.outputs(1)[0]["ename"] == "ZeroDivisionError"
    listed = (await interview.room.api("GET", "/runs"))["runs"]
    assert [run["status"] for run in listed[-4:]] == ["ok", "error", "skipped", "ok"]


async def test_source_is_taken_from_the_document(interview: Interview) -> None:
    """A run waits for the edit that its page had seen; what the cell says later counts for the next run."""
    await interview.write("import time; time.sleep(.3)", "print('old')")
    cells = [interview.notebook.cell(index) for index in range(2)]
    runs = await interview.cara.run(*cells)
    await interview.notebook.set_source("print('new')", 1)
    ends = await interview.ends(runs)
    assert ends[1]["source"] == "print('old')" and interview.seen.printed(1) == "old\n"
    assert (await interview.room.notebook())["cells"][1]["source"] == "print('new')"


async def test_interrupt_and_restart(interview: Interview) -> None:
    """Interrupt ends the running cell and skips what waits; restart forgets the variables. Both are logged."""
    kernel = await interview.cara.kernel_id()
    await interview.write("x = 5\nprint('begun', flush=True)\nimport time\ntime.sleep(60)", "print('never')")
    runs = await interview.cara.run(interview.notebook.cell(0), interview.notebook.cell(1))
    await interview.begun("begun")
    assert (await interview.ivan.rest.post(f"api/kernels/{kernel}/interrupt")).status_code == 204
    ends = await interview.ends(runs, in_order=False)
    assert [end["status"] for end in ends] == ["interrupted", "skipped"]
    assert interview.seen.outputs(0)[-1]["ename"] == "KeyboardInterrupt"
    [end] = await interview.run("print(x)")
    assert end["status"] == "ok" and interview.seen.printed() == "5\n"
    restarted = await interview.cara.rest.post(f"api/kernels/{kernel}/restart")
    assert restarted.status_code == 200 and restarted.json()["id"] == kernel
    [end] = await interview.run("print(x)")
    assert (end["status"], end["execution_count"]) == ("error", 1)
    assert interview.seen.outputs()[-1]["ename"] == "NameError"
    events = await interview.room.events("interrupt", "kernel_started", "kernel_restarted")
    assert [(event["kind"], event["member"]) for event in events] == [
        ("kernel_started", None),
        ("interrupt", interview.ivan.id),
        ("kernel_restarted", interview.cara.id),
    ]


async def test_the_time_limit(interview: Interview) -> None:
    """A run beyond its time is stopped and says so; the kernel lives on, or is restarted where it does not listen."""
    [end] = await interview.run("kept = 1\nwhile True: pass")
    assert end["status"] == "timeout" and "8 s" in end["message"]
    assert "time limit" in "".join(output.get("text", "") for output in interview.seen.outputs())
    [end] = await interview.run("print(kept)")
    assert end["status"] == "ok" and interview.seen.printed() == "1\n"
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    [end] = await interview.run(deaf)
    assert end["status"] == "timeout" and "restarted" in end["message"]
    [end] = await interview.run("print(6 * 7)")
    assert end["status"] == "ok" and interview.seen.printed() == "42\n"


async def test_the_output_cap(interview: Interview) -> None:
    """Beyond the cap a run shows no more and says so; a flood is stopped; the document stays small."""
    [end] = await interview.run("for i in range(2_000): print('x' * 20)")
    assert len(interview.seen.printed()) <= 20_000 and "limit" in end["message"]
    [end] = await interview.run("while True: print('x' * 1_000, flush=True)")
    assert end["status"] == "interrupted" and len(interview.seen.printed()) <= 20_000
    [end] = await interview.run("from IPython.display import display\nfor i in range(50): display(i)")
    assert "20 outputs" in end["message"] and len(interview.seen.outputs()) == 21
    assert (await interview.run("print('after')"))[0]["status"] == "ok"
    assert interview.seen.printed() == "after\n"


async def test_a_huge_output_takes_no_other_with_it(interview: Interview) -> None:
    """One message beyond what the server reads, or a flood in one piece: the runs after it show their outputs."""
    for source in (
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 40_000_000))\nprint('here')",
        "print('x' * 40_000_000)",
        "while True: print('x' * 1_000)",
    ):
        await interview.run(source)
        assert len(interview.seen.printed()) <= 20_000
        [end] = await interview.run("print('after')")
        assert end["status"] == "ok" and interview.seen.printed() == "after\n", source


async def test_a_dead_kernel_is_said_so_and_restarted(interview: Interview) -> None:
    """The run ends as ``died`` with a reason, everybody sees the kernel dead and then back."""
    await interview.run("x = 1")
    interview.hears.all.clear()
    last = "import os, signal, time\nprint('last words', flush=True)\ntime.sleep(0.5)\n"
    suicide = f"{last}os.kill(os.getpid(), signal.SIGKILL)"
    [end] = await interview.run(suicide)
    assert end["status"] == "died" and end["message"]
    assert interview.seen.printed() == "last words\n"
    assert end["message"] in "".join(output.get("text", "") for output in interview.seen.outputs())

    def states() -> list[str]:
        frames = [frame["content"] for frame in interview.hears.all if frame["type"] == "room_updated"]
        return [content["kernel"]["state"] for content in frames]

    await interview.hears.until(lambda: "dead" in states() and states()[-1] == "idle", "a kernel again")
    [end] = await interview.run("print(x)")
    assert end["status"] == "error" and interview.seen.outputs()[-1]["ename"] == "NameError"
    kinds = [event["kind"] for event in await interview.room.events("kernel_died", "kernel_restarted")]
    assert kinds == ["kernel_died", "kernel_restarted"]


HOSTILE = """
import os, pathlib, socket
found = []
for target in (("127.0.0.1", {port}), ("1.1.1.1", 53)):
    try:
        socket.create_connection(target, 0.5)
        found.append(target)
    except OSError:
        pass
for path in ({data!r}, {root!r}, "/root/.ssh", "/etc/shadow", "/proc/1/environ"):
    try:
        where = pathlib.Path(path)
        list(where.iterdir()) if where.is_dir() else where.read_bytes()
        found.append(path)
    except OSError:
        pass
for path in ("/usr/forged", "/etc/forged", {data!r} + "/forged"):
    try:
        open(path, "w").close()
        found.append(path)
    except OSError:
        pass
found += [name for name in os.environ if "TOKEN" in name or "SECRET" in name or name.startswith("JUPYTER")]
found += [name for name, value in os.environ.items() if {token!r} in value]
others = [name for name in os.listdir("/proc") if name.isdigit()]
print(found, len(others) < 10)
"""


async def test_the_sandbox_reaches_nothing(interview: Interview, tight_server: Server) -> None:
    """No network, no file of the server's, nothing of the system to write, no secret in the environment."""
    source = HOSTILE.format(
        port=tight_server.port,
        data=str(tight_server.directory / "data"),
        root=str(tight_server.directory / "files"),
        token=tight_server.token,
    )
    [end] = await interview.run(source)
    assert end["status"] == "ok", interview.seen.outputs()
    printed = interview.seen.printed()
    # The sandbox's own first process may be looked at: it holds nothing.
    assert printed.replace("'/proc/1/environ'", "") == "[] True\n", printed
    assert not list((tight_server.directory / "data").glob("**/forged"))


async def test_rooms_do_not_wait_for_each_other(interview: Interview) -> None:
    """A busy kernel is its room's own affair."""
    house = interview.room.house
    other = await house.room("Other")
    dora = await other.join("Dora")
    notebook, channel = await dora.document(), await dora.channel()
    await interview.write("print('begun', flush=True)\nwhile True: pass")
    runs = await interview.cara.run(interview.notebook.cell())
    await interview.begun("begun")
    await notebook.set_source("print('mine')")
    await dora.run(notebook.cell())
    assert (await channel.expect("run_finished"))["content"]["status"] == "ok"
    assert not await interview.hears.pending("run_finished")
    assert (await interview.ends(runs))[0]["status"] == "timeout"


async def test_many_want_to_run_at_once(interview: Interview) -> None:
    """Two people press Run at the same moment, many times: one queue, every run once, each in its author's name."""
    await interview.write("n = globals().get('n', 0) + 1\nprint(n)")
    cell = interview.notebook.cell()
    people = [interview.cara, interview.ivan] * 10
    answers = await asyncio.gather(*(person.run(cell) for person in people))
    runs = {run["id"]: run for answer in answers for run in answer}
    assert len(runs) == 20
    for _ in range(20):
        end = (await interview.hears.expect("run_finished", lambda frame: frame["content"]["id"] in runs))["content"]
        assert end["status"] == "ok" and end["member"]["id"] == runs.pop(end["id"])["member"]["id"]
    await interview.seen.until(lambda: interview.seen.printed() == "20\n", "the last count")
