"""How does a replay become one HTML file that opens from disk, without server and network?

The page holds the player (`labextension`, built by ``jlpm build:replay``) and its data as elements that no browser
runs. Nothing of an interview is ever written as HTML: data are base64 of gzip, an alphabet without ``<``, and the title
is escaped. The policy in the page lets run what has the player's hash and nothing else, and lets nothing be loaded.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...core.encoding import json_bytes
from ...core.errors import NotFound

BUNDLE = Path(__file__).parents[2] / "static" / "replay"
_PARTS = ("file.js", "replay.css")
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

    Raises:
        ValueError: they could end the element that they stand in.
    """

    def __init__(self, script: str, style: str) -> None:
        # In upper case too: HTML does not tell them apart.
        if "</script" in script.lower() or "<!--" in script or "</style" in style.lower():
            raise ValueError("the player holds markup that would end its element")
        self._script, self._style = script, style
        self._digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    @property
    def policy(self) -> str:
        """What the page may load and run: itself."""
        return (
            f"default-src 'none'; script-src 'sha256-{self._digest}'; style-src 'unsafe-inline'; "
            "img-src data: blob:; media-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
        )

    def head(self, title: str) -> bytes:
        """All before the data."""
        return _HEAD.format(policy=self.policy, title=html.escape(title), style=self._style).encode()

    def tail(self) -> bytes:
        """All behind the data: the script finds them when it starts."""
        return _TAIL.format(script=self._script).encode()


def element(name: str, content: Any) -> bytes:
    """Data that the script finds under the id ``interview-<name>``, from JSON."""
    plain = json_bytes(content)
    return packed(name, gzip.compress(plain, 6, mtime=0))


def packed(name: str, content: bytes) -> bytes:
    """Data that the script finds under the id ``interview-<name>``, from bytes that are gzip of JSON."""
    lines = [base64.b64encode(content[at : at + _COLUMNS]) for at in range(0, len(content), _COLUMNS)]
    opening = f'<script type="application/octet-stream" id="interview-{name}">'.encode()
    return b"".join((opening, b"\n".join(lines), b"</script>\n"))


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
    return Page(*((directory / name).read_text("utf-8") for name in _PARTS))
