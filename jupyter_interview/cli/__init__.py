"""What can be done on the command line?

``jupyter interview`` alone, or followed by options of the server, starts it. Otherwise the first word names a command;
each has a module here, and its options are listed by ``--help``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module

from .. import __version__
from .later import collecting_later, put_off
from .output import page, say

COMMANDS = {
    "serve": ("serve", "start JupyterLab with interviews (the default)"),
    "user": ("user", "add, list, disable interviewers' accounts, set a password"),
    "db": ("database", "bring the database to the revision of this version"),
    "erase": ("erase", "erase a person, or a whole interview, for good"),
    "keys": ("keys", "the keys that this server signs its logs with"),
    "doctor": ("doctor", "say what works here, what is missing and how to mend it"),
    "images": ("images", "build the images that kernels in Docker run on"),
    "export": ("export", "write an interview into a file: notebook, log, replay, or all of it"),
    "import": ("import_", "bring in an interview that was exported"),
    "verify": ("verify", "say whether a log is still what was recorded"),
    "config": ("config", "print every setting with its default"),
}
"""Module here, whose ``main`` takes the other words and returns the exit status, and what it does."""


def usage() -> str:
    """The commands, one a line."""
    lines = [f"  {name:<8} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(
        [
            "usage: jupyter interview [COMMAND] [OPTIONS]",
            "",
            *lines,
            "",
            "  --version  which one this is",
            "",
            "All settings: jupyter interview config",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in ("-h", "--help"):
        page(usage())
        return 0
    if words and words[0] == "--version":
        page(__version__)
        return 0
    if not words or words[0].startswith("-"):
        return _run("serve", words)
    command, *rest = words
    if command not in COMMANDS:
        say(f"jupyter interview: unknown command {command!r}", error=True)
        page(usage(), error=True)
        return 2
    return _run(command, rest)


def _run(command: str, words: Sequence[str]) -> int:
    """Import what the command needs, and no other's: many a second lies between them."""
    put_off()
    with collecting_later():
        module = import_module(f".{COMMANDS[command][0]}", __package__)
    status: int = module.main(words)
    return status
