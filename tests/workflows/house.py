"""A Temporal test server with workers on it that run the product's workflows on papers."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client, WorkflowHandle
from temporalio.common import SearchAttributePair, TypedSearchAttributes
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Worker

from activities.api import DocumentEnd, DocumentStart, Queues
from demo import embedded
from domain.decisions import Amend, Answer, Cancel, GapClosed, Resume, Skip, SourceChanged, Status
from domain.documents import DocumentKey, DocumentState
from domain.keys import mapping_gap
from tests.workflows.paper import Paper
from tests.workflows.scripted import ScriptedIntake, ScriptedSteps
from workflows import attributes
from workflows.document import DocumentWorkflow
from workflows.intake import IntakeWorkflow

BIN = Path(sys.executable).parent
WORKFLOWS = "kingpost"
QUEUES = Queues(source="jushuitan.main", erp="galaxy.main", rates="rates")
LONG_HISTORY = 40
"""Events after which the dev server suggests to continue as new; Temporal's own default is 4096."""

PATIENCE = 20
"""Seconds after which a test gives up on a workflow that hangs."""

SLOW = 2
"""Seconds of a workflow task: a step held up for longer than that lets what is said meanwhile through."""

Handle = WorkflowHandle[DocumentWorkflow, DocumentEnd]


@dataclass
class House:
    """A server, its workers and the papers on them.

    `skips_time`: a test that waits for a result lets time pass, up to the end of the workflow's `lifetime`; without a
    bound that is ten years each time, and after 2262 the clocks in between have no nanoseconds left.
    """

    env: WorkflowEnvironment
    client: Client
    steps: ScriptedSteps
    intake: ScriptedIntake
    lifetime: timedelta | None = None
    skips_time: bool = False
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def paper(self, **given: Any) -> Paper:
        """A document nobody has seen yet."""
        paper = Paper(DocumentKey(flow="sales_outbound", connection="main", number=f"SO{next(self._numbers)}"), **given)
        self.steps.papers[paper.key] = paper
        return paper

    async def start(self, paper: Paper, *, task_timeout: float = 20, **given: Any) -> Handle:
        """Start its workflow as `activities.starting` does.

        When a local step takes most of `task_timeout` seconds, the server hands on what was said meanwhile.
        """
        return await self.client.start_workflow(
            DocumentWorkflow.run,
            DocumentStart(key=paper.key, queues=QUEUES, erp="main", **({"version": paper.version} | given)),
            id=paper.key.workflow_id,
            task_queue=WORKFLOWS,
            task_timeout=timedelta(seconds=task_timeout),
            execution_timeout=self.lifetime,
            static_summary=f"销售出库 {paper.key.number} · 旗舰店",
            static_details="销售出库 / Sales outbound",
            search_attributes=TypedSearchAttributes(
                [
                    SearchAttributePair(attributes.FLOW, paper.key.flow),
                    SearchAttributePair(attributes.SOURCE_NO, paper.key.number),
                    SearchAttributePair(attributes.DOCUMENT_STATE, DocumentState.RUNNING.value),
                    SearchAttributePair(attributes.SKUS, ["A-1", "B-2"]),
                ]
            ),
        )

    async def carry(self, paper: Paper, **given: Any) -> DocumentEnd:
        """Start its workflow and wait for its end."""
        return await self.end(await self.start(paper, **given))

    async def end(self, handle: Handle) -> DocumentEnd:
        """How it ended. Raises TimeoutError when it hangs."""
        async with asyncio.timeout(PATIENCE):
            if self.skips_time:
                return await handle.result()
            with self.env.auto_time_skipping_disabled():
                return await handle.result()

    async def hold(self, paper: Paper, **given: Any) -> Handle:
        """Start its workflow and wait until it is held."""
        handle = await self.start(paper, **given)
        await self.until_held(paper)
        return handle

    async def until_held(self, paper: Paper, times: int = 1) -> Status:
        """Wait until a hold was put on record for the n-th time and the workflow waits in it.

        Raises:
            AssertionError: it ended instead.
        """
        async with asyncio.timeout(PATIENCE):
            await paper.until(lambda: len(paper.recorded) >= times)
            while True:
                status = await self.handle(paper).query(DocumentWorkflow.status)
                if status.state is DocumentState.HELD:
                    return status
                assert not status.state.is_final, "it ended without being held"

    async def heard(self, paper: Paper) -> None:
        """Return once its workflow has taken in everything said to it so far: a query is answered after that."""
        await self.handle(paper).query(DocumentWorkflow.status)

    async def edit(self, paper: Paper, version: str) -> None:
        """The source changes, intake sees it and tells the running workflow."""
        paper.version = version
        await self.handle(paper).signal(DocumentWorkflow.source_changed, SourceChanged(version=version))

    async def close_gap(self, paper: Paper) -> bool:
        """Somebody adds the first missing mapping row, then wakes the document if it is on record for it."""
        gap = mapping_gap("sku", paper.gaps.pop(0))
        waits = paper.hold is not None and paper.hold.gap == gap
        if waits:
            await self.handle(paper).signal(DocumentWorkflow.gap_closed, GapClosed(gap=gap))
        return waits

    async def resume(self, paper: Paper, **given: Any) -> Answer:
        """A person lets it go on, by update."""
        return await self.handle(paper).execute_update(DocumentWorkflow.resume, Resume(actor="lin", **given))

    async def cancel(self, paper: Paper) -> Answer:
        """A person takes it back, by update."""
        cancel = Cancel(actor="lin", reason="ordered twice")
        return await self.handle(paper).execute_update(DocumentWorkflow.cancel, cancel)

    async def skip(self, paper: Paper, reason: str = "posted by hand") -> Answer:
        """A person says it needs no bill, by update."""
        return await self.handle(paper).execute_update(DocumentWorkflow.skip, Skip(actor="lin", reason=reason))

    async def amend(self, paper: Paper, **given: Any) -> Answer:
        """A person corrects a field, by update."""
        amend = Amend(actor="lin", reason="typing error", corrections={"items.0.qty": "3"}).model_copy(update=given)
        return await self.handle(paper).execute_update(DocumentWorkflow.amend, amend)

    def handle(self, paper: Paper) -> Handle:
        return self.client.get_workflow_handle_for(DocumentWorkflow.run, paper.key.workflow_id)


@asynccontextmanager
async def workers(
    client: Client,
    steps: ScriptedSteps,
    intake: ScriptedIntake,
    document: type = DocumentWorkflow,
    **tuning: Any,
) -> AsyncIterator[None]:
    """Each step is served by the queue it belongs to and by no other, as in `worker.workers`."""
    local: list[Callable[..., Any]] = [
        steps.hold,
        steps.decide,
        steps.amend,
    ]
    queues: dict[str, list[Callable[..., Any]]] = {
        QUEUES.source: [steps.fetch, intake.poll, intake.start_documents],
        QUEUES.erp: [steps.post, steps.reverse],
        QUEUES.rates: [steps.find_rate],
    }
    async with AsyncExitStack() as stack:
        flows: list[type] = [document, IntakeWorkflow]
        await stack.enter_async_context(
            Worker(client, task_queue=WORKFLOWS, workflows=flows, activities=local, **tuning)
        )
        for queue, activities in queues.items():
            await stack.enter_async_context(
                # The product beats every ten seconds; a test does not wait that long to hear that it was cancelled.
                Worker(
                    client,
                    task_queue=queue,
                    activities=activities,
                    max_heartbeat_throttle_interval=timedelta(milliseconds=50),
                )
            )
        yield


@asynccontextmanager
async def dev_house(document: type = DocumentWorkflow, *, identity: str | None = None) -> AsyncIterator[House]:
    """On Temporal's own server, with the product's workflow of a document or another one of that name."""
    env = await WorkflowEnvironment.start_local(
        data_converter=pydantic_data_converter,
        search_attributes=list(attributes.ALL),
        dev_server_existing_path=str(BIN / "temporal"),
        dev_server_log_level="error",
        dev_server_extra_args=embedded.dynamic_config(
            {**embedded.SERVER_SETTINGS, "limit.historyCount.suggestContinueAsNew": LONG_HISTORY}
        ),
    )
    client = env.client
    if identity is not None:
        target = client.service_client.config.target_host
        client = await Client.connect(target, data_converter=pydantic_data_converter, identity=identity)
    house = House(env, client, ScriptedSteps(), ScriptedIntake())
    async with env, workers(client, house.steps, house.intake, document):
        yield house


@asynccontextmanager
async def skipping_house() -> AsyncIterator[House]:
    """On the server that skips time. Its worker forgets every workflow at once, so each task replays the whole run."""
    env = await WorkflowEnvironment.start_time_skipping(
        data_converter=pydantic_data_converter, test_server_existing_path=str(BIN / "temporal-test-server")
    )
    keyword, several = (
        IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD,
        IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD_LIST,
    )
    wanted = {k.name: several if k in (attributes.SKUS, attributes.GAP) else keyword for k in attributes.ALL}
    client = env.client
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=wanted)
    )
    house = House(env, client, ScriptedSteps(), ScriptedIntake(), lifetime=timedelta(days=30), skips_time=True)
    async with env, workers(client, house.steps, house.intake, max_cached_workflows=0):
        yield house
