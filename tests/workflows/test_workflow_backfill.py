"""A range of days is brought in window by window: all of it, none of it twice, and what stands in the way is seen."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import count, pairwise

import pytest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError

from activities.api_backfill import Brought
from domain.documents import HoldReason
from domain.faults import Fault, FaultKind
from domain.spans import Span, span_of
from tests.workflows import backfilling
from tests.workflows.backfilling import Handle, SourceOfMoments
from tests.workflows.house import PATIENCE, House
from workflows import backfill
from workflows.backfill import BackfillStatus, BackfillWorkflow

FIRST, LAST = date(2026, 9, 1), date(2026, 9, 3)
NOON = datetime(2026, 9, 2, 4, tzinfo=UTC)
DOWN = Fault(FaultKind.TRANSIENT, system="jushuitan", code="timeout", message="no answer")
EXPIRED = Fault(FaultKind.EXPIRED, system="jushuitan", code="100", message="token")
_connections = (f"shop{number}" for number in count())


async def start(house: House) -> Handle:
    return await backfilling.start(house.client, FIRST, LAST, next(_connections))


async def waiting(handle: Handle) -> BackfillStatus:
    """Where it stands once it waits."""
    async with asyncio.timeout(PATIENCE):
        while True:
            status = await handle.query(BackfillWorkflow.status)
            if status.waits_for is not None:
                return status


def assert_whole(read: list[Span]) -> None:
    """Every moment of the range is in exactly one of the windows, and they come in order."""
    whole = span_of(FIRST, LAST)
    assert (read[0].begin, read[-1].end) == (whole.begin, whole.end)
    assert all(one.end == two.begin for one, two in pairwise(read))


async def test_day_by_day(dev: House) -> None:
    source = SourceOfMoments([NOON, NOON + timedelta(hours=20)])
    async with backfilling.working(dev.client, source):
        handle = await start(dev)
        assert await handle.result() == Brought(seen=2, new=2, started=2)
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert [span.seconds for span in source.read] == [86_400] * 3
    assert_whole(source.read)
    assert "100%" in metadata.current_details
    assert "读到 2，新 2，有变化 0，已有 0，启动 2，通知 0" in metadata.current_details


async def test_a_window_with_too_many_is_halved_until_it_is_not(dev: House) -> None:
    crowd = [NOON + timedelta(seconds=second) for second in range(40)]
    source = SourceOfMoments([*crowd, NOON + timedelta(hours=5)], most=5)
    async with backfilling.working(dev.client, source):
        assert (await (await start(dev)).result()).seen == 41
    assert_whole(source.read)
    assert len(source.asked) > len(source.read) > 8
    assert max(sum(s.begin <= moment < s.end for moment in source.moments) for s in source.read) <= 5


async def test_a_second_with_too_many_is_read_all_the_same(dev: House) -> None:
    source = SourceOfMoments([NOON] * 9, most=1)
    async with backfilling.working(dev.client, source):
        assert (await (await start(dev)).result()).seen == 9
    assert_whole(source.read)


async def test_fresh_histories_lose_nothing(dev: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts and what is left go along."""
    monkeypatch.setattr(backfill, "_WINDOWS", 2)
    source = SourceOfMoments([NOON + timedelta(minutes=minute) for minute in range(30)], most=4)
    async with backfilling.working(dev.client, source):
        handle = await start(dev)
        assert (await handle.result()).seen == 30
        first = dev.client.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
        assert (await first.describe()).status is not None
        assert (await handle.describe()).run_id != handle.first_execution_run_id
    assert_whole(source.read)


async def test_it_waits_visibly_and_goes_on_when_told(dev: House) -> None:
    source = SourceOfMoments([NOON])
    fails_on_the_second_day = iter([False, True, False, False])

    def expire(_: object) -> None:
        if next(fails_on_the_second_day):
            raise EXPIRED

    source.before = expire
    async with backfilling.working(dev.client, source):
        handle = await start(dev)
        status = await waiting(handle)
        assert status.waits_for is not None
        assert status.waits_for.reason is HoldReason.CREDENTIALS_REFUSED
        assert (status.seconds, status.of_seconds) == (86_400, 3 * 86_400)
        metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
        assert "不接受授权" in metadata.current_details
        again = await backfilling.start(dev.client, FIRST, LAST, handle.id.split(":")[2])
        assert again.first_execution_run_id == handle.first_execution_run_id
        assert (await handle.result()).seen == 1
    assert_whole(source.read)
    assert len(source.asked) == 4, "the first day is not read again"


async def test_a_source_out_of_reach_is_tried_again_by_itself(skipping: House) -> None:
    source = SourceOfMoments([NOON], fails=[DOWN])
    async with backfilling.working(skipping.client, source):
        assert (await (await start(skipping)).result()).seen == 1
    assert_whole(source.read)


async def test_a_defect_names_itself_and_waits_for_somebody(dev: House) -> None:
    source = SourceOfMoments([NOON], fails=[KeyError("x")])
    async with backfilling.working(dev.client, source):
        handle = await start(dev)
        status = await waiting(handle)
        assert status.waits_for is not None
        assert (status.waits_for.reason, status.waits_for.code) == (HoldReason.DEFECT, "KeyError")
        await handle.signal(BackfillWorkflow.go_on)
        await handle.result()


async def test_ended_by_a_person_it_reads_nothing_more(dev: House) -> None:
    source = SourceOfMoments([NOON], fails=[EXPIRED])
    async with backfilling.working(dev.client, source):
        handle = await start(dev)
        await waiting(handle)
        await handle.cancel()
        with pytest.raises(WorkflowFailureError) as ended:
            await handle.result()
    assert isinstance(ended.value.cause, CancelledError)
    assert len(source.asked) == 1
