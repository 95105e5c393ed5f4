"""How does a dishonest client write what an honest one never would? Bytes of lib0, and messages of the kernel."""

from __future__ import annotations

import json
import uuid
from typing import Any

from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1


def varuint(value: int) -> bytes:
    """An unsigned integer as lib0 writes it."""
    out = b""
    while value > 0x7F:
        out += bytes((0x80 | value & 0x7F,))
        value >>= 7
    return out + bytes((value,))


def prefixed(data: bytes) -> bytes:
    """Bytes with their length."""
    return varuint(len(data)) + data


def update_message(update: bytes) -> bytes:
    """A document update."""
    return b"\x00\x02" + prefixed(update)


def awareness_message(client: int, clock: int, state: Any) -> bytes:
    """The awareness state of one client; text is sent as it is."""
    text = state if isinstance(state, str) else json.dumps(state)
    return b"\x01" + prefixed(varuint(1) + varuint(client) + varuint(clock) + prefixed(text.encode()))


def awareness_states(message: bytes) -> list[dict[str, Any] | None]:
    """The states in a message of the server's."""
    data, at = message[1:], 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    number()
    states = []
    for _ in range(number()):
        number(), number()
        length = number()
        states.append(json.loads(data[at : at + length]))
        at += length
    return states


V1 = "v1.kernel.websocket.jupyter.org"


def kernel_message(kind: str, channel: str, content: Any, subprotocol: str | None) -> str | bytes:
    """A message to the kernel in one of the two subprotocols."""
    message = {
        "header": {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": uuid.uuid4().hex,
            "username": "",
            "date": "2026-01-01T00:00:00Z",
            "version": "5.3",
        },
        "parent_header": {},
        "metadata": {},
        "content": content,
        "buffers": [],
    }
    if subprotocol is None:
        return json.dumps({**message, "channel": channel})
    packed: bytes = serialize_msg_to_ws_v1(message, channel, lambda part: json.dumps(part).encode())  # type: ignore[no-untyped-call]
    return packed
