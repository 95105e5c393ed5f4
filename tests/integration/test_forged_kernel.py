"""What can a dishonest client do on the kernel socket? Nothing, it is written down, and nobody else feels it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from tests.integration.bytes_of import V1, kernel_message
from tests.integration.clients import JSON, House, Person, Room
from tests.integration.others import TOO_BIG, Others

pytestmark = pytest.mark.integration


FORGED = [
    ("execute_request", "shell", {"code": "open('/tmp/forged', 'w')", "silent": False, "store_history": True}),
    ("execute_request", "control", {"code": "open('/tmp/forged', 'w')", "silent": True}),
    ("comm_open", "shell", {"comm_id": "x", "target_name": "jupyter.widget", "data": {}}),
    ("comm_msg", "shell", {"comm_id": "x", "data": {}}),
    ("comm_close", "shell", {"comm_id": "x"}),
    ("input_reply", "stdin", {"value": "x"}),
    ("shutdown_request", "control", {"restart": False}),
    ("shutdown_request", "shell", {"restart": False}),
    ("interrupt_request", "control", {}),
    ("debug_request", "control", {"command": "attach"}),
    ("create_subshell_request", "control", {}),
    ("kernel_info_request", "iopub", {}),
    ("kernel_info_request", "stdin", {}),
    ("kernel_info_request", "nowhere", {}),
    ("\ud800", "shell", {}),
    ("x" * 100_000, "shell", {}),
]


_SHELL = '{"channel": "shell", "header": {"msg_id": "m", "msg_type": "kernel_info_request", %s}, "content": %s}'
MALFORMED = (
    *("", "{}", "null", '{"header": 5}', '{"header": {"msg_type": {}}}', b"", b"\xff" * 40, "x"),
    # What stock would read without a look, and fail.
    _SHELL % ('"version": "x"', "{}"),
    _SHELL % ('"version": null', "{}"),
    _SHELL % ('"session": {}', "{}"),
    _SHELL % ('"username": "\\ud800"', "{}"),
    _SHELL % ('"date": ""', "[]"),
    _SHELL % ('"date": ""', '{"a": NaN}'),
)


@pytest.mark.parametrize("subprotocol", [None, V1], ids=["default", "v1"])
async def test_forged_execute_request_on_the_kernel_socket(
    room: Room, eve: Person, others: Others, subprotocol: str | None
) -> None:
    """Nothing that runs or ends anything goes to the kernel; each try is logged; what only looks works."""
    kernel_id = await others.ivan.kernel_id()
    await others.ivans.set_source("import os\nprint(os.path.exists('/tmp/forged'))")
    for person in (eve, others.ivan):
        kernel = await person.kernel(kernel_id, subprotocol)
        for kind, channel, content in FORGED:
            await kernel.send(kernel_message(kind, channel, content, subprotocol))
        for malformed in MALFORMED:
            await kernel.send(malformed)
        await kernel.send(kernel_message("kernel_info_request", "shell", {}, subprotocol))
        await kernel.until(partial(kernel.heard, b"kernel_info_reply"), "info")
        types = [event["payload"]["type"] for event in await room.denied(person.id)]
        assert types[:8] == [kind for kind, _, _ in FORGED][:8]
        assert len(types) == len(FORGED) + len(MALFORMED)
    assert await others.ivan.kernel_id() == kernel_id
    assert [run["status"] for run in await run_all(others)] == ["ok"]
    assert others.ivans.printed() == "False\n"
    runs = (await room.api("GET", "/runs"))["runs"]
    assert [run["member"]["id"] for run in runs] == [others.ivan.id]


QUESTIONS: tuple[tuple[str, Any], ...] = (
    ("complete_request", {}),
    ("complete_request", {"code": {"a": 1}, "cursor_pos": "x"}),
    ("complete_request", {"code": "pri", "cursor_pos": -1}),
    ("complete_request", {"code": "pri", "cursor_pos": True}),
    ("inspect_request", {"code": "len", "cursor_pos": 3, "detail_level": 2}),
    ("inspect_request", {"code": None, "cursor_pos": 3}),
)


async def test_malformed_questions_take_no_kernels_place(room: Room, eve: Person, others: Others) -> None:
    """Each is answered at once; nobody's help fails for them."""
    kernel_id = await others.ivan.kernel_id()
    kernel = await eve.kernel(kernel_id)
    for _ in range(5):
        for kind, content in QUESTIONS:
            kernel.received.clear()
            await kernel.send(kernel_message(kind, "shell", content, None))
            await kernel.until(partial(kernel.heard, kind.replace("request", "reply").encode()), "an answer")
            assert kernel.heard(b'"aborted"')
    assert len(await room.denied(eve.id)) == 5 * len(QUESTIONS)
    helped = await others.ivan.kernel(kernel_id)
    await helped.send(kernel_message("complete_request", "shell", {"code": "pri", "cursor_pos": 3, "x": 1}, None))
    await helped.until(partial(helped.heard, b'"print"'), "help")


async def run_all(others: Others) -> list[JSON]:
    """Run the first cell and wait for its end."""
    asked = await others.ivan.run(others.ivans.cell())
    ids = {run["id"] for run in asked}
    frame = await others.dora_hears.expect("run_finished", lambda frame: frame["content"]["id"] in ids)
    await others.ivans.until(lambda: others.ivans.cells[0].get("execution_state") == "idle" and others.ivans.outputs())
    return [frame["content"]]


async def test_forged_kernel_help_by_a_spectator(room: Room, eve: Person, others: Others, house: House) -> None:
    """A spectator sees the kernel's state and gets no completion, which would run code of objects."""
    sam = await room.invite("spectator")
    kernel_id = await others.ivan.kernel_id()
    looking, helping = await sam.kernel(kernel_id), await eve.kernel(kernel_id)
    ask = kernel_message("complete_request", "shell", {"code": "pri", "cursor_pos": 3}, None)
    await looking.send(ask)
    await looking.send(kernel_message("kernel_info_request", "shell", {}, None))
    await helping.send(ask)
    await helping.until(partial(helping.heard, b"complete_reply"), "help")
    await looking.until(partial(looking.heard, b"kernel_info_reply"), "info")
    assert not looking.heard(b"complete_reply")
    assert (await room.until_denied("kernel_message", sam.id))["type"] == "complete_request"
    # Too large, and another room's kernel.
    await helping.send("x" * 300_000)
    assert await helping.until_closed() == TOO_BIG
    other = await house.room("Secret")
    ina = await other.join("Ina")
    await ina.channel()
    for path in (await ina.kernel_id(), "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(HTTPClientError, match="404"):
            await eve.kernel(path)


#: The kernel speaks by itself, as if pages had asked, and answers with more than a page can show.
LOUD = """
kernel = get_ipython().kernel
for kind, content in (
    ("comm_open", {"comm_id": "x", "target_name": "t", "data": {}}),
    ("status", {"execution_state": "dead"}),
    ("display_data", {"data": {"text/html": "<b>forged</b>"}, "metadata": {}}),
):
    kernel.session.send(kernel.iopub_socket, kind, content, parent={})
kernel.do_complete = lambda *_: {"status": "ok", "matches": ["x"] * 10_000, "cursor_start": 0, "cursor_end": 9}
print("said")
"""


async def test_a_page_hears_of_a_kernel_what_it_asked_for(room: Room, others: Others) -> None:
    """And no more of that than it can show."""
    pages = [await person.kernel(await others.ivan.kernel_id()) for person in (others.ivan, others.dora)]
    await others.ivans.set_source(LOUD)
    assert [run["status"] for run in await run_all(others)] == ["ok"]
    for page in pages:
        await page.send(kernel_message("complete_request", "shell", {"code": "xy", "cursor_pos": 2}, None))
        await page.until(partial(page.heard, b"complete_reply"), "help")
        messages = [json.loads(message) for message in page.received]
        kinds = [message["header"]["msg_type"] for message in messages]
        assert set(kinds) == {"status", "complete_reply"}
        states = {message["content"].get("execution_state", "idle") for message in messages}
        assert states == {"idle"}
        answer = messages[kinds.index("complete_reply")]["content"]
        assert (answer["matches"], answer["cursor_end"]) == (["x"] * 500, 2)
