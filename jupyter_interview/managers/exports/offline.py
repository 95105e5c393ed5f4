"""How does a replay become one HTML file that opens from disk, without server and network?

The page holds the player (`labextension`, built by ``jlpm build:replay``) and its data as elements that no browser
runs. Nothing of an interview is ever written as HTML: data are base64 of gzip, an alphabet without ``<``, and the title
is escaped. The policy in the page lets run what has the hash of the player or of a script of its isolated frames, which
draw charts and diagrams (`labextension/src/isolated`), and lets nothing be loaded.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...core.encoding import json_bytes
from ...core.errors import NotFound

BUNDLE = Path(__file__).parents[2] / "static"
_PARTS = ("replay/file.js", "replay/replay.css", "isolated/file-chart.js", "isolated/file-diagram.js")
_ASKING = {"chart": (b"application/vnd.vega",), "diagram": (b"mermaid", b'"markdown"')}
"""What is in the data where there are charts or diagrams: a name, or cells in which it may have been typed."""
_PIECE = 1024 * 1024
_COLUMNS = 57 * 1024
"""Bytes that become one line of base64: a multiple of three, so that lines can be joined."""

_HEAD = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="interview-replay"></div>
<noscript>This file plays an interview in a browser with JavaScript. It loads nothing from the network.</noscript>
"""
_TAIL = "<script>{script}</script>\n</body>\n</html>\n"


class Page:
    """The page around the data.

    Args:
        script, style: the player, as built.
        isolated: the scripts of isolated frames, by what they draw: ``chart``, ``diagram``.

    Raises:
        ValueError: they could end the element that they stand in.
    """

    def __init__(self, script: str, style: str, isolated: Mapping[str, str] | None = None) -> None:
        self._isolated = dict(isolated or {})
        # In upper case too: HTML does not tell them apart.
        if any("</script" in each.lower() or "<!--" in each for each in (script, *self._isolated.values())):
            raise ValueError("the player holds markup that would end its element")
        if "</style" in style.lower():
            raise ValueError("the style holds markup that would end its element")
        self._script, self._style = script, style
        self._elements: dict[str, bytes] = {}

    @property
    def policy(self) -> str:
        """What the page, and a frame in it, may load and run: itself."""
        digests = " ".join(f"'{_digest(script)}'" for script in (self._script, *self._isolated.values()))
        return (
            f"default-src 'none'; script-src {digests}; style-src 'unsafe-inline'; "
            "img-src data: blob:; media-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
        )

    def isolated(self, kind: str) -> bytes:
        """The script of the isolated frames that draw this, for the page to find; nothing where there is none."""
        if kind not in self._isolated:
            return b""
        if kind not in self._elements:
            script = self._isolated[kind]
            content = gzip.compress(script.encode(), 6, mtime=0)
            self._elements[kind] = packed(f"isolated-{kind}", content, f' data-digest="{_digest(script)}"')
        return self._elements[kind]

    def head(self, title: str) -> bytes:
        """All before the data."""
        return _HEAD.format(policy=self.policy, title=html.escape(title), style=self._style).encode()

    def tail(self) -> bytes:
        """All behind the data: the script finds them when it starts."""
        return _TAIL.format(script=self._script).encode()


def element(name: str, content: Any) -> bytes:
    """Data that the script finds under the id ``interview-<name>``, from JSON."""
    return packed(name, gzipped(content))


def gzipped(content: Any) -> bytes:
    """JSON, packed."""
    return gzip.compress(json_bytes(content), 6, mtime=0)


def packed(name: str, content: bytes, attributes: str = "") -> bytes:
    """Data that the script finds under the id ``interview-<name>``, from bytes that are gzip."""
    lines = [base64.b64encode(content[at : at + _COLUMNS]) for at in range(0, len(content), _COLUMNS)]
    opening = f'<script type="application/octet-stream" id="interview-{name}"{attributes}>'.encode()
    return b"".join((opening, b"\n".join(lines), b"</script>\n"))


def asked_for(content: bytes) -> set[str]:
    """What has to be drawn to show these data, from bytes that are gzip of JSON: ``chart``, ``diagram``."""
    found: set[str] = set()
    longest = max(len(mark) for marks in _ASKING.values() for mark in marks)
    before = b""
    with gzip.open(io.BytesIO(content)) as plain:
        while piece := plain.read(_PIECE):
            both = before + piece
            found.update(kind for kind, marks in _ASKING.items() if any(mark in both for mark in marks))
            before = both[-longest:]
    return found


def _digest(script: str) -> str:
    """As a policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"


def load_page(directory: Path | None = None) -> Page:
    """The page with the player that is installed.

    Raises:
        NotFound: it is not.
    """
    directory = directory or BUNDLE
    try:
        times = tuple((directory / name).stat().st_mtime_ns for name in _PARTS)
    except FileNotFoundError as error:
        raise NotFound(
            "This installation has no player for files: build it with `jlpm build:replay` in labextension/."
        ) from error
    return _read(directory, times)


@lru_cache(maxsize=1)
def _read(directory: Path, _times: tuple[int, ...]) -> Page:
    script, style, chart, diagram = ((directory / name).read_text("utf-8") for name in _PARTS)
    return Page(script, style, {"chart": chart, "diagram": diagram})
