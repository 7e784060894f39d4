"""Writes the documents of the sample day: sells goods, takes them back, keeps numbers and money right."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from domain.money import currency_digits, round_half_up
from sandbox.jushuitan.config import ZONE
from sandbox.jushuitan.documents import (
    ZERO,
    Batch,
    Finance,
    GoodStatus,
    Outbound,
    OutboundLine,
    OutboundStatus,
    Received,
    Refund,
    RefundLine,
    RefundStatus,
    RefundType,
    Warehouse,
)
from sandbox.world.feed import FeedDocument, NextId, ShopId
from sandbox.world.retail import received_of
from sandbox.world.sample_goods import RECEIVERS, SampleGoods, SampleShop

_COMMISSION = Decimal("0.15")
_KEEPS = timedelta(days=540)
_OPENS = 9 * 60
_MINUTES = 600
LOTS = {"L2603A": date(2026, 3, 28), "L2604B": date(2026, 4, 12)}
"""The batches in stock, oldest first, and when they were made."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line to be sold. `quantity` None is drawn by chance; `lots` is the quantity out of each batch."""

    sample: SampleGoods
    quantity: int | None = None
    lots: tuple[int, ...] = ()


class DayWriter:
    """Writes one document after the other; the same seed draws the same quantities, prices and minutes.

    Attributes:
        documents: what was written so far, in order.
    """

    def __init__(self, day: date, next_id: NextId, shop_id: ShopId, seed: int) -> None:
        self.documents: list[FeedDocument] = []
        self._day = day
        self._next_id = next_id
        self._shop_id = shop_id
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._orders: dict[date, int] = {}
        self._returns = 0

    def sell(
        self, shop: SampleShop, warehouse: Warehouse, items: Sequence[Item], *, day: date | None = None
    ) -> Outbound:
        """A shipped order."""
        day = day or self._day
        number = self._orders[day] = self._orders.get(day, 0) + 1
        so_id = f"SO{day:%Y%m%d}-{number:04d}"
        lines, batches = [], []
        for position, item in enumerate(items, 1):
            line = self._line(shop, item, f"{so_id}-{position}")
            lines.append(line)
            batches += self._batches(line, item.lots)
        amount = sum((line.sale_amount for line in lines), ZERO)
        outbound = Outbound(
            io_id=self._next_id(),
            o_id=self._next_id(),
            so_id=so_id,
            shop_id=self._shop_id(shop.name),
            wms_co_id=warehouse.wms_co_id,
            status=OutboundStatus.CONFIRMED,
            io_date=self._moment(day),
            items=tuple(lines),
            batchs=tuple(batches),
            currency=shop.currency,
            shop_buyer_id=f"buyer-{self._random.randrange(10**6):06d}",
            receiver=self._random.choice(RECEIVERS),
            finance=_finance(shop, amount),
            l_id=f"LF{self._random.randrange(10**9):09d}",
            logistics_company="样例快递",
            tracking_number=f"TR{self._random.randrange(10**9):09d}",
        )
        self.documents.append(FeedDocument(so_id, outbound=outbound))
        return outbound

    def take_back(self, outbound: Outbound, quantities: Sequence[Decimal]) -> Refund:
        """A return, goods received, of so much of each line of an order; lines beyond the list stay sold."""
        lines = [
            self.returned(line, quantity)
            for line, quantity in zip(outbound.items, quantities, strict=False)
            if quantity
        ]
        return self.refund(outbound, lines, received=True)

    def returned(self, line: OutboundLine, quantity: Decimal, *, matched: bool = True) -> RefundLine:
        """A part of a sold line, asked back by the buyer; unmatched, it does not say which line it was."""
        return RefundLine(
            asi_id=self._next_id(),
            sku_id=line.sku_id,
            name=line.name,
            qty=quantity,
            price=line.sale_price,
            amount=quantity * line.sale_price,
            outer_oi_id=line.outer_oi_id if matched else "",
        )

    def refund(
        self,
        outbound: Outbound,
        lines: Sequence[RefundLine],
        *,
        kind: RefundType = RefundType.RETURN,
        received: bool = False,
        good_status: GoodStatus = GoodStatus.BUYER_RETURNED_GOODS,
        matched: bool = True,
    ) -> Refund:
        """A confirmed after-sales document of an order.

        Args:
            received: the goods are back in the warehouse.
            matched: False when the source does not know which order it is about.
        """
        self._returns += 1
        number = f"RT{self._day:%Y%m%d}-{self._returns:04d}"
        at = self._moment(self._day) + timedelta(hours=2)
        if received:
            lines = [replace(line, r_qty=line.qty, receive_date=at) for line in lines]
        refund = Refund(
            as_id=self._next_id(),
            outer_as_id=number,
            so_id=outbound.so_id if matched else "",
            o_id=outbound.o_id if matched else None,
            shop_id=outbound.shop_id,
            wms_co_id=outbound.wms_co_id,
            type=kind,
            status=RefundStatus.CONFIRMED,
            good_status=GoodStatus.SELLER_RECEIVED if received else good_status,
            as_date=at,
            confirm_date=at,
            items=tuple(lines),
            batchs=tuple(batch for line in lines for batch in _returned_batches(line, outbound)),
            currency=outbound.currency,
            shop_buyer_id=outbound.shop_buyer_id,
            receiver=outbound.receiver,
            question_type="七天无理由退货",
        )
        goods: Received | None = received_of(refund, self._next_id, at) if received else None
        self.documents.append(FeedDocument(number, refund=refund, received=goods))
        return refund

    def _line(self, shop: SampleShop, item: Item, number: str) -> OutboundLine:
        drawn = Decimal(self._random.randint(1, 6))
        quantity = Decimal(sum(item.lots)) if item.lots else drawn if item.quantity is None else Decimal(item.quantity)
        price = self._price(shop, item.sample)
        return OutboundLine(
            ioi_id=self._next_id(),
            oi_id=self._next_id(),
            outer_oi_id=number,
            sku_id=item.sample.sku_id,
            name=item.sample.goods.name,
            qty=quantity,
            sale_price=price,
            sale_amount=quantity * price,
            is_gift=not price,
        )

    def _price(self, shop: SampleShop, sample: SampleGoods) -> Decimal:
        """The list price in the shop's currency, up to ten percent off."""
        rebate = Decimal(self._random.randint(90, 100)) / 100
        return round_half_up(sample.price * shop.per_usd * rebate, currency_digits(shop.currency))

    def _batches(self, line: OutboundLine, quantities: Sequence[int]) -> list[Batch]:
        return [
            Batch(line.sku_id, lot, Decimal(quantity), made, made + _KEEPS, ioi_id=line.ioi_id)
            for (lot, made), quantity in zip(LOTS.items(), quantities, strict=False)
            if quantity
        ]

    def _moment(self, day: date) -> datetime:
        minutes = _OPENS + self._random.randrange(_MINUTES)
        return datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=ZONE)


def _returned_batches(line: RefundLine, outbound: Outbound) -> list[Batch]:
    """Goods come back from the batches they were sold from, the first one first."""
    left = line.qty
    batches = []
    for batch in outbound.batchs:
        part = min(left, batch.qty) if batch.sku_id == line.sku_id else ZERO
        if part > 0:
            batches.append(replace(batch, qty=part, ioi_id=None))
            left -= part
    return batches


def _finance(shop: SampleShop, amount: Decimal) -> Finance | None:
    """What the platform keeps of a cross-border sale."""
    if shop.currency == "CNY":
        return None
    digits = currency_digits(shop.currency)
    return Finance(
        platform_commission=round_half_up(amount * _COMMISSION, digits),
        product_tax=round_half_up(amount * shop.duty, digits),
    )
