"""What was said in the chat?"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ..core import clock
from ..core.errors import BadMessage, NotFound, RoomEnded, TooLarge
from ..core.models import JSON, Event, EventKind, Member
from ..core.permissions import Permission
from ..core.quantities import as_count
from .channel import Connection, sender_of

if TYPE_CHECKING:
    from .live import LiveRoom

HISTORY = 200
REMEMBERED = 1_000


def message_json(event: Event, member: Member | None) -> JSON:
    """A chat message as clients get it. Of an erased one nothing is left but that it was."""
    sender = sender_of(member) if member is not None else {"id": None, "name": "?", "role": None}
    return {
        "seq": event.seq,
        "ts": clock.iso(event.at),
        "sender": sender,
        "content": (event.payload or {}).get("text", ""),
    }


def forgetful(event: Event) -> Event:
    """A message without its text."""
    payload = event.payload or {}
    return replace(event, payload={"id": payload["id"]} if "id" in payload else None)


def hidden_json(event: Event, member: Member | None) -> JSON:
    """When a message was hidden, and by whom."""
    return {"seq": event.seq, "ts": clock.iso(event.at), "by": sender_of(member) if member is not None else None}


def fold_messages(events: Iterable[Event], members: Mapping[int, Member]) -> list[JSON]:
    """All messages in these events of `CHAT_KINDS`, with who hid which. Of those, too, the text: this is the record."""
    messages: dict[int, JSON] = {}
    for event in events:
        if event.kind is EventKind.CHAT_MESSAGE:
            messages[event.seq] = message_json(event, members.get(event.member))
        elif event.kind is EventKind.MESSAGE_HIDDEN and (
            found := messages.get((event.payload or {}).get("message", 0))
        ):
            found.setdefault("hidden", hidden_json(event, members.get(event.member)))
    return list(messages.values())


class Messages:
    """The chat of one open room.

    Args:
        live: the room.
        history: its last chat events, in order.
        known: those that may be sent again, in order; their texts do not matter.
        hidden: what was hidden, `EventKind.MESSAGE_HIDDEN`.
    """

    def __init__(
        self, live: LiveRoom, history: Iterable[Event] = (), known: Iterable[Event] = (), hidden: Iterable[Event] = ()
    ) -> None:
        self._live = live
        self._recent: deque[Event] = deque(history, maxlen=HISTORY)
        # One that is not shown any more can still be hidden: without their texts.
        self._said = {event.seq: replace(event, payload=None) for event in known}
        self._hidden: dict[int, Event] = {}
        for event in hidden:
            if event.payload is not None:
                self._hidden.setdefault(event.payload["message"], event)
        # What a client sent again because it did not hear of the first time is recognised by its own id.
        self._known: OrderedDict[tuple[int, str], Event] = OrderedDict()
        for event in known:
            self._remember(event)

    def recent(self) -> list[JSON]:
        """The last messages, oldest first; of hidden ones not the text."""
        return [self._json(event) for event in self._recent]

    def _json(self, event: Event) -> JSON:
        shown = message_json(event, self._live.member_of(event.member))
        if (hidden := self._hidden.get(event.seq)) is not None:
            shown.update(content="", hidden=hidden_json(hidden, self._live.member_of(hidden.member)))
        return shown

    async def hide(self, by: Member | None, seq: int) -> JSON:
        """Hide a message from everybody; what it is now. A hidden one stays as it is.

        Args:
            by: the interviewer who does; ``None`` for an account outside of the room.
            seq: number of the message in the log.

        Raises:
            NotFound: there is no such message.
            RoomEnded: the interview is over.
            StorageUnavailable: it could not be stored.
        """
        if self._live.room.ended:
            raise RoomEnded("The interview has ended.")
        if seq not in self._said:
            raise NotFound("There is no such message.")
        if seq not in self._hidden:
            # It says nothing of whoever hides: erasing them must not bring the message back.
            self._hidden[seq] = self._live.log.append(
                EventKind.MESSAGE_HIDDEN,
                member=by.key if by is not None else 0,
                subject=0,
                payload={"message": seq},
                durable=lambda _: self._live.peers.broadcast("message_hidden", self._json(self._said[seq])),
            )
        await self._live.log.barrier()
        return self._json(self._said[seq])

    async def post(self, member: Member, connection: Connection, text: str, client_id: str | None) -> Event:
        """Store a message and send it to everybody else.

        Args:
            member: who says it.
            connection: the socket it came by.
            text: Markdown.
            client_id: the client's own id of the message; the same id again is the same message, stored once.

        Raises:
            Forbidden: the member may not chat.
            TooLarge: it is too long, or the log takes no more.
            RateLimited: the member added too much to the log in a minute.
            BadMessage: it is empty.
            StorageUnavailable: it could not be stored.
        """
        limit = self._live.limits.chat_chars
        if len(text) > limit:
            raise TooLarge(f"A message can have at most {as_count(limit)} characters.", limit=limit)
        if not text.strip():
            raise BadMessage("An empty message is not sent.")
        self._live.require(member.id, Permission.CHAT, connection.id, "chat_message")
        if client_id is not None and (known := self._known.get((member.key, client_id))) is not None:
            await self._live.log.barrier()
            return known
        self._live.log.budget.check(member.key, 4 * len(text) if not text.isascii() else len(text))
        event = self._live.log.append(
            EventKind.CHAT_MESSAGE,
            member=member.key,
            connection=connection.id,
            payload={"text": text} if client_id is None else {"text": text, "id": client_id},
            durable=lambda event: self._publish(event, member, connection),
        )
        self._said[event.seq] = replace(event, payload=None)
        self._remember(event)
        await self._live.log.barrier()
        return event

    def _publish(self, event: Event, member: Member, connection: Connection) -> None:
        self._recent.append(event)
        assert event.payload is not None
        self._live.peers.broadcast(
            "chat_message",
            event.payload["text"],
            but=connection,
            seq=event.seq,
            ts=clock.iso(event.at),
            sender=sender_of(member),
        )

    def _remember(self, event: Event) -> None:
        client_id = (event.payload or {}).get("id")
        if client_id is None:
            return
        self._known[(event.member, client_id)] = forgetful(event)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
