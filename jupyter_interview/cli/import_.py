"""``jupyter interview import``: how does an exported interview come to this server?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ..app import InterviewApp
from ..core.errors import LogDamaged
from ..db import Database
from ..managers.exports.imports import Imported
from ..managers.exports.package import open_package
from . import command
from .output import Progress, brief, say
from .parts import Parts, parts_of
from .verify import signers


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter interview import", description="Bring in an interview that was exported as zip, after checking it"
    )
    parser.add_argument("file", metavar="FILE.zip", type=Path)
    parser.add_argument(
        "--up-to-damage",
        action="store_true",
        help="take what holds of a damaged log; the replay says where it ends",
    )
    return parser


def _tell(imported: Imported, app: InterviewApp) -> None:
    room = imported.room
    if imported.damage is not None:
        say(f"The log was taken up to where it holds. {imported.damage.message}")
    say(f"Imported: {imported.events:,} events, {room.id}")
    say(f"Title: {brief(room.title)}")
    for line in signers(imported.heads, app.open_keys()):
        say(line)


async def _build(parts: Parts, imported: Imported) -> None:
    progress = Progress("Preparing the replay")
    try:
        await parts.replay.ready(imported.room, progress)
    finally:
        progress.close()


async def _import(options: argparse.Namespace, app: InterviewApp, database: Database) -> int:
    file, package = open_package(options.file)
    progress = Progress("Checked")
    with file:
        async with parts_of(app, database) as parts:
            try:
                imported = await parts.imports.bring(package, up_to_damage=options.up_to_damage, progress=progress)
            except LogDamaged as damage:
                progress.close()
                say(f"Nothing was imported. {damage.message}")
                if damage.details["seq"] != 1:
                    say("--up-to-damage takes what is before it.")
                return 1
            finally:
                progress.close()
            await _build(parts, imported)
    _tell(imported, app)
    return 0


def _work(options: argparse.Namespace, app: InterviewApp) -> int:
    return command.with_database(app, lambda database: _import(options, app, database))


def main(arguments: Sequence[str]) -> int:
    """Import; the exit status."""
    return command.run(_parser(), arguments, _work)
