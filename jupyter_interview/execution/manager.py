"""Who holds the kernels of all rooms?

One `InterviewKernelManager` beside the server's own: other kernelspecs, other rules. Stock handlers use it as their
``kernel_manager``; the rooms' executors start and stop kernels through it.
"""

from __future__ import annotations

import os
import stat
import uuid
from datetime import UTC, datetime
from typing import Any, cast

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.ioloop.restarter import AsyncIOLoopKernelRestarter
from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from traitlets import Type, observe

from ..core.errors import KernelUnavailable
from ..core.limits import Limits
from .ports import Ending, Engine, Supervisor

#: What a stock websocket may send to a kernel: nothing that runs code.
ALLOWED_MESSAGES = (
    "kernel_info_request",
    "comm_info_request",
    "complete_request",
    "inspect_request",
    "is_complete_request",
    "history_request",
)

#: A kernel may send what it likes: so many messages that wait are all that is held of it, on each of two sockets.
WAITING_MESSAGES = 8
_BESIDE_BYTES = 1_048_576

#: All sockets of all kernels: about seven for each. libzmq's own default, 1023, is met by 146 kernels.
_SOCKETS = 65_535


def message_bytes(limits: Limits) -> int:
    """The largest message of a kernel that is taken: the outputs of a run, escaped, and what a message has beside them.

    What is larger is no output that anybody would be shown; its kernel is hung up on.
    """
    return 2 * limits.output_bytes + _BESIDE_BYTES


def check_socket(path: str) -> None:
    """Refuse to connect to anything but a socket: a kernel can put a link to another's socket in its place.

    Raises:
        KernelUnavailable: ``path`` is something else, or nothing.
    """
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        mode = 0
    if not stat.S_ISSOCK(mode):
        raise KernelUnavailable("The kernel's sockets are not there.")


class _GuardedSockets:
    """For what connects to a kernel: looks at the socket first."""

    transport: str
    ip: str

    def _create_connected_socket(self, channel: str, identity: bytes | None = None) -> Any:
        if self.transport == "ipc":
            check_socket(f"{self.ip}-{getattr(self, f'{channel}_port')}")
        return super()._create_connected_socket(channel, identity=identity)  # type: ignore[misc]


class RoomKernelClient(_GuardedSockets, AsyncKernelClient):
    """The executor's connection to a kernel."""


class _Herald(AsyncIOLoopKernelRestarter):
    """Tells open websockets of restarts and deaths. Restarts nothing itself: the executor knows of an end at once."""

    def start(self) -> None:
        """There is nothing to poll."""

    def stop(self) -> None:
        """There is nothing to stop."""

    def announce(self, event: str) -> None:
        """Call those who asked to be told: ``restart`` (it will be restarted) or ``dead``."""
        self._fire_callbacks(event)


class RoomKernelManager(_GuardedSockets, ServerKernelManager):
    """One kernel. Its provisioner was set by `InterviewKernelManager`, whatever its kernelspec says."""

    client_factory = Type(default_value=RoomKernelClient, klass=AsyncKernelClient)
    restarter_class = Type(default_value=_Herald, klass=AsyncIOLoopKernelRestarter)

    @observe("kernel_name")
    def _kernel_name_changed(self, change: dict[str, str]) -> None:
        """Upstream takes the name ``python`` for the server's own Python kernel; here it is one of ours."""
        self._kernel_spec = None

    async def start_kernel(self, *arguments: Any, **keywords: Any) -> Any:  # type: ignore[override]  # async upstream too
        """Start it; leaves nothing behind when that fails."""
        try:
            return await super().start_kernel(*arguments, **keywords)
        except Exception:
            await self.cleanup_resources(restart=False)
            raise

    def announce(self, event: str) -> None:
        """Tell open websockets of a ``restart`` or that it is ``dead``."""
        if isinstance(self._restarter, _Herald):
            self._restarter.announce(event)


class InterviewKernelManager(AsyncMappingKernelManager):
    """The kernels of all rooms.

    Args:
        engine: what runs them; forced on every kernel.
        kernels_dir: directory of our kernelspecs, one folder per language.
        connection_dir: private directory for connection files.
        **keywords: traits; ``parent`` is the server.
    """

    def __init__(self, *, engine: Engine, kernels_dir: str, connection_dir: str, **keywords: Any) -> None:
        self.engine = engine
        self._supervisors: dict[str, Supervisor] = {}
        self._starting: dict[str, Ending] = {}
        self.specs = KernelSpecManager(kernel_dirs=[kernels_dir], ensure_native_kernel=False, allowed_kernelspecs=set())
        super().__init__(  # type: ignore[no-untyped-call]
            kernel_spec_manager=self.specs,
            kernel_manager_class=f"{__name__}.RoomKernelManager",
            default_kernel_name="python",
            connection_dir=connection_dir,
            external_connection_dir=None,
            shared_context=True,
            use_pending_kernels=False,
            buffer_offline_messages=False,
            cull_idle_timeout=0,
            allowed_message_types=list(ALLOWED_MESSAGES),
            transport_encryption="disabled",
            **keywords,
        )
        self.context.set(zmq.MAX_SOCKETS, _SOCKETS)
        self.context.setsockopt(zmq.MAXMSGSIZE, message_bytes(engine.limits))
        self.context.setsockopt(zmq.RCVHWM, WAITING_MESSAGES)

    def problem(self, language: str) -> str | None:
        """Why no kernel of this language can be started on this machine, with what mends it; ``None`` when one can."""
        if self.engine.problem:
            return self.engine.problem
        try:
            spec = self.specs.get_kernel_spec(language)
        except NoSuchKernel:
            known = ", ".join(sorted(self.specs.find_kernel_specs())) or "none"
            return f"This server has no kernel for the language {language!r}; it has {known}."
        return self.engine.language_problem(spec)

    def pre_start_kernel(self, kernel_name: str | None, kwargs: Any) -> tuple[Any, str, str]:
        """A kernel manager whose provisioner is our engine's, before upstream could ask the kernelspec for one."""
        km, name, kernel_id = super().pre_start_kernel(kernel_name, kwargs)
        km.kernel_id = kernel_id
        km.provisioner = self.engine.provisioner(kernel_id=kernel_id, kernel_spec=km.kernel_spec, parent=km)
        self._starting[kernel_id] = cast(Ending, km.provisioner)
        return km, name, kernel_id

    async def start_kernel(self, **keywords: Any) -> str:  # type: ignore[override]  # upstream's is untyped
        """Start one. A failed start is forgotten, or upstream's ``shutdown_all`` would stumble over it."""
        kernel_id = keywords.setdefault("kernel_id", str(uuid.uuid4()))
        try:
            return await super().start_kernel(**keywords)
        except BaseException:
            self._pending_kernels.pop(kernel_id, None)
            raise
        finally:
            self._starting.pop(kernel_id, None)

    def abandon(self, kernel_id: str) -> None:
        """Nobody wants a kernel any more that is just starting: its start fails at once. Others are ignored."""
        ending = self._starting.get(kernel_id)
        if ending is not None:
            ending.end()

    def supervise(self, kernel_id: str, supervisor: Supervisor | None) -> None:
        """From now on ``supervisor`` is asked to interrupt and restart this kernel; ``None`` ends that."""
        if supervisor is None:
            self._supervisors.pop(kernel_id, None)
        else:
            self._supervisors[kernel_id] = supervisor

    async def interrupt_kernel(self, kernel_id: str) -> None:  # type: ignore[override]  # stock handlers await it
        """Interrupt through the room's executor, so that what waits in its queue is skipped too."""
        await self._supervisor(kernel_id).interrupt()

    async def restart_kernel(self, kernel_id: str, now: bool = False) -> None:  # type: ignore[override]  # as above
        """Restart through the room's executor, so that it is no death to it."""
        await self._supervisor(kernel_id).restart()

    def list_kernels(self) -> list[Any]:
        """Models of the rooms' kernels. One that waits for a room belongs to nobody and is not shown."""
        models = super().list_kernels()  # type: ignore[no-untyped-call]
        return [model for model in models if model["id"] in self._supervisors]

    def _supervisor(self, kernel_id: str) -> Supervisor:
        supervisor = self._supervisors.get(kernel_id)
        if supervisor is None:
            raise KernelUnavailable("No room has this kernel.")
        return supervisor

    def note_state(self, kernel_id: str, state: str) -> None:
        """Record a kernel's state for the REST model. Unknown kernels are ignored."""
        if kernel_id in self:
            kernel = cast(RoomKernelManager, self.get_kernel(kernel_id))
            kernel.execution_state = state
            self.last_kernel_activity = kernel.last_activity = datetime.now(UTC)

    def start_watching_activity(self, kernel_id: str) -> None:
        """Upstream reads all messages to learn the state, and trips over forged ones; the executor tells it here."""
        kernel = cast(RoomKernelManager, self.get_kernel(kernel_id))
        kernel.reason = ""
        kernel.last_activity = datetime.now(UTC)

    def stop_watching_activity(self, kernel_id: str) -> None:
        """Nothing is watched."""
