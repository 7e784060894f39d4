"""箱及仓位库存: what lies where inside an area; here everything is in the default box of its area (section 9.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sandbox.jushuitan.documents import Record
from sandbox.jushuitan.rows import Row, Wanted, wire_time
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.stock import ALL_WAREHOUSES, FIGURE_OF_AREA


@dataclass(frozen=True, slots=True)
class Bin:
    """What an area has of a goods code."""

    wms_co_id: int
    wh_id: str
    sku_id: str
    qty: Decimal
    pack_type: str = "DefaultPack"


def bins(state: JushuitanState) -> Sequence[Record[Bin]]:
    """One for each area that has any of a goods code."""
    return [
        Record(Bin(card.wms_co_id, wh_id, card.sku_id, qty), record.created, record.modified, record.ts)
        for record in state.stock
        if (card := record.document).wms_co_id != ALL_WAREHOUSES
        for wh_id, figure in FIGURE_OF_AREA.items()
        if (qty := card.figures.get(figure))
    ]


def bin_row(state: JushuitanState, record: Record[Bin], wanted: Wanted) -> Row:
    lying = record.document
    return {
        "pack_type": lying.pack_type,
        "pack_id": f"{lying.wms_co_id}-{lying.wh_id}",
        "bin": "",
        "item_bin": "",
        "wms_co_id": lying.wms_co_id,
        "wh_id": int(lying.wh_id),
        "sku_id": lying.sku_id,
        "qty": lying.qty,
        "batch_no": None,
        "product_date": None,
        "expiration_date": None,
        "supplier_id": None,
        "modified": wire_time(record.modified),
    }
