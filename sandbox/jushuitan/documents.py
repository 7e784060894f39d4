"""What a merchant of the simulator has: shops, warehouses, goods, orders, stock documents (vendor sections 8 to 10).

Quantities are pieces, money is in the document's `currency`, times are aware. The wire names are the vendor's;
what the tenant stamps itself (created, modified, ts) is kept beside the document in its `Record`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Generic, TypeVar

D = TypeVar("D")

ZERO = Decimal(0)


class Area(StrEnum):
    """Stock areas inside a warehouse, by `wh_id` (vendor section 7.1)."""

    MAIN = "1"
    RETURNS = "2"
    INCOMING = "3"
    DEFECTIVE = "4"

    @property
    def label(self) -> str:
        return _AREA_NAMES[self]


_AREA_NAMES = {Area.MAIN: "主仓", Area.RETURNS: "销退仓", Area.INCOMING: "进货仓", Area.DEFECTIVE: "次品仓"}


class OutboundStatus(StrEnum):
    WAITING = "WaitConfirm"
    CONFIRMED = "Confirmed"
    OUTER_CONFIRMING = "OuterConfirming"
    DELETED = "Delete"
    CANCELLED = "Cancelled"
    """Shipping was taken back after it happened."""
    ARCHIVED = "Archive"

    @property
    def is_shipped(self) -> bool:
        return self in (OutboundStatus.CONFIRMED, OutboundStatus.ARCHIVED)


class RefundStatus(StrEnum):
    WAITING = "WaitConfirm"
    CONFIRMED = "Confirmed"
    CANCELLED = "Cancelled"
    MERGED = "Merged"


class GoodStatus(StrEnum):
    BUYER_NOT_RECEIVED = "BUYER_NOT_RECEIVED"
    BUYER_RECEIVED = "BUYER_RECEIVED"
    BUYER_RETURNED_GOODS = "BUYER_RETURNED_GOODS"
    SELLER_RECEIVED = "SELLER_RECEIVED"


class RefundType(StrEnum):
    RETURN = "普通退货"
    OTHER = "其它"
    REJECTED = "拒收退货"
    REFUND_ONLY = "仅退款"
    COMPLAINT = "投诉"
    REISSUE = "补发"
    EXCHANGE = "换货"
    REPAIR = "维修"


class OrderStatus(StrEnum):
    WAIT_PAY = "WaitPay"
    WAIT_CONFIRM = "WaitConfirm"
    WAIT_FINANCE = "WaitFConfirm"
    WAIT_OUTER = "WaitOuterSent"
    DELIVERING = "Delivering"
    SENT = "Sent"
    MERGED = "Merged"
    QUESTION = "Question"
    CANCELLED = "Cancelled"
    SPLIT = "Split"

    @property
    def reserves_stock(self) -> bool:
        return self in _RESERVING


_RESERVING = (OrderStatus.WAIT_CONFIRM, OrderStatus.WAIT_FINANCE, OrderStatus.DELIVERING, OrderStatus.QUESTION)


@dataclass(frozen=True, slots=True)
class Shop:
    shop_id: int
    shop_name: str
    short_name: str = ""
    shop_site: str = "商家自有商城"
    nick: str = ""
    group_id: int = 0
    group_name: str = ""


@dataclass(frozen=True, slots=True)
class Warehouse:
    wms_co_id: int
    name: str
    is_main: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Sku:
    sku_id: str
    name: str
    i_id: str = ""
    unit: str = "件"
    sale_price: Decimal = ZERO
    cost_price: Decimal = ZERO
    properties_value: str = ""
    brand: str = ""
    weight: Decimal = ZERO
    batch_enabled: bool = False
    stock_disabled: bool = False
    """True for services (postage, fees): they never move stock."""
    enabled: int = 1
    sku_code: str = ""
    labels: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    """`other_1` and following: free attributes."""
    more: Mapping[str, Any] = field(default_factory=dict)
    """Further fields by their name in the query."""
    properties: Mapping[str, str] = field(default_factory=dict)
    """What the category says of it, by name."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a parcel goes. Made up, and personal data all the same."""

    name: str = ""
    mobile: str = ""
    country: str = ""
    state: str = ""
    city: str = ""
    district: str = ""
    address: str = ""
    zip: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """A part of a line that comes from one production batch; joined to its line by sku (and `ioi_id`)."""

    sku_id: str
    batch_no: str
    qty: Decimal
    product_date: date | None = None
    expiration_date: date | None = None
    supplier_id: int | None = None
    supplier_name: str = ""
    ioi_id: int | None = None


@dataclass(frozen=True, slots=True)
class Finance:
    """`cb_finance`: what a cross-border sale cost, in the document's currency (vendor section 10.9)."""

    rebate_fee: Decimal = ZERO
    product_tax: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    other_income: Decimal = ZERO
    voucher_from_seller: Decimal = ZERO
    platform_commission: Decimal = ZERO
    transition_fee: Decimal = ZERO
    transaction_fee: Decimal = ZERO
    opaque_bagging_fee: Decimal = ZERO
    other_expense: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class OrderLine:
    oi_id: int
    sku_id: str
    qty: Decimal
    price: Decimal
    amount: Decimal
    outer_oi_id: str = ""
    name: str = ""
    is_gift: bool = False
    refund_status: str = "none"


@dataclass(frozen=True, slots=True)
class Order:
    o_id: int
    so_id: str
    shop_id: int
    wms_co_id: int
    status: OrderStatus
    order_date: datetime
    items: tuple[OrderLine, ...]
    send_date: datetime | None = None
    currency: str = "CNY"
    freight: Decimal = ZERO
    free_amount: Decimal = ZERO
    platform_free_amount: Decimal | None = None
    shop_buyer_id: str = ""
    receiver: Receiver = Receiver()
    finance: Finance | None = None
    shop_status: str = ""
    labels: tuple[str, ...] = ()
    remark: str = ""

    @property
    def pay_amount(self) -> Decimal:
        return sum((line.amount for line in self.items), ZERO) + self.freight - self.free_amount


@dataclass(frozen=True, slots=True)
class OutboundLine:
    ioi_id: int
    sku_id: str
    qty: Decimal
    sale_price: Decimal
    sale_amount: Decimal
    outer_oi_id: str = ""
    oi_id: int = 0
    name: str = ""
    unit: str = "件"
    is_gift: bool = False
    combine_sku_id: str = ""


@dataclass(frozen=True, slots=True)
class Outbound:
    """销售出库单: goods on their way to a buyer."""

    io_id: int
    o_id: int
    so_id: str
    shop_id: int
    wms_co_id: int
    status: OutboundStatus
    io_date: datetime
    items: tuple[OutboundLine, ...]
    batchs: tuple[Batch, ...] = ()
    currency: str = "CNY"
    freight: Decimal = ZERO
    free_amount: Decimal = ZERO
    shop_buyer_id: str = ""
    receiver: Receiver = Receiver()
    finance: Finance | None = None
    wh_id: str = Area.MAIN.value
    order_type: str = "普通订单"
    l_id: str = ""
    logistics_company: str = ""
    tracking_number: str = ""
    labels: tuple[str, ...] = ()
    remark: str = ""

    @property
    def pay_amount(self) -> Decimal:
        return sum((line.sale_amount for line in self.items), ZERO) + self.freight - self.free_amount


@dataclass(frozen=True, slots=True)
class RefundLine:
    """`qty` and `amount` were asked for by the buyer, `r_qty` really came back."""

    asi_id: int
    sku_id: str
    qty: Decimal
    price: Decimal
    amount: Decimal
    r_qty: Decimal = ZERO
    receive_date: datetime | None = None
    outer_oi_id: str = ""
    name: str = ""
    type: str = "退货"
    defective_qty: Decimal = ZERO
    is_gift: bool = False


@dataclass(frozen=True, slots=True)
class Refund:
    """退货退款: an after-sales document; it moves money, not stock."""

    as_id: int
    outer_as_id: str
    o_id: int | None
    so_id: str
    shop_id: int
    wms_co_id: int
    type: RefundType
    status: RefundStatus
    good_status: GoodStatus
    as_date: datetime
    items: tuple[RefundLine, ...]
    batchs: tuple[Batch, ...] = ()
    confirm_date: datetime | None = None
    currency: str = "CNY"
    freight: Decimal = ZERO
    payment: Decimal = ZERO
    shop_buyer_id: str = ""
    receiver: Receiver = Receiver()
    wh_id: str = Area.RETURNS.value
    shop_status: str = "SUCCESS"
    question_type: str = ""
    l_id: str = ""
    logistics_company: str = ""
    remark: str = ""

    @property
    def refund(self) -> Decimal:
        return sum((line.amount for line in self.items), ZERO)


@dataclass(frozen=True, slots=True)
class ReceivedLine:
    ioi_id: int
    sku_id: str
    qty: Decimal
    sale_price: Decimal
    sale_amount: Decimal
    name: str = ""
    unit: str = "件"


@dataclass(frozen=True, slots=True)
class Received:
    """销退入库: returned goods that were really booked in; it moves stock."""

    io_id: int
    as_id: int
    o_id: int | None
    so_id: str
    shop_id: int
    wms_co_id: int
    io_date: datetime
    items: tuple[ReceivedLine, ...]
    batchs: tuple[Batch, ...] = ()
    status: RefundStatus = RefundStatus.CONFIRMED
    type: str = "销售退货"
    wh_id: str = Area.RETURNS.value
    l_id: str = ""
    logistics_company: str = ""
    remark: str = ""


@dataclass(slots=True)
class Record(Generic[D]):
    """A document with what the tenant stamps on it, and its wire texts as far as they were asked for.

    Attributes:
        modified: last change, whole seconds, Asia/Shanghai.
        ts: tenant-wide row version of the last change.
        before: the record as it was before that.
        rendered: wire text by rendering variant.
    """

    document: D
    created: datetime
    modified: datetime
    ts: int
    before: Record[D] | None = None
    rendered: dict[object, str] = field(default_factory=dict)
