"""A small day of our own making that has one of everything: what is posted, what is held, and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from sandbox.jushuitan.documents import GoodStatus, Outbound, RefundType
from sandbox.world.feed import Feed, FeedDocument, FeedError, Later, LaterKind, NextId, Opening, ShopId
from sandbox.world.sample_goods import (
    ALL_GOODS,
    ALL_SHOPS,
    BOOKMARK,
    CANDLE,
    CN,
    DE,
    GREEN_TEA,
    HANGZHOU,
    JASMINE_TEA,
    JP,
    NAPKIN,
    NINGBO,
    ORDINARY_GOODS,
    ORDINARY_SHOPS,
    POSTAGE,
    SCARCE,
    TEAPOT,
    TRAY,
    UK,
    UNMAPPED_GOODS,
    UNMAPPED_SHOP,
    US,
    WAREHOUSES,
    WRAPPING,
    feed_shop,
)
from sandbox.world.sample_writer import LOTS, DayWriter, Item

DAY = date(2026, 9, 1)
"""A Tuesday with a rate of its own."""
SUNDAY = date(2026, 8, 30)
"""A day without a rate: the last published one counts."""

_ORDINARY_ORDERS = 17
_SPARE_STOCK = Decimal(500)


def sample_feed(next_id: NextId, shop_id: ShopId, *, seed: int = 0, documents: int | None = None) -> Feed:
    """The sample day; or, with `documents`, that many ordinary orders, going round the shops and goods.

    Args:
        seed: changes quantities, prices and minutes, nothing else; the same seed gives the same day.

    Raises:
        FeedError: `documents` is not positive.
    """
    if documents is not None and documents < 1:
        raise FeedError(f"expected at least one document, found {documents}")
    writer = DayWriter(DAY, next_id, shop_id, seed)
    if documents is None:
        later = _play(writer)
    else:
        later = []
        for number in range(documents):
            _ordinary_order(writer, number)
    return feed_of(writer, later, shop_id)


def feed_of(writer: DayWriter, later: Iterable[Later], shop_id: ShopId) -> Feed:
    """What was written, with the shops, warehouses, goods and opening stock of the made-up merchant."""
    return Feed(
        documents=tuple(writer.documents),
        shops=tuple(feed_shop(shop, shop_id) for shop in ALL_SHOPS),
        warehouses=WAREHOUSES,
        goods=tuple(sample.goods for sample in ALL_GOODS),
        openings=tuple(_openings(writer.documents)),
        later=tuple(later),
    )


def _play(day: DayWriter) -> list[Later]:
    """The whole day, in the order in which its documents appear in the source; answers what happens later."""
    ordinary = [_ordinary_order(day, number) for number in range(_ORDINARY_ORDERS)]
    _sunday(day)
    _gifts_and_services(day)
    lots = _lots(day)
    later = [_gaps(day)]
    _returns(day, ordinary, lots)
    _return_before_its_order(day)
    later.append(_returns_that_stay(day))
    cancelled = day.sell(US, NINGBO, [Item(CANDLE), Item(TRAY)])
    later.append(Later(LaterKind.CANCEL, cancelled.so_id))
    return later


def _ordinary_order(day: DayWriter, number: int) -> Outbound:
    """One or two lines of ordinary goods; shop, warehouse and goods go round."""
    shop = ORDINARY_SHOPS[number % len(ORDINARY_SHOPS)]
    warehouse = WAREHOUSES[number // len(ORDINARY_SHOPS) % len(WAREHOUSES)]
    items = [Item(ORDINARY_GOODS[number % len(ORDINARY_GOODS)])]
    if number % 2:
        items.append(Item(ORDINARY_GOODS[(number + 2) % len(ORDINARY_GOODS)]))
    return day.sell(shop, warehouse, items)


def _sunday(day: DayWriter) -> None:
    day.sell(US, NINGBO, [Item(CANDLE)], day=SUNDAY)
    day.sell(JP, NINGBO, [Item(NAPKIN)], day=SUNDAY)


def _gifts_and_services(day: DayWriter) -> None:
    day.sell(UK, HANGZHOU, [Item(TEAPOT), Item(BOOKMARK, 1)])
    day.sell(DE, NINGBO, [Item(TRAY), Item(POSTAGE, 1)])
    day.sell(JP, HANGZHOU, [Item(NAPKIN), Item(WRAPPING, 1), Item(POSTAGE, 1), Item(BOOKMARK, 2)])


def _lots(day: DayWriter) -> list[Outbound]:
    return [
        day.sell(US, NINGBO, [Item(GREEN_TEA, lots=(3, 2)), Item(CANDLE)]),
        day.sell(DE, HANGZHOU, [Item(JASMINE_TEA, lots=(4,))]),
        day.sell(UK, NINGBO, [Item(GREEN_TEA, lots=(1, 5)), Item(JASMINE_TEA, lots=(2, 2))]),
    ]


def _gaps(day: DayWriter) -> Later:
    """Orders that cannot be posted before somebody does something."""
    day.sell(US, NINGBO, [Item(UNMAPPED_GOODS), Item(TRAY)])
    day.sell(UNMAPPED_SHOP, NINGBO, [Item(CANDLE)])
    day.sell(DE, NINGBO, [Item(TEAPOT), Item(TRAY, -2)])
    short = day.sell(UK, HANGZHOU, [Item(SCARCE)])
    missing = Opening(HANGZHOU.wms_co_id, SCARCE.sku_id, short.items[0].qty)
    return Later(LaterKind.RESTOCK, short.so_id, restock=missing)


def _returns(day: DayWriter, ordinary: Sequence[Outbound], lots: Sequence[Outbound]) -> None:
    """A full return, two partial ones, and two of goods in lots."""
    day.take_back(ordinary[1], [line.qty for line in ordinary[1].items])
    day.take_back(ordinary[3], [Decimal(1)])
    day.take_back(ordinary[4], [Decimal(1)])
    day.take_back(lots[0], [Decimal(4)])
    day.take_back(lots[2], [Decimal(0), Decimal(3)])


def _return_before_its_order(day: DayWriter) -> None:
    """The source shows the return first."""
    sold = day.sell(US, HANGZHOU, [Item(TEAPOT, 2)])
    shipped = day.documents.pop()
    day.take_back(sold, [Decimal(1)])
    day.documents.append(shipped)


def _returns_that_stay(day: DayWriter) -> Later:
    """A return of an order the source cannot name, money without goods, and goods that are still on their way."""
    unknown = day.sell(DE, NINGBO, [Item(TRAY, 2)])
    [line] = unknown.items
    day.refund(unknown, [day.returned(line, Decimal(1), matched=False)], received=True, matched=False)
    kept = day.sell(CN, NINGBO, [Item(TEAPOT, 1)])
    day.refund(
        kept,
        [day.returned(kept.items[0], Decimal(1))],
        kind=RefundType.REFUND_ONLY,
        good_status=GoodStatus.BUYER_RECEIVED,
    )
    sold = day.sell(JP, NINGBO, [Item(CANDLE, 3)])
    coming = day.refund(sold, [day.returned(sold.items[0], Decimal(2))])
    return Later(LaterKind.RECEIVE, coming.outer_as_id)


def _openings(documents: Iterable[FeedDocument]) -> Iterator[Opening]:
    """Enough of everything in both warehouses, in every lot where lots are managed; of the scarce goods, none."""
    needed: defaultdict[tuple[int, str], Decimal] = defaultdict(Decimal)
    for document in documents:
        if document.outbound is not None:
            for line in document.outbound.items:
                needed[document.outbound.wms_co_id, line.sku_id] += max(line.qty, Decimal(0))
    for warehouse in WAREHOUSES:
        for sample in ALL_GOODS:
            if sample.goods.service or sample is SCARCE:
                continue
            quantity = needed[warehouse.wms_co_id, sample.sku_id] + _SPARE_STOCK
            for lot in LOTS if sample.goods.batch_managed else (None,):
                yield Opening(warehouse.wms_co_id, sample.sku_id, quantity, lot)
