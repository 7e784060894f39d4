"""Stock documents field by field as on the wire: counts, other in/out, transfers, purchases (sections 9 and 10).

Only fields with a meaning for a bill (names of areas and suppliers have none); the vendor may send more. What is
missing, null or empty on the wire is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import ValidationError, model_validator
from pydantic_core import InitErrorDetails

from connectors.jushuitan.models import BatchRow, Row
from connectors.jushuitan.values import Blank, Moment, Number, RequiredNumber, RequiredText, Rows, Text, Texts
from domain.complaints import wrong_value


class StockStatus(StrEnum):
    """`status` of a stock document; each kind knows some of them."""

    CREATING = "Creating"
    WAIT_CONFIRM = "WaitConfirm"
    CONFIRMING = "Confirming"
    PICKING = "Picking"
    OUTER_CONFIRMING = "OuterConfirming"
    CONFIRMED = "Confirmed"
    CANCELLED = "Cancelled"
    """Taken back after it took effect."""
    DELETE = "Delete"
    """Given up before it took effect."""
    ARCHIVE = "Archive"

    @property
    def took_effect(self) -> bool:
        """The goods have moved."""
        return self in (StockStatus.CONFIRMED, StockStatus.ARCHIVE)

    @property
    def was_taken_back(self) -> bool:
        return self in (StockStatus.CANCELLED, StockStatus.DELETE)


class StockItem(Row):
    """A line of a stock document. Goods of a lot name it here where the document has no rows of lots."""

    sku_id: RequiredText
    qty: RequiredNumber
    ioi_id: Text = None
    i_id: Text = None
    name: Text = None
    properties_value: Text = None
    unit: Text = None
    cost_price: Number = None
    cost_amount: Number = None
    sale_price: Number = None
    sale_amount: Number = None
    tax_rate: Number = None
    batch_no: Text = None
    product_date: Moment = None
    expiration_date: Moment = None
    supplier_id: Text = None
    remark: Text = None

    @model_validator(mode="before")
    @classmethod
    def _one_name_of_a_lot(cls, row: Any) -> Any:
        """Purchases call it `batch_no`, the others `batch_id`."""
        if isinstance(row, Mapping) and not row.get("batch_no") and row.get("batch_id"):
            return {**row, "batch_no": row["batch_id"]}
        return row


class CountItem(StockItem):
    """A line of a count: `qty` is the signed difference, `r_qty` the quantity after it."""

    r_qty: RequiredNumber


class TransferItem(StockItem):
    """A line of a transfer: `r_qty` is what was counted on arrival."""

    r_qty: Number = None


class StockDocument(Row):
    """What all stock documents have. One whose goods have moved must say when, and have lines.

    Attributes:
        so_id: the number the outside world gave.
        f_status: of the finance audit.
    """

    io_id: RequiredText
    status: StockStatus
    f_status: Text = None
    io_date: Moment = None
    created: Moment = None
    modified: Moment = None
    so_id: Text = None
    wms_co_id: Text = None
    wh_id: Text = None
    remark: Text = None
    labels: Texts = ()
    items: Annotated[tuple[StockItem, ...], Rows] = ()
    batchs: Annotated[tuple[BatchRow, ...], Rows] = ()

    @model_validator(mode="after")
    def _goods_that_moved(self) -> Self:
        if not self.status.took_effect:
            return self
        wrong: list[InitErrorDetails] = []
        if self.io_date is None:
            wrong.append(wrong_value("io_date", "the time the goods moved", None))
        if not self.items:
            wrong.append(wrong_value("items", "at least one line", None))
        wrong += self._wrong_quantities()
        if wrong:
            raise ValidationError.from_exception_data(type(self).__name__, wrong)
        return self

    def _wrong_quantities(self) -> list[InitErrorDetails]:
        return [
            wrong_value(("items", index, "qty"), "a quantity above 0", item.qty)
            for index, item in enumerate(self.items)
            if item.qty <= 0
        ]


class CountDocument(StockDocument):
    """A stock count (section 9.2): the source of 盘盈 and 盘亏."""

    items: Annotated[tuple[CountItem, ...], Rows] = ()

    def _wrong_quantities(self) -> list[InitErrorDetails]:
        """A difference may be anything; what is there after a count may not be less than nothing."""
        return [
            wrong_value(("items", index, "r_qty"), "a counted quantity of 0 or more", item.r_qty)
            for index, item in enumerate(self.items)
            if item.r_qty < 0
        ]


class OtherType(StrEnum):
    """`type` of an other in/out document."""

    OUT = "其它出库"
    IN = "其它进仓"
    RETURN = "其它退货"
    """In as well: what an upload of type `in` makes (section 9.6)."""


class OtherDocument(StockDocument):
    """Goods in or out for another reason (section 9.6): the source of 其他入库 and 其他出库.

    Attributes:
        reason: 出入库类型, `drop_co_name` or `drp_co_name` on the wire.
    """

    type: OtherType
    reason: Text = None
    inout_user: Text = None

    @model_validator(mode="before")
    @classmethod
    def _either_spelling(cls, row: Any) -> Any:
        if not isinstance(row, Mapping) or row.get("reason"):
            return row
        return {**row, "reason": row.get("drop_co_name") or row.get("drp_co_name")}


class TransferType(StrEnum):
    """Which half of a transfer a document is."""

    OUT = "调拨出"
    IN = "调拨入"


class TransferDocument(StockDocument):
    """One half of a transfer (section 9.5): the source of 直接调拨, or of 分步式调出 and 分步式调入.

    `wms_co_id` is this half's own warehouse and `link_wms_co_id` the other one; `wh_id` is the area the goods leave
    and `link_wh_id` the one they enter, in either half.
    """

    type: TransferType
    link_io_id: Text = None
    link_wms_co_id: Text = None
    link_wh_id: Text = None
    out_io_id: Text = None
    items: Annotated[tuple[TransferItem, ...], Rows] = ()


class PurchaseInDocument(StockDocument):
    """Goods of a purchase that came in (section 10.7): the source of 采购入库."""

    type: Text = None
    po_id: Text = None
    out_io_id: Text = None
    supplier_id: Text = None
    tax_rate: Number = None


class PurchaseReturnDocument(StockDocument):
    """Goods of a purchase that went back (section 10.8): the source of 采购退料. `seller_id` is the supplier."""

    po_id: Text = None
    out_io_id: Text = None
    seller_id: Text = None


class PurchaseStatus(StrEnum):
    """`status` of a purchase order."""

    CREATING = "Creating"
    WAIT_CONFIRM = "WaitConfirm"
    CONFIRMED = "Confirmed"
    FINISHED = "Finished"
    CANCELLED = "Cancelled"
    DELETE = "Delete"

    @property
    def took_effect(self) -> bool:
        """The order was given."""
        return self in (PurchaseStatus.CONFIRMED, PurchaseStatus.FINISHED)

    @property
    def was_taken_back(self) -> bool:
        return self in (PurchaseStatus.CANCELLED, PurchaseStatus.DELETE)


class ReceiveStatus(StrEnum):
    """`receive_status` of a purchase order."""

    TIMEOUT = "Timeout"
    RECEIVED = "Received"
    PART_RECEIVED = "Part_Received"
    NOT_RECEIVED = "Not_Received"


class PurchaseItem(Row):
    """A line of a purchase order: `qty` ordered, `in_qty` (`inQty` on the wire) come."""

    sku_id: RequiredText
    qty: RequiredNumber
    price: Number = None
    tax_rate: Number = None
    poi_id: Text = None
    name: Text = None
    in_qty: Number = None
    return_qty: Number = None
    delivery_date: Moment = None
    remark: Text = None

    @model_validator(mode="before")
    @classmethod
    def _camel_case(cls, row: Any) -> Any:
        return {**row, "in_qty": row["inQty"]} if isinstance(row, Mapping) and "inQty" in row else row


class PurchaseOrderDocument(Row):
    """A purchase order (section 10.6). It has no currency."""

    po_id: RequiredText
    status: PurchaseStatus
    receive_status: Annotated[ReceiveStatus | None, Blank] = None
    so_id: Text = None
    po_date: Moment = None
    modified: Moment = None
    supplier_id: Text = None
    seller: Text = None
    wms_co_id: Text = None
    tax_rate: Number = None
    freight: Number = None
    term: Text = None
    remark: Text = None
    labels: Texts = ()
    items: Annotated[tuple[PurchaseItem, ...], Rows] = ()


class StockLevel(Row):
    """What a warehouse has of a goods code (section 9.1), or all warehouses together.

    Attributes:
        qty: pieces in the main area.
        return_qty, in_qty, defective_qty: pieces in those areas.
        order_lock, pick_lock: reserved by orders, waiting to be shipped.
        purchase_qty, allocate_qty, sale_refund_qty: on the way.
        lock_qty: only where it was asked for.
    """

    sku_id: RequiredText
    qty: RequiredNumber
    i_id: Text = None
    name: Text = None
    order_lock: Number = None
    pick_lock: Number = None
    virtual_qty: Number = None
    purchase_qty: Number = None
    return_qty: Number = None
    in_qty: Number = None
    defective_qty: Number = None
    allocate_qty: Number = None
    sale_refund_qty: Number = None
    lock_qty: Number = None
    modified: Moment = None


class LedgerItem(Row):
    """A movement of the ledger; `qty_type` is 1 for in and -1 for out."""

    sku_id: RequiredText
    qty: RequiredNumber
    qty_type: RequiredNumber
    r_qty: Number = None
    ioi_id: Text = None


class LedgerDocument(Row):
    """A stock document as the ledger over all of them shows it (section 9.7)."""

    io_id: RequiredText
    type: RequiredText
    status: RequiredText
    wms_co_id: Text = None
    wh_id: Text = None
    link_wh_id: Text = None
    link_io_id: Text = None
    o_id: Text = None
    so_id: Text = None
    shop_id: Text = None
    supplier_id: Text = None
    io_date: Moment = None
    modified: Moment = None
    remark: Text = None
    items: Annotated[tuple[LedgerItem, ...], Rows] = ()

    @model_validator(mode="before")
    @classmethod
    def _one_or_many(cls, row: Any) -> Any:
        """The vendor page leaves open whether `items` is a list or one object."""
        if isinstance(row, Mapping) and isinstance(row.get("items"), Mapping):
            return {**row, "items": [row["items"]]}
        return row
