"""Is this database of the version that the code expects?

An empty database is created at the newest revision. Any other revision is refused with the command to run: a server
never changes a database by merely starting.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, inspect, select

from .tables import member_key
from .vault import VaultError, vault_of

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"


class SchemaMismatch(RuntimeError):
    """The database is of another revision, or of another vault; the message is for the operator and says what to do."""


def configuration(connection: Connection) -> Config:
    """Alembic's configuration, bound to an open connection."""
    # Not at import: a start needs it where it makes the tables, and waits a quarter of a second for it.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision that this version of the code knows: the revisions are numbers, which begin their files."""
    return max(path.name.partition("_")[0] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def revision(connection: Connection) -> str | None:
    """The database's revision; ``None`` for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return found


def prepare(engine: Engine) -> None:
    """Create the schema in an empty database; check it in another.

    Raises:
        SchemaMismatch: the revision is not `head`, or the vault is another's.
    """
    with engine.connect() as connection, connection.begin():
        found = revision(connection)
        if found is None and not inspect(connection).has_table("room"):
            from alembic import command  # as in `configuration`

            command.upgrade(configuration(connection), "head")
            return
        if found != head():
            raise SchemaMismatch(
                f"The database is at revision {found or 'unknown'}, this version needs {head()}. "
                "Make a backup, then run: jupyter interview db upgrade"
            )
        check_vault(connection)


def check_vault(connection: Connection) -> None:
    """Whether the vault is the one that the database's keys were wrapped with.

    Raises:
        SchemaMismatch: it is another.
    """
    wrapped = connection.execute(select(member_key.c.wrapped).limit(1)).scalar()
    if wrapped is not None and connection.get_execution_options().get("vault") is not None:
        try:
            vault_of(connection).unwrap(bytes(wrapped))
        except VaultError as error:
            raise SchemaMismatch(
                f"{error} Put the file 'vault' that belongs to this database back into the data directory; "
                "without it no interview in the database can be read."
            ) from error


def upgrade(engine: Engine) -> str:
    """Bring a database to `head`; the revision it has then.

    Raises:
        SchemaMismatch: the database is of a revision that this version does not know (newer code wrote it).
    """
    from alembic import command  # as in `configuration`
    from alembic.script import ScriptDirectory

    with engine.connect() as connection, connection.begin():
        config = configuration(connection)
        found = revision(connection)
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if found is not None and found not in known:
            raise SchemaMismatch(
                f"The database is at revision {found}, which a newer version wrote. Install that version."
            )
        command.upgrade(config, "head")
    if found not in (None, head()):
        _compact(engine)
    return head()


def _compact(engine: Engine) -> None:
    """What an upgrade replaced must not be left in free pages of the file: some of it was in the clear."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("VACUUM")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
