"""``jupyter interview export``: how does an interview leave the server?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..app import InterviewApp
from ..core.errors import BadRequest
from ..db import Database
from ..managers.exports.exports import FORMATS
from . import command
from .output import Progress, say, whole_file
from .parts import find_room, parts_of


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter interview export", description="Write an interview into a file: notebook, log, replay, or all"
    )
    parser.add_argument("room", metavar="ROOM", help="the interview's id, or its link")
    parser.add_argument("--format", choices=FORMATS, help="default: what the name of the file says")
    parser.add_argument("--at", metavar="MOMENT", help="for ipynb: an event's number, or a time (ISO 8601, UTC)")
    parser.add_argument("--output", required=True, metavar="FILE", type=Path, help="where to")
    parser.add_argument("--force", action="store_true", help="replace a file that is there")
    return parser


def _format(options: argparse.Namespace) -> str:
    form: str = options.format or options.output.suffix.removeprefix(".").lower()
    if form not in FORMATS:
        raise BadRequest(f"Say which --format: {', '.join(FORMATS)}.")
    return form


async def _export(options: argparse.Namespace, app: InterviewApp, database: Database) -> int:
    async with parts_of(app, database) as parts:
        room = await find_room(parts, options.room)
        progress = Progress("Exported")
        with whole_file(options.output, replace=options.force) as file:
            try:
                export = await parts.exports.open(room, _format(options), options.at, progress)
                async for piece in export.pieces:
                    file.write(piece)
            finally:
                progress.close()
            size = file.tell()
    say(f"{options.output}: {size:,} bytes")
    if not room.ended:
        say("The interview goes on: this is what was recorded until now.")
    return 0


def _work(options: argparse.Namespace, app: InterviewApp) -> int:
    _format(options)
    return command.with_database(app, lambda database: _export(options, app, database))


def main(arguments: Sequence[str]) -> int:
    """Export; the exit status."""
    return command.run(_parser(), arguments, _work)
