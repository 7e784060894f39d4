"""A back-fill on a server, with a source that is a list of moments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from temporalio import activity
from temporalio.client import Client, WorkflowHandle
from temporalio.worker import Worker

from activities.api_backfill import BackfillSteps, BringInStep, Brought
from activities.retrying import Patience, step
from domain.spans import Span, halves
from workflows.backfill import BackfillStart, BackfillWorkflow, backfill_id

QUEUE = "backfill"
FLOW = "sales_outbound"
Handle = WorkflowHandle[BackfillWorkflow, Brought]


@dataclass
class SourceOfMoments(BackfillSteps):
    """Answers as the real step does.

    Attributes:
        moments: when the documents' goods moved.
        most: documents a window may have.
        fails: what the next calls raise, in turn.
        before: called when a window is asked for.
        asked: every call's argument.
        read: the spans that were read, not only counted.
    """

    moments: list[datetime]
    most: int = 1000
    fails: list[Exception] = field(default_factory=list)
    before: Callable[[BringInStep], None] = lambda step: None
    asked: list[BringInStep] = field(default_factory=list)
    read: list[Span] = field(default_factory=list)
    patience: Patience = field(default_factory=lambda: Patience(transient_tries=1))

    @activity.defn(name="bring_in")
    @step
    async def bring_in(self, step: BringInStep) -> Brought:
        self.asked.append(step)
        self.before(step)
        if self.fails:
            raise self.fails.pop(0)
        inside = sum(step.span.begin <= moment < step.span.end for moment in self.moments)
        if inside > self.most and halves(step.span) is not None:
            return Brought(too_many=True)
        self.read.append(step.span)
        return Brought(seen=inside, new=inside, started=0 if step.dry_run else inside)


@asynccontextmanager
async def working(client: Client, source: SourceOfMoments) -> AsyncIterator[None]:
    """A worker for the back-fill and its step."""
    async with Worker(client, task_queue=QUEUE, workflows=[BackfillWorkflow], activities=[source.bring_in]):
        yield


async def start(client: Client, first: date, last: date, connection: str = "main", **given: Any) -> Handle:
    """Start a back-fill as the command does."""
    return await client.start_workflow(
        BackfillWorkflow.run,
        BackfillStart(flow=FLOW, connection=connection, queue=QUEUE, first=first, last=last, **given),
        id=backfill_id(FLOW, connection, first, last),
        task_queue=QUEUE,
        start_signal="go_on",
        static_summary="补录 销售出库 · main",
    )
