"""Two worker processes call one account: the server hands out no more steps than the account's queue may have, and the
calls keep the account's pace."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.api.enums.v1 import EventType, TaskQueueType
from temporalio.api.enums.v1.task_queue_pb2 import RateLimitSource
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest

from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.stage import OUTBOUND, Stage, Wish, until, worker_process

POLLS = 20
STEPS_PER_SECOND = 8
CALLS_PER_SECOND = 4


async def held_by_server(stage: Stage, queue: str) -> tuple[float, RateLimitSource.ValueType]:
    """The rate the server hands out steps of a queue at, and who set it."""
    found = await stage.client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=stage.client.namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
            report_config=True,
        )
    )
    limit = found.effective_rate_limit
    return limit.requests_per_second, limit.rate_limit_source


async def handed_out(stage: Stage) -> list[datetime]:
    """When the server handed out the first step of each poll, by its own record, in order."""
    moments = []
    async for execution in stage.client.list_workflows("WorkflowType = 'Intake'"):
        history = await stage.client.get_workflow_handle(execution.id, run_id=execution.run_id).fetch_history()
        given = [e for e in history.events if e.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED]
        moments.append(given[0].event_time.ToDatetime(UTC))
    return sorted(moments)


@pytest.mark.xdist_group("heavy")
async def test_one_account_and_two_workers(set_up: SetUp) -> None:
    stage = await set_up(
        Wish(
            works=False,
            jushuitan={"per_second": CALLS_PER_SECOND, "steps_per_second": STEPS_PER_SECOND},
            galaxy={"calls_per_second": 60},
            worker={"batch": 50},
        )
    )
    calls = stage.world.jushuitan.calls
    async with worker_process(stage, "first"), worker_process(stage, "second"):
        await stage.intake(OUTBOUND)

        async def is_held() -> bool:
            held = await held_by_server(stage, "jushuitan.main"), await held_by_server(stage, "galaxy.main")
            return held == (
                (STEPS_PER_SECOND, RateLimitSource.RATE_LIMIT_SOURCE_WORKER),
                # Sixty calls a second, three for a batch of fifty.
                (1000, RateLimitSource.RATE_LIMIT_SOURCE_WORKER),
            )

        await until(is_held, "the server holds the limits of both queues")
        before, began = calls.total, datetime.now(UTC)
        await asyncio.gather(*(stage.intake(OUTBOUND) for _ in range(POLLS)))
        took = datetime.now(UTC) - began

    # Lower bounds only: nothing but the limits themselves can break them, however slow the machine.
    _, *polls = await handed_out(stage)
    assert len(polls) == POLLS
    assert polls[-1] - polls[0] >= timedelta(seconds=(POLLS - STEPS_PER_SECOND) / STEPS_PER_SECOND)
    assert calls.total - before == POLLS
    assert took >= timedelta(seconds=(POLLS - 1) / CALLS_PER_SECOND)
