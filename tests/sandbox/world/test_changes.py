"""What a clerk changes at the source, and what he cannot change any more."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.jushuitan.documents import OutboundStatus, RefundStatus
from sandbox.world.changes import Change
from sandbox.world.world import World

ORDER, LOTS, BACK = "SO20260901-0001", "SO20260901-0022", "RT20260901-0001"
OF_ORDERS = {Change.TOUCH, Change.REMARK, Change.QUANTITY, Change.PRICE, Change.CANCEL}
OF_RETURNS = {Change.TOUCH, Change.REMARK, Change.UNCONFIRM}


@pytest.fixture
def world() -> World:
    world = World()
    world.feed_sample()
    world.release()
    return world


def ts_of(world: World, number: str) -> int:
    ids, source = world.source_ids(number), world.jushuitan
    record = source.outbounds.get(ids["io_id"]) if "io_id" in ids else source.refunds.get(ids["as_id"])
    assert record is not None
    return record.ts


@pytest.mark.parametrize("kind", Change)
@pytest.mark.parametrize(("number", "possible"), [(ORDER, OF_ORDERS), (BACK, OF_RETURNS)])
def test_each_kind_changes_what_it_can(world: World, number: str, possible: set[Change], kind: Change) -> None:
    before = ts_of(world, number)
    assert world.change(number, kind) is (kind in possible)
    assert (ts_of(world, number) > before) is (kind in possible)


def test_amounts_go_along(world: World) -> None:
    io_id = world.source_ids(ORDER)["io_id"]
    before = world.jushuitan.outbound(io_id).items[0]
    world.change(ORDER, Change.QUANTITY)
    world.change(ORDER, Change.PRICE)
    after = world.jushuitan.outbound(io_id).items[0]
    assert (after.qty, after.sale_price) == (before.qty + 1, before.sale_price + 1)
    assert after.sale_amount == Decimal(after.qty * after.sale_price)


def test_goods_in_lots_stay_as_many(world: World) -> None:
    assert not world.change(LOTS, Change.QUANTITY)
    assert world.change(LOTS, Change.PRICE)


def test_what_was_taken_back_is_not_changed_again(world: World) -> None:
    assert world.change(ORDER, Change.CANCEL)
    assert world.jushuitan.outbound(world.source_ids(ORDER)["io_id"]).status is OutboundStatus.CANCELLED
    assert not any(world.change(ORDER, kind) for kind in Change)


def test_a_return_waits_and_is_confirmed_again(world: World) -> None:
    as_id = world.source_ids(BACK)["as_id"]
    assert not world.change(BACK, Change.CONFIRM)
    assert world.change(BACK, Change.UNCONFIRM)
    assert world.jushuitan.refund(as_id).status is RefundStatus.WAITING
    assert world.change(BACK, Change.CONFIRM)
    assert world.jushuitan.refund(as_id).status is RefundStatus.CONFIRMED


def test_a_document_that_has_not_appeared(world: World) -> None:
    with pytest.raises(KeyError):
        world.change("SO19990101-0001", Change.TOUCH)
