"""Goods, combined goods and shop listings: uploads and what the queries show of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.jushuitan.tenant import Tenant

SKU = "/open/jushuitan/itemsku/upload"
SKUS = "/open/sku/query"
COMBINE = "/open/item/combinesku/upload"
COMBINED = "/open/combine/sku/query"
SKUMAP = "/open/jushuitan/skumap/upload"


def pair(**fields: Any) -> dict[str, Any]:
    parts = [{"src_sku_id": "MUG-01", "qty": 2, "sale_price": "4.50"}]
    return {"sku_id": "SET-2", "i_id": "SET", "name": "对杯", "labels": ["a"], "childList": parts} | fields


async def test_all_documented_fields_come_back(tenant: Tenant) -> None:
    item = {
        "sku_id": "CUP-1",
        "name": "杯",
        "other_price_1": "12.30",
        "market_price": "20",
        "purchase_price": "7.77",
        "l": "1.5",
        "item_type": "成品",
        "shelf_life": 365,
        "is_series_number": True,
        "c_name": "杯具",
    }
    assert (await tenant.caller.data(SKU, {"items": [item]}))["datas"][0]["is_success"] == "true"
    [row] = (await tenant.caller.data(SKUS, {"sku_ids": "CUP-1"}))["datas"]
    assert (row["other_price_1"], row["market_price"], row["category"]) == (Decimal("12.30"), 20, "杯具")
    assert (row["l"], row["shelf_life"], row["is_series_number"]) == (Decimal("1.5"), 365, True)
    assert "purchase_price" not in row
    [row] = (await tenant.caller.data(SKUS, {"sku_ids": "CUP-1", "flds": "purchase_price"}))["datas"]
    assert row["purchase_price"] == Decimal("7.77")


async def test_a_bad_item_never_fails_its_neighbours(tenant: Tenant) -> None:
    items = [{"sku_id": "A", "weight": "heavy"}, {"sku_id": "x" * 41}, {"sku_id": "B", "name": "乙"}]
    rows = (await tenant.caller.data(SKU, {"items": items}))["datas"]
    assert [row["is_success"] for row in rows] == ["false", "false", "true"]
    assert (await tenant.caller.call(SKU, {"items": items * 20}))["code"] == 140


async def test_a_combined_code_is_no_normal_goods_code(tenant: Tenant) -> None:
    assert (await tenant.caller.call(COMBINE, {"items": [pair()]}))["issuccess"] is True
    for normal, result in ((True, "false"), (False, "true")):
        biz = {"is_normal": normal, "items": [{"sku_id": "SET-2", "name": "x"}]}
        assert (await tenant.caller.data(SKU, biz))["datas"][0]["is_success"] == result


@pytest.mark.parametrize("path", [COMBINE, "/open/jushuitan/item/combinesku/upload"])
async def test_combined_goods(tenant: Tenant, path: str) -> None:
    await tenant.caller.call(path, {"items": [pair()]})
    await tenant.caller.call(path, {"is_cover": False, "items": [pair(name="另名")]})
    [row] = (await tenant.caller.data(COMBINED, {"sku_ids": "SET-2"}))["datas"]
    assert (row["name"], row["sale_price"], row["sku_qty"], row["enabled"]) == ("对杯", Decimal("9.00"), 2, 1)
    assert [(part["src_sku_id"], part["qty"]) for part in row["items"]] == [("MUG-01", 2)]
    changed = pair(name="另名", enabled="禁用", is_add_labels=True, labels=["b"], deleted_labels=["a"])
    await tenant.caller.call(path, {"items": [changed]})
    [row] = (await tenant.caller.data(COMBINED, {"i_ids": ["SET"]}))["datas"]
    assert (row["name"], row["enabled"], row["labels"]) == ("另名", -1, "b")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"childList": []}, 130),
        ({"childList": [{"src_sku_id": "NONE", "qty": 1}]}, 160),
        ({"childList": [{"src_sku_id": "MUG-01", "qty": 0}]}, 140),
        ({"enabled": "?"}, 140),
        ({"name": ""}, 130),
    ],
)
async def test_combined_goods_are_taken_all_or_none(tenant: Tenant, changes: dict[str, Any], code: int) -> None:
    assert (await tenant.caller.call(COMBINE, {"items": [pair(), pair(sku_id="SET-3") | changes]}))["code"] == code
    assert len(tenant.state.combined) == 0


async def test_what_shops_call_goods(tenant: Tenant) -> None:
    listing = {"shop_id": 101, "shop_i_id": "B0X", "shop_sku_id": "B0X-R", "sku_id": "MUG-01", "sku_code": "690"}
    items = [listing, listing | {"shop_id": 9}, listing | {"shop_sku_id": "B0X-S", "sku_id": "NONE"}]
    rows = (await tenant.caller.data(SKUMAP, {"items": items}))["datas"]
    assert [row["issuccess"] for row in rows] == [True, False, False]
    [row] = (await tenant.caller.data("/open/skumap/query", {"sku_ids": "MUG-01", "shop_id": 101}))["datas"]
    assert (row["shop_sku_id"], row["sku_id"], row["channel"], row["outer_sku_code"]) == (
        "B0X-R",
        "MUG-01",
        "Amazon",
        "690",
    )


async def test_goods_by_their_style(tenant: Tenant) -> None:
    items = [
        {"sku_id": "CUP-R", "i_id": "CUP", "name": "杯", "c_name": "杯具", "CategoryPropertys": {"材质": "陶瓷"}},
        {"sku_id": "CUP-B", "i_id": "CUP", "name": "杯"},
        {"sku_id": "CUP-X", "i_id": "CUP", "CategoryPropertys": {"材质": "玻璃"}},
    ]
    rows = (await tenant.caller.data(SKU, {"items": items}))["datas"]
    assert [row["is_success"] for row in rows] == ["true", "true", "false"], "properties need their category"
    [style] = (await tenant.caller.data("/open/mall/item/query", {"i_ids": ["CUP"]}))["datas"]
    assert [one["sku_id"] for one in style["skus"]] == ["CUP-R", "CUP-B"]
    assert [(one["p_name"], one["pv_value"]) for one in style["ups"]] == [("材质", "陶瓷")]
    assert style["c_name"] == "杯具"
    [sku] = (await tenant.caller.data(SKUS, {"sku_ids": "CUP-R"}))["datas"]
    assert "ups" not in sku
