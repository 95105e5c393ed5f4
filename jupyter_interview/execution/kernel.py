"""How does the server talk to one started kernel?

A `KernelLink` stays connected between runs, so that a run costs one message each way. What arrives is untrusted: the
kernel's code knows the key and can send anything; a message that is not what it should be is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import zmq
from zmq.utils.monitor import parse_monitor_message

from ..core.encoding import is_soon_read
from ..core.errors import KernelUnavailable
from ..core.models import JSON
from . import shapes
from .outputs import TOO_LARGE
from .questions import Answer, Questions

_log = logging.getLogger(__name__)

_ASK_AGAIN_SECONDS = 0.1
_QUIET_SECONDS = 0.01
#: A message that took longer than a moment to read and take makes its kernel wait so many times as long for the next.
_MOMENT_SECONDS = 0.002
_GIVES_WAY = 4
#: So many runs that are over are listened to: their tasks, threads and processes may still write.
_LATE_RUNS = 50

OnMessage = Callable[[str, JSON], None]


class Execution:
    """One request on its way.

    ``began`` comes when the kernel takes it up, ``reply`` with the content of its answer, ``idle`` when all its output
    was sent. ``count`` is the kernel's number for it, once it is known. ``closed``: nobody listens to it any more.
    """

    def __init__(self, message_id: str, on_message: OnMessage) -> None:
        loop = asyncio.get_running_loop()
        self.message_id = message_id
        self.on_message = on_message
        self.reply: asyncio.Future[JSON] = loop.create_future()
        self.idle: asyncio.Future[None] = loop.create_future()
        self.began: asyncio.Future[None] = loop.create_future()
        self.count: int | None = None
        self.muted = False
        self.closed = False


@dataclass(frozen=True, slots=True)
class _Channel:
    """One socket to the kernel, what libzmq tells of it, and the tasks that read both."""

    socket: Any
    events: Any
    tasks: tuple[asyncio.Task[None], ...]

    def close(self) -> None:
        """Let go of it."""
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        self.socket.disable_monitor()
        self.events.close(linger=0)
        self.socket.close(linger=0)


class KernelLink:
    """The connection to one process of a kernel. A restarted kernel gets a new one.

    Args:
        kernel: the started `RoomKernelManager`.
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._client: Any = None
        self._channels: dict[str, _Channel] = {}
        self._sending: set[asyncio.Future[Any]] = set()
        self._execution: Execution | None = None
        self._late: OrderedDict[str, Execution] = OrderedDict()
        self._active = asyncio.Event()
        self._heard = asyncio.Event()
        self._info: asyncio.Future[JSON] | None = None
        self._questions = Questions(lambda: self._execution is not None)

    @property
    def information(self) -> JSON:
        """What the kernel said of itself when it had started."""
        return self._info.result() if self._info is not None and self._info.done() else {}

    async def connect(self, seconds: float) -> None:
        """Connect and wait until the kernel answers and its output reaches us.

        Raises:
            KernelUnavailable: it did not within ``seconds``.
        """
        self._client = self._kernel.client(context=self._kernel.context)
        for name in ("iopub", "shell"):
            self._open(name)
        self._active.set()
        try:
            async with asyncio.timeout(seconds):
                await self._until_answered()
        except TimeoutError:
            self.close()
            raise KernelUnavailable(f"The kernel did not answer within {seconds:g} s.") from None
        self._active.clear()

    def execute(self, source: str, on_message: OnMessage) -> Execution:
        """Send code to run. One at a time; what an earlier one still writes is heard too."""
        content = {
            "code": source,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": False,
            "stop_on_error": False,
        }
        message = self._client.session.msg("execute_request", content)
        self._execution = Execution(message["header"]["msg_id"], on_message)
        self._active.set()
        self._send(message)
        return self._execution

    def ask(self, kind: str, content: JSON, member: int) -> Answer | None:
        """Ask something that runs nothing: its answer, ``None`` where none comes. No future: too many wait."""
        if self._client is None or not self._questions.takes(member):
            return None
        message = self._client.session.msg(kind, content)
        answer = self._questions.add(message["header"]["msg_id"], kind, member)
        self._send(message)
        return answer

    def done(self) -> None:
        """The run is over; what its tasks, threads and processes still write is heard as long as it is not closed."""
        if self._execution is not None and self._execution.reply.done():
            self._late[self._execution.message_id] = self._execution
            while len(self._late) > _LATE_RUNS:
                self._late.popitem(last=False)
        self._execution = None
        self._active.clear()
        self._questions.rest()

    def close(self) -> None:
        """Disconnect. Idempotent."""
        while self._channels:
            self._channels.popitem()[1].close()
        self._client = None
        self._questions.forget(self._questions.asked)

    def _open(self, name: str) -> None:
        """Connect a channel.

        Raises:
            KernelUnavailable: its socket is not there.
        """
        if name == "iopub":
            socket, take = self._client.connect_iopub(), self._iopub
        else:
            socket, take = self._client.connect_shell(identity=self._client.session.bsession), self._shell
        events = socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        tasks = (
            asyncio.create_task(self._read(socket, take), name=f"kernel-{name}"),
            asyncio.create_task(self._mend(name, events), name="kernel-mend"),
        )
        self._channels[name] = _Channel(socket, events, tasks)

    async def _until_answered(self) -> None:
        """Ask until both the answer and something on iopub came: a subscription takes a moment to reach the kernel."""
        self._info = asyncio.get_running_loop().create_future()
        while not (self._info.done() and self._heard.is_set()):
            self._send(self._client.session.msg("kernel_info_request", {}))
            await asyncio.wait({self._info}, timeout=_ASK_AGAIN_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(_ASK_AGAIN_SECONDS):
                    await self._heard.wait()

    def _send(self, message: JSON) -> None:
        """Send on shell.

        Not through the client: that sends on a blocking twin of the socket, which can swallow the only notice of a
        message that arrives in the same moment, and our pending ``recv`` would wait for ever.
        """
        channel = self._channels.get("shell")
        if channel is None:
            return  # broken for good: the kernel has ended or made away with its socket
        sent = channel.socket.send_multipart(self._client.session.serialize(message))
        self._sending.add(sent)
        sent.add_done_callback(self._sending.discard)

    async def _read(self, socket: Any, take: Callable[[str, str, JSON], None]) -> None:
        while True:
            parts = await socket.recv_multipart()
            begun = time.perf_counter()
            message = self._decoded(parts)
            if message is not None:
                take(*message)
            await self._pace(time.perf_counter() - begun)

    async def _mend(self, name: str, events: Any) -> None:
        """Connect again, by a new socket, when the connection was lost.

        libzmq gives a connection up for good when a message is larger than it may be, and would show nothing any more.
        Not by ``disconnect`` and ``connect``: where a message has just come, libzmq then aborts the whole process
        (``Assertion failed: !_more``).
        """
        event = parse_monitor_message(await events.recv_multipart())
        if event["event"] != zmq.EVENT_DISCONNECTED:
            return
        if name == "iopub" and self._execution is not None:
            self._execution.on_message(TOO_LARGE, {})
        lost = self._questions.asked if name == "shell" else []
        await asyncio.sleep(_QUIET_SECONDS)  # a kernel that does nothing but hang up must not keep us busy
        self._channels.pop(name).close()
        with suppress(KernelUnavailable, zmq.ZMQError):
            # Refused where the kernel itself is gone: whoever watches its process says so.
            self._open(name)
        self._questions.forget(lost)

    async def _pace(self, took: float) -> None:
        """Give way to everybody else; without a run, or when its output is no longer shown, read slowly.

        What a kernel sends faster than that is dropped by its own socket when the few that may wait are there.

        Args:
            took: seconds that the last message held everybody up.
        """
        if took > _MOMENT_SECONDS:
            await asyncio.sleep(_GIVES_WAY * took)
        if not self._active.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(_QUIET_SECONDS):
                    await self._active.wait()
        elif self._execution is not None and self._execution.muted:
            await asyncio.sleep(_QUIET_SECONDS / 10)
        else:
            await asyncio.sleep(0)

    def _decoded(self, parts: list[bytes]) -> tuple[str, str, JSON] | None:
        """Kind, id of the request it belongs to, content; ``None`` for what is no message of the protocol."""
        if not all(is_soon_read(part) for part in parts):
            return TOO_LARGE, self._execution.message_id if self._execution is not None else "", {}
        try:
            _, parts = self._client.session.feed_identities(parts)
            message = self._client.session.deserialize(parts)
            kind, parent, content = message["msg_type"], message["parent_header"], message["content"]
        except Exception as error:  # whatever a hostile message makes a parser raise
            _log.debug("dropped a malformed kernel message: %s", type(error).__name__)
            return None
        if not (isinstance(kind, str) and isinstance(parent, dict) and isinstance(content, dict)):
            return None
        return kind, str(parent.get("msg_id", "")), content

    def _iopub(self, kind: str, parent: str, content: JSON) -> None:
        self._heard.set()
        execution = self._execution
        if execution is None or parent != execution.message_id:
            self._heard_late(kind, parent, content)
            return
        if kind == "status":
            state = content.get("execution_state")
            if state == "idle" and not execution.idle.done():
                execution.idle.set_result(None)
        elif kind == "execute_input":
            execution.count = shapes.count(content.get("execution_count"))
            if not execution.began.done():
                execution.began.set_result(None)
        else:
            execution.on_message(kind, content)

    def _heard_late(self, kind: str, parent: str, content: JSON) -> None:
        execution = self._late.get(parent)
        if execution is None:
            return
        if execution.closed:
            del self._late[parent]
        elif kind not in ("status", "execute_input"):
            execution.on_message(kind, content)

    def _shell(self, kind: str, parent: str, content: JSON) -> None:
        if kind == TOO_LARGE:
            self._questions.forget(self._questions.asked[:1])  # a kernel answers in the order in which it was asked
            return
        if kind == "kernel_info_reply" and self._info is not None and not self._info.done():
            self._info.set_result(content)
        self._questions.answered(kind, parent, content)
        execution = self._execution
        if kind != "execute_reply" or execution is None or parent != execution.message_id:
            return
        if not execution.reply.done():
            execution.reply.set_result(content)
