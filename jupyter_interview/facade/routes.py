"""Which URLs are there below a room's prefix and on the desk? What is not in these tables cannot be reached."""

from __future__ import annotations

from typing import Any

from ..web import ROOM
from .document import DocumentSession, DocumentSocket
from .entry import DeskPage, EnterHandler, JoinHandler, LoginPage, RoomPage
from .kernel import Kernel, KernelAction, Kernels, KernelSpecs, Runs, Session, Sessions
from .kernelsocket import KernelSocket
from .lab import Checkpoints, Constant, Contents, Me, Settings, SilentEvents, Themes, Translations, Workspaces
from .nowhere import Nowhere
from .replay import ReplayPage

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_LAB = r"(?P<path>(?:doc|lab)(?:/workspaces/[^/]+)?(?:/tree(?:/.*)?)?)"
_PAGE = {"name": "lab"}

COMMON: list[tuple[Any, ...]] = [
    (r"/api/me", Me),
    (r"/api/contents(?P<path>/?)", Contents),
    (r"/api/events/subscribe", SilentEvents),
    (r"/api/kernelspecs", KernelSpecs),
    (r"/api/nbconvert", Constant, {"content": {}}),
    (r"/api/status", Constant, {"content": {}}),
    (r"/api/terminals", Constant, {"content": []}),
    (r"/api/config/(?P<section>[\w-]+)", Constant, {"content": {}}),
    (r"/lab/api/build", Constant, {"content": {"status": "stable", "message": ""}}),
    (r"/lab/api/settings/?", Settings),
    (r"/lab/api/settings/(?P<plugin>[@\w:/.-]+)", Settings),
    (r"/lab/api/translations/?", Translations),
    (r"/lab/api/translations/(?P<locale>[\w-]+)", Translations),
    (r"/lab/api/workspaces/?", Workspaces),
    (r"/lab/api/workspaces/(?P<name>[^/]+)", Workspaces),
    (r"/lab/api/themes/(?P<path>.+)", Themes),
    (r"/lsp/status", Constant, {"content": {"version": 2, "sessions": {}, "specs": {}}}),
]
"""Below both prefixes."""

IN_ROOM: list[tuple[Any, ...]] = [
    (r"", RoomPage, _PAGE),
    (r"/" + _LAB, RoomPage, _PAGE),
    (r"/replay", ReplayPage, _PAGE),
    (r"/join", JoinHandler),
    (r"/enter", EnterHandler),
    (r"/api/contents/(?P<path>[^/]+)/checkpoints", Checkpoints),
    (r"/api/contents/(?P<path>.+)", Contents),
    (r"/api/collaboration/session/(?P<path>.+)", DocumentSession),
    (r"/api/collaboration/room/(?P<document>[^/]+)", DocumentSocket),
    (r"/api/kernels", Kernels),
    (rf"/api/kernels/(?P<kernel_id>{_UUID})", Kernel),
    (rf"/api/kernels/(?P<kernel_id>{_UUID})/(?P<action>interrupt|restart)", KernelAction),
    (rf"/api/kernels/(?P<kernel_id>{_UUID})/channels", KernelSocket),
    (r"/api/runs", Runs),
    (r"/api/sessions", Sessions),
    (rf"/api/sessions/(?P<session_id>{_UUID})", Session),
]
"""Below a room's prefix only."""

DESK: list[tuple[Any, ...]] = [
    (r"/?", DeskPage, _PAGE),
    (r"/" + _LAB, DeskPage, _PAGE),
    (r"/login", LoginPage),
    (r"/api/kernels", Constant, {"content": []}),
    (r"/api/sessions", Constant, {"content": []}),
]
"""On the desk only."""

# With a slash at the end, jupyter-server leads to the address without it.
NOWHERE: list[tuple[Any, ...]] = [
    (r"/interview/.*[^/]", Nowhere),
    (r"/api/interview(?:/.*[^/])?", Nowhere),
]
"""All other addresses of ours; last of all."""


def facade_handlers() -> list[tuple[Any, ...]]:
    """All of them, with their prefixes. What comes after them is not reached below ours."""
    prefix = rf"/interview/(?P<room>{ROOM})"
    rooms = [(prefix + route[0], *route[1:]) for route in [*IN_ROOM, *COMMON]]
    desk = [(r"/interview" + route[0], *route[1:]) for route in [*DESK, *COMMON]]
    return [*rooms, *desk, *NOWHERE]
