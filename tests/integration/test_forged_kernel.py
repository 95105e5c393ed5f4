"""What can a dishonest client do on the kernel socket? Nothing, it is written down, and nobody else feels it."""

from __future__ import annotations

from functools import partial

import pytest
from tornado.httpclient import HTTPClientError

from tests.integration.bytes_of import V1, kernel_message
from tests.integration.clients import JSON, House, Person, Room, Socket
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
        for malformed in ("", "{}", "null", '{"header": 5}', '{"header": {"msg_type": {}}}', b"", b"\xff" * 40, "x"):
            await kernel.send(malformed)
        await kernel.send(kernel_message("kernel_info_request", "shell", {}, subprotocol))
        await kernel.until(partial(heard, kernel, b"kernel_info_reply"), "info")
        types = [event["payload"]["type"] for event in await room.denied(person.id)]
        assert types[:8] == [kind for kind, _, _ in FORGED][:8]
        assert len(types) == len(FORGED) + 8
    assert await others.ivan.kernel_id() == kernel_id
    assert [run["status"] for run in await run_all(others)] == ["ok"]
    assert others.ivans.printed() == "False\n"
    runs = (await room.api("GET", "/runs"))["runs"]
    assert [run["member"]["id"] for run in runs] == [others.ivan.id]


def heard(kernel: Socket, kind: bytes) -> bool:
    """Whether a message of this type came."""
    return any(kind in (message.encode() if isinstance(message, str) else message) for message in kernel.received)


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
    await helping.until(partial(heard, helping, b"complete_reply"), "help")
    await looking.until(partial(heard, looking, b"kernel_info_reply"), "info")
    assert not heard(looking, b"complete_reply")
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
