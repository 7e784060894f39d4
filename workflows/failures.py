"""What a step whose tries are used up waits for, when it is no document's step."""

from __future__ import annotations

from temporalio.exceptions import ActivityError, ApplicationError

from domain import holds
from domain.documents import Hold
from domain.faults import FaultKind


def hold_of(error: ActivityError) -> Hold:
    """The hold a failed step ends in. Kind, system and code come as data, never from the text."""
    cause = error.cause
    if isinstance(cause, ApplicationError) and cause.type in tuple(FaultKind) and len(cause.details) in (3, 4):
        return holds.of_fault(FaultKind(str(cause.type)), *(str(part) for part in cause.details))
    kind = cause.type if isinstance(cause, ApplicationError) and cause.type else type(cause).__name__
    return holds.defect(error.activity_type, kind)
