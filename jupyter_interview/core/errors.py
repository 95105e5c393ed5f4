"""What can be refused, and with which code?

Managers raise these; `handlers/errors.py` turns them into HTTP answers and `handlers/channel.py` into channel frames.
A code is part of the protocol: clients switch on it, so it never changes its meaning.
"""

from __future__ import annotations

from typing import Any, ClassVar


class InterviewError(Exception):
    """A refusal that a client may read.

    Args:
        message: one line for the user, without secrets.
        code: overrides the class's code where one class serves several.
        **details: JSON values that help the client to react (for instance ``retry_after`` in seconds).
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400

    def __init__(self, message: str, *, code: str | None = None, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = code or self.code
        self.details = details

    def to_json(self) -> dict[str, Any]:
        """The protocol's ``error`` object: ``{code, message, details}``."""
        return {"code": self.error_code, "message": self.message, "details": self.details}


class BadRequest(InterviewError):
    """The request is malformed: wrong type, missing field, unknown value."""

    code, status = "bad_request", 400


class BadMessage(BadRequest):
    """A websocket frame that is not of the protocol's form."""

    code = "bad_message"


class UnknownType(BadMessage):
    """A websocket frame of a type that the protocol does not have."""

    code = "unknown_type"


class NotJoined(BadMessage):
    """A frame for a room that this socket has not joined."""

    code = "not_joined"


class Unauthorized(InterviewError):
    """Nobody is known behind the request, or the credentials are wrong."""

    code, status = "unauthorized", 401


class Forbidden(InterviewError):
    """Somebody is known, and may not do this."""

    code, status = "forbidden", 403


class PasswordRequired(Forbidden):
    """The room has a password and none, or a wrong one, was given."""

    code = "password_required"


class SeatTaken(Forbidden):
    """The bare link's seat is in use; the newcomer knocks and waits to be admitted."""

    code = "seat_taken"


class NotFound(InterviewError):
    """No such thing, or none that the asker may know of."""

    code, status = "not_found", 404


class Conflict(InterviewError):
    """The request does not fit the present state."""

    code, status = "conflict", 409


class SourceChanged(Conflict):
    """The cell's source in the document is not the one that the client saw."""

    code = "source_changed"


class LogDamaged(Conflict):
    """A stored log does not hold; ``details`` has the first event that does not (``seq``) and why (``reason``)."""

    code = "log_damaged"


class RoomEnded(InterviewError):
    """The interview is over; its record can be read but not changed."""

    code, status = "room_ended", 410


class TooLarge(InterviewError):
    """Beyond a size limit; ``details`` carries ``limit``."""

    code, status = "too_large", 413


class RateLimited(InterviewError):
    """Too many in too short a time; ``details`` carries ``retry_after`` in seconds."""

    code, status = "rate_limited", 429


class StorageUnavailable(InterviewError):
    """The database does not take what must be stored: full disk, lost server, too long a queue."""

    code, status = "storage_unavailable", 503


class KernelUnavailable(InterviewError):
    """No kernel can be started for the room; the message says what to install or to change."""

    code, status = "kernel_unavailable", 503
