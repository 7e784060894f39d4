"""The tables. Columns, keys and indexes only; what is done with them lives in the modules named after the doing."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Index, MetaData, Table, text
from sqlmodel import Field, SQLModel

from store.columns import BigId, ExactDecimal, JsonText, SafeText, SortedText, UtcDateTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Row(SQLModel):
    """Base of the tables: constraints have names, so that a migration can speak of them."""

    metadata: ClassVar[MetaData] = metadata


class DocumentTable(Row, table=True):
    """A document now.

    `version` names its content in `snapshots`; `source_version` is what the source itself last had, which differs after
    a person corrected the content, and `source_order` how new its row was. `revision` counts the changes of all else.
    `due_since` is set while its workflow has not heard of `version`.
    """

    __tablename__ = "documents"
    __table_args__ = (
        CheckConstraint("(state = 'held') = (hold_reason IS NOT NULL)", name="held_has_reason"),
        CheckConstraint("(state = 'held') = (held_at IS NOT NULL)", name="held_has_age"),
        Index("uq_documents_key", "flow", "connection", "number", unique=True),
        Index("ix_documents_due", "due_since", "id", sqlite_where=text("due_since IS NOT NULL"),
              postgresql_where=text("due_since IS NOT NULL")),
        Index("ix_documents_held", "held_at", "id", sqlite_where=text("held_at IS NOT NULL"),
              postgresql_where=text("held_at IS NOT NULL")),
        Index("ix_documents_gap", "hold_gap", sqlite_where=text("hold_gap IS NOT NULL"),
              postgresql_where=text("hold_gap IS NOT NULL")),
        Index("ix_documents_platform", "flow", "connection", "platform_no"),
        Index("ix_documents_board", "flow", "state", "hold_reason", "skip_reason"),
        Index("ix_documents_changed", "state", "changed_at"),
        Index("ix_documents_recent", "changed_at", "id"),
        {"sqlite_autoincrement": True},  # a number that was removed must not come back as another document
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    flow: str = Field(sa_type=SafeText)
    connection: str = Field(sa_type=SafeText)
    number: str = Field(sa_type=SafeText)
    version: str = Field(sa_type=SafeText)
    source_version: str | None = Field(default=None, sa_type=SafeText)
    source_order: int | None = Field(default=None, sa_type=BigInteger)
    platform_no: str = Field(sa_type=SafeText)
    shop: str = Field(sa_type=SafeText)
    warehouse: str = Field(sa_type=SafeText)
    related: list[str] = Field(sa_type=JsonText)
    skus: list[str] = Field(sa_type=JsonText)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    due_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: str = Field(sa_type=SafeText)
    hold_reason: str | None = Field(default=None, sa_type=SafeText)
    hold_zh: str | None = Field(default=None, sa_type=SafeText)
    hold_en: str | None = Field(default=None, sa_type=SafeText)
    hold_owner: str | None = Field(default=None, sa_type=SafeText)
    hold_gap: str | None = Field(default=None, sa_type=SafeText)
    hold_code: str | None = Field(default=None, sa_type=SafeText)
    hold_field: str | None = Field(default=None, sa_type=SafeText)
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    skip_reason: str | None = Field(default=None, sa_type=SafeText)
    form: str | None = Field(default=None, sa_type=SafeText)
    bill_number: str | None = Field(default=None, sa_type=SafeText)
    bill_id: str | None = Field(default=None, sa_type=SafeText)
    revision: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    attempted_version: str | None = Field(default=None, sa_type=SafeText)
    bill_version: str | None = Field(default=None, sa_type=SafeText)
    rate: str | None = Field(default=None, sa_type=SafeText)
    model: str | None = Field(default=None, sa_type=SafeText)


class SnapshotTable(Row, table=True):
    """Every content a document ever had, so that nothing is lost when the source or a person changes it."""

    __tablename__ = "snapshots"
    __table_args__ = (Index("ix_snapshots_seen_at", "seen_at"),)

    document_id: int = Field(primary_key=True, sa_type=BigId, foreign_key="documents.id", ondelete="CASCADE")
    version: str = Field(primary_key=True, sa_type=SafeText)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    body: str = Field(sa_type=SafeText)


class TermTable(Row, table=True):
    """What people search a document by, case folded."""

    __tablename__ = "document_terms"
    __table_args__ = (Index("ix_document_terms_value", "value", text("document_id DESC")),)

    document_id: int = Field(primary_key=True, sa_type=BigId, foreign_key="documents.id", ondelete="CASCADE")
    kind: str = Field(primary_key=True, sa_type=SafeText)
    value: str = Field(primary_key=True, sa_type=SortedText)


class StepTable(Row, table=True):
    """The journal: one row a step, appended, never changed."""

    __tablename__ = "steps"
    __table_args__ = (
        Index("ix_steps_document", "document_id", "id"),
        Index("ix_steps_at", "at"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    document_id: int = Field(sa_type=BigId, foreign_key="documents.id", ondelete="CASCADE")
    at: datetime = Field(sa_type=UtcDateTime)
    step: str = Field(sa_type=SafeText)
    outcome: str = Field(sa_type=SafeText)
    version: str = Field(sa_type=SafeText)
    attempt: int
    zh: str = Field(sa_type=SafeText)
    en: str = Field(sa_type=SafeText)
    code: str | None = Field(default=None, sa_type=SafeText)
    detail: str | None = Field(default=None, sa_type=SafeText)
    actor: str | None = Field(default=None, sa_type=SafeText)


class ExchangeTable(Row, table=True):
    """A call to a vendor and its answer. One batched call serves many documents and is kept once."""

    __tablename__ = "exchanges"
    __table_args__ = (Index("ix_exchanges_at", "at"),)

    id: UUID = Field(primary_key=True)
    system: str = Field(sa_type=SafeText)
    operation: str = Field(sa_type=SafeText)
    at: datetime = Field(sa_type=UtcDateTime)
    elapsed_ms: int
    status: int | None = None
    request: str = Field(sa_type=SafeText)
    response: str = Field(sa_type=SafeText)
    fault: str | None = Field(default=None, sa_type=SafeText)
    fault_code: str | None = Field(default=None, sa_type=SafeText)


class StepExchangeTable(Row, table=True):
    """Which calls a step made."""

    __tablename__ = "step_exchanges"
    __table_args__ = (Index("ix_step_exchanges_exchange", "exchange_id"),)

    step_id: int = Field(primary_key=True, sa_type=BigId, foreign_key="steps.id", ondelete="CASCADE")
    exchange_id: UUID = Field(primary_key=True, foreign_key="exchanges.id", ondelete="CASCADE")


class CursorTable(Row, table=True):
    """How far a flow has read a connection; the text is the flow's own."""

    __tablename__ = "cursors"

    flow: str = Field(primary_key=True, sa_type=SafeText)
    connection: str = Field(primary_key=True, sa_type=SafeText)
    position: str = Field(sa_type=SafeText)
    moved_at: datetime = Field(sa_type=UtcDateTime)


class MappingTable(Row, table=True):
    """What a source's code means in the ERP. `key` is normalised, `label` is how the person wrote it."""

    __tablename__ = "mappings"

    collection: str = Field(primary_key=True, sa_type=SafeText)
    connection: str = Field(primary_key=True, sa_type=SafeText)
    key: str = Field(primary_key=True, sa_type=SafeText)
    label: str = Field(sa_type=SafeText)
    cells: dict[str, Any] = Field(sa_type=JsonText)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class RateTable(Row, table=True):
    """The rate a currency was booked at on a day: written once, so that every document of the day agrees."""

    __tablename__ = "rates"

    currency: str = Field(primary_key=True, sa_type=SafeText)
    day: date = Field(primary_key=True)
    value: Decimal = Field(sa_type=ExactDecimal)
    source: str = Field(sa_type=SafeText)
    source_date: date
    official: bool


class TokenTable(Row, table=True):
    """A connection's renewable access, encrypted."""

    __tablename__ = "tokens"

    connection: str = Field(primary_key=True, sa_type=SafeText)
    sealed: str = Field(sa_type=SafeText)
    changed_at: datetime = Field(sa_type=UtcDateTime)


class PauseTable(Row, table=True):
    """A connection that refuses us and is left alone until it does not."""

    __tablename__ = "pauses"

    connection: str = Field(primary_key=True, sa_type=SafeText)
    since: datetime = Field(sa_type=UtcDateTime)
    system: str = Field(sa_type=SafeText)
    code: str = Field(sa_type=SafeText)
    message: str = Field(sa_type=SafeText)


class AlertTable(Row, table=True):
    """Something somebody was told of; once for each key."""

    __tablename__ = "alerts"
    __table_args__ = (Index("ix_alerts_at", "at"),)

    key: str = Field(primary_key=True, sa_type=SafeText)
    at: datetime = Field(sa_type=UtcDateTime)
    owner: str = Field(sa_type=SafeText)
    gap: str | None = Field(default=None, sa_type=SafeText)
    zh: str = Field(sa_type=SafeText)
    en: str = Field(sa_type=SafeText)


class ReconciliationTable(Row, table=True):
    """A comparison of one day. `ended_at` is set when all of its differences and totals are in."""

    __tablename__ = "reconciliations"
    __table_args__ = (
        Index("ix_reconciliations_day", "flow", "connection", "day", "begun_at"),
        Index("ix_reconciliations_begun_at", "begun_at"),
    )

    run: str = Field(primary_key=True, sa_type=SafeText)
    flow: str = Field(sa_type=SafeText)
    connection: str = Field(sa_type=SafeText)
    day: date
    begun_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    documents: int
    bills: int
    elsewhere: int


class ReconciliationItemTable(Row, table=True):
    """What a comparison is looking at, for as long as it runs: a document, its bill, and what came of them."""

    __tablename__ = "reconciliation_items"
    __table_args__ = (Index("ix_reconciliation_items_reference", "run", "reference"),)

    run: str = Field(primary_key=True, sa_type=SafeText, foreign_key="reconciliations.run", ondelete="CASCADE")
    bill_key: str = Field(primary_key=True, sa_type=SafeText)
    bill_number: str = Field(sa_type=SafeText)
    number: str = Field(sa_type=SafeText)
    reference: str = Field(sa_type=SafeText)
    source: str | None = Field(default=None, sa_type=SafeText)
    bill: str | None = Field(default=None, sa_type=SafeText)
    differences: str | None = Field(default=None, sa_type=SafeText)
    totals: str | None = Field(default=None, sa_type=SafeText)
    tried: str | None = Field(default=None, sa_type=SafeText)
    suspect: bool


class ReconciliationDifferenceTable(Row, table=True):
    """What a comparison found, in the order it is shown."""

    __tablename__ = "reconciliation_differences"

    run: str = Field(primary_key=True, sa_type=SafeText, foreign_key="reconciliations.run", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    kind: str = Field(sa_type=SafeText)
    mended: bool
    number: str = Field(sa_type=SafeText)
    bill_number: str = Field(sa_type=SafeText)
    reference: str = Field(sa_type=SafeText)
    shop: str = Field(sa_type=SafeText)
    warehouse: str = Field(sa_type=SafeText)
    sku: str = Field(sa_type=SafeText)
    field: str = Field(sa_type=SafeText)
    expected: str = Field(sa_type=SafeText)
    found: str = Field(sa_type=SafeText)
    zh: str = Field(sa_type=SafeText)
    en: str = Field(sa_type=SafeText)


class TurnTable(Row, table=True):
    """The line before an account: up to when the calls of a rate (so many in `seconds`) are given away, as Unix time in
    microseconds, which every database adds up alike."""

    __tablename__ = "turns"

    account: str = Field(primary_key=True, sa_type=SafeText)
    seconds: int = Field(primary_key=True)
    taken_to: int = Field(sa_type=BigInteger)


class ReconciliationTotalTable(Row, table=True):
    """What each side has for a shop, a warehouse and a SKU; an empty SKU stands for all of them."""

    __tablename__ = "reconciliation_totals"

    run: str = Field(primary_key=True, sa_type=SafeText, foreign_key="reconciliations.run", ondelete="CASCADE")
    shop: str = Field(primary_key=True, sa_type=SafeText)
    warehouse: str = Field(primary_key=True, sa_type=SafeText)
    sku: str = Field(primary_key=True, sa_type=SafeText)
    source_documents: int
    source_quantity: Decimal = Field(sa_type=ExactDecimal)
    source_amount: Decimal = Field(sa_type=ExactDecimal)
    journal_documents: int
    journal_quantity: Decimal = Field(sa_type=ExactDecimal)
    journal_amount: Decimal = Field(sa_type=ExactDecimal)
    erp_documents: int
    erp_quantity: Decimal = Field(sa_type=ExactDecimal)
    erp_amount: Decimal = Field(sa_type=ExactDecimal)


def _table(model: type[Row]) -> Table:
    return metadata.tables[str(model.__tablename__)]


documents = _table(DocumentTable)
snapshots = _table(SnapshotTable)
document_terms = _table(TermTable)
steps = _table(StepTable)
exchanges = _table(ExchangeTable)
step_exchanges = _table(StepExchangeTable)
cursors = _table(CursorTable)
mappings = _table(MappingTable)
rates = _table(RateTable)
tokens = _table(TokenTable)
turns = _table(TurnTable)
pauses = _table(PauseTable)
alerts = _table(AlertTable)
reconciliations = _table(ReconciliationTable)
reconciliation_items = _table(ReconciliationItemTable)
reconciliation_differences = _table(ReconciliationDifferenceTable)
reconciliation_totals = _table(ReconciliationTotalTable)
