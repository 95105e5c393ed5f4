"""What may each of our pages load, run and call?

What is shown on the pages of a room comes from its members. Should script of theirs ever run there, it is worth that
room alone: the page may call below the room's prefix and nowhere else, although the browser would send the visitor's
cookies to all of this origin. Three things make that so, and each is in vain without the others:

- sources are whole addresses with a path, never ``'self'``: that would be all of JupyterLab;
- nothing below a room's prefix redirects out of it, because a browser ignores the path once a request was redirected;
- the page is sandboxed without windows of its own, and shares no group of windows with others of this origin: script
  could reach into those as if they were its own.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from urllib.parse import quote

from ..web import InterviewHandler

_NONE = "'none'"
# No popups: a window of this origin can be scripted by whoever opened it. No navigation of other windows.
_SANDBOX = "allow-same-origin allow-scripts allow-forms allow-downloads allow-modals"
# What draws charts and diagrams, in frames of opaque origin that have the page's policy and a narrower one.
_ISOLATED = "interview/static/isolated/"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands.

    Attributes:
        origin: ``scheme://host[:port]``.
        base_url: the server's base URL.
    """

    origin: str
    base_url: str

    @classmethod
    def of(cls, handler: InterviewHandler) -> Self:
        """Where the page that this handler answers with stands.

        Raises:
            BadRequest: no policy can name the host that it was asked for by.
        """
        return cls(handler.origins.of(handler.request), handler.base_url)

    def at(self, *paths: str) -> str:
        """Sources for paths below the base URL. One that ends in a slash means everything below it."""
        return " ".join(self.origin + quote(self.base_url + path, safe="/@:~%") for path in paths)

    def calls(self, path: str) -> str:
        """Sources for requests and websockets below a path of the base URL."""
        return f"{self.at(path)} ws{self.at(path).removeprefix('http')}"


def plain_policy(place: Place, *scripts: str, calls: str = "", form: str = _NONE) -> str:
    """For a page of our own templates that shows nothing of members.

    Args:
        place: where it stands.
        *scripts: names of its scripts below our static files.
        calls: path below the base URL that its script may call; empty for none.
        form: sources that its form may be sent to.
    """
    static = "interview/static/"
    return _policy(
        {
            "script-src": place.at(*(static + name for name in scripts)) or _NONE,
            "style-src": place.at(f"{static}page.css"),
            "img-src": place.at(f"{static}icon.svg"),
            "connect-src": place.at(calls) if calls else _NONE,
            "form-action": form,
        }
    )


def lab_policy(place: Place, prefix: str, extensions: Iterable[str], inline: Iterable[str]) -> str:
    """For JupyterLab's page. No inline script but the template's own runs.

    Args:
        place: where it stands.
        prefix: path below the base URL of everything that it calls, ending in a slash.
        extensions: names of the extensions that it loads.
        inline: the template's own scripts.
    """
    code = ["static/lab/", *(f"lab/extensions/{name}/" for name in sorted(extensions))]
    looks = [*code, f"{prefix}lab/api/themes/", "lab/api/themes/"]
    return _policy(
        {
            "script-src": f"{place.at(*code, _ISOLATED)} {_hashes(tuple(inline))}".rstrip(),
            "style-src": f"{place.at(*looks)} 'unsafe-inline'",
            "font-src": f"{place.at(*looks)} data:",
            "img-src": f"{place.at(*looks, 'static/favicons/', 'interview/static/icon.svg')} data:",
            "media-src": "data:",
            "connect-src": f"{place.calls(prefix)} data:",
        }
    )


def replay_policy(place: Place, prefix: str) -> str:
    """For the player of the room with this prefix; editors and HTML outputs bring their styles along."""
    player = "interview/static/replay/"
    return _policy(
        {
            "script-src": place.at(player, _ISOLATED, "interview/static/ahead.js"),
            "style-src": f"{place.at(player)} 'unsafe-inline'",
            "font-src": f"{place.at(player)} data:",
            "img-src": f"{place.at(player, 'interview/static/icon.svg')} data:",
            "media-src": "data:",
            "connect-src": f"{place.calls(prefix)} data:",
        }
    )


def confine(handler: InterviewHandler, rules: str) -> None:
    """Give an answer the policy of a page that shows what members make.

    Args:
        handler: who answers.
        rules: `lab_policy` or `replay_policy`.
    """
    handler.set_header("Content-Security-Policy", f"{rules}; sandbox {_SANDBOX}")
    # A window of this origin that opened the page cannot be reached from it, nor the other way round.
    handler.set_header("Cross-Origin-Opener-Policy", "same-origin")


def _policy(rules: dict[str, str]) -> str:
    fixed = {
        "default-src": _NONE,
        # A worker has the policy of its own file, not of the page: none is needed, and none can outlive the page.
        "worker-src": _NONE,
        # A frame of another document of this origin would be within reach of the page. One whose document stands in the
        # page itself (`srcdoc`) has the page's policy, and needs no source.
        "frame-src": _NONE,
        "object-src": _NONE,
        "form-action": _NONE,
        "frame-ancestors": _NONE,
        "base-uri": _NONE,
    }
    return "; ".join(f"{name} {value}" for name, value in {**fixed, **rules}.items())


@lru_cache(maxsize=16)
def _hashes(scripts: tuple[str, ...]) -> str:
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
