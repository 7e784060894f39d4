"""The floor: the least a durable step costs on Temporal. A workflow with one activity, which makes one HTTP post."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client

with workflow.unsafe.imports_passed_through():
    import httpx

    from activities.starting import AT_ONCE
    from domain.documents import Frozen

FLOOR_QUEUE = "floor"
"""Task queue of the workflows."""
FLOOR_POSTS_QUEUE = "floor.posts"
"""Task queue of the activity, apart from the workflows' like that of every vendor account."""
FLOOR_TYPE = "Floor"


class FloorStart(Frozen):
    """What is posted, and where."""

    number: str
    url: str


class FloorEnd(Frozen):
    """What came of it."""

    number: str
    status: int


class FloorSteps:
    """The activity, with one HTTP client for all of a worker."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    @activity.defn(name="post_once")
    async def post_once(self, start: FloorStart) -> FloorEnd:
        response = await self._client.post(start.url, json={"number": start.number})
        response.raise_for_status()
        return FloorEnd(number=start.number, status=response.status_code)


@workflow.defn(name=FLOOR_TYPE)
class FloorWorkflow:
    """See the module."""

    @workflow.run
    async def run(self, start: FloorStart) -> FloorEnd:
        return await workflow.execute_activity_method(
            FloorSteps.post_once,
            start,
            task_queue=FLOOR_POSTS_QUEUE,
            start_to_close_timeout=timedelta(minutes=1),
        )


async def start_floor(client: Client, numbers: Sequence[str], url: str) -> None:
    """Start a workflow for each number, as many at once as documents are started."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: str) -> None:
        async with gate:
            await client.start_workflow(
                FloorWorkflow.run,
                FloorStart(number=number, url=url),
                id=f"floor:{number}",
                task_queue=FLOOR_QUEUE,
                task_timeout=timedelta(seconds=20),
            )

    await asyncio.gather(*(one(number) for number in numbers))
