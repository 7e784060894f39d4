"""A document's row and its latest content, as the `DocumentRecord` everybody else reads."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, Select, and_, select

from domain.documents import DocumentKey, Hold
from domain.journal import DocumentRecord
from store.tables import documents, snapshots

_SAME_NAME = (
    "version", "source_version", "platform_no", "shop", "warehouse", "related", "skus", "state", "seen_at",
    "changed_at", "held_at", "skip_reason", "form", "bill_number", "bill_id", "attempted_version", "bill_version",
    "model", "rate", "revision",
)  # fmt: skip

HOLD_COLUMNS = {name: f"hold_{name}" for name in Hold.model_fields}
"""Field of a `Hold` → its column."""


_LATEST = and_(snapshots.c.document_id == documents.c.id, snapshots.c.version == documents.c.version)

SELECT_RECORDS: Select[Any] = select(documents, snapshots.c.body).join(snapshots, _LATEST)
"""Documents with their latest content, in one statement."""


def to_record(row: Row[Any]) -> DocumentRecord:
    """A row of `SELECT_RECORDS`."""
    found = row._mapping
    hold = None
    if found["hold_reason"] is not None:
        hold = Hold(**{name: found[column] for name, column in HOLD_COLUMNS.items()})
    return DocumentRecord(
        key=DocumentKey(flow=found["flow"], connection=found["connection"], number=found["number"]),
        body=found["body"],
        hold=hold,
        **{name: found[name] for name in _SAME_NAME},
    )
