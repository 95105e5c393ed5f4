"""What are the things of an interview?

Plain frozen values that every floor shares; `db/` stores them, `managers/` change them, `handlers/` encode them.
Times are integers: microseconds since 1970 in UTC (`core.clock`). ``key`` is a row's small integer in the database and
never leaves the server; ``id`` is what clients see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from .permissions import Permission, Role, allowed, effective

JSON = dict[str, Any]
_COLORS = 7


class RoomState(StrEnum):
    """A room waits for its candidate, is live, and ends once and for all."""

    WAITING = "waiting"
    LIVE = "live"
    ENDED = "ended"


class MemberState(StrEnum):
    """A member knocks until admitted, is gone when that took too long, is seated, and may be removed."""

    KNOCKING = "knocking"
    GONE = "gone"
    SEATED = "seated"
    REMOVED = "removed"


class Presence(StrEnum):
    """Whether a seated member is connected: away is the grace time after the last socket closed."""

    PRESENT = "present"
    AWAY = "away"
    LEFT = "left"


class EventKind(IntEnum):
    """The kinds of the event log. The numbers are stored: never change or reuse one."""

    DOCUMENT_SNAPSHOT = 1
    DOCUMENT_UPDATE = 2
    DOCUMENT_RESYNC = 3
    CURSOR = 4
    CHAT_MESSAGE = 10
    MESSAGE_HIDDEN = 12
    JOIN = 20
    AWAY = 21
    LEAVE = 22
    KNOCK = 23
    ADMIT = 24
    REMOVE = 25
    RUN_STARTED = 30
    RUN_FINISHED = 31
    RUN_QUEUED = 32
    KERNEL_STARTED = 40
    KERNEL_RESTARTED = 41
    KERNEL_DIED = 42
    INTERRUPT = 43
    PERMISSION_CHANGED = 50
    ROOM_CREATED = 51
    ROOM_UPDATED = 52
    ROOM_ENDED = 53
    DENIED = 60
    CLOCK_STEPPED = 61

    @property
    def label(self) -> str:
        """The protocol's name, for instance ``document_update``."""
        return self.name.lower()


CHAT_KINDS = (EventKind.CHAT_MESSAGE, EventKind.MESSAGE_HIDDEN)
RUN_KINDS = (EventKind.RUN_QUEUED, EventKind.RUN_STARTED, EventKind.RUN_FINISHED)
DOCUMENT_KINDS = (EventKind.DOCUMENT_SNAPSHOT, EventKind.DOCUMENT_UPDATE, EventKind.DOCUMENT_RESYNC)


class RunStatus(StrEnum):
    """How a run stands or ended."""

    QUEUED = "queued"
    RUNNING = "running"
    OK = "ok"
    ERROR = "error"
    INTERRUPTED = "interrupted"
    TIMEOUT = "timeout"
    DIED = "died"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Account:
    """An interviewer with a password. ``key`` 0 is the server's own user, who needs no row.

    ``session`` tells one login of the server's own user from another: logging out ends what was got with it.
    """

    key: int
    id: str
    email: str
    name: str
    session: str | None = field(default=None, compare=False)

    @property
    def is_owner(self) -> bool:
        """Whether this is the server's own user, who may see every room."""
        return self.key == 0


@dataclass(frozen=True, slots=True)
class RoomFile:
    """A file that a room holds for its kernels, without its content.

    ``size`` is in bytes, ``sha256`` that of the content in lower-case hex.
    """

    name: str
    size: int
    sha256: str

    def to_json(self) -> JSON:
        """``{name, size, sha256}``."""
        return {"name": self.name, "size": self.size, "sha256": self.sha256}


@dataclass(frozen=True, slots=True)
class Room:
    """An interview: its metadata, not its content.

    ``damage`` is ``{seq, reason}`` where the log was imported and does not hold from event ``seq`` on.
    """

    key: int
    id: str
    title: str
    language: str
    state: RoomState
    owner: int
    created_at: int
    started_at: int | None = None
    ended_at: int | None = None
    password_hash: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    files: tuple[RoomFile, ...] = ()
    damage: Mapping[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing of it may change any more."""
        return self.state is RoomState.ENDED

    @property
    def link_open(self) -> bool:
        """Whether the bare link lets anybody in: after a removal it does so once an interviewer opened it."""
        return bool(self.settings.get("link", "open") == "open")

    def is_owned_by(self, member: Member) -> bool:
        """Whether a member is the account that opened it, or the server's own user; an invited interviewer is not."""
        return member.account is not None and member.account in (0, self.owner)


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a room.

    ``switches`` are the permissions that an interviewer set away from the role's defaults, ``invitation`` is the key of
    that by which the seat was taken.
    """

    key: int
    id: str
    room: int
    role: Role
    name: str
    state: MemberState
    joined_at: int
    email: str | None = None
    account: int | None = None
    switches: Mapping[str, bool] = field(default_factory=dict)
    left_at: int | None = None
    invitation: int | None = None

    def can(self, permission: Permission) -> bool:
        """Whether this member may; one who is not seated may nothing."""
        return self.state is MemberState.SEATED and allowed(self.role, permission, self.switches)

    def to_json(self) -> JSON:
        """The public form, as the channel and REST send it (without email)."""
        return {
            "id": self.id,
            "name": self.name,
            "role": self.role.value,
            "state": self.state.value,
            "permissions": effective(self.role, self.switches),
        }

    def to_user(self) -> JSON:
        """The user that a member is to JupyterLab, in ``api/me`` and beside its cursor."""
        words = self.name.split()
        return {
            "username": self.id,
            "name": self.name,
            "display_name": self.name,
            "initials": "".join(word[0] for word in words[:2]).upper(),
            "avatar_url": None,
            "color": f"var(--jp-collaborator-color{self.key % _COLORS + 1})",
        }


@dataclass(frozen=True, slots=True)
class Invitation:
    """A secret link for one role. Only the secret's hash is stored. ``made_by`` is the key of a member."""

    key: int
    id: str
    room: int
    role: Role
    name: str | None
    secret_hash: str
    created_at: int
    expires_at: int | None
    max_uses: int | None
    uses: int
    revoked_at: int | None = None
    made_by: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a room's log. ``member`` 0 is the server itself; ``payload["source"]`` says which part of it.

    Attributes:
        subject: key of the member whose personal content it holds, and with whose key it is sealed; 0 is the room.
        hash: SHA-256 over this event and the hash of the one before (`core.chain`); empty until it is stored.
        erased: its content is gone for good: ``payload`` is ``None``, and ``data`` is what replaces it, if anything.
    """

    room: int
    seq: int
    at: int
    member: int
    connection: int
    kind: EventKind
    payload: JSON | None = None
    data: bytes | None = None
    subject: int = 0
    hash: bytes = b""
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """A signature of the server's over a room's log up to event ``seq``, whose hash is ``hash``.

    ``at`` is the moment of signing, ``key_id`` and ``public_key`` (Ed25519, 32 bytes) the key it was made with.
    """

    room: str
    seq: int
    at: int
    hash: bytes
    key_id: str
    public_key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Frame:
    """A piece of a room's replay, without its content: made from the log, and thrown away where it is not the log's.

    ``hash`` is that of the log's event ``last_seq``; moments are microseconds; ``summary`` is what a manifest needs, as
    JSON text: a long interview has thousands of markers, and would take five times the memory as values.
    """

    room: int
    number: int
    first_seq: int
    last_seq: int
    first_at: int
    last_at: int
    hash: bytes
    summary: bytes


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A moment of an interview that an interviewer marked. ``member`` or ``account`` is who did."""

    key: int
    id: str
    room: int
    seq: int
    at: int
    note: str
    member: int | None
    account: int | None
    created_at: int


@dataclass(frozen=True, slots=True)
class ExecutionRequest:
    """One cell to run, as it stood in the document when it was asked for.

    ``batch`` names the *Run All* it belongs to: when a run of a batch fails, the rest of it is skipped.
    """

    id: str
    cell: str
    source: str
    member: int
    batch: str


@dataclass(frozen=True, slots=True)
class ExecutionResult:
    """How a run ended. ``outputs_hash`` is the SHA-256 of the canonical JSON of its outputs, in hex.

    ``message`` is a line for people: how it ended (time limit, dead kernel), or which limit an ``error`` met.
    """

    status: RunStatus
    execution_count: int | None
    duration: int
    outputs_hash: str
    message: str | None = None


class KernelState(StrEnum):
    """What a room's kernel does."""

    ABSENT = "absent"
    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    DEAD = "dead"
    UNAVAILABLE = "unavailable"
