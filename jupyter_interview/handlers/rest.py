"""Which URLs has the REST API?"""

from __future__ import annotations

from typing import Any

from ..web import ROOM
from .export import ExportHandler, OwnExportHandler, RecordedHandler
from .login import LoginHandler, LogoutHandler
from .members import InvitationHandler, InvitationsHandler, MemberHandler, MembersHandler
from .records import EventsHandler, MessageHandler, MessagesHandler, NotebookHandler, RunsHandler
from .replay import (
    BookmarkHandler,
    BookmarksHandler,
    ForkHandler,
    ForkProgressHandler,
    FrameHandler,
    ReplayHandler,
    StoryHandler,
)
from .rooms import EndHandler, LanguagesHandler, RoomHandler, RoomsHandler

_ID = r"[0-9a-f]{1,32}"
_TARGET = rf"/api/interview/rooms/(?P<target>{ROOM})"

OPEN = [
    (r"/api/interview/login", LoginHandler),
    (r"/api/interview/logout", LogoutHandler),
]
ACCOUNT = [
    (r"/api/interview/languages", LanguagesHandler),
    (r"/api/interview/rooms", RoomsHandler),
]
IN_ROOM = [
    (_TARGET, RoomHandler),
    (_TARGET + r"/end", EndHandler),
    (_TARGET + r"/members", MembersHandler),
    (_TARGET + rf"/members/(?P<member_id>{_ID})", MemberHandler),
    (_TARGET + r"/invitations", InvitationsHandler),
    (_TARGET + rf"/invitations/(?P<invitation_id>{_ID})", InvitationHandler),
    (_TARGET + r"/messages", MessagesHandler),
    (_TARGET + r"/messages/(?P<seq>[0-9]{1,9})", MessageHandler),
    (_TARGET + r"/runs", RunsHandler),
    (_TARGET + r"/events", EventsHandler),
    (_TARGET + r"/notebook", NotebookHandler),
    (_TARGET + r"/replay", ReplayHandler),
    (_TARGET + r"/replay/story", StoryHandler),
    (_TARGET + r"/replay/frames/(?P<number>[0-9]{1,9})", FrameHandler),
    (_TARGET + r"/export", ExportHandler),
    (_TARGET + r"/bookmarks", BookmarksHandler),
    (_TARGET + rf"/bookmarks/(?P<bookmark_id>{_ID})", BookmarkHandler),
    (_TARGET + r"/fork", ForkHandler),
    (_TARGET + rf"/forks/(?P<fork>{ROOM})", ForkProgressHandler),
]

OWN = [
    (r"/api/me/export", OwnExportHandler),
    (r"/api/me/recorded", RecordedHandler),
]


def rest_handlers() -> list[tuple[str, Any]]:
    """The API at its own place, for accounts; on the desk, for its page; and a room's part below that room's prefix."""
    desk = [("/interview" + pattern, handler) for pattern, handler in [*OPEN, *ACCOUNT, *IN_ROOM]]
    rooms = [(rf"/interview/(?P<room>{ROOM})" + pattern, handler) for pattern, handler in [*IN_ROOM, *OWN]]
    return [*OPEN, *ACCOUNT, *IN_ROOM, *desk, *rooms]
