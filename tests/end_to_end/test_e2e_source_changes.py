"""The source changes its mind: what was posted, held or is in flight follows, and there is never more than one bill."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from demo.report import number_of
from demo.rest import at_rest
from domain.decisions import Resume
from domain.documents import DocumentState, HoldReason, SkipReason
from sandbox.faults import FaultName
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, RETURN, Stage, until

pytestmark = pytest.mark.timeout(240)

SALE = Row("540001")
BACK = Row("C540002", quantity=-2, at="2010-12-01 12:00:00")


def set_quantity(stage: Stage, number: str, quantity: int, *, line: int = 0) -> None:
    """Somebody corrects a line of an order at the source."""
    io_id = stage.world.source_ids(number)["io_id"]
    items = list(stage.world.jushuitan.outbound(io_id).items)
    items[line] = replace(items[line], qty=Decimal(quantity), sale_amount=quantity * items[line].sale_price)
    stage.world.jushuitan.edit_outbound(io_id, items=tuple(items))


def quantities(stage: Stage, number: str) -> list[Decimal]:
    [bill] = stage.bills_of(number)
    return [line["FRealQty"] for line in bill["lines"]]


async def test_edit_frees_a_held_document(stage: Stage) -> None:
    await stage.show(Row("540001", quantity=-3))
    await stage.intake(OUTBOUND)
    await stage.held("540001", HoldReason.SOURCE_INVALID)
    set_quantity(stage, "540001", 3)
    await stage.intake(OUTBOUND)
    await stage.posted("540001")
    assert quantities(stage, "540001") == [3]
    stage.assert_books_right()


async def test_edit_of_a_posted_document(stage: Stage) -> None:
    """The old bill goes, the new one comes; a change that means nothing for the bill changes nothing."""
    await stage.show(SALE)
    await stage.intake(OUTBOUND)
    await stage.posted("540001")
    [first] = stage.bills_of("540001")
    stage.world.jushuitan.edit_outbound(stage.world.source_ids("540001")["io_id"])
    [ended] = await stage.intake(OUTBOUND)
    assert (ended.seen, ended.changed) == (1, 0)
    set_quantity(stage, "540001", 4)
    [ended] = await stage.intake(OUTBOUND)
    assert (ended.seen, ended.changed) == (1, 1)
    await stage.posted("540001")
    [second] = stage.bills_of("540001")
    assert second["id"] != first["id"]
    assert second["number"] == first["number"]
    assert quantities(stage, "540001") == [4]
    stage.assert_books_right()


async def test_edit_of_a_document_in_flight(stage: Stage) -> None:
    """The edit comes while the ERP still works on the bill of the version before."""
    await stage.show(SALE)
    stage.lose("BatchSave", FaultName.SLOW, seconds="1.5")
    await stage.intake(OUTBOUND)
    await stage.fault_hit(FaultName.SLOW)
    set_quantity(stage, "540001", 5)
    [ended] = await stage.intake(OUTBOUND)
    assert (ended.started, ended.told) == (0, 1), "the workflow in flight is told"
    await stage.posted("540001")
    assert quantities(stage, "540001") == [5]
    stage.assert_books_right()


async def test_many_edits_of_many_documents(stage: Stage) -> None:
    """Edits as fast as they can be polled, some before and some after a document is posted: the last one stands."""
    numbers = await stage.show(*[Row(f"5400{i:02}") for i in range(12)])
    for round_ in range(1, 5):
        for number in numbers[round_ % 2 :: 2]:
            set_quantity(stage, number, round_)
        await stage.intake(OUTBOUND)
    await stage.posted(*numbers)
    assert [quantities(stage, number) for number in numbers] == [[4], [3]] * 6
    stage.assert_books_right()


async def test_cancel_before_and_after_posting(stage: Stage) -> None:
    await stage.show(SALE, Row("540003", quantity=-1))
    await stage.intake(OUTBOUND)
    await stage.posted("540001")
    await stage.held("540003", HoldReason.SOURCE_INVALID)
    for number in ("540001", "540003"):
        stage.world.jushuitan.cancel_outbound(stage.world.source_ids(number)["io_id"])
    await stage.intake(OUTBOUND)
    await stage.comes_to("540001", DocumentState.REVERSED)
    skipped = await stage.comes_to("540003", DocumentState.SKIPPED)
    assert skipped.skip_reason is SkipReason.TAKEN_BACK
    assert stage.bills("SAL_OUTSTOCK") == []
    stage.assert_books_right()


async def test_refund_is_unconfirmed_and_confirmed_again(stage: Stage) -> None:
    await stage.show(SALE, BACK)
    await stage.intake()
    await stage.posted("540001", "C540002")
    as_id = stage.world.source_ids("C540002")["as_id"]
    stage.world.jushuitan.unconfirm_refund(as_id)
    await stage.intake(RETURN)
    await stage.comes_to("C540002", DocumentState.REVERSED)
    assert stage.bills_of("C540002") == []
    await stage.ended("C540002")
    stage.assert_books_right()
    stage.world.jushuitan.confirm_refund(as_id)
    await stage.intake(RETURN)
    await stage.posted("C540002")
    stage.assert_books_right()


async def test_order_with_a_return_is_edited(stage: Stage) -> None:
    """Kingdee does not let go of an outbound that a return goes back to; when the return is gone, it does."""
    await stage.show(SALE, BACK)
    await stage.intake()
    await stage.posted("540001", "C540002")
    [before] = stage.bills_of("540001")
    set_quantity(stage, "540001", 4)
    await stage.intake(OUTBOUND)
    await stage.held("540001", HoldReason.REVERSAL_REFUSED)
    assert stage.bills_of("540001") == [before]
    stage.world.jushuitan.unconfirm_refund(stage.world.source_ids("C540002")["as_id"])
    await stage.intake(RETURN)
    await stage.comes_to("C540002", DocumentState.REVERSED)
    await stage.decide("540001", "resume", Resume(actor="clerk"))
    await stage.posted("540001")
    assert quantities(stage, "540001") == [4]
    stage.assert_books_right()


async def test_return_before_its_order(stage: Stage) -> None:
    """It waits for the order's bill and goes on by itself."""
    await stage.feed(SALE, BACK)
    stage.world.release()
    await stage.intake(RETURN)
    await stage.held("C540002", HoldReason.OUTBOUND_NOT_POSTED)
    await stage.intake(OUTBOUND)
    await stage.posted("540001", "C540002")
    assert "resume done" in await stage.steps("C540002")
    stage.assert_books_right()


async def test_one_mapping_frees_all_who_wait_for_it(stage: Stage) -> None:
    waiting = [Row(f"54001{i}", code="99999X") for i in range(8)]
    other = Row("540020", code="88888Y")
    numbers = await stage.show(*waiting, other, unmapped={"99999X", "88888Y"})
    await stage.intake(OUTBOUND)
    for number in numbers:
        await stage.held(number, HoldReason.MAPPING_MISSING)
    assert await stage.map("99999X") == len(waiting)
    await stage.posted(*[row.invoice for row in waiting])
    assert (await stage.record("540020")).state is DocumentState.HELD
    stage.assert_books_right(excused=["540020"])


async def test_sample_day_is_brought_to_an_end(stage: Stage) -> None:
    """Whatever the sample day leaves waiting is freed by whose turn it is; in the end nothing waits but a return that
    names no order."""
    world = stage.world
    world.feed_sample(seed=3)
    await stage.store.put_mappings(world.mappings())
    world.release()
    await stage.intake()
    await settled(stage)
    held = await held_for(stage)
    assert sorted(held.values()) == sorted(
        (
            HoldReason.GOODS_NOT_RECEIVED,
            *(HoldReason.MAPPING_MISSING, HoldReason.MAPPING_MISSING),
            HoldReason.OUTBOUND_NOT_POSTED,
            HoldReason.SOURCE_INVALID,
            HoldReason.STOCK_SHORT,
        )
    )
    stage.assert_books_right(excused=[*held, *await skipped(stage)])

    [invalid] = [number for number, reason in held.items() if reason is HoldReason.SOURCE_INVALID]
    set_quantity(stage, invalid, 2, line=1)
    world.play_later()
    for row in world.withheld_mappings():
        assert await stage.map(row.key) == 1
    [short] = [number for number, reason in held.items() if reason is HoldReason.STOCK_SHORT]
    await stage.decide(short, "resume", Resume(actor="clerk", reason="goods have come"))
    await stage.intake()
    await settled(stage)
    left = await held_for(stage)
    assert list(left.values()) == [HoldReason.OUTBOUND_NOT_POSTED]
    stage.assert_books_right(excused=[*left, *await skipped(stage)])


async def settled(stage: Stage) -> None:
    """Wait until every document is either done with or held."""
    await until(lambda: at_rest(stage.client, stage.store), "nothing moves any more")


async def held_for(stage: Stage) -> dict[str, HoldReason]:
    return {number_of(record): record.hold.reason for record in await stage.store.held(100) if record.hold}


async def skipped(stage: Stage) -> list[str]:
    return [number_of(record) for record in await stage.store.list_documents(state=DocumentState.SKIPPED)]
