"""In which order can the operations of an update be worked on? Each behind those that it stands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

from .places import Id
from .updates import Claims, Struct


def in_order(
    claims: Claims, missing: Callable[[int, Struct], Id | None], known: Callable[[int], int]
) -> Iterator[tuple[int, Struct]]:
    """Client and struct, one by one; what waits for an operation that does not come is left out.

    Args:
        claims: what the update carries.
        missing: an operation that has to come before a struct; it is asked when the one before was worked on.
        known: client → how many of its operations there are by then.
    """
    waiting: dict[int, list[Id]] = {}
    ready = list(claims.structs)
    done = {client: 0 for client in ready}
    while ready:
        client = ready.pop()
        structs = claims.structs[client]
        while done[client] < len(structs):
            struct = structs[done[client]]
            if (needed := missing(client, struct)) is not None:
                heappush(waiting.setdefault(needed[0], []), (needed[1], client))
                break
            yield client, struct
            done[client] += 1
        those = waiting.get(client, [])
        while those and those[0][0] < known(client):
            ready.append(heappop(those)[1])
