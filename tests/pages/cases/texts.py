"""What can a member write: messages, Markdown, sources, metadata, awareness?"""

from __future__ import annotations

from typing import Any

from .case import (
    ACTING,
    EXPONENT,
    FRACTION,
    GRIDS,
    LOGOUT,
    OUTSIDE,
    OWN_NAMES,
    RUNS,
    USUAL_NAMES,
    Case,
    Place,
    formula,
    lists,
    shows,
)

_SCRIPT = f'seen <script>{RUNS}</script> <img src="data:," onerror="{RUNS}"> [x](javascript:{RUNS})'
_FETCH = f'seen ![]({LOGOUT}) ![]({OUTSIDE}) <img src="{LOGOUT}"> ![](attachment:none)'
_OVERLAY = '<div style="position: absolute; top: -500px; width: 5000px; height: 5000px; z-index: 9999">x</div>'
_LOGIN = f'seen <form action="{LOGOUT}"><input type="password"><button>Log in</button></form>'

_MARKDOWN = [
    ("script", _SCRIPT, "seen"),
    ("asks servers", _FETCH, "seen"),
    ("covers the page", _OVERLAY, None),
    ("a login", _LOGIN, "seen"),
    ("asks the page", ACTING, "seen"),
    ("fractions", formula(FRACTION, 390), "Shown as text"),
    ("exponents", formula(EXPONENT, 900), "Shown as text"),
    ("commands", r"$$\def\a{\b\b\b}\def\b{\c\c\c}\a$$", "defines commands"),
    ("quotes", ">" * 4_000 + "a", "nested too deeply"),
    ("lists", "- " * 2_000 + "a", "nested too deeply"),
    ("emphasis in what is no picture", "data:a;base64," + "/_a" * 3_000, "too intricate"),
]
_FORMULAS = r"$\frac12$ " * 900
_MANY = [
    ("emphasis", "*a ", "too intricate"),
    ("brackets", "[a](", "too intricate"),
    ("blocks of code", "```\n```\n", "too intricate"),
]
_CELLS = [
    # As much as a cell takes today.
    ("long", "*some* text\n\n" * 15_000, "Shown as text"),
    ("a table", "|a|b|\n|-|-|\n" + "|1|2|\n" * 30_000, "Shown as text"),
    *((name, text, "too many parts") for name, text in GRIDS.items()),
]

_CURSORS: list[tuple[str, Any]] = [
    ("cursors that are a number", {"cursors": 5}),
    ("cursors that are texts and lists", {"cursors": ["x", [], None, {"anchor": 5, "head": {}}]}),
    ("cursors of nothing", {"cursors": [{"anchor": {"type": 5, "tname": [], "item": "x", "assoc": {}}, "head": None}]}),
    ("cursors beyond all", {"cursors": [{"anchor": {"item": {"client": -1, "clock": 1e308}}, "head": {"tname": "x"}}]}),
    ("a user that is none", {"user": 5, "cursors": {"length": 5}, "autosave": [5], "notebook": {"x": 5}}),
]

MANY_MESSAGES = 200
HEAVY_MESSAGES = {
    "formulas": r"$\frac12$ " * 60,
    "elements": "<b>a</b>" * 300,
}
"""Messages of which each is rendered, at nearly the largest size or number of parts that are."""

CASES = [
    *(Case(f"message: {name}", Place.MESSAGE, text, says) for name, text, says in _MARKDOWN),
    *(Case(f"message: {name}", Place.MESSAGE, text * (9_900 // len(text)), says) for name, text, says in _MANY),
    # HTML in a message is text.
    *(Case(f"message: {name}", Place.MESSAGE, text, "<table>") for name, text in GRIDS.items()),
    # The budget of a message is smaller, and is used up before the formulas are looked at.
    Case("message: many formulas", Place.MESSAGE, _FORMULAS, "too intricate"),
    Case("Markdown: many formulas", Place.MARKDOWN, _FORMULAS, "too many parts"),
    *(Case(f"Markdown: {name}", Place.MARKDOWN, text, says) for name, text, says in [*_MARKDOWN, *_CELLS]),
    *(Case(f"Markdown: {name}", Place.MARKDOWN, text * 15_000, says) for name, text, says in _MANY),
    Case("source: one line", Place.SOURCE, "x = '" + "y" * 800_000 + "'"),
    Case("source: brackets", Place.SOURCE, "(" * 100_000),
    Case("source: empty lines", Place.SOURCE, "\n" * 300_000),
    Case("source: many lines", Place.SOURCE, "x = [1, (2, {3})]\n" * 30_000),
    Case(
        "metadata: trusted",
        Place.METADATA,
        {"trusted": True, "then": shows("text/html", f"<script>{RUNS}</script><b onclick='x()'>seen</b>")},
        "seen",
    ),
    Case(
        "metadata: of JupyterLab's own",
        Place.METADATA,
        {"jupyter": {"outputs_hidden": "x", "source_hidden": []}, "scrolled": 7, "collapsed": {}, "tags": [[_SCRIPT]]},
    ),
    Case("metadata: large", Place.METADATA, {"x": [[n, {"y": "z" * 20}] for n in range(5_000)]}),
    Case("metadata: deep", Place.METADATA, {"x": lists(60)}),
    *(
        Case(
            f"metadata: {what}",
            Place.METADATA,
            {**names, "x": [names], "then": shows("text/html", "<b>seen</b>")},
            "seen",
        )
        for what, names in (("names of a page's own", OWN_NAMES), ("odd names", USUAL_NAMES))
    ),
    *(
        Case(f"attachments: {what}", Place.ATTACHMENTS, {**names, "a.png": names}, "seen")
        for what, names in (("names of a page's own", OWN_NAMES), ("odd names", USUAL_NAMES))
    ),
    *(Case(f"awareness: {name}", Place.AWARENESS, state) for name, state in _CURSORS),
    Case("awareness: a state of nobody's", Place.AWARENESS, {"user": {"name": _SCRIPT}, "cursors": [], "x": _SCRIPT}),
    # They stay in the room: the last ones.
    *(
        Case(f"messages: many with {name}", Place.MESSAGE, (text, MANY_MESSAGES))
        for name, text in HEAVY_MESSAGES.items()
    ),
]
