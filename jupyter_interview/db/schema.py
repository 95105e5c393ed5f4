"""Is this database of the version that the code expects?

An empty database is created at the newest revision. Any other revision is refused with the command to run: a server
never changes a database by merely starting.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, inspect

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaMismatch(RuntimeError):
    """The database is of another revision; the message is for the operator and names the command."""


def configuration(connection: Connection) -> Config:
    """Alembic's configuration, bound to an open connection."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision that this version of the code knows."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    revision = ScriptDirectory.from_config(config).get_current_head()
    assert revision is not None
    return revision


def revision(connection: Connection) -> str | None:
    """The database's revision; ``None`` for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def prepare(engine: Engine) -> None:
    """Create the schema in an empty database; check it in another.

    Raises:
        SchemaMismatch: the revision is not `head`.
    """
    with engine.connect() as connection, connection.begin():
        found = revision(connection)
        if found is None and not inspect(connection).has_table("room"):
            command.upgrade(configuration(connection), "head")
            return
        if found != head():
            raise SchemaMismatch(
                f"The database is at revision {found or 'unknown'}, this version needs {head()}. "
                "Make a backup, then run: jupyter interview db upgrade"
            )


def upgrade(engine: Engine) -> str:
    """Bring a database to `head`; the revision it has then.

    Raises:
        SchemaMismatch: the database is of a revision that this version does not know (newer code wrote it).
    """
    with engine.connect() as connection, connection.begin():
        config = configuration(connection)
        found = revision(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise SchemaMismatch(
                f"The database is at revision {found}, which a newer version wrote. Install that version."
            )
        command.upgrade(config, "head")
        return head()
