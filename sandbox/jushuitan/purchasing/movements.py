"""What purchasing does to stock (vendor sections 9.1 and 10.6 to 10.8)."""

from __future__ import annotations

from sandbox.jushuitan.purchasing.documents import PurchaseIn, PurchaseOrder, PurchaseReturn, PurchaseStatus
from sandbox.jushuitan.stock import FIGURE_OF_AREA, Figure, Movement


def purchase_order_movements(order: PurchaseOrder) -> list[Movement]:
    """What a confirmed order still has to bring is on the way."""
    if order.status is not PurchaseStatus.CONFIRMED:
        return []
    return [Movement(order.wms_co_id, line.sku_id, Figure.PURCHASE, line.open_qty) for line in order.items]


def purchase_in_movements(document: PurchaseIn) -> list[Movement]:
    if not document.status.moved_goods:
        return []
    figure = FIGURE_OF_AREA[document.wh_id]
    return [Movement(document.wms_co_id, line.sku_id, figure, line.qty) for line in document.items]


def purchase_return_movements(document: PurchaseReturn) -> list[Movement]:
    if not document.status.moved_goods:
        return []
    figure = FIGURE_OF_AREA[document.wh_id]
    return [Movement(document.wms_co_id, line.sku_id, figure, -line.qty) for line in document.items]
