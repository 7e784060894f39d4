"""Every night: the day before is reconciled, one flow and connection after the other (requirement O7, pain 4)."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import Priority, WorkflowIDReusePolicy
from temporalio.exceptions import (
    ApplicationError,
    ChildWorkflowError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from domain.documents import Frozen, Urgency
    from domain.spans import day_at
    from workflows.reconciliation import ReconcileStart, ReconciliationWorkflow, reconciliation_id


class Subject(Frozen):
    """A flow at a connection, and where its documents go."""

    flow: str
    connection: str
    erp: str
    source_queue: str
    erp_queue: str
    title: str


class NightlyStart(Frozen):
    """What is reconciled, one after the other: a source's limit is shared with what happens now."""

    subjects: tuple[Subject, ...]


@workflow.defn(name="NightlyReconciliation")
class NightlyWorkflow:
    """Each day is a workflow of its own, named by what it compares. One that fails keeps none of the others back."""

    @workflow.run
    async def run(self, start: NightlyStart) -> int:
        day = day_at(workflow.now()) - timedelta(days=1)
        left, failed = 0, list[str]()
        for subject in start.subjects:
            ident = reconciliation_id(subject.flow, subject.connection, day)
            given = subject.model_dump(exclude={"title"})
            try:
                result = await workflow.execute_child_workflow(
                    ReconciliationWorkflow.run,
                    ReconcileStart(day=day, **given),
                    id=ident,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    parent_close_policy=workflow.ParentClosePolicy.ABANDON,
                    static_summary=f"对账 {subject.title} · {subject.connection} · {day}",
                    priority=Priority(priority_key=Urgency.BACKFILL.value),
                )
            except WorkflowAlreadyStartedError:
                workflow.logger.info("%s is under way already", ident)
                continue
            except ChildWorkflowError as error:
                if is_cancelled_exception(error):
                    raise
                failed.append(ident)
                continue
            left += result.left
            workflow.set_current_details(f"**{day}** · 至 {subject.title} {subject.connection}，{left} 处不符")
        if failed:
            raise ApplicationError(f"could not be reconciled: {', '.join(failed)}", type="ReconciliationFailed")
        return left
