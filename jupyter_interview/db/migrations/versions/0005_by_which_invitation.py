"""A member's row says by which invitation the seat was taken, an invitation's who made it.

Revision: 0005, after 0004. Of what there was before neither is known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("member", sa.Column("invitation", sa.Integer(), nullable=True))
    op.add_column("invitation", sa.Column("made_by", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("invitation", "made_by")
    op.drop_column("member", "invitation")
