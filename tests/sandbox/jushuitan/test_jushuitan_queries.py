"""Queries: list keys, windows, cursors, paging, filters, and what rows look like."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.jsontext import dumps
from sandbox.jushuitan.codes import Code
from sandbox.jushuitan.config import Oversize
from sandbox.jushuitan.documents import Batch, Order, OrderLine, OrderStatus, OutboundStatus, RefundStatus, Shop
from sandbox.jushuitan.state import Kind
from sandbox.jushuitan.uploads import receive_goods
from tests.sandbox.jushuitan.tenant import START, Tenant

OUTBOUNDS = "/open/orders/out/simple/query"
REFUNDS = "/open/refund/single/query"
RECEIVED = "/open/aftersale/received/query"
ORDERS = "/open/orders/single/query"
INVENTORY = "/open/inventory/query"
DAY = {"modified_begin": "2026-09-01 00:00:00", "modified_end": "2026-09-02 00:00:00"}


def add_order(tenant: Tenant, **fields: Any) -> Order:
    defaults: dict[str, Any] = {
        "o_id": tenant.state.next_id(),
        "so_id": "SO-1",
        "shop_id": 101,
        "wms_co_id": 11,
        "status": OrderStatus.WAIT_CONFIRM,
        "order_date": START,
        "items": (OrderLine(tenant.state.next_id(), "MUG-01", Decimal(3), Decimal(2), Decimal(6)),),
    }
    order = Order(**(defaults | fields))
    tenant.state.add_order(order)
    return order


@pytest.mark.parametrize(
    ("path", "key", "counted"),
    [
        ("/open/shops/query", "datas", False),
        ("/open/wms/partner/query", "datas", True),
        ("/open/sku/query", "datas", True),
        (INVENTORY, "inventorys", False),
        (ORDERS, "orders", True),
        (OUTBOUNDS, "datas", True),
        (REFUNDS, "datas", True),
        (RECEIVED, "datas", True),
    ],
)
async def test_list_key_and_totals_of_each_api(tenant: Tenant, path: str, key: str, counted: bool) -> None:
    tenant.outbound()
    add_order(tenant)
    receive_goods(tenant.state, tenant.refund())
    data = await tenant.caller.data(path, DAY)
    assert len(data[key]) == 1
    assert data["has_next"] is False
    assert ("data_count" in data, "page_count" in data) == (counted, counted)
    if counted:
        assert (data["data_count"], data["page_count"]) == (1, 1)
    text = dumps(data)
    assert "datas" not in text or key == "datas"


async def test_totals_are_left_out_on_request_and_with_a_cursor(tenant: Tenant) -> None:
    tenant.outbound()
    for biz in (DAY | {"is_get_total": False}, {"start_ts": 0}):
        data = await tenant.caller.data(OUTBOUNDS, biz)
        assert (data["data_count"], data["page_count"], data["has_next"]) == (None, None, False)


async def test_pages_default_to_thirty_and_are_cut_at_the_maximum(tenant: Tenant) -> None:
    for number in range(60):
        tenant.outbound(number)
    usual = await tenant.caller.data(OUTBOUNDS, DAY)
    assert (usual["page_size"], len(usual["datas"]), usual["has_next"], usual["page_count"]) == (30, 30, True, 2)
    cut = await tenant.caller.data(OUTBOUNDS, DAY | {"page_size": 500})
    assert (cut["page_size"], len(cut["datas"]), cut["has_next"]) == (50, 50, True)
    last = await tenant.caller.data(OUTBOUNDS, DAY | {"page_size": 50, "page_index": 2})
    assert (len(last["datas"]), last["has_next"], last["data_count"]) == (10, False, 60)
    beyond = await tenant.caller.data(OUTBOUNDS, DAY | {"page_size": 50, "page_index": 3, "is_get_total": False})
    assert (beyond["datas"], beyond["has_next"]) == ([], False)


@pytest.mark.parametrize("config_overrides", [{"oversize": Oversize.REFUSE}])
async def test_an_oversize_page_is_refused_by_switch(tenant: Tenant) -> None:
    assert (await tenant.caller.call(OUTBOUNDS, DAY | {"page_size": 51}))["code"] == Code.PARAMETER_WRONG
    assert (await tenant.caller.call(ORDERS, DAY | {"page_size": 100}))["code"] == 0


@pytest.mark.parametrize("path", [OUTBOUNDS, REFUNDS, RECEIVED, ORDERS, INVENTORY, "/open/sku/query"])
@pytest.mark.parametrize(
    ("biz", "expected"),
    [
        ({}, 140),
        ({"modified_begin": "2026-09-01 00:00:00"}, 140),
        ({"modified_end": "2026-09-01 00:00:00"}, 140),
        ({"modified_begin": "2026-09-01 00:00:00", "modified_end": "2026-09-08 00:00:00"}, 0),
        ({"modified_begin": "2026-09-01 00:00:00", "modified_end": "2026-09-08 00:00:01"}, 140),
        ({"modified_begin": "2026-09-02 00:00:00", "modified_end": "2026-09-01 00:00:00"}, 140),
        ({"modified_begin": "2026-09-01", "modified_end": "2026-09-02"}, 140),
    ],
)
async def test_window_rules(tenant: Tenant, path: str, biz: dict[str, Any], expected: int) -> None:
    assert (await tenant.caller.call(path, biz))["code"] == expected


@pytest.mark.parametrize("config_overrides", [{"window_code": Code.BUSINESS_REFUSED}])
async def test_the_code_of_a_wrong_window_is_a_switch(tenant: Tenant) -> None:
    assert (await tenant.caller.call(OUTBOUNDS, {}))["code"] == 160


async def test_window_bounds_are_inclusive_shanghai_times(tenant: Tenant) -> None:
    tenant.outbound()
    exact = {"modified_begin": "2026-09-01 10:00:00", "modified_end": "2026-09-01 10:00:00"}
    later = {"modified_begin": "2026-09-01 10:00:01", "modified_end": "2026-09-01 10:00:02"}
    assert (await tenant.caller.data(OUTBOUNDS, exact))["data_count"] == 1
    assert (await tenant.caller.data(OUTBOUNDS, later))["data_count"] == 0


async def test_date_type_two_is_the_shipping_time(tenant: Tenant) -> None:
    tenant.outbound()
    shipped = {"modified_begin": "2026-08-31 10:00:00", "modified_end": "2026-08-31 10:00:00", "date_type": 2}
    assert (await tenant.caller.data(OUTBOUNDS, shipped))["data_count"] == 1
    assert (await tenant.caller.data(OUTBOUNDS, shipped | {"date_type": 0}))["data_count"] == 0
    assert (await tenant.caller.call(OUTBOUNDS, shipped | {"date_type": 3}))["code"] == Code.PARAMETER_WRONG
    assert (await tenant.caller.call(OUTBOUNDS, shipped | {"date_type": 9}))["code"] == Code.PARAMETER_WRONG


async def test_window_rows_are_ordered_by_time_of_change(tenant: Tenant) -> None:
    numbers = []
    for number in range(3):
        numbers.append(tenant.outbound(number).io_id)
        tenant.clock.forward(seconds=1)
    tenant.state.touch(Kind.OUTBOUND, numbers[0])
    rows = (await tenant.caller.data(OUTBOUNDS, DAY))["datas"]
    assert [row["io_id"] for row in rows] == [numbers[1], numbers[2], numbers[0]]


async def test_the_row_version_grows_over_the_whole_tenant(tenant: Tenant) -> None:
    outbound = tenant.outbound()
    refund = tenant.refund()
    first = (await tenant.caller.data(OUTBOUNDS, {"start_ts": 0}))["datas"][0]["ts"]
    second = int((await tenant.caller.data(REFUNDS, {"start_ts": 0}))["datas"][0]["ts"])
    assert 2**31 < first < second
    tenant.state.touch(Kind.OUTBOUND, outbound.io_id)
    third = (await tenant.caller.data(OUTBOUNDS, {"start_ts": 0}))["datas"][0]["ts"]
    assert third > second
    tenant.state.touch(Kind.REFUND, refund.as_id)
    assert int((await tenant.caller.data(REFUNDS, {"start_ts": 0}))["datas"][0]["ts"]) > third


async def test_a_cursor_reads_everything_once_with_an_overlap_of_one(tenant: Tenant) -> None:
    numbers = [tenant.outbound(number).io_id for number in range(7)]
    seen: list[int] = []
    start, pages = 0, 0
    while True:
        rows = (await tenant.caller.data(OUTBOUNDS, {"start_ts": start, "page_size": 3}))["datas"]
        assert [row["ts"] for row in rows] == sorted(row["ts"] for row in rows)
        if not rows or rows[-1]["ts"] == start:
            break
        seen += [row["io_id"] for row in rows]
        start, pages = rows[-1]["ts"], pages + 1
    assert list(dict.fromkeys(seen)) == numbers
    assert (pages, len(seen)) == (3, 9)


async def test_a_cursor_may_be_combined_with_filters(tenant: Tenant) -> None:
    tenant.outbound(1)
    waiting = tenant.outbound(2, status=OutboundStatus.WAITING)
    rows = (await tenant.caller.data(OUTBOUNDS, {"start_ts": 1, "status": "WaitConfirm"}))["datas"]
    assert [row["io_id"] for row in rows] == [waiting.io_id]


async def test_filters_by_number_need_no_window(tenant: Tenant) -> None:
    first, second = tenant.outbound(1), tenant.outbound(2, shop_id=102)
    for biz in ({"io_ids": [first.io_id]}, {"o_ids": [str(first.o_id)]}, {"so_ids": ["SO-1"]}):
        rows = (await tenant.caller.data(OUTBOUNDS, biz))["datas"]
        assert [row["io_id"] for row in rows] == [first.io_id]
    rows = (await tenant.caller.data(OUTBOUNDS, DAY | {"shop_id": 102}))["datas"]
    assert [row["io_id"] for row in rows] == [second.io_id]
    assert (await tenant.caller.data(OUTBOUNDS, DAY | {"shop_id": 0}))["data_count"] == 2
    too_many = {"io_ids": list(range(51))}
    assert (await tenant.caller.call(OUTBOUNDS, too_many))["code"] == Code.PARAMETER_WRONG
    assert (await tenant.caller.call(OUTBOUNDS, {"io_ids": "1,2"}))["code"] == Code.PARAMETER_WRONG


async def test_offline_shops(tenant: Tenant) -> None:
    tenant.state.add_shop(Shop(103, "门店", shop_site="线下"))
    tenant.outbound(1)
    offline = tenant.outbound(2, shop_id=103)
    rows = (await tenant.caller.data(OUTBOUNDS, DAY | {"shop_id": 0, "is_offline_shop": True}))["datas"]
    assert [row["io_id"] for row in rows] == [offline.io_id]


async def test_refund_filters(tenant: Tenant) -> None:
    refund = tenant.refund(shop_buyer_id="buyer-7")
    for biz in (
        {"as_ids": [refund.as_id]},
        DAY | {"status": "Confirmed"},
        DAY | {"good_status": "BUYER_RETURNED_GOODS"},
        DAY | {"type": "普通退货"},
        DAY | {"shop_buyer_ids": ["buyer-7"]},
    ):
        assert (await tenant.caller.data(REFUNDS, biz))["data_count"] == 1
    for biz in (DAY | {"status": "WaitConfirm"}, DAY | {"type": "仅退款"}, {"as_ids": [1]}):
        assert (await tenant.caller.data(REFUNDS, biz))["data_count"] == 0
    assert (await tenant.caller.call(REFUNDS, {"shop_buyer_ids": ["buyer-7"]}))["code"] == Code.PARAMETER_WRONG


async def test_outbound_row(tenant: Tenant) -> None:
    outbound = tenant.outbound(batchs=(Batch("MUG-01", "B1", Decimal(2), ioi_id=77),))
    [row] = (await tenant.caller.data(OUTBOUNDS, DAY))["datas"]
    assert (row["io_id"], row["so_id"], row["shop_name"]) == (outbound.io_id, "SO-1", "Harbour Lane US")
    assert (row["io_date"], row["modified"]) == ("2026-08-31 10:00:00", "2026-09-01 10:00:00")
    assert (row["currency"], row["pay_amount"]) == ("USD", Decimal("19.80"))
    [item] = row["items"]
    assert (item["qty"], item["sale_price"], item["sale_amount"]) == (2, Decimal("9.90"), Decimal("19.80"))
    assert str(item["sale_price"]) == "9.90"
    assert row["batchs"] == [
        {
            "ioi_id": 77,
            "sku_id": "MUG-01",
            "batch_no": "B1",
            "qty": 2,
            "product_date": None,
            "expiration_date": None,
            "supplier_id": None,
            "supplier_name": "",
        }
    ]
    assert row["ClusterInfos"] == []
    assert "cb_finance" not in row
    assert "tracking_number" not in row


async def test_cross_border_blocks_come_on_request_only(tenant: Tenant) -> None:
    tenant.outbound()
    [row] = (await tenant.caller.data(OUTBOUNDS, DAY | {"is_get_cbfinance": True, "is_get_cblogistic": True}))["datas"]
    assert row["cb_finance"]["platform_commission"] == Decimal("1.20")
    assert row["cb_finance"]["o_id"] == row["o_id"]
    assert "tracking_number" in row
    [plain] = (await tenant.caller.data(OUTBOUNDS, DAY))["datas"]
    assert "cb_finance" not in plain


@pytest.mark.parametrize(("head", "item"), [("InoutFlds", "InoutItemFlds"), ("inout_flds", "inout_item_flds")])
async def test_both_spellings_of_extra_fields(tenant: Tenant, head: str, item: str) -> None:
    tenant.outbound()
    [row] = (await tenant.caller.data(OUTBOUNDS, DAY | {head: ["outer_so_id", "nonsense"], item: ["bu_id"]}))["datas"]
    assert "outer_so_id" in row
    assert "bu_id" in row["items"][0]
    assert "nonsense" not in row


async def test_lists_without_entries_are_null(tenant: Tenant) -> None:
    tenant.outbound(items=())
    [row] = (await tenant.caller.data(OUTBOUNDS, DAY))["datas"]
    assert (row["items"], row["batchs"], row["sns"]) == (None, None, None)


@pytest.mark.parametrize("config_overrides", [{"batch_ioi_id": False}])
async def test_without_the_tenant_setting_batches_do_not_name_their_line(tenant: Tenant) -> None:
    tenant.outbound(batchs=(Batch("MUG-01", "B1", Decimal(2), ioi_id=77),))
    [row] = (await tenant.caller.data(OUTBOUNDS, DAY))["datas"]
    assert "ioi_id" not in row["batchs"][0]


async def test_refund_row_and_its_batches(tenant: Tenant) -> None:
    tenant.refund()
    [row] = (await tenant.caller.data(REFUNDS, DAY))["datas"]
    assert isinstance(row["ts"], str)
    assert (row["warehouse"], row["wh_id"], row["refund"]) == ("销退仓", 2, Decimal("9.90"))
    assert (row["items"][0]["r_qty"], row["items"][0]["receive_date"]) == (0, None)
    assert row["batchs"][0]["batch_no"] == "B1"
    assert (row["labels"], row["order_labels"]) == ("", [])


@pytest.mark.parametrize("config_overrides", [{"nested_batches": True}])
async def test_refund_batches_may_stand_under_their_item(tenant: Tenant) -> None:
    tenant.refund()
    [row] = (await tenant.caller.data(REFUNDS, DAY))["datas"]
    assert "batchs" not in row
    assert row["items"][0]["batchs"][0]["batch_no"] == "B1"


async def test_received_row(tenant: Tenant) -> None:
    refund = tenant.refund()
    received = receive_goods(tenant.state, refund)
    [row] = (await tenant.caller.data(RECEIVED, {"as_ids": [refund.as_id]}))["datas"]
    assert (row["io_id"], row["as_id"], row["io_date"]) == (received.io_id, refund.as_id, "2026-09-01 10:00:00")
    assert isinstance(row["items"][0]["ioi_id"], str)
    assert row["batchs"][0]["batch_no"] == "B1"
    [after] = (await tenant.caller.data(REFUNDS, {"as_ids": [refund.as_id]}))["datas"]
    assert (after["good_status"], after["items"][0]["r_qty"]) == ("SELLER_RECEIVED", 1)
    assert after["items"][0]["receive_date"] == "2026-09-01 10:00:00"


async def test_money_paid_back(tenant: Tenant) -> None:
    path = "/open/webapi/aftersaleapi/pay/payqueryasmodified"
    refund = tenant.refund()
    tenant.refund(outer_as_id="R-2", status=RefundStatus.WAITING)
    [row] = (await tenant.caller.data(path, DAY))["datas"]
    assert (row["as_id"], row["amount"], row["status"]) == (refund.as_id, Decimal("9.90"), "Confirmed")
    later = await tenant.caller.data(path, {"start_ts": row["ts"] + 1})
    assert later["datas"] == []
    half_a_year = {"modified_begin": "2026-03-05 00:00:00", "modified_end": "2026-09-03 00:00:00"}
    assert len((await tenant.caller.data(path, half_a_year))["datas"]) == 1
    assert (await tenant.caller.call(path, {**DAY, "page_index": 801}))["code"] == Code.PARAMETER_WRONG


async def test_shop_and_order_oddities(tenant: Tenant) -> None:
    [shop] = (await tenant.caller.data("/open/shops/query", {}))["datas"]
    assert shop["created"] == "2026-09-01 10:00:00.000"
    add_order(tenant, platform_free_amount=None)
    add_order(tenant, so_id="SO-2", platform_free_amount=Decimal("1.50"))
    rows = (await tenant.caller.data(ORDERS, DAY | {"is_get_cbfinance": True}))["orders"]
    assert [row["platform_free_amount"] for row in rows] == ["", Decimal("1.50")]
    assert rows[0]["labels"] == ""
    assert rows[0]["cb_finances"] is None


async def test_a_document_changes_on_the_wire_when_it_is_edited(tenant: Tenant) -> None:
    outbound = tenant.outbound()
    await tenant.caller.data(OUTBOUNDS, DAY)
    tenant.clock.forward(minutes=1)
    tenant.state.edit_outbound(outbound.io_id, remark="gift wrap")
    [row] = (await tenant.caller.data(OUTBOUNDS, DAY))["datas"]
    assert (row["remark"], row["modified"]) == ("gift wrap", "2026-09-01 10:01:00")
    assert row["created"] == "2026-09-01 10:00:00"


class TestInventory:
    async def figures(self, tenant: Tenant, wms_co_id: int = 11) -> dict[str, Any]:
        data = await tenant.caller.data(INVENTORY, {"sku_ids": "MUG-01,OTHER", "wms_co_id": wms_co_id})
        [row] = data["inventorys"]
        return dict(row)

    async def test_stock_follows_the_life_of_an_outbound(self, tenant: Tenant) -> None:
        tenant.state.add_stock(11, "MUG-01", Decimal(10))
        outbound = tenant.outbound(status=OutboundStatus.WAITING)
        row = await self.figures(tenant)
        assert (row["qty"], row["pick_lock"]) == (10, 2)
        tenant.state.confirm_outbound(outbound.io_id)
        row = await self.figures(tenant)
        assert (row["qty"], row["pick_lock"]) == (8, 0)
        tenant.state.cancel_outbound(outbound.io_id)
        assert tenant.state.outbound(outbound.io_id).status is OutboundStatus.CANCELLED
        assert (await self.figures(tenant))["qty"] == 10

    async def test_an_unshipped_outbound_is_deleted_not_cancelled(self, tenant: Tenant) -> None:
        outbound = tenant.outbound(status=OutboundStatus.WAITING)
        tenant.state.cancel_outbound(outbound.io_id)
        assert tenant.state.outbound(outbound.io_id).status is OutboundStatus.DELETED
        assert (await self.figures(tenant))["pick_lock"] == 0

    async def test_a_changed_quantity_moves_the_difference(self, tenant: Tenant) -> None:
        outbound = tenant.outbound()
        tenant.state.edit_outbound(outbound.io_id, items=(replace(outbound.items[0], qty=Decimal(5)),))
        assert (await self.figures(tenant))["qty"] == -5

    async def test_returns_are_on_the_way_then_in_the_return_area(self, tenant: Tenant) -> None:
        refund = tenant.refund()
        assert (await self.figures(tenant))["sale_refund_qty"] == 1
        receive_goods(tenant.state, refund)
        row = await self.figures(tenant)
        assert (row["sale_refund_qty"], row["return_qty"], row["qty"]) == (0, 1, 0)

    async def test_orders_reserve(self, tenant: Tenant) -> None:
        order = add_order(tenant)
        assert (await self.figures(tenant))["order_lock"] == 3
        tenant.state.add_order(replace(order, status=OrderStatus.SENT))
        assert (await self.figures(tenant))["order_lock"] == 0

    async def test_warehouse_zero_is_the_sum(self, tenant: Tenant) -> None:
        tenant.state.add_stock(11, "MUG-01", Decimal(10))
        tenant.state.add_stock(12, "MUG-01", Decimal("2.5"))
        assert (await self.figures(tenant, 0))["qty"] == Decimal("12.5")
        assert (await self.figures(tenant, 12))["qty"] == Decimal("2.5")
        assert "wms_co_id" not in await self.figures(tenant, 12)

    async def test_cursor_and_lock_qty(self, tenant: Tenant) -> None:
        tenant.state.add_stock(11, "MUG-01", Decimal(10))
        data = await tenant.caller.data(INVENTORY, {"ts": 1, "wms_co_id": 11, "has_lock_qty": True})
        assert [row["lock_qty"] for row in data["inventorys"]] == [0]


def test_time_of_change_has_no_fraction(tenant: Tenant) -> None:
    tenant.clock.moment = START + timedelta(microseconds=900_000)
    outbound = tenant.outbound()
    record = tenant.state.outbounds.get(outbound.io_id)
    assert record is not None
    assert record.modified.microsecond == 0
