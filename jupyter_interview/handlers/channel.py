"""The room channel: how do clients talk to a room while they are in it?

One websocket, JSON text frames, the types of the protocol. A socket below a room's prefix is in that room at once; one
at ``/api/interview/channel`` joins rooms by ``join_room``, several if it likes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from jupyter_server.auth.decorator import allow_unauthenticated
from pydantic import BaseModel, ValidationError

from ..core import clock
from ..core.encoding import has_few_values
from ..core.errors import BadMessage, InterviewError, NotFound, NotJoined, TooLarge, Unauthorized, UnknownType
from ..core.models import Account, Member
from ..core.permissions import Permission
from ..core.quantities import as_count, as_size
from ..managers.channel import Connection, encode
from ..managers.live import LiveRoom
from ..web import ROOM, Gate, InterviewHandler, InterviewSocket

_log = logging.getLogger(__name__)
_ID_CHARS = 100
_IDLE_SECONDS = 60.0
_STRANGER_BYTES = 16_384
"""What a frame may have that joins the first room: nobody knows yet whose it is."""


class Frame(BaseModel):
    """What a client sends. Unknown fields are passed over, so that newer clients can talk to older servers."""

    type: str
    id: str | int | None = None
    room: str | None = None
    content: Any = None
    sender: dict[str, Any] | None = None


@dataclass(slots=True)
class _Seat:
    """This socket in one room."""

    live: LiveRoom
    member: str
    connection: Connection
    token: str | None = None


class ChannelSocket(InterviewSocket, InterviewHandler):
    """A socket that is in the rooms it joined."""

    def initialize(self) -> None:
        """Nothing joined yet."""
        self._seats: dict[str, _Seat] = {}
        self._account: Account | None = None
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def max_message_size(self) -> int:
        """Beyond this tornado itself hangs up; `on_message` refuses, and logs, what is over the limit."""
        known = self._seats or self._account is not None
        return 4 * self.services.limits.channel_message_bytes if known else _STRANGER_BYTES

    async def on_message(self, message: str | bytes) -> None:
        """One frame. The next one is read when this one is done: that is the back-pressure."""
        frame: Frame | None = None
        try:
            self.services.rates.hit("channel", self._key())
            self._check_size(message)
            frame = await self._read(message)
            self._check_sender(frame)
            handler = _TYPES.get(frame.type)
            if handler is None:
                raise UnknownType(f"There is no message of type {frame.type[:50]!r}.")
            await handler(self, frame)
        except InterviewError as error:
            self._error(error, frame.id if frame is not None else None)
            if isinstance(error, BadMessage | TooLarge | Unauthorized):
                self._deny(error, frame)
            if isinstance(error, TooLarge) and frame is None:
                self.refuse(error)
        except Exception:
            _log.exception("A channel frame failed")
            failed = InterviewError("Something went wrong on the server.", code="internal")
            self._error(failed, frame.id if frame is not None else None)

    def on_close(self) -> None:
        """However it closed: the socket is in no room any more."""
        super().on_close()
        if self._deadline is not None:
            self._deadline.cancel()
        for room_id in list(self._seats):
            self._leave(room_id, "closed")

    # -- what `Peer` and `Connection` need

    def send(self, frame: str) -> None:
        """Send one frame."""
        self.transmit(frame)

    # -- joining and leaving

    async def enter(
        self, live: LiveRoom, member: Member, *, wants_code: bool = False, token: str | None = None
    ) -> None:
        """Be in a room, with the token that proved it. To tell all of the room anew is the member's own work.

        Raises:
            Forbidden: the member may not be there any more.
        """
        await live.document.turn(member.key)
        if self.ws_connection is None:
            return
        # It may have been removed, and the room closed, in the meantime.
        member = live.require(member.id, Permission.VIEW, 0, "join_room")
        with live.document.spending(member.key):
            self._enter(live, member, wants_code=wants_code, token=token)

    def _enter(self, live: LiveRoom, member: Member, *, wants_code: bool, token: str | None) -> None:
        if live.room.id in self._seats:
            self._leave(live.room.id, "closed")
        connection = live.presence.enter(member, "channel", self.close, self)
        connection.wants_code = wants_code
        self._seats[live.room.id] = _Seat(live, member.id, connection, token)
        frame = encode("joined", live.joined_json(member), room=live.room.id)
        self.send(frame)
        live.document.sent(member.key, len(frame))
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _leave(self, room_id: str, reason: str) -> None:
        seat = self._seats.pop(room_id, None)
        if seat is not None:
            seat.live.presence.leave(seat.connection, reason)

    def _key(self) -> str:
        seat = next(iter(self._seats.values()), None)
        return seat.member if seat is not None else self.request.remote_ip or ""

    def _seat(self, frame: Frame) -> _Seat:
        """The seat that a frame is about; the only one when it names no room."""
        if frame.room is None and len(self._seats) == 1:
            return next(iter(self._seats.values()))
        seat = self._seats.get(frame.room or "")
        if seat is None:
            raise NotJoined("Join the room first.")
        return seat

    def _member(self, seat: _Seat, permission: Permission, what: str) -> Member:
        return seat.live.require(seat.member, permission, seat.connection.id, what)

    async def _read(self, message: str | bytes) -> Frame:
        """Decode a frame. That is a member's own work, once it is known whose."""
        seat = next(iter(self._seats.values()), None)
        if seat is None:
            return _decode(message)
        await seat.live.document.turn(seat.connection.key)
        with seat.live.document.spending(seat.connection.key):
            return _decode(message)

    def _check_size(self, message: str | bytes) -> None:
        limit = self.services.limits.channel_message_bytes
        if len(message) > limit:
            raise TooLarge(f"A frame can have at most {as_size(limit)}.", limit=limit)

    def _check_sender(self, frame: Frame) -> None:
        """Who speaks is who the socket belongs to.

        Raises:
            BadMessage: the frame names a sender that this socket is not.
        """
        if frame.sender is not None and frame.sender.get("id") not in [seat.member for seat in self._seats.values()]:
            raise BadMessage("You can speak for yourself only.", code="forbidden")

    def _deny(self, error: InterviewError, frame: Frame | None) -> None:
        """What this socket should not have sent stands in the log of the rooms it is in."""
        for seat in self._seats.values():
            kind = frame.type[:50] if frame is not None else "frame"
            seat.live.deny(seat.connection.key, seat.connection.id, kind, code=error.error_code)

    def _error(self, error: InterviewError, frame_id: str | int | None) -> None:
        content = {"code": error.error_code, "message": error.message, "id": frame_id, "details": error.details}
        self.send(encode("error", content))

    def _ack(self, frame: Frame, seat: _Seat, seq: int | None = None, at: int | None = None, **fields: Any) -> None:
        ts = clock.iso(at if at is not None else clock.now())
        content = {"id": frame.id, "seq": seq, "ts": ts, **fields}
        self.send(encode("ack", content, room=seat.live.room.id))

    # -- the types

    async def _join_room(self, frame: Frame) -> None:
        content = frame.content if isinstance(frame.content, dict) else {}
        room_id, token = content.get("room"), content.get("token")
        if not isinstance(room_id, str) or not (token is None or isinstance(token, str)):
            raise BadMessage("join_room has content {room, token}.")
        if not re.fullmatch(ROOM, room_id):
            raise NotFound("There is no such interview.")
        if token is not None:
            member = await self.services.members.resolve(room_id, token)
            live = await self.services.rooms.open(room_id)
        elif room_id in self._seats:
            live = self._seats[room_id].live
            member = self._member(self._seats[room_id], Permission.VIEW, "join_room")
        elif self._account is not None:
            room = await self.services.rooms.owned(self._account, room_id)
            live = await self.services.rooms.open(room.id)
            member, _ = await self.services.members.seat_interviewer(live, self._account)
        else:
            raise Unauthorized("join_room needs the token that joining the interview gave.")
        await self.enter(live, member, wants_code=content.get("code") is True, token=token)

    async def _leave_room(self, frame: Frame) -> None:
        seat = self._seat(frame)
        self._leave(seat.live.room.id, "left")
        self._ack(frame, seat)

    async def _chat_message(self, frame: Frame) -> None:
        seat = self._seat(frame)
        if not isinstance(frame.content, str):
            raise BadMessage("The content of a chat message is text.")
        member = self._member(seat, Permission.CHAT, "chat_message")
        self.services.rates.hit("chat", member.id)
        client_id = None if frame.id is None else str(frame.id)
        event = await seat.live.messages.post(member, seat.connection, frame.content, client_id)
        seat.live.presence.typing(member, seat.connection, on=False)
        self._ack(frame, seat, event.seq, event.at)

    async def _typing(self, frame: Frame) -> None:
        seat = self._seat(frame)
        if not isinstance(frame.content, bool):
            raise BadMessage("The content of typing is true or false.")
        member = self._member(seat, Permission.CHAT, "typing")
        seat.live.presence.typing(member, seat.connection, on=frame.content)

    async def _code_update(self, frame: Frame) -> None:
        seat = self._seat(frame)
        if not isinstance(frame.content, str):
            raise BadMessage("The content of a code update is the whole text.")
        member = self._member(seat, Permission.EDIT, "code_update")
        seat.live.document.set_code(frame.content, member, seat.connection.id)
        seq = seat.live.log.seq
        await seat.live.log.barrier()
        await seat.live.log.capacity()
        self._ack(frame, seat, seq)

    async def _run_code(self, frame: Frame) -> None:
        seat = self._seat(frame)
        content = {} if frame.content is None else frame.content
        cell = content.get("cell") if isinstance(content, dict) else ()
        if not (cell is None or isinstance(cell, str)):
            raise BadMessage("The content of run_code is {cell}.")
        member = self._member(seat, Permission.RUN, "run_code")
        runs = await seat.live.runs.request(member, seat.connection.id, [(cell, None)])
        self._ack(frame, seat, seat.live.log.seq, runs=runs)

    async def _ping(self, frame: Frame) -> None:
        self.send(encode("pong", None, id=frame.id))


class RoomChannel(ChannelSocket, Gate):
    """``<room>/api/channel``: in that room at once."""

    needs: ClassVar = {"GET": Permission.VIEW}

    async def get(self, *args: Any, **kwargs: Any) -> None:
        """The handshake."""
        await super().get(*args, **kwargs)

    async def open(self, *args: Any, **kwargs: Any) -> None:
        """Join."""
        super().open(*args, **kwargs)
        try:
            await self.enter(await self.live(), self.own_member())
        except InterviewError as error:
            self._error(error, None)
            self.refuse(error)


class OpenChannel(ChannelSocket):
    """``/api/interview/channel``: in no room until it joins one."""

    async def prepare(self, *args: Any, **kwargs: Any) -> None:
        """An account's own rooms need no token."""
        self.services.rates.hit("join", self.request.remote_ip or "")
        self._account = await self.services.identity.account(self)
        await super().prepare(*args, **kwargs)

    async def still_known(self) -> bool:
        """Whether the account, and each token of a seat, is still good."""
        if self._account is not None and await self.services.identity.account(self) is None:
            return False
        try:
            for seat in list(self._seats.values()):
                if seat.token is not None:
                    await self.services.members.resolve(seat.live.room.id, seat.token)
        except Unauthorized:
            return False
        return True

    @allow_unauthenticated
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """The handshake."""
        await super().get(*args, **kwargs)

    async def open(self, *args: Any, **kwargs: Any) -> None:
        """Whoever joins nothing is not kept."""
        super().open(*args, **kwargs)
        self._deadline = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self.close, 4408, "joined no room")


_TYPES: dict[str, Callable[[ChannelSocket, Frame], Awaitable[None]]] = {
    "join_room": ChannelSocket._join_room,
    "leave_room": ChannelSocket._leave_room,
    "chat_message": ChannelSocket._chat_message,
    "typing": ChannelSocket._typing,
    "code_update": ChannelSocket._code_update,
    "run_code": ChannelSocket._run_code,
    "ping": ChannelSocket._ping,
}


def _decode(message: str | bytes) -> Frame:
    if isinstance(message, bytes):
        raise BadMessage("Frames are JSON text.")
    if not has_few_values(message):
        raise BadMessage("No frame has so many values.")
    try:
        value = json.loads(message)
        # JSON can spell half a character (a lone surrogate), which neither the database nor another client can take.
        json.dumps(value, ensure_ascii=False).encode()
        frame = Frame.model_validate(value)
    except (ValueError, RecursionError, ValidationError) as error:
        raise BadMessage("The frame is not of the form {type, id, room, content}.") from error
    if isinstance(frame.id, str) and len(frame.id) > _ID_CHARS:
        raise BadMessage(f"An id can have at most {as_count(_ID_CHARS)} characters.")
    return frame


def channel_handlers() -> list[tuple[str, Any]]:
    """The two places of the channel."""
    return [
        (rf"/interview/(?P<room>{ROOM})/api/channel", RoomChannel),
        (r"/api/interview/channel", OpenChannel),
    ]
