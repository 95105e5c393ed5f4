"""How does a test write a Yjs update that no library would make?

Structs are made by name and joined by `update`: the encoding is that of `collab.updates`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_interview.collab.places import ARRAY, MAP, TEXT, Id
from jupyter_interview.collab.updates import ANY, GC, ORIGIN, PARENT_SUB, RIGHT_ORIGIN, STRING, TYPE
from jupyter_interview.collab.wire import prefixed, varuint

Where = Mapping[str, Any]


def _word(text: str) -> bytes:
    return prefixed(text.encode())


def _any(value: Any) -> bytes:
    if value is None or isinstance(value, bool):
        return {None: b"\x7e", True: b"\x78", False: b"\x79"}[value]
    if isinstance(value, str):
        return b"\x77" + _word(value)
    if isinstance(value, list):
        return b"\x75" + varuint(len(value)) + b"".join(map(_any, value))
    return b"\x76" + varuint(len(value)) + b"".join(_word(key) + _any(each) for key, each in value.items())


def _head(
    kind: int,
    left: Id | None = None,
    right: Id | None = None,
    inside: Id | None = None,
    root: str | None = None,
    key: str | None = None,
) -> bytes:
    info, out = kind, b""
    for bit, neighbour in ((ORIGIN, left), (RIGHT_ORIGIN, right)):
        if neighbour is not None:
            info |= bit
            out += varuint(neighbour[0]) + varuint(neighbour[1])
    if left is None and right is None:
        out += b"\0" + varuint(inside[0]) + varuint(inside[1]) if inside else b"\1" + _word(root or "cells")
        if key is not None:
            info |= PARENT_SUB
            out += _word(key)
    return bytes((info,)) + out


def value(content: Any, **where: Any) -> bytes:
    """A single plain value, ``left``, ``right``, ``inside`` or in a ``root``, with a ``key``."""
    return _head(ANY, **where) + varuint(1) + _any(content)


def shared(kind: int, **where: Any) -> bytes:
    """A shared type."""
    return _head(TYPE, **where) + varuint(kind)


def string(text: str, **where: Any) -> bytes:
    """Text."""
    return _head(STRING, **where) + _word(text)


def gone(count: int) -> bytes:
    """Operations of which only the numbers are left."""
    return bytes((GC,)) + varuint(count)


def cell(client: int, clock: int, name: str, source: str = "", **where: Any) -> list[bytes]:
    """A code cell, in the structs that a page writes: id, type, source, metadata, outputs, and the source's text."""
    mine = (client, clock)
    made = [
        shared(MAP, **where),
        value(name, inside=mine, key="id"),
        value("code", inside=mine, key="cell_type"),
        shared(TEXT, inside=mine, key="source"),
        shared(MAP, inside=mine, key="metadata"),
        shared(ARRAY, inside=mine, key="outputs"),
    ]
    return [*made, string(source, inside=(client, clock + 3))] if source else made


def update(
    structs: Mapping[int, tuple[int, Sequence[bytes]]], deletes: Mapping[int, Sequence[tuple[int, int]]] | None = None
) -> bytes:
    """An update: by client, the first clock and its structs; and the first clocks and numbers of what is removed."""
    out = [varuint(len(structs))]
    for client, (clock, those) in structs.items():
        out += [varuint(len(those)), varuint(client), varuint(clock), *those]
    out.append(varuint(len(deletes or {})))
    for client, ranges in (deletes or {}).items():
        out += [varuint(client), varuint(len(ranges)), *(varuint(at) + varuint(count) for at, count in ranges)]
    return b"".join(out)
