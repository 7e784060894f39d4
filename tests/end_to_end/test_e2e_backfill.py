"""Back-fill against the simulators: a range of days comes in beside intake, once, whoever dies on the way."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pytest

from activities.api_backfill import Brought
from activities.starting import WORKFLOW_QUEUE
from domain.documents import DocumentState, Urgency
from sandbox.faults import FaultName, FaultRule
from sandbox.rates.data import PUBLISHED
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, RETURN, Stage, Wish, until, worker_process
from workflows.backfill import BackfillStart, BackfillWorkflow, backfill_id

pytestmark = pytest.mark.timeout(240)

FIRST, LAST, AFTER = sorted(PUBLISHED)[-3:]
"""Three days of an order file become these."""
_DAYS = {FIRST: "2010-12-01", LAST: "2010-12-02", AFTER: "2010-12-03"}
QUERY = "/open/orders/out/simple/query"
HEARTBEAT = 100.0
"""Seconds: Temporal notices a dead worker by its missing heartbeats, half a minute later."""


def orders(count: int, day: date = FIRST) -> list[Row]:
    """One every ten minutes."""
    at = _DAYS[day]
    first = 540000 + day.day * 100
    return [Row(f"{first + i}", customer=f"{i}", at=f"{at} {8 + i // 6:02}:{i % 6}0:00") for i in range(count)]


EVERY_DAY = [*orders(1), *orders(1, LAST), *orders(1, AFTER)]


async def start(stage: Stage, flow: str = OUTBOUND, **given: Any) -> Any:
    begin = BackfillStart(flow=flow, connection="main", queue="jushuitan.main", first=FIRST, last=LAST, **given)
    return await stage.client.start_workflow(
        BackfillWorkflow.run,
        begin,
        id=backfill_id(flow, "main", FIRST, LAST, dry_run=begin.dry_run),
        task_queue=WORKFLOW_QUEUE,
        start_signal="go_on",
    )


async def backfill(stage: Stage, flow: str = OUTBOUND, **given: Any) -> Brought:
    brought: Brought = await (await start(stage, flow, **given)).result()
    return brought


async def runs(stage: Stage) -> Counter[str]:
    """How often each document's workflow was started."""
    found = stage.client.list_workflows('WorkflowType = "Document"')
    return Counter([execution.id async for execution in found])


async def test_a_range_of_days(set_up: SetUp) -> None:
    """What moved on those days and nothing else; the cursor of intake stays where it is, and so does the urgency."""
    stage = await set_up(Wish(worker={"window_rows": 3}))
    shown = await stage.show(*orders(8), *orders(2, LAST), *orders(2, AFTER))
    wanted, other = shown[:10], shown[10:]
    assert await backfill(stage) == Brought(seen=10, new=10, started=10)
    await stage.posted(*wanted)
    assert await stage.store.cursor(OUTBOUND, "main") is None
    for number in other:
        assert await stage.store.document(stage.key(number)) is None
    raw = (await stage.client.get_workflow_handle(stage.key(wanted[0]).workflow_id).describe()).raw_description
    assert raw.workflow_execution_info.priority.priority_key == Urgency.BACKFILL

    assert await backfill(stage) == Brought(seen=10), "known already: nothing is done for them"
    assert set((await runs(stage)).values()) == {1}
    stage.assert_books_right(excused=other)
    # Intake, when it comes by, finds them known and brings the rest.
    [ended] = await stage.intake(OUTBOUND)
    assert (ended.new, ended.changed, ended.started) == (2, 0, 2)
    await stage.posted(*other)


async def test_returns_come_in_by_the_day_their_goods_did(stage: Stage) -> None:
    sale = Row("540001", at=f"{_DAYS[FIRST]} 09:00:00")
    back, late = (
        Row(number, quantity=-2, at=f"{_DAYS[day]} 12:00:00") for number, day in (("C540002", LAST), ("C540003", AFTER))
    )
    await stage.show(sale, back, late)
    assert await backfill(stage, RETURN) == Brought(seen=1, new=1, started=1)
    assert (await backfill(stage)).started == 1
    await stage.posted("540001", "C540002")
    stage.assert_books_right(excused=["C540003"])


async def test_what_changed_meanwhile_is_changed_here(stage: Stage) -> None:
    """An order taken back at the source while nobody looked is reversed; the one that is as it was costs nothing."""
    kept, cancelled, *_ = await stage.show(*orders(2), *EVERY_DAY[1:])
    assert (await backfill(stage)).new == 3
    await stage.posted(kept, cancelled)
    stage.world.jushuitan.cancel_outbound(stage.world.source_ids(cancelled)["io_id"])
    assert await backfill(stage, dry_run=True) == Brought(seen=3, changed=1)
    assert (await stage.record(cancelled)).state is DocumentState.POSTED, "a dry run changes nothing"
    assert await backfill(stage) == Brought(seen=3, changed=1, started=1)
    await stage.comes_to(cancelled, DocumentState.REVERSED)
    assert (await runs(stage))[stage.key(kept).workflow_id] == 1


@pytest.mark.xdist_group("heavy")
async def test_killed_in_the_middle(set_up: SetUp) -> None:
    """The worker dies while the source is about to answer; the next one goes on with that window."""
    stage = await set_up(Wish(works=False, worker={"window_rows": 4}, jushuitan={"page_size": 2, "read_timeout": 200}))
    *numbers, after = await stage.show(*orders(12), *EVERY_DAY[1:])
    faults = stage.world.jushuitan.faults

    async def hung() -> bool:
        return faults.injected[FaultName.HANG.value] == 1

    async with worker_process(stage, "first") as first:
        # Some windows are through, and one is read halfway, when the source falls silent.
        faults.add(FaultRule(kind=FaultName.HANG, operation=QUERY, skip=7))
        handle = await start(stage)
        await until(hung, "the source has fallen silent")
        first.kill()
    read = stage.world.jushuitan.calls.by_operation[QUERY]
    async with worker_process(stage, "second"):
        brought = await handle.result()
        assert brought.seen == 13
        await stage.posted(*numbers, limit=HEARTBEAT)
        status = await handle.query(BackfillWorkflow.status)
        assert (status.at, status.seconds) == (None, status.of_seconds)
    assert read > 3
    assert set((await runs(stage)).values()) == {1}, "nothing was started twice"
    stage.assert_books_right(excused=[after])
