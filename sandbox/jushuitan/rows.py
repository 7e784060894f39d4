"""How documents look on the wire: field names, types and oddities of the vendor's rows (sections 8 to 10)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sandbox.jushuitan.config import ZONE
from sandbox.jushuitan.documents import (
    ZERO,
    Area,
    Batch,
    Finance,
    Order,
    OrderLine,
    Outbound,
    OutboundLine,
    Received,
    Record,
    Refund,
    RefundLine,
    RefundStatus,
    Shop,
    Sku,
    Warehouse,
)
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import Figure, StockCard

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query asked for beyond the plain row."""

    finance: bool = False
    logistics: bool = False
    lock_qty: bool = False
    fields: tuple[str, ...] = ()
    item_fields: tuple[str, ...] = ()


def wire_time(moment: datetime | None) -> str | None:
    """`yyyy-MM-dd HH:mm:ss`, Asia/Shanghai, no offset."""
    return None if moment is None else moment.astimezone(ZONE).isoformat(sep=" ", timespec="seconds")[:19]


def shop_row(state: JushuitanState, record: Record[Shop], wanted: Wanted) -> Row:
    shop = record.document
    return {
        "shop_id": shop.shop_id,
        "shop_name": shop.shop_name,
        "short_name": shop.short_name or shop.shop_name,
        "co_id": state.config.company_id,
        "shop_site": shop.shop_site,
        "shop_url": None,
        "nick": shop.nick,
        "created": f"{wire_time(record.created)}.000",
        "session_expired": "长期授权有效",
        "session_uid": None,
        "group_id": shop.group_id,
        "group_name": shop.group_name,
        "organization": None,
    }


def warehouse_row(state: JushuitanState, record: Record[Warehouse], wanted: Wanted) -> Row:
    warehouse = record.document
    return {
        "name": warehouse.name,
        "co_id": state.config.company_id,
        "wms_co_id": warehouse.wms_co_id,
        "is_main": warehouse.is_main,
        "status": "生效",
        "remark1": "",
        "remark2": warehouse.note,
    }


def sku_row(state: JushuitanState, record: Record[Sku], wanted: Wanted) -> Row:
    sku = record.document
    row: Row = {
        "sku_id": sku.sku_id,
        "i_id": sku.i_id or sku.sku_id,
        "name": sku.name,
        "short_name": sku.name,
        "sale_price": sku.sale_price,
        "cost_price": sku.cost_price,
        "market_price": None,
        "properties_value": sku.properties_value,
        "color": "",
        "c_id": 0,
        "category": "",
        "pic": "",
        "pic_big": "",
        "enabled": sku.enabled,
        "weight": sku.weight,
        "brand": sku.brand,
        "unit": sku.unit,
        "item_type": "成品",
        "sku_type": "normal",
        "sku_code": sku.sku_code,
        "sku_codes": sku.sku_code,
        "supplier_id": None,
        "supplier_name": "",
        "vc_name": "",
        "labels": ",".join(sku.labels),
        "remark": "",
        "stock_disabled": int(sku.stock_disabled),
        "shelf_life": None,
        "is_series_number": False,
        "batch_enabled": sku.batch_enabled,
        "creator": 0,
        "created": wire_time(record.created),
        "modified": wire_time(record.modified),
        "autoid": record.ts,
    }
    row |= {f"other_{number}": value for number, value in enumerate(sku.others, 1)}
    # The purchase price comes on request only.
    asked = set(wanted.fields)
    return row | {name: value for name, value in sku.more.items() if name != "purchase_price" or name in asked}


def order_row(state: JushuitanState, record: Record[Order], wanted: Wanted) -> Row:
    order = record.document
    row: Row = {
        "o_id": order.o_id,
        "so_id": order.so_id,
        **_shop(state, order.shop_id),
        "co_id": state.config.company_id,
        "wms_co_id": order.wms_co_id,
        "merge_so_id": "",
        "link_o_id": "",
        "is_merge": False,
        "is_split": False,
        "status": order.status.value,
        "shop_status": order.shop_status,
        "type": "普通订单",
        "order_from": "API",
        "question_type": "",
        "question_desc": "",
        "labels": ",".join(order.labels),
        "seller_flag": None,
        "order_date": wire_time(order.order_date),
        "pay_date": wire_time(order.order_date),
        "send_date": wire_time(order.send_date),
        "created": wire_time(record.created),
        "modified": wire_time(record.modified),
        "ts": record.ts,
        "pay_amount": order.pay_amount,
        "paid_amount": order.pay_amount,
        "freight": order.freight,
        "free_amount": order.free_amount,
        "platform_free_amount": "" if order.platform_free_amount is None else order.platform_free_amount,
        "pay_free_amount": "",
        "referrer_free_amount": "",
        "shop_free_amount": "",
        "currency": order.currency,
        "shop_buyer_id": order.shop_buyer_id,
        "buyer_message": "",
        "is_cod": False,
        "remark": order.remark,
        "node": "",
        "drp_co_id_from": "",
        "drp_co_id_to": "",
        "items": [_order_item(order, line) for line in order.items] or None,
        "pays": [
            {
                "pay_id": order.o_id,
                "outer_pay_id": f"P{order.so_id}",
                "pay_date": wire_time(order.order_date),
                "amount": order.pay_amount,
                "payment": "支付宝",
                "buyer_account": order.shop_buyer_id,
                "is_order_pay": True,
                "status": "Confirmed",
                "o_id": order.o_id,
            }
        ],
    }
    row |= _receiver(order)
    if wanted.finance:
        row["cb_finances"] = _finance(order.finance, order.o_id)
    return row | dict.fromkeys(wanted.fields)


def _order_item(order: Order, line: OrderLine) -> Row:
    return {
        "oi_id": line.oi_id,
        "outer_oi_id": line.outer_oi_id,
        "raw_so_id": order.so_id,
        "sku_id": line.sku_id,
        "i_id": line.sku_id,
        "shop_sku_id": line.sku_id,
        "name": line.name,
        "properties_value": "",
        "qty": line.qty,
        "price": line.price,
        "base_price": line.price,
        "amount": line.amount,
        "is_gift": line.is_gift,
        "is_presale": False,
        "sku_type": "normal",
        "item_status": order.status.value,
        "refund_status": line.refund_status,
        "remark": "",
    }


_HEAD_EXTRAS = frozenset(
    {"volume", "package", "owner_co_id", "cus_id", "as_id", "outer_so_id", "oaid", "is_split", "is_merge"}
)
_ITEM_EXTRAS = frozenset({"volume", "bu_id", "combine_sku_qty"})


def outbound_row(state: JushuitanState, record: Record[Outbound], wanted: Wanted) -> Row:
    outbound = record.document
    row: Row = {
        "io_id": outbound.io_id,
        "o_id": outbound.o_id,
        "so_id": outbound.so_id,
        "merge_so_id": "",
        "co_id": state.config.company_id,
        **_shop(state, outbound.shop_id),
        "wms_co_id": outbound.wms_co_id,
        "status": outbound.status.value,
        "order_type": outbound.order_type,
        "io_date": wire_time(outbound.io_date),
        "created": wire_time(record.created),
        "modified": wire_time(record.modified),
        "pay_date": wire_time(outbound.io_date),
        "ts": record.ts,
        "pay_amount": outbound.pay_amount,
        "paid_amount": outbound.pay_amount,
        "free_amount": outbound.free_amount,
        "freight": outbound.freight,
        "currency": outbound.currency,
        "weight": ZERO,
        "f_weight": ZERO,
        "l_id": outbound.l_id,
        "lc_id": None,
        "logistics_company": outbound.logistics_company,
        "wave_id": 0,
        "shop_buyer_id": outbound.shop_buyer_id,
        "invoice_title": None,
        "is_cod": False,
        "buyer_message": "",
        "remark": outbound.remark,
        "node": "",
        "labels": ",".join(outbound.labels),
        "seller_flag": None,
        "stock_enabled": "启用",
        "is_print": False,
        "is_print_express": True,
        "items": [_outbound_item(outbound, line, wanted) for line in outbound.items] or None,
        "batchs": batch_rows(outbound.batchs, with_line=state.config.batch_ioi_id),
        "sns": None,
        "ClusterInfos": [],
    }
    row |= _receiver(outbound)
    if wanted.logistics:
        row |= {
            "shipment": outbound.logistics_company,
            "deliver_name": outbound.logistics_company,
            "channel_name": outbound.logistics_company,
            "tracking_number": outbound.tracking_number,
        }
    if wanted.finance:
        row["cb_finance"] = _finance(outbound.finance, outbound.o_id)
    return row | dict.fromkeys(_HEAD_EXTRAS.intersection(wanted.fields))


def _outbound_item(outbound: Outbound, line: OutboundLine, wanted: Wanted) -> Row:
    row: Row = {
        "ioi_id": line.ioi_id,
        "oi_id": line.oi_id,
        "outer_oi_id": line.outer_oi_id,
        "raw_so_id": outbound.so_id,
        "sku_id": line.sku_id,
        "i_id": line.sku_id,
        "combine_sku_id": line.combine_sku_id,
        "name": line.name,
        "properties_value": "",
        "unit": line.unit,
        "qty": line.qty,
        "sale_price": line.sale_price,
        "sale_amount": line.sale_amount,
        "sale_base_price": line.sale_price,
        "is_gift": line.is_gift,
        "pic": "",
        "batch_id": "",
        "product_date": None,
        "expiration_date": None,
        "supplier_id": None,
    }
    return row | dict.fromkeys(_ITEM_EXTRAS.intersection(wanted.item_fields)) if wanted.item_fields else row


def refund_row(state: JushuitanState, record: Record[Refund], wanted: Wanted) -> Row:
    refund = record.document
    batches = batch_rows(refund.batchs, with_line=False) or []
    nested = state.config.nested_batches
    row: Row = {
        "as_id": refund.as_id,
        "outer_as_id": refund.outer_as_id,
        "o_id": refund.o_id,
        "so_id": refund.so_id,
        "as_date": wire_time(refund.as_date),
        "created": wire_time(record.created),
        "modified": wire_time(record.modified),
        "confirm_date": wire_time(refund.confirm_date),
        "ts": str(record.ts),
        "type": refund.type.value,
        "status": refund.status.value,
        "shop_status": refund.shop_status,
        "good_status": refund.good_status.value,
        "order_status": "Sent",
        "question_type": refund.question_type,
        "remark": refund.remark,
        "node": "",
        "warehouse": area_label(refund.wh_id),
        "wh_id": int(refund.wh_id),
        "wms_co_id": refund.wms_co_id,
        "refund": refund.refund,
        "payment": refund.payment,
        "free_amount": ZERO,
        "freight": refund.freight,
        "shop_freight": ZERO,
        "buyer_apply_refund": refund.refund,
        "receive_refund": refund.refund if refund.status is RefundStatus.CONFIRMED else ZERO,
        **_shop(state, refund.shop_id),
        "shop_type": "",
        "logistics_company": refund.logistics_company,
        "l_id": refund.l_id,
        "drp_co_id_from": "",
        "receiver_name": refund.receiver.name,
        "receiver_mobile": refund.receiver.mobile,
        "shop_buyer_id": refund.shop_buyer_id,
        "currency": refund.currency,
        "labels": "",
        "order_labels": [],
        "items": [_refund_item(refund, line) for line in refund.items] or None,
        "sns": None,
    }
    if nested:
        for item in row["items"] or ():
            item["batchs"] = [batch for batch in batches if batch["sku_id"] == item["sku_id"]]
    else:
        row["batchs"] = batches or None
    return row


def _refund_item(refund: Refund, line: RefundLine) -> Row:
    return {
        "asi_id": line.asi_id,
        "as_id": refund.as_id,
        "sku_id": line.sku_id,
        "i_id": line.sku_id,
        "shop_sku_id": line.sku_id,
        "combine_sku_id": "",
        "sku_type": "normal",
        "name": line.name,
        "properties_value": "",
        "pic": "",
        "type": line.type,
        "qty": line.qty,
        "price": line.price,
        "amount": line.amount,
        "shop_amount": line.amount,
        "outer_oi_id": line.outer_oi_id,
        "r_qty": line.r_qty,
        "defective_qty": line.defective_qty,
        "receive_date": wire_time(line.receive_date),
        "is_gift": line.is_gift,
        "remark": "",
    }


def received_row(state: JushuitanState, record: Record[Received], wanted: Wanted) -> Row:
    received = record.document
    return {
        "io_id": received.io_id,
        "as_id": received.as_id,
        "o_id": received.o_id,
        "so_id": received.so_id,
        "type": received.type,
        "status": received.status.value,
        "io_date": wire_time(received.io_date),
        "created": wire_time(record.created),
        "modified": wire_time(record.modified),
        "ts": record.ts,
        "shop_id": received.shop_id,
        "warehouse": area_label(received.wh_id),
        "wh_id": int(received.wh_id),
        "wms_co_id": received.wms_co_id,
        "l_id": received.l_id,
        "lc_id": None,
        "logistics_company": received.logistics_company,
        "creator_name": "",
        "aftersale_remark": received.remark,
        "drp_co_name": "",
        "items": [
            {
                "io_id": received.io_id,
                "ioi_id": str(line.ioi_id),
                "sku_id": line.sku_id,
                "i_id": line.sku_id,
                "name": line.name,
                "properties_value": "",
                "unit": line.unit,
                "qty": line.qty,
                "sale_price": line.sale_price,
                "sale_amount": line.sale_amount,
            }
            for line in received.items
        ]
        or None,
        "batchs": batch_rows(received.batchs, with_line=True),
        "sns": None,
    }


def inventory_row(state: JushuitanState, record: Record[StockCard], wanted: Wanted) -> Row:
    card = record.document
    sku = state.skus.get(card.sku_id)
    row: Row = {
        "sku_id": card.sku_id,
        "i_id": (sku.document.i_id if sku is not None else "") or card.sku_id,
        "name": sku.document.name if sku is not None else "",
    }
    row |= {figure.value: card.figures.get(figure, ZERO) for figure in Figure}
    if wanted.lock_qty:
        row["lock_qty"] = ZERO
    return row | {"min_qty": None, "max_qty": None, "modified": wire_time(record.modified), "ts": record.ts}


def _shop(state: JushuitanState, shop_id: int) -> Row:
    record = state.shops.get(shop_id)
    if record is None:
        return {"shop_id": shop_id, "shop_name": "", "shop_site": ""}
    return {"shop_id": shop_id, "shop_name": record.document.shop_name, "shop_site": record.document.shop_site}


def _receiver(document: Order | Outbound) -> Row:
    receiver = document.receiver
    return {
        "receiver_name": receiver.name,
        "receiver_mobile": receiver.mobile,
        "receiver_phone": "",
        "receiver_country": receiver.country,
        "receiver_state": receiver.state,
        "receiver_city": receiver.city,
        "receiver_district": receiver.district,
        "receiver_town": "",
        "receiver_address": receiver.address,
        "receiver_zip": receiver.zip,
    }


def _finance(finance: Finance | None, o_id: int) -> Row | None:
    if finance is None:
        return None
    return {"o_id": o_id} | {name: getattr(finance, name) for name in Finance.__slots__}


def batch_rows(batches: Iterable[Batch], *, with_line: bool) -> list[Row] | None:
    rows = []
    for batch in batches:
        row: Row = {
            "sku_id": batch.sku_id,
            "batch_no": batch.batch_no,
            "qty": batch.qty,
            "product_date": wire_date(batch.product_date),
            "expiration_date": wire_date(batch.expiration_date),
            "supplier_id": batch.supplier_id,
            "supplier_name": batch.supplier_name,
        }
        if with_line:
            row = {"ioi_id": batch.ioi_id} | row
        rows.append(row)
    return rows or None


_AREA_LABELS: dict[str, str] = {area.value: area.label for area in Area}


def wire_date(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def area_label(wh_id: str) -> str:
    return _AREA_LABELS.get(wh_id, "")
