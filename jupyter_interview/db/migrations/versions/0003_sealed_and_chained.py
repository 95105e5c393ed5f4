"""The log is sealed and chained, with signatures, frames and bookmarks beside it.

Revision: 0003, after 0002. The events and records of older rooms are sealed and chained on the way.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from jupyter_interview.db.migrations.seal_0003 import open_everything, seal_everything

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _room() -> "sa.Column[int]":
    return sa.Column("room", sa.Integer(), autoincrement=False, nullable=False)


def _of_room(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["room"], ["room.key"], name=op.f(f"fk_{table}_room_room"), ondelete="CASCADE")


def _set_aside(table: str) -> None:
    """The old table under another name; the rows are copied from it."""
    op.rename_table(table, f"{table}_old")
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE {table}_old RENAME CONSTRAINT pk_{table} TO pk_{table}_old")


def _events(*columns: "sa.Column[Any]") -> None:
    op.create_table(
        "event",
        sa.Column("room", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("member", sa.Integer(), nullable=False),
        *columns,
        _of_room("event"),
        sa.PrimaryKeyConstraint("room", "seq", name=op.f("pk_event")),
        sqlite_with_rowid=False,
    )


def _records(*columns: "sa.Column[Any]") -> None:
    op.create_table(
        "record",
        _room(),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("duration", sa.BigInteger(), nullable=False),
        *columns,
        _of_room("record"),
        sa.PrimaryKeyConstraint("room", name=op.f("pk_record")),
    )


def upgrade() -> None:
    op.add_column("room", sa.Column("damage", sa.Text(), nullable=True))
    op.create_table(
        "member_key",
        _room(),
        sa.Column("member", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        _of_room("member_key"),
        sa.PrimaryKeyConstraint("room", "member", name=op.f("pk_member_key")),
    )
    op.create_table(
        "event_key",
        _room(),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        _of_room("event_key"),
        sa.PrimaryKeyConstraint("room", "seq", name=op.f("pk_event_key")),
    )
    op.create_table(
        "head",
        _room(),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        _of_room("head"),
        sa.PrimaryKeyConstraint("room", "seq", name=op.f("pk_head")),
    )
    op.create_table(
        "redaction",
        _room(),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        _of_room("redaction"),
        sa.PrimaryKeyConstraint("room", "seq", name=op.f("pk_redaction")),
    )
    op.create_table(
        "frame",
        _room(),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("summary", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        _of_room("frame"),
        sa.PrimaryKeyConstraint("room", "number", name=op.f("pk_frame")),
    )
    op.create_table(
        "bookmark",
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("room", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("member", sa.Integer(), nullable=True),
        sa.Column("account", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        _of_room("bookmark"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bookmark")),
        sa.UniqueConstraint("id", name=op.f("uq_bookmark_id")),
    )
    op.create_index(op.f("ix_bookmark_room"), "bookmark", ["room"], unique=False)
    _set_aside("event")
    _events(
        sa.Column("subject", sa.Integer(), nullable=False),
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
    )
    _set_aside("record")
    _records(sa.Column("content", sa.LargeBinary(), nullable=False))
    seal_everything(op.get_bind())
    op.drop_table("event_old")
    op.drop_table("record_old")


def downgrade() -> None:
    _set_aside("event")
    _events(
        sa.Column("connection", sa.Integer(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=True),
    )
    _set_aside("record")
    _records(*(sa.Column(name, sa.Text(), nullable=False) for name in ("notebook", "messages", "members", "runs")))
    open_everything(op.get_bind())
    for name in ("event_old", "record_old", "bookmark", "frame", "redaction", "head", "event_key", "member_key"):
        op.drop_table(name)
    # Not as a batch: that would drop and make the table anew, and with its rows all that belongs to them.
    op.execute("ALTER TABLE room DROP COLUMN damage")
