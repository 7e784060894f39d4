"""Online Retail files become orders and returns; what cannot be read is named by its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.jushuitan.config import ZONE
from sandbox.jushuitan.documents import GoodStatus, Outbound, Refund, RefundStatus, RefundType
from sandbox.rates.data import PUBLISHED
from sandbox.world.feed import Feed, FeedError, NextId, ShopId
from sandbox.world.retail import is_goods, retail_feed

CsvFile = Callable[..., Path]
Read = Callable[..., Feed]


@pytest.fixture
def read(next_id: NextId, shop_id: ShopId) -> Read:
    return lambda *files, documents=None: retail_feed(files, next_id, shop_id, documents)


def order(feed: Feed, position: int = 0) -> Outbound:
    outbound = feed.documents[position].outbound
    assert outbound is not None
    return outbound


def refund(feed: Feed, position: int) -> Refund:
    document = feed.documents[position].refund
    assert document is not None
    return document


def test_an_invoice_is_an_order_its_shop_shipped(csv_file: CsvFile, read: Read) -> None:
    file = csv_file(
        "536365,85123a,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "536365,POST,,1,2010-12-01 08:27:00,0.0,17850.0,United Kingdom",
    )
    feed = read(file)
    sale = order(feed)
    assert feed.documents[0].platform_number == sale.so_id == "536365"
    assert [shop.shop.shop_name for shop in feed.shops] == ["United Kingdom"]
    assert (sale.shop_id, sale.currency, sale.shop_buyer_id) == (101, "GBP", "17850.0")
    last = max(PUBLISHED)
    assert sale.io_date == datetime(last.year, last.month, last.day, 8, 27, tzinfo=ZONE)
    first, postage = sale.items
    assert (first.sku_id, first.outer_oi_id, int(first.qty)) == ("85123a", "536365-1", 6)
    assert (str(first.sale_price), str(first.sale_amount), first.is_gift) == ("2.55", "15.30", False)
    assert (postage.outer_oi_id, postage.is_gift, postage.name) == ("536365-2", True, "")
    assert [(goods.sku_id, goods.material, goods.service) for goods in feed.goods] == [
        ("85123a", "85123A", False),
        ("POST", "POST", True),
    ]
    assert [(opening.sku_id, opening.quantity > 6) for opening in feed.openings] == [("85123A", True)]


def test_negative_quantities_stay_and_are_no_gifts(csv_file: CsvFile, read: Read) -> None:
    [line] = order(read(csv_file("536589,21777,,-10,2010-12-01 16:50:00,0.0,,United Kingdom"))).items
    assert (int(line.qty), line.is_gift) == (-10, False)


def test_days_move_onto_the_last_publishing_days(csv_file: CsvFile, read: Read) -> None:
    days = [1, 2, 3, 5, 6]
    rows = [f"{number},22222,MUG,1,2010-12-{day:02d} 23:59:59,1.00,1,Japan" for number, day in enumerate(days)]
    feed = read(csv_file(*rows))
    shipped = [order(feed, position).io_date for position in range(5)]
    assert [moment.date() for moment in shipped] == sorted(PUBLISHED)[-5:]
    assert {moment.strftime("%H:%M:%S") for moment in shipped} == {"23:59:59"}


def test_more_days_than_rates_is_an_error(csv_file: CsvFile, read: Read) -> None:
    first = datetime(2010, 1, 1, 9, tzinfo=ZONE)
    days = [first + timedelta(days=step) for step in range(len(PUBLISHED) + 1)]
    rows = [f"{step},22222,MUG,1,{day:%Y-%m-%d %H:%M:%S},1.00,1,Japan" for step, day in enumerate(days)]
    with pytest.raises(FeedError, match=f"{len(days)} different days"):
        read(csv_file(*rows))


def test_the_first_documents_only(csv_file: CsvFile, read: Read) -> None:
    rows = [f"{number},22222,MUG,1,2010-12-0{number} 09:00:00,1.00,1,Japan" for number in (1, 2, 3)]
    feed = read(csv_file(*rows), documents=2)
    assert [document.platform_number for document in feed.documents] == ["1", "2"]
    assert order(feed).io_date.date() == sorted(PUBLISHED)[-3]


def test_a_return_is_matched_to_the_earliest_orders_of_its_customer(csv_file: CsvFile, read: Read) -> None:
    feed = read(
        csv_file(
            "1001,22222,MUG,4,2010-12-01 09:00:00,1.50,17.0,France",
            "1002,22222,MUG,9,2010-12-01 10:00:00,1.50,99.0,France",
            "1003,22222A,MUG,5,2010-12-01 11:00:00,1.50,17.0,France",
            "1003,22222,MUG,5,2010-12-01 11:00:00,1.40,17.0,France",
            "C1004,22222,MUG,-7,2010-12-01 12:00:00,1.50,17.0,France",
            "C1005,22222,MUG,-7,2010-12-01 13:00:00,1.50,17.0,France",
        )
    )
    first, second = refund(feed, 3), refund(feed, 4)
    assert [(line.outer_oi_id, int(line.qty), str(line.amount)) for line in first.items] == [
        ("1001-1", 4, "6.00"),
        ("1003-2", 3, "4.50"),
    ]
    assert (first.so_id, first.o_id) == ("1001", order(feed, 0).o_id)
    assert [(line.outer_oi_id, int(line.qty)) for line in second.items] == [("1003-2", 2), ("", 5)]
    assert second.so_id == "1003"


def test_a_received_return(csv_file: CsvFile, read: Read) -> None:
    feed = read(
        csv_file(
            "1001,85123A,HOLDER,4,2010-12-01 09:00:00,1.50,17.0,France",
            "C1002,85123a,HOLDER,-1,2010-12-02 12:00:00,1.50,17.0,France",
            "C1002,POST,POSTAGE,-1,2010-12-02 12:00:00,3.00,17.0,France",
        )
    )
    document = refund(feed, 1)
    assert (document.outer_as_id, document.type) == ("C1002", RefundType.RETURN)
    assert (document.status, document.good_status) == (RefundStatus.CONFIRMED, GoodStatus.SELLER_RECEIVED)
    goods, postage = document.items
    assert (goods.sku_id, goods.outer_oi_id, int(goods.r_qty)) == ("85123a", "1001-1", 1)
    assert (postage.outer_oi_id, int(postage.qty), str(postage.amount)) == ("", 1, "3.00")
    last = sorted(PUBLISHED)[-1]
    assert goods.receive_date == datetime(last.year, last.month, last.day, 12, tzinfo=ZONE)
    received = feed.documents[1].received
    assert received is not None
    assert (received.as_id, received.io_date, len(received.items)) == (document.as_id, goods.receive_date, 2)


def test_a_return_without_goods_is_money_only(csv_file: CsvFile, read: Read) -> None:
    feed = read(csv_file("C1001,D,Discount,-1,2010-12-01 09:00:00,27.50,14.0,France"))
    assert refund(feed, 0).type is RefundType.REFUND_ONLY
    assert feed.documents[0].received is None


def test_orders_without_a_customer_match_nothing(csv_file: CsvFile, read: Read) -> None:
    feed = read(
        csv_file(
            "1001,22222,MUG,4,2010-12-01 09:00:00,1.50,,France",
            "C1002,22222,MUG,-1,2010-12-01 12:00:00,1.50,,France",
        )
    )
    assert [line.outer_oi_id for line in refund(feed, 1).items] == [""]
    assert (refund(feed, 1).so_id, refund(feed, 1).o_id) == ("", None)


@pytest.mark.parametrize(
    ("code", "expected"), [("22222", True), ("85123A", True), ("POST", False), ("C2", False), ("1234", False)]
)
def test_goods_have_five_digits(code: str, expected: bool) -> None:
    assert is_goods(code) is expected


GOOD = "1,22222,MUG,1,2010-12-01 09:00:00,1.50,17.0,France"


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ("1,22222,MUG,six,2010-12-01 09:00:00,1.50,17.0,France", "Quantity", "a whole number"),
        ("1,22222,MUG,1.5,2010-12-01 09:00:00,1.50,17.0,France", "Quantity", "a whole number"),
        ("1,22222,MUG,NaN,2010-12-01 09:00:00,1.50,17.0,France", "Quantity", "a whole number"),
        ("1,22222,MUG,1,2010-12-01 09:00:00,,17.0,France", "UnitPrice", "a decimal number"),
        ("1,22222,MUG,1,01/12/2010 09:00,1.50,17.0,France", "InvoiceDate", "a time like"),
        ("1,,MUG,1,2010-12-01 09:00:00,1.50,17.0,France", "StockCode", "a stock code"),
        ("1,22222,MUG,1,2010-12-01 09:00:00,1.50,17.0,", "Country", "a country"),
        ("1,22222,MUG,1,2010-12-01 09:00:00", "UnitPrice", "a decimal number"),
        (",22222,MUG,1,2010-12-01 09:00:00,1.50,17.0,France", "InvoiceNo", "an invoice number"),
    ],
)
def test_a_bad_cell_is_named_by_file_line_and_column(
    csv_file: CsvFile, read: Read, row: str, column: str, expected: str
) -> None:
    file = csv_file(GOOD, row)
    with pytest.raises(FeedError) as error:
        read(file)
    assert f"{file}, line 3, column {column}: " in str(error.value)
    assert f"expected {expected}" in str(error.value)


def test_a_missing_column(csv_file: CsvFile, read: Read) -> None:
    file = csv_file(head="InvoiceNo,StockCode,Description,Quantity,InvoiceDate,CustomerID,Country")
    with pytest.raises(FeedError, match="line 1: column UnitPrice is missing; expected InvoiceNo, "):
        read(file)


def test_files_that_cannot_be_read(csv_file: CsvFile, read: Read, tmp_path: Path) -> None:
    with pytest.raises(FeedError, match="cannot be read"):
        read(tmp_path / "none.csv")
    latin = tmp_path / "latin.csv"
    latin.write_bytes(csv_file(GOOD).read_bytes().replace(b"MUG", b"M\xdcG"))
    with pytest.raises(FeedError, match=f"{latin.name}: not UTF-8"):
        read(latin)
    with pytest.raises(FeedError, match="no invoice"):
        read(csv_file())
    with pytest.raises(FeedError, match="given twice"):
        read(csv_file(GOOD), csv_file(GOOD))
    quoted = csv_file('1,22222,"MUG"x,1,2010-12-01 09:00:00,1.50,17.0,France', name="quoted.csv")
    with pytest.raises(FeedError, match=r"quoted\.csv, after line 1: .*expected comma-separated values"):
        read(quoted)


def test_prices_keep_their_digits(csv_file: CsvFile, read: Read) -> None:
    [line] = order(read(csv_file("1,22222,MUG,3,2010-12-01 09:00:00,0.10,17.0,France"))).items
    assert (line.sale_price, line.sale_amount) == (Decimal("0.10"), Decimal("0.30"))
