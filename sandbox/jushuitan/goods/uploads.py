"""Uploads of goods, combined goods and shop listings (vendor sections 8.5 to 8.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sandbox.jushuitan.biz import Fields
from sandbox.jushuitan.codes import Code, Refusal
from sandbox.jushuitan.documents import ZERO, Sku
from sandbox.jushuitan.goods.documents import CombinedSku, Component, ShopGoods
from sandbox.jushuitan.state import JushuitanState
from sandbox.jushuitan.upload_parts import DONE, MAX_ROWS, Payload, Upload, known_sku, mandatory, positive

_LONGEST_CODE = 40
_MORE_TEXTS = {
    "short_name": "short_name",
    "vc_name": "vc_name",
    "c_name": "category",
    "item_type": "item_type",
    "remark": "remark",
    "pic": "pic",
    "pic_big": "pic_big",
    "supplier_name": "supplier_name",
    "supplier_sku_id": "supplier_sku_id",
    "supplier_i_id": "supplier_i_id",
    "production_licence": "production_licence",
}
_MORE_NUMBERS = {
    "market_price": "market_price",
    "purchase_price": "purchase_price",
    "l": "l",
    "w": "w",
    "h": "h",
    "shelf_life": "shelf_life",
    **{f"other_price_{number}": f"other_price_{number}" for number in range(1, 6)},
}
"""Fields of the upload and what the query calls them; they are kept and given back as they are."""
_ENABLED = {"启用": 1, "备用": 0, "禁用": -1}


def itemsku_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/itemsku/upload`: goods, an upsert by `sku_id`; a field not sent stays.

    Its row results say `is_success` as text.
    """
    fields = Fields(tree)
    rows: list[Payload] = []
    for item in fields.objects("items", MAX_ROWS):
        sku_id = item.text("sku_id")
        try:
            state.add_sku(_sku(state, item, normal_only=fields.flag("is_normal")))
            rows.append({"sku_id": sku_id, "is_success": "true", "msg": DONE})
        except Refusal as refusal:
            rows.append({"sku_id": sku_id, "is_success": "false", "msg": refusal.message})
    return {"data": {"datas": rows, "requestId": None}}


def _sku(state: JushuitanState, item: Fields, *, normal_only: bool) -> Sku:
    sku_id = mandatory(item, "sku_id")
    if len(sku_id) > _LONGEST_CODE:
        raise Refusal(Code.PARAMETER_WRONG, f"sku_id不能超过{_LONGEST_CODE}个字符")
    if normal_only and state.combined.get(sku_id) is not None:
        raise Refusal(Code.BUSINESS_REFUSED, f"{sku_id}已是组合装商品编码")
    record = state.skus.get(sku_id)
    before = record.document if record is not None else Sku(sku_id, name=sku_id)
    given = {n: item.text(f"other_{n}") for n in range(1, 6) if item.given(f"other_{n}")}
    others = dict(enumerate(before.others, 1)) | given
    labels = [label for label in before.labels if label not in item.array("deletedlabels")]
    more: dict[str, Any] = {ours: item.text(name) for name, ours in _MORE_TEXTS.items() if item.given(name)}
    more |= {ours: item.number(name) for name, ours in _MORE_NUMBERS.items() if item.given(name)}
    if item.given("is_series_number"):
        more["is_series_number"] = item.flag("is_series_number")
    return replace(
        before,
        name=item.text("name", before.name),
        i_id=item.text("i_id", before.i_id),
        unit=item.text("unit", before.unit),
        brand=item.text("brand", before.brand),
        properties_value=item.text("properties_value", before.properties_value),
        sale_price=item.number("s_price", before.sale_price),
        cost_price=item.number("c_price", before.cost_price),
        weight=item.number("weight", before.weight),
        enabled=item.integer("enabled", before.enabled),
        sku_code=item.text("sku_code", before.sku_code),
        batch_enabled=item.flag("batch_enabled", before.batch_enabled),
        stock_disabled=item.flag("stock_disabled", before.stock_disabled),
        labels=tuple(dict.fromkeys([*labels, *item.array("labels")])),
        others=tuple(others.get(number, "") for number in range(1, max(others, default=0) + 1)),
        more={**before.more, **more},
        properties={**before.properties, **_category(item)},
    )


def _category(item: Fields) -> dict[str, str]:
    """`CategoryPropertys`, with a capital; it needs the category."""
    if not item.given("CategoryPropertys"):
        return {}
    mandatory(item, "c_name")
    given = Fields(item.tree["CategoryPropertys"], f"{item.where}.CategoryPropertys")
    return {str(name): given.text(str(name)) for name in given.tree}


def combined_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/item/combinesku/upload`: all or nothing; `is_cover` false leaves what is there as it is."""
    fields = Fields(tree)
    covers = fields.flag("is_cover", True)
    wanted = [_combined(state, item) for item in fields.objects("items", MAX_ROWS)]
    for combined in wanted:
        if covers or state.combined.get(combined.sku_id) is None:
            state.add_combined(combined)
    return {"issuccess": True}


def _combined(state: JushuitanState, item: Fields) -> CombinedSku:
    enabled = _ENABLED.get(item.text("enabled", "启用"))
    if enabled is None:
        raise Refusal(Code.PARAMETER_WRONG, "enabled应为启用|备用|禁用")
    parts = tuple(
        Component(known_sku(state, part, "src_sku_id").sku_id, positive(part, "qty"), part.number("sale_price", ZERO))
        for part in item.objects("childList")
    )
    if not parts:
        raise Refusal(Code.PARAMETER_MISSING, f"{item.where}.childList不能为空")
    sku_id = mandatory(item, "sku_id")
    record = state.combined.get(sku_id)
    labels = [str(label) for label in item.array("labels")]
    if record is not None and item.flag("is_add_labels"):
        labels = [*record.document.labels, *labels]
    gone = item.array("deleted_labels")
    return CombinedSku(
        sku_id=sku_id,
        i_id=item.text("i_id", sku_id),
        name=mandatory(item, "name"),
        items=parts,
        enty_sku_id=item.text("enty_sku_id"),
        short_name=item.text("short_name"),
        properties_value=item.text("properties_value"),
        brand=item.text("brand"),
        cost_price=item.number("cost_price", ZERO),
        pic=item.text("pic"),
        remark=item.text("remark"),
        enabled=enabled,
        labels=tuple(dict.fromkeys(label for label in labels if label not in gone)),
    )


def skumap_upload(state: JushuitanState, tree: object) -> Payload:
    """`/open/jushuitan/skumap/upload`: which goods code a shop's listing stands for."""
    rows: list[Payload] = []
    for item in Fields(tree).objects("items", MAX_ROWS):
        row: Payload = {"shop_sku_id": item.text("shop_sku_id"), "sku_id": item.text("sku_id")}
        try:
            shop_id = item.integer("shop_id")
            if state.shops.get(shop_id) is None:
                raise Refusal(Code.SHOP_UNKNOWN, f"店铺{shop_id}不存在或不属于该公司")
            state.add_shop_goods(
                ShopGoods(
                    shop_id=shop_id,
                    shop_i_id=mandatory(item, "shop_i_id"),
                    shop_sku_id=mandatory(item, "shop_sku_id"),
                    sku_id=known_sku(state, item).sku_id,
                    i_id=item.text("i_id"),
                    sku_code=item.text("sku_code"),
                    name=item.text("name"),
                    properties_value=item.text("shop_properties_value"),
                    raw_sku_id=item.text("original_sku_id"),
                )
            )
            rows.append(row | {"issuccess": True, "msg": DONE})
        except Refusal as refusal:
            rows.append(row | {"issuccess": False, "msg": refusal.message})
    return {"issuccess": True, "data": {"datas": rows, "requestId": None}}


UPLOADS: Mapping[str, Upload] = {
    "/open/jushuitan/itemsku/upload": itemsku_upload,
    "/open/item/combinesku/upload": combined_upload,
    "/open/jushuitan/item/combinesku/upload": combined_upload,
    "/open/jushuitan/skumap/upload": skumap_upload,
}
