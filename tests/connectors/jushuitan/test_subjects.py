"""Jushuitan documents as bills see them: a line for each lot, quantities as received."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.jushuitan.subjects import ReturnedGoods, ShippedOrder

Lines = list[tuple[str, str, str | None, str | None]]


def shipped(
    items: list[dict[str, Any]], batchs: list[dict[str, Any]] | None = None, currency: str | None = None
) -> ShippedOrder:
    filled = [{"sale_price": "2", "outer_oi_id": f"OI{i}", **item} for i, item in enumerate(items)]
    return ShippedOrder.model_validate(
        {
            "io_id": 1,
            "status": "Confirmed",
            "io_date": "2026-09-01 12:00:00",
            "wms_co_id": 77,
            "items": filled,
            "batchs": batchs,
            "currency": currency,
        }
    )


def short(order: ShippedOrder | ReturnedGoods) -> Lines:
    """Item, quantity, lot, amount of each line."""
    return [
        (line.sku_id, str(line.qty), line.batch_no, None if line.amount is None else str(line.amount))
        for line in order.lines
    ]


def lot(sku: str, qty: str, number: str, ioi_id: str | None = None) -> dict[str, Any]:
    return {"sku_id": sku, "qty": qty, "batch_no": number, "ioi_id": ioi_id, "product_date": "2026-01-02"}


def test_without_lots_a_line_is_an_item() -> None:
    order = shipped([{"sku_id": "A", "qty": 2, "sale_amount": "4.00"}, {"sku_id": "A", "qty": 1}])
    assert short(order) == [("A", "2", None, "4.00"), ("A", "1", None, None)]
    assert [line.outer_oi_id for line in order.lines] == ["OI0", "OI1"]
    assert [line.price for line in order.lines] == [2, 2]
    assert order.place == "77/1"


@pytest.mark.parametrize(
    ("items", "lots", "lines"),
    [
        # one lot: the line keeps its amount
        ([("A", "2")], [("A", "2", "L1", None)], [("A", "2", "L1", "9.90")]),
        # several lots: a line each, whose amount the source does not tell
        (
            [("A", "3")],
            [("A", "1", "L1", None), ("A", "2", "L2", None)],
            [("A", "1", "L1", "2.00"), ("A", "2", "L2", "7.90")],
        ),
        # a lot that does not cover the line: the rest goes without
        ([("A", "3")], [("A", "1", "L1", None)], [("A", "1", "L1", "2.00"), ("A", "2", None, "7.90")]),
        # a lot bigger than the line serves the next one
        ([("A", "1"), ("A", "2")], [("A", "3", "L1", None)], [("A", "1", "L1", "9.90"), ("A", "2", "L1", "9.90")]),
        # lots of other items, and empty ones, are nobody's
        ([("A", "1")], [("B", "1", "L1", None), ("A", "0", "L2", None)], [("A", "1", None, "9.90")]),
        # where the vendor names the line, its lot goes there
        (
            [("A", "1"), ("A", "1")],
            [("A", "1", "L1", "i1"), ("A", "1", "L0", "i0")],
            [("A", "1", "L0", "9.90"), ("A", "1", "L1", "9.90")],
        ),
        # a lot that names another line is not taken
        ([("A", "1")], [("A", "1", "L9", "i9")], [("A", "1", None, "9.90")]),
        # a named lot and one for anybody
        (
            [("A", "2")],
            [("A", "1", "L1", "i0"), ("A", "1", "L2", None)],
            [("A", "1", "L1", "2.00"), ("A", "1", "L2", "7.90")],
        ),
    ],
)
def test_lots(items: list[tuple[str, str]], lots: list[tuple[str, str, str, str | None]], lines: Lines) -> None:
    order = shipped(
        [{"sku_id": sku, "qty": qty, "ioi_id": f"i{i}", "sale_amount": "9.90"} for i, (sku, qty) in enumerate(items)],
        [lot(*one) for one in lots],
    )
    assert short(order) == lines


def test_a_line_of_a_lot_knows_its_dates() -> None:
    (line,) = shipped([{"sku_id": "A", "qty": 1}], [lot("A", "1", "L1")]).lines
    assert line.product_date is not None and line.product_date.isoformat() == "2026-01-02T00:00:00+08:00"
    assert line.expiration_date is None


QTY = st.integers(1, 5).map(str)
SKU = st.sampled_from("AB")


@settings(derandomize=True, database=None, deadline=None, max_examples=80)
@given(st.lists(st.tuples(SKU, QTY), min_size=1, max_size=4), st.lists(st.tuples(SKU, QTY), max_size=4))
def test_lots_neither_make_nor_lose_goods(items: list[tuple[str, str]], lots: list[tuple[str, str]]) -> None:
    numbered = [(sku, qty, f"L{i}") for i, (sku, qty) in enumerate(lots)]
    order = shipped([{"sku_id": sku, "qty": qty} for sku, qty in items], [lot(*one) for one in numbered])
    for number, (_, ordered) in enumerate(items):
        assert sum(line.qty for line in order.lines if line.outer_oi_id == f"OI{number}") == Decimal(ordered)
    for sku, there, name in numbered:
        taken = [line for line in order.lines if line.batch_no == name]
        assert sum(line.qty for line in taken) <= Decimal(there) and {line.sku_id for line in taken} <= {sku}
    assert all(line.qty > 0 for line in order.lines)


def returned(
    items: list[dict[str, Any]], *receipts: dict[str, Any], good_status: str = "SELLER_RECEIVED", **more: Any
) -> ReturnedGoods:
    filled = [{"price": "2", "outer_oi_id": f"OI{i}", **item} for i, item in enumerate(items)]
    refund = {
        "as_id": 5, "status": "Confirmed", "type": "普通退货", "good_status": good_status, "so_id": "P1",
        "shop_name": "店", "items": filled, **more,
    }  # fmt: skip
    return ReturnedGoods.model_validate({"refund": refund, "received": [receipt(**one) for one in receipts]})


def receipt(io_id: int = 1, status: str = "Confirmed", **more: Any) -> dict[str, Any]:
    goods = {"sku_id": "A", "qty": "1"}
    return {"io_id": io_id, "status": status, "as_id": 5, "io_date": "2026-09-02 10:00:00", "items": [goods], **more}


A = {"sku_id": "A", "qty": 2, "r_qty": 1, "amount": "4.00"}


def test_a_return_tells_what_its_refund_tells() -> None:
    goods = returned([A], currency="usd")
    told = (goods.as_id, goods.so_id, goods.status, goods.type, goods.shop_name, goods.currency)
    assert told == ("5", "P1", "Confirmed", "普通退货", "店", "USD")


def test_a_line_has_the_quantity_really_received() -> None:
    items = [A, {"sku_id": "B", "qty": 1, "r_qty": 0}, {"sku_id": "C", "qty": 1}, {**A, "r_qty": 2}]
    goods = returned(items, {})
    # a part of it: what the source says the whole is worth does not hold
    assert short(goods) == [("A", "1", None, None), ("A", "2", None, "4.00")]
    assert [line.outer_oi_id for line in goods.lines] == ["OI0", "OI3"]


@pytest.mark.parametrize(
    ("receipts", "is_received"),
    [
        ([{}], True),
        ([{"status": "Archive"}], True),
        ([], False),
        ([{"status": "WaitConfirm"}], False),
        ([{"status": "Cancelled"}], False),
        ([{"items": [{"sku_id": "A", "qty": "0.5"}]}], False),
        ([{"items": [{"sku_id": "B", "qty": "9"}]}], False),
        ([{"items": [{"sku_id": "A", "qty": "0.5"}]}, {"io_id": 2, "items": [{"sku_id": "A", "qty": "0.5"}]}], True),
        ([{"items": [{"sku_id": "A", "qty": "0.5"}]}, {"io_id": 2, "status": "Cancelled"}], False),
    ],
)
def test_received_means_booked_in_as_many_as_said(receipts: list[dict[str, Any]], is_received: bool) -> None:
    assert returned([A], *receipts).is_received is is_received


def test_nothing_said_to_be_received_is_not_received() -> None:
    assert not returned([{**A, "r_qty": 0}], {}).is_received
    assert not returned([A], {}, good_status="BUYER_RETURNED_GOODS").is_received
    assert not returned([{**A}, {**A}], {}).is_received, "two lines of an item need both"


def test_date_and_place_of_the_goods() -> None:
    goods = returned(
        [A],
        {"io_date": "2026-09-03 09:00:00", "wms_co_id": 77, "wh_id": 2},
        {"io_id": 2, "io_date": "2026-09-05 09:00:00", "status": "Archive"},
        {"io_id": 3, "io_date": "2026-09-09 09:00:00", "status": "Cancelled"},
    )
    assert goods.receive_date is not None and goods.receive_date.isoformat() == "2026-09-05T09:00:00+08:00"
    assert goods.place == "77/2"
    assert (returned([A]).receive_date, returned([A]).place) == (None, "")


@pytest.mark.parametrize(("currency", "worth"), [("KWD", "1.235"), ("USD", "1.23"), ("JPY", "1"), (None, "1.23")])
def test_lots_are_worth_what_the_currency_can_say(currency: str | None, worth: str) -> None:
    item = {"sku_id": "A", "qty": 2, "sale_price": "1.2345", "sale_amount": "2.469"}
    order = shipped([item], [lot("A", "1", "L1"), lot("A", "1", "L2")], currency)
    first, last = (line.amount for line in order.lines)
    assert (str(first), last) == (worth, Decimal("2.469") - Decimal(worth))


def test_lots_of_a_return_come_from_what_was_received() -> None:
    refund_lot, received_lot = lot("A", "2", "OLD"), lot("A", "2", "NEW")
    item = {**A, "r_qty": 2}
    assert short(returned([item], {"batchs": [received_lot]}, batchs=[refund_lot])) == [("A", "2", "NEW", "4.00")]
    assert short(returned([item], {}, batchs=[refund_lot])) == [("A", "2", "OLD", "4.00")]
    cancelled = {"status": "Cancelled", "batchs": [received_lot]}
    assert short(returned([item], cancelled, batchs=[refund_lot])) == [("A", "2", "OLD", "4.00")]
