"""Queries of stock documents and of the ledger over all of them (vendor sections 9.2 and 9.5 to 9.7)."""

from __future__ import annotations

from typing import Any

from sandbox.jushuitan.queries import DateType, Filter, Query, Shape, Window
from sandbox.jushuitan.state import Kind
from sandbox.jushuitan.warehousing.bins import Bin, bin_row, bins
from sandbox.jushuitan.warehousing.documents import OtherInOut, StockCount, Transfer
from sandbox.jushuitan.warehousing.ledger import LedgerEntry, ledger, ledger_row
from sandbox.jushuitan.warehousing.rows import count_row, other_row, transfer_row

BY_CHANGE_OR_MOVE: Window[Any] = Window(
    {
        DateType.MODIFIED: lambda record: record.modified,
        DateType.DOCUMENT: lambda record: record.document.io_date,
    }
)

COUNTS: Query[StockCount] = Query(
    path="/open/inventory/count/query",
    records=lambda state: state.counts,
    row=count_row,
    filters=(
        Filter("io_ids", lambda count: count.io_id, Shape.COMMA, limit=50, selects=True),
        Filter("status", lambda count: count.status.value),
    ),
    window=Window(),
    kind=Kind.COUNT,
    key=lambda count: count.io_id,
)

TRANSFERS: Query[Transfer] = Query(
    path="/open/allocate/query",
    records=lambda state: state.transfers,
    row=transfer_row,
    filters=(
        Filter("so_ids", lambda transfer: transfer.so_id, Shape.ARRAY, selects=True),
        Filter("io_ids", lambda transfer: transfer.io_id, Shape.ARRAY, selects=True),
        Filter("type", lambda transfer: transfer.type.value),
    ),
    window=BY_CHANGE_OR_MOVE,
    kind=Kind.TRANSFER,
    key=lambda transfer: transfer.io_id,
)

OTHERS: Query[OtherInOut] = Query(
    path="/open/other/inout/query",
    records=lambda state: state.others,
    row=other_row,
    filters=(
        Filter("so_ids", lambda document: document.so_id, Shape.ARRAY, limit=50, selects=True),
        Filter("io_ids", lambda document: document.io_id, Shape.ARRAY, limit=50, selects=True),
        Filter("types", lambda document: document.type.value, Shape.ARRAY),
        Filter("status", lambda document: document.status.value),
        Filter("wms_co_id", lambda document: document.wms_co_id),
    ),
    window=BY_CHANGE_OR_MOVE,
    cursor="start_ts",
    cursor_alone=True,
    kind=Kind.OTHER,
    key=lambda document: document.io_id,
)

LEDGER: Query[LedgerEntry] = Query(
    path="/open/jushuitan/inout/water/query",
    records=ledger,
    row=ledger_row,
    bare=True,
    most_pages=800,
    filters=(
        Filter("type", lambda entry: entry.type),
        Filter("wms_co_id", lambda entry: entry.wms_co_id),
    ),
    window=Window(
        {
            DateType.MODIFIED: lambda record: record.modified,
            DateType.CREATED: lambda record: record.created,
            DateType.DOCUMENT: lambda record: record.document.io_date,
        },
        begin="start_time",
        end="end_time",
    ),
)

BINS: Query[Bin] = Query(
    path="/open/pack/query",
    records=bins,
    row=bin_row,
    max_page=200,
    count_name="date_count",
    filters=(
        Filter("sku_ids", lambda lying: lying.sku_id, Shape.ARRAY, limit=20),
        Filter("wms_co_id", lambda lying: lying.wms_co_id),
        Filter("pack_type", lambda lying: lying.pack_type),
    ),
    window=Window(days=1, required=False, begin="start_time", end="end_time"),
)

QUERIES: tuple[Query[Any], ...] = (COUNTS, TRANSFERS, OTHERS, LEDGER, BINS)
