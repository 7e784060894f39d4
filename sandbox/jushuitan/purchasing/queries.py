"""Queries of suppliers and purchase documents (vendor sections 8.4 and 10.6 to 10.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sandbox.jushuitan.purchasing.documents import PurchaseIn, PurchaseOrder, PurchaseReturn, Supplier
from sandbox.jushuitan.purchasing.rows import (
    purchase_in_row,
    purchase_order_row,
    purchase_return_row,
    supplier_row,
)
from sandbox.jushuitan.queries import Filter, Query, Shape, Window
from sandbox.jushuitan.state import Kind
from sandbox.jushuitan.warehousing.documents import StockStatus
from sandbox.jushuitan.warehousing.queries import BY_CHANGE_OR_MOVE

SUPPLIERS: Query[Supplier] = Query(
    path="/open/supplier/query",
    records=lambda state: state.suppliers,
    row=supplier_row,
    max_page=500,
    filters=(
        Filter("supplier_codes", lambda supplier: supplier.supplier_code, Shape.ARRAY, selects=True),
        Filter("supplier_ids", lambda supplier: supplier.supplier_id, Shape.ARRAY, limit=50, selects=True),
        Filter("names", lambda supplier: supplier.name, Shape.ARRAY, limit=50, selects=True),
    ),
    window=Window(days=1),
)

PURCHASE_ORDERS: Query[PurchaseOrder] = Query(
    path="/open/purchase/query",
    records=lambda state: state.purchase_orders,
    row=purchase_order_row,
    filters=(
        Filter("so_ids", lambda order: order.so_id, Shape.ARRAY, selects=True),
        Filter("po_ids", lambda order: order.po_id, Shape.ARRAY, selects=True),
    ),
    window=Window(),
    kind=Kind.PURCHASE_ORDER,
    key=lambda order: order.po_id,
)

PURCHASE_IN: Query[PurchaseIn] = Query(
    path="/open/purchasein/query",
    records=lambda state: state.purchase_ins,
    row=purchase_in_row,
    filters=(
        Filter("po_ids", lambda document: document.po_id, Shape.ARRAY, limit=30, selects=True),
        Filter("io_ids", lambda document: document.io_id, Shape.ARRAY, limit=30, selects=True),
        Filter("so_ids", lambda document: document.so_id, Shape.ARRAY, selects=True),
        Filter(
            "statuss",
            lambda document: document.status.value,
            Shape.ARRAY,
            default=frozenset({StockStatus.CONFIRMED.value}),
        ),
    ),
    window=BY_CHANGE_OR_MOVE,
    cursor="start_ts",
    cursor_alone=True,
    kind=Kind.PURCHASE_IN,
    key=lambda document: document.io_id,
)

PURCHASE_IN_NEWER = replace(
    PURCHASE_IN,
    path="/open/webapi/wmsapi/purchasein/purchaseinquery",
    filters=(
        *PURCHASE_IN.filters,
        Filter("seller_ids", lambda document: document.supplier_id, Shape.ARRAY),
    ),
)
"""The twin that new applications get permission for."""

PURCHASE_RETURNS: Query[PurchaseReturn] = Query(
    path="/open/purchaseout/query",
    records=lambda state: state.purchase_returns,
    row=purchase_return_row,
    filters=(
        Filter("so_ids", lambda document: document.so_id, Shape.ARRAY, selects=True),
        Filter("io_ids", lambda document: document.io_id, Shape.ARRAY, limit=30, selects=True),
        Filter("status", lambda document: document.status.value),
    ),
    window=BY_CHANGE_OR_MOVE,
    kind=Kind.PURCHASE_RETURN,
    key=lambda document: document.io_id,
)

QUERIES: tuple[Query[Any], ...] = (SUPPLIERS, PURCHASE_ORDERS, PURCHASE_IN, PURCHASE_IN_NEWER, PURCHASE_RETURNS)
