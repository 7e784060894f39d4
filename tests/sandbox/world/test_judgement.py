"""The auditor of a run: right books pass, a wrong bill or an untrue excuse does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from domain.documents import HoldReason
from sandbox.galaxy.records import Record
from sandbox.galaxy.transaction import Transaction
from sandbox.world.erp_books import RETURNS_FORM, SALES_FORM
from sandbox.world.feed import LaterKind, Opening
from sandbox.world.judgement import Claims, Judgement
from sandbox.world.world import World
from tests.sandbox.world.clerk import Clerk

ORDINARY, NO_SKU, NO_SHOP, NEGATIVE, SHORT = (f"SO20260901-{n:04d}" for n in (1, 24, 25, 26, 27))
RETURNED, CANCELLED = "SO20260901-0002", "SO20260901-0032"
BACK, UNMATCHED, MONEY_ONLY, NOT_RECEIVED = (f"RT20260901-{n:04d}" for n in (1, 7, 8, 9))
HELD = {
    NO_SKU: HoldReason.MAPPING_MISSING,
    NO_SHOP: HoldReason.MAPPING_MISSING,
    NEGATIVE: HoldReason.SOURCE_INVALID,
    SHORT: HoldReason.STOCK_SHORT,
    UNMATCHED: HoldReason.OUTBOUND_NOT_POSTED,
    NOT_RECEIVED: HoldReason.GOODS_NOT_RECEIVED,
}
SETTLED = frozenset({MONEY_ONLY})


@pytest.fixture
async def world() -> World:
    """The sample day, typed in by somebody who leaves out what cannot be posted."""
    world = World()
    world.feed_sample()
    world.release()
    assert await Clerk(world).post({*HELD, *SETTLED}) == []
    return world


def judge(world: World, *, held: dict[str, HoldReason] | None = None, settled: frozenset[str] = SETTLED) -> Judgement:
    return world.judge(Claims(held=HELD if held is None else held, settled=settled))


def record(world: World, form: str, number: str) -> Record:
    ids = world.source_ids(number)
    bill = f"K1-{ids['io_id']}" if form == SALES_FORM else str(ids["as_id"])
    [found] = world.galaxy.db.store(form).with_number(bill)
    return found


def take_away(world: World, form: str, number: str) -> None:
    """Un-audit and delete a bill, as a person in Kingdee would."""
    lifecycle, bill = world.galaxy.lifecycle, record(world, form, number)
    with Transaction() as tx:
        lifecycle.unaudit(bill, tx, allow_negative=False)
        lifecycle.delete(bill, tx)


def edit(world: World, number: str) -> None:
    """One piece more of the first line."""
    io_id = world.source_ids(number)["io_id"]
    first, *others = world.jushuitan.outbound(io_id).items
    more = replace(first, qty=first.qty + 1, sale_amount=first.sale_amount + first.sale_price)
    world.jushuitan.edit_outbound(io_id, items=(more, *others))


async def test_books_in_order(world: World) -> None:
    found = judge(world)
    assert found.clean, found.as_dict()


async def test_lost_without_a_word(world: World) -> None:
    take_away(world, SALES_FORM, ORDINARY)
    assert judge(world).lost == [f"{ORDINARY}: means a bill and has none"]


async def test_said_to_need_no_bill(world: World) -> None:
    take_away(world, SALES_FORM, ORDINARY)
    assert judge(world, settled=SETTLED | {ORDINARY}).lost == [f"{ORDINARY}: said to need no bill, but it does"]


async def test_skipped_without_a_word(world: World) -> None:
    assert judge(world, settled=frozenset()).lost == [f"{MONEY_ONLY}: needs no bill, but nobody has said so"]


async def test_two_bills(world: World) -> None:
    twin = record(world, SALES_FORM, ORDINARY)
    store = world.galaxy.db.store(SALES_FORM)
    second = Record(store.form, world.galaxy.db.next_id(), f"B-{twin.number[3:]}")
    second.restore((second.number, dict(twin.values), twin.content()[2]))
    store.add(second)
    found = judge(world)
    assert found.duplicated == [f"{ORDINARY}: bills {twin.number}, {second.number}"]
    assert found.stock_off, "nobody moved the goods of the second one"


async def test_a_bill_for_what_the_source_took_back(world: World) -> None:
    world.play_later({LaterKind.CANCEL})
    [said] = judge(world).duplicated
    assert said.startswith(f"{CANCELLED}: must not have a bill, but has K1-")
    assert judge(world, settled=SETTLED | {CANCELLED}).duplicated[0].startswith(f"{CANCELLED}: said to have no bill")
    take_away(world, SALES_FORM, CANCELLED)
    assert judge(world, settled=SETTLED | {CANCELLED}).clean


async def test_half_done(world: World) -> None:
    with Transaction() as tx:
        world.galaxy.lifecycle.unaudit(record(world, SALES_FORM, ORDINARY), tx, allow_negative=False)
    found = judge(world)
    assert [said.split(":")[0] for said in found.half_done] == [ORDINARY]
    assert found.stock_off == []


async def test_an_edit_that_never_arrived(world: World) -> None:
    edit(world, ORDINARY)
    assert [said.split(":")[0] for said in judge(world).amount_off] == [ORDINARY, ORDINARY]


async def test_stock_that_somebody_else_moves_is_no_finding(world: World) -> None:
    world.move_stock(Opening(2001, "LF-1004", Decimal(-3)))
    assert judge(world).clean
    world.galaxy.add_stock_quantity("CK2001", "LF-1004", -1)
    assert judge(world).stock_off == ["CK2001/LF-1004"]


def _restock(world: World) -> None:
    world.play_later({LaterKind.RESTOCK})


def _receive(world: World) -> None:
    world.play_later({LaterKind.RECEIVE})


def _fill(world: World) -> None:
    world.fill_mapping("sku", "LF-7001")


def _correct(world: World) -> None:
    io_id = world.source_ids(NEGATIVE)["io_id"]
    lines = world.jushuitan.outbound(io_id).items
    right = tuple(replace(line, qty=abs(line.qty), sale_amount=abs(line.sale_amount)) for line in lines)
    world.jushuitan.edit_outbound(io_id, items=right)


@pytest.mark.parametrize(
    ("number", "mend", "because"),
    [
        (SHORT, _restock, "CK2002 has enough of everything"),
        (NOT_RECEIVED, _receive, "the goods are here"),
        (NO_SKU, _fill, "every mapping it needs is there"),
        (NEGATIVE, _correct, "its lines are sound"),
    ],
)
async def test_a_reason_that_is_true_no_more(
    world: World, number: str, mend: Callable[[World], Any], because: str
) -> None:
    mend(world)
    assert judge(world).lost == [f"{number}: held for {HELD[number].value}, but {because}"]


@pytest.mark.parametrize("reason", HoldReason)
async def test_no_reason_excuses_a_bill_that_could_be_there(world: World, reason: HoldReason) -> None:
    take_away(world, SALES_FORM, ORDINARY)
    [said] = judge(world, held=HELD | {ORDINARY: reason}).lost
    assert said.startswith(f"{ORDINARY}: held for {reason.value}, but ")


async def test_a_return_whose_outbound_is_not_there(world: World) -> None:
    take_away(world, RETURNS_FORM, BACK)
    waits = HELD | {BACK: HoldReason.OUTBOUND_NOT_POSTED}
    assert judge(world, held=waits).lost == [
        f"{BACK}: held for outbound_not_posted, but the outbound of every line is audited"
    ]
    take_away(world, SALES_FORM, RETURNED)
    found = judge(world, held=waits)
    assert [said.split(":")[0] for said in found.lost] == [RETURNED]


async def test_a_reversal_that_kingdee_refuses(world: World) -> None:
    """The outbound has a return below it: it may stand for what the order was, but not for anything else."""
    edit(world, RETURNED)
    stuck = HELD | {RETURNED: HoldReason.REVERSAL_REFUSED}
    assert judge(world, held=stuck).clean
    record(world, SALES_FORM, RETURNED).lines[0].values["frealqty"] += 7
    assert [said.split(":")[0] for said in judge(world, held=stuck).amount_off] == [RETURNED]


async def test_a_reversal_that_nobody_refuses(world: World) -> None:
    stuck = HELD | {ORDINARY: HoldReason.REVERSAL_REFUSED}
    assert judge(world, held=stuck).lost[0].endswith("is right as it is")
    edit(world, ORDINARY)
    assert judge(world, held=stuck).lost[0].endswith("has no bill below it and its period is open")
    world.galaxy.switches.closed_until = "2026-09-01"
    assert judge(world, held=stuck).clean


async def test_a_closed_period_is_a_reason(world: World) -> None:
    take_away(world, SALES_FORM, ORDINARY)
    waits = HELD | {ORDINARY: HoldReason.ERP_REFUSED}
    world.galaxy.switches.closed_until = "2026-09-01"
    assert judge(world, held=waits).clean
    world.galaxy.switches.closed_until = None
    assert judge(world, held=waits).lost == [
        f"{ORDINARY}: held for erp_refused, but Kingdee has no reason to refuse it any more"
    ]


async def test_held_with_a_bill(world: World) -> None:
    [said] = judge(world, held=HELD | {ORDINARY: HoldReason.ERP_REFUSED}).duplicated
    assert said.startswith(f"{ORDINARY}: held for erp_refused, but has bill K1-")


async def test_a_bill_nobody_ordered(world: World) -> None:
    bill = record(world, SALES_FORM, ORDINARY)
    store = world.galaxy.db.store(SALES_FORM)
    store.unindex(bill)
    bill.number = "XSCKD000001"
    bill.values["fthirdbillno"] = "by hand"
    store.index(bill)
    found = judge(world)
    assert found.duplicated == ["XSCKD000001: a bill nobody ordered"]
    assert found.lost == [f"{ORDINARY}: means a bill and has none"]
