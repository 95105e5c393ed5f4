"""What can be done on the command line?

``jupyter interview`` alone, or followed by options of the server, starts it. Otherwise the first word names a command;
each has a module here, and its options are listed by ``--help``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from .. import __version__
from . import config, database, doctor, erase, export, images, import_, keys, serve, user, verify

COMMANDS: dict[str, tuple[Callable[[Sequence[str]], int], str]] = {
    "serve": (serve.main, "start JupyterLab with interviews (the default)"),
    "user": (user.main, "add, list, disable interviewers' accounts, set a password"),
    "db": (database.main, "bring the database to the revision of this version"),
    "erase": (erase.main, "erase a person, or a whole interview, for good"),
    "keys": (keys.main, "the keys that this server signs its logs with"),
    "doctor": (doctor.main, "say what works here, what is missing and how to mend it"),
    "images": (images.main, "build the images that kernels in Docker run on"),
    "export": (export.main, "write an interview into a file: notebook, log, replay, or all of it"),
    "import": (import_.main, "bring in an interview that was exported"),
    "verify": (verify.main, "say whether a log is still what was recorded"),
    "config": (config.main, "print every setting with its default"),
}


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
        print(usage())
        return 0
    if words and words[0] == "--version":
        print(__version__)
        return 0
    if not words or words[0].startswith("-"):
        return serve.main(words)
    command, *rest = words
    if command not in COMMANDS:
        print(f"jupyter interview: unknown command {command!r}\n\n{usage()}", file=sys.stderr)
        return 2
    return COMMANDS[command][0](rest)
