"""Stock documents: what moves goods without a sale or a purchase (vendor sections 9.2, 9.5 and 9.6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sandbox.jushuitan.documents import Area, Batch


class StockStatus(StrEnum):
    """`status` of a stock document; each kind knows some of them."""

    CREATING = "Creating"
    WAITING = "WaitConfirm"
    CONFIRMING = "Confirming"
    PICKING = "Picking"
    OUTER_CONFIRMING = "OuterConfirming"
    CONFIRMED = "Confirmed"
    CANCELLED = "Cancelled"
    """Taken back after it took effect."""
    DELETED = "Delete"
    """Given up before it took effect."""
    ARCHIVED = "Archive"

    @property
    def moved_goods(self) -> bool:
        return self in (StockStatus.CONFIRMED, StockStatus.ARCHIVED)

    @property
    def is_open(self) -> bool:
        """It may still take effect."""
        return self not in (
            StockStatus.CONFIRMED,
            StockStatus.ARCHIVED,
            StockStatus.CANCELLED,
            StockStatus.DELETED,
        )


@dataclass(frozen=True, slots=True)
class StockLine:
    """A line of a stock document. Without a price the API has none for it.

    Attributes:
        qty: pieces; in a count the signed difference, everywhere else above 0.
        r_qty: pieces really there: after a count, or on arrival of a transfer.
        tax_rate: percent.
    """

    ioi_id: int
    sku_id: str
    qty: Decimal
    name: str = ""
    price: Decimal | None = None
    r_qty: Decimal | None = None
    tax_rate: Decimal | None = None
    batch_no: str = ""
    product_date: date | None = None
    expiration_date: date | None = None
    supplier_id: int | None = None
    remark: str = ""

    @property
    def amount(self) -> Decimal | None:
        return None if self.price is None else self.price * self.qty


@dataclass(frozen=True, slots=True, kw_only=True)
class StockDocument:
    """What all stock documents have.

    Attributes:
        so_id: the caller's own number.
        f_status: of the finance audit.
    """

    io_id: int
    status: StockStatus
    io_date: datetime
    wms_co_id: int
    items: tuple[StockLine, ...]
    wh_id: str = Area.MAIN.value
    so_id: str = ""
    remark: str = ""
    labels: tuple[str, ...] = ()
    batchs: tuple[Batch, ...] = ()
    f_status: StockStatus = StockStatus.WAITING


class OtherType(StrEnum):
    """`type` of an other in/out document."""

    OUT = "其它出库"
    IN = "其它进仓"
    RETURN = "其它退货"
    """In as well: what an upload of type `in` makes."""

    @property
    def comes_in(self) -> bool:
        return self is not OtherType.OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherInOut(StockDocument):
    """其它出入库 (section 9.6). `reason` is the vendor's `drop_co_name`."""

    type: OtherType
    reason: str = ""


class TransferType(StrEnum):
    """Which half of a transfer a document is."""

    OUT = "调拨出"
    IN = "调拨入"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(StockDocument):
    """One half of a transfer (section 9.5).

    `wms_co_id` is the half's own warehouse, `link_wms_co_id` the other one. `wh_id` is the area the goods leave and
    `link_wh_id` the one they enter, in either half.
    """

    type: TransferType
    link_io_id: int
    link_wms_co_id: int
    link_wh_id: str = Area.MAIN.value

    @property
    def receiver(self) -> int:
        """`wms_co_id` of the warehouse the goods go to."""
        return self.link_wms_co_id if self.type is TransferType.OUT else self.wms_co_id


@dataclass(frozen=True, slots=True, kw_only=True)
class StockCount(StockDocument):
    """盘点 (section 9.2).

    Attributes:
        sets: whether it overwrites the stock of its goods with `r_qty` (an upload of type `check`, a count on the
            shelf) or changes it by `qty` (`adjust`).
    """

    sets: bool = True


def arrived(line: StockLine) -> Decimal:
    """Pieces of a transfer that really came."""
    return line.qty if line.r_qty is None else line.r_qty
