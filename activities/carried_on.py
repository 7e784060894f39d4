"""Tries that slept: a worker that stood still may wake up when others have carried its document on long ago."""

from __future__ import annotations

from domain.faults import Fault, FaultKind
from domain.journal import DocumentRecord


def overtaken(number: str) -> Fault:
    """Nobody's failure: the next try sees what has become of the document."""
    message = f"the document of {number} was carried on meanwhile"
    return Fault(FaultKind.THROTTLED, system="kingpost", code="overtaken", message=message)


def has_moved_on(now: DocumentRecord | None, revision: int) -> bool:
    """Whether others have changed a document since it had that revision, new content apart."""
    return now is None or now.revision != revision
