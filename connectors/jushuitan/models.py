"""The documents flows map from, field by field as on the wire: outbound, refund, goods received (section 10).

Only fields with a meaning for a bill; the vendor may send more. What is missing, null or empty on the wire is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from connectors.jushuitan.values import (
    Blank,
    Block,
    Currency,
    Flag,
    Id,
    Moment,
    Number,
    RequiredNumber,
    RequiredText,
    Rows,
    Text,
    Texts,
)
from domain.complaints import wrong_value


class OutboundStatus(StrEnum):
    """`status` of an outbound."""

    WAIT_CONFIRM = "WaitConfirm"
    CONFIRMED = "Confirmed"
    OUTER_CONFIRMING = "OuterConfirming"
    DELETE = "Delete"
    """The order was cancelled while it was being shipped."""
    CANCELLED = "Cancelled"
    """The shipping was taken back after it."""
    ARCHIVE = "Archive"

    @property
    def is_shipped(self) -> bool:
        """The goods have moved."""
        return self in (OutboundStatus.CONFIRMED, OutboundStatus.ARCHIVE)


class RefundStatus(StrEnum):
    """`status` of an after-sales document; one that was confirmed may go back to waiting."""

    WAIT_CONFIRM = "WaitConfirm"
    CONFIRMED = "Confirmed"
    CANCELLED = "Cancelled"
    MERGED = "Merged"


class ReceivedStatus(StrEnum):
    """`status` of a receipt of returned goods: the after-sales values, and that of an archived stock document."""

    WAIT_CONFIRM = "WaitConfirm"
    CONFIRMED = "Confirmed"
    CANCELLED = "Cancelled"
    MERGED = "Merged"
    ARCHIVE = "Archive"


class GoodStatus(StrEnum):
    """Where the returned goods are (section 7.1)."""

    BUYER_NOT_RECEIVED = "BUYER_NOT_RECEIVED"
    BUYER_RECEIVED = "BUYER_RECEIVED"
    BUYER_RETURNED_GOODS = "BUYER_RETURNED_GOODS"
    SELLER_RECEIVED = "SELLER_RECEIVED"


class Row(BaseModel):
    """Base of all rows: immutable; fields without a meaning for us are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BatchRow(Row):
    """A lot of a document. `ioi_id` names the line it belongs to, where the tenant sends it."""

    sku_id: RequiredText
    qty: RequiredNumber
    batch_no: Text = None
    ioi_id: Text = None
    product_date: Moment = None
    expiration_date: Moment = None
    supplier_id: Text = None
    supplier_name: Text = None


class CrossBorderFinance(Row):
    """Finance block of a cross-border outbound, in the order's currency (section 10.9)."""

    rebate_fee: Number = None
    product_tax: Number = None
    shipping_tax: Number = None
    other_income: Number = None
    voucher_from_seller: Number = None
    platform_commission: Number = None
    transition_fee: Number = None
    transaction_fee: Number = None
    opaque_bagging_fee: Number = None
    other_expense: Number = None


class OutboundItem(Row):
    """A line of an outbound. A gift without a price has the price 0."""

    sku_id: RequiredText
    qty: RequiredNumber
    sale_price: RequiredNumber
    sale_amount: Number = None
    sale_base_price: Number = None
    ioi_id: Text = None
    oi_id: Text = None
    outer_oi_id: Text = None
    raw_so_id: Text = None
    i_id: Text = None
    combine_sku_id: Text = None
    name: Text = None
    properties_value: Text = None
    unit: Text = None
    is_gift: Flag = False
    batch_id: Text = None
    product_date: Moment = None
    expiration_date: Moment = None
    supplier_id: Text = None

    @model_validator(mode="before")
    @classmethod
    def _gift_costs_nothing(cls, row: Any) -> Any:
        if isinstance(row, Mapping) and row.get("is_gift") is True and row.get("sale_price") in (None, ""):
            return {**row, "sale_price": Decimal(0)}
        return row


class OutboundDocument(Row):
    """A sales outbound (section 10.2): the source of 销售出库单.

    One whose goods have moved must say when, and have lines with a quantity above zero.
    """

    io_id: RequiredText
    status: OutboundStatus
    o_id: Text = None
    so_id: Text = None
    merge_so_id: Text = None
    co_id: Text = None
    shop_id: Text = None
    shop_name: Text = None
    wms_co_id: Text = None
    order_type: Text = None
    io_date: Moment = None
    created: Moment = None
    modified: Moment = None
    pay_date: Moment = None
    pay_amount: Number = None
    paid_amount: Number = None
    free_amount: Number = None
    freight: Number = None
    currency: Currency = "CNY"
    weight: Number = None
    f_weight: Number = None
    l_id: Text = None
    lc_id: Text = None
    logistics_company: Text = None
    shop_buyer_id: Text = None
    buyer_id: Text = None
    receiver_country: Text = None
    receiver_state: Text = None
    receiver_city: Text = None
    receiver_district: Text = None
    is_cod: Flag = False
    remark: Text = None
    node: Text = None
    labels: Texts = ()
    seller_flag: Text = None
    business_staff: Text = None
    drp_co_id_from: Text = None
    package_no: Text = None
    warehouse_oid: Text = None
    shipment: Text = None
    deliver_name: Text = None
    channel_name: Text = None
    tracking_number: Text = None
    cb_finance: Annotated[CrossBorderFinance | None, Block] = None
    items: Annotated[tuple[OutboundItem, ...], Rows] = ()
    batchs: Annotated[tuple[BatchRow, ...], Rows] = ()

    @model_validator(mode="after")
    def _goods_that_moved(self) -> Self:
        if not self.status.is_shipped:
            return self
        wrong: list[InitErrorDetails] = []
        if self.io_date is None:
            wrong.append(wrong_value("io_date", "the time of shipping", None))
        if not self.items:
            wrong.append(wrong_value("items", "at least one line", None))
        wrong += [
            wrong_value(("items", index, "qty"), "a quantity above 0", item.qty)
            for index, item in enumerate(self.items)
            if item.qty <= 0
        ]
        if wrong:
            raise ValidationError.from_exception_data(type(self).__name__, wrong)
        return self


class RefundItem(Row):
    """A line of a refund. `r_qty` is what was really received."""

    sku_id: RequiredText
    qty: RequiredNumber
    price: RequiredNumber
    amount: Number = None
    shop_amount: Number = None
    r_qty: Number = None
    defective_qty: Number = None
    asi_id: Text = None
    outer_oi_id: Text = None
    i_id: Text = None
    shop_sku_id: Text = None
    combine_sku_id: Text = None
    sku_type: Text = None
    name: Text = None
    properties_value: Text = None
    type: Text = None
    receive_date: Moment = None
    is_gift: Flag = False
    remark: Text = None
    batchs: Annotated[tuple[BatchRow, ...], Rows] = ()

    @model_validator(mode="before")
    @classmethod
    def _gift_costs_nothing(cls, row: Any) -> Any:
        if isinstance(row, Mapping) and row.get("is_gift") is True and row.get("price") in (None, ""):
            return {**row, "price": Decimal(0)}
        return row


class RefundDocument(Row):
    """An after-sales document (section 10.3): the money side of 销售退货单.

    `batchs` has all lots, whether they stand beside the lines or inside them.
    """

    as_id: Id
    status: RefundStatus
    type: RequiredText
    good_status: Annotated[GoodStatus | None, Blank] = None
    outer_as_id: Text = None
    o_id: Text = None
    so_id: Text = None
    as_date: Moment = None
    created: Moment = None
    modified: Moment = None
    confirm_date: Moment = None
    shop_status: Text = None
    order_status: Text = None
    question_type: Texts = ()
    remark: Text = None
    node: Text = None
    warehouse: Text = None
    wh_id: Text = None
    wms_co_id: Text = None
    refund: Number = None
    payment: Number = None
    free_amount: Number = None
    freight: Number = None
    shop_freight: Number = None
    buyer_apply_refund: Number = None
    receive_refund: Number = None
    buyer_receive_refund: Number = None
    shop_id: Text = None
    shop_name: Text = None
    shop_type: Text = None
    logistics_company: Text = None
    l_id: Text = None
    drp_co_id_from: Text = None
    drp_co_id_to: Text = None
    shop_buyer_id: Text = None
    currency: Currency = "CNY"
    labels: Texts = ()
    order_labels: Texts = ()
    items: Annotated[tuple[RefundItem, ...], Rows] = ()
    batchs: Annotated[tuple[BatchRow, ...], Rows] = ()

    @model_validator(mode="before")
    @classmethod
    def _all_batches(cls, row: Any) -> Any:
        """Lots inside the lines are taken up beside them; which of the two the vendor sends is not settled."""
        if not isinstance(row, Mapping) or row.get("batchs"):
            return row
        items = row.get("items")
        lines = [item for item in items if isinstance(item, Mapping)] if isinstance(items, (list, tuple)) else []
        inside = [batch for line in lines for batch in line.get("batchs") or ()]
        return {**row, "batchs": inside} if inside else row


class ReceivedItem(Row):
    """A line of a receipt."""

    sku_id: RequiredText
    qty: RequiredNumber
    ioi_id: Text = None
    i_id: Text = None
    name: Text = None
    properties_value: Text = None
    unit: Text = None
    sale_price: Number = None
    sale_amount: Number = None


class ReceivedDocument(Row):
    """Returned goods really received (section 10.4): the stock side of 销售退货单. A refund may have several."""

    io_id: RequiredText
    status: ReceivedStatus
    as_id: Text = None
    o_id: Text = None
    so_id: Text = None
    type: Text = None
    io_date: Moment = None
    created: Moment = None
    modified: Moment = None
    shop_id: Text = None
    warehouse: Text = None
    wh_id: Text = None
    wms_co_id: Text = None
    l_id: Text = None
    lc_id: Text = None
    logistics_company: Text = None
    aftersale_remark: Text = None
    drp_co_name: Text = None
    items: Annotated[tuple[ReceivedItem, ...], Rows] = ()
    batchs: Annotated[tuple[BatchRow, ...], Rows] = ()
