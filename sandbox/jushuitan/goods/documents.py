"""Combined goods and the shops' own listings (vendor sections 8.6 and 8.7)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sandbox.jushuitan.documents import ZERO


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a combined sku."""

    src_sku_id: str
    qty: Decimal
    sale_price: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class CombinedSku:
    """组合装: sold as one, shipped as its components. `enabled` as in the query: 1, 0 or -1."""

    sku_id: str
    i_id: str
    name: str
    items: tuple[Component, ...]
    enty_sku_id: str = ""
    short_name: str = ""
    properties_value: str = ""
    brand: str = ""
    cost_price: Decimal = ZERO
    pic: str = ""
    remark: str = ""
    enabled: int = 1
    labels: tuple[str, ...] = ()

    @property
    def sale_price(self) -> Decimal:
        return sum((part.qty * part.sale_price for part in self.items), ZERO)


@dataclass(frozen=True, slots=True)
class ShopGoods:
    """店铺商品: what a shop calls a goods code."""

    shop_id: int
    shop_i_id: str
    shop_sku_id: str
    sku_id: str
    i_id: str = ""
    sku_code: str = ""
    name: str = ""
    properties_value: str = ""
    raw_sku_id: str = ""
