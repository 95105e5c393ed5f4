"""``jupyter interview user …``: who may log in at the desk?

An account is an email address, a name and a password, of which only the Argon2 hash is stored.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence

from ..app import InterviewApp
from ..auth.passwords import Argon2Passwords
from ..core.errors import BadRequest
from ..db import Database
from ..db.engine import shown_url
from ..managers.accounts import Accounts
from . import command
from .output import say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jupyter interview user", description="Interviewers' accounts")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser("add", help="make an account; asks for its password", epilog=command.SETTINGS)
    add.add_argument("email", metavar="EMAIL")
    add.add_argument("--name", help="the name that people see (default: the part before the @)")
    actions.add_parser("list", help="list the accounts")
    disable = actions.add_parser("disable", help="log an account out and let it in no more")
    disable.add_argument("email", metavar="EMAIL")
    password = actions.add_parser("password", help="set a new password; asks for it", epilog=command.SETTINGS)
    password.add_argument("email", metavar="EMAIL")
    return parser


def ask_password() -> str:
    """A password, asked twice on a terminal, or one line of standard input.

    Raises:
        BadRequest: the two differ.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise BadRequest("The two passwords differ. Nothing was changed.")
    return password


async def _perform(database: Database, options: argparse.Namespace, password: str, where: str) -> int:
    accounts = Accounts(database, Argon2Passwords())
    if options.action == "add":
        account = await accounts.create(options.email, options.name or "", password)
        say(f"{account.email} can log in at /interview/login of the server with this database: {where}")
    elif options.action == "password":
        await accounts.set_password(options.email, password)
        say(f"{options.email} has a new password. Whoever was logged in is so no more.")
    elif options.action == "disable":
        await accounts.disable(options.email)
        say(f"{options.email} can log in no more.")
    else:
        for account, disabled in await accounts.list():
            say(account.email, account.name, "disabled" if disabled else "active")
    return 0


def _work(options: argparse.Namespace, app: InterviewApp) -> int:
    password = ask_password() if options.action in ("add", "password") else ""
    where = shown_url(app.database_url)
    return command.with_database(app, lambda database: _perform(database, options, password, where))


def main(arguments: Sequence[str]) -> int:
    """Run one action; the exit status."""
    return command.run(_parser(), arguments, _work)
