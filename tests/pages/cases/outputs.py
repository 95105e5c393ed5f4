"""What can a program show?"""

from __future__ import annotations

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
    WIDE,
    Case,
    Place,
    formula,
    nested,
    shows,
    shows_made,
)

_SCRIPT = f'<script>{RUNS}</script><img src="data:," onerror="{RUNS}"><svg onload="{RUNS}"></svg>seen'
_FETCH = (
    f'<img src="{LOGOUT}"><img src="{OUTSIDE}"><img srcset="{LOGOUT} 1x"><video poster="{LOGOUT}"></video>'
    f'<audio src="{LOGOUT}" autoplay></audio><div style="background-image: url({LOGOUT})">seen</div>'
    f'<link rel="stylesheet" href="{OUTSIDE}"><object data="{OUTSIDE}"></object><iframe src="{LOGOUT}"></iframe>'
)
_OVERLAY = (
    '<div style="position: absolute; position: fixed; top: -2000px; left: -2000px; width: 9000px; height: 9000px;'
    ' z-index: 99999; background: red">seen</div>'
)
_LOGIN = f'<form action="{LOGOUT}"><input type="password" name="password"><button>Log in</button></form>seen'
_AWAY = f'<meta http-equiv="refresh" content="0;url={LOGOUT}"><base href="{OUTSIDE}">seen'
_MARKERS = (
    '\'<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><marker id="m">\' + \'<circle r="3"/>\' * 100'
    " + '</marker><path marker-mid=\"url(#m)\" d=\"M0 0' + 'L1 1L700 500' * 10_000 + '\"/></svg>'"
)
_RULED = _MARKERS.replace("<marker id", "<style>path{marker-mid:url(#m)}</style><marker id").replace(
    ' marker-mid="url(#m)"', ""
)
_MOVING = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600"><style>@keyframes a { to { rotate: 1turn } }'
    " rect { animation: a 1s infinite; width: 500px; height: 500px; opacity: .1 }</style>"
)
_MOVED = '<rect><animate attributeName="x" to="600" dur="3s" repeatCount="99"/></rect>'
_BLURRED = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="1500" height="1500"><style>rect { filter: blur(90px) }</style>'
)
_RULED_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="600"><style>'
    "rect { mask-image: url(%sata:image/png;base64,%s) }</style><rect/></svg>"
)
_UNFOLDED = """
for number in range(300):
    tree = {"application/json": [[number] * 3 for _ in range(120)]}
    display(tree, metadata={"application/json": {"expanded": True}}, raw=True)
"""
_QUOTE = "from urllib.parse import quote"
_IN_HTML = '<img src="data:image/svg+xml,%s">'
_ENORMOUS = """
import base64, struct, zlib

def part(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

def enormous(side):
    pack = zlib.compressobj(9)
    rows = b"".join(pack.compress(bytes(1 + side // 8)) for _ in range(side)) + pack.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    png = b"\\x89PNG\\r\\n\\x1a\\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")
    return base64.b64encode(png).decode()
"""
_PNG = "enormous(16_000)"
_PICTURE = '<img src="data:image/png;base64,%s">'


def _drawing(before: str, element: str, times: int) -> str:
    """Python source of a drawing of many elements."""
    return f"{before!r} + {element!r} * {times} + '</svg>'"


def _output(name: str, source: str, says: str | None = None) -> Case:
    return Case(name, Place.OUTPUT, source, says)


CASES = [
    *(_output(f"{mime}: script", shows(mime, _SCRIPT), "seen") for mime in ("text/html", "text/markdown")),
    *(_output(f"{mime}: asks servers", shows(mime, _FETCH), "seen") for mime in ("text/html", "text/markdown")),
    *(_output(f"{mime}: covers the page", shows(mime, _OVERLAY)) for mime in ("text/html", "text/markdown")),
    _output("text/html: a login", shows("text/html", _LOGIN), "seen"),
    _output("text/html: leads away", shows("text/html", _AWAY), "seen"),
    _output("text/html: in a frame of its own", shows("text/html", _SCRIPT, {"isolated": True})),
    _output("text/html: a script as address", shows("text/html", f'<a href="javascript:{RUNS}">seen</a>'), "seen"),
    *(_output(f"{mime}: asks the page", shows(mime, ACTING), "seen") for mime in ("text/html", "text/markdown")),
    _output("text/html: deep", shows("text/html", nested("<div>", "</div>", 500)), "nested too deeply"),
    _output("text/html: many", shows_made("text/html", '"<b>a</b> " * 90_000'), "too long"),
    _output("text/html: marks", shows_made("text/html", '"<" * 250_000'), "too many parts"),
    _output("text/markdown: long", shows_made("text/markdown", '"*some* text\\n\\n" * 60_000'), "too long"),
    _output("text/markdown: emphasis", shows_made("text/markdown", '"*a " * 30_000'), "too intricate"),
    _output("text/markdown: quotes", shows_made("text/markdown", '">" * 4_000 + "a"'), "nested too deeply"),
    _output("text/latex: fractions", shows("text/latex", formula(FRACTION, 390)), "Shown as text"),
    _output("text/latex: exponents", shows("text/latex", formula(EXPONENT, 900)), "Shown as text"),
    _output("text/latex: many", shows_made("text/latex", r'r"$\frac12$ " * 20_000'), "too many parts"),
    _output("text/latex: commands", shows("text/latex", rf"$\href{{javascript:{RUNS}}}{{x}}\rule{{900em}}{{900em}}$")),
    _output("image/svg+xml: script", shows("image/svg+xml", f'<svg onload="{RUNS}"><script>{RUNS}</script></svg>')),
    _output("image/svg+xml: asks servers", shows("image/svg+xml", f'<svg><image href="{OUTSIDE}"/></svg>')),
    _output(
        "image/svg+xml: itself again",
        shows_made(
            "image/svg+xml",
            "'<svg xmlns=\"http://www.w3.org/2000/svg\"><g id=\"g0\"><path/></g>' + ''.join("
            'f\'<g id="g{n}"><use href="#g{n - 1}"/><use href="#g{n - 1}"/></g>\' for n in range(1, 30)) + \'</svg>\'',
        ),
        "too many parts",
    ),
    _output("image/svg+xml: markers", shows_made("image/svg+xml", _MARKERS), "too many parts"),
    _output("image/svg+xml: markers by a rule", shows_made("image/svg+xml", _RULED), "too many parts"),
    _output(
        "text/html: a drawing", shows_made("text/html", f"{_IN_HTML!r} % quote({_MARKERS})", _QUOTE), "too many parts"
    ),
    _output("image/png: enormous", shows_made("image/png", _PNG, _ENORMOUS), "too large"),
    *(
        _output(f"{mime}: enormous pictures", shows_made(mime, f"{_PICTURE!r} % {_PNG} * 6", _ENORMOUS), "too large")
        for mime in ("text/html", "text/markdown")
    ),
    _output(
        "image/png: enormous, and more behind it", shows_made("image/png", f"{_PNG} + '#'", _ENORMOUS), "too large"
    ),
    _output("image/png: undecodable", shows("image/png", "%%%"), "could not be rendered"),
    *(
        _output(f"image/svg+xml: enormous pictures, {how}", shows_made("image/svg+xml", source, _ENORMOUS), says)
        for how, source, says in (
            ("by a rule", f"{_RULED_PICTURE!r} % ('d', {_PNG})", "too large"),
            ("in other letters", f"{_RULED_PICTURE!r} % (chr(92) + '64 ', {_PNG})", "too intricate"),
        )
    ),
    _output("image/svg+xml: moves", shows_made("image/svg+xml", _drawing(_MOVING, _MOVED, 9_000))),
    _output(
        "text/html: a drawing that moves",
        shows_made("text/html", f"{_IN_HTML!r} % quote({_drawing(_MOVING, _MOVED, 3_000)})", _QUOTE),
    ),
    _output("image/svg+xml: effects", shows_made("image/svg+xml", _drawing(_BLURRED, "<rect/>", 200)), "too intricate"),
    _output(
        "text/html: a drawing with effects",
        shows_made("text/html", f"{_IN_HTML!r} % quote({_drawing(_BLURRED, '<rect/>', 200)})", _QUOTE),
        "too intricate",
    ),
    *(
        _output(f"{mime}: {name}", shows(mime, text), "too many parts")
        for mime in ("text/html", "text/markdown")
        for name, text in GRIDS.items()
    ),
    _output(
        "text/html: a table of many wide cells",
        shows_made("text/html", f"'<table>' + '<tr>{WIDE * 20}' * 300 + '</table>'"),
        "too many parts",
    ),
    _output("image/png: none", shows("image/png", '"><script>' + RUNS)),
    _output("application/json: many", shows_made("application/json", '{"a": list(range(90_000))}'), "too many parts"),
    _output("application/json: unfolded", shows("application/json", list(range(900)), {"expanded": True})),
    _output("application/json: many that are unfolded", _UNFOLDED),
    _output("application/json: names", shows("application/json", {"__proto__": {"x": 1}, "<img>": _SCRIPT})),
    _output(
        "application/json: names of a page's own",
        shows("application/json", OWN_NAMES, {**OWN_NAMES, "expanded": True}),
        "_constructor",
    ),
    _output("application/json: odd names", shows("application/json", USUAL_NAMES)),
    _output("text/html: about it, names of a page's own", shows("text/html", "seen", OWN_NAMES), "seen"),
    _output("text/html: about it, odd names", shows("text/html", "seen", USUAL_NAMES), "seen"),
    _output("application/javascript", shows("application/javascript", RUNS)),
    _output("text/javascript", shows("text/javascript", RUNS)),
    _output("application/pdf", shows("application/pdf", "AAAA")),
    _output("a type of nobody's", shows("application/x-of-nobody", _SCRIPT)),
    _output("stdout: colours", "print('\\x1b[31ma\\x1b[42mb' * 70_000)", "without colours"),
    _output("stdout: one line", "print('x' * 900_000)"),
    _output("stdout: many lines", "print('line\\n' * 150_000)"),
    _output("stdout: addresses", "print('www.a.example ' * 60_000)", "without colours and links"),
    _output("stdout: markup", f"print({_SCRIPT!r})", "seen"),
    _output("stdout: added to", "for n in range(300):\n    print('\\x1b[32mx' * 500, flush=True)", "without colours"),
    _output("traceback: paths", f"raise ValueError('/../../../logout?asked ' * 20_000 + {_SCRIPT!r})"),
]
