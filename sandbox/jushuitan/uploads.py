"""The upload APIs of selling: orders, shipping, after-sales (vendor sections 10.1 to 10.5).

A refused row never fails its neighbours: the outer code stays 0 and the row says so. One more upload API is one more
function in `UPLOADS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.jushuitan.biz import Fields, rows_of
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.documents import (
    ZERO,
    Area,
    GoodStatus,
    Order,
    OrderLine,
    OrderStatus,
    Outbound,
    Received,
    ReceivedLine,
    Receiver,
    Refund,
    RefundLine,
    RefundStatus,
    RefundType,
)
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import FIGURE_OF_AREA
from sandbox.jushuitan.upload_parts import DONE, MAX_ROWS, Payload, Upload, known_sku, mandatory


def orders_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/orders/upload`: own-shop orders; a repeat of `shop_id` + `so_id` updates the order."""
    rows = []
    for fields in rows_of(tree, MAX_ROWS):
        so_id = fields.text("so_id")
        try:
            order = _order(state, fields)
            state.add_order(order)
            rows.append({"msg": DONE, "issuccess": True, "so_id": so_id, "o_id": order.o_id, "split_id": None})
        except Refusal as refusal:
            rows.append({"msg": refusal.message, "issuccess": False, "so_id": so_id, "o_id": None, "split_id": None})
    return {"issuccess": True, "data": {"datas": rows, "requestId": None}}


def _order(state: JushuitanState, fields: Fields) -> Order:
    shop_id = _shop_id(state, fields)
    so_id = mandatory(fields, "so_id")
    lines = []
    for item in fields.objects("items"):
        qty, price = item.number("qty"), item.number("price", item.number("base_price", ZERO))
        lines.append(
            OrderLine(
                oi_id=state.next_id(),
                sku_id=known_sku(state, item).sku_id,
                qty=qty,
                price=price,
                amount=item.number("amount", qty * price),
                outer_oi_id=item.text("outer_oi_id"),
                name=item.text("name"),
                is_gift=item.flag("is_gift"),
            )
        )
    if not lines:
        raise Refusal(Code.PARAMETER_MISSING, "items不能为空")
    known = next(
        (row.document for row in state.orders if row.document.so_id == so_id and row.document.shop_id == shop_id), None
    )
    return Order(
        o_id=known.o_id if known is not None else state.next_id(),
        so_id=so_id,
        shop_id=shop_id,
        wms_co_id=fields.integer("wms_co_id", 0),
        status=known.status if known is not None else OrderStatus.WAIT_CONFIRM,
        order_date=fields.time("order_date", state.now()),
        items=tuple(lines),
        currency=fields.text("currency", "CNY"),
        freight=fields.number("freight", ZERO),
        shop_buyer_id=fields.text("shop_buyer_id"),
        receiver=_receiver(fields),
        shop_status=fields.text("shop_status"),
        remark=fields.text("remark"),
    )


def orders_cancel(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/orderbyoid/cancel`: void orders that have not been sent."""
    for o_id in Fields(tree).array("o_ids", MAX_ROWS):
        record = state.orders.get(_as_id(o_id))
        if record is None or record.document.status is OrderStatus.SENT:
            raise Refusal(Code.BUSINESS_REFUSED, f"订单{o_id}不存在或已发货")
        state.add_order(replace(record.document, status=OrderStatus.CANCELLED))
    return {"issuccess": True}


def sent_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/orders/wms/sent/upload`: an outer warehouse reports that it shipped."""
    rows = []
    for fields in rows_of(tree, MAX_ROWS):
        io_id = fields.integer("io_id")
        try:
            _outbound(state, io_id)
            state.edit_outbound(io_id, l_id=fields.text("l_id"), logistics_company=fields.text("lc_name"))
            state.confirm_outbound(io_id)
            rows.append({"o_id": io_id, "issuccess": True, "msg": DONE})
        except Refusal as refusal:
            rows.append({"o_id": io_id, "issuccess": False, "msg": refusal.message})
    return {"data": {"data": rows}}


def _outbound(state: JushuitanState, io_id: int) -> Outbound:
    try:
        return state.outbound(io_id)
    except KeyError as error:
        raise Refusal(Code.BUSINESS_REFUSED, f"出库单{io_id}不存在") from error


def aftersale_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/aftersale/upload`: after-sales documents of own shops; a repeat of `outer_as_id` updates."""
    rows = []
    for fields in rows_of(tree, MAX_ROWS):
        row: Payload = {"outer_as_id": fields.text("outer_as_id"), "so_id": fields.text("so_id")}
        try:
            refund = _refund(state, fields)
            state.add_refund(refund)
            rows.append(row | {"as_id": refund.as_id, "o_id": refund.o_id, "issuccess": True, "msg": DONE})
        except Refusal as refusal:
            rows.append(row | {"as_id": None, "o_id": None, "issuccess": False, "msg": refusal.message})
    return {"issuccess": True, "data": {"datas": rows, "requestId": None}}


def _refund(state: JushuitanState, fields: Fields) -> Refund:
    shop_id = _shop_id(state, fields)
    outer_as_id, so_id = mandatory(fields, "outer_as_id"), mandatory(fields, "so_id")
    order = next((row.document for row in state.orders if row.document.so_id == so_id), None)
    known = next((row.document for row in state.refunds if row.document.outer_as_id == outer_as_id), None)
    if known is not None and known.status is not RefundStatus.WAITING:
        raise Refusal(Code.BUSINESS_REFUSED, f"售后单{known.as_id}已确认,不能修改")
    lines = [_refund_line(state, item) for item in fields.objects("items")]
    return Refund(
        as_id=known.as_id if known is not None else state.next_id(),
        outer_as_id=outer_as_id,
        o_id=order.o_id if order is not None else None,
        so_id=so_id,
        shop_id=shop_id,
        wms_co_id=fields.integer("wms_co_id", 0),
        type=fields.choice("type", RefundType.RETURN),
        status=RefundStatus.WAITING,
        good_status=fields.choice("good_status", GoodStatus.BUYER_RECEIVED),
        as_date=state.now(),
        items=tuple(lines),
        payment=fields.number("payment", ZERO),
        freight=fields.number("freight", ZERO),
        receiver=_receiver(fields),
        shop_status=fields.text("shop_status"),
        question_type=fields.text("question_type"),
        l_id=fields.text("l_id"),
        logistics_company=fields.text("logistics_company"),
        remark=fields.text("remark"),
    )


def _refund_line(state: JushuitanState, item: Fields) -> RefundLine:
    qty, amount = item.number("qty"), item.number("amount", ZERO)
    if qty <= 0:
        raise Refusal(Code.PARAMETER_WRONG, f"{item.where}.qty必须大于0")
    return RefundLine(
        asi_id=state.next_id(),
        sku_id=known_sku(state, item).sku_id,
        qty=qty,
        price=amount / qty,
        amount=amount,
        outer_oi_id=item.text("outer_oi_id"),
        name=item.text("name"),
        type=item.text("type", "退货"),
    )


def confirm_goods(state: JushuitanState, tree: object) -> Payload:
    """`/open/webapi/aftersaleapi/confirmgoods`: returned goods arrived; a repeat of `return_id` changes nothing."""

    def confirm(fields: Fields) -> int:
        as_id = fields.integer("as_id")
        return_id = ("confirmgoods", fields.text("return_id"))
        if fields.given("return_id") and return_id in state.remembered:
            return as_id
        refund = _known_refund(state, as_id)
        arrived = {item.text("sku_id"): item.number("qty") for item in fields.objects("items")}
        wh_id = fields.text("wh_id", Area.RETURNS.value)
        if wh_id not in FIGURE_OF_AREA:
            raise Refusal(Code.PARAMETER_WRONG, "wh_id不正确")
        receive_goods(state, refund, arrived, wms_co_id=fields.integer("wms_co_id", refund.wms_co_id), wh_id=wh_id)
        state.remembered[return_id] = as_id
        return as_id

    return _each(rows_of(tree, MAX_ROWS), lambda fields: fields.integer("as_id"), confirm)


def receive_goods(
    state: JushuitanState,
    refund: Refund,
    arrived: Mapping[str, Decimal] | None = None,
    *,
    wms_co_id: int | None = None,
    wh_id: str = Area.RETURNS.value,
    at: datetime | None = None,
) -> Received:
    """Book returned goods in: a received document, and what arrived on the after-sales document.

    Args:
        arrived: quantity by goods code; None is everything that was asked for.
    """
    at = at or state.now()
    lines, received = [], []
    left = dict(arrived) if arrived is not None else None
    for line in refund.items:
        open_qty = line.qty - line.r_qty
        qty = open_qty if left is None else min(left.get(line.sku_id, ZERO), open_qty)
        if left is not None and line.sku_id in left:
            left[line.sku_id] -= qty
        lines.append(replace(line, r_qty=line.r_qty + qty, receive_date=at) if qty else line)
        if qty:
            received.append(
                ReceivedLine(state.next_id(), line.sku_id, qty, line.price, qty * line.price, name=line.name)
            )
    if not received:
        raise Refusal(Code.BUSINESS_REFUSED, f"售后单{refund.as_id}没有可收货的商品")
    document = Received(
        io_id=state.next_id(),
        as_id=refund.as_id,
        o_id=refund.o_id,
        so_id=refund.so_id,
        shop_id=refund.shop_id,
        wms_co_id=refund.wms_co_id if wms_co_id is None else wms_co_id,
        io_date=at,
        items=tuple(received),
        batchs=refund.batchs,
        wh_id=wh_id,
    )
    state.edit_refund(refund.as_id, items=tuple(lines), good_status=GoodStatus.SELLER_RECEIVED)
    state.add_received(document)
    return document


def refunds_confirm(state: JushuitanState, tree: object) -> Payload:
    """`/open/webapi/aftersaleapi/open/confirm`."""

    def confirm(as_id: int) -> int:
        if _known_refund(state, as_id).status is not RefundStatus.WAITING:
            raise Refusal(Code.BUSINESS_REFUSED, f"售后单{as_id}不是待确认状态")
        state.confirm_refund(as_id)
        return as_id

    return _each([_as_id(value) for value in Fields(tree).array("as_ids", MAX_ROWS)], lambda as_id: as_id, confirm)


def refunds_unconfirm(state: JushuitanState, tree: object) -> Payload:
    """`/open/webapi/aftersaleapi/open/unconfirm`."""

    def unconfirm(as_id: int) -> int:
        if _known_refund(state, as_id).status is not RefundStatus.CONFIRMED:
            raise Refusal(Code.BUSINESS_REFUSED, f"售后单{as_id}不是已确认状态")
        state.unconfirm_refund(as_id)
        return as_id

    return _each([_as_id(value) for value in Fields(tree).array("as_ids", MAX_ROWS)], lambda as_id: as_id, unconfirm)


def _known_refund(state: JushuitanState, as_id: int) -> Refund:
    try:
        return state.refund(as_id)
    except KeyError as error:
        raise Refusal(Code.BUSINESS_REFUSED, f"售后单{as_id}不存在") from error


def _each(rows: list[Any], id_of: Callable[[Any], int], act: Callable[[Any], int]) -> Payload:
    """The answer shape of after-sales changes: which ids went through and which did not."""
    success, fail = [], []
    for row in rows:
        try:
            success.append({"as_id": act(row)})
        except Refusal as refusal:
            fail.append({"as_id": id_of(row), "msg": refusal.message})
    return {
        "issuccess": not fail,
        "data": {"success": success, "fail": fail, "success_count": len(success), "fail_count": len(fail)},
    }


def _shop_id(state: JushuitanState, fields: Fields) -> int:
    shop_id = fields.integer("shop_id")
    if state.shops.get(shop_id) is None:
        raise Refusal(Code.SHOP_UNKNOWN, f"店铺{shop_id}不存在或不属于该公司")
    return shop_id


def _receiver(fields: Fields) -> Receiver:
    return Receiver(
        name=fields.text("receiver_name"),
        mobile=fields.text("receiver_mobile", fields.text("receiver_phone")),
        country=fields.text("receiver_country"),
        state=fields.text("receiver_state"),
        city=fields.text("receiver_city"),
        district=fields.text("receiver_district"),
        address=fields.text("receiver_address"),
        zip=fields.text("receiver_zip"),
    )


def _as_id(value: object) -> int:
    return Fields({"id": value}).integer("id")


UPLOADS: Mapping[str, Upload] = {
    "/open/jushuitan/orders/upload": orders_upload,
    "/open/jushuitan/orderbyoid/cancel": orders_cancel,
    "/open/orders/wms/sent/upload": sent_upload,
    "/open/aftersale/upload": aftersale_upload,
    "/open/webapi/aftersaleapi/confirmgoods": confirm_goods,
    "/open/webapi/aftersaleapi/open/confirm": refunds_confirm,
    "/open/webapi/aftersaleapi/open/unconfirm": refunds_unconfirm,
}
