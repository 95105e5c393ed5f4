"""Rooms hold files for their kernels.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "room_file",
        sa.Column("room", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["room"], ["room.key"], name=op.f("fk_room_file_room_room"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room", "name", name=op.f("pk_room_file")),
    )


def downgrade() -> None:
    op.drop_table("room_file")
