"""Cross-border queries: their own names for pages and lists, and the forwarder's bill for a transfer."""

from __future__ import annotations

from decimal import Decimal

from sandbox.jushuitan.documents import Order, OrderLine, OrderStatus, Sku, Warehouse
from tests.sandbox.jushuitan.tenant import START, Tenant

ORDERS = "/open/webapi/cb/cborder/getorders"
REFUNDS = "/open/webapi/cb/cborder/getrefunds"
FEES = "/open/webapi/wmsapi/allocate/loadallocatefee"
DAY = {"modified_begin": "2026-09-01 00:00:00", "modified_end": "2026-09-02 00:00:00"}


def add_orders(tenant: Tenant, count: int) -> list[int]:
    ids = []
    for number in range(count):
        o_id = tenant.state.next_id()
        line = OrderLine(tenant.state.next_id(), "MUG-01", Decimal(1), Decimal("9.90"), Decimal("9.90"))
        order = Order(o_id, f"SO-{number}", 101, 11, OrderStatus.SENT, START, (line,), currency="USD")
        tenant.state.add_order(order)
        ids.append(o_id)
    return ids


async def test_pages_are_counted_under_another_name(tenant: Tenant) -> None:
    ids = add_orders(tenant, 3)
    seen = []
    for page in (1, 2):
        data = await tenant.caller.data(ORDERS, {**DAY, "current_page": page, "page_size": 2})
        assert (data["page_index"], data["data_count"], data["has_next"]) == (page, 3, page == 1)
        seen += [row["o_id"] for row in data["data"]]
    assert seen == ids


async def test_orders_and_refunds_by_the_outbound(tenant: Tenant) -> None:
    """An id list makes a window unnecessary."""
    ids = add_orders(tenant, 2)
    outbound = tenant.outbound(o_id=ids[1])
    refund = tenant.refund(o_id=ids[1])
    tenant.refund(o_id=ids[0], outer_as_id="R-2")
    by_outbound = {"io_ids": [outbound.io_id]}
    assert [row["o_id"] for row in (await tenant.caller.data(ORDERS, by_outbound))["data"]] == [ids[1]]
    [row] = (await tenant.caller.data(REFUNDS, by_outbound))["data"]
    assert (row["as_id"], row["io_id"], row["refund_items"][0]["amount"]) == (refund.as_id, outbound.io_id, "9.90")
    assert (await tenant.caller.call(ORDERS, {}))["code"] == 140


async def test_the_forwarders_bill_for_a_transfer(tenant: Tenant) -> None:
    tenant.state.add_warehouse(Warehouse(12, "洛杉矶仓"))
    tenant.state.add_sku(Sku("CUP-01", "杯"))
    tenant.state.add_stock(11, "MUG-01", Decimal(5))
    items = [{"sku_id": "MUG-01", "qty": 2}]
    biz = [{"so_id": "T-1", "go_co_id": 11, "link_co_id": 12, "is_confirm": True, "items": items}]
    [made] = (await tenant.caller.data("/open/allocate/kc/upload", biz))["datas"]
    fee = {"sku_id": "MUG-01", "freight_price": "12.34", "freight_currency": "USD", "tariff_price": "1.50"}
    await tenant.caller.switch("transfer-fee", io_id=int(made["io_id"]), items=[fee])
    window = {"modify_start_time": "2026-09-01 00:00:00", "modify_end_time": "2026-09-02 00:00:00"}
    for asked in ({"io_ids": [int(made["io_id"])]}, window):
        [row] = (await tenant.caller.data(FEES, {**asked, "page_num": 1}))["allocatefee_detail_list"]
        assert row["transfer_no"] == made["io_id"]
        [line] = row["skufee_detail_list"]
        assert (line["freight_price"], line["freight_currency"]) == (Decimal("12.34"), "USD")
        assert (line["tariff_price"], line["tariff_currency"]) == (Decimal("1.50"), "CNY")
    reply = await tenant.caller.http.post("/_sandbox/transfer-fee", json={"io_id": 5, "items": []})
    assert reply.status_code == 404
