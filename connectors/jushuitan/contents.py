"""What a document says, in one form for what we want to write and for what the vendor shows: equal or not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from connectors.jushuitan.new_documents import (
    Direction,
    NewLine,
    NewOther,
    NewPurchaseIn,
    NewPurchaseOrder,
    NewPurchaseReturn,
    NewTransfer,
)
from connectors.jushuitan.stock_models import (
    OtherDocument,
    OtherType,
    PurchaseInDocument,
    PurchaseItem,
    PurchaseOrderDocument,
    PurchaseReturnDocument,
    StockItem,
    TransferDocument,
    TransferType,
)
from domain.documents import Frozen


class Content(Frozen):
    """Where goods move, and how many pieces of each; lots and prices are left out: the vendor may add to them."""

    way: tuple[str, ...]
    pieces: tuple[tuple[str, Decimal], ...]

    def difference(self, other: Content) -> str:
        """What the other one has otherwise, in words for people; empty when nothing."""
        way = [] if self.way == other.way else [f"{'→'.join(self.way)} / {'→'.join(other.way)}"]
        ours, theirs = dict(self.pieces), dict(other.pieces)
        pieces = [
            f"{sku}: {_pieces(ours.get(sku))} / {_pieces(theirs.get(sku))}"
            for sku in sorted(ours.keys() | theirs.keys())
            if ours.get(sku) != theirs.get(sku)
        ]
        return "; ".join(way + pieces)


def other_wanted(new: NewOther) -> Content:
    return Content(way=(new.direction.value, f"{new.wms_co_id}/{new.area}"), pieces=_sums(new.lines))


def other_found(there: OtherDocument) -> Content:
    direction = Direction.OUT if there.type is OtherType.OUT else Direction.IN
    return Content(way=(direction.value, f"{there.wms_co_id}/{there.wh_id}"), pieces=_sums(there.items))


def transfer_wanted(new: NewTransfer) -> Content:
    way = (f"{new.from_wms_co_id}/{new.from_area}", f"{new.to_wms_co_id}/{new.to_area}")
    return Content(way=way, pieces=_sums(new.lines))


def transfer_found(there: TransferDocument) -> Content:
    ends = (there.wms_co_id, there.link_wms_co_id)
    sender, receiver = ends if there.type is TransferType.OUT else ends[::-1]
    return Content(way=(f"{sender}/{there.wh_id}", f"{receiver}/{there.link_wh_id}"), pieces=_sums(there.items))


def purchase_wanted(new: NewPurchaseIn | NewPurchaseReturn) -> Content:
    return Content(way=(f"{new.wms_co_id}/{new.area}",), pieces=_sums(new.lines))


def purchase_found(there: PurchaseInDocument | PurchaseReturnDocument) -> Content:
    return Content(way=(f"{there.wms_co_id}/{there.wh_id}",), pieces=_sums(there.items))


def order_wanted(new: NewPurchaseOrder) -> Content:
    return Content(way=(str(new.supplier_id), str(new.wms_co_id)), pieces=_sums(new.lines))


def order_found(there: PurchaseOrderDocument) -> Content:
    return Content(way=(there.supplier_id or "", there.wms_co_id or ""), pieces=_sums(there.items))


def _sums(lines: Iterable[NewLine | StockItem | PurchaseItem]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for line in lines:
        sums[line.sku_id] += line.qty
    return tuple(sorted(sums.items()))


def _pieces(qty: Decimal | None) -> str:
    return "–" if qty is None else format(qty.normalize(), "f")
