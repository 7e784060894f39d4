"""Uploads of purchasing: suppliers, orders, goods in and goods back (vendor sections 8.4 and 10.6 to 10.8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.jushuitan.biz import Fields, rows_of
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.documents import ZERO, Area
from sandbox.jushuitan.purchasing.documents import (
    PurchaseIn,
    PurchaseLine,
    PurchaseOrder,
    PurchaseReturn,
    PurchaseStatus,
    Supplier,
)
from sandbox.jushuitan.purchasing.receiving import known_order, receive, send_back
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.upload_parts import (
    DONE,
    MAX_ROWS,
    Payload,
    Upload,
    known_area,
    known_sku,
    known_warehouse,
    mandatory,
    once,
    positive,
)
from sandbox.jushuitan.warehousing.documents import StockLine, StockStatus
from sandbox.jushuitan.warehousing.lines import lots_of, some, stock_line

_BANK = ("depositbank", "bankacount", "acountnumber")


def supplier_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/supplier/upload`: an upsert by `supplier_code`; a field not sent stays."""
    rows: list[Payload] = []
    for fields in rows_of(tree, MAX_ROWS):
        row: Payload = {"supplier_code": fields.text("supplier_code"), "name": fields.text("name")}
        try:
            code = mandatory(fields, "supplier_code")
            known = next((row.document for row in state.suppliers if row.document.supplier_code == code), None)
            before = known or Supplier(state.next_id(), code, mandatory(fields, "name"))
            texts = ("name", "group", "remark", "remark2", "remark3", *_BANK)
            changed: dict[str, Any] = {name: fields.text(name) for name in texts if fields.given(name)}
            supplier = replace(before, enabled=fields.flag("enabled", before.enabled), **changed)
            state.add_supplier(supplier)
            rows.append(row | {"id": supplier.supplier_id, "issuccess": True, "msg": DONE})
        except Refusal as refusal:
            rows.append(row | {"id": None, "issuccess": False, "msg": refusal.message})
    return {"issuccess": True, "data": {"datas": rows, "requestId": None}}


def purchase_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/purchase/upload`: one order a call; a repeat changes nothing unless `is_edit` is true."""
    fields = Fields(tree)
    external_id = mandatory(fields, "external_id")
    known = next((row.document for row in state.purchase_orders if row.document.so_id == external_id), None)
    if known is None:
        order = _purchase_order(state, fields, external_id, state.next_id())
    elif not fields.flag("is_edit"):
        return _ordered(known)
    elif known.status not in (PurchaseStatus.CREATING, PurchaseStatus.WAITING):
        raise Refusal(Code.BUSINESS_REFUSED, f"采购单{known.po_id}已确认,不能修改")
    else:
        order = _purchase_order(state, fields, external_id, known.po_id)
    state.add_purchase_order(order)
    return _ordered(order)


def _ordered(order: PurchaseOrder) -> Payload:
    return {"issuccess": True, "data": {"data": {"po_id": order.po_id, "external_id": order.so_id}}}


def _purchase_order(state: JushuitanState, fields: Fields, external_id: str, po_id: int) -> PurchaseOrder:
    supplier = _supplier(state, fields)
    lines = tuple(
        PurchaseLine(
            poi_id=state.next_id(),
            sku_id=known_sku(state, item).sku_id,
            qty=positive(item, "qty"),
            price=item.number("price", ZERO),
            name=known_sku(state, item).name,
            tax_rate=item.number("tax_rate") if item.given("tax_rate") else None,
            delivery_date=item.day("plan_arrive_date"),
            remark=item.text("remark"),
        )
        for item in fields.objects("items")
    )
    if not lines:
        raise Refusal(Code.PARAMETER_MISSING, "items不能为空")
    confirmed = fields.flag("is_confirm")
    return PurchaseOrder(
        po_id=po_id,
        so_id=external_id,
        po_date=fields.time("po_date", state.now()),
        status=PurchaseStatus.CONFIRMED if confirmed else PurchaseStatus.WAITING,
        supplier_id=supplier.supplier_id,
        seller=supplier.name,
        wms_co_id=known_warehouse(state, fields),
        items=lines,
        item_type=fields.text("item_type", "成品"),
        tax_rate=fields.number("tax_rate") if fields.given("tax_rate") else None,
        more_rate=fields.integer("more_rate") if fields.given("more_rate") else None,
        freight=fields.number("freight", ZERO),
        purchaser_name=fields.text("purchaser_name"),
        send_address=fields.text("send_address"),
        term=fields.text("term"),
        remark=fields.text("remark"),
        labels=tuple(str(label) for label in fields.array("labels")),
        confirm_date=state.now() if confirmed else None,
    )


def purchase_status(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/purchase/change/status`: audit (1), change (2), void (3), finish (4), undo finish (5)."""
    fields = Fields(tree)
    change = _STATUS_CHANGES.get(fields.text("option"))
    if change is None:
        raise Refusal(Code.PARAMETER_WRONG, "option不正确")
    allowed, after = change
    wanted = {str(number) for number in fields.array("po_ids") or fields.array("so_ids")}
    by = "po_id" if fields.given("po_ids") else "so_id"
    found = [row.document for row in state.purchase_orders if str(getattr(row.document, by)) in wanted]
    if not wanted or len(found) != len(wanted):
        raise Refusal(Code.BUSINESS_REFUSED, "采购单不存在")
    for order in found:
        if order.status not in allowed:
            raise Refusal(Code.BUSINESS_REFUSED, f"采购单{order.po_id}状态不正确")
    for order in found:
        confirmed = state.now() if after is PurchaseStatus.CONFIRMED else order.confirm_date
        finished = state.now() if after is PurchaseStatus.FINISHED else None
        state.add_purchase_order(replace(order, status=after, confirm_date=confirmed, finish_time=finished))
    return {"issuccess": True}


_STATUS_CHANGES: Mapping[str, tuple[tuple[PurchaseStatus, ...], PurchaseStatus]] = {
    "1": ((PurchaseStatus.CREATING, PurchaseStatus.WAITING), PurchaseStatus.CONFIRMED),
    "2": ((PurchaseStatus.CONFIRMED,), PurchaseStatus.WAITING),
    "3": ((PurchaseStatus.CREATING, PurchaseStatus.WAITING, PurchaseStatus.CONFIRMED), PurchaseStatus.CANCELLED),
    "4": ((PurchaseStatus.CONFIRMED,), PurchaseStatus.FINISHED),
    "5": ((PurchaseStatus.FINISHED,), PurchaseStatus.CONFIRMED),
}


def purchase_in_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/webapi/wmsapi/purchasein/createbatch` (rows) and its predecessor (one document)."""
    return _made(tree, lambda fields: once(state, "purchasein", mandatory(fields, "external_id"), _in(state, fields)))


def _in(state: JushuitanState, fields: Fields) -> Callable[[], int]:
    def make() -> int:
        order = known_order(state, fields.integer("po_id")) if fields.given("po_id") else None
        supplier = _supplier(state, fields, order)
        lines = _lines(state, fields)
        document = PurchaseIn(
            io_id=state.next_id(),
            status=StockStatus.WAITING,
            io_date=state.now(),
            wms_co_id=known_warehouse(state, fields),
            wh_id=known_area(fields, "warehouse"),
            so_id=fields.text("external_id"),
            remark=fields.text("remark"),
            items=some(lines),
            batchs=lots_of(lines),
            supplier_id=supplier.supplier_id,
            supplier_name=supplier.name,
            po_id=order.po_id if order is not None else None,
            tax_rate=fields.number("tax_rate") if fields.given("tax_rate") else None,
        )
        if fields.flag("is_confirm"):
            receive(state, document)
        else:
            state.add_purchase_in(document)
        return document.io_id

    return make


def purchase_received(state: JushuitanState, tree: object) -> Payload:
    """`/open/purchasein/received/upload`: waiting documents take effect with the quantities that really came."""
    rows: list[Payload] = []
    for fields in rows_of(tree, MAX_ROWS):
        io_id = fields.integer("io_id")
        try:
            record = state.purchase_ins.get(io_id)
            if record is None:
                raise Refusal(Code.BUSINESS_REFUSED, f"采购入库单{io_id}不存在")
            real: dict[str, Decimal] = {}
            for item in fields.objects("items"):
                sku_id = mandatory(item, "sku_id")
                real[sku_id] = real.get(sku_id, ZERO) + item.number("qty")
            receive(state, record.document, real or None)
            rows.append({"io_id": io_id, "issuccess": True, "msg": DONE})
        except Refusal as refusal:
            rows.append({"io_id": io_id, "issuccess": False, "msg": refusal.message})
    return {"issuccess": True, "data": {"datas": rows}}


def purchase_return_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/webapi/wmsapi/purchaseout/createbatch` (rows) and its predecessor (one document)."""
    return _made(tree, lambda fields: once(state, "purchaseout", mandatory(fields, "external_id"), _out(state, fields)))


def _out(state: JushuitanState, fields: Fields) -> Callable[[], int]:
    def make() -> int:
        order = known_order(state, fields.integer("po_id")) if fields.given("po_id") else None
        supplier = _supplier(state, fields, order)
        lines = _lines(state, fields)
        document = PurchaseReturn(
            io_id=state.next_id(),
            status=StockStatus.WAITING,
            io_date=state.now(),
            wms_co_id=known_warehouse(state, fields),
            wh_id=known_area(fields, "warehouse", Area.INCOMING.value),
            so_id=fields.text("external_id"),
            remark=fields.text("remark"),
            labels=tuple(str(label) for label in fields.array("labels")),
            items=some(lines),
            batchs=lots_of(lines),
            supplier_id=supplier.supplier_id,
            supplier_name=supplier.name,
            po_id=order.po_id if order is not None else None,
        )
        if fields.flag("is_confirm"):
            send_back(state, document)
        else:
            state.add_purchase_return(document)
        return document.io_id

    return make


def purchase_return_cancel(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/purchaseout/cancel`: Cancelled before it took effect (the goods are still there)."""
    fields = Fields(tree)
    wanted = {str(number) for number in fields.array("io_ids", 20) or fields.array("so_ids", 20)}
    by = "io_id" if fields.given("io_ids") else "so_id"
    found = [row.document for row in state.purchase_returns if str(getattr(row.document, by)) in wanted]
    if not wanted or len(found) != len(wanted):
        raise Refusal(Code.BUSINESS_REFUSED, "采购退货单不存在")
    for document in found:
        if document.status.moved_goods:
            raise Refusal(Code.BUSINESS_REFUSED, f"采购退货单{document.io_id}已生效")
    for document in found:
        state.add_purchase_return(replace(document, status=StockStatus.CANCELLED))
    return {"issuccess": True}


def _made(tree: object, act: Callable[[Fields], int]) -> Payload:
    """The answer of the purchase uploads: rows for an array, one object for a document."""
    single = not isinstance(tree, list)
    results: list[Payload] = []
    for fields in [Fields(tree)] if single else rows_of(tree, MAX_ROWS):
        row: Payload = {"external_id": fields.text("external_id")}
        try:
            results.append(row | {"io_id": act(fields), "is_success": True, "msg": DONE})
        except Refusal as refusal:
            if single:
                raise
            results.append(row | {"io_id": None, "is_success": False, "msg": refusal.message})
    # The vendor documents one object although the request is an array (section 10.7); one row is answered so.
    return {"issuccess": True, "data": results[0] if len(results) == 1 else results}


def _lines(state: JushuitanState, fields: Fields) -> list[StockLine]:
    return [
        stock_line(state, item, positive(item, "qty"), item.number("price", known_sku(state, item).cost_price))
        for item in fields.objects("items")
    ]


def _supplier(state: JushuitanState, fields: Fields, order: PurchaseOrder | None = None) -> Supplier:
    """The supplier a document names, or that of its order. Raises Refusal 160 for one nobody knows."""
    supplier_id = fields.integer("supplier_id", order.supplier_id if order is not None else 0)
    record = state.suppliers.get(supplier_id)
    if record is None:
        raise Refusal(Code.BUSINESS_REFUSED, f"供应商{supplier_id or ''}不存在")
    return record.document


UPLOADS: Mapping[str, Upload] = {
    "/open/supplier/upload": supplier_upload,
    "/open/jushuitan/purchase/upload": purchase_upload,
    "/open/jushuitan/purchase/change/status": purchase_status,
    "/open/webapi/wmsapi/purchasein/createbatch": purchase_in_upload,
    "/open/jushuitan/purchasein/upload": purchase_in_upload,
    "/open/purchasein/received/upload": purchase_received,
    "/open/webapi/wmsapi/purchaseout/createbatch": purchase_return_upload,
    "/open/jushuitan/purchaseout/upload": purchase_return_upload,
    "/open/jushuitan/purchaseout/cancel": purchase_return_cancel,
}
