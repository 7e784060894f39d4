"""What the demo saw, counted: fates from the store, totals and audit from the sandbox world."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from domain.documents import DocumentState
from domain.journal import DocumentRecord


def number_of(record: DocumentRecord) -> str:
    """The number the platform knows a document by: the order's, or the refund's own for a return."""
    if record.key.flow == "sales_return" and record.related:
        return record.related[0]
    return record.platform_no or record.key.number


class Documents(BaseModel):
    """How many documents ended where. seen = posted + held + skipped + reversed."""

    seen: int
    posted: int
    held: int
    skipped: int
    reversed: int


class Report(BaseModel):
    """The demo's result, also written as JSON. Amounts are decimal strings in document and functional currency.

    Attributes:
        audit: made by the sandbox world from source orders and ERP bills alone; empty lists when the books are right.
        erp_calls: requests the ERP was asked.
        history_events_per_document: Temporal history events of a posted document, mean.
        seconds: from the first document shown at the source to the last one settled.
    """

    model_config = ConfigDict(frozen=True)

    documents: Documents
    held_reasons: dict[str, int]
    held_documents: dict[str, str]
    skipped_documents: dict[str, str]
    posted_totals: dict[str, dict[str, Any]]
    audit: dict[str, list[str]]
    erp_calls: int
    history_events_per_document: float
    seconds: float

    @property
    def balanced(self) -> bool:
        """Whether the books are right and every document is accounted for."""
        counted = self.documents
        whole = counted.posted + counted.held + counted.skipped + counted.reversed
        return not any(self.audit.values()) and counted.seen == whole


def fates(records: Sequence[DocumentRecord]) -> dict[str, Any]:
    """The parts of the report that the store knows."""
    states = Counter(record.state for record in records)
    held = [(record, record.hold) for record in records if record.hold is not None]
    return {
        "documents": Documents(
            seen=len(records),
            posted=states[DocumentState.POSTED],
            held=states[DocumentState.HELD],
            skipped=states[DocumentState.SKIPPED],
            reversed=states[DocumentState.REVERSED],
        ),
        "held_reasons": dict(Counter(hold.reason.value for _, hold in held)),
        "held_documents": {number_of(record): f"{hold.reason.value}: {hold.en}" for record, hold in held},
        "skipped_documents": {
            number_of(record): record.skip_reason.value if record.skip_reason else ""
            for record in records
            if record.state is DocumentState.SKIPPED
        },
    }
