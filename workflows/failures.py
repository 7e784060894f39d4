"""What a step whose tries are used up waits for."""

from __future__ import annotations

from temporalio.exceptions import ActivityError, ApplicationError, FailureError

from domain import holds
from domain.documents import Hold
from domain.faults import FaultKind


def hold_of(error: FailureError, queue: str | None = None) -> Hold:
    """The hold a failed step ends in. Kind, system and code come as data, never from the text.

    A step on a queue fails with an ActivityError around its failure, a local step with its failure itself.

    Args:
        queue: task queue of the system the step needs; when it answers others again, the hold ends by itself.
    """
    cause = error.cause if isinstance(error, ActivityError) else error
    given = [str(part) for part in cause.details] if isinstance(cause, ApplicationError) else []
    if isinstance(cause, ApplicationError) and cause.type in tuple(FaultKind) and len(given) in (3, 4):
        return holds.of_fault(FaultKind(str(cause.type)), *given, queue=queue)
    kind = cause.type if isinstance(cause, ApplicationError) and cause.type else type(cause).__name__
    if isinstance(error, ActivityError):
        return holds.defect(error.activity_type, kind)
    return holds.defect(given[0] if given else "?", kind)
