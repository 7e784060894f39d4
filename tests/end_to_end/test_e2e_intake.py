"""Intake: what the source shows twice, halfway, broken or late is taken in once, and nothing is left out."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from temporalio.client import WorkflowFailureError

from connectors.jushuitan.cursors import Position
from domain.documents import HoldReason
from sandbox.faults import FaultName, FaultRule
from sandbox.jushuitan.state import PagingFault
from sandbox.world.changes import Change
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import OUTBOUND, RETURN, Source, Stage, Wish, unlimited_world

pytestmark = pytest.mark.timeout(240)

QUERY = "/open/orders/out/simple/query"
SMALL_PAGES = {"page_size": 3}


def orders(count: int, first: int = 540001) -> list[Row]:
    return [Row(f"{first + i}", customer=f"{i}") for i in range(count)]


@pytest.mark.parametrize("paging", list(PagingFault))
async def test_pages_that_shift(set_up: SetUp, paging: PagingFault) -> None:
    """Rows on two pages, a page without rows, rows touched between the pages: at the first poll, which asks by time,
    and at a later one, which asks by row version. At the latest the next poll has everything.
    """
    stage = await set_up(Wish(jushuitan=SMALL_PAGES))
    faults = stage.world.jushuitan.faults
    for first in (540001, 550001):
        numbers = await stage.show(*orders(8, first))
        faults.add(FaultRule(kind=FaultName.VENDOR, operation=QUERY, code=paging.value))
        before = faults.injected[f"vendor:{paging.value}"]
        for _ in range(2):
            await stage.intake(OUTBOUND)
        assert faults.injected[f"vendor:{paging.value}"] > before
        await stage.posted(*numbers)
        faults.clear()
    [ended] = await stage.intake(OUTBOUND)
    assert (ended.new, ended.changed, ended.started) == (0, 0, 0)
    stage.assert_books_right()


async def test_a_row_of_before_the_last_change_is_shown_again(stage: Stage) -> None:
    """A copy of the source that lags behind answers a poll: the document stays as its latest row has it."""
    [number] = await stage.show(*orders(1))
    await stage.intake(OUTBOUND)
    await stage.posted(number)
    stage.world.change(number, Change.QUANTITY)
    await stage.intake(OUTBOUND)
    await stage.posted(number)
    stale = FaultRule(kind=FaultName.VENDOR, operation=QUERY, code=PagingFault.STALE_ROW.value, times=None)
    stage.world.jushuitan.faults.add(stale)
    [ended] = await stage.intake(OUTBOUND)
    assert stage.world.jushuitan.faults.injected["vendor:stale_row"] > 0
    assert (ended.seen, ended.changed, ended.started) == (1, 0, 0)
    stage.assert_books_right()


async def test_broken_row_among_good_ones(stage: Stage) -> None:
    """A row that nobody can book waits alone; it does not stop the page it stands on."""
    numbers = await stage.show(*orders(5))
    source = stage.world.jushuitan
    io_id = stage.world.source_ids(numbers[2])["io_id"]
    source.edit_outbound(io_id, items=())
    [ended] = await stage.intake(OUTBOUND)
    assert ended.new == 5
    await stage.held(numbers[2], HoldReason.SOURCE_INVALID)
    good = [number for number in numbers if number != numbers[2]]
    await stage.posted(*good)
    stage.assert_books_right(excused=[numbers[2]])


@pytest.mark.parametrize("kind", [FaultName.SERVER_ERROR, FaultName.LOSE_REPLY, FaultName.HTML_PAGE])
async def test_error_on_the_second_page(set_up: SetUp, kind: FaultName) -> None:
    """Once: the poll is repeated. For good: the cursor stays where it was, and the next poll reads the window again."""
    stage = await set_up(Wish(jushuitan=SMALL_PAGES, patience={"transient_tries": 2}))
    faults = stage.world.jushuitan.faults
    numbers = await stage.show(*orders(7))
    faults.add(FaultRule(kind=kind, operation=QUERY, skip=1, times=None))
    with pytest.raises(WorkflowFailureError):
        await stage.intake(OUTBOUND)
    assert Position.of(await stage.store.cursor(OUTBOUND, "main")).feeds == {}
    faults.clear()
    faults.add(FaultRule(kind=kind, operation=QUERY, skip=1))
    [ended] = await stage.intake(OUTBOUND)
    assert ended.seen == 7
    first = await stage.store.cursor(OUTBOUND, "main")
    assert first is not None
    await stage.posted(*numbers)

    later = await stage.show(*orders(7, 550001))
    faults.add(FaultRule(kind=kind, operation=QUERY, skip=1, times=None))
    with pytest.raises(WorkflowFailureError):
        await stage.intake(OUTBOUND)
    assert await stage.store.cursor(OUTBOUND, "main") == first
    faults.clear()
    await stage.intake(OUTBOUND)
    await stage.posted(*later)
    assert await stage.store.cursor(OUTBOUND, "main") != first
    stage.assert_books_right()


async def test_two_accounts_with_the_same_numbers(set_up: SetUp) -> None:
    """Both merchants count their documents from the same number, into one ERP: what is whose is told by the prefix."""
    first = unlimited_world()
    second = unlimited_world(first.galaxy, first.rates)
    stage = await set_up(Wish(sources={"main": Source(first, "A-"), "second": Source(second, "B-")}))
    shown = {}
    for source, quantity, start in (("main", 6, 540001), ("second", 9, 640001)):
        sales = [row._replace(quantity=quantity) for row in orders(4, start)]
        back = Row(f"C{start}", customer="0", quantity=-quantity // 3, at="2010-12-01 12:00:00")
        shown[source] = await stage.show(*sales, back, source=source)
    ids = [[stage.key(number, source).number for number in numbers] for source, numbers in shown.items()]
    assert ids[0] == ids[1], "the numbers overlap"
    for source in shown:
        await stage.intake(OUTBOUND, source=source)
    for source, numbers in shown.items():
        await stage.posted(*numbers[:4], source=source)
        await stage.intake(RETURN, source=source)
        await stage.posted(numbers[4], source=source)
    for source, quantity, prefix in (("main", 6, "A-"), ("second", 9, "B-")):
        *sold, returned = shown[source]
        for number in sold:
            [bill] = stage.bills_of(number, source)
            assert bill["number"].startswith(prefix)
            assert bill["head"]["FThirdBillNo"] == number
            assert [line["FRealQty"] for line in bill["lines"]] == [quantity]
        [bill] = stage.bills_of(returned, source)
        [line] = bill["lines"]
        assert line["FRealQty"] == quantity // 3
        assert line["FSrcBillNo"] == stage.bill_number(sold[0], source), "it goes back to its own account's order"
    # A change at one of them leaves the other alone.
    untouched = stage.bills_of(shown["main"][1], "main")
    second.jushuitan.cancel_outbound(second.source_ids(shown["second"][1])["io_id"])
    await stage.intake(OUTBOUND, source="second")
    await stage.ended(shown["second"][1], "second")
    assert stage.bills_of(shown["second"][1], "second") == []
    assert stage.bills_of(shown["main"][1], "main") == untouched


async def test_wrong_and_right_in_one_row(stage: Stage) -> None:
    """A total that is not quantity times price is not booked on anybody's guess."""
    [number] = await stage.show(Row("540001"))
    io_id = stage.world.source_ids(number)["io_id"]
    [line] = stage.world.jushuitan.outbound(io_id).items
    stage.world.jushuitan.edit_outbound(io_id, items=(replace(line, sale_amount=line.sale_amount + Decimal("0.50")),))
    await stage.intake(OUTBOUND)
    await stage.held(number, HoldReason.SOURCE_INVALID)
    stage.world.jushuitan.edit_outbound(io_id, items=(line,))
    await stage.intake(OUTBOUND)
    await stage.posted(number)
    stage.assert_books_right()
