"""What was said in the chat?"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from ..core import clock
from ..core.errors import BadMessage, TooLarge
from ..core.models import JSON, Event, EventKind, Member
from ..core.permissions import Permission
from .channel import Connection, sender_of

if TYPE_CHECKING:
    from .live import LiveRoom

HISTORY = 200
_REMEMBERED = 1_000


def message_json(event: Event, member: Member | None) -> JSON:
    """A chat message as clients get it. Of an erased one nothing is left but that it was."""
    sender = sender_of(member) if member is not None else {"id": None, "name": "?", "role": None}
    return {
        "seq": event.seq,
        "ts": clock.iso(event.at),
        "sender": sender,
        "content": (event.payload or {}).get("text", ""),
    }


class Messages:
    """The chat of one open room.

    Args:
        live: the room.
        history: its chat events so far, in order.
    """

    def __init__(self, live: LiveRoom, history: list[Event]) -> None:
        self._live = live
        self._recent: deque[Event] = deque(history, maxlen=HISTORY)
        # What a client sent again because it did not hear of the first time is recognised by its own id.
        self._known: OrderedDict[tuple[int, str], Event] = OrderedDict()
        for event in history:
            self._remember(event)

    def recent(self) -> list[JSON]:
        """The last messages, oldest first."""
        return [message_json(event, self._live.member_of(event.member)) for event in self._recent]

    async def post(self, member: Member, connection: Connection, text: str, client_id: str | None) -> Event:
        """Store a message and send it to everybody else.

        Args:
            member: who says it.
            connection: the socket it came by.
            text: Markdown.
            client_id: the client's own id of the message; the same id again is the same message, stored once.

        Raises:
            Forbidden: the member may not chat.
            TooLarge: it is too long.
            BadMessage: it is empty.
            StorageUnavailable: it could not be stored.
        """
        limit = self._live.limits.chat_chars
        if len(text) > limit:
            raise TooLarge(f"A message can have {limit} characters.", limit=limit)
        if not text.strip():
            raise BadMessage("An empty message is not sent.")
        self._live.require(member.id, Permission.CHAT, connection.id, "chat_message")
        if client_id is not None and (known := self._known.get((member.key, client_id))) is not None:
            await self._live.log.barrier()
            return known
        event = self._live.log.append(
            EventKind.CHAT_MESSAGE,
            member=member.key,
            connection=connection.id,
            payload={"text": text} if client_id is None else {"text": text, "id": client_id},
            durable=lambda event: self._publish(event, member, connection),
        )
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
        self._known[(event.member, client_id)] = event
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
