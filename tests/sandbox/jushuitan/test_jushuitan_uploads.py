"""Uploads: the row results, the repeats, and what they do to documents and stock."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.jushuitan.codes import Code
from sandbox.jushuitan.documents import OrderStatus, OutboundStatus, RefundStatus
from tests.sandbox.jushuitan.tenant import Tenant

ORDERS = "/open/jushuitan/orders/upload"
AFTERSALE = "/open/aftersale/upload"
GOODS = "/open/webapi/aftersaleapi/confirmgoods"


def order(so_id: str = "SO-9", **fields: Any) -> dict[str, Any]:
    items = [{"sku_id": "MUG-01", "qty": 2, "price": "9.90", "amount": "19.80", "outer_oi_id": "1"}]
    return {"shop_id": 101, "so_id": so_id, "order_date": "2026-09-01 09:00:00", "items": items} | fields


async def test_a_refused_order_never_fails_its_neighbours(tenant: Tenant) -> None:
    biz = [order(), order("SO-10", shop_id=999), order("SO-11", items=[{"sku_id": "NONE", "qty": 1}])]
    answer = await tenant.caller.call(ORDERS, biz)
    assert answer["code"] == 0
    rows = answer["data"]["datas"]
    assert [row["issuccess"] for row in rows] == [True, False, False]
    assert rows[1]["o_id"] is None
    assert "999" in rows[1]["msg"]
    assert "NONE" in rows[2]["msg"]
    assert len(tenant.state.orders) == 1


async def test_a_repeated_order_is_an_update(tenant: Tenant) -> None:
    first = (await tenant.caller.data(ORDERS, [order()]))["datas"][0]["o_id"]
    second = (await tenant.caller.data(ORDERS, [order(remark="later")]))["datas"][0]["o_id"]
    assert first == second
    record = tenant.state.orders.get(first)
    assert record is not None
    assert record.document.remark == "later"


async def test_orders_are_cancelled_by_id(tenant: Tenant) -> None:
    o_id = (await tenant.caller.data(ORDERS, [order()]))["datas"][0]["o_id"]
    assert (await tenant.caller.call("/open/jushuitan/orderbyoid/cancel", {"o_ids": [o_id]}))["issuccess"] is True
    record = tenant.state.orders.get(o_id)
    assert record is not None
    assert record.document.status is OrderStatus.CANCELLED
    unknown = await tenant.caller.call("/open/jushuitan/orderbyoid/cancel", {"o_ids": [1]})
    assert unknown["code"] == Code.BUSINESS_REFUSED


@pytest.mark.parametrize(("biz", "expected"), [([], 130), ({}, 140), (["x"], 140), ([order()] * 51, 140)])
async def test_arrays_are_checked_as_a_whole(tenant: Tenant, biz: Any, expected: int) -> None:
    assert (await tenant.caller.call(ORDERS, biz))["code"] == expected


async def test_an_outer_warehouse_ships(tenant: Tenant) -> None:
    outbound = tenant.outbound(status=OutboundStatus.WAITING)
    biz = [{"io_id": outbound.io_id, "l_id": "YT1", "lc_name": "圆通"}, {"io_id": 1}]
    rows = (await tenant.caller.data("/open/orders/wms/sent/upload", biz))["data"]
    assert [(row["o_id"], row["issuccess"]) for row in rows] == [(outbound.io_id, True), (1, False)]
    shipped = tenant.state.outbound(outbound.io_id)
    assert (shipped.status, shipped.l_id) == (OutboundStatus.CONFIRMED, "YT1")


async def test_the_life_of_a_return(tenant: Tenant) -> None:
    await tenant.caller.data(ORDERS, [order()])
    biz = [
        {
            "shop_id": 101,
            "outer_as_id": "R-9",
            "so_id": "SO-9",
            "type": "普通退货",
            "items": [{"sku_id": "MUG-01", "qty": 2, "amount": "19.80", "outer_oi_id": "1"}],
        },
        {"shop_id": 101, "outer_as_id": "R-10", "so_id": "SO-9", "type": "什么"},
    ]
    answer = await tenant.caller.call(AFTERSALE, biz)
    rows = answer["data"]["datas"]
    assert [row["issuccess"] for row in rows] == [True, False]
    as_id = rows[0]["as_id"]
    assert tenant.state.refund(as_id).status is RefundStatus.WAITING
    confirmed = await tenant.caller.data("/open/webapi/aftersaleapi/open/confirm", {"as_ids": [as_id, 1]})
    assert (confirmed["success_count"], confirmed["fail_count"]) == (1, 1)
    again = await tenant.caller.call("/open/webapi/aftersaleapi/open/confirm", {"as_ids": [as_id]})
    assert (again["code"], again["issuccess"], again["data"]["fail_count"]) == (0, False, 1)
    goods = [{"as_id": as_id, "return_id": "G1", "wms_co_id": 11, "items": [{"sku_id": "MUG-01", "qty": 1}]}]
    for _ in range(2):
        assert (await tenant.caller.data(GOODS, goods))["success_count"] == 1
    assert tenant.state.refund(as_id).items[0].r_qty == 1
    assert len(tenant.state.received) == 1
    await tenant.caller.data("/open/webapi/aftersaleapi/open/unconfirm", {"as_ids": [as_id]})
    assert tenant.state.refund(as_id).status is RefundStatus.WAITING


async def test_goods_upsert_keeps_what_was_not_sent(tenant: Tenant) -> None:
    path = "/open/jushuitan/itemsku/upload"
    first = {"items": [{"sku_id": "CUP-1", "name": "杯", "other_1": "6911.10", "labels": ["a", "b"]}, {"sku_id": ""}]}
    rows = (await tenant.caller.data(path, first))["datas"]
    assert [row["is_success"] for row in rows] == ["true", "false"]
    await tenant.caller.data(path, {"items": [{"sku_id": "CUP-1", "other_2": "Cup", "deletedlabels": ["a"]}]})
    [row] = (await tenant.caller.data("/open/sku/query", {"sku_ids": "CUP-1"}))["datas"]
    assert (row["name"], row["other_1"], row["other_2"], row["labels"]) == ("杯", "6911.10", "Cup", "b")


async def test_stock_upload_sets_or_adds_and_answers_a_repeat_as_before(tenant: Tenant) -> None:
    path = "/open/jushuitan/inventoryv2/upload"

    async def upload(so_id: str, kind: str, qty: int) -> Any:
        items = [{"sku_id": "MUG-01", "qty": qty}]
        return (await tenant.caller.data(path, {"so_id": so_id, "type": kind, "is_confirm": True, "items": items}))[
            "data"
        ]["io_id"]

    async def stock() -> Any:
        data = await tenant.caller.data("/open/inventory/query", {"sku_ids": "MUG-01", "wms_co_id": 11})
        return data["inventorys"][0]["qty"]

    first = await upload("A", "check", 10)
    assert await stock() == 10
    assert await upload("A", "check", 99) == first
    assert await stock() == 10
    await upload("B", "adjust", -4)
    assert await stock() == 6
    await upload("C", "check", 20)
    assert await stock() == 20
