"""What was said to a vendor and what it answered, masked, as the journal keeps it (requirement D6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from uuid import UUID

from domain.documents import Frozen
from domain.faults import FaultKind


class Exchange(Frozen):
    """One request and its reply. Texts are masked and cut before they get here.

    Attributes:
        operation: the vendor's own name of the call, e.g. ``SAL_OUTSTOCK BatchSave``.
        elapsed_ms: milliseconds from sending to the last byte, or to giving up.
        status: HTTP status; None when no answer came.
        fault, fault_code: set when the call failed.
    """

    id: UUID
    system: str
    operation: str
    at: datetime
    elapsed_ms: int
    status: int | None
    request: str
    response: str
    fault: FaultKind | None = None
    fault_code: str | None = None


_log: ContextVar[list[Exchange] | None] = ContextVar("exchange_log", default=None)


@contextmanager
def exchange_log() -> Iterator[list[Exchange]]:
    """Collect every exchange made inside the block (in this task and tasks it starts)."""
    log: list[Exchange] = []
    token = _log.set(log)
    try:
        yield log
    finally:
        _log.reset(token)


def note_exchange(exchange: Exchange) -> None:
    """Called by the transport for every request, answered or not. A no-op outside `exchange_log`."""
    log = _log.get()
    if log is not None:
        log.append(exchange)
