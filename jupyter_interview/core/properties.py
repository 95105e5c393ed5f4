"""Which names can nothing in a notebook have, and what is it called instead?

A page holds each object of a notebook as an object of JavaScript, and libraries ask such an object for its
`constructor`, which they find by the object's prototype. Where data has these names itself, what is asked for is the
data: Yjs takes the object for something else and refuses it, or it is taken for what it is not. So no object in a
notebook has them. A member's change with one is refused; what is read from elsewhere gets another name.
"""

from __future__ import annotations

from collections.abc import Collection

UNFIT = frozenset({"__proto__", "constructor", "prototype"})
"""Names that no object in a notebook can have."""


def renamed(names: Collection[str]) -> dict[str, str]:
    """Of an object's names those that it can not have, each with another one: as many ``_`` before it as it takes.

    The front end calls them the same: `labextension/src/properties.ts`.
    """
    if UNFIT.isdisjoint(names):
        return {}
    found: dict[str, str] = {}
    for name in sorted(UNFIT.intersection(names)):
        other = f"_{name}"
        while other in names:
            other = f"_{other}"
        found[name] = other
    return found
