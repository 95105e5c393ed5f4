"""How is stored what replaces the document's updates of an erased member?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, insert, select, update

from .tables import redaction


def store_redactions(connection: Connection, room: int, redactions: Mapping[int, bytes]) -> None:
    """Store what replaces the data of events, by their numbers, also in the place of what replaced it before."""
    known = set(connection.execute(select(redaction.c.seq).where(redaction.c.room == room)).scalars())
    rows = [{"room": room, "seq": seq, "data": data} for seq, data in redactions.items() if seq not in known]
    if rows:
        connection.execute(insert(redaction), rows)
    again = [{"number": seq, "content": data} for seq, data in redactions.items() if seq in known]
    if again:
        those = (redaction.c.room == room) & (redaction.c.seq == bindparam("number"))
        connection.execute(update(redaction).where(those).values(data=bindparam("content")), again)


def find_redactions(connection: Connection, room: int, seqs: Collection[int] | None = None) -> dict[int, bytes]:
    """What replaces the data of events, by their numbers: of these events only, or all of the room."""
    if seqs is not None and not seqs:
        return {}
    query = select(redaction.c.seq, redaction.c.data).where(redaction.c.room == room)
    if seqs is not None:
        query = query.where(redaction.c.seq.between(min(seqs), max(seqs)))
    return {row.seq: bytes(row.data) for row in connection.execute(query)}
