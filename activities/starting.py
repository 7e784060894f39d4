"""Starting document workflows: the same document is the same workflow, whoever saw it first (requirement L1)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta

import structlog
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import (
    Priority,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.api import DocumentEnd, DocumentStart
from activities.workshop import Workshop
from domain.decisions import SourceChanged
from domain.documents import DocumentKey, DocumentState, Urgency
from domain.journal import DocumentRecord, DueDocument
from workflows import attributes
from workflows.document import DocumentWorkflow

log = structlog.get_logger()

WORKFLOW_QUEUE = "kingpost"
"""Task queue of the workflows; each vendor account has one of its own for the activities."""
_LOOK_AGAIN = SourceChanged(version="(look again)")
"""No version of a document's: whichever one a running workflow has, it looks once more."""
AT_ONCE = 32
"""Starts under way at the same time."""


async def start_due(workshop: Workshop, due: Sequence[DueDocument], urgency: Urgency = Urgency.LIVE) -> tuple[int, int]:
    """Start each document's workflow, or tell the running one of the news; then remember that it knows.

    Returns how many were started and how many were told. Safe to repeat: a workflow that was started or told by a
    try whose answer was lost is told again, which costs it nothing.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(document: DueDocument) -> bool:
        async with gate:
            return await _start(workshop, document, urgency)

    results = await asyncio.gather(*(one(document) for document in due), return_exceptions=True)
    known = [(document, result) for document, result in zip(due, results, strict=True) if isinstance(result, bool)]
    await workshop.store.started([(document.key, document.version) for document, _ in known])
    failed = [result for result in results if isinstance(result, BaseException)]
    if failed:
        # The others are under way; these are due again at the next poll.
        log.error("documents could not be started", documents=len(failed), first=str(failed[0]))
        raise failed[0]
    return sum(new for _, new in known), sum(not new for _, new in known)


def _fairness_key(shop: str) -> str | None:
    """The shop, cut to the 64 bytes the server takes."""
    return shop.encode()[:64].decode(errors="ignore") or None


def due_of(record: DocumentRecord) -> DueDocument:
    """What its workflow is started with, whoever starts it."""
    named = ("key", "version", "platform_no", "shop", "warehouse", "skus")
    return DueDocument(**{name: getattr(record, name) for name in named})


def start_of(workshop: Workshop, document: DueDocument | DocumentRecord) -> DocumentStart:
    """Where a document goes."""
    route = workshop.routes[document.key.connection]
    return DocumentStart(key=document.key, version=document.version, queues=route.queues, erp=route.erp)


async def look_again(workshop: Workshop, records: Iterable[DocumentRecord]) -> None:
    """Start the workflow of each document; one that is running looks once more at where its document stands."""
    for record in records:
        due, start = due_of(record), start_of(workshop, record)
        try:
            await start_document(workshop, due, start)
        except WorkflowAlreadyStartedError:
            await start_document(workshop, due, start, news=_LOOK_AGAIN)


async def _start(workshop: Workshop, due: DueDocument, urgency: Urgency) -> bool:
    start = start_of(workshop, due)
    try:
        await start_document(workshop, due, start, urgency=urgency)
    except WorkflowAlreadyStartedError:
        await start_document(workshop, due, start, news=SourceChanged(version=due.version), urgency=urgency)
        return False
    return True


async def start_document(
    workshop: Workshop,
    due: DueDocument,
    start: DocumentStart,
    *,
    news: SourceChanged | None = None,
    urgency: Urgency = Urgency.LIVE,
) -> WorkflowHandle[DocumentWorkflow, DocumentEnd]:
    """Start the workflow of one document; with `news`, a running one is told instead of being in the way.

    Its steps inherit the urgency; one that runs already keeps the one it was started with.

    Raises:
        WorkflowAlreadyStartedError: it is running and there was no news for it.
    """
    key = due.key
    flow = workshop.catalogue[key.flow].flow
    order = due.platform_no or key.number
    return await workshop.client.start_workflow(
        DocumentWorkflow.run,
        start,
        id=key.workflow_id,
        task_queue=WORKFLOW_QUEUE,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING if news else WorkflowIDConflictPolicy.FAIL,
        task_timeout=timedelta(seconds=20),
        start_signal="source_changed" if news else None,
        start_signal_args=[news] if news else [],
        static_summary=f"{flow.title.zh} {order} · {due.shop}",
        static_details=f"{flow.title.zh} / {flow.title.en}\n\n{order} · {due.shop} · {len(due.skus)} SKU",
        priority=Priority(priority_key=urgency.value, fairness_key=_fairness_key(due.shop)),
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(attributes.SOURCE_SYSTEM, workshop.routes[key.connection].system),
                SearchAttributePair(attributes.FLOW, key.flow),
                SearchAttributePair(attributes.DOCUMENT_TYPE, flow.document_type),
                SearchAttributePair(attributes.PLATFORM_ORDER_NO, due.platform_no),
                SearchAttributePair(attributes.SOURCE_NO, key.number),
                SearchAttributePair(attributes.SHOP, due.shop),
                SearchAttributePair(attributes.WAREHOUSE, due.warehouse),
                SearchAttributePair(attributes.DOCUMENT_STATE, DocumentState.RUNNING.value),
                SearchAttributePair(attributes.SKUS, attributes.fitting(due.skus)),
            ]
        ),
    )


async def is_carried(workshop: Workshop, key: DocumentKey) -> bool:
    """Whether a workflow is under way for a document."""
    try:
        found = await workshop.client.get_workflow_handle(key.workflow_id).describe()
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
        return False
    return found.status is WorkflowExecutionStatus.RUNNING
