"""``jupyter interview keys …``: with which key does this server sign what it recorded?

Publish what ``show`` prints where people trust it (a website, a contract): by it they tell a genuine log from a forged
one, years later and without this server. A rotation is signed by both keys, so that one known key leads to all.
"""

from __future__ import annotations

import argparse
import base64
import json
from collections.abc import Sequence

from ..app import InterviewApp
from ..auth.signing import SigningKeys, Statement
from ..core import clock
from ..core.errors import NotFound
from . import command
from .output import page, say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jupyter interview keys", description="The keys that logs are signed with")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("list", help="list the keys, the newest last")
    show = actions.add_parser("show", help="print a public key; it can be given to anybody")
    show.add_argument("key", nargs="?", metavar="ID", help="default: the newest")
    show.add_argument(
        "--json", action="store_true", help="print all keys with what vouches for them, for verify --keys"
    )
    actions.add_parser("rotate", help="sign with a new key from now on; the old private key is destroyed")
    return parser


def _fields(statement: Statement, newest: bool) -> tuple[str, str, str]:
    return statement.id, f"since {clock.iso(statement.since)}", "signs now" if newest else "retired"


def _show(keys: SigningKeys, options: argparse.Namespace) -> None:
    statements = keys.statements()
    if options.json:
        page(json.dumps([statement.to_json() for statement in statements], indent=1))
        return
    wanted = options.key or statements[-1].id
    for statement in statements:
        if statement.id == wanted:
            say(base64.b64encode(statement.public_key).decode())
            return
    raise NotFound(f"There is no key {wanted}. jupyter interview keys list shows which there are.")


def _work(options: argparse.Namespace, app: InterviewApp) -> int:
    keys = app.open_keys()
    if options.action == "rotate":
        say(f"Signs from now on: {keys.rotate().id}")
    elif options.action == "show":
        _show(keys, options)
    else:
        statements = keys.statements()
        for statement in statements:
            say(*_fields(statement, statement is statements[-1]))
    return 0


def main(arguments: Sequence[str]) -> int:
    """Run one action; the exit status."""
    return command.run(_parser(), arguments, _work)
