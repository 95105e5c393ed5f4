"""What can a kernel do to the server by what it sends?

Code in a kernel knows the key of its messages. Each test forges from inside a real kernel.
"""

from __future__ import annotations

import asyncio

import pytest

from jupyter_interview.core.jsontext import as_text
from jupyter_interview.core.models import RunStatus

from .conftest import MakeRoom

#: ``send(kind, content, parent=…)`` and ``raw(parts)`` on the kernel's own iopub socket.
FORGE = """
import json
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
session, iopub = app.session, app.iopub_socket
own = app.kernel.get_parent
def send(kind, content, parent=None):
    session.send(iopub, kind, content, parent=parent or own(), ident=b'x')
def header():
    return json.dumps(own()['header'], default=str)
def raw(*parts):
    iopub.send_multipart(list(parts))
"""


async def test_outputs_of_another_request_are_ignored(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.run(FORGE)
    status, cell = await room.run(
        "send('stream', {'name': 'stdout', 'text': 'forged'}, parent={'header': {'msg_id': 'other'}})\nprint('own')"
    )
    assert (status, cell.text) == (RunStatus.OK, "own\n")


async def test_output_of_a_thread_after_its_run_does_not_land_in_the_next(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.run(f"{FORGE}\nearlier = own()")
    _, cell = await room.run("send('stream', {'name': 'stdout', 'text': 'late'}, parent=earlier)\nprint('own')")
    assert cell.text == "own\n"


@pytest.mark.parametrize(
    "code",
    (
        "raw(b'x')",
        "raw(b'<IDS|MSG>', b'', b'{', b'{', b'{', b'{')",
        "raw(b'<IDS|MSG>', session.sign([b'[]', b'[]', b'[]', b'[]']), b'[]', b'[]', b'[]', b'[]')",
        "raw(b'<IDS|MSG>', session.sign([b'{}'] * 4), b'{}', b'{}', b'{}', b'{}')",
        "raw(b'<IDS|MSG>', b'0' * 64, b'{}', b'{}', b'{}', b'{}')",
        "parts = [b'{\"msg_id\":\"a\",\"msg_type\":[]}', header().encode(), b'{}', b'[1]']\n"
        "raw(b'<IDS|MSG>', session.sign(parts), *parts)",
        "deep = b'[' * 100_000\nraw(b'<IDS|MSG>', session.sign([deep] * 4), deep, deep, deep, deep)",
        "send('stream', {})",
        "send('stream', {'name': 5, 'text': ['x']})",
        "send('stream', {'name': 'secret', 'text': 'x'})",
        "send('display_data', {'data': 'x', 'metadata': 7, 'transient': [1]})",
        "send('display_data', {'data': {'no mime': 'x', 'text/plain': {'a': 1}}})",
        "send('update_display_data', {'data': {}, 'transient': {'display_id': {}}})",
        "send('error', 'not an object')",
        "send('status', {'execution_state': ['idle']})",
        "send('clear_output', {'wait': 'x'})",
        "send('execute_input', {'execution_count': 'many'})",
        "send('no_such_type', {'x': 1})",
    ),
)
async def test_malformed_messages_change_nothing(ji_room: MakeRoom, code: str) -> None:
    room = ji_room()
    await room.run(FORGE)
    status, _ = await room.run(code)
    assert status is RunStatus.OK
    status, cell = await room.run("print('own')")
    assert (status, cell.text) == (RunStatus.OK, "own\n")


async def test_broken_text_and_numbers_become_valid_ones(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.run(FORGE)
    status, cell = await room.run(
        "content = {'data': {'text/plain': '\\ud800x', 'application/json': {'n': float('nan'), 'big': 10**30}}}\n"
        "mine = json.dumps({'msg_id': 'm1', 'msg_type': 'display_data', 'username': '', 'session': '', "
        "'date': '2026-01-01T00:00:00Z', 'version': '5.3'})\n"
        "parts = [p.encode() for p in (mine, header(), '{}', json.dumps(content))]\n"
        "raw(b'<IDS|MSG>', session.sign(parts), *parts)"
    )
    assert status is RunStatus.OK
    assert cell.listed[0]["data"] == {
        "text/plain": "?x",
        "application/json": as_text({"n": float("nan"), "big": 10**30}),
    }


async def test_a_forged_end_does_not_end_the_run(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.run(FORGE)
    status, cell = await room.run("send('status', {'execution_state': 'idle'})\nimport time; time.sleep(0.3); print(1)")
    assert (status, cell.text) == (RunStatus.OK, "1\n")


async def test_more_bytes_than_the_limit(ji_room: MakeRoom) -> None:
    room = ji_room(output_bytes=10_000)
    run = room.submit("for _ in range(30): print('x' * 999)\nprint('end')")
    result = await room.result(run)
    text = room.cells[run].text
    assert result.status is RunStatus.OK
    assert result.message is not None and "10 kB" in result.message
    assert text.count("limit of 10 kB") == 1 and len(text) < 12_000 and "end" not in text


async def test_more_outputs_than_the_limit(ji_room: MakeRoom) -> None:
    room = ji_room(output_count=10)
    run = room.submit("for i in range(20): display(i)")
    result = await room.result(run)
    assert result.status is RunStatus.OK and result.message is not None and "10 outputs" in result.message
    assert len(room.cells[run].listed) == 11


async def test_a_flood_is_stopped_and_the_server_answers_all_the_while(ji_room: MakeRoom) -> None:
    room = ji_room(output_bytes=10_000, run_seconds=20)
    await room.ready()
    run = room.submit("while True: print('x' * 5000, flush=True)")
    turns = 0
    while run not in room.observer.results:
        await asyncio.sleep(0)
        turns += 1
    result = room.observer.results[run]
    assert result.status is RunStatus.INTERRUPTED
    assert result.message is not None and "far beyond" in result.message
    assert len(room.cells[run].text) < 12_000
    assert turns > 100, "everybody else had their turn all the while"
    assert (await room.run("print('goes on')"))[1].text == "goes on\n"


async def test_a_flood_after_the_run_does_not_hold_the_next(ji_room: MakeRoom) -> None:
    room = ji_room()
    await room.run(
        f"{FORGE}\nimport threading\n"
        "this = own()\n"
        "def flood():\n    while True: send('stream', {'name': 'stdout', 'text': 'x' * 1000}, parent=this)\n"
        "threading.Thread(target=flood, daemon=True).start()"
    )
    run = room.submit("1 + 1")
    assert (await room.result(run)).status is RunStatus.OK


async def test_one_enormous_message_is_not_taken(ji_room: MakeRoom) -> None:
    """It is beyond what the sockets take; the run ends by its answer all the same."""
    room = ji_room(kernel_memory_bytes=2_000_000_000)
    run = room.submit("from IPython.display import *\ndisplay(HTML('x' * 40_000_000))")
    result = await room.result(run)
    assert result.status in (RunStatus.OK, RunStatus.ERROR)
    assert len(room.cells[run].text) < 10_000
    assert (await room.run("print('goes on')"))[0] is RunStatus.OK
