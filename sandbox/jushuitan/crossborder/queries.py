"""Queries of cross-border orders, refunds and transfer fees (vendor section 10.9)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.jushuitan.biz import Fields
from sandbox.jushuitan.crossborder.documents import TransferFee
from sandbox.jushuitan.crossborder.rows import cross_border_order_row, cross_border_refund_row, transfer_fee_row
from sandbox.jushuitan.documents import Order, Refund
from sandbox.jushuitan.queries import Filter, Query, Shape, Test, Window
from sandbox.jushuitan.state import JushuitanState, Kind


def _shipped_as(state: JushuitanState, biz: Fields) -> Iterable[Test[Any]]:
    """`io_ids`: orders and refunds of these outbounds. `not_status` leaves one status out."""
    io_ids = {str(value) for value in biz.array("io_ids")}
    if io_ids:
        o_ids = {row.document.o_id for row in state.outbounds if str(row.document.io_id) in io_ids}
        yield lambda record: record.document.o_id in o_ids
    if biz.given("not_status"):
        unwanted = biz.text("not_status")
        yield lambda record: record.document.status.value != unwanted


ORDERS: Query[Order] = Query(
    path="/open/webapi/cb/cborder/getorders",
    records=lambda state: state.orders,
    row=cross_border_order_row,
    list_key="data",
    index_name="current_page",
    filters=(
        Filter("o_ids", lambda order: order.o_id, Shape.ARRAY, selects=True),
        Filter("so_ids", lambda order: order.so_id, Shape.ARRAY, selects=True),
        Filter("statuss", lambda order: order.status.value, Shape.ARRAY),
    ),
    window=Window(),
    cursor="start_ts",
    kind=Kind.ORDER,
    key=lambda order: order.o_id,
    more_tests=_shipped_as,
    more_ids=("io_ids",),
)

REFUNDS: Query[Refund] = Query(
    path="/open/webapi/cb/cborder/getrefunds",
    records=lambda state: state.refunds,
    row=cross_border_refund_row,
    list_key="data",
    index_name="current_page",
    filters=(
        Filter("as_ids", lambda refund: refund.as_id, Shape.ARRAY, selects=True),
        Filter("so_ids", lambda refund: refund.so_id, Shape.ARRAY, selects=True),
        Filter("o_ids", lambda refund: refund.o_id, Shape.ARRAY, selects=True),
        Filter("shop_id", lambda refund: refund.shop_id),
        Filter("status", lambda refund: refund.status.value),
        Filter("good_status", lambda refund: refund.good_status.value),
        Filter("shop_status", lambda refund: refund.shop_status),
    ),
    window=Window(),
    cursor="start_ts",
    kind=Kind.REFUND,
    key=lambda refund: refund.as_id,
    more_tests=_shipped_as,
    more_ids=("io_ids",),
)

TRANSFER_FEES: Query[TransferFee] = Query(
    path="/open/webapi/wmsapi/allocate/loadallocatefee",
    records=lambda state: state.transfer_fees,
    row=transfer_fee_row,
    list_key="allocatefee_detail_list",
    index_name="page_num",
    filters=(Filter("io_ids", lambda fee: fee.io_id, Shape.ARRAY, selects=True),),
    window=Window(begin="modify_start_time", end="modify_end_time"),
)

QUERIES: tuple[Query[Any], ...] = (ORDERS, REFUNDS, TRANSFER_FEES)
