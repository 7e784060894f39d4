"""A workflow that calls itself Document and does things in another order: what replay has to notice."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.api import DocumentEnd, DocumentStart, DocumentSteps, PostStep
    from domain.documents import DocumentState


@workflow.defn(name="Document")
class ImpatientDocument:
    """Posts twice, to be sure."""

    @workflow.run
    async def run(self, start: DocumentStart) -> DocumentEnd:
        for _ in range(2):
            found = await workflow.execute_activity_method(
                DocumentSteps.post,
                PostStep(key=start.key, erp=start.erp),
                task_queue=start.queues.erp,
                start_to_close_timeout=timedelta(minutes=1),
            )
        return DocumentEnd(state=DocumentState.POSTED, version=found.version, bill_number=found.bill_number)
