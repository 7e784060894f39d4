"""What the operation of connections needs: the line before each account."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.create_table(
        "turns",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("taken_to", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "seconds", name="pk_turns"),
    )


def downgrade() -> None:
    op.drop_table("turns")
