"""Goods of a purchase that come in or go back, and what that does to the order they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.documents import ZERO
from sandbox.jushuitan.purchasing.documents import PurchaseIn, PurchaseOrder, PurchaseReturn, PurchaseStatus
from sandbox.jushuitan.purchasing.movements import purchase_return_movements
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.upload_parts import require_stock
from sandbox.jushuitan.warehousing.documents import StockLine, StockStatus


def receive(state: JushuitanState, document: PurchaseIn, real: Mapping[str, Decimal] | None = None) -> None:
    """An open document takes effect, with the quantities that really came; a line nothing came of falls away.

    Raises Refusal 160: it is not open, or nothing came.
    """
    if not document.status.is_open:
        raise Refusal(Code.BUSINESS_REFUSED, f"采购入库单{document.io_id}状态不正确")
    items = document.items
    if real is not None:
        items = tuple(replace(line, qty=qty) for line in items if (qty := real.get(line.sku_id, ZERO)) > 0)
    if not items:
        raise Refusal(Code.BUSINESS_REFUSED, "实收数量不能全部为0")
    state.add_purchase_in(replace(document, items=items, status=StockStatus.CONFIRMED, io_date=state.now()))
    if document.po_id is not None:
        order = known_order(state, document.po_id)
        state.add_purchase_order(_with_received(state, order, items))


def send_back(state: JushuitanState, document: PurchaseReturn) -> None:
    """An open return takes effect. Raises Refusal 160: it is not open, or for want of stock."""
    if not document.status.is_open:
        raise Refusal(Code.BUSINESS_REFUSED, f"采购退货单{document.io_id}状态不正确")
    document = replace(document, status=StockStatus.CONFIRMED, io_date=state.now())
    require_stock(state, purchase_return_movements(document))
    state.add_purchase_return(document)
    if document.po_id is not None:
        order = known_order(state, document.po_id)
        left = _by_sku(document.items)
        lines = tuple(replace(line, return_qty=line.return_qty + left.pop(line.sku_id, ZERO)) for line in order.items)
        state.add_purchase_order(replace(order, items=lines))


def known_order(state: JushuitanState, po_id: int) -> PurchaseOrder:
    """Raises Refusal 160 when there is none."""
    record = state.purchase_orders.get(po_id)
    if record is None:
        raise Refusal(Code.BUSINESS_REFUSED, f"采购单{po_id}不存在")
    return record.document


def _with_received(state: JushuitanState, order: PurchaseOrder, items: tuple[StockLine, ...]) -> PurchaseOrder:
    """The order with what came; complete, it is finished. Too much of an item goes to its last line."""
    left = _by_sku(items)
    lines = list(order.items)
    for position, line in enumerate(lines):
        is_last = all(other.sku_id != line.sku_id for other in lines[position + 1 :])
        came = left.get(line.sku_id, ZERO)
        taken = came if is_last else min(came, line.open_qty)
        left[line.sku_id] = came - taken
        lines[position] = replace(line, in_qty=line.in_qty + taken)
    order = replace(order, items=tuple(lines))
    if order.status is PurchaseStatus.CONFIRMED and all(line.open_qty == 0 for line in lines):
        return replace(order, status=PurchaseStatus.FINISHED, finish_time=state.now())
    return order


def _by_sku(items: tuple[StockLine, ...]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for line in items:
        sums[line.sku_id] = sums.get(line.sku_id, ZERO) + line.qty
    return sums
