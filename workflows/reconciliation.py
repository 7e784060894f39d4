"""Reconciliation (对账) of one day of one flow and connection: source, ERP and journal side by side (requirement O7).

What differs is looked at once more before it is called a difference, since documents move while they are compared.
"""

from __future__ import annotations

from datetime import date, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.api_reconcile import (
        CompareStep,
        Counted,
        DayRef,
        MendingSteps,
        MendStep,
        ReadDayStep,
        Reconciled,
        ReconcileSteps,
        ScanStep,
        TraceStep,
    )
    from domain.differences import KIND_ZH
    from domain.documents import Frozen
    from domain.spans import Span, halves, span_of
    from workflows import policies

_SETTLE_LOOKS = (1, 2, 4, 8, 15, 30, 60, 60, 60, 60)
"""Seconds between looks at whether what was gone through again has come to rest: five minutes in all."""


class ReconcileStart(Frozen):
    """Which day of which flow and connection.

    Attributes:
        source, queue: task queues of the source and of the ERP connection `erp`.
    """

    flow: str
    connection: str
    day: date
    erp: str
    source_queue: str
    erp_queue: str


class Mend(Frozen):
    """Somebody asks to go through the documents again that this can put right."""

    actor: str
    reason: str = ""


def reconciliation_id(flow: str, connection: str, day: date) -> str:
    """One workflow for each flow, connection and day."""
    return f"reconcile:{flow}:{connection}:{day}"


@workflow.defn(name="Reconciliation")
class ReconciliationWorkflow:
    """See the module. `mend` may be said as long as it runs; its result tells whether it was heard in time."""

    @workflow.init
    def __init__(self, start: ReconcileStart) -> None:
        self._start = start
        self._mend: Mend | None = None

    @workflow.run
    async def run(self, start: ReconcileStart) -> Reconciled:
        ref = DayRef(
            run=workflow.info().first_execution_run_id,
            flow=start.flow,
            connection=start.connection,
            erp=start.erp,
            day=start.day,
        )
        await workflow.execute_local_activity_method(ReconcileSteps.begin, ref, **policies.local())
        documents = await self._read_source(ref)
        self._show(f"来源 {documents} 张，读取金蝶单据")
        bills = await workflow.execute_activity_method(
            ReconcileSteps.scan_bills, ScanStep(ref=ref), task_queue=start.erp_queue, **policies.long()
        )
        self._show(f"来源 {documents} 张，金蝶 {bills.items} 张，比对")
        compared = await self._compare(ref)
        if compared.suspects:
            self._show(f"{compared.suspects} 处不符，复核")
            compared = await self._compare(ref, again=True)
        mended = False
        while self._mend is not None:
            mend, self._mend, mended = self._mend, None, True
            await self._go_through(ref, mend)
            compared = await self._compare(ref, again=True)
        result = await workflow.execute_activity_method(
            ReconcileSteps.finish,
            ref,
            start_to_close_timeout=timedelta(minutes=30),
            heartbeat_timeout=timedelta(seconds=30),
            retry_policy=policies.STORE,
        )
        result = result.model_copy(update={"mended": mended})
        self._show(_told(result))
        return result

    async def _read_source(self, ref: DayRef) -> int:
        """The whole day, in windows that are small enough."""
        left, documents = [span_of(ref.day, ref.day)], 0
        while left:
            span = left.pop()
            read = await workflow.execute_activity_method(
                ReconcileSteps.read_day,
                ReadDayStep(ref=ref, span=span),
                task_queue=self._start.source_queue,
                **policies.long(),
            )
            left += reversed(_parts(span) if read.too_many else ())
            documents += read.documents
            self._show(f"读取来源，已读 {documents} 张")
        return documents

    async def _compare(self, ref: DayRef, *, again: bool = False) -> Counted:
        await workflow.execute_activity_method(
            ReconcileSteps.trace,
            TraceStep(ref=ref, again=again),
            task_queue=self._start.source_queue,
            **policies.long(),
        )
        return await workflow.execute_activity_method(
            ReconcileSteps.compare,
            CompareStep(ref=ref, again=again),
            task_queue=self._start.erp_queue,
            **policies.long(),
        )

    async def _go_through(self, ref: DayRef, mend: Mend) -> None:
        """Have the documents gone through again, and wait until they have come to rest, but not for ever."""
        gone = await workflow.execute_activity_method(
            MendingSteps.mend,
            MendStep(ref=ref, actor=mend.actor, reason=mend.reason),
            task_queue=self._start.source_queue,
            **policies.long(),
        )
        self._show(f"修复：{gone.items} 张重新处理")
        for seconds in _SETTLE_LOOKS if gone.items else ():
            unsettled = await workflow.execute_activity_method(
                MendingSteps.count_unsettled, ref, task_queue=self._start.source_queue, **policies.long()
            )
            if not unsettled:
                return
            await workflow.sleep(seconds)

    @workflow.signal
    def mend(self, mend: Mend) -> None:
        self._mend = mend

    def _show(self, told: str) -> None:
        workflow.set_current_details(f"**{self._start.day}** · {told}")


def _parts(span: Span) -> tuple[Span, Span]:
    parts = halves(span)
    if parts is None:
        raise AssertionError("a window that cannot be halved was not read")
    return parts


def _told(result: Reconciled) -> str:
    """Markdown: how much was compared, and what was found, by kind."""
    verdict = "账实相符" if not result.left else f"有 {result.left} 处不符"
    lines = [f"{verdict} · 来源 {result.documents} 张，金蝶 {result.bills} 张"]
    lines += [f"- {KIND_ZH[kind]}（`{kind.value}`）：{count}" for kind, count in sorted(result.kinds.items())]
    return "\n".join([lines[0], "", *lines[1:]])
