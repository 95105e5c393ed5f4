"""Is a stored log still what was recorded, and who vouches for it?

The rules are in `core.verify`; here they meet the database. When an interview ends, the server signs the hash of the
log's last event (`sign_log`, in the same transaction that ends the room), and nothing is logged after it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ..core import clock
from ..core.chain import head_message
from ..core.errors import NotFound
from ..core.models import Head, Member, Room
from ..core.ports import Signatures, Signer
from ..core.verify import Damage, Reason, Verdict, Verifier
from ..db import Database
from ..db.events import last_link, last_seq
from ..db.heads import insert_head, list_heads
from ..db.links import read_links
from ..db.members import list_members
from ..db.portions import portion_end
from ..db.rooms import list_ended

__all__ = ["Damage", "Evidence", "Reason", "Verdict", "Verifier", "sign_log"]


class Evidence:
    """The logs in the database, checked.

    Args:
        database: where they are.
        signatures: checks signatures, and knows the keys that count.
    """

    def __init__(self, database: Database, signatures: Signatures) -> None:
        self._database = database
        self._signatures = signatures

    async def verify(self, room: Room, *, share: float = 1.0) -> Verdict:
        """Check a room's log from its first event to its last, in portions.

        A log that is being written is checked as far as it is then.

        Args:
            room: which one.
            share: part of the time that it works, from 0 to 1; it rests in between.
        """

        def start(connection: Any) -> tuple[list[Member], list[Head]]:
            return list_members(connection, room.key), list_heads(connection, room.key)

        members, heads = await self._database.read(start)
        verifier = Verifier(
            room.id,
            members=[member.id for member in members],
            signatures=self._signatures,
            heads=heads,
            names={member.id: (member.name, member.role.value) for member in members},
        )

        until = await self._database.read(lambda connection: last_seq(connection, room.key))
        after = 0

        def portion(connection: Any) -> int:
            end = portion_end(connection, room.key, after=after, until=until)
            for link, event in read_links(connection, room.key, after=after, until=end):
                if not verifier.event(link, event.payload if event is not None else None):
                    return after
                if event is None:
                    verifier.sealed_otherwise()
                    return after
            return end

        begun = time.monotonic()
        while (end := await self._database.read(portion)) > after:
            after = end
            await asyncio.sleep((time.monotonic() - begun) * (1 / share - 1))
            begun = time.monotonic()
        return verifier.finish(ended=room.ended)

    async def heads(self, room: Room) -> list[Head]:
        """The signatures over a room's log."""
        return await self._database.read(lambda connection: list_heads(connection, room.key))


def sign_log(connection: Any, room: Room, signer: Signer) -> Head:
    """Sign the log of a room up to its last event, unless that is done; the signature. For the writer.

    Raises:
        NotFound: the log is empty.
    """
    seq, digest = last_link(connection, room.key)
    for head in list_heads(connection, room.key):
        if head.seq == seq:
            return head
    if not seq:
        raise NotFound("The log of this interview is empty.")
    now = clock.now()
    key_id, public_key, signature = signer.sign(head_message(room.id, seq, now, digest))
    head = Head(room.id, seq, now, digest, key_id, public_key, signature)
    insert_head(connection, room.key, head)
    return head


async def sign_ended(database: Database, signer: Signer) -> int:
    """Sign the logs of the interviews that ended before logs were signed; how many these are.

    An imported log is not this server's to sign: it brings its own signatures, or its damage says that it has none.
    """

    def work(connection: Any) -> int:
        rooms = [room for room in list_ended(connection) if room.damage is None]
        unsigned = [
            room for room in rooms if not list_heads(connection, room.key) and last_link(connection, room.key)[0]
        ]
        for room in unsigned:
            sign_log(connection, room, signer)
        return len(unsigned)

    return await database.write(work)
