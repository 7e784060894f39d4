"""Faults on the switchboard, and the switches that change documents under the client's eyes."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from domain.jsontext import dumps, loads
from sandbox.faults import FaultName, FaultRule
from sandbox.http import serve
from sandbox.jushuitan.app import create_app
from sandbox.jushuitan.codes import Code
from sandbox.jushuitan.documents import OutboundStatus, RefundStatus
from sandbox.jushuitan.state import PagingFault
from tests.sandbox.jushuitan.tenant import Caller, Clock, Tenant, make_state

OUTBOUNDS = "/open/orders/out/simple/query"
SHOPS = "/open/shops/query"
STOCK = "/open/jushuitan/inventoryv2/upload"
DAY = {"modified_begin": "2026-09-01 00:00:00", "modified_end": "2026-09-02 00:00:00"}


def arm(tenant: Tenant, kind: FaultName, operation: str = "*", **options: Any) -> None:
    tenant.state.faults.add(FaultRule(kind=kind, operation=operation, **options))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultName.THROTTLE, Code.PER_SECOND),
        (FaultName.EXPIRE, Code.BAD_TOKEN),
        (FaultName.NO_PERMISSION, Code.NO_PERMISSION),
        (FaultName.SERVER_EXCEPTION, 150),
        (FaultName.VENDOR, Code.BUSINESS_REFUSED),
    ],
)
async def test_faults_in_the_vendors_words(tenant: Tenant, kind: FaultName, expected: int) -> None:
    arm(tenant, kind)
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == expected


async def test_a_fault_with_its_own_code(tenant: Tenant) -> None:
    arm(tenant, FaultName.VENDOR, code="170", message="店铺不存在")
    answer = await tenant.caller.call(SHOPS, "{}")
    assert (answer["code"], answer["msg"]) == (170, "店铺不存在")
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == 0


@pytest.mark.parametrize(
    ("kind", "status"), [(FaultName.SERVER_ERROR, 502), (FaultName.HTML_PAGE, 200), (FaultName.LOCKED, 502)]
)
async def test_pages_of_a_proxy(tenant: Tenant, kind: FaultName, status: int) -> None:
    arm(tenant, kind)
    reply = await tenant.caller.http.post(SHOPS, data=tenant.caller.form("{}"))
    assert reply.status_code == status
    assert reply.text.startswith("<html>")


async def test_slow_answers_all_the_same(tenant: Tenant) -> None:
    arm(tenant, FaultName.SLOW, seconds="0.01")
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == 0


async def test_a_token_that_expires_stays_expired(tenant: Tenant) -> None:
    arm(tenant, FaultName.EXPIRE, SHOPS)
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == Code.BAD_TOKEN
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == Code.BAD_TOKEN


async def test_faults_hit_token_calls_by_their_name(tenant: Tenant) -> None:
    arm(tenant, FaultName.SERVER_ERROR, "getInitToken")
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == 0
    assert (await tenant.caller.http.post("/openWeb/auth/getInitToken", data={})).status_code == 502


async def test_a_lost_reply_took_effect_and_a_cut_before_did_not() -> None:
    clock = Clock()
    state = make_state(clock)
    with serve(create_app(state)) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            caller = Caller(http, state.config, clock)
            for number, (kind, expected) in enumerate([(FaultName.CUT_BEFORE, 0), (FaultName.LOSE_REPLY, 5)]):
                await http.post("/_sandbox/faults", content=dumps({"kind": kind.value, "operation": STOCK}))
                biz = {
                    "so_id": f"A-{number}",
                    "wms_co_id": 11,
                    "is_confirm": True,
                    "items": [{"sku_id": "MUG-01", "qty": 5}],
                }
                with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
                    await caller.call(STOCK, biz)
                rows = (await caller.data("/open/inventory/query", {"sku_ids": "MUG-01", "wms_co_id": 11}))[
                    "inventorys"
                ]
                assert sum(row["qty"] for row in rows) == expected
            stats = loads((await http.get("/_sandbox/stats")).content)
    assert stats["by_operation"][STOCK] == 2
    assert stats["faults"] == {"cut_before": 1, "lose_reply": 1}


async def page(tenant: Tenant, index: int) -> tuple[list[str], bool]:
    data = await tenant.caller.data(OUTBOUNDS, DAY | {"page_index": index, "page_size": 2})
    return [row["so_id"] for row in data["datas"]], data["has_next"]


async def test_a_row_on_two_pages(tenant: Tenant) -> None:
    for number in range(4):
        tenant.outbound(number)
    arm(tenant, FaultName.VENDOR, OUTBOUNDS, code=PagingFault.DUPLICATE_ROW.value, skip=1)
    assert await page(tenant, 1) == (["SO-0", "SO-1"], True)
    assert await page(tenant, 2) == (["SO-1", "SO-2", "SO-3"], False)
    arm(tenant, FaultName.VENDOR, OUTBOUNDS, code=PagingFault.DUPLICATE_ROW.value)
    assert await page(tenant, 1) == (["SO-0", "SO-0", "SO-1"], True)


async def test_an_empty_page_that_promises_more(tenant: Tenant) -> None:
    tenant.outbound()
    arm(tenant, FaultName.VENDOR, OUTBOUNDS, code=PagingFault.EMPTY_PAGE.value)
    assert await page(tenant, 1) == ([], True)
    assert await page(tenant, 1) == (["SO-1"], False)


async def test_a_row_touched_between_two_pages_hides_another(tenant: Tenant) -> None:
    for number in range(4):
        tenant.outbound(number)
    arm(tenant, FaultName.VENDOR, OUTBOUNDS, code=PagingFault.TOUCH_ROWS.value)
    assert await page(tenant, 1) == (["SO-0", "SO-1"], True)
    assert await page(tenant, 2) == (["SO-3", "SO-0"], False)


async def ids_since(tenant: Tenant, ts: int) -> list[tuple[str, int]]:
    data = await tenant.caller.data(OUTBOUNDS, {"start_ts": ts, "page_index": 1, "page_size": 50})
    return [(row["so_id"], row["ts"]) for row in data["datas"]]


async def test_a_row_that_becomes_visible_late(tenant: Tenant) -> None:
    for number in range(3):
        tenant.outbound(number)
    arm(tenant, FaultName.VENDOR, OUTBOUNDS, code=PagingFault.LATE_ROW.value, times=2)
    assert await page(tenant, 1) == (["SO-1", "SO-2"], False)
    assert [so_id for so_id, _ in await ids_since(tenant, 1)] == ["SO-1", "SO-2"]
    assert [so_id for so_id, _ in await ids_since(tenant, 1)] == ["SO-0", "SO-1", "SO-2"]


async def test_a_document_that_appears_between_two_pages(tenant: Tenant) -> None:
    for number in range(2):
        tenant.outbound(number)
    tenant.state.newcomer = lambda: tenant.outbound(2)
    arm(tenant, FaultName.VENDOR, OUTBOUNDS, code=PagingFault.NEW_ROWS.value)
    assert await page(tenant, 1) == (["SO-0", "SO-1"], False)
    assert await page(tenant, 2) == (["SO-2"], False)


async def test_a_row_as_it_was_before_its_last_change(tenant: Tenant) -> None:
    outbounds = [tenant.outbound(number) for number in range(3)]
    [(_, first), (_, second), (_, third)] = await ids_since(tenant, 1)
    tenant.clock.forward(minutes=1)
    tenant.state.edit_outbound(outbounds[1].io_id, remark="changed")
    newest = (await ids_since(tenant, third + 1))[0][1]
    stale = {"code": PagingFault.STALE_ROW.value}
    arm(tenant, FaultName.VENDOR, OUTBOUNDS, **stale)
    old = await tenant.caller.data(OUTBOUNDS, {"io_ids": [outbounds[1].io_id]})
    new = await tenant.caller.data(OUTBOUNDS, {"io_ids": [outbounds[1].io_id]})
    [before], [after] = old["datas"], new["datas"]
    assert (before["ts"], before["remark"], after["ts"], after["remark"]) == (second, "", newest, "changed")
    assert before["modified"] < after["modified"]
    arm(tenant, FaultName.VENDOR, OUTBOUNDS, **stale, times=2)
    assert await ids_since(tenant, 1) == [("SO-0", first), ("SO-1", second), ("SO-2", third)]
    assert await ids_since(tenant, third) == [("SO-2", third)], "the old row stands before the cursor"
    assert await ids_since(tenant, third) == [("SO-2", third), ("SO-1", newest)]


async def test_no_row_has_ever_changed(tenant: Tenant) -> None:
    tenant.outbound()
    arm(tenant, FaultName.VENDOR, OUTBOUNDS, code=PagingFault.STALE_ROW.value)
    assert await page(tenant, 1) == (["SO-1"], False)


async def test_an_upload_delivered_twice_happens_once(tenant: Tenant) -> None:
    arm(tenant, FaultName.DELIVER_TWICE, STOCK)
    biz = {"so_id": "A-1", "wms_co_id": 11, "is_confirm": True, "items": [{"sku_id": "MUG-01", "qty": 5}]}
    assert (await tenant.caller.call(STOCK, biz))["code"] == 0
    rows = (await tenant.caller.data("/open/inventory/query", {"sku_ids": "MUG-01", "wms_co_id": 11}))["inventorys"]
    assert sum(row["qty"] for row in rows) == 5


async def test_a_token_asked_for_twice(tenant: Tenant) -> None:
    arm(tenant, FaultName.DELIVER_TWICE, "getInitToken")
    answer = await tenant.caller.token("getInitToken", grant_type="authorization_code", code="abc123")
    tenant.caller.access_token = answer["data"]["access_token"]
    assert (await tenant.caller.call(SHOPS, "{}"))["code"] == 0


async def test_admin_calls_are_not_counted(tenant: Tenant) -> None:
    await tenant.caller.call(SHOPS, "{}")
    await tenant.caller.switch("limits")
    stats = loads((await tenant.caller.http.get("/_sandbox/stats")).content)
    assert stats == {"calls": 1, "by_operation": {SHOPS: 1}, "faults": {}}


async def test_switches_of_a_clerk(tenant: Tenant) -> None:
    outbound, refund = tenant.outbound(), tenant.refund()
    await tenant.caller.switch("unconfirm-refund", as_id=refund.as_id)
    assert tenant.state.refund(refund.as_id).status is RefundStatus.WAITING
    await tenant.caller.switch("confirm-refund", as_id=refund.as_id)
    await tenant.caller.switch("receive-goods", as_id=refund.as_id)
    assert tenant.state.refund(refund.as_id).items[0].r_qty == 1
    assert len(tenant.state.received) == 1
    await tenant.caller.switch(
        "edit-outbound",
        io_id=outbound.io_id,
        currency="EUR",
        io_date="2026-08-30 09:00:00",
        items=[{"outer_oi_id": "L-MUG-01", "qty": 3}],
    )
    edited = tenant.state.outbound(outbound.io_id)
    assert (edited.currency, str(edited.items[0].qty), str(edited.items[0].sale_amount)) == ("EUR", "3", "29.70")
    before = tenant.state.outbounds.get(outbound.io_id)
    assert before is not None
    await tenant.caller.switch("touch", kind="outbound", id=outbound.io_id)
    after = tenant.state.outbounds.get(outbound.io_id)
    assert after is not None
    assert after.ts > before.ts
    await tenant.caller.switch("cancel-outbound", io_id=outbound.io_id)
    assert tenant.state.outbound(outbound.io_id).status is OutboundStatus.CANCELLED


@pytest.mark.parametrize(
    ("switch", "body", "status"),
    [
        ("cancel-outbound", {"io_id": 1}, 404),
        ("unconfirm-refund", {"as_id": 1}, 404),
        ("touch", {"kind": "order", "id": 1}, 404),
        ("touch", {"kind": "nothing", "id": 1}, 422),
        ("cancel-outbound", {}, 422),
        ("limits", {"per_second": "many"}, 422),
    ],
)
async def test_switches_name_what_is_wrong(tenant: Tenant, switch: str, body: dict[str, Any], status: int) -> None:
    reply = await tenant.caller.http.post(f"/_sandbox/{switch}", content=dumps(body))
    assert reply.status_code == status
    assert reply.json()["detail"]
