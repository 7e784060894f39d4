"""What a person decided on a document."""

from __future__ import annotations

from domain.documents import DocumentState
from domain.journal import DocumentRecord, Step
from store.store import Store


async def decided_by_person(store: Store, record: DocumentRecord) -> bool:
    """Whether a person skipped or cancelled this very version: that stands, however often it is seen again."""
    if record.state not in (DocumentState.SKIPPED, DocumentState.REVERSED):
        return False
    return any(
        row.entry.actor is not None and row.entry.version == record.version
        for row in await store.timeline(record.key)
        if row.entry.step in (Step.SKIP, Step.CANCEL)
    )
