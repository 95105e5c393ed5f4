"""``jupyter interview erase ID``: erase a person, or a whole interview, for good.

``ID`` is that of a member or of a room. What is gone and what stays is told in docs/operators/erasure.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ..app import InterviewApp
from ..core.errors import BadRequest
from ..core.models import Member, Room
from ..db import Database
from . import command
from .output import brief, say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter interview erase",
        description="Erase a person, or a whole interview, for good. The interview has to have ended.",
    )
    parser.add_argument("id", metavar="MEMBER|ROOM", help="id of the member or the room")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    return parser


def _question(room: Room, member: Member | None) -> str:
    if member is None:
        return f'Erase the interview "{brief(room.title)}" with all that was written, said and run in it?'
    return (
        f'Erase {brief(member.name)} ({member.role.value}) from the interview "{brief(room.title)}", with all that '
        "they wrote, said and ran, and what others quoted of it?"
    )


def _agreed(question: str) -> bool:
    """Whether the operator says yes.

    Raises:
        BadRequest: nobody is there to ask.
    """
    if not sys.stdin.isatty():
        raise BadRequest("Nobody is there to ask: say --yes.")
    say(question)
    return input("It cannot be undone. Type yes to go on: ").strip().lower() == "yes"


async def _perform(database: Database, options: argparse.Namespace, app: InterviewApp) -> int:
    eraser = app.eraser(database)
    room, member = await eraser.find(options.id)
    if not options.yes and not _agreed(_question(room, member)):
        say("Nothing was erased.")
        return 1
    count = await (eraser.room(room) if member is None else eraser.member(room, member))
    say(f"The contents of {count} events are erased. Exports, forks and backups made before are not touched.")
    return 0


def _work(options: argparse.Namespace, app: InterviewApp) -> int:
    return command.with_database(app, lambda database: _perform(database, options, app))


def main(arguments: Sequence[str]) -> int:
    """Erase; the exit status."""
    return command.run(_parser(), arguments, _work)
