"""Suppliers and purchase documents on the wire (vendor sections 8.4 and 10.6 to 10.8)."""

from __future__ import annotations

from typing import TypeVar

from sandbox.jushuitan.documents import Record
from sandbox.jushuitan.purchasing.documents import PurchaseIn, PurchaseOrder, PurchaseReturn, Supplier
from sandbox.jushuitan.rows import Row, Wanted, wire_date, wire_time
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.warehousing.documents import StockLine
from sandbox.jushuitan.warehousing.rows import document_row, item_row

S = TypeVar("S", PurchaseIn, PurchaseReturn)


def supplier_row(state: JushuitanState, record: Record[Supplier], wanted: Wanted) -> Row:
    supplier = record.document
    return {name: getattr(supplier, name) for name in Supplier.__slots__} | {"modified": wire_time(record.modified)}


def purchase_order_row(state: JushuitanState, record: Record[PurchaseOrder], wanted: Wanted) -> Row:
    order = record.document
    return {
        "po_id": order.po_id,
        "so_id": order.so_id,
        "merge_po_id": "",
        "po_date": wire_time(order.po_date),
        "status": order.status.value,
        "receive_status": order.receive_status.value,
        "supplier_id": order.supplier_id,
        "seller": order.seller,
        "tax_rate": order.tax_rate,
        "purchaser_name": order.purchaser_name,
        "send_address": order.send_address,
        "term": order.term,
        "item_type": order.item_type,
        "labels": ",".join(order.labels),
        "confirm_date": wire_time(order.confirm_date),
        "finish_time": wire_time(order.finish_time),
        "modified": wire_time(record.modified),
        "wms_co_id": order.wms_co_id,
        "more_rate": order.more_rate,
        "freight": order.freight,
        "remark": order.remark,
        "items": [
            {
                "poi_id": line.poi_id,
                "po_id": order.po_id,
                "sku_id": line.sku_id,
                "i_id": line.sku_id,
                "name": line.name,
                "qty": line.qty,
                "price": line.price,
                "tax_rate": line.tax_rate,
                "delivery_date": wire_date(line.delivery_date),
                "remark": line.remark,
                "inQty": line.in_qty,
                "return_qty": line.return_qty,
                "qc_qty": None,
                "qc_quality_qty": None,
                "qc_defective_qty": None,
                "is_delivery": 1 if not line.open_qty else 2 if line.in_qty else 0,
            }
            for line in order.items
        ]
        or None,
    }


def purchase_in_row(state: JushuitanState, record: Record[PurchaseIn], wanted: Wanted) -> Row:
    document = record.document
    items = [_priced(document, line) | {"unit": "件"} for line in document.items]
    return _purchase_row(state, record) | {
        "type": "采购进仓",
        "ts": record.ts,
        "merge_so_id": "",
        "supplier_id": document.supplier_id,
        "supplier_name": document.supplier_name,
        "wh_id": document.wh_id,
        "tax_rate": document.tax_rate,
        "items": items or None,
    }


def purchase_return_row(state: JushuitanState, record: Record[PurchaseReturn], wanted: Wanted) -> Row:
    document = record.document
    items = [_priced(document, line) | {"co_id": state.config.company_id} for line in document.items]
    return _purchase_row(state, record) | {
        "created_po_id": None,
        "seller_id": document.supplier_id,
        "receiver_name": document.supplier_name,
        "wms_co_id": str(document.wms_co_id),
        "wave_id": 0,
        "free_amount": None,
        "items": items or None,
    }


def _purchase_row(state: JushuitanState, record: Record[S]) -> Row:
    document = record.document
    return document_row(state, record) | {
        "po_id": document.po_id,
        "so_id": document.so_id,
        "out_io_id": "",
        "archived": None,
        "l_id": "",
        "lc_id": None,
        "logistics_company": "",
    }


def _priced(document: PurchaseIn | PurchaseReturn, line: StockLine) -> Row:
    row = item_row(document, line)
    return {name: row[name] for name in _ITEM} | {
        "cost_price": line.price,
        "cost_amount": line.amount,
        "tax_rate": line.tax_rate,
        "batch_no": line.batch_no,
        "remark": line.remark,
    }


_ITEM = ("io_id", "ioi_id", "sku_id", "i_id", "name", "properties_value", "qty")
