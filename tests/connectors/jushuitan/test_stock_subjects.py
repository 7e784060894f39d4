"""Stock documents as flows see them: gains and losses, directions, places, lots."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from connectors.jushuitan.stock_streams import COUNT, OTHER, PURCHASE_IN, PURCHASE_RETURN, TRANSFER
from connectors.jushuitan.stock_subjects import (
    CountedLine,
    CountedStock,
    OtherMovement,
    PurchaseReceipt,
    PurchaseReturned,
    TransferHalf,
)
from connectors.jushuitan.streams import MODELS
from domain.paths import PathError, row_type, type_at

ONE = Decimal(1)
HEAD = {"io_id": 5, "status": "Confirmed", "io_date": "2026-09-01 10:00:00", "wms_co_id": 11, "wh_id": 1}


def count(*items: tuple[str, Any, Any], lots: tuple[str | None, ...] = ()) -> CountedStock:
    rows = [{"sku_id": sku, "qty": qty, "r_qty": after} for sku, qty, after in items]
    for row, lot in zip(rows, lots, strict=False):
        row["batch_id"] = lot
    return CountedStock.model_validate({**HEAD, "items": rows})


def short(line: CountedLine) -> list[object]:
    return [line.sku_id, line.qty, line.before, line.after]


def test_one_count_has_gains_and_losses() -> None:
    counted = count(("A", 2, 12), ("B", "-3", "7"), ("C", 0, 5))
    assert [short(line) for line in counted.gains] == [["A", 2, 10, 12]]
    assert [short(line) for line in counted.losses] == [["B", 3, 10, 7]]
    assert (counted.has_gains, counted.has_losses, counted.place) == (True, True, "11/1")
    assert not count(("C", 0, 5)).has_gains


def test_lines_of_one_item_count_together() -> None:
    """They follow one another: what the first one left is what the second one starts from."""
    [line] = count(("A", 2, 12), ("A", -5, 7)).losses
    assert short(line) == ["A", 3, 10, 7]
    assert count(("A", 2, 12), ("A", -2, 10)).gains == ()


def test_lots_of_one_item_are_counted_apart() -> None:
    counted = count(("A", 2, 12), ("A", -2, 3), lots=("L1", "L2"))
    assert [line.batch_no for line in counted.gains] == ["L1"]
    assert [line.batch_no for line in counted.losses] == ["L2"]


@pytest.mark.parametrize(
    ("qty", "after", "expected"),
    [
        ("2", "102", False),  # exactly two percent
        ("-2", "98", False),
        ("2.01", "102.01", True),
        ("-2.01", "97.99", True),
        ("1", "1", True),  # there was nothing
        ("-100", "0", True),
        ("3", "1", True),  # the book was below nothing
        ("0", "100", False),
        ("0", "0", False),
    ],
)
def test_what_calls_for_a_revaluation(qty: str, after: str, expected: bool) -> None:
    counted = count(("A", qty, after))
    assert counted.needs_revaluation is expected
    assert [line.sku_id for line in counted.revalued] == (["A"] if expected else [])


def test_a_line_within_two_percent_is_not_revalued_for_its_neighbour() -> None:
    assert [line.sku_id for line in count(("A", 1, 101), ("B", 5, 15)).revalued] == ["B"]


def test_less_than_nothing_cannot_be_counted() -> None:
    with pytest.raises(ValidationError, match=r"items\.0\.r_qty"):
        count(("A", -5, -1))
    with pytest.raises(ValidationError, match="r_qty"):
        CountedStock.model_validate({**HEAD, "items": [{"sku_id": "A", "qty": 1}]})


@settings(derandomize=True, database=None, deadline=None, max_examples=80)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.integers(0, 20)), min_size=1, max_size=6))
def test_gains_and_losses_are_what_the_count_changed(counts: list[tuple[str, int]]) -> None:
    before = {"A": 10, "B": 0}
    book, items = dict(before), []
    for sku, after in counts:
        items.append((sku, after - book[sku], after))
        book[sku] = after
    counted = count(*items)
    change = {line.sku_id: line.qty for line in counted.gains} | {line.sku_id: -line.qty for line in counted.losses}
    assert change == {sku: book[sku] - before[sku] for sku in before if book[sku] != before[sku]}


def moved(kind: str = "其它出库", **more: Any) -> OtherMovement:
    items = [{"sku_id": "A", "qty": 3, "cost_price": "1.25", "cost_amount": "3.75", "ioi_id": "i1"}]
    return OtherMovement.model_validate({**HEAD, "type": kind, "items": items, **more})


@pytest.mark.parametrize(("kind", "comes_in"), [("其它出库", False), ("其它进仓", True), ("其它退货", True)])
def test_other_goods_go_one_way(kind: str, comes_in: bool) -> None:
    assert moved(kind).comes_in is comes_in


@pytest.mark.parametrize("name", ["drop_co_name", "drp_co_name"])
def test_the_reason_has_two_spellings(name: str) -> None:
    assert moved(**{name: "样品"}).reason == "样品"
    assert moved().reason is None


def test_lots_of_other_goods() -> None:
    lots = [{"sku_id": "A", "batch_no": "L1", "qty": 1}, {"sku_id": "A", "batch_no": "L2", "qty": 2}]
    lines = moved(batchs=lots).lines
    assert [(line.batch_no, line.qty, line.amount) for line in lines] == [
        ("L1", ONE, Decimal("1.25")),
        ("L2", ONE * 2, Decimal("2.50")),
    ]
    [line] = moved(items=[{"sku_id": "A", "qty": 1, "batch_id": "L9"}]).lines
    assert (line.batch_no, line.price, line.amount) == ("L9", None, None)


def half(kind: str = "调拨入", **more: Any) -> TransferHalf:
    items = [{"sku_id": "A", "qty": 4, "r_qty": 3}, {"sku_id": "B", "qty": 1, "r_qty": 0}]
    places = {"wms_co_id": 12, "link_wms_co_id": 11, "wh_id": 1, "link_wh_id": 4, "link_io_id": 4}
    return TransferHalf.model_validate({**HEAD, **places, "type": kind, "items": items, **more})


def test_both_halves_of_a_transfer_tell_the_same_way() -> None:
    into = half()
    out = half("调拨出", io_id=4, link_io_id=5, wms_co_id=11, link_wms_co_id=12)
    assert (into.from_place, into.to_place) == (out.from_place, out.to_place) == ("11/1", "12/4")
    assert into.pair == out.pair == "4"


def test_what_arrived_counts_on_the_way_in_and_what_was_sent_on_the_way_out() -> None:
    assert [(line.sku_id, line.qty) for line in half().lines] == [("A", ONE * 3)]
    assert half().is_short
    assert [(line.sku_id, line.qty) for line in half("调拨出").lines] == [("A", ONE * 4), ("B", ONE)]
    uncounted = half(items=[{"sku_id": "A", "qty": 4, "r_qty": 0}, {"sku_id": "B", "qty": 1}])
    assert [(line.sku_id, line.qty) for line in uncounted.lines] == [("A", ONE * 4), ("B", ONE)]
    assert not uncounted.is_short


def test_a_reversal_is_marked_in_the_remark() -> None:
    assert half(remark="红冲单据:1001").is_reversal
    assert not half(remark=None).is_reversal


def test_goods_of_a_purchase() -> None:
    items = [{"sku_id": "A", "qty": 2, "cost_price": "3.2000", "cost_amount": "6.40", "tax_rate": 13}]
    lots = [{"sku_id": "A", "batch_no": "L1", "qty": 2}]
    head = {**HEAD, "wh_id": "3", "supplier_id": 7001}
    receipt = PurchaseReceipt.model_validate({**head, "items": items, "batchs": lots})
    [line] = receipt.lines
    assert [line.qty, line.price, line.amount, line.tax_rate] == [2, Decimal("3.2"), Decimal("6.4"), 13]
    assert line.batch_no == "L1"
    assert (receipt.place, receipt.supplier_id) == ("11/3", "7001")
    back = PurchaseReturned.model_validate({**HEAD, "wms_co_id": "11", "seller_id": 7001, "items": items})
    assert (back.place, back.supplier_id, back.lines[0].amount) == ("11/1", "7001", Decimal("6.40"))


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"io_date": None}, "io_date"),
        ({"items": None}, "items"),
        ({"items": [{"sku_id": "A", "qty": 0}]}, r"items\.0\.qty"),
        ({"items": [{"sku_id": "A", "qty": -2}]}, r"items\.0\.qty"),
        ({"status": "Vanished"}, "status"),
        ({"type": "?"}, "type"),
    ],
)
def test_what_is_wrong_with_a_document_is_named(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError, match=place):
        moved(**changes)


@pytest.mark.parametrize(
    ("stream", "rows", "paths"),
    [
        (COUNT, "gains", ["place", "status", "io_date", "has_gains", "needs_revaluation"]),
        (COUNT, "losses", ["has_losses"]),
        (COUNT, "revalued", []),
        (OTHER, "lines", ["type", "comes_in", "place", "reason", "so_id", "remark"]),
        (TRANSFER, "lines", ["type", "from_place", "to_place", "pair", "is_reversal", "is_short"]),
        (PURCHASE_IN, "lines", ["supplier_id", "po_id", "place", "tax_rate"]),
        (PURCHASE_RETURN, "lines", ["supplier_id", "po_id", "place", "remark"]),
    ],
)
def test_flows_can_say_it(stream: str, rows: str, paths: list[str]) -> None:
    """Every path a flow file may name leads somewhere, and every row has what a bill's line needs."""
    model = MODELS[stream]
    for path in ("io_id", *paths):
        assert type_at(model, (path,)) is not None
    row = row_type(model, (rows,))
    for path in ("sku_id", "qty", "batch_no", "product_date", "expiration_date"):
        type_at(row, (path,))
    with pytest.raises(PathError):
        type_at(model, ("nothing",))


def test_one_that_was_taken_back_may_be_empty() -> None:
    assert moved(status="Delete", items=None, io_date=None).lines == ()
