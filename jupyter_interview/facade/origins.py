"""Which addresses are there at which origin, where rooms have one of their own?

At the rooms' origin: rooms, replays and static files. Nothing else of this server is there, whatever route there is for
it. At every other: all but rooms; their addresses lead on to the rooms' origin, and take along who is logged in.
"""

from __future__ import annotations

import re
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.httputil import HTTPServerRequest
from tornado.routing import Matcher, Rule

from ..core.errors import NotFound
from ..web import ROOM
from ..web.origins import Origins
from .entry import RoomPage
from .nowhere import Nowhere
from .policy import Place, plain_policy

_STATIC = r"interview/static/.+|static/(?:lab|favicons)/.+|lab/extensions/.+|lab/api/themes/.+|robots\.txt|favicon\.ico"
_PAGES = re.compile(r"/?(?:|replay|(?:doc|lab)(?:/.*)?)")


def origin_rules(origins: Origins, base_url: str) -> list[Rule]:
    """Rules to stand before all routes of the server; none where rooms have no origin of their own."""
    if not origins.rooms:
        return []
    return [
        Rule(_NotThere(origins, base_url), Nowhere, {}),
        Rule(_RoomElsewhere(origins, base_url), Entrance, {"name": "lab"}),
    ]


class _NotThere(Matcher):
    """All that is not at the rooms' origin."""

    def __init__(self, origins: Origins, base_url: str) -> None:
        self._origins = origins
        self._there = re.compile(rf"{re.escape(base_url)}(?:interview/{ROOM}(?:/.*)?|{_STATIC})")

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Whether a request gets nothing."""
        if self._origins.is_rooms(request) and self._there.fullmatch(request.path) is None:
            return {"path_args": [], "path_kwargs": {}}
        return None


class _RoomElsewhere(Matcher):
    """Rooms, at any other origin."""

    def __init__(self, origins: Origins, base_url: str) -> None:
        self._origins = origins
        self._rooms = re.compile(rf"{re.escape(base_url)}interview/(?P<room>{ROOM})(?P<rest>/.*)?")

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """The room, and the path below it."""
        found = None if self._origins.is_rooms(request) else self._rooms.fullmatch(request.path)
        if found is None:
            return None
        return {
            "path_args": [],
            "path_kwargs": {"room": found["room"].encode(), "path": (found["rest"] or "").encode()},
        }


class Entrance(RoomPage):
    """``/interview/<room>`` where somebody is logged in, and the room is elsewhere."""

    @allow_unauthenticated
    async def get(self, room: str, path: str = "") -> None:
        """The way to the room: with a hand-over for its interviewer, without anything for anybody else."""
        self.services.rates.hit("rest", self.request.remote_ip or "")
        if _PAGES.fullmatch(path) is None:
            raise NotFound("There is nothing at this address.")
        found = await self._found(room)
        if found is None:
            return
        page = "replay" if path == "/replay" else ""
        account = await self._interviewer(found)
        if account is None:
            self.redirect(f"{self.services.rooms.url(room)}/{page}".rstrip("/"))
            return
        self.require_visit()
        target = f"interview/{room}/"
        place = Place(self.origins.rooms, self.base_url)
        rules = plain_policy(Place.of(self), "enter.js", form=place.at(target, f"interview/{room}"))
        self.set_header("Content-Security-Policy", rules)
        # The other side looks where the form came from, and learns the origin only.
        self.set_header("Referrer-Policy", "origin")
        self.finish_page(
            "enter.html",
            title=found.title,
            action=f"{self.services.rooms.url(room)}/enter",
            token=await self.services.identity.hand_over(room, account, self.origins.of(self.request)),
            page=page,
        )

    @allow_unauthenticated
    async def post(self, room: str, path: str = "") -> None:
        """Nothing of a room is here."""
        raise NotFound("There is nothing at this address.")

    put = patch = delete = post
