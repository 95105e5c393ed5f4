"""How is a person erased from what was recorded, or an interview as a whole?

What was sealed with a member's key is gone when the key is. What others' events quote of the member is found by
`managers.quotes`; of those events the keys are destroyed, too. In the document's history something has to stay in the
place of what is gone, or later changes would have nothing to stand on: an update of the same structure with other text.
The events stay as they are, sealed for good, and the chain over them holds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..core import clock
from ..core.errors import Conflict, NotFound
from ..core.models import DOCUMENT_KINDS, Event, Member, Room
from ..core.ports import OpenRedaction
from ..db import Database
from ..db.bookmarks import list_bookmarks, update_bookmark
from ..db.erasures import destroy_events, destroy_everything, unerased
from ..db.events import last_seq
from ..db.files import delete_file, read_files
from ..db.invitations import rename_invitations
from ..db.links import read_links
from ..db.members import find_member, list_members, update_member
from ..db.portions import portion_end
from ..db.redactions import store_redactions
from ..db.rooms import get_room, get_room_by_key, update_room
from .quotes import Histories, Name, Quotes
from .records import Records

NAME = "Erased member"
TITLE = "Erased interview"
_DAY = 86_400_000_000

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Plan:
    """Numbers of the events that go, and what replaces the data of those that are of the document."""

    seqs: list[int] = field(default_factory=list)
    redactions: dict[int, bytes] = field(default_factory=dict)


class Erasure:
    """Erases members and interviews, once these have ended.

    Args:
        database: where they are.
        records: makes the final records anew.
        redaction: makes what replaces all text in updates of the document.
        histories: makes what follows the notebook's history.
    """

    def __init__(self, database: Database, records: Records, redaction: OpenRedaction, histories: Histories) -> None:
        self._database = database
        self._records = records
        self._redaction = redaction
        self._histories = histories

    async def find(self, name: str) -> tuple[Room, Member | None]:
        """The room with this id; or the member with this id, and the room.

        Raises:
            NotFound: there is neither.
            Conflict: the interview has not ended.
        """

        def work(connection: Any) -> tuple[Room | None, Member | None]:
            found = get_room(connection, name)
            member = find_member(connection, name) if found is None else None
            return found if member is None else get_room_by_key(connection, member.room), member

        room, member = await self._database.read(work)
        if room is None:
            raise NotFound("There is no interview and no member with this id.")
        if not room.ended:
            raise Conflict("End the interview before you erase anything of it.")
        return room, member

    async def member(self, room: Room, member: Member) -> int:
        """Erase a member of an ended interview; how many events are gone. Doing it again completes it."""
        members = await self._database.read(lambda connection: list_members(connection, room.key))
        quotes = Quotes(member, members, self._histories())
        plan = await self._plan(room, quotes.holds)
        name = Name(member)

        def work(connection: Any) -> None:
            destroy_events(connection, room, plan.seqs, member.key)
            store_redactions(connection, room.key, plan.redactions)
            update_member(connection, member.key, name=NAME, email=None, account=None)
            rename_invitations(connection, room.key, lambda text: name.without(text, NAME))
            tags = [name.without(tag, NAME) for tag in room.tags]
            for file, content in read_files(connection, room.key).items():
                # Nobody knows what of a file with the name in it is the person's.
                if name.named(file) or name.within(content.decode("utf-8", "replace")):
                    delete_file(connection, room.key, file)
            update_room(connection, room.key, title=name.without(room.title, NAME), tags=tags)
            for bookmark in list_bookmarks(connection, room.key):
                accounts = member.account is not None and bookmark.account == member.account
                if accounts:
                    update_bookmark(connection, bookmark.key, account=None)
                if accounts or bookmark.member == member.key or name.named(bookmark.note):
                    update_bookmark(connection, bookmark.key, note="")
            self._database.ledger.forget(room.key)

        await self._finish(room, work)
        return len(plan.seqs)

    async def room(self, room: Room) -> int:
        """Erase an ended interview: what remains is that and when it was, and how much was done by how many."""
        plan = await self._plan(room, lambda event: not event.erased)

        def work(connection: Any) -> None:
            store_redactions(connection, room.key, plan.redactions)
            destroy_everything(connection, room.key)
            for member in list_members(connection, room.key):
                update_member(connection, member.key, name=NAME, email=None, account=None)
            rename_invitations(connection, room.key, lambda text: NAME)
            update_room(connection, room.key, title=TITLE, tags=[], password_hash=None)
            for bookmark in list_bookmarks(connection, room.key):
                update_bookmark(connection, bookmark.key, note="", account=None)
            self._database.ledger.forget(room.key)

        await self._finish(room, work)
        return len(plan.seqs)

    async def expired(self, days: float) -> int:
        """Erase the interviews that ended more than so many days ago; how many these were."""
        before = clock.now() - round(days * _DAY)
        rooms = await self._database.read(lambda connection: unerased(connection, before))
        for room in rooms:
            await self.room(room)
        return len(rooms)

    async def watch(self, days: float, pause: float) -> None:
        """Do that now, and again and again after ``pause`` seconds. For a task; it ends when it is cancelled.

        Where the clock was set meanwhile it is left for the next time: what is erased does not come back when somebody
        puts the clock right.
        """
        steady = clock.Steady()
        while True:
            try:
                if step := steady.step():
                    _log.warning(
                        "The server's clock was set by %+.0f s: no interview is erased until the next look", step / 1e6
                    )
                elif count := await self.expired(days):
                    # It cannot be undone and nobody asked for it just now: whoever reads any log at all has to see it.
                    _log.warning("Interviews that ended more than %g days ago were erased: %d", days, count)
            except Exception:  # tomorrow is another day
                _log.exception("Old interviews could not be erased")
            await asyncio.sleep(pause)

    async def _finish(self, room: Room, work: Callable[[Any], None]) -> None:
        await self._database.write(work)
        await self._records.remake((await self._fresh(room)) or room)
        await self._database.scrub()

    async def _fresh(self, room: Room) -> Room | None:
        return await self._database.read(lambda connection: get_room(connection, room.id))

    async def _plan(self, room: Room, goes: Callable[[Event], bool]) -> _Plan:
        """Go through the log in portions, off the loop."""
        plan, loop, after = _Plan(), asyncio.get_running_loop(), 0
        redaction = self._redaction()
        until = await self._database.read(lambda connection: last_seq(connection, room.key))

        def portion(connection: Any) -> list[tuple[int, Event | None]]:
            end = portion_end(connection, room.key, after=after, until=until)
            return [(link.seq, event) for link, event in read_links(connection, room.key, after=after, until=end)]

        def judge(events: list[tuple[int, Event | None]]) -> None:
            for seq, event in events:
                # One that does not open may hold anything.
                went = event is None or goes(event)
                if went:
                    plan.seqs.append(seq)
                if event is None or event.kind not in DOCUMENT_KINDS or event.data is None:
                    continue
                if not (went or event.erased):
                    redaction.keep(event.data)
                # A redaction of an older version left names and ids.
                elif (data := redaction.redact(event.data)) != event.data:
                    plan.redactions[seq] = data

        while events := await self._database.read(portion):
            await loop.run_in_executor(None, judge, events)
            after = events[-1][0]
        return plan
