"""Faults, limits, processing time and the admin endpoints of the simulator."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from domain.jsontext import loads
from sandbox.galaxy.app import create_app
from sandbox.galaxy.state import GalaxyState
from tests.sandbox.galaxy.desk import Desk, Reply, login, outbound

FORM = "SAL_OUTSTOCK"


async def arm(desk: Desk, kind: str, **rule: object) -> None:
    await desk.http.post("/_sandbox/faults", json={"kind": kind, **rule})


@pytest.fixture
async def wire(galaxy: str, state: GalaxyState) -> AsyncIterator[Desk]:
    """A client over real HTTP, where connections can break."""
    async with httpx.AsyncClient(base_url=galaxy) as http:
        config = state.config
        await http.post(login("ValidateUser"), json={"parameters": [config.acct_id, config.user_name, config.password]})
        yield Desk(http, state)


async def test_a_lost_reply_took_effect(wire: Desk) -> None:
    await arm(wire, "lose_reply", operation="save")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await wire.save(FORM, outbound("XS1"))
    assert await wire.status_of(FORM, "XS1") == "A"


async def test_a_cut_call_took_none(wire: Desk) -> None:
    await arm(wire, "cut_before", operation=f"{FORM} Save")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await wire.save(FORM, outbound("XS1"))
    assert await wire.status_of(FORM, "XS1") is None


async def test_a_hanging_call_took_effect(wire: Desk) -> None:
    await arm(wire, "hang", operation="Audit")
    await wire.save(FORM, outbound("XS1"))
    await wire.on("Submit", FORM, "XS1")
    with pytest.raises(httpx.ReadTimeout):
        await wire.post("Audit", {"formid": FORM, "data": {"Numbers": ["XS1"]}}, timeout=0.2)
    assert await wire.status_of(FORM, "XS1") == "C"


@pytest.mark.parametrize(("kind", "status"), [("server_error", 502), ("html_page", 200)])
async def test_pages_instead_of_answers(desk: Desk, kind: str, status: int) -> None:
    await arm(desk, kind)
    reply = await desk.post("Save", {"formid": FORM, "data": {"Model": outbound("XS1")}})
    assert (reply.status_code, reply.text[:6]) == (status, "<html>")
    assert desk.state.bills(FORM) == []


async def test_an_unhandled_exception(desk: Desk) -> None:
    await arm(desk, "server_exception", message="空引用")
    reply = await desk.post("Save", {"formid": FORM, "data": {"Model": outbound("XS1")}})
    assert (reply.status_code, reply.text) == (200, "response_error: 空引用")


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"kind": "throttle"}, 14),
        ({"kind": "no_permission"}, 2),
        ({"kind": "vendor", "code": "6", "message": "数据库操作失败"}, 6),
    ],
)
async def test_refusals_on_demand(desk: Desk, rule: dict[str, str], code: int) -> None:
    await arm(desk, **rule)
    reply = await desk.save(FORM, outbound("XS1"))
    assert (reply.ok, reply.code, reply.tree["Result"]["Id"]) == (False, code, "")
    await arm(desk, **rule)
    assert Reply(await desk.ask(FORM, "FID")).code == code


async def test_an_expired_session_in_the_middle(desk: Desk) -> None:
    await arm(desk, "expire", skip=1)
    assert (await desk.save(FORM, outbound("XS1"))).ok
    assert (await desk.on("Submit", FORM, "XS1")).code == 1
    assert (await desk.on("Submit", FORM, "XS1")).code == 1


@pytest.mark.parametrize(("code", "expected"), [(None, 13), ("0", 0)])
async def test_locked_bills_of_a_whole_call(desk: Desk, code: str | None, expected: int) -> None:
    await arm(desk, "locked", code=code, operation="BatchSave")
    reply = await desk.call("BatchSave", FORM, Model=[outbound("XS1"), outbound("XS2")])
    assert (reply.code, [index for index, _, _ in reply.errors]) == (expected, [0, 1])
    assert "[XS2-修改]" in reply.errors[1][2]
    assert desk.state.bills(FORM) == []
    await desk.save(FORM, outbound("XS1"))
    await arm(desk, "locked", operation="Submit")
    assert (await desk.on("Submit", FORM, "XS1")).code == 13


async def test_every_other_bill_of_a_call_is_locked(desk: Desk) -> None:
    await arm(desk, "partly_locked", operation="BatchSave")
    reply = await desk.call("BatchSave", FORM, Model=[outbound(f"XS{i}") for i in range(4)])
    assert (reply.ok, reply.code, [index for index, _, _ in reply.errors]) == (False, 13, [0, 2])
    assert reply.entities == [(1, "XS1"), (3, "XS3")]
    await arm(desk, "partly_locked", operation="Submit")
    reply = await desk.on("Submit", FORM, "XS1", "XS3")
    assert (reply.errors[0][2][:1], reply.entities) == ("“", [(1, "XS3")])
    assert [await desk.status_of(FORM, number) for number in ("XS1", "XS3")] == ["A", "B"]


@pytest.mark.parametrize(("bills", "done"), [(1, 1), (2, 1), (5, 3)])
async def test_a_call_that_breaks_off_has_done_half(desk: Desk, bills: int, done: int) -> None:
    numbers = [f"XS{i}" for i in range(bills)]
    await arm(desk, "break_off", operation="BatchSave")
    reply = await desk.post("BatchSave", {"formid": FORM, "data": {"Model": [outbound(n) for n in numbers]}})
    assert (reply.status_code, reply.text) == (200, "response_error: 未将对象引用设置到对象的实例。")
    assert [bill["number"] for bill in desk.state.bills(FORM)] == numbers[:done]


async def test_a_step_that_breaks_off_has_been_taken_for_half(desk: Desk) -> None:
    for number in ("XS1", "XS2", "XS3"):
        await desk.save(FORM, outbound(number))
    await arm(desk, "break_off", operation="Submit")
    reply = await desk.post("Submit", {"formid": FORM, "data": {"Numbers": ["XS1", "XS2", "XS3"]}})
    assert reply.text.startswith("response_error:")
    assert [await desk.status_of(FORM, number) for number in ("XS1", "XS2", "XS3")] == ["B", "B", "A"]


async def test_a_request_delivered_twice_is_answered_the_second_time(desk: Desk) -> None:
    await arm(desk, "deliver_twice", operation="Save")
    reply = await desk.save(FORM, outbound("XS1"))
    assert (reply.ok, reply.fields) == (False, ["FBillNo"])
    assert len(desk.state.bills(FORM)) == 1
    await arm(desk, "deliver_twice", operation="Submit")
    assert (await desk.on("Submit", FORM, "XS1")).code == 11
    await arm(desk, "deliver_twice", operation="Save")
    assert (await desk.save(FORM, outbound(None))).ok
    assert len(desk.state.bills(FORM)) == 3, "without a number of its own it becomes two bills"


async def test_a_gateway_that_did_not_wait(desk: Desk) -> None:
    await arm(desk, "gateway_timeout", operation="Save")
    reply = await desk.post("Save", {"formid": FORM, "data": {"Model": outbound("XS1")}})
    assert (reply.status_code, reply.text[:6]) == (504, "<html>")
    assert await desk.status_of(FORM, "XS1") == "A"


async def test_a_slow_call_takes_effect_after_its_client_has_gone(wire: Desk) -> None:
    await arm(wire, "slow", operation="Save", seconds="0.3")
    with pytest.raises(httpx.ReadTimeout):
        await wire.post("Save", {"formid": FORM, "data": {"Model": outbound("XS1")}}, timeout=0.05)
    assert await wire.status_of(FORM, "XS1") is None
    async with asyncio.timeout(10):
        while await wire.status_of(FORM, "XS1") != "A":
            await asyncio.sleep(0.01)


async def test_a_limit_of_calls_per_second() -> None:
    now = [datetime(2026, 5, 1, tzinfo=UTC)]
    state = GalaxyState(clock=lambda: now[0])
    state.switches.calls_per_second = 2
    headers = {"kdservice-sessionid": state.sessions.open("demo_user").id}
    transport = httpx.ASGITransport(create_app(state))
    async with httpx.AsyncClient(transport=transport, base_url="http://kd.test", headers=headers) as http:
        desk = Desk(http, state)
        codes = [(await desk.call("View", FORM, Number="X")).code for _ in range(3)]
        now[0] += timedelta(seconds=1)
        assert [*codes, (await desk.call("View", FORM, Number="X")).code] == [10, 10, 14, 10]


async def test_processing_time_and_turns(desk: Desk) -> None:
    await desk.http.post("/_sandbox/delay", json={"call_ms": 1, "bill_ms": 1, "parallel": 1})
    replies = await asyncio.gather(*(desk.save(FORM, outbound(f"XS{i}")) for i in range(5)))
    assert all(reply.ok for reply in replies)
    reply = await desk.http.post("/_sandbox/delay", json={"parallel": None})
    assert reply.json() == {"call_ms": 1, "bill_ms": 1, "parallel": None}
    assert (await desk.on("Submit", FORM, "XS0", "XS1")).ok


async def test_statistics(desk: Desk) -> None:
    await arm(desk, "throttle", operation="Submit")
    await desk.save(FORM, outbound("XS1"))
    await desk.on("Submit", FORM, "XS1")
    stats = (await desk.http.get("/_sandbox/stats")).json()
    assert stats == {
        "calls": 3,
        "by_operation": {"ValidateUser": 1, "Save": 1, "Submit": 1},
        "faults": {"throttle": 1},
    }


async def test_seeding_over_http(desk: Desk) -> None:
    seeds = {
        "organizations": [{"number": "300", "name": "分公司"}],
        "currencies": [{"number": "PRE099", "code": "SGD", "name": "新加坡元"}],
        "materials": [{"number": "NEW", "name": "新", "batch_managed": True}],
        "stocks": [{"number": "CK07", "allow_minus": True}],
        "quantities": [{"stock": "CK07", "material": "NEW", "quantity": "1.5", "lot": "B1", "org": "300"}],
        "base": {"BD_Department": [{"number": "D1", "name": "部门"}]},
        "fields": [{"form": FORM, "entity": "FEntity", "key": "F_TEST_A"}],
    }
    assert (await desk.http.post("/_sandbox/seed", json=seeds)).status_code == 200
    rows = await desk.ask("STK_Inventory", "FStockOrgId.FNumber,FLot.FNumber,FQty", "FMaterialId.FNumber='NEW'")
    assert [str(value) for value in rows[0]] == ["300", "B1", "1.5"]
    assert await desk.ask("BD_Currency", "FNumber", "FCODE='SGD'") == [["PRE099"]]
    assert await desk.ask(FORM, "F_TEST_A") == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("seed", {"quantities": [{"stock": "NONE", "material": "SKU1", "quantity": 1}]}),
        ("seed", {"materials": [{"nr": "X"}]}),
        ("switches", {"config": 1}),
        ("lock", {}),
        ("period", {}),
    ],
)
async def test_admin_calls_that_make_no_sense(desk: Desk, path: str, body: dict[str, object]) -> None:
    assert (await desk.http.post(f"/_sandbox/{path}", json=body)).status_code == 400


async def test_bills_for_an_audit(desk: Desk) -> None:
    await desk.audited(FORM, outbound("XS1"))
    bills = loads((await desk.http.get("/_sandbox/bills", params={"form": FORM})).text)
    head, row = bills[0]["head"], bills[0]["lines"][0]
    assert (bills[0]["number"], bills[0]["status"], bills[0]["cancelled"]) == ("XS1", "C", False)
    assert (head["FCustomerID"], str(head["FBillAllAmount_LC"])) == ("SHOP01", "113.00")
    assert (row["FMaterialID"], row["FRealQty"], str(row["FAllAmount"]), row["links"]) == ("SKU1", 2, "113.00", [])
    assert (await desk.http.get("/_sandbox/bills", params={"form": "NONE"})).status_code == 404
