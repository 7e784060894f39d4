"""A busy day of any length: everything the sample day has, drawn by chance, so many documents that they meet."""

from __future__ import annotations

import random
from decimal import Decimal

from sandbox.jushuitan.documents import GoodStatus, Outbound, RefundType
from sandbox.rates.data import PUBLISHED
from sandbox.world.feed import Feed, FeedError, Later, LaterKind, NextId, Opening, ShopId
from sandbox.world.sample_day import DAY, SUNDAY, feed_of
from sandbox.world.sample_goods import (
    BOOKMARK,
    GREEN_TEA,
    JASMINE_TEA,
    ORDINARY_GOODS,
    ORDINARY_SHOPS,
    POSTAGE,
    SCARCE,
    TEAPOT,
    UNMAPPED_GOODS,
    UNMAPPED_SHOP,
    WAREHOUSES,
    WRAPPING,
    SampleGoods,
    SampleShop,
)
from sandbox.world.sample_writer import DayWriter, Item

DAYS = (*(day for day in sorted(PUBLISHED) if day <= DAY), SUNDAY)
"""Days the orders were shipped on: each currency has a rate of its own on each, but for the last one."""
_MOST_LINES = 5
_REACH_BACK = 40
"""A return takes back one of the latest so many orders, so that many of the two are on their way together."""


def busy_feed(next_id: NextId, shop_id: ShopId, *, seed: int, documents: int) -> Feed:
    """A feed of exactly so many documents.

    Most are orders of one to five lines; about a fifth are returns, whole or in part, some of which appear before
    their order. A few cannot be posted as they are: goods or a shop without a mapping, goods that Kingdee is short of,
    a negative quantity, a return whose order is unknown or whose goods are still on their way, money without goods.

    Args:
        seed: the same seed makes the same feed.

    Raises:
        FeedError: `documents` is not positive.
    """
    if documents < 1:
        raise FeedError(f"expected at least one document, found {documents}")
    day = _BusyDay(DayWriter(DAY, next_id, shop_id, seed), random.Random(seed))  # noqa: S311 - repeatable on purpose
    while len(day.writer.documents) < documents:
        day.another()
    return feed_of(day.writer, day.later, shop_id)


class _BusyDay:
    """Draws one document after the other."""

    def __init__(self, writer: DayWriter, dice: random.Random) -> None:
        self.writer = writer
        self.later: list[Later] = []
        self._dice = dice
        self._sold: list[Outbound] = []
        """Orders nobody has sent anything back of."""

    def another(self) -> None:
        """One more document."""
        drawn = self._dice.random()
        if drawn < 0.20 and len(self._sold) > _REACH_BACK // 2:
            self._return()
        elif drawn < 0.25:
            self._cannot_be_posted()
        else:
            self._sold.append(self._order())

    def _order(self) -> Outbound:
        drawn = self._dice.random()
        if drawn < 0.10:
            tea = self._dice.choice([GREEN_TEA, JASMINE_TEA])
            return self._sell([Item(tea, lots=(self._dice.randint(1, 4), self._dice.randint(1, 4)))])
        items = [Item(self._dice.choice(ORDINARY_GOODS)) for _ in range(self._dice.randint(1, _MOST_LINES))]
        if drawn < 0.20:
            items.append(Item(self._dice.choice([BOOKMARK, POSTAGE, WRAPPING]), 1))
        return self._sell(items)

    def _sell(self, items: list[Item], shop: SampleShop | None = None) -> Outbound:
        shop = shop or self._dice.choice(ORDINARY_SHOPS)
        return self.writer.sell(shop, self._dice.choice(WAREHOUSES), items, day=self._dice.choice(DAYS))

    def _cannot_be_posted(self) -> None:
        match self._dice.randrange(4):
            case 0:
                self._sell([Item(UNMAPPED_GOODS), self._something()])
            case 1:
                self._sell([self._something()], UNMAPPED_SHOP)
            case 2:
                self._sell([self._something(), Item(TEAPOT, -2)])
            case _:
                short = self._sell([Item(SCARCE)])
                missing = Opening(short.wms_co_id, SCARCE.sku_id, short.items[0].qty)
                self.later.append(Later(LaterKind.RESTOCK, short.so_id, restock=missing))

    def _something(self) -> Item:
        goods: SampleGoods = self._dice.choice(ORDINARY_GOODS)
        return Item(goods)

    def _return(self) -> None:
        position = self._dice.randrange(max(0, len(self._sold) - _REACH_BACK), len(self._sold))
        sold = self._sold.pop(position)
        drawn = self._dice.random()
        if drawn < 0.06:
            self._refund_without_goods(sold)
        elif drawn < 0.10:
            line = self.writer.returned(sold.items[0], Decimal(1), matched=False)
            self.writer.refund(sold, [line], received=True, matched=False)
        elif drawn < 0.18:
            coming = self.writer.refund(sold, [self.writer.returned(sold.items[0], Decimal(1))])
            self.later.append(Later(LaterKind.RECEIVE, coming.outer_as_id))
        else:
            self._goods_back(sold)

    def _refund_without_goods(self, sold: Outbound) -> None:
        line = self.writer.returned(sold.items[0], Decimal(1))
        self.writer.refund(sold, [line], kind=RefundType.REFUND_ONLY, good_status=GoodStatus.BUYER_RECEIVED)

    def _goods_back(self, sold: Outbound) -> None:
        """All of the order, or a part of its lines; now and then the source shows the return first."""
        whole = self._dice.random() < 0.3
        parts = [line.qty if whole else Decimal(self._dice.randint(0, int(line.qty))) for line in sold.items]
        if not any(parts):
            parts[0] = Decimal(1)
        self.writer.take_back(sold, parts)
        if self._dice.random() < 0.25:
            self._show_before(sold)

    def _show_before(self, sold: Outbound) -> None:
        """Let the document written last appear right before an order."""
        documents = self.writer.documents
        place = next(at for at, document in enumerate(documents) if document.outbound is sold)
        documents.insert(place, documents.pop())
