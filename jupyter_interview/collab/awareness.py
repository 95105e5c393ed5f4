"""Whose cursor is where?

Awareness is what people share for the moment: names, cursors, selections. Of it, cursors alone are logged (`.cursors`).
A client says of itself who it is; here the server says so instead, and lets a socket speak for its own cursor only. A
page takes for granted what another page sends: what is passed on is built anew from what is well-formed in it.

Source: https://github.com/yjs/y-protocols, awareness.js.
"""

from __future__ import annotations

import json
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import Any

from ..core.models import JSON, Member
from .wire import AWARENESS, Malformed, Reader, prefixed, varuint

STATE_BYTES = 16_384
_ENTRIES = 1_000
_CLIENTS_PER_SOCKET = 8
_REMEMBERED = 10_000
_CURSORS, _NUMBERS = 100, 1 << 53
KEEP_ALIVE = bytes((AWARENESS,)) + prefixed(varuint(0))
"""A message without content: y-websocket drops a socket on which nothing came for 30 s."""


class Forged(Malformed):
    """A socket speaks for somebody else."""


@dataclass(slots=True)
class _Entry:
    clock: int
    socket: int
    member: int
    state: bytes | None


class Awareness:
    """The awareness states of one document."""

    def __init__(self) -> None:
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._of: defaultdict[int, set[int]] = defaultdict(set)

    def everybody(self) -> bytes | None:
        """A message with all present states; ``None`` when there are none."""
        present = [(client, entry) for client, entry in self._entries.items() if entry.state is not None]
        return _message(present) if present else None

    def receive(self, member: Member, socket: int, data: bytes) -> bytes | None:
        """The message to send on, with the member's own identity in it; ``None`` when there is nothing new.

        Stock clients repeat what they heard of others: that is passed over, since its clock is not newer.

        Raises:
            Forged: it speaks for another member, or says to be somebody else.
            Malformed: it is no awareness message.
        """
        reader = Reader(data)
        fresh: list[tuple[int, _Entry]] = []
        count = reader.varuint()
        if count > _ENTRIES:
            raise Malformed("too many awareness states")
        for _ in range(count):
            client, clock, state = reader.varuint(), reader.varuint(), reader.bytes()
            if len(state) > STATE_BYTES:
                raise Malformed("an awareness state is too large")
            known = self._entries.get(client)
            null = state == b"null"
            if known is None and null:
                continue
            if known is not None and known.socket != socket:
                if clock <= known.clock or null:
                    continue
                if known.member != member.key:
                    raise Forged("an awareness state of another member")
            elif known is not None and clock < known.clock:
                continue
            fresh.append((client, _Entry(clock, socket, member.key, None if null else _signed(state, member))))
        if not reader.done:
            raise Malformed("there is something behind the awareness states")
        if len({client for client, _ in fresh} | self._of[socket]) > _CLIENTS_PER_SOCKET:
            raise Malformed("one socket has too many cursors")
        for client, entry in fresh:
            self._put(client, entry)
        return _message(fresh) if fresh else None

    def cursors_of(self, socket: int) -> Any:
        """What a socket says of its cursors, as it says it; ``None`` for nothing."""
        for client in self._of.get(socket, ()):
            state = self._entries[client].state
            if state is not None:
                return json.loads(state).get("cursors")
        return None

    def leave(self, socket: int) -> bytes | None:
        """The message that takes a closed socket's cursors away; ``None`` when it had none."""
        gone: list[tuple[int, _Entry]] = []
        for client in self._of.pop(socket, ()):
            entry = self._entries[client]
            entry.clock += 1
            entry.state = None
            gone.append((client, entry))
        return _message(gone) if gone else None

    def _put(self, client: int, entry: _Entry) -> None:
        before = self._entries.get(client)
        if before is not None and before.socket != entry.socket:
            self._of[before.socket].discard(client)
        self._of[entry.socket].add(client)
        self._entries[client] = entry
        if len(self._entries) > _REMEMBERED:
            for old, candidate in self._entries.items():
                if candidate.state is None:
                    del self._entries[old]
                    break


def _signed(state: bytes, member: Member) -> bytes:
    """The state with the member's identity.

    Raises:
        Forged: it names another user.
        Malformed: it is no JSON object.
    """
    try:
        value: Any = json.loads(state)
    except (ValueError, RecursionError) as error:
        raise Malformed("an awareness state is not JSON") from error
    if not isinstance(value, dict):
        raise Malformed("an awareness state is not an object")
    said, ours = value.get("user"), member.to_user()
    if said != ours and isinstance(said, dict) and said.get("username") not in (None, ours["username"]):
        raise Forged("an awareness state in another member's name")
    passed: JSON = {"user": ours}
    if isinstance(cursors := value.get("cursors"), list):
        passed["cursors"] = [cursor for each in cursors[:_CURSORS] if (cursor := _cursor(each)) is not None]
    if isinstance(autosave := value.get("autosave"), bool):
        passed["autosave"] = autosave
    # Escaped: half a surrogate pair has no UTF-8.
    return json.dumps(passed, separators=(",", ":")).encode()


def _cursor(value: Any) -> JSON | None:
    """A selection in a text, as JupyterLab's editors share it; ``None`` for anything else."""
    if not isinstance(value, dict):
        return None
    anchor, head = _position(value.get("anchor")), _position(value.get("head"))
    if anchor is None or head is None:
        return None
    return {
        "anchor": anchor,
        "head": head,
        "primary": value.get("primary") is True,
        "empty": value.get("empty") is True,
    }


def _position(value: Any) -> JSON | None:
    """A relative position of Yjs in a shared text that has no name of its own."""
    if not isinstance(value, dict) or (text := _operation(value.get("type"))) is None:
        return None
    # All four, also where there is nothing: the page takes what is missing for an operation.
    return {
        "type": text,
        "tname": None,
        "item": _operation(value.get("item")),
        "assoc": -1 if value.get("assoc") == -1 else 0,
    }


def _operation(value: Any) -> JSON | None:
    if not isinstance(value, dict):
        return None
    numbers = {name: value.get(name) for name in ("client", "clock")}
    if not all(type(number) is int and 0 <= number < _NUMBERS for number in numbers.values()):
        return None
    return numbers


def _message(entries: list[tuple[int, _Entry]]) -> bytes:
    parts = [varuint(len(entries))]
    for client, entry in entries:
        # Lengths count bytes: names are not always ASCII.
        parts.append(varuint(client) + varuint(entry.clock) + prefixed(entry.state or b"null"))
    return bytes((AWARENESS,)) + prefixed(b"".join(parts))
