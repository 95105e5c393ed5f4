"""Who asks, and may they?

`InterviewHandler` gives every handler of ours the services, JSON in and out, and errors with a code. `Gate` lets nobody
pass but a member of the room in the URL, or an account on the desk. Both tell jupyter-server who the user is by a
pinned identity provider: its own handlers can be used below a gate, and never meet the server's stock users.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from jupyter_server.auth import AllowAllAuthorizer, IdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from pydantic import BaseModel, ValidationError
from tornado import web

from ..core.encoding import json_bytes
from ..core.errors import (
    BadRequest,
    Forbidden,
    InterviewError,
    NotFound,
    RateLimited,
    RoomEnded,
    TooLarge,
    Unauthorized,
)
from ..core.models import Account, Member, MemberState
from ..core.permissions import Permission, Role
from ..core.quantities import as_size
from ..managers.live import LiveRoom
from ..managers.services import SETTING, Services
from .origins import SETTING as ORIGINS
from .origins import Origins
from .unsent import UNSENT, Backlog, owner_of

Model = TypeVar("Model", bound=BaseModel)
ROOM = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
"""A room's id in a URL: a UUID of version 4."""
_NO_COOKIES = "This browser does not keep cookies. Allow them for this page, and load it again."
# What the system takes at once.
_SMALL_BYTES = 16_384
_READ_SECONDS = 5
# Far more than the largest answer takes on a bad line.
_ANSWER_SECONDS = 600.0
# What a browser says it wants when it asks for a part of a page; where there is no TLS that is all it says.
_PARTS = ("image/", "audio/", "video/", "text/css")
_METHODS = frozenset({"get", "head", "post", "put", "patch", "delete"})


class PinnedIdentity(IdentityProvider):
    """The user is who our handler found, whatever the server's own provider would say."""

    def get_user(self, handler: Any) -> User | None:
        """The user that the gate found."""
        user: User | None = handler.interview_user
        return user

    def is_token_authenticated(self, handler: Any) -> bool:
        """Whether the proof came in a header, which no foreign page can make a browser send."""
        by_stock = getattr(handler, "_token_authenticated", False)
        return by_stock or handler.services.identity.bearer(handler) is not None


_IDENTITY = PinnedIdentity(token="")
_IDENTITY.updatable_fields = []
_AUTHORIZER = AllowAllAuthorizer(identity_provider=_IDENTITY)


class InterviewHandler(JupyterHandler):
    """A handler of ours."""

    interview_user: User | None = None

    async def still_known(self) -> bool:
        """Whether who opened a socket would still be let in; see `.socket`."""
        return True

    @property
    def services(self) -> Services:
        """The managers."""
        services: Services = self.settings[SETTING]
        return services

    @property
    def origins(self) -> Origins:
        """Where rooms are served."""
        origins: Origins = self.settings[ORIGINS]
        return origins

    @property
    def identity_provider(self) -> IdentityProvider:
        """The pinned one."""
        return _IDENTITY

    @property
    def token(self) -> str:
        """The server's own, for its identity provider: a program may come with it."""
        token: str = self.settings["identity_provider"].token
        return token

    @property
    def authorizer(self) -> AllowAllAuthorizer:
        """Our gates are the authorizer."""
        return _AUTHORIZER

    def body(self, model: type[Model], most: int = 65_536) -> Model:
        """The request's JSON body, checked.

        Args:
            model: its form.
            most: bytes that it may have.

        Raises:
            TooLarge: it has more.
            BadRequest: it is no JSON or not of this form.
        """
        if len(self.request.body) > most:
            raise TooLarge(f"The body can have at most {as_size(most)}.", limit=most)
        try:
            return model.model_validate_json(self.request.body or b"{}")
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False, include_context=False)[0]
            field = ".".join(str(part) for part in first["loc"])
            raise BadRequest(f"{field or 'The body'}: {first['msg']}", field=field) from error

    def number(self, name: str, default: int, most: int) -> int:
        """A query argument that is a whole number between 0 and ``most``.

        Raises:
            BadRequest: it is not.
        """
        text = self.get_query_argument(name, None)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            raise BadRequest(f"{name} is a number.", field=name)
        return min(int(text), most)

    def require_visit(self) -> None:
        """Let only somebody pass who opens this address in a window: what may change something.

        A browser asks for a picture, a frame or a page ahead of time with the visitor's cookies as well.

        Raises:
            Forbidden: it is such a request.
        """
        headers = self.request.headers
        ahead = headers.get("Sec-Purpose") or headers.get("Purpose")
        part = headers.get("Accept", "").startswith(_PARTS)
        if ahead or part or headers.get("Sec-Fetch-Dest", "document") != "document":
            raise Forbidden("Open this address in a window of its own.")

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        """No address of ours is the script of a service worker, which would outlive its page."""
        if "Service-Worker" in self.request.headers:
            raise Forbidden("There are no service workers here.")
        await super().prepare(*args, **kwargs)

    def check_xsrf_cookie(self) -> None:
        """A program sends neither cookie nor origin: no page can have made a browser do it.

        Raises:
            Forbidden: a browser that sends no cookies; it could not keep what it asks for.
        """
        if "Cookie" in self.request.headers:
            super().check_xsrf_cookie()
        elif "Origin" in self.request.headers:
            try:
                super().check_xsrf_cookie()
            except web.HTTPError as error:
                raise Forbidden(_NO_COOKIES, code="cookies_off") from error

    def answer(self, content: Any, status: int = 200) -> None:
        """Finish with JSON."""
        self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(json_bytes(content))

    async def answer_large(self, content: Any) -> None:
        """Finish with JSON that may have megabytes: it is written and packed in a thread."""
        packs = "gzip" in self.request.headers.get("Accept-Encoding", "")
        write: Callable[[Any], bytes] = _packed if packs else json_bytes
        body = await asyncio.get_running_loop().run_in_executor(None, write, content)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.set_header("Vary", "Accept-Encoding")
        if packs:
            self.set_header("Content-Encoding", "gzip")
        self.finish(body)

    def finish(self, chunk: Any = None, **kwargs: Any) -> asyncio.Future[None]:
        """As tornado's, but what waits for those who do not read it is bounded.

        Raises:
            RateLimited: whoever asks has too much to read already.
        """
        if isinstance(chunk, str):
            chunk = chunk.encode()
        size = len(chunk) if isinstance(chunk, bytes) else 0
        if size < _SMALL_BYTES:
            return super().finish(chunk, **kwargs)
        most = self.services.limits.member_unsent_bytes
        backlog = Backlog(UNSENT, owner_of(self), most, most)
        if not backlog.takes(size):
            raise RateLimited("Read first what was answered before.", retry_after=_READ_SECONDS)
        stream = getattr(self.request.connection, "stream", None)
        finished: asyncio.Future[None] = super().finish(chunk, **kwargs)
        backlog.wait_for(size, finished)
        if stream is not None and not finished.done():
            cut = asyncio.get_running_loop().call_later(_ANSWER_SECONDS, stream.close)
            finished.add_done_callback(lambda _: cut.cancel())
        return finished

    def set_default_headers(self) -> None:
        """No answer of ours is taken for what it is not."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")

    # -- errors

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """An `InterviewError` has a status of its own."""
        error = _raised(kwargs)
        if isinstance(error, InterviewError):
            status_code = error.status
        super().send_error(status_code, **kwargs)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """The protocol's error as JSON; never a traceback."""
        error = _raised(kwargs)
        if not isinstance(error, InterviewError):
            error = _plain_error(status_code, error)
        if "retry_after" in error.details:
            self.set_header("Retry-After", str(max(1, round(error.details["retry_after"]))))
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps({"error": error.to_json()}))

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """A refusal is no failure of the server."""
        if not isinstance(value, InterviewError):
            super().log_exception(typ, value, tb)


class Gate(InterviewHandler):
    """Lets through who may.

    A URL with a ``room`` in it is for the seated members of that room with the permission that the method needs; one
    without is the desk's, for accounts. The interviewer of an ended room needs no seat to review it.

    Attributes:
        needs: permission for each method; ``None`` refuses everybody, a missing method is refused as unknown.
        after_end: permission for an ended room; ``None`` where nothing of it can be reached any more.
    """

    needs: ClassVar[Mapping[str, Permission | None]] = {"GET": Permission.VIEW}
    after_end: ClassVar[Permission | None] = None
    limit: ClassVar[str] = "rest"

    member: Member | None = None
    account: Account | None = None
    room_id: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Mark every method as one for known users: jupyter-server looks for the mark, and checks once more."""
        super().__init_subclass__(**kwargs)
        for name in _METHODS & cls.__dict__.keys():
            setattr(cls, name, web.authenticated(cls.__dict__[name]))

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        """Find out who asks, before anything else happens."""
        self.interview_user = self._jupyter_current_user = self.current_user = None
        self.room_id = self.path_kwargs.pop("room", None)
        if self.room_id is None:
            user = await self._pass_account()
        else:
            user = await self._pass_member(self.room_id)
        self.interview_user = user
        self.services.rates.hit(self.limit, user.username)
        await super().prepare(*args, **kwargs)

    async def still_known(self) -> bool:
        """Whether a member with an account would still be let in; others have no password that could change."""
        if self.room_id is None or self.member is None or self.member.account is None:
            return True
        return await self.services.identity.member(self, self.room_id) is not None

    async def live(self) -> LiveRoom:
        """The open room of the URL.

        Raises:
            RoomEnded: the interview is over.
        """
        if self.room_id is None:
            raise NotFound("There is no room here.")
        return await self.services.rooms.open(self.room_id)

    def own_member(self) -> Member:
        """The member who asks.

        Raises:
            Forbidden: it is an account without a seat.
        """
        if self.member is None:
            raise Forbidden("Enter the interview first.")
        return self.member

    async def _pass_account(self) -> User:
        if self.needs.get(self._method) is None:
            raise Forbidden("This is not to be had here.")
        self.account = await self.services.identity.account(self)
        if self.account is None:
            raise Unauthorized("Log in first.")
        return User(username=self.account.id, name=self.account.name)

    async def _pass_member(self, room_id: str) -> User:
        self.member = await self.services.identity.member(self, room_id)
        if self.member is None and self.after_end is not None:
            self.member = await self._reviewer(room_id)
        if self.member is None:
            raise Unauthorized("You are not in this interview.")
        permission = self.needs.get(self._method)
        if permission is None or not self.member.can(permission):
            self._denied(self.member, permission)
            raise Forbidden("You may not do this here.", permission=permission.value if permission else None)
        await self._check_end(room_id, self.member)
        return User(username=self.member.id, name=self.member.name)

    async def _check_end(self, room_id: str, member: Member) -> None:
        if self.services.rooms.opened(room_id) is not None:
            return
        if self.after_end is None or not (await self.services.rooms.get(room_id)).ended:
            await self.services.rooms.open(room_id)
        elif not member.can(self.after_end):
            raise RoomEnded("The interview has ended.")

    async def _reviewer(self, room_id: str) -> Member | None:
        """The interviewer of an ended room, who needs no seat."""
        account = await self.services.identity.account(self, room_id)
        if account is None:
            return None
        room = await self.services.rooms.owned(account, room_id)
        if not room.ended:
            return None
        self.account = account
        return Member(
            key=0,
            id=f"account-{account.id}",
            room=room.key,
            role=Role.INTERVIEWER,
            name=account.name,
            state=MemberState.SEATED,
            joined_at=room.created_at,
        )

    def _denied(self, member: Member, permission: Permission | None) -> None:
        live = self.services.rooms.opened(self.room_id or "")
        if live is not None:
            what = f"{self._method} {self.request.path.split(self.room_id or '/', 1)[-1]}"[:200]
            live.deny(member.key, 0, what, permission=permission.value if permission else None)

    @property
    def _method(self) -> str:
        method = self.request.method or ""
        return "GET" if method == "HEAD" else method


def _packed(content: Any) -> bytes:
    return gzip.compress(json_bytes(content), 1, mtime=0)


def _raised(kwargs: Mapping[str, Any]) -> BaseException | None:
    info = kwargs.get("exc_info")
    error: BaseException | None = info[1] if info else None
    return error


def _plain_error(status: int, error: BaseException | None) -> InterviewError:
    """A refusal of tornado or jupyter-server in the protocol's form."""
    code = {400: "bad_request", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
    if status < 500 and isinstance(error, web.HTTPError):
        return InterviewError(
            error.log_message or error.reason or "The request was refused.", code=code.get(status, "error")
        )
    if status < 500:
        return InterviewError("The request was refused.", code=code.get(status, "error"))
    return InterviewError("Something went wrong on the server. It was logged.", code="internal")
