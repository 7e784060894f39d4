"""Who comes late is told from who is right: a document remembers how new the row of the source was that it was taken
from, and how often it was changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    op.add_column("documents", sa.Column("source_order", sa.BigInteger(), nullable=True))
    op.add_column("documents", sa.Column("revision", sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    op.drop_column("documents", "revision")
    op.drop_column("documents", "source_order")
