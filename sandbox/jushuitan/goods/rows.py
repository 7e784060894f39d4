"""Combined goods and shop listings on the wire (vendor sections 8.6 and 8.7)."""

from __future__ import annotations

from sandbox.jushuitan.documents import ZERO, Record
from sandbox.jushuitan.goods.documents import CombinedSku, ShopGoods
from sandbox.jushuitan.rows import Row, Wanted, wire_time
from sandbox.jushuitan.state import JushuitanState


def combined_row(state: JushuitanState, record: Record[CombinedSku], wanted: Wanted) -> Row:
    combined = record.document
    return {
        "sku_id": combined.sku_id,
        "i_id": combined.i_id,
        "name": combined.name,
        "short_name": combined.short_name,
        "vc_name": "",
        "pic": combined.pic,
        "properties_value": combined.properties_value,
        "sale_price": combined.sale_price,
        "cost_price": combined.cost_price,
        "weight": ZERO,
        "enty_sku_id": combined.enty_sku_id,
        "brand": combined.brand,
        "labels": ",".join(combined.labels),
        "enabled": combined.enabled,
        "sku_code": "",
        "item_type": "成品",
        "remark": combined.remark,
        "sku_qty": sum((part.qty for part in combined.items), ZERO),
        "created": wire_time(record.created),
        "modified": wire_time(record.modified),
        "items": [
            {
                "src_sku_id": part.src_sku_id,
                "qty": part.qty,
                "sale_price": part.sale_price,
                "modified": wire_time(record.modified),
                "combine_sku_id": combined.sku_id,
            }
            for part in combined.items
        ],
    }


def shop_goods_row(state: JushuitanState, record: Record[ShopGoods], wanted: Wanted) -> Row:
    goods = record.document
    shop = state.shops.get(goods.shop_id)
    return {
        "co_id": state.config.company_id,
        "shop_id": goods.shop_id,
        "channel": shop.document.shop_site if shop is not None else "",
        "i_id": goods.i_id,
        "sku_id": goods.sku_id,
        "shop_i_id": goods.shop_i_id,
        "shop_sku_id": goods.shop_sku_id,
        "link_sku_id": goods.sku_id,
        "raw_sku_id": goods.raw_sku_id,
        "name": goods.name,
        "properties_value": goods.properties_value,
        "pic": "",
        "enabled": True,
        "shop_price": None,
        "shop_qty": None,
        "outer_sku_code": goods.sku_code,
        "type": 1,
        "modified": wire_time(record.modified),
        "link_modified": wire_time(record.modified),
        "created": wire_time(record.created),
    }
