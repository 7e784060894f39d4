"""The audit finds books in order when they are, and each thing that can be wrong with them when they are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.jushuitan.documents import OutboundStatus
from sandbox.world.audit import Findings, audit
from sandbox.world.books import BookedBill, BookedLine
from sandbox.world.feed import LaterKind
from sandbox.world.world import World
from tests.sandbox.world.clerk import Clerk

NEGATIVE, SHORT = "SO20260901-0026", "SO20260901-0027"
UNMATCHED, MONEY_ONLY, NOT_RECEIVED = "RT20260901-0007", "RT20260901-0008", "RT20260901-0009"
HELD = {NEGATIVE, SHORT, UNMATCHED, MONEY_ONLY, NOT_RECEIVED}
CANCELLED = "SO20260901-0032"
LOTS = "SO20260901-0021"


@pytest.fixture
async def world() -> World:
    """The sample day, typed into the ERP but for what cannot be posted."""
    world = World()
    world.feed_sample()
    world.release()
    assert await Clerk(world).post(HELD) == []
    return world


def found(**findings: list[str]) -> Findings:
    return Findings(**findings)


def sale(world: World, number: str) -> BookedBill:
    io_id = world.source_ids(number)["io_id"]
    return next(bill for bill in world.books().sales if bill.number == f"K1-{io_id}")


def tampered(world: World, number: str, change: Callable[[BookedBill], tuple[BookedBill, ...]]) -> Findings:
    """The audit of books in which one sale was replaced."""
    victim, books = sale(world, number), world.books()
    sales = [bill for bill in books.sales if bill.number != victim.number]
    return audit(world.jushuitan, replace(books, sales=(*sales, *change(victim))), HELD)


def first_line(bill: BookedBill, change: Callable[[BookedLine], BookedLine]) -> tuple[BookedBill, ...]:
    return (replace(bill, lines=(change(bill.lines[0]), *bill.lines[1:])),)


async def test_books_in_order(world: World) -> None:
    assert world.audit(HELD).clean
    assert world.stock_off() == []


async def test_what_is_not_excused_is_missing(world: World) -> None:
    assert world.audit() == found(missing=[SHORT, UNMATCHED])


async def test_what_never_means_a_bill_needs_no_excuse(world: World) -> None:
    assert world.audit({SHORT, UNMATCHED}).clean


async def test_a_bill_for_an_excused_document(world: World) -> None:
    assert world.audit(HELD | {LOTS}) == found(duplicated=[LOTS])


async def test_a_missing_bill(world: World) -> None:
    assert tampered(world, LOTS, lambda bill: ()) == found(missing=[LOTS])


async def test_two_bills_for_one_document(world: World) -> None:
    assert tampered(world, LOTS, lambda bill: (bill, bill)) == found(duplicated=[LOTS])


async def test_a_second_bill_under_another_number(world: World) -> None:
    result = tampered(world, LOTS, lambda bill: (bill, replace(bill, number="XSCKD000001")))
    assert result == found(duplicated=[LOTS])


async def test_a_bill_nobody_ordered(world: World) -> None:
    stray = tampered(world, LOTS, lambda bill: (bill, replace(bill, number="XSCKD000001", reference="")))
    assert stray == found(duplicated=["XSCKD000001"])


async def test_an_order_cancelled_after_it_was_posted(world: World) -> None:
    assert [event.platform_number for event in world.play_later({LaterKind.CANCEL})] == [CANCELLED]
    assert world.audit(HELD) == found(duplicated=[CANCELLED])
    assert tampered(world, CANCELLED, lambda bill: ()).clean


async def test_goods_that_arrive_later_make_their_return_due(world: World) -> None:
    world.play_later({LaterKind.RECEIVE})
    assert world.audit(HELD - {NOT_RECEIVED}) == found(missing=[NOT_RECEIVED])


async def test_an_unconfirmed_return_means_no_bill(world: World) -> None:
    number = "RT20260901-0001"
    world.jushuitan.unconfirm_refund(world.source_ids(number)["as_id"])
    assert world.audit(HELD) == found(duplicated=[number])


async def test_an_archived_order_still_counts(world: World) -> None:
    world.jushuitan.edit_outbound(world.source_ids(LOTS)["io_id"], status=OutboundStatus.ARCHIVED)
    assert world.audit(HELD).clean


async def test_an_edited_order(world: World) -> None:
    io_id = world.source_ids(LOTS)["io_id"]
    candle = world.jushuitan.outbound(io_id).items[1]
    more = replace(candle, qty=candle.qty + 1, sale_amount=candle.sale_amount + candle.sale_price)
    world.jushuitan.edit_outbound(io_id, items=(world.jushuitan.outbound(io_id).items[0], more))
    assert world.audit(HELD) == found(quantity_off=[LOTS], amount_off=[LOTS])


async def test_a_bill_that_is_not_audited(world: World) -> None:
    assert tampered(world, LOTS, lambda bill: (replace(bill, status="B"),)) == found(unaudited=[LOTS])


@pytest.mark.parametrize(
    "change",
    [
        lambda line: replace(line, quantity=line.quantity + 1),
        lambda line: replace(line, material="LF-1002"),
        lambda line: replace(line, lot="L9999Z"),
        lambda line: replace(line, lot=""),
    ],
    ids=["quantity", "material", "other lot", "no lot"],
)
async def test_other_goods(world: World, change: Callable[[BookedLine], BookedLine]) -> None:
    assert tampered(world, LOTS, lambda bill: first_line(bill, change)).quantity_off == [LOTS]


CENT = Decimal("0.01")


@pytest.mark.parametrize(
    "change",
    [
        lambda bill: first_line(bill, lambda line: replace(line, amount=line.amount + CENT)),
        lambda bill: first_line(bill, lambda line: replace(line, functional_amount=line.functional_amount + CENT)),
        lambda bill: (replace(bill, amount=bill.amount - CENT),),
        lambda bill: (replace(bill, functional_amount=bill.functional_amount - CENT),),
        lambda bill: (replace(bill, currency="EUR"),),
        lambda bill: (replace(bill, day=bill.day + timedelta(days=1)),),
    ],
    ids=["line", "line in CNY", "total", "total in CNY", "currency", "day"],
)
async def test_a_cent_is_enough(world: World, change: Callable[[BookedBill], tuple[BookedBill, ...]]) -> None:
    assert tampered(world, LOTS, change) == found(amount_off=[LOTS])


async def test_goods_that_vanish_from_the_erp(world: World) -> None:
    world.galaxy.add_stock_quantity("CK2001", "LF-1004", -1)
    assert world.stock_off() == ["CK2001/LF-1004"]


async def test_totals_are_what_the_erp_has(world: World) -> None:
    books = world.books()
    totals = books.totals()
    assert totals["sales"]["documents"] == len(books.sales) == 32
    assert totals["returns"]["documents"] == len(books.returns) == 6
    lines = sum((line.functional_amount for bill in books.sales for line in bill.lines), Decimal(0))
    assert totals["sales"]["functional_amount"] == format(lines, "f")


async def test_retail_books(csv_file: Callable[..., Path]) -> None:
    """Mixed spellings, postage, a gift, a write-off, a split return: typed in by hand, the books are in order."""
    world = World()
    rows = [
        "1001,85123A,HOLDER,4,2010-12-01 09:00:00,2.55,17.0,France",
        "1001,85123a,HOLDER,2,2010-12-01 09:00:00,2.10,17.0,France",
        "1001,POST,POSTAGE,1,2010-12-01 09:00:00,18.00,17.0,France",
        "1002,22222,MUG,-10,2010-12-02 09:00:00,0.0,,France",
        "1003,22222,MUG,1,2010-12-02 09:00:00,0.0,18.0,Japan",
        "C1004,85123A,HOLDER,-5,2010-12-02 10:00:00,2.50,17.0,France",
        "C1005,22222,MUG,-5,2010-12-02 11:00:00,2.50,17.0,France",
        "C1006,D,Discount,-1,2010-12-02 11:00:00,2.50,17.0,France",
    ]
    numbers = world.feed_retail([csv_file(*rows)])
    assert numbers == ["1001", "1002", "1003", "C1004", "C1005", "C1006"]
    assert world.release(4) == numbers[:4]
    world.release()
    assert await Clerk(world).post({"1002", "C1005", "C1006"}) == []
    assert world.audit() == found(missing=["C1005"])
    assert world.audit({"C1005"}).clean
    assert world.stock_off() == []
