"""Does a log hold, and which is the first event that does not?

`Verifier` takes a log as a stream, event by event and signature by signature, in the order in which they lie in a file
or in the database. It never asks for more than the newest of them, so a log of any length takes no memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .chain import GENESIS, Link, head_message
from .models import JSON, EventKind, Head
from .ports import Signatures


class Reason(StrEnum):
    """Why an event does not hold. The words are part of the protocol: clients switch on them."""

    HASH = "hash"
    GAP = "gap"
    DOUBLED = "doubled"
    ORDER = "order"
    ROOM = "room"
    AUTHOR = "author"
    CONTENT = "content"
    TRUNCATED = "truncated"
    UNSIGNED = "unsigned"
    SIGNATURE = "signature"
    UNKNOWN_KEY = "unknown_key"
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Damage:
    """The first event that does not hold. ``message`` is a line for people."""

    seq: int
    reason: Reason
    message: str

    def to_json(self) -> JSON:
        """``{seq, reason, message}``."""
        return {"seq": self.seq, "reason": self.reason.value, "message": self.message}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a log is worth.

    Attributes:
        room: id of the room.
        events: how many of its events hold, from the first.
        hash: of the last one that holds.
        damage: the first that does not; ``None`` when all do.
        heads: the signatures that hold, in the log's order.
    """

    room: str
    events: int
    hash: bytes
    damage: Damage | None
    heads: tuple[Head, ...] = field(default=())

    @property
    def signed(self) -> int:
        """Number of the last event that a signature vouches for; 0 for none."""
        return self.heads[-1].seq if self.heads else 0


class Verifier:
    """Checks one log as it streams by.

    Args:
        room: id of the room that it is said to be of.
        members: ids of those who may be author or subject; ``None`` for anybody.
        signatures: checks signatures, and knows which keys are trusted; ``None`` leaves signatures alone.
        heads: signatures that are known beforehand. Others come by `head`, right after the event that they cover.
        names: what the header says: name and role by member id. Where the log says something else, its event is named.
    """

    def __init__(
        self,
        room: str,
        *,
        members: Collection[str] | None = None,
        signatures: Signatures | None = None,
        heads: Iterable[Head] = (),
        names: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self._room = room
        self._members = None if members is None else frozenset(members)
        self._signatures = signatures
        self._names = names or {}
        self._pending = sorted(heads, key=lambda head: head.seq)
        self._held: list[Head] = []
        self._newest_head = 0
        self._ended = False
        self.seq = 0
        self.hash = GENESIS
        self.damage: Damage | None = None

    def event(self, link: Link, payload: JSON | None = None) -> bool:
        """Take the next event; whether the log holds up to it.

        ``payload`` is its content in the clear where that is known: the names in it are compared with the header's.
        """
        if self.damage is not None:
            if self.damage.reason is Reason.GAP and link.seq == self.damage.seq:
                self._damaged(link.seq, Reason.ORDER, f"Event {link.seq} comes too late: the order was changed.")
            return False
        self.damage = self._judge(link, payload)
        if self.damage is not None:
            return False
        self.seq, self.hash = link.seq, link.hash
        self._ended = self._ended or link.kind == EventKind.ROOM_ENDED
        while self._pending and self._pending[0].seq <= self.seq and self.damage is None:
            self._check(self._pending.pop(0))
        return self.damage is None

    def head(self, head: Head) -> bool:
        """Take a signature that comes right after the event that it covers; whether the log holds so far."""
        if self.damage is None:
            self._check(head)
        return self.damage is None

    def broken(self, message: str, reason: Reason = Reason.FORM) -> None:
        """The next event cannot be read at all."""
        if self.damage is None:
            self._damaged(self.seq + 1, reason, message)

    def sealed_otherwise(self) -> None:
        """The event that came last is the one that was recorded, but what is sealed in it does not open."""
        self._damaged(self.seq, Reason.CONTENT, f"Event {self.seq} does not open: its key is another.")
        self.seq -= 1

    def finish(self, *, ended: bool = False) -> Verdict:
        """The log is over; what it is worth.

        Args:
            ended: whether the interview is said to have ended, so that the log has to be signed up to its last event.
        """
        if self.damage is None and self._pending:
            self._check(self._pending[-1])
        if self.damage is None and self._signatures is not None:
            self._check_end(ended)
        return Verdict(self._room, self.seq, self.hash, self.damage, tuple(self._held))

    def _check_end(self, ended: bool) -> None:
        if self._newest_head:
            if self._newest_head < self.seq:
                number = self._newest_head + 1
                self._damaged(number, Reason.UNSIGNED, f"Event {number} comes after the signed end of the log.")
        elif ended and not self._ended:
            number = self.seq + 1
            self._damaged(number, Reason.TRUNCATED, f"Event {number} is missing: the log does not reach its end.")
        elif ended or self._ended:
            number = max(self.seq, 1)
            self._damaged(number, Reason.UNSIGNED, "The interview has ended, but its log bears no signature.")

    def _judge(self, link: Link, payload: JSON | None) -> Damage | None:
        number = self.seq + 1
        if link.room != self._room:
            return Damage(number, Reason.ROOM, f"Event {number} is of another room.")
        # Where its predecessor is the right one, the event is in its place and its number was changed.
        if link.seq != number and link.previous != self.hash:
            if link.seq > number:
                return Damage(number, Reason.GAP, f"Event {number} is missing: event {link.seq} follows {self.seq}.")
            return Damage(link.seq, Reason.DOUBLED, f"Event {link.seq} comes twice.")
        if link.previous not in (None, self.hash):
            return Damage(number, Reason.HASH, f"Event {number} does not follow the event before it.")
        try:
            expected = link.follows(self.hash)
        except OverflowError:
            return Damage(number, Reason.FORM, f"Event {number} has a number that no log has.")
        if link.seq != number or link.hash != expected:
            return Damage(number, Reason.HASH, f"Event {number} was changed: its hash is another.")
        if self._members is not None and not {link.member, link.subject} <= self._members | {""}:
            return Damage(number, Reason.AUTHOR, f"Event {number} is of somebody who is not a member of the room.")
        return self._judge_name(link, payload)

    def _judge_name(self, link: Link, payload: JSON | None) -> Damage | None:
        if not payload or link.kind not in (EventKind.JOIN, EventKind.ADMIT):
            return None
        who = payload.get("member") if link.kind == EventKind.ADMIT else link.member
        said = self._names.get(who) if isinstance(who, str) else None
        if said is not None and any(
            name in payload and payload[name] != value for name, value in zip(("name", "role"), said, strict=True)
        ):
            return Damage(link.seq, Reason.AUTHOR, f"Event {link.seq} knows a member under another name or role.")
        return None

    def _check(self, head: Head) -> None:
        if head.room != self._room:
            self._damaged(max(self.seq, 1), Reason.ROOM, "A signature is of another room's log.")
        elif head.seq > self.seq:
            number = self.seq + 1
            self._damaged(number, Reason.TRUNCATED, f"Event {number} is missing: {head.seq} events were signed.")
        elif head.seq < self.seq or head.seq <= self._newest_head:
            self._damaged(max(head.seq, 1), Reason.ORDER, f"The signature of event {head.seq} is not in its place.")
        elif self._signatures is not None:
            self._check_signature(head, self._signatures)

    def _check_signature(self, head: Head, signatures: Signatures) -> None:
        try:
            message = head_message(head.room, head.seq, head.at, head.hash)
        except OverflowError:
            message = b""
        if not signatures.holds(head.key_id, head.public_key, head.signature, message):
            self._damaged(head.seq, Reason.SIGNATURE, f"The signature of event {head.seq} is not genuine.")
        elif head.hash != self.hash:
            self._damaged(head.seq, Reason.SIGNATURE, f"Up to event {head.seq} another log was signed than this one.")
        elif not signatures.trusts(head.public_key):
            self._damaged(head.seq, Reason.UNKNOWN_KEY, f"Event {head.seq} is signed with a key nobody vouches for.")
        else:
            self._held.append(head)
            self._newest_head = head.seq

    def _damaged(self, seq: int, reason: Reason, message: str) -> None:
        self.damage = Damage(seq, reason, message)
