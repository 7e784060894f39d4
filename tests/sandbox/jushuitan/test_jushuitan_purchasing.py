"""Purchasing: suppliers, orders and what they bring, goods in and goods back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.jushuitan.config import Repeat
from sandbox.jushuitan.purchasing.documents import Supplier
from tests.sandbox.jushuitan.tenant import Tenant

ORDER = "/open/jushuitan/purchase/upload"
STATUS = "/open/jushuitan/purchase/change/status"
ORDERS = "/open/purchase/query"
IN = "/open/webapi/wmsapi/purchasein/createbatch"
IN_QUERY = "/open/purchasein/query"
BACK = "/open/webapi/wmsapi/purchaseout/createbatch"
BACK_QUERY = "/open/purchaseout/query"
DAY = {"modified_begin": "2026-09-01 00:00:00", "modified_end": "2026-09-02 00:00:00"}
SUPPLIER = 7001


@pytest.fixture
def buying(tenant: Tenant) -> Tenant:
    tenant.state.add_supplier(Supplier(SUPPLIER, "V-01", "义乌百货"))
    return tenant


def order(external_id: str = "PO-1", **fields: Any) -> dict[str, Any]:
    items = [{"sku_id": "MUG-01", "qty": 10, "price": "3.2000", "tax_rate": 13, "plan_arrive_date": "2026-09-09"}]
    return {
        "external_id": external_id,
        "supplier_id": SUPPLIER,
        "wms_co_id": 11,
        "is_confirm": True,
        "items": items,
    } | (fields)


def goods(external_id: str = "GR-1", qty: Any = 4, **fields: Any) -> dict[str, Any]:
    items = [{"sku_id": "MUG-01", "qty": qty, "price": "3.2000"}]
    return {
        "external_id": external_id,
        "supplier_id": SUPPLIER,
        "wms_co_id": 11,
        "warehouse": 1,
        "is_confirm": True,
        "items": items,
    } | fields


async def stock(tenant: Tenant) -> dict[str, Any]:
    data = await tenant.caller.data("/open/inventory/query", {"sku_ids": "MUG-01", "wms_co_id": 11})
    return data["inventorys"][0] if data["inventorys"] else {"qty": 0, "purchase_qty": 0}


async def the_order(tenant: Tenant) -> dict[str, Any]:
    [row] = (await tenant.caller.data(ORDERS, {"so_ids": ["PO-1"]}))["datas"]
    return dict(row)


async def test_the_life_of_a_purchase(buying: Tenant) -> None:
    placed = (await buying.caller.data(ORDER, order(is_confirm=False)))["data"]
    assert placed["external_id"] == "PO-1"
    row = await the_order(buying)
    assert (row["status"], row["receive_status"], row["seller"]) == ("WaitConfirm", "Not_Received", "义乌百货")
    assert (await buying.caller.call(STATUS, {"po_ids": [placed["po_id"]], "option": 1}))["code"] == 0
    assert (await stock(buying))["purchase_qty"] == 10
    made = await buying.caller.data(IN, [goods(po_id=placed["po_id"])])
    assert (made["external_id"], made["is_success"]) == ("GR-1", True)
    row = await the_order(buying)
    assert (row["status"], row["receive_status"]) == ("Confirmed", "Part_Received")
    assert (row["items"][0]["inQty"], row["items"][0]["is_delivery"]) == (4, 2)
    there = await stock(buying)
    assert (there["qty"], there["purchase_qty"]) == (4, 6)
    waiting = await buying.caller.data(IN, [goods("GR-2", 8, po_id=placed["po_id"], is_confirm=False)])
    assert (await stock(buying))["qty"] == 4
    received = [{"io_id": waiting["io_id"], "items": [{"sku_id": "MUG-01", "qty": 6}]}, {"io_id": 1}]
    rows = (await buying.caller.data("/open/purchasein/received/upload", received))["datas"]
    assert [one["issuccess"] for one in rows] == [True, False]
    row = await the_order(buying)
    assert (row["status"], row["receive_status"], row["items"][0]["inQty"]) == ("Finished", "Received", 10)
    there = await stock(buying)
    assert (there["qty"], there["purchase_qty"]) == (10, 0)
    back = await buying.caller.data(BACK, [goods("RB-1", 3, po_id=placed["po_id"])])
    assert back["is_success"] is True
    assert (await stock(buying))["qty"] == 7
    assert (await the_order(buying))["items"][0]["return_qty"] == 3


async def test_an_order_changes_only_when_it_is_said_to(buying: Tenant) -> None:
    first = (await buying.caller.data(ORDER, order(is_confirm=False)))["data"]["po_id"]
    await buying.caller.data(ORDER, order(is_confirm=False, remark="later"))
    assert (await the_order(buying))["remark"] == ""
    again = (await buying.caller.data(ORDER, order(is_edit=True, remark="later")))["data"]["po_id"]
    assert again == first
    assert (await the_order(buying))["remark"] == "later"
    assert (await buying.caller.call(ORDER, order(is_edit=True)))["code"] == 160, "it is confirmed by now"


@pytest.mark.parametrize(
    ("option", "code", "status"),
    [(1, 160, "Confirmed"), (3, 0, "Cancelled"), (4, 0, "Finished"), (7, 140, "Confirmed")],
)
async def test_changes_of_an_order(buying: Tenant, option: int, code: int, status: str) -> None:
    await buying.caller.data(ORDER, order())
    assert (await buying.caller.call(STATUS, {"so_ids": ["PO-1"], "option": option}))["code"] == code
    assert (await the_order(buying))["status"] == status
    assert (await stock(buying))["purchase_qty"] == (10 if status == "Confirmed" else 0)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"supplier_id": 1}, 160),
        ({"supplier_id": None}, 160),
        ({"external_id": None}, 130),
        ({"items": []}, 130),
        ({"items": [{"sku_id": "MUG-01", "qty": 0}]}, 140),
        ({"items": [{"sku_id": "NONE", "qty": 1}]}, 160),
    ],
)
async def test_orders_that_are_refused(buying: Tenant, changes: dict[str, Any], code: int) -> None:
    assert (await buying.caller.call(ORDER, order() | changes))["code"] == code
    assert len(buying.state.purchase_orders) == 0


async def test_each_document_of_a_batch_has_its_own_result(buying: Tenant) -> None:
    rows = await buying.caller.data(IN, [goods(), goods("GR-2", supplier_id=1), goods("GR-3", po_id=5), goods()])
    assert [row["is_success"] for row in rows] == [True, False, False, True]
    assert rows[0]["io_id"] == rows[3]["io_id"]
    assert (await stock(buying))["qty"] == 4
    [row] = (await buying.caller.data(IN_QUERY, {"so_ids": ["GR-1", "GR-2"]}))["datas"]
    assert (row["wh_id"], row["wms_co_id"], row["type"]) == ("1", 11, "采购进仓")
    assert (row["items"][0]["cost_price"], row["items"][0]["cost_amount"]) == (Decimal("3.2000"), Decimal("12.8000"))


@pytest.mark.parametrize("path", ["/open/jushuitan/purchasein/upload", "/open/jushuitan/purchaseout/upload"])
async def test_the_older_paths_take_one_document(buying: Tenant, path: str) -> None:
    buying.state.add_stock(11, "MUG-01", Decimal(10))
    assert (await buying.caller.data(path, goods()))["external_id"] == "GR-1"
    refused = await buying.caller.call(path, goods("GR-2", supplier_id=1))
    assert (refused["code"], refused["issuccess"]) == (160, False)


@pytest.mark.parametrize("config_overrides", [{"repeats": Repeat.REFUSE}])
async def test_a_repeated_number_may_be_refused(buying: Tenant) -> None:
    await buying.caller.data(IN, [goods()])
    assert (await buying.caller.data(IN, [goods()]))["is_success"] is False
    assert (await stock(buying))["qty"] == 4


async def test_by_default_only_receipts_that_stand_are_shown(buying: Tenant) -> None:
    """And with a cursor nothing else can be asked for."""
    await buying.caller.data(IN, [goods(), goods("GR-2", is_confirm=False), goods("GR-3")])
    cancelled = next(row.document.io_id for row in buying.state.purchase_ins if row.document.so_id == "GR-3")
    await buying.caller.switch("cancel-stock", kind="purchase_in", id=cancelled)
    for path in (IN_QUERY, "/open/webapi/wmsapi/purchasein/purchaseinquery"):
        for biz, expected in (
            (DAY, ["GR-1"]),
            ({**DAY, "statuss": ["Confirmed", "Cancelled"]}, ["GR-1", "GR-3"]),
            ({"start_ts": 1, "statuss": ["Cancelled"]}, ["GR-1"]),
        ):
            assert [row["so_id"] for row in (await buying.caller.data(path, biz))["datas"]] == expected
    assert (await stock(buying))["qty"] == 4


async def test_nothing_goes_back_that_is_not_there(buying: Tenant) -> None:
    buying.state.add_stock(11, "MUG-01", Decimal(2))
    assert (await buying.caller.data(BACK, [goods("RB-1", 3)]))["is_success"] is False
    assert (await buying.caller.data(BACK, [goods("RB-2", 2, is_confirm=False)]))["is_success"] is True
    [row] = (await buying.caller.data(BACK_QUERY, DAY))["datas"]
    assert (row["status"], row["wms_co_id"], row["seller_id"]) == ("WaitConfirm", "11", SUPPLIER)
    assert (await buying.caller.call("/open/jushuitan/purchaseout/cancel", {"so_ids": ["RB-2"]}))["code"] == 0
    assert [row["status"] for row in (await buying.caller.data(BACK_QUERY, DAY))["datas"]] == ["Cancelled"]
    assert (await stock(buying))["qty"] == 2


async def test_goods_go_back_from_the_incoming_area_unless_told(buying: Tenant) -> None:
    biz = goods("RB-1", 1)
    del biz["warehouse"]
    assert (await buying.caller.data(BACK, [biz]))["is_success"] is False
    buying.state.add_stock(11, "MUG-01", Decimal(1), "3")
    assert (await buying.caller.data(BACK, [biz]))["is_success"] is True
    assert (await stock(buying))["in_qty"] == 0


async def test_suppliers_are_kept_by_their_code(buying: Tenant) -> None:
    path = "/open/supplier/upload"
    biz = [
        {"supplier_code": "V-01", "bankacount": "6222"},
        {"supplier_code": "V-02", "name": "温州鞋业"},
        {"name": "x"},
    ]
    rows = (await buying.caller.data(path, biz))["datas"]
    assert [row["issuccess"] for row in rows] == [True, True, False]
    assert rows[0]["id"] == SUPPLIER
    found = (await buying.caller.data("/open/supplier/query", {"supplier_codes": ["V-01", "V-02"]}))["datas"]
    assert {(row["supplier_code"], row["name"], row["bankacount"]) for row in found} == {
        ("V-01", "义乌百货", "6222"),
        ("V-02", "温州鞋业", ""),
    }
    two_days = {"modified_begin": "2026-09-01 00:00:00", "modified_end": "2026-09-03 00:00:00"}
    assert (await buying.caller.call("/open/supplier/query", two_days))["code"] == 140
