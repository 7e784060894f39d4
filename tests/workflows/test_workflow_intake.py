from __future__ import annotations

import itertools
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowFailureError, WorkflowHandle
from temporalio.exceptions import ActivityError, ApplicationError, CancelledError

from activities.api import IntakeStep, Polled, Started, StartStep
from domain.faults import Fault, FaultKind
from tests.workflows.house import QUEUES, WORKFLOWS, House
from workflows.intake import IntakeEnd, IntakeStart, IntakeWorkflow

DOWN = Fault(FaultKind.TRANSIENT, system="jushuitan", code="timeout", message="no answer")
BUSY = Fault(FaultKind.THROTTLED, system="jushuitan", code="199", message="slow down")
EXPIRED = Fault(FaultKind.EXPIRED, system="jushuitan", code="100", message="token")
STORE_DOWN = OperationalError("select", {}, OSError("no connection"))
POLLED = Polled(seen=7, new=3, changed=2)
STARTED = Started(started=4, told=1)

_flows = (f"flow{number}" for number in itertools.count())


async def _run(
    house: House, polls: list[Polled | Exception], starts: list[Started | Exception]
) -> tuple[str, WorkflowHandle[IntakeWorkflow, IntakeEnd]]:
    flow = next(_flows)
    house.intake.polls[flow], house.intake.starts[flow] = list(polls), list(starts)
    handle = await house.client.start_workflow(
        IntakeWorkflow.run,
        IntakeStart(flow=flow, connection="main", queue=QUEUES.source),
        id=f"intake:{flow}:main",
        task_queue=WORKFLOWS,
        execution_timeout=house.lifetime,
    )
    return flow, handle


async def _failure(handle: WorkflowHandle[IntakeWorkflow, IntakeEnd]) -> ApplicationError:
    with pytest.raises(WorkflowFailureError) as failed:
        await handle.result()
    error = failed.value.cause
    assert isinstance(error, ActivityError)
    assert isinstance(error.cause, ApplicationError)
    return error.cause


async def test_it_polls_then_starts_and_counts(house: House) -> None:
    flow, handle = await _run(house, [POLLED], [STARTED])
    assert await handle.result() == IntakeEnd(seen=7, new=3, changed=2, started=4, told=1)
    poll, start = house.intake.calls[flow]
    assert (poll.step, start.step) == ("poll", "start_documents")
    assert (poll.queue, start.queue) == (QUEUES.source, QUEUES.source)
    started_at = (await handle.describe()).start_time
    assert isinstance(poll.argument, IntakeStep)
    assert (poll.argument.flow, poll.argument.connection) == (flow, "main")
    assert abs((poll.argument.until - started_at).total_seconds()) < 60
    assert start.argument == StartStep(flow=flow, connection="main")
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert metadata.current_details == "读到 7，新 3，有变化 2，启动 4，通知 1"


async def test_what_was_stored_earlier_is_started_even_if_the_poll_brings_nothing(dev: House) -> None:
    _, handle = await _run(dev, [Polled(seen=0, new=0, changed=0)], [Started(started=5, told=0)])
    assert (await handle.result()).started == 5


async def test_a_poll_tried_again_asks_for_the_same_time(skipping: House) -> None:
    flow, handle = await _run(skipping, [DOWN, DOWN, POLLED], [STARTED])
    assert (await handle.result()).seen == 7
    polls = skipping.intake.calls[flow][:-1]
    assert len(polls) == 3
    assert len({call.argument.until for call in polls}) == 1
    assert round((polls[2].at - polls[0].at).total_seconds() / 60) == 10


async def test_a_source_that_stays_away_fails_the_run_after_starting_what_is_stored(skipping: House) -> None:
    flow, handle = await _run(skipping, [DOWN, DOWN, DOWN, POLLED], [STARTED])
    assert (await _failure(handle)).type == "transient"
    assert [call.step for call in skipping.intake.calls[flow]] == ["poll"] * 3 + ["start_documents"]


async def test_a_paused_connection_is_skipped_quietly(house: House) -> None:
    _, handle = await _run(house, [Polled(seen=0, new=0, changed=0, paused=True)], [Started(started=2, told=0)])
    assert await handle.result() == IntakeEnd(seen=0, new=0, changed=0, started=2, told=0, paused=True)
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert "jushuitan.main 已暂停" in metadata.current_details


async def test_refused_credentials_are_not_tried_again(dev: House) -> None:
    flow, handle = await _run(dev, [EXPIRED, POLLED], [STARTED])
    assert (await _failure(handle)).type == "expired"
    assert [call.step for call in dev.intake.calls[flow]] == ["poll", "start_documents"]


async def test_being_throttled_uses_up_no_try_of_a_poll(skipping: House) -> None:
    flow, handle = await _run(skipping, [DOWN, *[BUSY] * 20, DOWN, POLLED], [STARTED])
    assert (await handle.result()).seen == 7
    assert [call.step for call in skipping.intake.calls[flow]] == ["poll"] * 23 + ["start_documents"]


async def test_a_throttled_poll_waits_as_long_as_the_source_asks(skipping: House) -> None:
    busy = Fault(FaultKind.THROTTLED, system="jushuitan", code="200", message="slow down", retry_after=37)
    flow, handle = await _run(skipping, [busy, POLLED], [STARTED])
    await handle.result()
    first, second, _ = skipping.intake.calls[flow]
    assert round((second.at - first.at).total_seconds()) == 37


async def test_starting_is_tried_again_without_polling_again(skipping: House) -> None:
    flow, handle = await _run(skipping, [POLLED], [STORE_DOWN, STORE_DOWN, STARTED])
    assert (await handle.result()).started == 4
    assert [call.step for call in skipping.intake.calls[flow]] == ["poll", *["start_documents"] * 3]


async def test_a_store_that_comes_back_is_waited_for(skipping: House) -> None:
    flow, handle = await _run(skipping, [*[STORE_DOWN] * 9, POLLED], [*[STORE_DOWN] * 9, STARTED])
    assert await handle.result() == IntakeEnd(seen=7, new=3, changed=2, started=4, told=1)
    assert [call.step for call in skipping.intake.calls[flow]] == ["poll"] * 10 + ["start_documents"] * 10


async def test_a_defect_in_the_poll_names_itself_and_is_not_tried_again(dev: House) -> None:
    flow, handle = await _run(dev, [KeyError("x")], [STARTED])
    assert (await _failure(handle)).type == "KeyError"
    assert [call.step for call in dev.intake.calls[flow]] == ["poll", "start_documents"]


async def test_ended_in_web_ui_it_starts_nothing_more(skipping: House) -> None:
    flow, handle = await _run(skipping, [DOWN, DOWN, DOWN], [STARTED])
    await skipping.env.sleep(timedelta(minutes=1))
    await handle.cancel()
    with pytest.raises(WorkflowFailureError) as ended:
        await handle.result()
    assert isinstance(ended.value.cause, CancelledError)
    assert [call.step for call in skipping.intake.calls[flow]] == ["poll"]
