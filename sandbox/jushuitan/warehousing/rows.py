"""Stock documents on the wire (vendor sections 9.2, 9.5 and 9.6)."""

from __future__ import annotations

from typing import TypeVar

from sandbox.jushuitan.documents import Record
from sandbox.jushuitan.rows import Row, Wanted, area_label, batch_rows, wire_date, wire_time
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.warehousing.documents import OtherInOut, StockCount, StockDocument, StockLine, Transfer

S = TypeVar("S", bound=StockDocument)


def document_row(state: JushuitanState, record: Record[S]) -> Row:
    """What the head of every stock document shows."""
    document = record.document
    return {
        "io_id": document.io_id,
        "io_date": wire_time(document.io_date),
        "status": document.status.value,
        "f_status": document.f_status.value,
        "warehouse": area_label(document.wh_id),
        "wh_id": int(document.wh_id),
        "wms_co_id": document.wms_co_id,
        "remark": document.remark,
        "creator_name": "",
        "modified": wire_time(record.modified),
        "labels": ",".join(document.labels),
        "lock_wh_id": 0,
        "lock_wh_name": "",
        "batchs": batch_rows(document.batchs, with_line=state.config.batch_ioi_id),
        "sns": None,
    }


def item_row(document: StockDocument, line: StockLine) -> Row:
    """What every line of a stock document shows."""
    return {
        "io_id": document.io_id,
        "ioi_id": line.ioi_id,
        "sku_id": line.sku_id,
        "i_id": line.sku_id,
        "name": line.name,
        "properties_value": "",
        "qty": line.qty,
        "batch_id": line.batch_no,
        "product_date": wire_date(line.product_date),
        "supplier_id": line.supplier_id,
        "expiration_date": wire_date(line.expiration_date),
    }


def count_row(state: JushuitanState, record: Record[StockCount], wanted: Wanted) -> Row:
    count = record.document
    items = [item_row(count, line) | {"r_qty": line.r_qty} for line in count.items]
    return document_row(state, record) | {"type": "盘点", "items": items or None}


def transfer_row(state: JushuitanState, record: Record[Transfer], wanted: Wanted) -> Row:
    transfer = record.document
    items = [item_row(transfer, line) | {"r_qty": line.r_qty} for line in transfer.items]
    return document_row(state, record) | {
        "type": transfer.type.value,
        "link_io_id": transfer.link_io_id,
        "co_id": state.config.company_id,
        "link_wms_co_id": transfer.link_wms_co_id,
        "link_wh_id": int(transfer.link_wh_id),
        "link_warehouse": area_label(transfer.link_wh_id),
        "so_id": transfer.so_id,
        "out_io_id": "",
        "wave_id": 0,
        "labels": list(transfer.labels),
        "lables": list(transfer.labels),
        "l_id": "",
        "lc_id": None,
        "logistics_company": "",
        "items": items or None,
    }


def other_row(state: JushuitanState, record: Record[OtherInOut], wanted: Wanted) -> Row:
    document = record.document
    items = [
        item_row(document, line)
        | {
            "unit": "件",
            "cost_price": line.price,
            "cost_amount": line.amount,
            "sale_price": line.price,
            "sale_amount": line.amount,
            "remark": line.remark,
        }
        for line in document.items
    ]
    return document_row(state, record) | {
        "type": document.type.value,
        "so_id": document.so_id,
        "drop_co_name": document.reason,
        "inout_user": "",
        "created": wire_time(record.created),
        "ts": record.ts,
        "wave_id": 0,
        "l_id": "",
        "lc_id": None,
        "logistics_company": "",
        "items": items or None,
    }
