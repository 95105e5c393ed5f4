"""What are the tables?

Times are microseconds since 1970 (UTC) as integers; JSON is text in its compact form. An event's row is kept small (it
is written for each keystroke): integer keys instead of ids, the kind as a number, and in SQLite no rowid beside the
primary key.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

account = Table(
    "account",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
)

revoked_token = Table(
    "revoked_token",
    metadata,
    Column("jti", Text, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)

room = Table(
    "room",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("state", Text, nullable=False),
    # 0 is the server's own user, who has no row: hence no foreign key.
    Column("owner", Integer, nullable=False),
    Column("password_hash", Text),
    Column("settings", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger),
    # Where an imported log did not hold: JSON {seq, reason}.
    Column("damage", Text),
    Index("ix_room_created_at_key", "created_at", "key"),
)

room_file = Table(
    "room_file",
    metadata,
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("name", Text, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    # The last column: SQLite reads those before it without it.
    Column("content", LargeBinary, nullable=False),
)

member = Table(
    "member",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("account", Integer),
    Column("state", Text, nullable=False),
    Column("switches", Text, nullable=False),
    Column("joined_at", BigInteger, nullable=False),
    Column("left_at", BigInteger),
    # Key of the invitation by which the seat was taken; none by the bare link.
    Column("invitation", Integer),
)

invitation = Table(
    "invitation",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("name", Text),
    Column("secret_hash", Text, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("max_uses", Integer),
    Column("uses", Integer, nullable=False),
    Column("revoked_at", BigInteger),
    # Key of the member who made it; none when that was an account outside the room.
    Column("made_by", Integer),
)

event = Table(
    "event",
    metadata,
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("member", Integer, nullable=False),
    Column("subject", Integer, nullable=False),
    Column("connection", Integer, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    # Sealed with the subject's key, like the data: `db.ledger`.
    Column("payload", LargeBinary),
    Column("data", LargeBinary),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Its 32 bytes are wrapped by the server's vault key. Member 0 is the room itself, -1 what is derived from its log.
member_key = Table(
    "member_key",
    metadata,
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("member", Integer, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
)

# Keys of single events, wrapped like the others, whose subject's key was destroyed for the sake of other events.
event_key = Table(
    "event_key",
    metadata,
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
)

head = Table(
    "head",
    metadata,
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

# What replaces the document's update of an erased member.
redaction = Table(
    "redaction",
    metadata,
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

frame = Table(
    "frame",
    metadata,
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("summary", LargeBinary, nullable=False),
    # The last columns: SQLite reads those before them without them.
    Column("content", LargeBinary, nullable=False),
    Column("trace", LargeBinary, nullable=False),
)

bookmark = Table(
    "bookmark",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), nullable=False, index=True),
    Column("seq", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("member", Integer),
    Column("account", Integer),
    Column("created_at", BigInteger, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("room", Integer, ForeignKey("room.key", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("language", Text, nullable=False),
    Column("started_at", BigInteger),
    Column("ended_at", BigInteger, nullable=False),
    Column("duration", BigInteger, nullable=False),
    # JSON of notebook, messages, members and runs, sealed like the frames.
    Column("content", LargeBinary, nullable=False),
)
