"""How is something left out of a Yjs update so that all that follows still applies?

Operations are numbered without gaps, so that what is left out has to leave its numbers behind: as *deleted* content
where its place is needed (the text that is typed next stands behind it), and as nothing but numbers (*GC*) elsewhere.
Whoever sent it is told to delete it as well, and has the same document as everybody again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from .places import Id
from .updates import DELETED, GC, Claims, Range, Struct
from .wire import varuint

_KIND = 0x1F


def rewritten(update: bytes, claims: Claims, dropped: Mapping[Id, bool], kept: Mapping[int, list[Range]]) -> bytes:
    """The update without some of its structs.

    Args:
        update: its bytes.
        claims: what `inspect` found in it.
        dropped: client and first clock of the structs that are left out → whether their place stays.
        kept: its delete set from now on.
    """

    def content(client: int, struct: Struct) -> bytes:
        stays = dropped.get((client, struct.start))
        return update[struct.at : struct.until] if stays is None else _left_out(update, struct, stays)

    return _written(claims.structs, kept, content)


def part(update: bytes, structs: Mapping[int, list[Struct]], ranges: Mapping[int, list[Range]]) -> bytes:
    """An update of some structs of another one, and of a delete set."""
    return _written(structs, ranges, lambda _, struct: update[struct.at : struct.until])


def deletion(claims: Claims, dropped: Mapping[Id, bool]) -> bytes:
    """An update that deletes what was left out of another one, for whoever sent that."""
    ranges: dict[int, list[Range]] = {}
    for client, structs in claims.structs.items():
        those = [(struct.start, struct.end) for struct in structs if (client, struct.start) in dropped]
        if those:
            ranges[client] = those
    return _written({}, ranges, lambda _client, _struct: b"")


def _left_out(update: bytes, struct: Struct, stays: bool) -> bytes:
    length = varuint(struct.end - struct.start)
    if not stays:
        return bytes((GC,)) + length
    # The neighbours stay, the content goes.
    head = bytearray(update[struct.at : struct.content])
    head[0] = (head[0] & ~_KIND) | DELETED
    return bytes(head) + length


def _written(
    structs: Mapping[int, list[Struct]], ranges: Mapping[int, list[Range]], content: Callable[[int, Struct], bytes]
) -> bytes:
    """An update of these structs, each with its bytes, and of a delete set."""
    out = [varuint(len(structs))]
    for client, those in structs.items():
        out += [varuint(len(those)), varuint(client), varuint(those[0].start)]
        out += [content(client, struct) for struct in those]
    return b"".join((*out, _delete_set(ranges)))


def _delete_set(ranges: Mapping[int, list[Range]]) -> bytes:
    those = {client: found for client, found in ranges.items() if found}
    out = [varuint(len(those))]
    for client, found in those.items():
        out += [varuint(client), varuint(len(found))]
        for start, end in found:
            out += [varuint(start), varuint(end - start)]
    return b"".join(out)
