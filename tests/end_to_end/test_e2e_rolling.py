"""A new build of the worker is rolled out while documents flow and wait: nothing is lost, nothing is there twice."""

from __future__ import annotations

import pytest

import builds
from domain.documents import HoldReason
from tests.cli.command import kingpost
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import FORMS, OUTBOUND, Stage, Wish, until, worker_process

STEPWISE = "tests.end_to_end.stepwise"
"""The second build does something else: it submits and audits by calls of their own."""
MISSING = "99999X"
COLUMNS = (f"material={MISSING}", "unit=Pcs", "batch_managed=false", "service=false")
ADD_ROW = ("mappings", "set", "sku", MISSING, *COLUMNS)


async def build_of(stage: Stage, number: str) -> str | None:
    """The build that a document's workflow was carried on by last."""
    execution = await stage.client.get_workflow_handle(stage.key(number).workflow_id).describe()
    info = execution.raw_description.workflow_execution_info.versioning_info
    return info.deployment_version.build_id or None


async def some_posted(stage: Stage, numbers: list[str]) -> None:
    """Wait until the first of them are posted: the others are in the middle of something."""

    wanted = {stage.bill_number(number) for number in numbers}

    async def seen() -> bool:
        return any(bill["number"] in wanted for bill in stage.bills(FORMS[OUTBOUND]))

    await until(seen, "the first are posted")


@pytest.mark.xdist_group("heavy")
@pytest.mark.timeout(240)
async def test_two_builds_while_documents_flow_and_wait(set_up: SetUp) -> None:
    stage = await set_up(Wish(works=False, worker={"batch": 4}))
    stage.galaxy.switches.call_ms = 40
    sales = [Row(f"{540000 + n}", customer=f"{n}") for n in range(40)]
    waiting = [Row(f"{550000 + n}", code=MISSING, customer=f"w{n}") for n in range(3)]
    await stage.feed(waiting[0], *sales[:5], waiting[1], *sales[5:20], waiting[2], *sales[20:], unmapped={MISSING})

    # A worker without a build, as before the first roll-out.
    async with worker_process(stage, "unversioned"):
        before = stage.world.release(6)
        await stage.intake(OUTBOUND)
        await stage.held(waiting[0].invoice, HoldReason.MAPPING_MISSING)
        await stage.posted(*before[1:])

    async with worker_process(stage, "first", build="1.0"):

        async def is_current() -> bool:
            return await builds.current(stage.client) == "1.0"

        await until(is_current, "the first build has made itself current")
        flowing = stage.world.release(16)
        await stage.intake(OUTBOUND)
        await stage.held(waiting[1].invoice, HoldReason.MAPPING_MISSING)
        await some_posted(stage, flowing)
        assert "Submit" not in stage.galaxy.calls.by_operation

        async with worker_process(stage, "second", STEPWISE, build="2.0"):
            await builds.make_current(stage.client, "2.0")
            flowing += stage.world.release(21)
            await stage.intake(OUTBOUND)
            await some_posted(stage, flowing[16:])

    # Both are gone; what they were doing is carried on by a worker of the current build that starts later.
    async with worker_process(stage, "third", STEPWISE, build="2.0"):
        await stage.held(waiting[2].invoice, HoldReason.MAPPING_MISSING)
        await stage.posted(*(number for number in flowing if number not in {row.invoice for row in waiting}))
        assert stage.galaxy.calls.by_operation["Submit"] > 0
        added = await kingpost(stage.config, *ADD_ROW)
        assert "3 documents woken" in added.stdout
        await stage.posted(*(row.invoice for row in waiting))
        assert {await build_of(stage, row.invoice) for row in waiting} == {"2.0"}

    running = [execution.id async for execution in stage.client.list_workflows("ExecutionStatus = 'Running'")]
    assert [ident for ident in running if not ident.startswith("temporal-sys")] == []
    stage.assert_books_right()
