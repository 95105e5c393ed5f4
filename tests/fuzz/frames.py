"""What do malformed and hostile frames look like, for each of our sockets?

Three ways, each frame made from a seed of its own, so that hypothesis can leave out what a failure does not need, and a
long run can be repeated: bytes without sense; frames of a real session with some of them changed; and frames that
follow the grammar, with values that nobody expects (huge numbers, deep nesting, doubled names, text that is no Unicode,
NaN, wrong types).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from random import Random
from typing import Any, TypeVar

from pycrdt import Array, Doc, Map, Text, create_sync_message, create_update_message

from tests.integration.bytes_of import V1, awareness_message, kernel_message, prefixed, update_message, varuint

Frame = str | bytes
T = TypeVar("T")
_NUMBERS = (0, 1, 2, 63, 127, 128, 255, 2**14, 2**31 - 1, 2**31, 2**32, 2**53 - 1, 2**53, 2**64 - 1, 2**70)
_TEXTS = (
    "",
    "x",
    "id",
    "cells",
    "\0",
    "é🎉",
    "█" * 50,
    "../..",
    "__proto__",
    "constructor",
    "${1}",
    "<b>",
    "x" * 5_000,
)
_KINDS = ("join_room", "leave_room", "chat_message", "typing", "code_update", "run_code", "ping", "joined", "ack", "\0")
_NAMES = ("type", "id", "room", "content", "sender", "seq", "ts", "token", "cell", "code", "__class__", "")
_HEADER = ("msg_id", "msg_type", "session", "username", "date", "version")
_REQUESTS = (
    *("kernel_info_request", "comm_info_request", "complete_request", "inspect_request", "is_complete_request"),
    *("history_request", "execute_request", "shutdown_request", "interrupt_request", "debug_request", "comm_open"),
)


class Frames:
    """Makes frames.

    Args:
        chance: decides everything.
        session: whose frames are changed.
    """

    def __init__(self, chance: Random, session: Session) -> None:
        self._chance = chance
        self._room = session.room
        self._session = session

    def channel(self) -> Frame:
        """For the room channel."""
        return self._one_of(self._noise, lambda: self._changed(self._session.channel), self._channel_frame)

    def document(self) -> Frame:
        """For the document socket, in sync or awareness."""
        return self._one_of(
            self._noise, lambda: self._changed(self._session.document), self._sync, self._awareness, self._other_message
        )

    def kernel(self, subprotocol: str | None) -> Frame:
        """For the kernel socket in one of its protocols."""
        valid = self._session.kernel[subprotocol]
        return self._one_of(self._noise, lambda: self._changed(valid), lambda: self._kernel_message(subprotocol))

    # -- chance

    def _one_of(self, *ways: Callable[[], T]) -> T:
        return self._chance.choice(ways)()

    def _seldom(self) -> bool:
        return self._chance.randrange(8) == 0

    def _count(self, most: int) -> int:
        return self._chance.randrange(most + 1)

    # -- without sense

    def _noise(self) -> Frame:
        data = bytes(self._chance.randrange(256) for _ in range(self._count(40)))
        return data if self._chance.randrange(2) else data.decode("latin-1")

    def _changed(self, valid: Sequence[Frame]) -> Frame:
        """A frame of the session with some of it taken out, doubled, turned or cut off."""
        frame = self._chance.choice(valid)
        data = bytearray(frame.encode() if isinstance(frame, str) else frame)
        for _ in range(1 + self._count(3)):
            at = self._chance.randrange(len(data) + 1)
            gone, came = self._chance.choice(
                (
                    (1, bytes((self._chance.randrange(256),))),
                    (1 + self._count(4), b""),
                    (0, bytes(data[at : at + 1 + self._count(20)])),
                    (0, varuint(self._chance.choice(_NUMBERS))),
                    (len(data), b""),
                )
            )
            data[at : at + gone] = came
        if isinstance(frame, bytes):
            return bytes(data)
        return data.decode("utf-8", "replace")

    # -- JSON, written by hand: Python's writer makes neither doubled names nor half characters

    def _json(self, depth: int = 0) -> str:
        leaves: tuple[Callable[[], str], ...] = (
            self._json_number,
            self._json_text,
            lambda: self._chance.choice(("null", "true", "false")),
        )
        if depth > 3:
            return self._one_of(*leaves)
        return self._one_of(*leaves, lambda: self._json_list(depth), lambda: self._json_object(depth), self._deep)

    def _json_number(self) -> str:
        odd = ("NaN", "Infinity", "-Infinity", "1e999", "-0", "0.1e-400", "9" * 5_000)
        return str(self._chance.choice((*odd, *map(str, _NUMBERS))))

    def _json_text(self) -> str:
        halves = ('"\\ud800"', '"\\udc00x"', '"\\u0000"', '"\\u202e"')
        return str(self._chance.choice((*halves, *map(json.dumps, _TEXTS))))

    def _json_list(self, depth: int) -> str:
        return f"[{','.join(self._json(depth + 1) for _ in range(self._count(3)))}]"

    def _json_object(self, depth: int, names: Sequence[str] = _NAMES) -> str:
        pairs = (f"{json.dumps(self._chance.choice(names))}:{self._json(depth + 1)}" for _ in range(self._count(4)))
        return f"{{{','.join(pairs)}}}"

    def _deep(self) -> str:
        levels = self._chance.choice((20, 500, 5_000))
        return str(
            self._chance.choice(("[" * levels + "]" * levels, '{"a":' * levels + "1" + "}" * levels, "[" * levels))
        )

    # -- the room channel

    def _channel_frame(self) -> str:
        pairs = [f'"type":{json.dumps(self._chance.choice(_KINDS))}', f'"content":{self._json()}']
        for name in _NAMES:
            if self._seldom():
                value = json.dumps(self._room) if name == "room" and not self._seldom() else self._json()
                pairs.insert(self._count(len(pairs)), f"{json.dumps(name)}:{value}")
        return f"{{{','.join(pairs)}}}"

    # -- the document socket

    def _sync(self) -> bytes:
        step = self._chance.choice((0, 1, 2, 2, 2, 3, 127))
        payload = self._state_vector() if step == 0 else self._update()
        return bytes((0, step)) + prefixed(payload) + (b"\0" if self._seldom() else b"")

    def _number(self) -> bytes:
        return varuint(self._chance.choice(_NUMBERS[:6] if self._chance.randrange(4) else _NUMBERS))

    def _text(self) -> bytes:
        odd = (b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", "é🎉".encode()[:-1])
        text = self._chance.choice((*odd, *(each.encode() for each in _TEXTS)))
        return self._number() + text if self._seldom() else prefixed(text)

    def _id(self) -> bytes:
        return self._number() + self._number()

    def _state_vector(self) -> bytes:
        return self._number() + b"".join(self._id() for _ in range(self._count(4)))

    def _update(self) -> bytes:
        count = self._count(3)
        told = varuint(count) if not self._seldom() else self._number()
        clients = b"".join(self._structs() for _ in range(count))
        deletes = varuint(1) + self._number() + varuint(1) + self._id() if self._seldom() else b"\0"
        return told + clients + deletes

    def _structs(self) -> bytes:
        count = 1 + self._count(4)
        told = varuint(count) if not self._seldom() else self._number()
        return told + self._number() + self._number() + b"".join(self._struct() for _ in range(count))

    def _struct(self) -> bytes:
        kind = self._chance.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 10, 31))
        flags = self._chance.choice((0, 0, 0x20, 0x20, 0x40, 0x80, 0xC0, 0xE0))
        head = bytes((kind | flags,))
        if kind in (0, 10):
            return head + self._number()
        parents = b"".join(self._id() for flag in (0x80, 0x40) if flags & flag)
        if not parents:
            root = b"\1" + prefixed(self._chance.choice((b"cells", b"meta", b"state", b"cells", b"other")))
            parents = root if self._chance.randrange(3) else b"\0" + self._id()
            if flags & 0x20:
                parents += self._text()
        return head + parents + self._content(kind)

    def _content(self, kind: int) -> bytes:
        if kind == 1:
            return self._number()
        if kind == 7:
            return self._number() + (self._text() if self._seldom() else b"")
        if kind in (3, 4, 5):
            return self._text()
        if kind == 6:
            return self._text() + self._text()
        count = 1 + self._count(3)
        told = varuint(count) if not self._seldom() else self._number()
        return told + b"".join(self._text() if kind == 2 else self._any() for _ in range(count))

    def _any(self, depth: int = 0) -> bytes:
        kind = self._chance.choice((127, 126, 125, 124, 123, 122, 121, 120, 119, 118, 117, 116, 115, 0))
        head = bytes((kind,))
        if kind in (118, 117):
            if self._seldom():
                return head + b"\1" + (b"\1a" if kind == 118 else b"") + self._nested(kind)
            if depth > 3:
                return head + b"\0"
            count = self._count(3)
            values = ((self._text() if kind == 118 else b"") + self._any(depth + 1) for _ in range(count))
            return head + (varuint(count) if not self._seldom() else self._number()) + b"".join(values)
        if kind in (119, 116):
            return head + self._text()
        if kind == 125:
            return head + self._number()
        return head + bytes({124: 4, 123: 8, 122: 8}.get(kind, 0))

    def _nested(self, kind: int) -> bytes:
        one = bytes((kind, 1)) + (b"\1a" if kind == 118 else b"")
        return one * self._chance.choice((10, 63, 64, 65, 1_000, 20_000)) + b"\x7e"

    def _awareness(self) -> bytes:
        states = b"".join(
            self._number() + self._number() + prefixed(self._json().encode("utf-8", "replace"))
            for _ in range(self._count(2))
        )
        told = self._number() if self._seldom() else varuint(self._count(2))
        return b"\1" + prefixed(told + states)

    def _other_message(self) -> bytes:
        return self._one_of(
            lambda: b"\2" + self._text() + self._number(),
            lambda: b"\2\4save" + self._number(),
            lambda: b"\3" + self._text(),
            lambda: self._number() + self._text(),
        )

    # -- the kernel socket

    def _kernel_message(self, subprotocol: str | None) -> Frame:
        header = {name: self._chance.choice(_TEXTS) for name in _HEADER} | {"msg_type": self._chance.choice(_REQUESTS)}
        channel = json.dumps(self._chance.choice(("shell", "control", "stdin", "iopub", "hb", "")))
        head = self._json() if self._seldom() else json.dumps(header)
        rest = [self._json_object(0, ("code", "cursor_pos", "silent", "name", "")) for _ in range(3)]
        if subprotocol is None:
            channel = self._json() if self._seldom() else channel
            names = ("header", "parent_header", "metadata", "content", "buffers")
            values = (head, *rest, "[]" if not self._seldom() else self._json())
            pairs = (f'"{name}":{value}' for name, value in zip(names, values, strict=True) if not self._seldom())
            return f'{{"channel":{channel},{",".join(pairs)}}}'
        parts = [json.loads(channel).encode(), *(part.encode("utf-8", "replace") for part in (head, *rest))]
        return self._offsets(parts) + b"".join(parts)

    def _offsets(self, parts: Sequence[bytes]) -> bytes:
        places = [8 * (len(parts) + 2)]
        for part in parts:
            places.append(places[-1] + len(part))
        numbers = [len(places), *places]
        if self._seldom():
            numbers[self._chance.randrange(len(numbers))] = self._chance.choice(_NUMBERS)
        return b"".join((number % 2**64).to_bytes(8, "little") for number in numbers)


class Session:
    """The frames of a real session, as stock clients write them."""

    def __init__(self, room: str) -> None:
        self.room = room
        self.channel: list[Frame] = [
            json.dumps({"type": kind, "id": f"c{number}", "room": room, "content": content})
            for number, (kind, content) in enumerate(
                (
                    ("chat_message", "Hello **there**"),
                    ("typing", True),
                    ("code_update", "print('a')\n"),
                    ("run_code", {"cell": "none"}),
                    ("ping", None),
                    ("join_room", {"room": room, "token": "t.o.k"}),
                    ("chat_message", "é🎉"),
                )
            )
        ]
        self.document: list[Frame] = list(_edits())
        content = {"code": "impor", "cursor_pos": 5, "detail_level": 0}
        self.kernel: dict[str | None, list[Frame]] = {
            protocol: [
                kernel_message(kind, channel, content, protocol)
                for kind in ("complete_request", "kernel_info_request", "inspect_request")
                for channel in ("shell", "control")
            ]
            for protocol in (None, V1)
        }


def _edits() -> list[bytes]:
    """Somebody makes a cell, types into it, and moves the cursor about."""
    doc: Doc[Any] = Doc(client_id=77_777)
    messages: list[bytes] = [create_sync_message(doc)]
    subscription = doc.observe(lambda event: messages.append(create_update_message(event.update)))
    cells = doc.get("cells", type=Array)
    cell = {"id": str(uuid.UUID(int=7)), "cell_type": "code", "metadata": Map({}), "source": Text("")}
    cells.append(Map({**cell, "outputs": Array([]), "execution_count": None}))
    for text in ("p", "print(1)", "é🎉"):
        cells[0]["source"].insert(0, text)
    cells[0]["metadata"]["tags"] = ["a", {"b": 1.5}]
    del cells[0]["source"][0:4]
    doc.get("state", type=Map)["dirty"] = False
    doc.unobserve(subscription)
    place = {"type": None, "tname": None, "item": {"client": doc.client_id, "clock": 3}, "assoc": 0}
    cursors = {"cursors": [{"anchor": place, "head": place, "primary": True, "empty": True}], "user": {"name": "x"}}
    for clock, state in enumerate((cursors, {"cursors": 5}, {}, None)):
        messages.append(awareness_message(doc.client_id, clock, state))
    messages += [update_message(doc.get_update()), b"\2\4save\1", b"\3"]
    return messages
