"""Starting document workflows: the same document is the same workflow, whoever saw it first (requirement L1)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import Enum, auto
from typing import NamedTuple

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
from domain.journal import DocumentRecord, DueDocument, JournalEntry, Outcome, Step
from workflows import attributes
from workflows.document import DocumentWorkflow

log = structlog.get_logger()

WORKFLOW_QUEUE = "kingpost"
"""Task queue of the workflows; each vendor account has one of its own for the activities."""
_LOOK_AGAIN = SourceChanged(version="(look again)")
"""No version of a document's: whichever one a running workflow has, it looks once more."""
AT_ONCE = 32
"""Starts under way at the same time."""
NOT_TAKEN = "not_taken"
"""Journal code of a document whose workflow Temporal refuses to start."""
_SHOWN = 100
"""Characters of a number or a shop in what Temporal Web UI shows; the summary of a workflow is a line."""


class Begun(Enum):
    """What became of a document that was due."""

    STARTED = auto()
    TOLD = auto()
    """Its workflow was running, and has heard of the news."""
    REFUSED = auto()
    """Temporal does not take it as it is. It stays due."""


class Starts(NamedTuple):
    """What became of documents that were due: how many were started, how many told, and which were refused."""

    started: int
    told: int
    refused: tuple[DocumentKey, ...]


async def start_due(workshop: Workshop, due: Sequence[DueDocument], urgency: Urgency = Urgency.LIVE) -> Starts:
    """Start each document's workflow, or tell the running one of the news; then remember that it knows.

    Safe to repeat: a workflow that was started or told by a try whose answer was lost is told again, which costs it
    nothing. A document that Temporal refuses does not keep the others.
    """
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(document: DueDocument) -> Begun:
        async with gate:
            return await _start(workshop, document, urgency)

    results = await asyncio.gather(*(one(document) for document in due), return_exceptions=True)
    became = {begun: [d for d, result in zip(due, results, strict=True) if result is begun] for begun in Begun}
    known = [*became[Begun.STARTED], *became[Begun.TOLD]]
    await workshop.store.started([(document.key, document.version) for document in known])
    failed = [result for result in results if isinstance(result, BaseException)]
    if failed:
        # The others are under way; these are due again at the next poll.
        log.error("documents could not be started", documents=len(failed), first=str(failed[0]))
        raise failed[0]
    refused = tuple(document.key for document in became[Begun.REFUSED])
    return Starts(len(became[Begun.STARTED]), len(became[Begun.TOLD]), refused)


def _fairness_key(shop: str) -> str | None:
    """The shop, cut to the 64 bytes the server takes."""
    return attributes.sendable(shop).encode()[:64].decode(errors="ignore") or None


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


async def _start(workshop: Workshop, due: DueDocument, urgency: Urgency) -> Begun:
    start = start_of(workshop, due)
    try:
        try:
            await start_document(workshop, due, start, urgency=urgency)
        except WorkflowAlreadyStartedError:
            await start_document(workshop, due, start, news=SourceChanged(version=due.version), urgency=urgency)
            return Begun.TOLD
    except RPCError as error:
        if error.status is not RPCStatusCode.INVALID_ARGUMENT:
            raise
        log.exception("Temporal refuses a document", document=due.key.workflow_id[:_SHOWN], why=error.message)
        await _tell_once(workshop, due, error.message)
        return Begun.REFUSED
    return Begun.STARTED


async def _tell_once(workshop: Workshop, due: DueDocument, why: str) -> None:
    """Say in the journal that Temporal refuses a version of a document; it is tried again with every poll."""
    for row in await workshop.store.timeline(due.key):
        if (row.entry.code, row.entry.version) == (NOT_TAKEN, due.version):
            return
    await workshop.store.record(
        JournalEntry(
            key=due.key,
            step=Step.SEEN,
            outcome=Outcome.FAILED,
            version=due.version,
            zh=f"Temporal 不接受该单据，流程未启动，每次拉取时重试：{why}",
            en=f"Temporal refuses it, so its workflow is not started; tried again with every poll: {why}",
            code=NOT_TAKEN,
        )
    )


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
    order = attributes.sendable(due.platform_no or key.number)[:_SHOWN]
    shop = attributes.sendable(due.shop)[:_SHOWN]
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
        static_summary=f"{flow.title.zh} {order} · {shop}",
        static_details=f"{flow.title.zh} / {flow.title.en}\n\n{order} · {shop} · {len(due.skus)} SKU",
        priority=Priority(priority_key=urgency.value, fairness_key=_fairness_key(due.shop)),
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(attributes.SOURCE_SYSTEM, workshop.routes[key.connection].system),
                SearchAttributePair(attributes.FLOW, key.flow),
                SearchAttributePair(attributes.DOCUMENT_TYPE, flow.document_type),
                SearchAttributePair(attributes.PLATFORM_ORDER_NO, attributes.keyword(due.platform_no)),
                SearchAttributePair(attributes.SOURCE_NO, attributes.keyword(key.number)),
                SearchAttributePair(attributes.SHOP, attributes.keyword(due.shop)),
                SearchAttributePair(attributes.WAREHOUSE, attributes.keyword(due.warehouse)),
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
