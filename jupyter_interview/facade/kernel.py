"""What does a page see of the room's kernel?

Its state, completion and inspection. It runs nothing: runs are asked for by ``POST <room>/api/runs``, which names
cells, and `execute_request` on the websocket is refused, so that the log of runs is complete.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar

from jupyter_client.jsonutil import json_default
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from pydantic import BaseModel, Field

from ..core.errors import InterviewError, KernelUnavailable, NotFound
from ..core.models import JSON
from ..core.permissions import Permission
from ..managers.channel import Connection
from ..web import Gate, InterviewSocket
from .page import NOTEBOOK

_LOOK = frozenset({"kernel_info_request", "comm_info_request"})
_HELP = frozenset({"complete_request", "inspect_request", "is_complete_request", "history_request"})
_CHANNELS = frozenset({"shell", "control"})
# The channel, header, parent, metadata, content and the end; more are buffers.
_LEAST_PARTS, _PARTS, _OFFSET_BYTES = 6, 64, 8


class CellToRun(BaseModel, extra="forbid"):
    """A cell, and the SHA-256 of the source that the page showed."""

    cell: str = Field(max_length=200)
    source_hash: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class CellsToRun(BaseModel, extra="forbid"):
    """Body of a run."""

    cells: list[CellToRun] = Field(min_length=1, max_length=500)


class SessionRequest(BaseModel):
    """Body of a request for a session: its path is the only thing that is listened to."""

    path: str = Field(default=NOTEBOOK, max_length=200)


class Runs(Gate):
    """``POST <room>/api/runs``."""

    needs: ClassVar = {"POST": Permission.RUN}

    async def post(self) -> None:
        """Queue cells, in order."""
        body = self.body(CellsToRun, most=262_144)
        live = await self.live()
        cells = [(item.cell, item.source_hash) for item in body.cells]
        self.answer({"runs": await live.runs.request(self.own_member(), 0, cells)}, 202)


class OfKernel(Gate):
    """Something of the room's kernel, which is the only one there is."""

    async def model(self) -> JSON | None:
        """The kernel as jupyter-server describes one; ``None`` while there is none, or after the interview."""
        live = self.services.rooms.opened(self.room_id or "")
        if live is None:
            return None
        kernel_id = live.runs.kernel_json()["id"]
        if kernel_id is None or kernel_id not in self.services.kernels:
            return None
        model: JSON = json.loads(json.dumps(self.services.kernels.kernel_model(kernel_id), default=json_default))
        return model

    async def check_kernel(self, kernel_id: str) -> None:
        """Only the room's own.

        Raises:
            NotFound: it is another one.
        """
        model = await self.model()
        if model is None or model["id"] != kernel_id:
            raise NotFound("There is no such kernel here.")

    async def session(self, path: str = NOTEBOOK) -> JSON | None:
        """The notebook's session, under the path that the page knows it by; ``None`` while it has no kernel."""
        kernel = await self.model()
        if kernel is None:
            return None
        name = path.rsplit("/", 1)[-1]
        return {
            "id": self.room_id,
            "path": path,
            "name": name,
            "type": "notebook",
            "kernel": kernel,
            "notebook": {"path": path, "name": name},
        }


class Kernels(OfKernel):
    """``GET <room>/api/kernels``."""

    after_end: ClassVar[Permission | None] = Permission.REVIEW

    async def get(self) -> None:
        """The room's kernel, in a list."""
        model = await self.model()
        self.answer([model] if model is not None else [])


class Kernel(OfKernel):
    """``GET <room>/api/kernels/<kernel>``."""

    async def get(self, kernel_id: str) -> None:
        """The room's kernel."""
        await self.check_kernel(kernel_id)
        self.answer(await self.model())


class KernelAction(OfKernel):
    """``POST <room>/api/kernels/<kernel>/interrupt`` and ``…/restart``."""

    needs: ClassVar = {"POST": Permission.RUN}

    async def post(self, kernel_id: str, action: str) -> None:
        """Interrupt or restart."""
        await self.check_kernel(kernel_id)
        live = await self.live()
        if action == "interrupt":
            await live.runs.interrupt(self.own_member())
            self.set_status(204)
            self.finish()
        else:
            await live.runs.restart(self.own_member())
            self.answer(await self.model())


class Sessions(OfKernel):
    """``<room>/api/sessions``."""

    needs: ClassVar = {"GET": Permission.VIEW, "POST": Permission.VIEW}
    after_end: ClassVar[Permission | None] = Permission.REVIEW

    async def get(self) -> None:
        """The one session, once it has a kernel."""
        session = await self.session()
        self.answer([session] if session is not None else [])

    async def post(self) -> None:
        """The one session, whatever was asked for."""
        session = await self.session(self.body(SessionRequest).path)
        if session is None:
            raise KernelUnavailable("The kernel is not there yet.")
        self.answer(session, 201)


class Session(OfKernel):
    """``<room>/api/sessions/<session>``."""

    needs: ClassVar = {"GET": Permission.VIEW, "PATCH": Permission.VIEW}

    async def get(self, session_id: str) -> None:
        """The one session."""
        session = await self.session()
        if session is None or session_id != self.room_id:
            raise NotFound("There is no such session here.")
        self.answer(session)

    async def patch(self, session_id: str) -> None:
        """Nothing can be changed: the session as it is."""
        await self.get(session_id)


class KernelSpecs(Gate):
    """``GET <room>/api/kernelspecs``."""

    after_end: ClassVar[Permission | None] = Permission.REVIEW

    async def get(self) -> None:
        """The room's language only; on the desk none, so that the launcher offers no notebooks."""
        if self.room_id is None:
            self.answer({"default": "", "kernelspecs": {}})
            return
        name = (await self.services.rooms.get(self.room_id)).language
        spec = self.services.kernels.kernel_spec_manager.get_kernel_spec(name)
        shown = {"argv": [], "display_name": spec.display_name, "language": spec.language, "metadata": {}, "env": {}}
        entry = {"name": name, "spec": {**shown, "interrupt_mode": spec.interrupt_mode}, "resources": {}}
        self.answer({"default": name, "kernelspecs": {name: entry}})


class _Connection(ZMQChannelsWebsocketConnection):
    """Stock, with a look at what goes to the kernel."""

    websocket_handler: KernelSocket

    def handle_incoming_message(self, incoming_msg: Any) -> None:
        """Let pass what runs nothing."""
        try:
            kind, channel = self._kind(incoming_msg)
        except Exception:
            kind, channel = "malformed", ""
        if channel in _CHANNELS and kind in self.websocket_handler.allowed():
            super().handle_incoming_message(incoming_msg)
        else:
            self.websocket_handler.refused(kind, channel)

    def on_kernel_restarted(self) -> None:
        """Stock pages would show a dialog; ours hear of it by the room's channel."""

    def _kind(self, message: Any) -> tuple[str, str]:
        if self.subprotocol == "v1.kernel.websocket.jupyter.org":
            _check_offsets(message)
            channel, parts = deserialize_msg_from_ws_v1(message)  # type: ignore[no-untyped-call]
            header = self.session.unpack(parts[0])
        else:
            if isinstance(message, bytes):
                return "binary", ""
            decoded = json.loads(message)
            channel, header = decoded.get("channel"), decoded["header"]
        return str(header["msg_type"])[:50], str(channel)[:20]


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


class KernelSocket(InterviewSocket, KernelWebsocketHandler, OfKernel):
    """``<room>/api/kernels/<kernel>/channels``."""

    needs: ClassVar = {"GET": Permission.VIEW}

    kernel_websocket_connection_class = _Connection
    _registered: Connection | None = None

    @property
    def max_message_size(self) -> int:
        """Beyond this tornado itself hangs up; `on_message` refuses, and logs, what is over the limit."""
        return 4 * int(self.services.limits.kernel_message_bytes)

    @property
    def kernel_manager(self) -> Any:
        """That of the rooms."""
        return self.services.kernels

    def set_default_headers(self) -> None:
        """A handshake has no content."""

    async def get(self, kernel_id: str) -> None:
        """The handshake."""
        await self.check_kernel(kernel_id)
        await super().get(kernel_id=kernel_id)

    async def open(self, kernel_id: str) -> None:
        """Register, then connect."""
        live = await self.live()
        try:
            self._registered = live.presence.enter(self.own_member(), "kernel", self.close)
        except InterviewError as error:
            self.refuse(error)
            return
        await super().open(kernel_id)

    def on_message(self, ws_message: Any) -> None:
        """One message for the kernel."""
        try:
            self.services.rates.hit("channel", self.own_member().id)
        except InterviewError as error:
            self.refuse(error)
            return
        if len(ws_message) > self.services.limits.kernel_message_bytes:
            self.refused("too_large", "")
            self.close(1009, "message too big")
        elif self.connection is not None:
            super().on_message(ws_message)  # type: ignore[no-untyped-call]

    def on_close(self) -> None:
        """However it closed."""
        if getattr(self, "connection", None) is not None:
            super().on_close()  # type: ignore[no-untyped-call]
        live = self.services.rooms.opened(self.room_id or "")
        if self._registered is not None and live is not None:
            live.presence.leave(self._registered)
            self._registered = None

    def allowed(self) -> frozenset[str]:
        """Message types that this member may send now."""
        live = self.services.rooms.opened(self.room_id or "")
        member = live.members.get(self.own_member().id) if live is not None else None
        if member is None:
            return frozenset()
        return _LOOK | _HELP if member.can(Permission.EDIT) else _LOOK

    def refused(self, kind: str, channel: str) -> None:
        """Log what was not let through."""
        live = self.services.rooms.opened(self.room_id or "")
        connection = self._registered.id if self._registered is not None else 0
        if live is not None:
            live.deny(self.own_member().key, connection, "kernel_message", type=kind, channel=channel)
