"""Reconciliation against the simulators: everything that was put wrong is named, and what can be mended is, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from domain.differences import DifferenceKind
from domain.documents import DocumentState, HoldReason
from domain.journal import Step
from sandbox.faults import FaultName
from tests.end_to_end.comparing import DAY, MEND, begin, by_bill, hand, reconcile, start_of
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, RETURN, Source, Stage, Wish, unlimited_world, until, worker_process

pytestmark = pytest.mark.timeout(300)

Kind = DifferenceKind
FORM = "SAL_OUTSTOCK"


def orders(count: int, first: int = 540001) -> list[Row]:
    return [Row(f"{first + i}", customer=f"{i}") for i in range(count)]


def set_quantity(stage: Stage, number: str, quantity: int) -> None:
    """Somebody corrects an order at the source."""
    io_id = stage.world.source_ids(number)["io_id"]
    [line] = stage.world.jushuitan.outbound(io_id).items
    changed = replace(line, qty=Decimal(quantity), sale_amount=quantity * line.sale_price)
    stage.world.jushuitan.edit_outbound(io_id, items=(changed,))


async def posted(stage: Stage, *rows: Row) -> list[str]:
    numbers = await stage.show(*rows)
    await stage.intake(OUTBOUND)
    await stage.posted(*numbers)
    return numbers


async def test_a_day_in_order(stage: Stage) -> None:
    """Nothing differs, and the figures of each shop, warehouse and SKU are the same on all sides."""
    await posted(stage, *orders(5), Row("540001", code="POST", quantity=1), Row("540009", code="22423"))
    result, found = await reconcile(stage)
    assert (result.documents, result.bills, result.left, result.kinds, found) == (6, 6, 0, {}, [])
    totals = await stage.store.reconciliations.totals(result.run)
    assert [(total.shop, total.warehouse, total.sku, total.source.documents) for total in totals] == [
        ("United Kingdom", "", "", 1),
        ("United Kingdom", "", "POST", 1),
        ("United Kingdom", "1001/1", "", 6),
        ("United Kingdom", "1001/1", "22423", 1),
        ("United Kingdom", "1001/1", "85123A", 5),
    ]
    assert all(total.agrees for total in totals)
    assert sum(t.erp.quantity for t in totals if t.sku) == 37


async def test_everything_that_is_wrong_is_named_and_mended(stage: Stage) -> None:
    """Each document of the day has something of its own wrong with it; the last one has not."""
    day = await posted(stage, *orders(14))
    deleted, quantity, price, unaudited, moved, dated, sold, copied, edited, cancelled, renamed, *fine = day
    clerk, number = hand(stage), stage.bill_number
    clerk.delete(FORM, number(deleted))
    clerk.edit(FORM, number(quantity), FRealQty=5)
    clerk.edit(FORM, number(price), FTaxPrice="2.50")
    clerk.unaudit(FORM, number(unaudited))
    stage.galaxy.add_stock("CK9999", allow_minus=True)
    clerk.edit(FORM, number(moved), FStockID="CK9999")
    clerk.edit(FORM, number(dated), {"FDate": f"{DAY + timedelta(days=1)}T00:00:00"})
    stage.galaxy.add_customer("C999")
    clerk.edit(FORM, number(sold), {"FCustomerID": "C999"})
    clerk.copy(FORM, number(copied), "XSCKD9001")
    clerk.copy(FORM, number(fine[0]), "XSCKD9002", {"FThirdBillNo": ""})
    clerk.copy(FORM, number(fine[0]), "XSCKD9003", {"FThirdBillNo": "", "FCustomerID": "C999"})
    clerk.edit(FORM, number(renamed), {"FThirdBillNo": "SO-BY-HAND"})
    set_quantity(stage, edited, 4)
    stage.world.jushuitan.cancel_outbound(stage.world.source_ids(cancelled)["io_id"])
    # Taken in and never started; never seen at all; and waiting for its mapping.
    [stranded] = await stage.show(Row("550001"))
    await stage.take_in(OUTBOUND)
    await stage.start(edited, cancelled)
    await stage.posted(edited)
    await stage.comes_to(cancelled, DocumentState.REVERSED)
    set_quantity(stage, edited, 3)
    stage.world.jushuitan.cancel_outbound(stage.world.source_ids(fine[1])["io_id"])
    [unseen] = await stage.show(Row("560001"))

    result, found = await reconcile(stage)

    differs = {Kind.QUANTITY_DIFFERS, Kind.AMOUNT_DIFFERS}
    wrong = {
        number(deleted): {Kind.MISSING_IN_ERP},
        number(quantity): differs,
        number(price): {Kind.AMOUNT_DIFFERS},
        number(unaudited): {Kind.NOT_AUDITED},
        number(moved): differs,
        number(dated): {Kind.HEAD_DIFFERS},
        number(sold): {Kind.HEAD_DIFFERS},
        "XSCKD9001": {Kind.DUPLICATED},
        "XSCKD9002": {Kind.NOT_ORDERED},
        number(renamed): {Kind.HEAD_DIFFERS},
        number(edited): {Kind.STALE_IN_JOURNAL} | differs,
        number(fine[1]): {Kind.STALE_IN_JOURNAL, Kind.STILL_THERE},
        number(stranded): {Kind.STRANDED, Kind.MISSING_IN_ERP},
        number(unseen): {Kind.MISSING_IN_JOURNAL, Kind.MISSING_IN_ERP},
    }
    assert by_bill(found) == wrong
    assert result.left == len(found)
    header = await stage.store.reconciliations.header(result.run)
    assert header is not None
    assert header.elsewhere == 1, "a bill for a customer that is none of our shops"
    [short, _] = [d for d in found if d.bill_number == number(quantity)]
    assert (short.number, short.shop, short.sku, short.expected, short.found) == (
        *(stage.key(quantity).number, "United Kingdom", "85123A", "6", "5"),
    )
    [copy] = [d for d in found if d.kind is Kind.DUPLICATED]
    assert copy.number == stage.key(copied).number
    assert (await stage.record(deleted)).state is DocumentState.POSTED, "looking changes nothing"

    untouched = {bill: stage.bills(FORM, bill) for bill in ("XSCKD9001", "XSCKD9002", "XSCKD9003", number(renamed))}
    result, found = await reconcile(stage, mend=MEND)

    left = {"XSCKD9001": {Kind.DUPLICATED}, "XSCKD9002": {Kind.NOT_ORDERED}, number(renamed): {Kind.HELD}}
    assert result.mended
    assert by_bill(found) == left
    assert result.left == 2
    assert {d.bill_number for d in found if d.mended} == wrong.keys() - {"XSCKD9001", "XSCKD9002"}
    assert {bill: stage.bills(FORM, bill) for bill in untouched} == untouched, "what is not ours is only named"
    await stage.held(renamed, HoldReason.BILL_CONFLICT)
    await stage.posted(deleted, quantity, price, unaudited, moved, dated, sold, edited, stranded, unseen)
    told = [row.entry for row in await stage.store.timeline(stage.key(quantity)) if row.entry.step is Step.RECONCILE]
    assert [(entry.actor, entry.code) for entry in told] == [("clerk", "quantity_differs")]
    assert "checked with the warehouse" in told[0].zh
    for stray in ("XSCKD9001", "XSCKD9002", "XSCKD9003"):
        clerk.delete(FORM, stray)
    stage.assert_books_right(excused=[])

    result, found = await reconcile(stage)
    assert by_bill(found) == {number(renamed): {Kind.HELD}}
    assert result.left == 0
    totals = await stage.store.reconciliations.totals(result.run)
    assert [total.source.documents - total.erp.documents for total in totals] == [0, 0]


async def test_what_waits_is_explained(stage: Stage) -> None:
    numbers = await stage.show(*orders(2), Row("540009", code="99999X"), unmapped={"99999X"})
    await stage.intake(OUTBOUND)
    await stage.posted(*numbers[:2])
    await stage.held("540009", HoldReason.MAPPING_MISSING)
    result, [held] = await reconcile(stage, mend=MEND)
    assert (result.left, held.kind, held.number) == (0, Kind.HELD, stage.key("540009").number)
    assert "99999X" in held.zh


async def test_returns(stage: Stage) -> None:
    await stage.show(Row("540001"), Row("C540002", quantity=-2, at="2010-12-01 12:00:00"))
    await stage.intake()
    await stage.posted("540001", "C540002")
    assert (await reconcile(stage, RETURN))[1] == []
    number = stage.bill_number("C540002")
    hand(stage).delete("SAL_RETURNSTOCK", number)
    _, found = await reconcile(stage, RETURN)
    assert by_bill(found) == {number: {Kind.MISSING_IN_ERP}}
    result, _ = await reconcile(stage, RETURN, mend=MEND)
    assert result.left == 0
    stage.assert_books_right()


async def test_a_bill_that_came_back_after_it_was_taken_out(stage: Stage) -> None:
    """A write that was late, say. It carries our reference, and we have written that number once: it goes again. A bill
    that somebody typed for a document we never wrote stays, named.
    """
    model, late, typed = await posted(stage, *orders(2)) + await stage.show(Row("540009", code="85123A"))
    for number in (late, typed):
        stage.world.jushuitan.cancel_outbound(stage.world.source_ids(number)["io_id"])
    await stage.intake(OUTBOUND)
    await stage.comes_to(late, DocumentState.REVERSED)
    await stage.comes_to(typed, DocumentState.SKIPPED)
    for number in (late, typed):
        hand(stage).copy(FORM, stage.bill_number(model), stage.bill_number(number), {"FThirdBillNo": number})
    _, found = await reconcile(stage)
    assert by_bill(found) == {stage.bill_number(number): {Kind.STILL_THERE} for number in (late, typed)}
    _, found = await reconcile(stage, mend=MEND)
    assert by_bill(found) == {stage.bill_number(typed): {Kind.STILL_THERE}}
    assert stage.bills_of(late) == []
    assert len(stage.bills_of(typed)) == 1
    await stage.ended(late)


async def test_documents_that_move_while_they_are_compared(stage: Stage) -> None:
    """One is taken back and another one edited after the source was read: no false alarm."""
    kept, edited, cancelled = await posted(stage, *orders(3))
    stage.lose("ExecuteBillQuery", FaultName.SLOW, seconds="3")
    comparing = await begin(stage, start_of())
    await stage.fault_hit(FaultName.SLOW)
    set_quantity(stage, edited, 2)
    stage.world.jushuitan.cancel_outbound(stage.world.source_ids(cancelled)["io_id"])
    await stage.intake(OUTBOUND)
    await stage.posted(edited)
    await stage.comes_to(cancelled, DocumentState.REVERSED)
    result = await comparing.result()
    assert (result.left, result.documents) == (0, 3)
    assert kept


async def test_two_accounts_in_one_erp(set_up: SetUp) -> None:
    """The other one's bills are none of ours, though its numbers are the same."""
    first = unlimited_world()
    second = unlimited_world(first.galaxy, first.rates)
    stage = await set_up(Wish(sources={"main": Source(first, "A-"), "second": Source(second, "B-")}))
    for source, start in (("main", 540001), ("second", 640001)):
        numbers = await stage.show(*orders(3, start), source=source)
        await stage.intake(OUTBOUND, source=source)
        await stage.posted(*numbers, source=source)
    hand(stage).delete(FORM, stage.bill_number("640002", "second"))
    result, found = await reconcile(stage)
    header = await stage.store.reconciliations.header(result.run)
    assert (found, result.documents, header.elsewhere if header else None) == ([], 3, 2)
    _, found = await reconcile(stage, source="second")
    assert by_bill(found) == {stage.bill_number("640002", "second"): {Kind.MISSING_IN_ERP}}


@pytest.mark.xdist_group("heavy")
async def test_killed_while_comparing_and_while_mending(set_up: SetUp) -> None:
    """The next worker goes on; nothing is posted twice, nothing is left out."""
    stage = await set_up(Wish(works=False, worker={"window_rows": 4}, galaxy={"read_timeout": 200, "page_size": 5}))
    async with worker_process(stage, "first") as first:
        numbers = await posted(stage, *orders(12))
        for number in numbers[:6]:
            hand(stage).delete(FORM, stage.bill_number(number))
        hand(stage).edit(FORM, stage.bill_number(numbers[6]), FRealQty=1)
        stage.lose("ExecuteBillQuery", FaultName.HANG, skip=1)
        comparing = await begin(stage, start_of(), MEND)
        await stage.fault_hit(FaultName.HANG)
        first.kill()
    async with worker_process(stage, "second") as second:
        stage.lose(f"{FORM} BatchSave", FaultName.HANG)
        await until(lambda: _injected(stage, 2), "a write hangs", limit=120)
        second.kill()
    async with worker_process(stage, "third"):
        result = await comparing.result()
        assert result.left == 0
        await stage.posted(*numbers, limit=120)
    stage.assert_books_right()
    assert {bill["number"] for bill in stage.bills(FORM)} == {stage.bill_number(number) for number in numbers}
    assert len(stage.bills(FORM)) == 12


async def _injected(stage: Stage, times: int) -> bool:
    return stage.galaxy.faults.injected[FaultName.HANG.value] >= times
