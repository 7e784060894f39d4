"""Rows as the vendor writes them, oddities included, and what is said when they are wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from connectors.jushuitan.client import JushuitanClient
from connectors.jushuitan.models import (
    GoodStatus,
    OutboundDocument,
    OutboundStatus,
    ReceivedDocument,
    ReceivedStatus,
    RefundDocument,
    RefundStatus,
)
from domain import jsontext
from domain.complaints import Complaint, explain
from domain.masking import mask
from sandbox.jushuitan.documents import Batch, Finance, Refund, RefundLine, RefundType
from sandbox.jushuitan.documents import GoodStatus as SandboxGoodStatus
from sandbox.jushuitan.documents import RefundStatus as SandboxRefundStatus
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.uploads import receive_goods
from tests.connectors.jushuitan.kit import START, add_outbounds, collect

CHINA = ZoneInfo("Asia/Shanghai")
ITEM: dict[str, Any] = {"sku_id": "MUG-01", "qty": 2, "sale_price": Decimal("9.90")}
OUTBOUND: dict[str, Any] = {
    "io_id": 5000000001,
    "status": "Confirmed",
    "io_date": "2026-09-01 10:00:00",
    "items": [ITEM],
}
REFUND: dict[str, Any] = {"as_id": 7, "status": "Confirmed", "type": "普通退货"}


def outbound(**changes: Any) -> OutboundDocument:
    return OutboundDocument.model_validate(OUTBOUND | changes)


def complaints(model: type[OutboundDocument | RefundDocument | ReceivedDocument], row: Any) -> list[Complaint]:
    with pytest.raises(ValidationError) as raised:
        model.model_validate(row)
    return list(explain(raised.value))


def test_what_is_missing_null_or_empty_is_none() -> None:
    for blank in (None, "", "  "):
        document = outbound(so_id=blank, pay_amount=blank, pay_date=blank, items=[ITEM | {"sale_amount": blank}])
        assert (document.so_id, document.pay_amount, document.pay_date) == (None, None, None)
        assert document.items[0].sale_amount is None
    assert outbound() == outbound(unknown_field=1, batchs=None, cb_finance=None, labels=None, is_cod=None)


@pytest.mark.parametrize("value", [12, "12", Decimal(12), " 12 "])
def test_ids_may_be_numbers_or_texts(value: Any) -> None:
    assert outbound(io_id=value, o_id=value, shop_id=value).model_dump(include={"io_id", "o_id", "shop_id"}) == {
        "io_id": "12",
        "o_id": "12",
        "shop_id": "12",
    }


@pytest.mark.parametrize("value", [Decimal("12.50"), "12.50", " 12.50"])
def test_amounts_keep_their_digits(value: Any) -> None:
    assert str(outbound(pay_amount=value).pay_amount) == "12.50"
    assert outbound(pay_amount=3).pay_amount == Decimal(3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-09-01 10:00:00", datetime(2026, 9, 1, 10, tzinfo=CHINA)),
        ("2026-09-01 10:00:00.123", datetime(2026, 9, 1, 10, 0, 0, 123000, tzinfo=CHINA)),
        ("2026-09-01", datetime(2026, 9, 1, tzinfo=CHINA)),
        ("2026-09-01T02:00:00+00:00", datetime(2026, 9, 1, 10, tzinfo=CHINA)),
        ("0001-01-01 08:00:00", None),
        ("0001-01-01", None),
        ("", None),
        (None, None),
    ],
)
def test_moments(value: Any, expected: datetime | None) -> None:
    moment = outbound(pay_date=value).pay_date
    assert moment == expected
    if moment is not None:
        assert moment.tzinfo is not None
        assert moment.utcoffset() in (timedelta(hours=8), timedelta(0))


@pytest.mark.parametrize("value", ["a, b ,,c", ["a", "b", "c"], ("a", "b", "c")])
def test_labels_may_be_text_or_list(value: Any) -> None:
    assert outbound(labels=value).labels == ("a", "b", "c")
    assert RefundDocument.model_validate(REFUND | {"question_type": value}).question_type == ("a", "b", "c")


@pytest.mark.parametrize(("value", "currency"), [(None, "CNY"), ("", "CNY"), ("usd", "USD"), (" EUR ", "EUR")])
def test_currencies(value: Any, currency: str) -> None:
    assert outbound(currency=value).currency == currency
    assert OutboundDocument.model_validate(OUTBOUND).currency == "CNY"


@pytest.mark.parametrize(
    ("value", "flag"), [(None, False), ("", False), (True, True), ("true", True), (1, True), ("0", False)]
)
def test_flags(value: Any, flag: bool) -> None:
    assert outbound(is_cod=value).is_cod is flag


def test_a_gift_may_have_no_price() -> None:
    gift = ITEM | {"is_gift": True, "sale_price": None}
    assert outbound(items=[gift]).items[0].sale_price == 0
    row = REFUND | {"items": [{"sku_id": "A", "qty": 1, "price": "", "is_gift": True}]}
    assert RefundDocument.model_validate(row).items[0].price == 0


@pytest.mark.parametrize(
    ("changes", "field", "expected", "got"),
    [
        ({"items": []}, "items", "at least one line", "nothing"),
        ({"items": None}, "items", "at least one line", "nothing"),
        ({"items": [ITEM, ITEM | {"qty": 0}]}, "items.1.qty", "a quantity above 0", "0"),
        ({"items": [ITEM | {"qty": "-1.5"}]}, "items.0.qty", "a quantity above 0", "-1.5"),
        ({"items": [ITEM | {"qty": None}]}, "items.0.qty", "a decimal number", "nothing"),
        ({"items": [ITEM | {"qty": 1.5}]}, "items.0.qty", "a decimal number", "1.5"),
        ({"items": [ITEM | {"qty": "two"}]}, "items.0.qty", "a decimal number", "two"),
        ({"items": [ITEM | {"sale_price": None}]}, "items.0.sale_price", "a decimal number", "nothing"),
        ({"items": [{"qty": 1, "sale_price": 1}]}, "items.0.sku_id", "a value", "nothing"),
        ({"items": [ITEM | {"sku_id": ""}]}, "items.0.sku_id", "a text", "nothing"),
        ({"items": "x"}, "items", "a list", "x"),
        ({"items": [1]}, "items.0", "an object", "1"),
        ({"io_id": None}, "io_id", "a text", "nothing"),
        ({"io_date": None}, "io_date", "the time of shipping", "nothing"),
        ({"io_date": "0001-01-01 08:00:00"}, "io_date", "the time of shipping", "nothing"),
        ({"io_date": "yesterday"}, "io_date", "a time like 2026-05-01 12:00:00", "yesterday"),
        ({"currency": "DOLLAR"}, "currency", "three capital letters", "DOLLAR"),
        ({"currency": 1}, "currency", "a text", "1"),
        ({"pay_amount": 1.1}, "pay_amount", "a decimal number", "1.1"),
        ({"pay_amount": True}, "pay_amount", "a decimal number", "True"),
        ({"pay_amount": "NaN"}, "pay_amount", "a decimal number", "NaN"),
        ({"is_cod": "maybe"}, "is_cod", "true or false", "maybe"),
        ({"so_id": ["x" * 100]}, "so_id", "a text", "['" + "x" * 58 + "…"),
    ],
)
def test_what_is_wrong_is_said_in_words(changes: dict[str, Any], field: str, expected: str, got: str) -> None:
    assert complaints(OutboundDocument, OUTBOUND | changes) == [Complaint(field, expected, got)]


def test_an_unknown_status_is_reported_and_not_guessed() -> None:
    [complaint] = complaints(OutboundDocument, OUTBOUND | {"status": "Exploded"})
    assert complaint.field == "status"
    assert complaint.expected.startswith("one of 'WaitConfirm', 'Confirmed'")
    assert complaint.got == "Exploded"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    row = OUTBOUND | {"io_date": None, "items": [ITEM | {"qty": 0}, ITEM | {"qty": -1}]}
    assert [one.field for one in complaints(OutboundDocument, row)] == ["io_date", "items.0.qty", "items.1.qty"]


@pytest.mark.parametrize("status", [status for status in OutboundStatus if not status.is_shipped])
def test_goods_that_have_not_moved_need_no_lines(status: OutboundStatus) -> None:
    """A shipment taken back has to be reversed whatever is left of its lines."""
    document = outbound(status=status.value, items=None, io_date=None)
    assert document.items == ()
    assert document.status is status


def test_a_complaint_shows_no_personal_value() -> None:
    [complaint] = complaints(OutboundDocument, OUTBOUND | {"remark": ["13812345678"]})
    assert complaint.field == "remark"
    [phone] = complaints(
        RefundDocument,
        REFUND | {"items": [{"sku_id": "A", "qty": 1, "price": 1, "remark": {"receiver_name": "王小明"}}]},
    )
    assert "王小明" not in phone.got


def test_lots_beside_the_lines_or_inside_them() -> None:
    lot = {"batch_no": "B1", "sku_id": "A", "qty": 1, "product_date": "2026-01-01", "supplier_id": 9}
    line = {"sku_id": "A", "qty": 1, "price": "1.00"}
    beside = RefundDocument.model_validate(REFUND | {"items": [line | {"batchs": None}], "batchs": [lot]})
    inside = RefundDocument.model_validate(REFUND | {"items": [line | {"batchs": [lot]}], "batchs": None})
    assert beside.batchs == inside.batchs
    assert inside.batchs[0].batch_no == "B1"
    assert inside.batchs[0].product_date == datetime(2026, 1, 1, tzinfo=CHINA)
    assert inside.batchs[0].supplier_id == "9"


@pytest.mark.parametrize(
    ("value", "status"), [(None, None), ("", None), ("SELLER_RECEIVED", GoodStatus.SELLER_RECEIVED)]
)
def test_where_the_goods_are(value: Any, status: GoodStatus | None) -> None:
    assert RefundDocument.model_validate(REFUND | {"good_status": value}).good_status is status


async def test_rows_of_the_simulated_merchant(merchant: JushuitanState, client: JushuitanClient) -> None:
    [io_id] = add_outbounds(merchant, 1)
    finance = Finance(platform_commission=Decimal("1.20"), product_tax=Decimal("0.30"))
    merchant.edit_outbound(io_id, finance=finance, batchs=(Batch("MUG-01", "B1", Decimal(2)),), labels=("a", "b"))
    line = RefundLine(merchant.next_id(), "MUG-01", Decimal(1), Decimal("9.90"), Decimal("9.90"), outer_oi_id="L-0")
    merchant.add_refund(
        Refund(
            as_id=77,
            outer_as_id="R-1",
            o_id=None,
            so_id="SO-0",
            shop_id=101,
            wms_co_id=11,
            type=RefundType.RETURN,
            status=SandboxRefundStatus.CONFIRMED,
            good_status=SandboxGoodStatus.BUYER_RETURNED_GOODS,
            as_date=START,
            items=(line,),
        )
    )
    receive_goods(merchant, merchant.refund(77))

    [page] = await collect(client.outbounds(io_ids=[io_id]))
    document = OutboundDocument.model_validate(page.rows[0])
    assert (document.io_id, document.shop_name, document.currency) == (str(io_id), "Harbour Lane US", "USD")
    assert document.io_date == START
    assert document.cb_finance is not None
    assert document.cb_finance.platform_commission == Decimal("1.20")
    assert [(one.sku_id, one.qty, one.sale_price, one.outer_oi_id) for one in document.items] == [
        ("MUG-01", Decimal(2), Decimal("9.90"), "L-0")
    ]
    assert document.batchs[0].batch_no == "B1"
    assert document.labels == ("a", "b")

    [page] = await collect(client.refunds(as_ids=[77]))
    refund = RefundDocument.model_validate(page.rows[0])
    assert (refund.as_id, refund.status, refund.good_status) == (
        "77",
        RefundStatus.CONFIRMED,
        GoodStatus.SELLER_RECEIVED,
    )
    assert [(one.qty, one.r_qty, one.price) for one in refund.items] == [(Decimal(1), Decimal(1), Decimal("9.90"))]

    [page] = await collect(client.received(as_ids=[77]))
    received = ReceivedDocument.model_validate(page.rows[0])
    assert (received.as_id, received.status, received.wms_co_id) == ("77", ReceivedStatus.CONFIRMED, "11")
    assert received.items[0].qty == Decimal(1)


async def test_a_masked_row_that_was_stored_reads_the_same(merchant: JushuitanState, client: JushuitanClient) -> None:
    add_outbounds(merchant, 1)
    [page] = await collect(client.outbounds(start_ts=1))
    stored = jsontext.loads(jsontext.dumps(mask(page.rows[0])))
    assert stored["receiver_name"] == "王**"
    assert OutboundDocument.model_validate(stored) == OutboundDocument.model_validate(page.rows[0])
