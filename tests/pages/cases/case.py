"""What is one hostile input: where does it come from, and what may be seen of it?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

CANARY = "interviewCanary"
"""Name of a variable of the page that any script of a case would set."""

RUNS = f"window.{CANARY} = 1"
OUTSIDE = "https://outside.invalid/asked"
LOGOUT = "/logout?asked"
"""Addresses that no page may ask for: both have ``asked`` in them."""


class Place(StrEnum):
    """Where a member can put something."""

    OUTPUT = "output"
    MESSAGE = "message"
    MARKDOWN = "markdown cell"
    SOURCE = "source"
    METADATA = "metadata"
    ATTACHMENTS = "attachments"
    AWARENESS = "awareness"


@dataclass(frozen=True)
class Case:
    """One input.

    Attributes:
        name: what it tries.
        place: where it is put.
        content: for an output Python source that shows it, for metadata and attachments those of a cell, else the text.
        says: what of it is seen on the page, for instance why it is shown as text.
    """

    name: str
    place: Place
    content: Any
    says: str | None = None


ACTING = (
    f'<button data-commandlinker-command="{CANARY}" data-commandlinker-args="{{}}">seen</button>'
    f'<a href="#" data-commandlinker-command="{CANARY}" accesskey="r" tabindex="1" data-testid="{CANARY}">x</a>'
    f'<label for="{CANARY}">x</label><div data-trust-command="{CANARY}" data-jp-undoer="{CANARY}" role="{CANARY}"'
    f' data-lm-dragscroll="{CANARY}" data-icon-id="{CANARY}" aria-label="{CANARY}" class="jp-Cell {CANARY}">x</div>'
)
"""Elements that ask a page to do something for whoever clicks, or to take them for its own."""

OWN_NAMES: dict[str, Any] = {
    "constructor": {"constructor": 5.0},
    "__proto__": {"constructor": 1.0, "a": {"__proto__": {"x": 1.0}}},
    "prototype": [{"prototype": {}, "constructor": None}],
}
"""Objects with names that pages take for their own."""

USUAL_NAMES: dict[str, Any] = dict.fromkeys(
    ("then", "toJSON", "toString", "valueOf", "hasOwnProperty", "length", "get", "0", "-1", "", "x" * 200_000), 1e9
)
"""Names that may be, however odd."""

WIDE = "<td colspan=1000 rowspan=65534>a"
GRIDS = {
    "tables of wide cells": "<table>" + f"<tr>{WIDE * 20}" * 8 + "</table>",
    "tables of wide columns": "<table>" + "<col span=1000>" * 200 + "<tr><td>a</table>",
}
"""Few elements that make large tables."""


def shows(mime: str, data: Any, metadata: Any = None, then: str = "") -> str:
    """Source of a cell that shows one output."""
    bundle, about = json.dumps({mime: data}), json.dumps(metadata or {})
    return f"import json\ndisplay(json.loads({bundle!r}), metadata=json.loads({about!r}), raw=True)\n{then}"


def shows_made(mime: str, expression: str, before: str = "") -> str:
    """Source of a cell that shows an output which Python makes, after some lines: for what is large."""
    return f"{before}\ndisplay({{{mime!r}: {expression}}}, raw=True)"


def nested(before: str, after: str, times: int) -> str:
    """Things within each other."""
    return before * times + "x" + after * times


FRACTION, EXPONENT = ("\\frac{", "}{1}"), ("x^{", "}")


def formula(of: tuple[str, str], times: int) -> str:
    """A formula of one thing within itself."""
    return "$$" + nested(*of, times) + "$$"


def lists(depth: int) -> list[Any]:
    """Lists within each other."""
    return [lists(depth - 1)] if depth else []
