"""The signatures of a reconciliation's steps, and what goes in and out (requirement O7).

What is looked at stays in the store; only counts travel through workflow history.
"""

from __future__ import annotations

from datetime import date

from temporalio import activity

from domain.differences import DifferenceKind
from domain.documents import Frozen
from domain.spans import Span


class DayRef(Frozen):
    """The day that is compared, of which flow and connection. `run` names this comparison in the store."""

    run: str
    flow: str
    connection: str
    erp: str
    day: date


class ReadDayStep(Frozen):
    """Reads what the source has in a window of the day."""

    ref: DayRef
    span: Span


class ReadDay(Frozen):
    """How many documents a window had. `too_many`: nothing was read, halve it."""

    documents: int = 0
    too_many: bool = False


class ScanStep(Frozen):
    """Reads the ERP's bills of the day."""

    ref: DayRef


class TraceStep(Frozen):
    """Asks the source for documents by number: of bills that the day did not explain, or of whatever is in doubt.

    `again`: everything with a difference is to be looked at once more.
    """

    ref: DayRef
    again: bool = False


class CompareStep(Frozen):
    """Compares what has not been compared. `again`: the ERP is asked for each bill, whatever was read before."""

    ref: DayRef
    again: bool = False


class MendStep(Frozen):
    """Goes through the documents again that this can put right; `actor` asked for it, and why."""

    ref: DayRef
    actor: str
    reason: str


class Counted(Frozen):
    """How many bills or documents a step dealt with, and with how many of them something is wrong."""

    items: int
    suspects: int = 0


class Reconciled(Frozen):
    """What came of it. `left` is what a person has to look at; `kinds` counts everything that was found.

    `mended`: somebody asked to put things right, and what could be was gone through again.
    """

    run: str
    documents: int
    bills: int
    left: int
    kinds: dict[DifferenceKind, int]
    mended: bool = False


class ReconcileSteps:
    """`activities.reconciling` and `activities.mending` carry them out.

    begin and finish only use the store. read_day, trace and mend run on the source's queue, scan_bills and compare on
    the ERP's.
    """

    @activity.defn(name="begin_reconciliation")
    async def begin(self, ref: DayRef) -> None:
        raise NotImplementedError

    @activity.defn(name="read_day")
    async def read_day(self, step: ReadDayStep) -> ReadDay:
        raise NotImplementedError

    @activity.defn(name="scan_bills")
    async def scan_bills(self, step: ScanStep) -> Counted:
        raise NotImplementedError

    @activity.defn(name="trace")
    async def trace(self, step: TraceStep) -> Counted:
        raise NotImplementedError

    @activity.defn(name="compare")
    async def compare(self, step: CompareStep) -> Counted:
        raise NotImplementedError

    @activity.defn(name="finish_reconciliation")
    async def finish(self, ref: DayRef) -> Reconciled:
        raise NotImplementedError


class MendingSteps:
    """`activities.mending` carries them out, on the source's queue."""

    @activity.defn(name="mend")
    async def mend(self, step: MendStep) -> Counted:
        raise NotImplementedError

    @activity.defn(name="count_unsettled")
    async def count_unsettled(self, ref: DayRef) -> int:
        raise NotImplementedError
