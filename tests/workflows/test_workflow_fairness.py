"""Who goes first when the ERP has a backlog: whom a person waits for, then each shop in turn, then history."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import cast

import pytest
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.worker import Worker

from activities.api import DocumentStart, Queues
from activities.starting import start_document
from activities.workshop import Route, Workshop
from domain import holds
from domain.documents import HoldReason, Urgency
from domain.journal import DueDocument
from tests.workflows.house import Handle, House
from tests.workflows.paper import Paper
from worker import catalogue

FLOOD = 300
BUSY = Queues(source="jushuitan.busy", erp="galaxy.busy", rates="rates")


def shop_of(house: House) -> Workshop:
    """As much of the workshop as starting a document takes."""
    routes = {"main": Route(system="jushuitan", erp="busy", bill_prefix="", queues=BUSY)}
    return cast(Workshop, SimpleNamespace(client=house.client, catalogue=catalogue(), routes=routes))


async def start(house: House, papers: Sequence[Paper], shop: str, urgency: Urgency = Urgency.LIVE) -> None:
    """Start documents as intake does."""
    workshop = shop_of(house)

    async def one(paper: Paper) -> None:
        due = DueDocument(key=paper.key, version="v1", platform_no="", shop=shop, warehouse="", skus=())
        begin = DocumentStart(key=paper.key, version=paper.version, queues=BUSY, erp="busy")
        await start_document(workshop, due, begin, urgency=urgency)

    await asyncio.gather(*(one(paper) for paper in papers))


async def backlog(house: House) -> int:
    """Steps that wait at the server for a worker of the ERP's queue."""
    found = await house.client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=house.client.namespace,
            task_queue=TaskQueue(name=BUSY.erp),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            report_stats=True,
        )
    )
    return found.stats.approximate_backlog_count


@pytest.mark.xdist_group("heavy")
async def test_who_goes_first(dev: House) -> None:
    posted: list[str] = []

    def noted(name: str, paper: Paper) -> Paper:
        async def note() -> None:
            posted.append(name)

        paper.before("post", note)
        return paper

    def papers(name: str, count: int) -> list[Paper]:
        return [noted(name, dev.paper()) for _ in range(count)]

    held = dev.paper(gaps=["ABC"])
    async with Worker(dev.client, task_queue=BUSY.erp, activities=[dev.steps.post]):
        await start(dev, [held], "harbour")
        await dev.until_held(held)
    noted("resumed", held)

    await start(dev, papers("history", 20), "quiet", Urgency.BACKFILL)
    await start(dev, papers("flood", FLOOD), "harbour")
    async with asyncio.timeout(60):
        while await backlog(dev) < FLOOD + 20:
            await asyncio.sleep(0.05)
    await start(dev, papers("next", 1), "meadow")
    held.gaps.clear()
    await dev.resume(held)
    async with asyncio.timeout(60):
        while await backlog(dev) < FLOOD + 22:
            await asyncio.sleep(0.05)

    # One step at a time, so that the order is the server's.
    erp = Worker(dev.client, task_queue=BUSY.erp, activities=[dev.steps.post], max_concurrent_activities=1)
    async with erp, asyncio.timeout(100):
        while len(posted) < FLOOD + 22:
            await asyncio.sleep(0.05)

    # A queue has several partitions, each in order for itself, so the order of the whole is a good approximation.
    assert posted.index("resumed") < FLOOD / 6
    assert posted.index("next") < FLOOD / 6, "the flood of one shop does not hold up the next document of another"
    assert posted.index("history") > FLOOD / 2


async def urgencies(handle: Handle) -> list[int]:
    """The urgency of each post that was asked for; 0 is the document's own."""
    history = await handle.fetch_history()
    asked = [event.activity_task_scheduled_event_attributes for event in history.events]
    return [one.priority.priority_key for one in asked if one.activity_type.name == "post"]


async def test_only_what_a_person_lets_go_on_goes_first(dev: House) -> None:
    paper = dev.paper()
    short = holds.make(HoldReason.STOCK_SHORT, "缺货", "Short")
    paper.answers("post", short, short)
    handle = await dev.hold(paper)
    await dev.resume(paper)
    await dev.until_held(paper, 2)
    await dev.edit(paper, "v2")
    await dev.end(handle)
    assert await urgencies(handle) == [0, Urgency.PERSON, 0]


async def test_a_gap_that_is_closed_is_nobodys_hurry(dev: House) -> None:
    paper = dev.paper(gaps=["ABC"])
    handle = await dev.hold(paper)
    await dev.close_gap(paper)
    await dev.end(handle)
    assert await urgencies(handle) == [0, 0, 0]
