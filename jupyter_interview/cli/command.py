"""What do the commands that do not serve have in common?

They read the same configuration files as the server, so that they work on the same database, and take
``--InterviewApp.…`` options like it. The rest of the line is the command's own.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from jupyter_core.application import JupyterApp
from traitlets import TraitError
from traitlets.config import Config

from ..app import InterviewApp
from ..auth.secrets import SecretFileError
from ..core.errors import InterviewError
from ..db import Database, SchemaMismatch
from .output import say, tell

SETTINGS = "Give the settings that the server runs with, for instance --InterviewApp.data_dir=…, here as well."


class _Configuration(JupyterApp):
    """The server's configuration files, without the server."""

    name = "jupyter-interview"
    config_file_name = "jupyter_server_config"
    classes = [InterviewApp]  # noqa: RUF012  # traitlets declares it so
    raise_config_file_errors = True


def _is_setting(word: str) -> bool:
    return word.startswith("--") and "." in word.split("=", 1)[0]


def configured(words: Sequence[str]) -> InterviewApp:
    """The extension with the configuration that a server would have; it is not started.

    Args:
        words: options of the form ``--InterviewApp.name=value``, which win over files.

    Raises:
        ValueError: there is no such setting, or no such limit.
    """
    reader = _Configuration()
    reader.initialize(list(words))
    settings = Config()
    settings.InterviewApp = reader.config.get("InterviewApp", Config())
    app = InterviewApp(config=settings)
    app.checked_limits()
    app.make_data_dir()
    return app


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The command's own words, and the settings ``--Class.name=value`` among them."""
    own = [word for word in arguments if not _is_setting(word)]
    return own, [word for word in arguments if _is_setting(word)]


def run(
    parser: argparse.ArgumentParser,
    arguments: Sequence[str],
    work: Callable[[argparse.Namespace, InterviewApp], int],
) -> int:
    """Parse, configure, work; a refusal or a wrong database becomes one line and exit status 1."""
    parser.epilog = parser.epilog or SETTINGS
    own, settings = split(arguments)
    parsed = parser.parse_args(own)
    try:
        return work(parsed, configured(settings))
    except InterviewError as refusal:
        say(refusal.message, error=True)
    except (SchemaMismatch, SecretFileError, TraitError, ValueError, OSError) as problem:
        tell(str(problem), error=True)
    return 1


def with_database(app: InterviewApp, work: Callable[[Database], Coroutine[Any, Any, int]]) -> int:
    """Open the configured database, run ``work`` on it, close it.

    Raises:
        SchemaMismatch: the database is of another revision.
    """

    async def whole() -> int:
        database = Database(app.database_url, app.open_vault())
        database.prepare()
        database.start()
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(whole())
