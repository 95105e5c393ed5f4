"""How do tests get all the managers at once, on a real database?

A `House` is what `app.py` builds, without the web: real database, real documents, real tokens and hashes. The kernel
alone is a `Kernel` of the test's, that begins and ends runs when the test says so.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argon2 import Parameters
from argon2.profiles import CHEAPEST

from jupyter_interview.auth import Argon2Passwords, SignedTokens, hash_secret
from jupyter_interview.auth.signing import SigningKeys
from jupyter_interview.collab import History, NotebookFold, open_document
from jupyter_interview.core.limits import Limits
from jupyter_interview.core.models import (
    JSON,
    Account,
    Event,
    EventKind,
    ExecutionRequest,
    ExecutionResult,
    KernelState,
    Member,
    RunStatus,
)
from jupyter_interview.core.permissions import Role
from jupyter_interview.core.ports import CellOutputs, ReadFiles, RunObserver
from jupyter_interview.db import Database, Vault
from jupyter_interview.db.events import read_events
from jupyter_interview.managers.accounts import OWNER, Accounts
from jupyter_interview.managers.bookmarks import Bookmarks
from jupyter_interview.managers.channel import Connection
from jupyter_interview.managers.evidence import Evidence
from jupyter_interview.managers.invitations import Invitations
from jupyter_interview.managers.live import LiveRoom
from jupyter_interview.managers.members import Members
from jupyter_interview.managers.records import Records
from jupyter_interview.managers.replay.forks import Forks
from jupyter_interview.managers.replay.replay import Replay
from jupyter_interview.managers.rooms import OpenDocument, Rooms

SECONDS = 20.0
VAULT = Vault(b"v" * 32)
_KEYS = tempfile.TemporaryDirectory(prefix="ji-keys-")
atexit.register(_KEYS.cleanup)
SIGNING = SigningKeys(Path(_KEYS.name) / "signing.json")
CHEAP: Parameters = CHEAPEST
_NAMES = {Role.CANDIDATE: "Ada", Role.INTERVIEWER: "Grace", Role.SPECTATOR: "Wanda"}


def no_op() -> None:
    """Nothing."""


class Kernel:
    """The Protocol `core.ports.Executor`: does nothing by itself."""

    def __init__(self, room: str, language: str, observer: RunObserver, files: ReadFiles | None = None) -> None:
        self.room, self.language, self.observer, self.files = room, language, observer, files
        self.state = KernelState.ABSENT
        self.kernel_id: str | None = None
        self.waiting: list[tuple[ExecutionRequest, CellOutputs]] = []
        self.running: tuple[ExecutionRequest, CellOutputs] | None = None
        self.count = 0
        self.shut = False
        self.room_for = 100
        self.on_shutdown: Callable[[], Any] = no_op

    @property
    def places(self) -> int:
        return self.room_for - len(self.waiting)

    def start(self) -> None:
        if self.state is KernelState.UNAVAILABLE:
            self.observer.kernel_changed(self.state, "Install the sandbox.")
            return
        self.kernel_id = "kernel"
        self.state = KernelState.IDLE
        self.observer.kernel_event("kernel_started", {})
        self.observer.kernel_changed(self.state)

    def submit(self, request: ExecutionRequest, outputs: CellOutputs) -> None:
        self.waiting.append((request, outputs))

    def begin(self) -> CellOutputs:
        """The first that waits begins; where its outputs go."""
        assert self.running is None, "one run at a time"
        self.running = self.waiting.pop(0)
        request, outputs = self.running
        self.observer.run_started(request)
        outputs.begin()
        return outputs

    def end(self, status: RunStatus = RunStatus.OK, message: str | None = None) -> None:
        """The running one ends; after an error the rest of its batch is skipped."""
        assert self.running is not None
        request, outputs = self.running
        self.running = None
        self.count += 1
        outputs.finish(self.count)
        self.observer.run_finished(request, ExecutionResult(status, self.count, 1_000, "hash", message))
        if status is not RunStatus.OK:
            self.skip(request.batch)

    def skip(self, batch: str | None = None) -> None:
        """What waits (of one batch) never begins."""
        skipped = [item for item in self.waiting if batch is None or item[0].batch == batch]
        self.waiting = [item for item in self.waiting if item not in skipped]
        for request, _ in skipped:
            self.observer.run_finished(request, ExecutionResult(RunStatus.SKIPPED, None, 0, ""))

    @property
    def information(self) -> JSON | None:
        return None

    async def ask(self, kind: str, content: JSON, member: int) -> JSON | None:
        return None

    async def interrupt(self) -> None:
        self.skip()
        if self.running is not None:
            self.end(RunStatus.INTERRUPTED)

    async def restart(self) -> None:
        await self.interrupt()
        self.observer.kernel_event("kernel_restarted", {"reason": "asked"})

    async def pause(self) -> None:
        await self.interrupt()

    def follow(self, observer: RunObserver) -> None:
        self.observer = observer

    async def shutdown(self) -> None:
        self.shut = True
        answer = self.on_shutdown()
        if asyncio.iscoroutine(answer):
            await answer


class Socket:
    """One socket of a member on the channel: the Protocol `core.ports.Peer`."""

    def __init__(self) -> None:
        self.frames: list[JSON] = []
        self.closed: int | None = None
        self.connection: Connection
        self.changed = asyncio.Event()

    def send(self, frame: str) -> None:
        assert self.closed is None, "a closed socket gets nothing"
        self.frames.append(json.loads(frame))
        self.changed.set()

    def close(self, code: int = 1000, reason: str = "") -> None:
        if self.closed is None:
            self.closed = code
            self.changed.set()

    def kinds(self) -> list[str]:
        """Types of the frames so far."""
        return [frame["type"] for frame in self.frames]

    def of(self, kind: str) -> list[JSON]:
        """Frames of one type."""
        return [frame for frame in self.frames if frame["type"] == kind]

    async def until(self, condition: Callable[[Socket], bool]) -> None:
        """Wait until what came fulfils it."""
        await until(lambda: condition(self), self.changed)


async def until(condition: Callable[[], bool], changed: asyncio.Event) -> None:
    """Wait until a condition holds; it is looked at whenever ``changed`` is set."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            changed.clear()
            await changed.wait()


class House:
    """The managers.

    Args:
        url: of the database, which is prepared when needed.
        documents: makes the documents.
        **limits: limits by name.
    """

    def __init__(self, url: str, documents: OpenDocument = open_document, **limits: float) -> None:
        self.url = url
        self.limits = Limits.checked(**limits)
        self.database = Database(url, VAULT, queue_limit=self.limits.write_queue)
        self.passwords = Argon2Passwords(CHEAP)
        self.tokens = SignedTokens(b"s" * 32)
        self.records = Records(self.database, NotebookFold, SIGNING)
        self.accounts = Accounts(self.database, self.passwords, self.tokens)
        self.kernels: dict[str, Kernel] = {}
        self.rooms = Rooms(
            self.database, self.limits, self.passwords, self.records, self._executor, documents, "/base/"
        )
        self.evidence = Evidence(self.database, SIGNING)
        self.replay = Replay(self.database, self.rooms, History, self.evidence)
        self.bookmarks = Bookmarks(self.database)
        self.forks = Forks(self.database, self.rooms, self.replay)
        self.invitations = Invitations(self.database, hash_secret)
        self.members = Members(
            self.database,
            self.rooms,
            self.records,
            self.invitations,
            self.passwords,
            self.tokens,
            self.limits,
            self.accounts,
        )

    def _executor(self, room: str, language: str, observer: RunObserver, files: ReadFiles | None = None) -> Kernel:
        self.kernels[room] = Kernel(room, language, observer, files)
        return self.kernels[room]

    async def start(self) -> House:
        """As the server does it."""
        self.database.prepare()
        self.database.start()
        await self.accounts.start()
        await self.rooms.settle()
        return self

    async def stop(self) -> None:
        """As the server does it."""
        await self.forks.close()
        await self.replay.close()
        await self.rooms.close()
        await self.database.close()
        self.passwords.close()

    async def crash(self) -> None:
        """As if it were killed, after what was queued has been written: nothing of the end gets into the log."""
        await self.database.close()
        await self.stop()

    async def again(self) -> House:
        """Another one on the same database, after this one's end."""
        return await House(self.url).start()

    # -- shortcuts

    async def room(self, account: Account = OWNER, **fields: Any) -> LiveRoom:
        """A new, open room."""
        made = await self.rooms.create(account, **{"title": "Interview", "language": "python", **fields})
        return await self.rooms.open(made["id"])

    async def seat(self, live: LiveRoom, role: Role = Role.CANDIDATE, name: str | None = None) -> Member:
        """A seated member of any role; whose name does not matter, has one of that role."""
        name = name or _NAMES[role]
        if role is Role.CANDIDATE:
            return (await self.members.join(live.room.id, name=name))[0]
        invitation = await self.invitations.create(live, None, role=role)
        return (await self.members.join(live.room.id, name=name, invite=secret_of(invitation)))[0]

    def socket(self, live: LiveRoom, member: Member, kind: str = "channel") -> Socket:
        """A socket of a member, entered."""
        socket = Socket()
        socket.connection = live.presence.enter(member, kind, socket.close, socket if kind == "channel" else None)
        return socket

    async def log(self, live: LiveRoom) -> list[Event]:
        """All that is stored of a room's log, after everything queued is."""
        await self.database.write(lambda connection: None)
        return await self.database.read(lambda connection: read_events(connection, live.room.key))

    async def story(self, live: LiveRoom, *kinds: EventKind) -> list[Event]:
        """The stored events of some kinds."""
        return [event for event in await self.log(live) if event.kind in kinds]


def secret_of(invitation: JSON) -> str:
    """By which somebody comes in."""
    return str(invitation["url"]).partition("#invite=")[2]
