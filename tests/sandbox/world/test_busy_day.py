"""The busy day: as many documents as wished, the same for the same seed, with everything the sample day has."""

from __future__ import annotations

from collections import Counter
from itertools import count

import pytest

from sandbox.jushuitan.documents import RefundType
from sandbox.world.busy_day import DAYS, busy_feed
from sandbox.world.feed import Feed, FeedError, LaterKind, ShopId
from sandbox.world.parity import central_parity
from sandbox.world.sample_goods import ORDINARY_SHOPS, SCARCE, UNMAPPED_GOODS
from sandbox.world.world import World
from tests.sandbox.world.clerk import Clerk


def feed(shop_id: ShopId, documents: int = 400, seed: int = 1) -> Feed:
    ids = count(5_000_000_001)
    return busy_feed(lambda: next(ids), shop_id, seed=seed, documents=documents)


@pytest.mark.parametrize("documents", [1, 7, 300])
def test_as_many_documents_as_wished(shop_id: ShopId, documents: int) -> None:
    numbers = [document.platform_number for document in feed(shop_id, documents).documents]
    assert len(set(numbers)) == documents


def test_the_seed_decides(shop_id: ShopId) -> None:
    assert feed(shop_id) == feed(shop_id)
    assert feed(shop_id) != feed(shop_id, seed=2)


def test_no_documents_make_no_sense(shop_id: ShopId) -> None:
    with pytest.raises(FeedError, match="at least one"):
        feed(shop_id, 0)


def test_it_has_one_of_everything(shop_id: ShopId) -> None:
    day = feed(shop_id)
    refunds = [document.refund for document in day.documents if document.refund is not None]
    sales = [document.outbound for document in day.documents if document.outbound is not None]
    assert 40 < len(refunds) < 120
    assert {refund.type for refund in refunds} == {RefundType.RETURN, RefundType.REFUND_ONLY}
    assert any(not refund.so_id for refund in refunds)
    assert {event.kind for event in day.later} == {LaterKind.RECEIVE, LaterKind.RESTOCK}
    goods = Counter(line.sku_id for sale in sales for line in sale.items)
    assert goods[SCARCE.sku_id]
    assert goods[UNMAPPED_GOODS.sku_id]
    assert any(line.qty < 0 for sale in sales for line in sale.items)
    assert any(sale.batchs for sale in sales)
    place = {document.platform_number: at for at, document in enumerate(day.documents)}
    before = [refund for refund in refunds if refund.so_id and place[refund.outer_as_id] < place[refund.so_id]]
    assert 0 < len(before) < len(refunds) / 2


def test_every_currency_has_a_rate_on_every_day() -> None:
    assert len(DAYS) > 5
    assert all(central_parity(shop.currency, day) for shop in ORDINARY_SHOPS for day in DAYS)


async def test_typed_in_by_hand_the_books_are_in_order() -> None:
    world = World()
    world.feed_busy(seed=3, documents=150)
    world.release()
    source = world.jushuitan
    cannot = {
        row.document.so_id
        for row in source.outbounds
        if any(line.qty < 0 or line.sku_id == SCARCE.sku_id for line in row.document.items)
    }
    arrived = {row.document.as_id for row in source.received}
    cannot |= {
        row.document.outer_as_id
        for row in source.refunds
        if row.document.as_id not in arrived or not row.document.so_id
    }
    assert cannot
    assert await Clerk(world).post(cannot) == []
    assert world.audit(cannot).clean
    assert world.stock_off() == []


def test_a_document_appears_while_somebody_pages() -> None:
    world = World()
    world.feed_busy(seed=1, documents=3)
    world.jushuitan.newcomer()
    assert world.queued == 2
    for _ in range(4):
        world.jushuitan.newcomer()
    assert world.queued == 0
