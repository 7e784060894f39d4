"""Tries that slept: a worker that stood still may wake up when others have carried its document on long ago."""

from __future__ import annotations

from domain.documents import DocumentState
from domain.faults import Fault, FaultKind
from domain.journal import DocumentRecord


def overtaken(number: str) -> Fault:
    """Nobody's failure: the next try sees what has become of the document."""
    message = f"the document of {number} was carried on meanwhile"
    return Fault(FaultKind.THROTTLED, system="kingpost", code="overtaken", message=message)


def is_carried_on(read: DocumentRecord, now: DocumentRecord | None) -> bool:
    """Whether a document has moved on since a try has read it, so that the try must not write any more."""
    return now is None or now.state.is_final or now.version != read.version


def is_settled_otherwise(read: DocumentRecord, now: DocumentRecord) -> bool:
    """Whether others brought a document to an end, or to another version's bill, while a try of this one slept."""
    if now.state.is_final:
        return not (now.state is DocumentState.POSTED and now.bill_version == read.version)
    return now.attempted_version not in (None, read.version)


def has_other_bill(read: DocumentRecord, now: DocumentRecord | None) -> bool:
    """Whether a bill was written or taken back since a try has read the document."""
    return now is None or _bill_of(now) != _bill_of(read)


def _bill_of(record: DocumentRecord) -> tuple[str | None, ...]:
    return record.attempted_version, record.bill_version, record.bill_id
