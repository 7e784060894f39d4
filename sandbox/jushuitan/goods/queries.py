"""Queries of combined goods and shop listings (vendor sections 8.6 and 8.7)."""

from __future__ import annotations

from typing import Any

from sandbox.jushuitan.goods.documents import CombinedSku, ShopGoods
from sandbox.jushuitan.goods.rows import combined_row, shop_goods_row
from sandbox.jushuitan.goods.styles import Style, style_row, styles
from sandbox.jushuitan.queries import Filter, Query, Shape, Window

COMBINED: Query[CombinedSku] = Query(
    path="/open/combine/sku/query",
    records=lambda state: state.combined,
    row=combined_row,
    filters=(
        Filter("sku_ids", lambda combined: combined.sku_id, Shape.COMMA, limit=20, selects=True),
        Filter("i_ids", lambda combined: combined.i_id, Shape.ARRAY, selects=True),
    ),
    window=Window(),
)

SHOP_GOODS: Query[ShopGoods] = Query(
    path="/open/skumap/query",
    records=lambda state: state.shop_goods,
    row=shop_goods_row,
    filters=(
        Filter("sku_ids", lambda goods: goods.sku_id, Shape.COMMA, selects=True),
        Filter("shop_id", lambda goods: goods.shop_id),
    ),
    window=Window(),
)

STYLES: Query[Style] = Query(
    path="/open/mall/item/query",
    records=styles,
    row=style_row,
    filters=(Filter("i_ids", lambda style: style.i_id, Shape.ARRAY, limit=20, selects=True),),
    window=Window(),
)

QUERIES: tuple[Query[Any], ...] = (COMBINED, SHOP_GOODS, STYLES)
