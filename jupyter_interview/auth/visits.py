"""How does an interviewer get from the server's origin to that of the rooms?

By a hand-over: a token for one room and one account, which the browser carries from the one origin to the other in the
body of a form, once and within a minute. There it is exchanged for a visit: a cookie of that room's path, which proves
the account for that room and for nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ..core.errors import Unauthorized
from ..core.models import JSON, Account
from ..core.ports import Tokens
from ..web.origins import host_name

HAND_OVER_SECONDS = 55
VISIT_SECONDS = 12 * 3600
_REFUSED = "This way in is not open any more. Open the interview from your own page again."


class Visits:
    """Hand-overs and what they become.

    Args:
        tokens: signs both.
        clock: seconds since 1970.
    """

    def __init__(self, tokens: Tokens, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._clock = clock
        # What was issued before is not known to be unused.
        self._since = clock()
        self._used: dict[str, int] = {}

    def hand_over(self, room_id: str, account: Account, mark: str | None, home: str) -> str:
        """A token that is exchanged once.

        Args:
            room_id: the only room that it opens.
            account: whom it proves there.
            mark: of the account's password, or of the session of the server's own user; its end ends the visit.
            home: the origin where the account is logged in, which has to send the form.
        """
        claims = {
            "use": "hand-over",
            "room": room_id,
            "account": account.id,
            "name": account.name,
            "mark": mark,
            "home": home,
        }
        return self._tokens.issue(claims, HAND_OVER_SECONDS)[0]

    def exchange(self, room_id: str, token: str, sender: str) -> str:
        """The visit's token for a hand-over.

        Args:
            room_id: the room that is entered.
            token: the hand-over.
            sender: the request's ``Origin``: that of the page with the form. Another's page could else seat a visitor
                under an account that is not theirs.

        Raises:
            Unauthorized: it is not one, for another room, used, from before the start of this server, or sent by a
                page of another origin.
        """
        claims = self._claims(token, "hand-over", room_id)
        now = int(self._clock())
        self._used = {used: expires for used, expires in self._used.items() if expires > now - HAND_OVER_SECONDS}
        jti, home = str(claims["jti"]), str(claims.get("home"))
        if jti in self._used or int(claims["iat"]) <= self._since or _host(sender) != _host(home):
            raise Unauthorized(_REFUSED)
        self._used[jti] = int(claims["exp"])
        kept = {name: claims[name] for name in ("room", "account", "name", "mark", "home")} | {"began": claims["iat"]}
        return self._tokens.issue({"use": "visit", **kept}, VISIT_SECONDS)[0]

    def read(self, room_id: str, token: str) -> JSON:
        """The claims of a visit to this room: ``account`` (id), ``name``, ``mark``, ``home``, and ``began``, when it
        was handed over.

        Raises:
            Unauthorized: it is not one.
        """
        return self._claims(token, "visit", room_id)

    def _claims(self, token: str, use: str, room_id: str) -> dict[str, Any]:
        try:
            claims = self._tokens.read(token)
        except Unauthorized as error:
            raise Unauthorized(_REFUSED) from error
        if claims.get("use") != use or claims.get("room") != room_id:
            raise Unauthorized(_REFUSED)
        return dict(claims)


def _host(origin: str) -> str:
    return host_name(urlsplit(origin).netloc)
