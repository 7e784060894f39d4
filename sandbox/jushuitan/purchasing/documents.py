"""Suppliers and the documents of purchasing (vendor sections 8.4 and 10.6 to 10.8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sandbox.jushuitan.documents import ZERO
from sandbox.jushuitan.warehousing.documents import StockDocument


@dataclass(frozen=True, slots=True)
class Supplier:
    """`supplier_id` is the tenant's own number, `supplier_code` the caller's."""

    supplier_id: int
    supplier_code: str
    name: str
    enabled: bool = True
    group: str = ""
    remark: str = ""
    remark2: str = ""
    remark3: str = ""
    depositbank: str = ""
    bankacount: str = ""
    acountnumber: str = ""


class PurchaseStatus(StrEnum):
    """`status` of a purchase order."""

    CREATING = "Creating"
    WAITING = "WaitConfirm"
    CONFIRMED = "Confirmed"
    FINISHED = "Finished"
    CANCELLED = "Cancelled"
    DELETED = "Delete"


class ReceiveStatus(StrEnum):
    """`receive_status` of a purchase order."""

    TIMEOUT = "Timeout"
    RECEIVED = "Received"
    PARTLY = "Part_Received"
    NOT_YET = "Not_Received"


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """Pieces ordered, of which `in_qty` have come; `tax_rate` in percent."""

    poi_id: int
    sku_id: str
    qty: Decimal
    price: Decimal
    name: str = ""
    in_qty: Decimal = ZERO
    return_qty: Decimal = ZERO
    tax_rate: Decimal | None = None
    delivery_date: date | None = None
    remark: str = ""

    @property
    def open_qty(self) -> Decimal:
        return max(self.qty - self.in_qty, ZERO)


@dataclass(frozen=True, slots=True)
class PurchaseOrder:
    """采购单 (section 10.6). `so_id` is the caller's number."""

    po_id: int
    so_id: str
    po_date: datetime
    status: PurchaseStatus
    supplier_id: int
    seller: str
    wms_co_id: int
    items: tuple[PurchaseLine, ...]
    item_type: str = "成品"
    tax_rate: Decimal | None = None
    more_rate: int | None = None
    freight: Decimal = ZERO
    purchaser_name: str = ""
    send_address: str = ""
    term: str = ""
    remark: str = ""
    labels: tuple[str, ...] = ()
    confirm_date: datetime | None = None
    finish_time: datetime | None = None

    @property
    def receive_status(self) -> ReceiveStatus:
        if all(line.open_qty == 0 for line in self.items):
            return ReceiveStatus.RECEIVED
        return ReceiveStatus.PARTLY if any(line.in_qty for line in self.items) else ReceiveStatus.NOT_YET


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseIn(StockDocument):
    """采购进仓 (section 10.7)."""

    supplier_id: int | None
    supplier_name: str
    po_id: int | None = None
    tax_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseReturn(StockDocument):
    """采购退货 (section 10.8)."""

    supplier_id: int | None
    supplier_name: str
    po_id: int | None = None
