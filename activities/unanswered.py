"""Writes that were sent and never answered: for a while nobody knows whether they will still take effect."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from activities.workshop import Workshop
from domain.faults import Fault, FaultKind
from domain.journal import DocumentRecord, Outcome, Step, TimelineRow


def unanswered_since(rows: Sequence[TimelineRow], *, answered: bool = False) -> datetime | None:
    """When the last write of a document was given up without an answer; None when each of them was answered.

    An audited bill answers all that were sent before it: its number is taken, so none of them can take effect.

    Args:
        rows: the document's journal, in order.
        answered: the try that was begun last has just been answered, although the journal does not say so yet.
    """
    given_up: datetime | None = None
    begun: datetime | None = None
    for row in rows:
        if row.entry.step is not Step.POST:
            continue
        match row.entry.outcome:
            case Outcome.BEGUN:
                # A try that neither failed nor ended before the next one was begun: its worker died.
                given_up = begun or given_up
                begun = row.at
            case Outcome.FAILED:
                given_up, begun = row.at, None
            case Outcome.DONE:
                given_up = begun = None
            case _:
                begun = None
    return given_up if answered or begun is None else begun


async def still_out(workshop: Workshop, record: DocumentRecord, *, answered: bool = False) -> float:
    """Seconds for which a write that was never answered may still take effect; 0 when none can. See above."""
    since = unanswered_since(await workshop.store.timeline(record.key), answered=answered)
    if since is None:
        return 0
    return max(0.0, workshop.patience.unanswered - (workshop.now() - since).total_seconds())


def answer_is_out(number: str, seconds: float) -> Fault:
    """Nobody's failure: that the bill is not there says nothing yet. Look again later."""
    message = f"the last write of {number} was never answered and may still take effect"
    return Fault(FaultKind.THROTTLED, system="kingpost", code="unanswered", message=message, retry_after=seconds)
