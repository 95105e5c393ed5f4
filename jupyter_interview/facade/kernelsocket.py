"""What do a page and the room's kernel say to each other? Questions that run nothing, and answers to them.

The address and the messages are jupyter-server's, so that JupyterLab's front end works as it is. But the socket is no
connection to the kernel: a kernel does what the candidate's code makes it do, and a page would show all that it says. A
question is read, judged, and asked by the server (`managers.runs`), which has one connection for all pages; the answer
is built anew. What the server knows itself it answers itself. Runs are asked for by ``POST <room>/api/runs``.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from pydantic import BaseModel, Field

from ..core.encoding import has_few_values
from ..core.errors import InterviewError
from ..core.models import JSON
from ..core.permissions import Permission
from ..managers.channel import Connection
from ..managers.live import LiveRoom
from ..managers.runs import Runs
from ..web import InterviewSocket
from .kernel import OfKernel

_V1 = "v1.kernel.websocket.jupyter.org"
_LOOK = frozenset({"kernel_info_request", "comm_info_request"})
_HELP = frozenset({"complete_request", "inspect_request", "is_complete_request", "history_request"})
_CHANNELS = frozenset({"shell", "control"})
#: What no kernel is asked for: a room has no widgets, and its log is its history.
_KNOWN: dict[str, JSON] = {
    "comm_info_request": {"status": "ok", "comms": {}},
    "is_complete_request": {"status": "unknown"},
    "history_request": {"status": "ok", "history": []},
}
_ABORTED: JSON = {"status": "aborted"}
#: So many questions of one page wait for the kernel.
_QUESTIONS = 4
# The channel, header, parent, metadata, content and the end; more are buffers.
_LEAST_PARTS, _PARTS, _OFFSET_BYTES = 6, 64, 8


class _Header(BaseModel):
    """As much of a message's header as a question needs."""

    msg_id: str = Field(max_length=200)
    msg_type: str = Field(max_length=50)
    session: str = Field(default="", max_length=200)
    username: str = Field(default="", max_length=200)
    date: str = Field(default="", max_length=100)
    version: str = Field(default="5.3", pattern=r"^[0-9]{1,3}\.[0-9]{1,3}$")


class _Question(BaseModel):
    """A message of a page's."""

    channel: str = Field(max_length=20)
    header: _Header
    content: dict[str, Any]


class _Completion(BaseModel):
    """What is asked for when a page completes; the rest of it is nobody's business."""

    code: str
    cursor_pos: int = Field(ge=0, lt=2**31)


class _Inspection(_Completion):
    """What is asked for when a page shows help."""

    detail_level: Literal[0, 1] = 0


_ASKED: dict[str, type[_Completion]] = {"complete_request": _Completion, "inspect_request": _Inspection}


def _pack(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _read(message: Any, subprotocol: str | None) -> _Question:
    """A message, decoded.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deeply.
    """
    if subprotocol != _V1:
        if isinstance(message, bytes):
            raise ValueError("a message with buffers")
        if not has_few_values(message):
            raise ValueError("more values than such a message has")
        question = _Question.model_validate(json.loads(message))
    else:
        _check_offsets(message)
        channel, parts = deserialize_msg_from_ws_v1(message)  # type: ignore[no-untyped-call]
        if not all(has_few_values(part) for part in (parts[0], parts[3])):
            raise ValueError("more values than such a message has")
        header, content = json.loads(parts[0]), json.loads(parts[3])
        question = _Question.model_validate({"channel": channel, "header": header, "content": content})
    # It goes on to the kernel and comes back as the parent of the answer: what cannot be written is refused here.
    _pack(question.model_dump())
    return question


def _check_offsets(message: Any) -> None:
    """Upstream makes a list as long as the message says, up to 2**64: more parts than fit into it are none.

    Raises:
        ValueError: the message is not bytes, or says that it has more parts than it can have.
    """
    if not isinstance(message, bytes) or len(message) < _OFFSET_BYTES:
        raise ValueError("no message of the v1 protocol")
    parts = int.from_bytes(message[:_OFFSET_BYTES], "little")
    if not _LEAST_PARTS <= parts <= _PARTS or (parts + 1) * _OFFSET_BYTES > len(message):
        raise ValueError("a message with an impossible number of parts")


class KernelSocket(InterviewSocket, OfKernel):
    """``<room>/api/kernels/<kernel>/channels``."""

    needs: ClassVar = {"GET": Permission.VIEW}

    _registered: Connection | None = None
    _kernel = ""
    _protocol: str | None = None

    def initialize(self) -> None:
        """Nothing was asked yet."""
        self._session = uuid.uuid4().hex
        self._questions: set[asyncio.Task[None]] = set()

    @property
    def max_message_size(self) -> int:
        """Beyond this tornado itself hangs up; `on_message` refuses, and logs, what is over the limit."""
        return 4 * int(self.services.limits.kernel_message_bytes)

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """The newer of the two where the page speaks it."""
        return _V1 if _V1 in subprotocols else None

    async def get(self, kernel_id: str) -> None:
        """The handshake."""
        await self.check_kernel(kernel_id)
        await super().get(kernel_id)

    async def open(self, kernel_id: str) -> None:
        """Register, and say that questions are taken."""
        super().open(kernel_id)
        self._protocol = self.selected_subprotocol
        live = await self.live()
        if self.ws_connection is None:
            return
        try:
            self._registered = live.presence.enter(self.own_member(), "kernel", self.close)
        except InterviewError as error:
            self.refuse(error)
            return
        self._kernel = kernel_id
        self.services.kernels.add_restart_callback(kernel_id, self._dead, "dead")
        self._say("iopub", "status", {"execution_state": "idle"}, {})

    def on_message(self, message: str | bytes) -> None:
        """One question."""
        try:
            self.services.rates.hit("channel", self.own_member().id)
        except InterviewError as error:
            self.refuse(error)
            return
        if len(message) > self.services.limits.kernel_message_bytes:
            self._refuse("too_large", "")
            self.close(1009, "message too big")
        else:
            self._take(message)

    def on_close(self) -> None:
        """However it closed."""
        super().on_close()
        for task in self._questions:
            task.cancel()
        if self._kernel in self.services.kernels:
            self.services.kernels.remove_restart_callback(self._kernel, self._dead, "dead")
        live = self._opened
        if self._registered is not None and live is not None:
            live.presence.leave(self._registered)
            self._registered = None

    @property
    def _opened(self) -> LiveRoom | None:
        return self.services.rooms.opened(self.room_id or "")

    def _allowed(self, live: LiveRoom) -> frozenset[str]:
        """Message types that this member may send now."""
        member = live.members.get(self.own_member().id)
        if member is None:
            return frozenset()
        return _LOOK | _HELP if member.can(Permission.EDIT) else _LOOK

    def _refuse(self, kind: str, channel: str) -> None:
        """Log what was not let through."""
        live = self._opened
        connection = self._registered.id if self._registered is not None else 0
        if live is not None:
            live.deny(self.own_member().key, connection, "kernel_message", type=kind, channel=channel)

    def _take(self, message: str | bytes) -> None:
        try:
            question = _read(message, self._protocol)
        except (ValueError, RecursionError):
            self._refuse("malformed", "")
            return
        kind = question.header.msg_type
        live = self._opened
        if live is None or question.channel not in _CHANNELS or kind not in self._allowed(live):
            self._refuse(kind, question.channel)
        elif kind == "kernel_info_request":
            self._answer(question, live.runs.information or _ABORTED)
        elif kind in _KNOWN:
            self._answer(question, _KNOWN[kind])
        elif len(self._questions) >= _QUESTIONS:
            self._answer(question, _ABORTED)
        else:
            self._pass_on(live.runs, question)

    def _pass_on(self, runs: Runs, question: _Question) -> None:
        kind = question.header.msg_type
        try:
            content = _ASKED[kind].model_validate(question.content, strict=True).model_dump()
        except ValueError:
            self._refuse("malformed", question.channel)
            self._answer(question, _ABORTED)
            return
        task = asyncio.create_task(self._put(runs, question, content), name="kernel-question")
        self._questions.add(task)
        task.add_done_callback(self._questions.discard)

    async def _put(self, runs: Runs, question: _Question, content: JSON) -> None:
        answer = await runs.ask(self.own_member(), question.header.msg_type, content)
        self._answer(question, answer or _ABORTED)

    def _answer(self, question: _Question, content: JSON) -> None:
        """The answer, and that no more comes of it: a page waits for both."""
        parent = question.header.model_dump()
        kind = question.header.msg_type.removesuffix("_request") + "_reply"
        self._say(question.channel, kind, content, parent)
        self._say("iopub", "status", {"execution_state": "idle"}, parent)

    def _say(self, channel: str, kind: str, content: JSON, parent: JSON) -> None:
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "date": datetime.now(UTC).isoformat(),
            "version": "5.3",
        }
        message = {"channel": channel, "header": header, "parent_header": parent, "metadata": {}, "content": content}
        if self._protocol == _V1:
            self.transmit(serialize_msg_to_ws_v1({**message, "buffers": []}, channel, _pack))  # type: ignore[no-untyped-call]
        else:
            self.transmit(_pack({**message, "buffers": []}).decode())

    def _dead(self) -> None:
        """The kernel is gone for good; the room's channel says what comes instead."""
        self._say("iopub", "status", {"execution_state": "dead"}, {})
