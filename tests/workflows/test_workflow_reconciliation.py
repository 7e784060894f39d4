"""A day is read, compared, looked at once more where it differs, and mended only when somebody asks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowExecutionStatus, WorkflowFailureError
from temporalio.exceptions import ActivityError, ApplicationError

from activities.api_reconcile import MendStep
from domain.faults import Fault, FaultKind
from domain.spans import day_at, span_of
from tests.workflows import reconciling
from tests.workflows.house import House
from tests.workflows.reconciling import QUEUE, ScriptedReconciling
from workflows.nightly import NightlyStart, NightlyWorkflow
from workflows.reconciliation import Mend, ReconciliationWorkflow, reconciliation_id

DAY = date(2026, 9, 1)
MEND = Mend(actor="clerk", reason="checked")
EXPIRED = Fault(FaultKind.EXPIRED, system="jushuitan", code="100", message="token")
LOOK, AGAIN = ["trace", "compare"], ["trace", "compare"]
_connections = (f"shop{number}" for number in count())


async def test_a_day_in_order(dev: House) -> None:
    steps = ScriptedReconciling()
    async with reconciling.working(dev.client, steps):
        handle = await reconciling.start(dev.client, DAY, next(_connections))
        result = await handle.result()
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert steps.steps == ["begin_reconciliation", "read_day", "scan_bills", *LOOK, "finish_reconciliation"]
    assert (result.documents, result.left, result.mended) == (24, 2, False)
    refs = {argument.ref.run if hasattr(argument, "ref") else argument.run for _, argument in steps.asked}
    assert refs == {result.run} == {handle.first_execution_run_id}
    for text in ("有 2 处不符", "来源 24 张，金蝶 24 张", "金蝶缺失", "`missing_in_erp`", "：2"):
        assert text in metadata.current_details


async def test_the_whole_day_in_windows_that_are_small_enough(dev: House) -> None:
    steps = ScriptedReconciling(most=5)
    async with reconciling.working(dev.client, steps):
        await (await reconciling.start(dev.client, DAY, next(_connections))).result()
    read = [span for span in steps.windows() if span.seconds <= 5 * 3600]
    whole = span_of(DAY, DAY)
    assert (read[0].begin, read[-1].end) == (whole.begin, whole.end)
    assert all(one.end == two.begin for one, two in pairwise(read))
    assert len(steps.windows()) > len(read) == 8


async def test_what_differs_is_looked_at_once_more(dev: House) -> None:
    steps = ScriptedReconciling(suspects=[3, 1])
    async with reconciling.working(dev.client, steps):
        await (await reconciling.start(dev.client, DAY, next(_connections))).result()
    assert steps.steps[3:] == [*LOOK, *AGAIN, "finish_reconciliation"]
    assert [argument.again for name, argument in steps.asked if name in LOOK] == [False, False, True, True]


async def test_mending_waits_until_the_documents_have_come_to_rest(skipping: House) -> None:
    steps = ScriptedReconciling(suspects=[3, 3], unsettled=[2, 1])
    async with reconciling.working(skipping.client, steps):
        handle = await reconciling.start(skipping.client, DAY, next(_connections), MEND)
        assert (await handle.result()).mended
    assert steps.steps[5:] == [*AGAIN, "mend", *["count_unsettled"] * 3, *AGAIN, "finish_reconciliation"]
    [asked] = [argument for _, argument in steps.asked if isinstance(argument, MendStep)]
    assert (asked.actor, asked.reason) == ("clerk", "checked")


async def test_mending_does_not_wait_for_ever(skipping: House) -> None:
    steps = ScriptedReconciling(suspects=[3, 3], unsettled=[1] * 99)
    async with reconciling.working(skipping.client, steps):
        handle = await reconciling.start(skipping.client, DAY, next(_connections), MEND)
        await handle.result()
        took = (await handle.describe()).close_time
        began = (await handle.describe()).start_time
    assert took is not None
    assert steps.steps.count("count_unsettled") == 10
    assert timedelta(minutes=4) < took - began < timedelta(minutes=10)


async def test_asked_for_while_it_runs(dev: House) -> None:
    """Whoever asks in time is heard, also when it was already looking a second time."""
    steps = ScriptedReconciling(suspects=[3, 3])
    connection = next(_connections)

    async def ask() -> None:
        await dev.client.get_workflow_handle(reconciliation_id(reconciling.FLOW, connection, DAY)).signal(
            ReconciliationWorkflow.mend, MEND
        )

    steps.before["compare"] = ask
    async with reconciling.working(dev.client, steps):
        result = await (await reconciling.start(dev.client, DAY, connection)).result()
    assert result.mended
    assert steps.steps.count("mend") == 1


async def test_a_vendor_that_refuses_us_fails_it(dev: House) -> None:
    steps = ScriptedReconciling(fails={"scan_bills": [EXPIRED]})
    async with reconciling.working(dev.client, steps):
        handle = await reconciling.start(dev.client, DAY, next(_connections))
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
    assert isinstance(failed.value.cause, ActivityError)
    assert steps.steps[-1] == "scan_bills"


# ── every night ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_every_night_the_day_before(dev: House) -> None:
    """One after the other, each under its own name; one that fails keeps none of the others back."""
    connections = [next(_connections) for _ in range(3)]
    steps = ScriptedReconciling(fails={"scan_bills": [EXPIRED]})
    async with reconciling.working(dev.client, steps):
        before = datetime.now(UTC)
        handle = await dev.client.start_workflow(
            NightlyWorkflow.run,
            NightlyStart(subjects=tuple(reconciling.subject(connection) for connection in connections)),
            id=f"nightly-{connections[0]}",
            task_queue=QUEUE,
        )
        with pytest.raises(WorkflowFailureError) as failed:
            await handle.result()
        error = failed.value.cause
        [day] = {argument.day for name, argument in steps.asked if name == "begin_reconciliation"}
        assert day in {day_at(moment) - timedelta(days=1) for moment in (before, datetime.now(UTC))}
        assert isinstance(error, ApplicationError)
        assert error.message == f"could not be reconciled: {reconciliation_id(reconciling.FLOW, connections[0], day)}"
        for connection in connections[1:]:
            child = dev.client.get_workflow_handle(reconciliation_id(reconciling.FLOW, connection, day))
            assert (await child.describe()).raw_description.workflow_execution_info.priority.priority_key == 5
            assert await child.result()
    assert [argument.connection for name, argument in steps.asked if name == "begin_reconciliation"] == connections


async def test_what_is_under_way_already_is_left_alone(dev: House) -> None:
    connection, other = next(_connections), next(_connections)
    steps = ScriptedReconciling()
    async with reconciling.working(dev.client, steps):
        # Whichever day it takes today for.
        today = day_at(datetime.now(UTC))
        under_way = [
            await dev.client.start_workflow(
                ReconciliationWorkflow.run,
                reconciling.start_of(day, connection),
                id=reconciliation_id(reconciling.FLOW, connection, day),
                task_queue="nobody-works-here",
            )
            for day in (today - timedelta(days=1), today)
        ]
        left = await dev.client.execute_workflow(
            NightlyWorkflow.run,
            NightlyStart(subjects=(reconciling.subject(connection), reconciling.subject(other))),
            id=f"nightly-{connection}",
            task_queue=QUEUE,
        )
        for handle in under_way:
            assert (await handle.describe()).status is WorkflowExecutionStatus.RUNNING
            await handle.terminate()
    assert left == 2
    assert [argument.connection for name, argument in steps.asked if name == "begin_reconciliation"] == [other]
