"""What do the managers need from the floors above them?

Each Protocol is the narrow door behind which a foreign system stands. `app.py` plugs in the real one; a test that needs
bad weather plugs in its own. All methods run on the event loop; none blocks it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .models import JSON, Event, ExecutionRequest, ExecutionResult, KernelState, Member
from .moment import Moment, Operation

DISPLAY_PLACES = 20
"""How many outputs that show one display id follow its updates: the newest."""


class CellOutputs(Protocol):
    """Where the outputs of one run go: a cell of the shared document. Made by `Document.outputs_of`.

    A cell that was deleted during its run swallows what is written to it.
    """

    def begin(self) -> None:
        """The run starts: no outputs, no execution count, state ``running``."""

    def stream(self, name: str, text: str, removed: str = "") -> None:
        """Append ``text`` to ``stdout`` or ``stderr``; consecutive texts of one stream make one output.

        Args:
            name: of the stream.
            text: what is appended.
            removed: what that output ends with and the text takes the place of.
        """

    def display(self, output: JSON, display_id: str | None = None) -> None:
        """Append an nbformat output: ``display_data``, ``execute_result`` or ``error``."""

    def update_display(self, display_id: str, data: JSON, metadata: JSON) -> None:
        """Replace data and metadata of the newest `DISPLAY_PLACES` outputs shown with ``display_id``, in any cells."""

    def clear(self) -> None:
        """Remove the outputs so far."""

    def finish(self, execution_count: int | None) -> None:
        """The run is over: the count is set, the state is ``idle``."""

    def outputs(self) -> list[JSON]:
        """The outputs as nbformat, as this run wrote them, whatever became of them since; none without the cell."""

    def shown(self, display_id: str) -> int:
        """How many outputs `update_display` would replace, in all cells."""

    def refusal(self, size: int) -> str | None:
        """Why so many bytes more may not be written now, as a line for the user; ``None`` where they may."""


class Document(Protocol):
    """The shared notebook of one open room."""

    def source(self, cell: str) -> str | None:
        """A code cell's source; ``None`` when there is no such code cell."""

    def code_cells(self) -> list[str]:
        """Ids of the code cells, in order."""

    def code(self) -> str:
        """Source of the first code cell, the text of ``code_update``; empty when there is none."""

    def set_code(self, text: str, member: Member, connection: int) -> None:
        """Make the first code cell's source ``text`` by a minimal change, written by ``member``."""

    def outputs_of(self, cell: str, run: str, member: int = 0) -> CellOutputs:
        """The place for the outputs of run ``run``, for which the member with the key ``member`` asked."""

    def settle(self) -> None:
        """No run is in progress (server start, kernel gone): no cell says ``running``."""

    def notebook(self) -> JSON:
        """The nbformat notebook as it stands."""

    def freeze(self) -> None:
        """From now on nothing changes; every writer is refused."""

    def observe_code(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever the document changed, at most a few times a second."""

    async def wait_for_source(self, cell: str, digest: str, seconds: float, member: int = 0) -> bool:
        """Wait until the cell's source has the SHA-256 ``digest`` (hex, of UTF-8); ``False`` after ``seconds``.

        The first look is the work of the member with the key ``member``.
        """

    async def turn(self, member: int) -> None:
        """Wait while the member with the key ``member`` has used up the share of the event loop that is a member's."""

    def spending(self, member: int) -> AbstractContextManager[None]:
        """What happens meanwhile is the work of the member with the key ``member``; nothing is awaited in it."""

    def sent(self, member: int, size: int) -> None:
        """So many bytes are on their way to the member with the key ``member``, who asked for them: work as well."""

    def connect(self, member: Member, connection: int, send: Callable[[bytes], None]) -> None:
        """A document socket opened: it gets the server's state vector and everybody's awareness, then all updates."""

    def receive(self, connection: int, message: bytes) -> Awaitable[None] | None:
        """A message came by a socket; to be awaited, where there is something to await, before the next one.

        Raises:
            BadMessage: it is malformed, or forged.
            Forbidden: the member may not edit.
            RoomEnded: the document is frozen.
            TooLarge: the document has reached its limit.
        """

    def disconnect(self, connection: int) -> None:
        """The socket closed: its cursors vanish. Idempotent."""

    async def close(self) -> None:
        """Let go of the document."""


class Fold(Protocol):
    """Turns a document's history into a notebook. Runs in a thread."""

    def add(self, updates: Iterable[bytes]) -> None:
        """Take the next updates.

        Raises:
            ValueError: one of them does not apply.
        """

    def notebook(self) -> JSON:
        """The nbformat notebook after the updates so far."""


OpenFold = Callable[[], Fold]
"""Makes a fold that stands before the first update."""


class History(Protocol):
    """A document's history as plain operations (docs/developers/frames.md). Runs in a thread."""

    moment: Moment
    """The notebook after the events so far."""

    @property
    def pastes(self) -> Sequence[tuple[int, str]]:
        """What the last event pasted: UTF-16 units, and the id of the cell."""

    def load(self, updates: Iterable[bytes]) -> None:
        """Take updates from before `resume`.

        Raises:
            ValueError: they do not apply.
        """

    def resume(self, state: JSON, trace: JSON) -> None:
        """Go on with the moment ``state`` and what `trace` gave there.

        Raises:
            ValueError: the updates that were loaded give another notebook.
        """

    def add(self, event: Event, member: int) -> list[Operation]:
        """What the next event of the log changes; ``member`` is its author as moments name members.

        Raises:
            ValueError: it cannot follow.
        """

    def trace(self) -> JSON:
        """What is remembered besides the moment, for `resume`."""

    def close(self) -> None:
        """Let go of the document."""


OpenHistory = Callable[[], History]
"""Makes a history that stands before the first event."""


class Redaction(Protocol):
    """Replaces what updates of a document say, where their author is erased. Runs in a thread.

    It is given all updates of a log, in their order, each to one of its methods. None of them raises for an update that
    a document took.
    """

    def keep(self, update: bytes) -> None:
        """This one stays as it is."""

    def redact(self, update: bytes) -> bytes:
        """An update of the same structure with filler for every text and value: later updates apply to it as before."""


OpenRedaction = Callable[[], Redaction]
"""Makes a redaction that stands before the first update."""


class RunObserver(Protocol):
    """Who is told how the runs of one room go: `managers.runs`."""

    def run_started(self, request: ExecutionRequest) -> None:
        """The kernel begins with it now."""

    def run_finished(self, request: ExecutionRequest, result: ExecutionResult) -> None:
        """It is over, its outputs are in the document. Also called for a run that was skipped and never started."""

    def kernel_changed(self, state: KernelState, message: str | None = None) -> None:
        """The kernel's state changed; ``message`` is a line for people where there is something to say."""

    def kernel_event(self, kind: str, payload: JSON) -> None:
        """Something for the log: ``kernel_started``, ``kernel_restarted`` or ``kernel_died``."""


class Executor(Protocol):
    """The kernel of one room with its ordered queue. Made by `ExecutorFactory`; starts its kernel on first need."""

    @property
    def kernel_id(self) -> str | None:
        """The kernel's id while there is one."""

    @property
    def state(self) -> KernelState:
        """What the kernel does now."""

    @property
    def places(self) -> int:
        """How many more runs the queue takes."""

    def start(self) -> None:
        """Begin to start the kernel, without waiting for it; failures are told to the observer."""

    def submit(self, request: ExecutionRequest, outputs: CellOutputs) -> None:
        """Put a run at the end of the queue.

        Raises:
            RateLimited: the queue is full.
        """

    @property
    def information(self) -> JSON | None:
        """What the kernel said of itself when it had started, as pages are told; ``None`` while there is none."""

    async def ask(self, kind: str, content: JSON, member: int) -> JSON | None:
        """What the kernel answers to a member's question that runs nothing, as a page may see it.

        ``None`` where there is no kernel, it ended meanwhile or does not answer, or has enough to answer already.
        """

    async def interrupt(self) -> None:
        """Interrupt the running cell and skip what waits."""

    async def restart(self) -> None:
        """Restart the kernel; the running cell ends as ``interrupted`` and what waits is skipped."""

    async def pause(self) -> None:
        """`interrupt`, and wait until nothing runs. The kernel stays, for whoever calls `follow`."""

    def follow(self, observer: RunObserver) -> None:
        """From now on another observer is told: its room was opened anew."""

    async def shutdown(self) -> None:
        """End the queue and the kernel. Idempotent."""


ReadFiles = Callable[[], Awaitable[Mapping[str, bytes]]]
"""Reads the files that a room holds for its kernels: plain name → content. Asked once for each kernel."""


class ExecutorFactory(Protocol):
    """Makes the executor of a room."""

    def __call__(self, room: str, language: str, observer: RunObserver, files: ReadFiles | None = None) -> Executor:
        """An executor for the room with id ``room``, no kernel started yet.

        Its kernels see ``files`` read-only in ``~/data``; ``None`` where the room has none.
        """


class Passwords(Protocol):
    """Slow, salted hashes. Runs off the event loop."""

    async def hash(self, password: str) -> str:
        """The encoded hash."""

    async def verify(self, encoded: str | None, password: str) -> bool:
        """Whether it matches; takes as long for ``encoded=None`` as for a wrong password, and is ``False``."""


class Tokens(Protocol):
    """Signed, expiring statements about who somebody is."""

    def issue(self, claims: Mapping[str, Any], seconds: int) -> tuple[str, int]:
        """A token with ``claims``, an id and an expiry; returned with the expiry in microseconds."""

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a valid token.

        Raises:
            Unauthorized: forged, malformed or expired.
        """


class Signer(Protocol):
    """Signs the logs of ended interviews with the server's key."""

    def sign(self, message: bytes) -> tuple[str, bytes, bytes]:
        """The key's id, its public key (Ed25519, 32 bytes) and its signature of ``message`` (64 bytes).

        Raises:
            StorageUnavailable: the keys cannot be used.
        """


class Signatures(Protocol):
    """Checks signatures."""

    def holds(self, key_id: str, public_key: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the signature of ``message`` is that of the public key, and the id is the key's."""

    def trusts(self, public_key: bytes) -> bool:
        """Whether a signature of this key counts."""


class RateLimiter(Protocol):
    """Counts what one origin does."""

    def hit(self, limit: str, *key: str) -> None:
        """Count one.

        Args:
            limit: name of the limit: ``login``, ``join``, ``rest``, ``channel``, ``document``, ``export``.
            *key: what is counted: an address, a member.

        Raises:
            RateLimited: that was one too many.
        """


class Peer(Protocol):
    """One socket of a member on the room channel."""

    def send(self, frame: str) -> None:
        """Send one frame of JSON text, without waiting; a closed socket ignores it."""

    def close(self, code: int, reason: str) -> None:
        """Close the socket; idempotent."""
