"""What the server needs to go on with a frame is beside it, not in it: no reader has to load it.

Revision: 0004, after 0003. Frames are made from the log again when somebody asks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def _frames(*contents: str) -> None:
    op.drop_table("frame")
    op.create_table(
        "frame",
        sa.Column("room", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_seq", sa.Integer(), nullable=False),
        sa.Column("last_seq", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("summary", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in contents),
        sa.ForeignKeyConstraint(["room"], ["room.key"], name=op.f("fk_frame_room_room"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room", "number", name=op.f("pk_frame")),
    )


def upgrade() -> None:
    _frames("content", "trace")


def downgrade() -> None:
    _frames("content")
