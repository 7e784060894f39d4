"""What stock documents do to stock (vendor section 9)."""

from __future__ import annotations

from sandbox.jushuitan.stock import FIGURE_OF_AREA, Figure, Movement
from sandbox.jushuitan.warehousing.documents import OtherInOut, StockCount, Transfer, TransferType, arrived


def other_movements(document: OtherInOut) -> list[Movement]:
    """Goods that came in or left for whatever reason."""
    if not document.status.moved_goods:
        return []
    figure, sign = FIGURE_OF_AREA[document.wh_id], 1 if document.type.comes_in else -1
    return [Movement(document.wms_co_id, line.sku_id, figure, sign * line.qty) for line in document.items]


def count_movements(count: StockCount) -> list[Movement]:
    """The differences a count found."""
    if not count.status.moved_goods:
        return []
    figure = FIGURE_OF_AREA[count.wh_id]
    return [Movement(count.wms_co_id, line.sku_id, figure, line.qty) for line in count.items]


def transfer_movements(transfer: Transfer) -> list[Movement]:
    """The first half takes goods out and puts them on the way to the receiver, the second takes them off it and in.

    What was sent and did not arrive stays on the way.
    """
    if not transfer.status.moved_goods:
        return []
    moves: list[Movement] = []
    for line in transfer.items:
        if transfer.type is TransferType.OUT:
            moves.append(Movement(transfer.wms_co_id, line.sku_id, FIGURE_OF_AREA[transfer.wh_id], -line.qty))
            moves.append(Movement(transfer.receiver, line.sku_id, Figure.ALLOCATE, line.qty))
        else:
            moves.append(Movement(transfer.receiver, line.sku_id, Figure.ALLOCATE, -arrived(line)))
            moves.append(Movement(transfer.receiver, line.sku_id, FIGURE_OF_AREA[transfer.link_wh_id], arrived(line)))
    return moves
