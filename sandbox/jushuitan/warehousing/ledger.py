"""进出仓流水: every stock document of the tenant in one feed (vendor section 9.7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from sandbox.jushuitan.documents import Record
from sandbox.jushuitan.rows import Row, Wanted, wire_time
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.warehousing.documents import StockDocument, TransferType

S = TypeVar("S", bound=StockDocument)


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """`qty_type` is 1 for goods that come in and -1 for goods that leave; `qty` has no sign but in a count."""

    ioi_id: int
    sku_id: str
    qty: Decimal
    qty_type: int
    r_qty: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """A stock document as the ledger shows it."""

    io_id: int
    type: str
    status: str
    wms_co_id: int
    wh_id: str
    io_date: datetime
    items: tuple[LedgerLine, ...]
    so_id: str = ""
    o_id: int | None = None
    link_io_id: int | None = None
    link_wh_id: str | None = None
    shop_id: int | None = None
    supplier_id: int | None = None
    reason: str = ""
    remark: str = ""


def ledger(state: JushuitanState) -> Sequence[Record[LedgerEntry]]:
    """All stock documents, each with when it was made and last changed."""
    return [*_sales(state), *_warehousing(state), *_purchasing(state)]


def _sales(state: JushuitanState) -> Iterator[Record[LedgerEntry]]:
    for shipped in state.outbounds:
        outbound = shipped.document
        entry = LedgerEntry(
            io_id=outbound.io_id,
            type="销售出仓",
            status=outbound.status.value,
            wms_co_id=outbound.wms_co_id,
            wh_id=outbound.wh_id,
            io_date=outbound.io_date,
            items=tuple(LedgerLine(line.ioi_id, line.sku_id, line.qty, -1) for line in outbound.items),
            so_id=outbound.so_id,
            o_id=outbound.o_id,
            shop_id=outbound.shop_id,
            remark=outbound.remark,
        )
        yield Record(entry, shipped.created, shipped.modified, shipped.ts)
    for came_back in state.received:
        received = came_back.document
        entry = LedgerEntry(
            io_id=received.io_id,
            type=received.type,
            status=received.status.value,
            wms_co_id=received.wms_co_id,
            wh_id=received.wh_id,
            io_date=received.io_date,
            items=tuple(LedgerLine(line.ioi_id, line.sku_id, line.qty, 1) for line in received.items),
            so_id=received.so_id,
            o_id=received.o_id,
            shop_id=received.shop_id,
            remark=received.remark,
        )
        yield Record(entry, came_back.created, came_back.modified, came_back.ts)


def _warehousing(state: JushuitanState) -> Iterator[Record[LedgerEntry]]:
    for other in state.others:
        sign = 1 if other.document.type.comes_in else -1
        yield _of(other, other.document.type.value, sign, reason=other.document.reason)
    for count in state.counts:
        yield _of(count, "盘点", 1)
    for half in state.transfers:
        transfer = half.document
        sign = -1 if transfer.type is TransferType.OUT else 1
        yield _of(half, transfer.type.value, sign, link_io_id=transfer.link_io_id, link_wh_id=transfer.link_wh_id)


def _purchasing(state: JushuitanState) -> Iterator[Record[LedgerEntry]]:
    for bought in state.purchase_ins:
        yield _of(bought, "采购进仓", 1, supplier_id=bought.document.supplier_id)
    for sent_back in state.purchase_returns:
        yield _of(sent_back, "采购退货", -1, supplier_id=sent_back.document.supplier_id)


def _of(
    record: Record[S],
    kind: str,
    sign: int,
    *,
    reason: str = "",
    link_io_id: int | None = None,
    link_wh_id: str | None = None,
    supplier_id: int | None = None,
) -> Record[LedgerEntry]:
    document = record.document
    entry = LedgerEntry(
        io_id=document.io_id,
        type=kind,
        status=document.status.value,
        wms_co_id=document.wms_co_id,
        wh_id=document.wh_id,
        io_date=document.io_date,
        items=tuple(LedgerLine(line.ioi_id, line.sku_id, line.qty, sign, line.r_qty) for line in document.items),
        so_id=document.so_id,
        link_io_id=link_io_id,
        link_wh_id=link_wh_id,
        supplier_id=supplier_id,
        reason=reason,
        remark=document.remark,
    )
    return Record(entry, record.created, record.modified, record.ts)


def ledger_row(state: JushuitanState, record: Record[LedgerEntry], wanted: Wanted) -> Row:
    entry = record.document
    return {
        "io_id": entry.io_id,
        "o_id": entry.o_id,
        "so_id": entry.so_id,
        "type": entry.type,
        "status": entry.status,
        "co_id": state.config.company_id,
        "wms_co_id": entry.wms_co_id,
        "wh_id": int(entry.wh_id),
        "link_wh_id": None if entry.link_wh_id is None else int(entry.link_wh_id),
        "link_io_id": entry.link_io_id,
        "shop_id": entry.shop_id,
        "supplier_id": entry.supplier_id,
        "io_date": wire_time(entry.io_date),
        "created": wire_time(record.created),
        "modified": wire_time(record.modified),
        "weight": None,
        "f_weight": None,
        "drp_co_name": entry.reason,
        "remark": entry.remark,
        "items": [
            {
                "ioi_id": line.ioi_id,
                "sku_id": line.sku_id,
                "qty": line.qty,
                "r_qty": line.r_qty,
                "properties_value": "",
                "qty_type": line.qty_type,
            }
            for line in entry.items
        ],
    }
