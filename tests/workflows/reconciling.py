"""A reconciliation on a server, with steps that answer from a script."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.api_reconcile import (
    CompareStep,
    Counted,
    DayRef,
    MendingSteps,
    MendStep,
    ReadDay,
    ReadDayStep,
    Reconciled,
    ReconcileSteps,
    ScanStep,
    TraceStep,
)
from activities.retrying import Patience, step
from domain.differences import DifferenceKind
from domain.spans import Span
from workflows.nightly import NightlyWorkflow, Subject
from workflows.reconciliation import Mend, ReconcileStart, ReconciliationWorkflow, reconciliation_id

QUEUE = "reconcile"
FLOW = "sales_outbound"
Handle = WorkflowHandle[ReconciliationWorkflow, Reconciled]
Hook = Callable[[], Awaitable[object]]


@dataclass
class ScriptedReconciling(ReconcileSteps, MendingSteps):
    """What the steps answer, and what they were asked.

    Attributes:
        suspects: what the comparisons find wrong, in turn; then nothing.
        unsettled: documents that have not come to rest, look by look; then none.
        most: documents of a window, of one document an hour.
        fails: what a step raises, by its name, in turn.
        before: what happens when a step begins, by its name.
    """

    suspects: list[int] = field(default_factory=list)
    unsettled: list[int] = field(default_factory=list)
    most: int = 1000
    fails: dict[str, list[Exception]] = field(default_factory=dict)
    before: dict[str, Hook] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    patience: Patience = field(default_factory=lambda: Patience(transient_tries=1))

    @property
    def steps(self) -> list[str]:
        return [name for name, _ in self.asked]

    async def _take(self, argument: Any) -> None:
        name = activity.info().activity_type
        self.asked.append((name, argument))
        if name in self.before:
            await self.before.pop(name)()
        if self.fails.get(name):
            raise self.fails[name].pop(0)

    @activity.defn(name="begin_reconciliation")
    @step
    async def begin(self, ref: DayRef) -> None:
        await self._take(ref)

    @activity.defn(name="read_day")
    @step
    async def read_day(self, step: ReadDayStep) -> ReadDay:
        await self._take(step)
        documents = step.span.seconds // 3600
        return ReadDay(too_many=True) if documents > self.most else ReadDay(documents=documents)

    @activity.defn(name="scan_bills")
    @step
    async def scan_bills(self, step: ScanStep) -> Counted:
        await self._take(step)
        return Counted(items=24)

    @activity.defn(name="trace")
    @step
    async def trace(self, step: TraceStep) -> Counted:
        await self._take(step)
        return Counted(items=0)

    @activity.defn(name="compare")
    @step
    async def compare(self, step: CompareStep) -> Counted:
        await self._take(step)
        return Counted(items=24, suspects=self.suspects.pop(0) if self.suspects else 0)

    @activity.defn(name="mend")
    @step
    async def mend(self, step: MendStep) -> Counted:
        await self._take(step)
        return Counted(items=2)

    @activity.defn(name="count_unsettled")
    @step
    async def count_unsettled(self, ref: DayRef) -> int:
        await self._take(ref)
        return self.unsettled.pop(0) if self.unsettled else 0

    @activity.defn(name="finish_reconciliation")
    @step
    async def finish(self, ref: DayRef) -> Reconciled:
        await self._take(ref)
        kinds = {DifferenceKind.HELD: 1, DifferenceKind.MISSING_IN_ERP: 2}
        return Reconciled(run=ref.run, documents=24, bills=24, left=2, kinds=kinds)

    def windows(self) -> list[Span]:
        return [step.span for name, step in self.asked if name == "read_day"]


@asynccontextmanager
async def working(client: Client, steps: ScriptedReconciling) -> AsyncIterator[None]:
    """A worker for reconciliations and their steps."""
    activities: list[Callable[..., Any]] = [
        *(steps.begin, steps.read_day, steps.scan_bills, steps.trace, steps.compare, steps.finish),
        *(steps.mend, steps.count_unsettled),
    ]
    workflows = [ReconciliationWorkflow, NightlyWorkflow]
    async with Worker(client, task_queue=QUEUE, workflows=workflows, activities=activities):
        yield


def subject(connection: str = "main") -> Subject:
    return Subject(flow=FLOW, connection=connection, erp="main", source_queue=QUEUE, erp_queue=QUEUE, title="销售出库")


def start_of(day: date, connection: str = "main") -> ReconcileStart:
    return ReconcileStart(day=day, **subject(connection).model_dump(exclude={"title"}))


async def start(client: Client, day: date, connection: str = "main", mend: Mend | None = None) -> Handle:
    """Start a reconciliation as the command does."""
    return await client.start_workflow(
        ReconciliationWorkflow.run,
        start_of(day, connection),
        id=reconciliation_id(FLOW, connection, day),
        task_queue=QUEUE,
        start_signal="mend" if mend is not None else None,
        start_signal_args=[mend] if mend is not None else [],
        static_summary=f"对账 销售出库 · {connection} · {day}",
    )
