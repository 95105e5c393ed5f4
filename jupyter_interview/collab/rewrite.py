"""How is something left out of a Yjs update so that all that follows still applies?

Operations are numbered without gaps, so that what is left out has to leave its numbers behind: as *deleted* content
where its place is needed (the text that is typed next stands behind it), and as nothing but numbers (*GC*) elsewhere.
Whoever sent it is told to delete it as well, and has the same document as everybody again.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    out = [varuint(len(claims.structs))]
    for client, structs in claims.structs.items():
        out += [varuint(len(structs)), varuint(client), varuint(structs[0].start)]
        for struct in structs:
            stays = dropped.get((client, struct.start))
            out.append(update[struct.at : struct.until] if stays is None else _left_out(update, struct, stays))
    out.append(delete_set(kept))
    return b"".join(out)


def deletion(claims: Claims, dropped: Mapping[Id, bool]) -> bytes:
    """An update that deletes what was left out of another one, for whoever sent that."""
    ranges: dict[int, list[Range]] = {}
    for client, structs in claims.structs.items():
        those = [(struct.start, struct.end) for struct in structs if (client, struct.start) in dropped]
        if those:
            ranges[client] = those
    return varuint(0) + delete_set(ranges)


def _left_out(update: bytes, struct: Struct, stays: bool) -> bytes:
    length = varuint(struct.end - struct.start)
    if not stays:
        return bytes((GC,)) + length
    # The neighbours stay, the content goes.
    head = bytearray(update[struct.at : struct.content])
    head[0] = (head[0] & ~_KIND) | DELETED
    return bytes(head) + length


def delete_set(ranges: Mapping[int, list[Range]]) -> bytes:
    """A delete set, as an update ends with it: client → the operations that are removed."""
    those = {client: found for client, found in ranges.items() if found}
    out = [varuint(len(those))]
    for client, found in those.items():
        out += [varuint(client), varuint(len(found))]
        for start, end in found:
            out += [varuint(start), varuint(end - start)]
    return b"".join(out)
