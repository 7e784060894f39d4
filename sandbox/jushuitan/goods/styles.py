"""款: goods by their style, with what the category says of them (vendor section 8.5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.jushuitan.documents import Record, Sku
from sandbox.jushuitan.rows import Row, Wanted, sku_row, wire_time
from sandbox.jushuitan.state import JushuitanState


@dataclass(frozen=True, slots=True)
class Style:
    """All goods codes of one style code."""

    i_id: str
    skus: tuple[Record[Sku], ...]


def styles(state: JushuitanState) -> Sequence[Record[Style]]:
    """Each style as it last changed with any of its goods."""
    by_style: dict[str, list[Record[Sku]]] = defaultdict(list)
    for record in state.skus:
        by_style[record.document.i_id or record.document.sku_id].append(record)
    return [
        Record(
            Style(i_id, tuple(records)),
            min(record.created for record in records),
            max(record.modified for record in records),
            max(record.ts for record in records),
        )
        for i_id, records in by_style.items()
    ]


def style_row(state: JushuitanState, record: Record[Style], wanted: Wanted) -> Row:
    style = record.document
    first = style.skus[0].document
    properties = {name: value for one in style.skus for name, value in one.document.properties.items()}
    return {
        "i_id": style.i_id,
        "co_id": state.config.company_id,
        "name": first.name,
        "c_id": 0,
        "c_name": first.more.get("category", ""),
        "s_price": first.sale_price,
        "c_price": first.cost_price,
        "market_price": first.more.get("market_price"),
        "brand": first.brand,
        "weight": first.weight,
        "remark": first.more.get("remark", ""),
        "item_type": first.more.get("item_type", "成品"),
        "unit": first.unit,
        "created": wire_time(record.created),
        "modified": wire_time(record.modified),
        "skus": [sku_row(state, one, wanted) for one in style.skus],
        "ups": [
            {"p_id": number, "p_name": name, "pv_id": number, "pv_value": value}
            for number, (name, value) in enumerate(sorted(properties.items()), 1)
        ],
    }
