"""The tables of the first release: documents and their journal, mapping tables, rates, cursors, tokens.

A migration speaks of the tables as they were when it was written, so it uses plain column types of its own.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

BigId = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
Moment = sa.DateTime(timezone=True)
SortedText = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "cursors",
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("moved_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("flow", "connection", name="pk_cursors"),
    )
    op.create_table(
        "documents",
        sa.Column("id", BigId, nullable=False),
        sa.Column("flow", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("source_version", sa.Text(), nullable=True),
        sa.Column("platform_no", sa.Text(), nullable=False),
        sa.Column("shop", sa.Text(), nullable=False),
        sa.Column("warehouse", sa.Text(), nullable=False),
        sa.Column("related", sa.Text(), nullable=False),
        sa.Column("skus", sa.Text(), nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.Column("due_since", Moment, nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hold_reason", sa.Text(), nullable=True),
        sa.Column("hold_zh", sa.Text(), nullable=True),
        sa.Column("hold_en", sa.Text(), nullable=True),
        sa.Column("hold_owner", sa.Text(), nullable=True),
        sa.Column("hold_gap", sa.Text(), nullable=True),
        sa.Column("hold_code", sa.Text(), nullable=True),
        sa.Column("hold_field", sa.Text(), nullable=True),
        sa.Column("held_at", Moment, nullable=True),
        sa.Column("skip_reason", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=True),
        sa.Column("bill_number", sa.Text(), nullable=True),
        sa.Column("bill_id", sa.Text(), nullable=True),
        sa.Column("attempted_version", sa.Text(), nullable=True),
        sa.Column("bill_version", sa.Text(), nullable=True),
        sa.Column("rate", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'held') = (held_at IS NOT NULL)", name=op.f("ck_documents_held_has_age")),
        sa.CheckConstraint("(state = 'held') = (hold_reason IS NOT NULL)", name=op.f("ck_documents_held_has_reason")),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_documents_board", "documents", ["flow", "state", "hold_reason", "skip_reason"])
    op.create_index("ix_documents_changed", "documents", ["state", "changed_at"])
    op.create_index("ix_documents_recent", "documents", ["changed_at", "id"])
    op.create_index(
        "ix_documents_due",
        "documents",
        ["due_since", "id"],
        sqlite_where=sa.text("due_since IS NOT NULL"),
        postgresql_where=sa.text("due_since IS NOT NULL"),
    )
    op.create_index(
        "ix_documents_gap",
        "documents",
        ["hold_gap"],
        sqlite_where=sa.text("hold_gap IS NOT NULL"),
        postgresql_where=sa.text("hold_gap IS NOT NULL"),
    )
    op.create_index(
        "ix_documents_held",
        "documents",
        ["held_at", "id"],
        sqlite_where=sa.text("held_at IS NOT NULL"),
        postgresql_where=sa.text("held_at IS NOT NULL"),
    )
    op.create_index("ix_documents_platform", "documents", ["flow", "connection", "platform_no"])
    op.create_index("uq_documents_key", "documents", ["flow", "connection", "number"], unique=True)
    op.create_table(
        "exchanges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("elapsed_ms", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("response", sa.Text(), nullable=False),
        sa.Column("fault", sa.Text(), nullable=True),
        sa.Column("fault_code", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_exchanges"),
    )
    op.create_index("ix_exchanges_at", "exchanges", ["at"])
    op.create_table(
        "mappings",
        sa.Column("collection", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("cells", sa.Text(), nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("collection", "connection", "key", name="pk_mappings"),
    )
    op.create_table(
        "rates",
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_date", sa.Date(), nullable=False),
        sa.Column("official", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("currency", "day", name="pk_rates"),
    )
    op.create_table(
        "tokens",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("changed_at", Moment, nullable=False),
        sa.PrimaryKeyConstraint("connection", name="pk_tokens"),
    )
    op.create_table(
        "document_terms",
        sa.Column("document_id", BigId, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", SortedText, nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], name="fk_document_terms_document_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "kind", "value", name="pk_document_terms"),
    )
    op.create_index("ix_document_terms_value", "document_terms", ["value", sa.text("document_id DESC")])
    op.create_table(
        "snapshots",
        sa.Column("document_id", BigId, nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("seen_at", Moment, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_snapshots_document_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document_id", "version", name="pk_snapshots"),
    )
    op.create_index("ix_snapshots_seen_at", "snapshots", ["seen_at"])
    op.create_table(
        "steps",
        sa.Column("id", BigId, nullable=False),
        sa.Column("document_id", BigId, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("zh", sa.Text(), nullable=False),
        sa.Column("en", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"], name="fk_steps_document_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_steps"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_steps_at", "steps", ["at"])
    op.create_index("ix_steps_document", "steps", ["document_id", "id"])
    op.create_table(
        "step_exchanges",
        sa.Column("step_id", BigId, nullable=False),
        sa.Column("exchange_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["exchange_id"], ["exchanges.id"], name="fk_step_exchanges_exchange_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name="fk_step_exchanges_step_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("step_id", "exchange_id", name="pk_step_exchanges"),
    )
    op.create_index("ix_step_exchanges_exchange", "step_exchanges", ["exchange_id"])


def downgrade() -> None:
    op.drop_table("step_exchanges")
    op.drop_table("steps")
    op.drop_table("snapshots")
    op.drop_table("document_terms")
    op.drop_table("tokens")
    op.drop_table("rates")
    op.drop_table("mappings")
    op.drop_table("exchanges")
    op.drop_table("documents")
    op.drop_table("cursors")
