"""Stock documents: what uploads make, what they do to stock, what they refuse, and how they look when queried."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.jushuitan.config import Repeat
from sandbox.jushuitan.documents import Sku, Warehouse
from sandbox.jushuitan.warehousing.documents import OtherType, StockStatus
from tests.sandbox.jushuitan.tenant import Tenant

ADJUST = "/open/jushuitan/inventoryv2/upload"
OTHER = "/open/jushuitan/otherinout/upload"
KC = "/open/allocate/kc/upload"
AREAS = "/open/jushuitan/allocate/in/upload"
COUNTS = "/open/inventory/count/query"
OTHERS = "/open/other/inout/query"
TRANSFERS = "/open/allocate/query"
LEDGER = "/open/jushuitan/inout/water/query"
DAY = {"modified_begin": "2026-09-01 00:00:00", "modified_end": "2026-09-02 00:00:00"}


@pytest.fixture
def stocked(tenant: Tenant) -> Tenant:
    """Ten pieces in the main area of warehouse 11; a second warehouse, a second item."""
    tenant.state.add_warehouse(Warehouse(12, "洛杉矶仓"))
    tenant.state.add_sku(Sku("CUP-01", "杯"))
    tenant.state.add_stock(11, "MUG-01", Decimal(10))
    return tenant


async def figures(tenant: Tenant, wms_co_id: int = 11, sku_id: str = "MUG-01") -> dict[str, Any]:
    data = await tenant.caller.data("/open/inventory/query", {"sku_ids": sku_id, "wms_co_id": wms_co_id})
    return data["inventorys"][0] if data["inventorys"] else {}


def other(external_id: str = "OUT-1", direction: str = "out", qty: int = 3, **fields: Any) -> dict[str, Any]:
    items = [{"sku_id": "MUG-01", "qty": qty, "sale_price": "2.50"}]
    return {
        "external_id": external_id,
        "type": direction,
        "wms_co_id": 11,
        "drp_co_name": "样品",
        "is_confirm": True,
        "items": items,
    } | fields


def kc(so_id: str = "TR-1", qty: int = 4, **fields: Any) -> dict[str, Any]:
    return {
        "so_id": so_id,
        "go_co_id": 11,
        "link_co_id": 12,
        "warehouse": "1",
        "link_warehouse": "1",
        "items": [{"sku_id": "MUG-01", "qty": qty}],
    } | fields


# --- counts ----------------------------------------------------------------------------------------------------------


async def test_a_count_waits_until_it_is_confirmed(stocked: Tenant) -> None:
    biz = {"so_id": "C-1", "type": "check", "wms_co_id": 11, "items": [{"sku_id": "MUG-01", "qty": 8}]}
    io_id = (await stocked.caller.data(ADJUST, biz))["data"]["io_id"]
    assert (await figures(stocked))["qty"] == 10
    stocked.state.add_stock(11, "MUG-01", Decimal(5))  # the book moves on before the count takes effect
    await stocked.caller.switch("confirm-stock", kind="count", id=io_id)
    assert (await figures(stocked))["qty"] == 8
    [row] = (await stocked.caller.data(COUNTS, {"io_ids": str(io_id)}))["datas"]
    assert (row["status"], row["wh_id"], row["type"]) == ("Confirmed", 1, "盘点")
    assert [(item["qty"], item["r_qty"]) for item in row["items"]] == [(-7, 8)]
    assert "ts" not in row
    await stocked.caller.switch("cancel-stock", kind="count", id=io_id)
    assert (await figures(stocked))["qty"] == 15
    [row] = (await stocked.caller.data(COUNTS, {**DAY, "status": "Cancelled"}))["datas"]
    assert row["io_id"] == io_id


async def test_lines_of_one_item_count_one_after_the_other(stocked: Tenant) -> None:
    lines = [{"sku_id": "MUG-01", "qty": 12}, {"sku_id": "CUP-01", "qty": 0}, {"sku_id": "MUG-01", "qty": 9}]
    biz = {"so_id": "C-1", "type": "check", "wms_co_id": 11, "is_confirm": True, "items": lines}
    await stocked.caller.data(ADJUST, biz)
    [row] = (await stocked.caller.data(COUNTS, DAY))["datas"]
    assert [(item["qty"], item["r_qty"]) for item in row["items"]] == [(2, 12), (0, 0), (-3, 9)]
    assert (await figures(stocked))["qty"] == 9


@pytest.mark.parametrize(
    ("kind", "qty", "code"), [("adjust", -11, 160), ("check", -1, 140), ("set", 1, 140), ("adjust", "x", 140)]
)
async def test_counts_that_are_refused(stocked: Tenant, kind: str, qty: Any, code: int) -> None:
    items = [{"sku_id": "MUG-01", "qty": qty}]
    biz = {"so_id": "C-1", "type": kind, "wms_co_id": 11, "is_confirm": True, "items": items}
    assert (await stocked.caller.call(ADJUST, biz))["code"] == code
    assert len(stocked.state.counts) == 0
    assert (await figures(stocked))["qty"] == 10


@pytest.mark.parametrize("config_overrides", [{"negative_stock": True}])
async def test_a_tenant_may_allow_stock_below_nothing(stocked: Tenant) -> None:
    await stocked.caller.data(OTHER, other(qty=11))
    assert (await figures(stocked))["qty"] == -1


# --- other in/out ----------------------------------------------------------------------------------------------------


async def test_other_goods_out_and_in(stocked: Tenant) -> None:
    out = (await stocked.caller.data(OTHER, other()))["data"]
    assert (await figures(stocked))["qty"] == 7
    back = (await stocked.caller.data(OTHER, other("IN-1", "in", 2, warehouse="4")))["data"]
    row = await figures(stocked)
    assert (row["qty"], row["defective_qty"]) == (7, 2)
    rows = (await stocked.caller.data(OTHERS, {"so_ids": ["OUT-1", "IN-1"]}))["datas"]
    assert [(row["io_id"], row["type"], row["so_id"]) for row in rows] == [
        (out["io_id"], "其它出库", "OUT-1"),
        (back["io_id"], "其它退货", "IN-1"),
    ]
    first = rows[0]
    assert (first["drop_co_name"], first["wh_id"], first["warehouse"]) == ("样品", 1, "主仓")
    [item] = first["items"]
    assert (item["qty"], item["sale_price"], item["cost_amount"]) == (3, Decimal("2.50"), Decimal("7.50"))
    assert rows[0]["ts"] < rows[1]["ts"]


async def test_a_waiting_document_is_put_into_effect_and_voided(stocked: Tenant) -> None:
    io_id = (await stocked.caller.data(OTHER, other(is_confirm=False)))["data"]["io_id"]
    assert (await figures(stocked))["qty"] == 10
    cancel = "/open/jushuitan/otherinout/cancel"
    for operate, status, qty in (("1", "WaitConfirm", 10), ("4", "Confirmed", 7), (None, "Cancelled", 10)):
        biz: dict[str, Any] = {"io_ids": [io_id]} | ({"operate_type": operate} if operate else {})
        assert (await stocked.caller.call(cancel, biz))["code"] == 0
        assert stocked.state.others.get(io_id).document.status.value == status  # type: ignore[union-attr]
        assert (await figures(stocked))["qty"] == qty
    assert (await stocked.caller.call(cancel, {"so_ids": ["NONE"]}))["code"] == 160
    assert (await stocked.caller.call(cancel, {"so_ids": ["OUT-1"], "operate_type": 9}))["code"] == 140


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"type": "up"}, 140),
        ({"external_id": ""}, 130),
        ({"wms_co_id": 99}, 160),
        ({"warehouse": "9"}, 140),
        ({"items": []}, 130),
        ({"items": [{"sku_id": "MUG-01", "qty": 0}]}, 140),
        ({"items": [{"sku_id": "NONE", "qty": 1}]}, 160),
        ({"items": [{"sku_id": "MUG-01", "qty": 6}, {"sku_id": "MUG-01", "qty": 5}]}, 160),
    ],
)
async def test_other_documents_that_are_refused(stocked: Tenant, changes: dict[str, Any], code: int) -> None:
    assert (await stocked.caller.call(OTHER, other() | changes))["code"] == code
    assert len(stocked.state.others) == 0
    assert (await figures(stocked))["qty"] == 10


async def test_a_number_makes_one_document(stocked: Tenant) -> None:
    first = (await stocked.caller.data(OTHER, other()))["data"]["io_id"]
    assert (await stocked.caller.data(OTHER, other(qty=5)))["data"]["io_id"] == first
    assert (await figures(stocked))["qty"] == 7


@pytest.mark.parametrize("config_overrides", [{"repeats": Repeat.REFUSE}])
async def test_a_repeated_number_may_be_refused(stocked: Tenant) -> None:
    await stocked.caller.data(OTHER, other())
    assert (await stocked.caller.call(OTHER, other()))["code"] == 160
    assert (await figures(stocked))["qty"] == 7


async def test_a_cursor_goes_with_nothing_else(stocked: Tenant) -> None:
    """Conditions beside it are passed over."""
    await stocked.caller.data(OTHER, other())
    await stocked.caller.data(OTHER, other("IN-1", "in"))
    rows = (await stocked.caller.data(OTHERS, {"start_ts": 1, "types": [OtherType.OUT.value]}))["datas"]
    assert [row["so_id"] for row in rows] == ["OUT-1", "IN-1"]
    rows = (await stocked.caller.data(OTHERS, {**DAY, "types": [OtherType.OUT.value]}))["datas"]
    assert [row["so_id"] for row in rows] == ["OUT-1"]


# --- transfers -------------------------------------------------------------------------------------------------------


async def halves(tenant: Tenant) -> dict[str, dict[str, Any]]:
    return {row["type"]: row for row in (await tenant.caller.data(TRANSFERS, DAY))["datas"]}


async def test_goods_are_on_the_way_between_the_halves_of_a_transfer(stocked: Tenant) -> None:
    [result] = (await stocked.caller.data(KC, [kc(is_confirming=True, labels=["急"])]))["datas"]
    rows = await halves(stocked)
    out, into = rows["调拨出"], rows["调拨入"]
    assert result["io_id"] == str(out["io_id"])
    assert (out["link_io_id"], into["link_io_id"]) == (into["io_id"], out["io_id"])
    assert (out["so_id"], into["so_id"]) == ("", "TR-1")
    assert (out["wms_co_id"], out["link_wms_co_id"], into["wms_co_id"], into["link_wms_co_id"]) == (11, 12, 12, 11)
    assert (out["labels"], out["lables"], out["status"]) == (["急"], ["急"], "Confirming")
    confirm = "/open/jushuitan/allocate/confirm"
    early = await stocked.caller.call(confirm, {"io_id": into["io_id"]})
    assert early["code"] == 160
    assert (await stocked.caller.call(confirm, {"io_id": out["io_id"]}))["code"] == 0
    assert (await figures(stocked))["qty"] == 6
    there = await figures(stocked, 12)
    assert (there["qty"], there["allocate_qty"]) == (0, 4)
    arrived = {"io_id": into["io_id"], "items": [{"sku_id": "MUG-01", "qty": 3}]}
    assert (await stocked.caller.call(confirm, arrived))["code"] == 0
    there = await figures(stocked, 12)
    assert (there["qty"], there["allocate_qty"]) == (3, 1)
    assert (await halves(stocked))["调拨入"]["items"][0]["r_qty"] == 3
    assert (await stocked.caller.call("/open/jushuitan/allocate/cancel/v2", {"io_id": out["io_id"]}))["code"] == 160


async def test_a_transfer_is_finished_at_once_or_taken_back(stocked: Tenant) -> None:
    await stocked.caller.data(KC, [kc(is_confirm=True)])
    assert ((await figures(stocked))["qty"], (await figures(stocked, 12))["qty"]) == (6, 4)
    assert (await figures(stocked, 0))["qty"] == 10
    [result] = (await stocked.caller.data(KC, [kc("TR-2", 6)]))["datas"]
    out = int(result["io_id"])
    await stocked.caller.switch("confirm-stock", kind="transfer", id=out)
    assert (await figures(stocked))["qty"] == 0
    assert (await stocked.caller.call("/open/jushuitan/allocate/cancel/v2", {"io_id": out}))["code"] == 0
    assert ((await figures(stocked))["qty"], (await figures(stocked, 12))["allocate_qty"]) == (6, 0)


async def test_each_transfer_has_its_own_result(stocked: Tenant) -> None:
    biz = [kc(), kc("TR-2", link_co_id=11), kc("TR-3", 99, is_confirm=True), kc("TR-4", link_co_id=99), kc()]
    answer = await stocked.caller.call(KC, biz)
    assert answer["code"] == 0
    rows = answer["data"]["datas"]
    assert [row["issuccess"] for row in rows] == [True, False, False, False, True]
    assert rows[0]["io_id"] == rows[4]["io_id"]
    assert [row["so_id"] for row in rows] == ["TR-1", "TR-2", "TR-3", "TR-4", "TR-1"]
    assert len(stocked.state.transfers) == 2


async def test_from_one_area_to_another(stocked: Tenant) -> None:
    biz = {
        "so_id": "A-1",
        "wms_co_id": 11,
        "warehouse": "1",
        "link_warehouse": "4",
        "is_confirm": True,
        "items": [{"sku_id": "MUG-01", "qty": 2, "batch_id": "L1", "produced_date": "2026-01-02"}],
    }
    answer = (await stocked.caller.data(AREAS, biz))["data"]
    assert isinstance(answer["io_id"], str)
    row = await figures(stocked)
    assert (row["qty"], row["defective_qty"], row["allocate_qty"]) == (8, 2, 0)
    [batch] = (await halves(stocked))["调拨入"]["batchs"]
    assert (batch["batch_no"], batch["product_date"], batch["qty"]) == ("L1", "2026-01-02", 2)
    assert (await stocked.caller.call(AREAS, biz | {"so_id": "A-2", "link_warehouse": "1"}))["code"] == 160


# --- ledger ----------------------------------------------------------------------------------------------------------


async def test_the_ledger_has_every_document_on_the_outer_level(stocked: Tenant) -> None:
    stocked.outbound()
    await stocked.caller.data(OTHER, other())
    await stocked.caller.data(KC, [kc(is_confirm=True)])
    day = {"start_time": "2026-09-01 00:00:00", "end_time": "2026-09-02 00:00:00"}
    answer = await stocked.caller.call(LEDGER, day)
    assert (answer["code"], answer["data_count"], answer["has_next"]) == (0, 4, False)
    assert "data" not in answer
    found = {row["type"]: row for row in answer["datas"]}
    assert set(found) == {"销售出仓", "其它出库", "调拨出", "调拨入"}
    assert [(item["qty"], item["qty_type"]) for item in found["其它出库"]["items"]] == [(3, -1)]
    assert found["调拨入"]["items"][0]["qty_type"] == 1
    out = await stocked.caller.call(LEDGER, day | {"type": "调拨出"})
    assert [row["link_io_id"] for row in out["datas"]] == [found["调拨入"]["io_id"]]
    assert (await stocked.caller.call(LEDGER, day | {"page_index": 801}))["code"] == 140
    assert (await stocked.caller.call(LEDGER, {}))["code"] == 140


async def test_what_a_clerk_cannot_do(stocked: Tenant) -> None:
    outbound = stocked.outbound()
    reply = await stocked.caller.http.post("/_sandbox/confirm-stock", json={"kind": "outbound", "id": outbound.io_id})
    assert reply.status_code == 422
    reply = await stocked.caller.http.post("/_sandbox/cancel-stock", json={"kind": "count", "id": 5})
    assert reply.status_code == 404
    io_id = (await stocked.caller.data(OTHER, other()))["data"]["io_id"]
    reply = await stocked.caller.http.post("/_sandbox/confirm-stock", json={"kind": "other", "id": io_id})
    assert reply.status_code == 422
    assert stocked.state.others.get(io_id).document.status is StockStatus.CONFIRMED  # type: ignore[union-attr]


async def test_what_lies_in_which_area(stocked: Tenant) -> None:
    """The total of this query is misspelt."""
    stocked.state.add_stock(12, "MUG-01", Decimal(3), "4")
    data = await stocked.caller.data("/open/pack/query", {"sku_ids": ["MUG-01"]})
    assert (data["date_count"], "data_count" in data) == (2, False)
    assert [(row["wms_co_id"], row["wh_id"], row["qty"]) for row in data["datas"]] == [(11, 1, 10), (12, 4, 3)]
    assert (await stocked.caller.data("/open/pack/query", {"pack_type": "Bin"}))["datas"] == []
    two_days = {"start_time": "2026-09-01 00:00:00", "end_time": "2026-09-03 00:00:00"}
    assert (await stocked.caller.call("/open/pack/query", two_days))["code"] == 140
