"""The stock engine: what each document does to stock, and the stock card of every warehouse and goods code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sandbox.jushuitan.documents import (
    ZERO,
    Area,
    GoodStatus,
    Order,
    Outbound,
    OutboundStatus,
    Received,
    Refund,
    RefundStatus,
    RefundType,
)

ALL_WAREHOUSES = 0
"""`wms_co_id` of the card that sums a goods code over all warehouses."""


class Figure(StrEnum):
    """The quantities of a stock card, by their wire names (vendor section 9.1)."""

    QTY = "qty"
    ORDER_LOCK = "order_lock"
    PICK_LOCK = "pick_lock"
    VIRTUAL = "virtual_qty"
    PURCHASE = "purchase_qty"
    RETURN = "return_qty"
    IN = "in_qty"
    DEFECTIVE = "defective_qty"
    CUSTOM_1 = "customize_qty_1"
    CUSTOM_2 = "customize_qty_2"
    CUSTOM_3 = "customize_qty_3"
    ALLOCATE = "allocate_qty"
    SALE_REFUND = "sale_refund_qty"


FIGURE_OF_AREA: dict[str, Figure] = {
    Area.MAIN: Figure.QTY,
    Area.RETURNS: Figure.RETURN,
    Area.INCOMING: Figure.IN,
    Area.DEFECTIVE: Figure.DEFECTIVE,
    "6": Figure.CUSTOM_1,
    "7": Figure.CUSTOM_2,
    "8": Figure.CUSTOM_3,
}
"""Which figure shows the stock of an area, by `wh_id`."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A change of one figure of one stock card."""

    wms_co_id: int
    sku_id: str
    figure: Figure
    qty: Decimal

    @property
    def undone(self) -> Movement:
        return Movement(self.wms_co_id, self.sku_id, self.figure, -self.qty)


@dataclass(frozen=True, slots=True)
class StockCard:
    """Figures of one goods code in one warehouse (or in all of them)."""

    wms_co_id: int
    sku_id: str
    figures: dict[Figure, Decimal]

    def moved(self, movements: Iterable[Movement]) -> StockCard:
        """The card after these movements of its own goods code."""
        figures = dict(self.figures)
        for movement in movements:
            figures[movement.figure] = figures.get(movement.figure, ZERO) + movement.qty
        return StockCard(self.wms_co_id, self.sku_id, figures)


def order_movements(order: Order) -> list[Movement]:
    """An order that will be shipped reserves its quantities."""
    if not order.status.reserves_stock:
        return []
    return [Movement(order.wms_co_id, line.sku_id, Figure.ORDER_LOCK, line.qty) for line in order.items]


def outbound_movements(outbound: Outbound) -> list[Movement]:
    """Shipped goods left their area; goods about to be shipped are locked for picking."""
    if outbound.status.is_shipped:
        figure = FIGURE_OF_AREA[outbound.wh_id]
        return [Movement(outbound.wms_co_id, line.sku_id, figure, -line.qty) for line in outbound.items]
    if outbound.status is OutboundStatus.WAITING:
        return [Movement(outbound.wms_co_id, line.sku_id, Figure.PICK_LOCK, line.qty) for line in outbound.items]
    return []


def refund_movements(refund: Refund) -> list[Movement]:
    """A confirmed return whose goods are still to come counts as returns on the way."""
    if refund.status is not RefundStatus.CONFIRMED or refund.type is RefundType.REFUND_ONLY:
        return []
    if refund.good_status is GoodStatus.SELLER_RECEIVED:
        return []
    return [Movement(refund.wms_co_id, line.sku_id, Figure.SALE_REFUND, line.qty - line.r_qty) for line in refund.items]


def received_movements(received: Received) -> list[Movement]:
    """Goods that came back are in the area they were booked into."""
    if received.status is not RefundStatus.CONFIRMED:
        return []
    figure = FIGURE_OF_AREA[received.wh_id]
    return [Movement(received.wms_co_id, line.sku_id, figure, line.qty) for line in received.items]
