"""Goods, combined goods, shop listings and suppliers as the vendor shows them (sections 8.4 to 8.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import model_validator

from connectors.jushuitan.models import Row
from connectors.jushuitan.values import Flag, Moment, Number, RequiredNumber, RequiredText, Rows, Text, Texts


class SkuRow(Row):
    """A goods code. `others` and `other_prices` are the free fields by their name on the wire (`other_1`, …)."""

    sku_id: RequiredText
    name: Text = None
    i_id: Text = None
    unit: Text = None
    brand: Text = None
    properties_value: Text = None
    sku_code: Text = None
    enabled: Number = None
    sale_price: Number = None
    cost_price: Number = None
    weight: Number = None
    batch_enabled: Flag = False
    labels: Texts = ()
    modified: Moment = None
    others: dict[str, Text]
    other_prices: dict[str, Number]

    @model_validator(mode="before")
    @classmethod
    def _free_fields(cls, row: Any) -> Any:
        if not isinstance(row, Mapping):
            return row
        texts = {f"other_{n}": row[f"other_{n}"] for n in range(1, 11) if f"other_{n}" in row}
        prices = {f"other_price_{n}": row[f"other_price_{n}"] for n in range(1, 11) if f"other_price_{n}" in row}
        return {**row, "others": texts, "other_prices": prices}


class ComponentRow(Row):
    src_sku_id: RequiredText
    qty: RequiredNumber
    sale_price: Number = None


class CombinedRow(Row):
    """Goods sold as one and shipped as their components."""

    sku_id: RequiredText
    name: Text = None
    i_id: Text = None
    enabled: Number = None
    sale_price: Number = None
    modified: Moment = None
    items: Annotated[tuple[ComponentRow, ...], Rows] = ()


class ShopGoodsRow(Row):
    """What a shop calls a goods code."""

    shop_id: RequiredText
    shop_sku_id: RequiredText
    sku_id: Text = None
    shop_i_id: Text = None
    name: Text = None
    enabled: Flag = False
    modified: Moment = None


class SupplierRow(Row):
    """A supplier. `supplier_id` is the vendor's number of it, which purchases want; `supplier_code` is ours."""

    supplier_id: RequiredText
    supplier_code: Text = None
    name: Text = None
    enabled: Flag = False
