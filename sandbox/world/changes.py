"""What a clerk does at the source to a document that was seen before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from sandbox.jushuitan.documents import Outbound, OutboundLine, RefundStatus
from sandbox.jushuitan.state import JushuitanState, Kind


class Change(StrEnum):
    """Kinds of change. Those of orders and those of returns exclude each other, but for TOUCH and REMARK."""

    TOUCH = "touch"
    """A new time of change and row version, and nothing else."""
    REMARK = "remark"
    """A note, which means nothing for the books."""
    QUANTITY = "quantity"
    """One piece more of the first line that is not in lots."""
    PRICE = "price"
    """The first line that costs something costs one more."""
    CANCEL = "cancel"
    """Shipping is taken back."""
    UNCONFIRM = "unconfirm"
    """A confirmed return goes back to waiting."""
    CONFIRM = "confirm"
    """And is confirmed (again)."""


def change(source: JushuitanState, ids: dict[str, int], kind: Change) -> bool:
    """Change a document as it stands; False when it is none of those that can be changed so.

    Args:
        ids: its ids at the source, see `expected.source_ids`.
    """
    if "io_id" in ids:
        return _change_order(source, source.outbound(ids["io_id"]), kind)
    return _change_return(source, ids["as_id"], kind)


def _change_order(source: JushuitanState, order: Outbound, kind: Change) -> bool:
    if not order.status.is_shipped:
        return False
    match kind:
        case Change.TOUCH:
            source.touch(Kind.OUTBOUND, order.io_id)
        case Change.REMARK:
            source.edit_outbound(order.io_id, remark=order.remark + "*")
        case Change.CANCEL:
            source.cancel_outbound(order.io_id)
        case Change.QUANTITY:
            in_lots = {batch.sku_id for batch in order.batchs}
            return _change_line(
                source, order, lambda line: line.sku_id not in in_lots, lambda line: replace(line, qty=line.qty + 1)
            )
        case Change.PRICE:
            return _change_line(
                source,
                order,
                lambda line: line.sale_price > 0,
                lambda line: replace(line, sale_price=line.sale_price + 1),
            )
        case _:
            return False
    return True


def _change_line(
    source: JushuitanState,
    order: Outbound,
    fits: Callable[[OutboundLine], bool],
    edited: Callable[[OutboundLine], OutboundLine],
) -> bool:
    """Edit the first line that fits and is sound; its amount goes along."""
    place = next((at for at, line in enumerate(order.items) if line.qty > 0 and fits(line)), None)
    if place is None:
        return False
    lines = list(order.items)
    line = edited(lines[place])
    lines[place] = replace(line, sale_amount=line.qty * line.sale_price)
    source.edit_outbound(order.io_id, items=tuple(lines))
    return True


def _change_return(source: JushuitanState, as_id: int, kind: Change) -> bool:
    refund = source.refund(as_id)
    match kind, refund.status:
        case Change.TOUCH, _:
            source.touch(Kind.REFUND, as_id)
        case Change.REMARK, _:
            source.edit_refund(as_id, remark=refund.remark + "*")
        case Change.UNCONFIRM, RefundStatus.CONFIRMED:
            source.unconfirm_refund(as_id)
        case Change.CONFIRM, RefundStatus.WAITING:
            source.confirm_refund(as_id)
        case _:
            return False
    return True
