"""The sample day has one of everything, adds up, and is the same day for the same seed."""

from __future__ import annotations

from itertools import count

import pytest

from domain.money import currency_digits, round_half_up
from sandbox.jushuitan.documents import Outbound, Refund, RefundType
from sandbox.world.feed import Feed, FeedError, LaterKind
from sandbox.world.sample_day import sample_feed


def day(seed: int = 0, documents: int | None = None) -> Feed:
    numbers, shops = count(5_000_000_001), dict[str, int]()
    return sample_feed(
        lambda: next(numbers), lambda name: shops.setdefault(name, 101 + len(shops)), seed=seed, documents=documents
    )


def sales(feed: Feed) -> list[Outbound]:
    return [document.outbound for document in feed.documents if document.outbound is not None]


def refunds(feed: Feed) -> list[Refund]:
    return [document.refund for document in feed.documents if document.refund is not None]


def test_a_seed_is_a_day() -> None:
    assert day(7) == day(7)
    one, other = day(1), day(2)
    assert [document.platform_number for document in one.documents] == [
        document.platform_number for document in other.documents
    ]
    assert [sale.items for sale in sales(one)] != [sale.items for sale in sales(other)]


@pytest.mark.parametrize("seed", range(20))
def test_money_fits_its_currency_and_batches_their_lines(seed: int) -> None:
    for sale in sales(day(seed)):
        digits = currency_digits(sale.currency)
        for line in sale.items:
            assert line.sale_price == round_half_up(line.sale_price, digits)
            assert line.sale_amount == line.qty * line.sale_price
            parts = [batch.qty for batch in sale.batchs if batch.ioi_id == line.ioi_id]
            assert not parts or sum(parts) == line.qty
        if sale.finance is not None:
            assert sale.finance.platform_commission == round_half_up(sale.finance.platform_commission, digits)


@pytest.mark.parametrize("seed", range(20))
def test_never_more_comes_back_than_was_sold(seed: int) -> None:
    feed = day(seed)
    sold = {line.outer_oi_id: line.qty for sale in sales(feed) for line in sale.items}
    lots = {
        (line.outer_oi_id, batch.batch_no): batch.qty
        for sale in sales(feed)
        for line in sale.items
        for batch in sale.batchs
        if batch.ioi_id == line.ioi_id
    }
    for refund in refunds(feed):
        for line in refund.items:
            if line.outer_oi_id:
                assert 0 < line.qty <= sold[line.outer_oi_id]
            for batch in refund.batchs:
                if batch.sku_id == line.sku_id:
                    assert batch.qty <= lots[line.outer_oi_id, batch.batch_no]


def test_one_of_everything() -> None:
    feed = day()
    assert 35 <= len(feed.documents) <= 45
    assert {sale.currency for sale in sales(feed)} == {"USD", "EUR", "JPY", "GBP", "CNY"}
    assert len({sale.wms_co_id for sale in sales(feed)}) == 2
    lines = [line for sale in sales(feed) for line in sale.items]
    goods = {goods.sku_id: goods for goods in feed.goods}
    assert any(line.is_gift for line in lines)
    assert any(goods[line.sku_id].service for line in lines)
    assert any(line.qty < 0 for line in lines)
    assert any(len({batch.batch_no for batch in sale.batchs}) == 2 for sale in sales(feed))
    assert any(not goods[line.sku_id].mapped for line in lines)
    assert [shop.mapped for shop in feed.shops].count(False) == 1
    assert any(refund.batchs for refund in refunds(feed))
    assert any(refund.type is RefundType.REFUND_ONLY for refund in refunds(feed))
    assert any(not refund.so_id for refund in refunds(feed))
    assert {event.kind for event in feed.later} == set(LaterKind)


def test_one_return_comes_before_its_order() -> None:
    position = {document.platform_number: index for index, document in enumerate(day().documents)}
    early = [
        refund.outer_as_id
        for refund in refunds(day())
        if refund.so_id and position[refund.outer_as_id] < position[refund.so_id]
    ]
    assert len(early) == 1


def test_stock_covers_everything_but_the_scarce_goods() -> None:
    feed = day()
    short = {event.restock.sku_id for event in feed.later if event.restock is not None}
    opened = {(opening.wms_co_id, opening.sku_id) for opening in feed.openings}
    services = {goods.sku_id for goods in feed.goods if goods.service}
    needed = {(sale.wms_co_id, line.sku_id) for sale in sales(feed) for line in sale.items}
    assert {sku for _, sku in needed - opened} == short | services


def test_documents_on_request_are_ordinary_orders() -> None:
    feed = day(documents=120)
    assert len(sales(feed)) == len(feed.documents) == 120
    assert len({sale.so_id for sale in sales(feed)}) == 120
    assert all(line.qty > 0 and line.sale_price > 0 for sale in sales(feed) for line in sale.items)
    with pytest.raises(FeedError):
        day(documents=0)
