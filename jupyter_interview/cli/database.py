"""``jupyter interview db …``: is the database of this version?

A server never changes a database by starting: it refuses one of another revision and names ``db upgrade``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ..app import InterviewApp
from ..db import schema
from ..db.engine import open_engine
from ..managers.evidence import sign_ended
from . import command
from .output import say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jupyter interview db", description="The database's schema")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("upgrade", help="bring the database to the revision of this version; make a backup first")
    actions.add_parser("revision", help="print the database's revision and the one that this version needs")
    return parser


def _work(options: argparse.Namespace, app: InterviewApp) -> int:
    engine = open_engine(app.database_url, writer=True, vault=app.open_vault())
    try:
        if options.action == "upgrade":
            say(f"The database is at revision {schema.upgrade(engine)}.")
            signed = command.with_database(app, lambda database: sign_ended(database, app.open_keys()))
            if signed:
                say(f"The logs of {signed} interviews that had ended were signed.")
            return 0
        with engine.connect() as connection:
            found = schema.revision(connection)
        say(f"database: {found or 'empty'}")
        say(f"needed:   {schema.head()}")
        return 0 if found in (None, schema.head()) else 1
    finally:
        engine.dispose()


def main(arguments: Sequence[str]) -> int:
    """Run one action; the exit status."""
    return command.run(_parser(), arguments, _work)
