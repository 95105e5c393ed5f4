"""Who gets what at which URL?

Every route of the running server × every role × every method. The routes come from the server's own router; what is
expected stands here, by hand, in the words of the permission table. A route without an expectation fails the test.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.facade.cast import ACCOUNTS, MEMBERS, ROLES, STRANGERS, Cast, make_cast
from tests.facade.routes import Route, named

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ALL = frozenset(MEMBERS)
WRITERS = frozenset({"candidate", "interviewer"})
INTERVIEWERS = frozenset({"interviewer"})
MAY = {"view": ALL, "edit": WRITERS, "run": WRITERS, "chat": WRITERS, "manage": INTERVIEWERS, "review": INTERVIEWERS,
       "own": frozenset()}  # fmt: skip
REFUSED = frozenset({401, 403, 404, 405})
EVERY_METHOD = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@dataclass(frozen=True)
class Rule:
    """What a method of a route does.

    Attributes:
        status: for whom it is allowed.
        needs: a permission of the room's members, `own` (no member has it who was invited), or `account`.
        body: sent as JSON.
        special: status by role where the rule is not enough.
        spends: what it was asked for is gone or changed afterwards: it gets a cast of its own.
    """

    needs: str
    status: int = 200
    body: Any = None
    special: dict[str, int] = field(default_factory=dict)
    spends: bool = False

    def expected(self, role: str, name: str) -> set[int]:
        """The status for a role at a route of this name.

        Below a room's prefix its members are asked for their permissions, and an account is nobody before it entered
        by the room's page; everywhere else only accounts are known. To others' accounts a room does not exist.
        """
        if role in self.special:
            return {self.special[role]}
        if self.needs == "anyone":
            return {self.status}
        if "<room>" in name:
            if role in MEMBERS:
                return {self.status if role in MAY[self.needs] else 403}
            return {401, 404} if role == "colleague" else {401}
        if role not in ACCOUNTS:
            return {401}
        return {404 if "<target>" in name and role == "colleague" else self.status}


def _get(needs: str = "view", status: int = 200, **fields: Any) -> dict[str, Rule]:
    return {"GET": Rule(needs, status, **fields)}


_PATCH_ROOM = {"tags": ["walk"]}
REST = {
    "/rooms/<target>": {
        **_get(),
        "PATCH": Rule("manage", body=_PATCH_ROOM),
        "DELETE": Rule("own", 409),
    },
    "/rooms/<target>/end": {"POST": Rule("manage", spends=True)},
    "/rooms/<target>/members": _get("review"),
    "/rooms/<target>/members/<member_id>": {
        "PATCH": Rule("manage", 404, {"permissions": {"edit": False}}),
        "DELETE": Rule("manage", 404),
    },
    "/rooms/<target>/invitations": {**_get("manage"), "POST": Rule("manage", 201, {"role": "spectator"})},
    "/rooms/<target>/invitations/<invitation_id>": {"DELETE": Rule("manage", 404)},
    "/rooms/<target>/messages": _get("review"),
    "/rooms/<target>/messages/<seq>": {"PATCH": Rule("manage", 404, {"hidden": True})},
    "/rooms/<target>/runs": _get("review"),
    "/rooms/<target>/events": _get("review"),
    "/rooms/<target>/notebook": _get("review"),
    "/rooms/<target>/replay": _get("review"),
    "/rooms/<target>/replay/story": _get("review"),
    "/rooms/<target>/replay/frames/<number>": _get("review"),
    "/rooms/<target>/bookmarks": {**_get("review"), "POST": Rule("review", 201, {"seq": 1, "note": "walk"})},
    "/rooms/<target>/bookmarks/<bookmark_id>": {
        "PATCH": Rule("review", 404, {"note": "walk"}),
        "DELETE": Rule("review", 404),
    },
    "/rooms/<target>/fork": {"POST": Rule("manage", 201, {"at": 10_000})},
    "/rooms/<target>/forks/<fork>": _get("review", 404),
    "/rooms/<target>/export": _get("review"),
}
ACCOUNT_REST = {
    "/login": {"POST": Rule("anyone", 400, {})},
    "/logout": {"POST": Rule("account", 204, special={"owner": 401}, spends=True)},
    "/languages": _get("account"),
    "/rooms": {**_get("account"), "POST": Rule("account", 400, {})},
}
COMMON = {
    "/api/me": _get(),
    "/api/contents<path>": _get(),
    "/api/events/subscribe": _get(status=400),
    "/api/kernelspecs": _get(),
    "/api/nbconvert": _get(),
    "/api/status": _get(),
    "/api/terminals": _get(),
    "/api/config/<section>": _get(),
    "/lab/api/build": _get(),
    "/lab/api/settings/?": _get(),
    "/lab/api/settings/<plugin>": _get(),
    "/lab/api/translations/?": _get(),
    "/lab/api/translations/<locale>": _get(),
    "/lab/api/workspaces/?": {**_get(), "PUT": Rule("view", 204)},
    "/lab/api/workspaces/<name>": {**_get(), "PUT": Rule("view", 204)},
    "/lab/api/themes/<path>": {method: Rule("anyone", 404) for method in ("GET", "HEAD")},
    "/lsp/status": _get(),
}
_SEATED = dict.fromkeys((*STRANGERS, "colleague"), 302)
ROOM = {
    "": _get("anyone"),
    "/<path>|doc": _get("anyone", special=_SEATED),
    "/replay": _get(
        "anyone", special={**dict.fromkeys((*STRANGERS, "colleague"), 401), "spectator": 403, "candidate": 403}
    ),
    "/join": {"POST": Rule("anyone", 400, {})},
    "/enter": {"POST": Rule("anyone", 404, {})},
    "/api/me/export": _get(),
    "/api/me/recorded": _get(),
    "/api/channel": _get(status=400),
    "/api/contents/<path>/checkpoints": {**_get(), "POST": Rule("view", 201)},
    "/api/contents/<path>": _get(),
    "/api/collaboration/session/<path>": {"PUT": Rule("view", body={"format": "json", "type": "notebook"})},
    "/api/collaboration/room/<document>": _get(status=400),
    "/api/kernels": _get(),
    "/api/kernels/<kernel_id>": _get(),
    "/api/kernels/<kernel_id>/<action>": {"POST": Rule("run", 204)},
    "/api/kernels/<kernel_id>/channels": _get(status=400),
    "/api/runs": {"POST": Rule("run", 404, {"cells": [{"cell": "none"}]})},
    "/api/sessions": {**_get(), "POST": Rule("view", 201, {})},
    "/api/sessions/<session_id>": {**_get(), "PATCH": Rule("view", body={})},
}
_LOGGED_IN = dict.fromkeys(STRANGERS + MEMBERS, 302)
DESK = {
    "/?": _get("anyone", special=_LOGGED_IN),
    "/<path>|doc": _get("anyone", special=_LOGGED_IN),
    "/login": _get("anyone"),
    "/api/kernels": _get(),
    "/api/sessions": _get(),
}
OURS = {
    # The walk takes the accounts' cookies away, and with them the proof that a page of ours sent the form.
    "/logout": {"GET": Rule("anyone"), "POST": Rule("anyone", special={"account": 403, "colleague": 403})},
    "/lab/api/licenses/(.*)": {
        **_get("account", special=dict.fromkeys({*ROLES} - {"owner"}, 403)),
        "OPTIONS": Rule("anyone"),
    },
    "/interview/static/((?!favicons/).*)": {method: Rule("anyone", 404) for method in ("GET", "HEAD")},
    "/api/interview/channel": _get("anyone", 400),
    **{prefix + name: rules for prefix in ("/api/interview", "/interview/api/interview")
       for name, rules in (ACCOUNT_REST | REST).items()},
    **{"/interview/<room>/api/interview" + name: rules for name, rules in REST.items()},
    **{"/interview/<room>" + name: rules for name, rules in (ROOM | COMMON).items()},
    **{"/interview" + name: rules for name, rules in (DESK | COMMON).items()},
    **{nowhere: {method: Rule("anyone", 404) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")}
       for nowhere in ("/interview/.*[^/]", "/api/interview(?:/.*[^/])?")},
}  # fmt: skip

PUBLIC = {
    "/(robots\\.txt)",
    "/(favicon\\.ico)",
    "/(robots\\.txt|favicon\\.ico)",
    "/static/(.*)",
    "/static/lab/(.*)",
    "/lab/extensions/(.*)",
    "/lab/api/themes/(.*)",
    "/login",
    "/logout",
    "/api",
    "/api/notebooks/?(.*)",
    "/.*/",
    "/?",
    "(.*)",
}
"""Of the stock server: its static files, its login, and what only redirects to other routes."""


def test_every_route_has_an_expectation(routes: list[Route]) -> None:
    """Nothing of ours is mounted that nobody thought of, and nothing is expected that is not there."""
    assert {named(route)[0] for route in routes if route.ours} == set(OURS)
    for route in routes:
        if route.ours:
            assert set(OURS[named(route)[0]]) >= set(route.methods) - {"POST", "PUT"}, route
    assert {route.name for route in routes} >= PUBLIC


async def test_every_url_in_every_role(cast: Cast, routes: list[Route]) -> None:
    """Every status is the one that the permission table says."""
    clients = {role: cast.client(role) for role in ROLES}
    wrong: list[str] = []
    asked = 0
    for route in (route for route in routes if route.ours):
        name, values = named(route)
        path = route.example({**cast.values(), **values})
        for method in EVERY_METHOD:
            rule = OURS[name].get(method)
            for role in ROLES:
                expected = None if rule is None else rule.expected(role, name)
                client, url = clients[role], path
                if rule is not None and rule.spends and expected == {rule.status}:
                    fresh = await make_cast(cast.house)
                    client, url = fresh.client(role), route.example({**fresh.values(), **values})
                answer = await client.request(method, url.lstrip("/"), json=None if rule is None else rule.body)
                asked += 1
                right = _refused(answer) if expected is None else answer.status_code in expected
                if role in ACCOUNTS:
                    # The room's page gave a seat, but this is about what the account alone can do.
                    client.cookies.clear()
                if not right:
                    got = f"{answer.status_code}, not {expected}: {answer.text[:120]!r}"
                    wrong.append(f"{method} {name} as {role}: {got}")
    assert not wrong, "\n".join([f"{len(wrong)} of {asked}:", *wrong])


async def test_stock_routes_give_a_member_nothing(cast: Cast, routes: list[Route]) -> None:
    """To the stock namespace a member, or an account, is nobody; and nobody gets nothing."""
    clients = {role: cast.client(role) for role in ROLES if role != "owner"}
    bearers = {f"{role} by token": cast.client(role) for role in MEMBERS}
    for role, client in zip(MEMBERS, bearers.values(), strict=True):
        client.headers["Authorization"] = f"Bearer {cast.people[role].token}"
    wrong: list[str] = []
    for route in (route for route in routes if not route.ours):
        path = route.example({}).lstrip("/")
        for method in route.methods:
            if method == "OPTIONS":
                continue
            # Never `json={}`, or a hole would do what it is a hole for.
            nobody = await clients["nobody"].request(method, path)
            if route.name not in PUBLIC and not _refused(nobody):
                wrong.append(f"{method} {route.name}: nobody gets {nobody.status_code}: {nobody.text[:100]}")
            for role, client in [*clients.items(), *bearers.items()]:
                answer = await client.request(method, path)
                if answer.status_code != nobody.status_code:
                    got = f"{answer.status_code}, {nobody.status_code} to nobody"
                    wrong.append(f"{method} {route.name} as {role}: {got}")
    assert not wrong, "\n".join(wrong)


def _stays(answer: httpx.Response, url: str) -> bool:
    room = url.lstrip("/").removeprefix("interview/").partition("/")[0]
    place = answer.headers["Location"]
    return bool(place == f"/interview/{room}" or place.startswith(f"/interview/{room}/"))


def _refused(answer: httpx.Response) -> bool:
    if answer.status_code == 302:
        return httpx.URL(answer.headers["Location"]).path == "/login"
    return answer.status_code in REFUSED
