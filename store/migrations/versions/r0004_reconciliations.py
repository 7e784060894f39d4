"""Reconciliations: what they looked at while they ran, what differed, and the totals of each side."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | None = None
depends_on: str | None = None

Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "reconciliations",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("begun_at", Moment, nullable=False),
        sa.Column("ended_at", Moment, nullable=True),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("bills", sa.Integer(), nullable=False),
        sa.Column("elsewhere", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run", name="pk_reconciliations"),
    )
    op.create_index("ix_reconciliations_day", "reconciliations", ["flow", "connection", "day", "begun_at"])
    op.create_index("ix_reconciliations_begun_at", "reconciliations", ["begun_at"])
    op.create_table(
        "reconciliation_differences",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mended", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("bill_number", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["reconciliations.run"], name="fk_reconciliation_differences_run", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "position", name="pk_reconciliation_differences"),
    )
    op.create_table(
        "reconciliation_items",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("bill_key", sa.Text(), nullable=False),
        sa.Column("bill_number", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("bill", sa.Text(), nullable=True),
        sa.Column("differences", sa.Text(), nullable=True),
        sa.Column("totals", sa.Text(), nullable=True),
        sa.Column("tried", sa.Text(), nullable=True),
        sa.Column("suspect", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["reconciliations.run"], name="fk_reconciliation_items_run", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "bill_key", name="pk_reconciliation_items"),
    )
    op.create_index("ix_reconciliation_items_reference", "reconciliation_items", ["run", "reference"])
    op.create_table(
        "reconciliation_totals",
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("source_documents", sa.Integer(), nullable=False),
        sa.Column("source_quantity", sa.Text(), nullable=False),
        sa.Column("source_amount", sa.Text(), nullable=False),
        sa.Column("journal_documents", sa.Integer(), nullable=False),
        sa.Column("journal_quantity", sa.Text(), nullable=False),
        sa.Column("journal_amount", sa.Text(), nullable=False),
        sa.Column("erp_documents", sa.Integer(), nullable=False),
        sa.Column("erp_quantity", sa.Text(), nullable=False),
        sa.Column("erp_amount", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run"], ["reconciliations.run"], name="fk_reconciliation_totals_run", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run", "shop", "warehouse", "sku", name="pk_reconciliation_totals"),
    )


def downgrade() -> None:
    op.drop_table("reconciliation_totals")
    op.drop_table("reconciliation_items")
    op.drop_table("reconciliation_differences")
    op.drop_table("reconciliations")
