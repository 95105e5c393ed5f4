"""How does an interview of any length come into a database without anybody sitting through it?

`Script` writes one. `store` puts it into a database by the server's own writer: sealed, chained and signed like any
other. ``python -m benchmarks.interviews --data-dir DIR --hours 8`` makes one for a server that is started with
``--InterviewApp.data_dir=DIR``, and prints the room's id.
"""

from __future__ import annotations

import argparse
import asyncio
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

from jupyter_interview.auth import load_secret
from jupyter_interview.auth.signing import SigningKeys
from jupyter_interview.collab import NotebookFold
from jupyter_interview.core import clock
from jupyter_interview.core.models import Event, EventKind, MemberState, Room, RoomState
from jupyter_interview.core.permissions import Role
from jupyter_interview.db import Database, Vault
from jupyter_interview.db.database import Stream
from jupyter_interview.db.members import insert_member
from jupyter_interview.db.rooms import insert_room
from jupyter_interview.managers.records import Records

from .common import progress
from .script import START, Script

__all__ = ["Script", "make", "store"]

_PEOPLE = [("Ada", Role.CANDIDATE), ("Grace", Role.INTERVIEWER)]


def _begin(connection: Any) -> tuple[Room, list[int]]:
    room = insert_room(
        connection,
        id=str(uuid.uuid4()),
        title="Interview",
        language="python",
        state=RoomState.LIVE,
        owner=0,
        created_at=START,
        started_at=START,
        password_hash=None,
        settings={},
        tags=(),
    )
    keys = [
        insert_member(
            connection,
            id=uuid.uuid4().hex[:16],
            room=room.key,
            role=role,
            name=name,
            state=MemberState.SEATED,
            joined_at=START,
            switches={},
        ).key
        for name, role in _PEOPLE
    ]
    return room, keys


async def store(database: Database, records: Records, script: Script, *, ended: bool = True) -> Room:
    """Put an interview into a database that was prepared and started.

    Args:
        database: which one.
        records: ends it.
        script: what is in it.
        ended: end it; otherwise it goes on, and the last line is left out.

    Returns:
        The room, as it is then.
    """
    room, keys = await database.write(_begin)
    names = [0, *keys]
    stream = Stream()
    failures: list[Exception] = []

    def settled(failure: Exception | None) -> None:
        if failure is not None:
            failures.append(failure)

    for seq, line in enumerate(script.lines(), 1):
        if line.kind is EventKind.ROOM_ENDED and not ended:
            break
        subject = line.member if line.subject is None else line.subject
        event = Event(
            room.key,
            seq,
            line.at,
            names[line.member],
            line.connection,
            line.kind,
            line.payload,
            line.data,
            names[subject],
        )
        database.append(event, stream, settled)
        if seq % 500 == 0:
            await database.capacity()
            await asyncio.sleep(0)
    await database.write(lambda connection: None)
    if failures:
        raise failures[0]
    return await records.store(room) if ended else replace(room)


async def make(
    data_dir: Path, hours: float, *, seed: int = 1, ended: bool = True, scale: float = 1.0
) -> tuple[Room, Script]:
    """An interview in the database of a server that does not run, whose ``InterviewApp.data_dir`` is ``data_dir``."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(f"sqlite:///{data_dir / 'interview.sqlite'}", Vault(load_secret(data_dir / "vault")))
    database.prepare()
    database.start()
    script = Script(hours, seed, scale)
    try:
        records = Records(database, NotebookFold, SigningKeys(data_dir / "signing.json"))
        return await store(database, records, script, ended=ended), script
    finally:
        await database.close()


def main() -> None:
    """Make one."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data-dir", type=Path, required=True)
    options.add_argument("--hours", type=float, default=1.0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--live", action="store_true", help="it has not ended")
    chosen = options.parse_args()
    started = clock.now()
    room, script = asyncio.run(make(chosen.data_dir, chosen.hours, seed=chosen.seed, ended=not chosen.live))
    progress(f"{script.updates} updates, {script.bytes} bytes of Yjs, {(clock.now() - started) / 1e6:.0f} s")
    print(room.id)


if __name__ == "__main__":
    main()
