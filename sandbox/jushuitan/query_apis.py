"""The query APIs that the simulator has (vendor document sections 8 to 10)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.jushuitan.biz import Fields
from sandbox.jushuitan.documents import Order, Outbound, Received, Refund, Shop, Sku, Warehouse
from sandbox.jushuitan.payments import RefundPayment, refund_payment_row, refund_payments
from sandbox.jushuitan.queries import DateType, Filter, Query, Shape, Test, Window
from sandbox.jushuitan.rows import (
    inventory_row,
    order_row,
    outbound_row,
    received_row,
    refund_row,
    shop_row,
    sku_row,
    warehouse_row,
)
from sandbox.jushuitan.state import JushuitanState, Kind
from sandbox.jushuitan.stock import ALL_WAREHOUSES, StockCard

OFFLINE_SITE = "线下"
"""`shop_site` of a shop without a platform."""


def _shop_tests(state: JushuitanState, biz: Fields) -> Iterable[Test[Any]]:
    """`shop_id`, where 0 is no shop; and `is_offline_shop`, which leaves the shops of the platforms out."""
    shop_id = biz.integer("shop_id", 0)
    if shop_id:
        yield lambda record: record.document.shop_id == shop_id
    if biz.flag("is_offline_shop"):
        offline = {record.document.shop_id for record in state.shops if record.document.shop_site == OFFLINE_SITE}
        yield lambda record: record.document.shop_id in offline


def _card_test(state: JushuitanState, biz: Fields) -> Iterable[Test[StockCard]]:
    wms_co_id = biz.integer("wms_co_id", ALL_WAREHOUSES)
    yield lambda record: record.document.wms_co_id == wms_co_id


SHOPS: Query[Shop] = Query(
    path="/open/shops/query",
    records=lambda state: state.shops,
    row=shop_row,
    max_page=100,
    default_page=100,
    filters=(
        Filter("shop_ids", lambda shop: shop.shop_id, Shape.ARRAY),
        Filter("nicks", lambda shop: shop.nick, Shape.ARRAY),
    ),
    totals=False,
)

WAREHOUSES: Query[Warehouse] = Query(
    path="/open/wms/partner/query", records=lambda state: state.warehouses, row=warehouse_row
)

SKUS: Query[Sku] = Query(
    path="/open/sku/query",
    records=lambda state: state.skus,
    row=sku_row,
    filters=(
        Filter("sku_ids", lambda sku: sku.sku_id, Shape.COMMA, limit=20, selects=True),
        Filter("i_ids", lambda sku: sku.i_id or sku.sku_id, Shape.ARRAY, selects=True),
        Filter("exactly_name", lambda sku: sku.name, selects=True),
        Filter("sku_codes", lambda sku: sku.sku_code, Shape.COMMA, selects=True),
    ),
    window=Window(),
)

INVENTORY: Query[StockCard] = Query(
    path="/open/inventory/query",
    records=lambda state: state.stock,
    row=inventory_row,
    list_key="inventorys",
    max_page=100,
    filters=(Filter("sku_ids", lambda card: card.sku_id, Shape.COMMA, limit=100, selects=True),),
    window=Window(),
    cursor="ts",
    totals=False,
    more_tests=_card_test,
)

ORDERS: Query[Order] = Query(
    path="/open/orders/single/query",
    records=lambda state: state.orders,
    row=order_row,
    list_key="orders",
    max_page=100,
    filters=(
        Filter("so_ids", lambda order: order.so_id, Shape.ARRAY, limit=20, selects=True),
        Filter("o_ids", lambda order: order.o_id, Shape.ARRAY, selects=True),
        Filter("status", lambda order: order.status.value),
    ),
    window=Window(
        {
            DateType.MODIFIED: lambda record: record.modified,
            DateType.DOCUMENT: lambda record: record.document.order_date,
            DateType.SENT: lambda record: record.document.send_date,
        }
    ),
    cursor="start_ts",
    kind=Kind.ORDER,
    key=lambda order: order.o_id,
    more_tests=_shop_tests,
)

OUTBOUNDS: Query[Outbound] = Query(
    path="/open/orders/out/simple/query",
    records=lambda state: state.outbounds,
    row=outbound_row,
    filters=(
        Filter("so_ids", lambda outbound: outbound.so_id, Shape.ARRAY, limit=50, selects=True),
        Filter("o_ids", lambda outbound: outbound.o_id, Shape.ARRAY, limit=50, selects=True),
        Filter("io_ids", lambda outbound: outbound.io_id, Shape.ARRAY, limit=50, selects=True),
        Filter("l_ids", lambda outbound: outbound.l_id, Shape.ARRAY, limit=20, selects=True),
        Filter("status", lambda outbound: outbound.status.value),
        Filter("wms_co_id", lambda outbound: outbound.wms_co_id),
    ),
    window=Window(
        {
            DateType.MODIFIED: lambda record: record.modified,
            DateType.DOCUMENT: lambda record: record.document.io_date,
        }
    ),
    cursor="start_ts",
    kind=Kind.OUTBOUND,
    key=lambda outbound: outbound.io_id,
    more_tests=_shop_tests,
)

REFUNDS: Query[Refund] = Query(
    path="/open/refund/single/query",
    records=lambda state: state.refunds,
    row=refund_row,
    filters=(
        Filter("so_ids", lambda refund: refund.so_id, Shape.ARRAY, selects=True),
        Filter("o_ids", lambda refund: refund.o_id, Shape.ARRAY, selects=True),
        Filter("as_ids", lambda refund: refund.as_id, Shape.ARRAY, selects=True),
        Filter("shop_buyer_ids", lambda refund: refund.shop_buyer_id, Shape.ARRAY, limit=50),
        Filter("status", lambda refund: refund.status.value),
        Filter("good_status", lambda refund: refund.good_status.value),
        Filter("type", lambda refund: refund.type.value),
    ),
    window=Window(),
    cursor="start_ts",
    kind=Kind.REFUND,
    key=lambda refund: refund.as_id,
    more_tests=_shop_tests,
)

RECEIVED: Query[Received] = Query(
    path="/open/aftersale/received/query",
    records=lambda state: state.received,
    row=received_row,
    filters=(
        Filter("so_ids", lambda received: received.so_id, Shape.ARRAY, selects=True),
        Filter("o_ids", lambda received: received.o_id, Shape.ARRAY, selects=True),
        Filter("as_ids", lambda received: received.as_id, Shape.ARRAY, limit=50, selects=True),
        Filter("io_ids", lambda received: received.io_id, Shape.ARRAY, limit=50, selects=True),
    ),
    window=Window(
        {
            DateType.MODIFIED: lambda record: record.modified,
            DateType.CREATED: lambda record: record.created,
            DateType.DOCUMENT: lambda record: record.document.io_date,
            DateType.STOCK: lambda record: record.document.io_date,
        }
    ),
    cursor="start_ts",
    kind=Kind.RECEIVED,
    key=lambda received: received.io_id,
    more_tests=_shop_tests,
)

REFUND_PAYMENTS: Query[RefundPayment] = Query(
    path="/open/webapi/aftersaleapi/pay/payqueryasmodified",
    records=refund_payments,
    row=refund_payment_row,
    max_page=1000,
    most_pages=800,
    window=Window(days=183),
    cursor="start_ts",
)

QUERIES: tuple[Query[Any], ...] = (
    SHOPS,
    WAREHOUSES,
    SKUS,
    INVENTORY,
    ORDERS,
    OUTBOUNDS,
    REFUNDS,
    RECEIVED,
    REFUND_PAYMENTS,
)
