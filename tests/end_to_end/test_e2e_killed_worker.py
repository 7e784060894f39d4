"""A worker process dies (SIGKILL) while the ERP has just done what it asked; the next worker finds out."""

from __future__ import annotations

from uuid import uuid4

import pytest
from temporalio.client import WorkflowHandle

from activities.starting import WORKFLOW_QUEUE
from domain.documents import DocumentState
from sandbox.faults import FaultName, FaultRule
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import FORMS, OUTBOUND, RETURN, Stage, Wish, until, worker_process
from workflows.intake import IntakeEnd, IntakeStart, IntakeWorkflow

POSTING = ("ExecuteBillQuery", "BatchSave", "Submit", "Audit")
STEPWISE = "tests.end_to_end.stepwise"
OUTBOUND_QUERY = "/open/orders/out/simple/query"
LIMIT = 100.0
"""Seconds: Temporal notices a dead worker by its missing heartbeats, half a minute later."""


class Hanging:
    """Documents in flight, each in a call that has taken effect and is never answered."""

    def __init__(self, stage: Stage) -> None:
        self.stage, self.numbers = stage, list[str]()

    async def show(self, flow: str, operation: str) -> None:
        """Let the next document appear and hang in an operation on its form."""
        [number] = self.stage.world.release(1)
        await self.hang(flow, operation, number)

    async def hang(self, flow: str, operation: str, number: str) -> None:
        self.stage.lose(f"{FORMS[flow]} {operation}", FaultName.HANG)
        await self.stage.intake(flow)
        self.numbers.append(number)
        await self.stage.fault_hit(FaultName.HANG, len(self.numbers))


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(240)
async def test_killed_in_the_middle_of_every_call(set_up: SetUp) -> None:
    stage = await set_up(Wish(works=False, worker={"lanes": 8}, galaxy={"read_timeout": 200}))
    source = stage.world.jushuitan
    sales = [Row(f"{54000 + i}", customer=f"{i}") for i in range(11)]
    returns = [Row(f"C{54000 + i}", customer=f"{i}", quantity=-2, at="2010-12-01 12:00:00") for i in range(5)]
    # Six orders and a return are posted in peace, then the others come.
    await stage.feed(*sales[:6], returns[4], *returns[:4], *sales[6:])
    peaceful = stage.world.release(7)

    async with worker_process(stage, "first", STEPWISE) as first:
        await stage.intake()
        await stage.posted(*peaceful)
        hanging = Hanging(stage)
        for operation in POSTING:
            await hanging.show(RETURN, operation)
        for operation in POSTING:
            await hanging.show(OUTBOUND, operation)
        *_, shipped, returned = peaceful
        source.cancel_outbound(stage.world.source_ids(shipped)["io_id"])
        await hanging.hang(OUTBOUND, "UnAudit", shipped)
        source.unconfirm_refund(stage.world.source_ids(returned)["as_id"])
        await hanging.hang(RETURN, "Delete", returned)
        stage.world.release()
        polling = await poll_that_hangs(stage)
        assert first.returncode is None
        first.kill()

    reached = [bill["status"] for number in hanging.numbers[4:8] for bill in stage.bills_of(number)]
    assert reached == ["A", "B", "C"], "the calls the worker died in had taken effect"
    async with worker_process(stage, "second", STEPWISE):
        ended = await polling.result()
        assert (ended.new, ended.started) == (1, 1)
        await stage.posted(*hanging.numbers[:8], sales[10].invoice, limit=LIMIT)
        for number in (shipped, returned):
            await stage.comes_to(number, DocumentState.REVERSED, limit=LIMIT)
            assert stage.bills_of(number) == []
            await stage.ended(number)
    stage.assert_books_right()


async def poll_that_hangs(stage: Stage) -> WorkflowHandle[IntakeWorkflow, IntakeEnd]:
    """A poll of the source whose answer never comes."""
    faults = stage.world.jushuitan.faults
    faults.add(FaultRule(kind=FaultName.HANG, operation=OUTBOUND_QUERY))
    polling = await stage.client.start_workflow(
        IntakeWorkflow.run,
        IntakeStart(flow=OUTBOUND, connection="main", queue="jushuitan.main"),
        id=f"intake-{uuid4().hex}",
        task_queue=WORKFLOW_QUEUE,
    )

    async def hung() -> bool:
        return faults.injected[FaultName.HANG.value] == 1

    await until(hung, "the poll hangs")
    return polling
