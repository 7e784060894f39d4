"""Faults on demand, processing time, and the simulator's own endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox.flagship.app import create_app
from sandbox.flagship.state import FlagshipState
from sandbox.http import serve
from tests.sandbox.flagship.office import Office, failed, outbound

SAVE = "/v2/im/im_saloutbill/batchAdd"


async def arm(office: Office, kind: str, **rule: Any) -> None:
    assert (await office.raw("/_sandbox/faults", {"kind": kind, **rule})).status_code == 200


async def post(office: Office, act: str, /, **body: Any) -> Any:
    reply = await office.raw(f"/_sandbox/{act}", body)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.fixture
async def wire(state: FlagshipState) -> AsyncIterator[Office]:
    """A client over real HTTP, where connections can break."""
    with serve(create_app(state)) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            office = Office(http, state)
            await office.log_in()
            yield office


async def test_a_lost_reply_took_effect(wire: Office) -> None:
    await arm(wire, "lose_reply", operation="save")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await wire.save(outbound("S-1"))
    assert await wire.status_of("S-1") == "A"


async def test_a_cut_call_took_none(wire: Office) -> None:
    await arm(wire, "cut_before", operation="im_saloutbill save")
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await wire.save(outbound("S-1"))
    assert await wire.status_of("S-1") is None


async def test_a_hanging_call_took_effect(wire: Office) -> None:
    await arm(wire, "hang", operation="batchSubmit")
    await wire.save(outbound("S-1"))
    wire.http.timeout = httpx.Timeout(0.3)
    with pytest.raises(httpx.ReadTimeout):
        await wire.step("Submit", "S-1")
    wire.http.timeout = httpx.Timeout(5)
    assert await wire.status_of("S-1") == "B"


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [("server_error", 502, False), ("html_page", 200, False), ("gateway_timeout", 504, True)],
)
async def test_pages_instead_of_answers(office: Office, kind: str, status: int, done: bool) -> None:
    await arm(office, kind)
    reply = await office.raw(f"/kapi{SAVE}", {"data": [outbound("S-1")]})
    assert (reply.status_code, reply.text[:6]) == (status, "<html>")
    assert bool(office.state.bills("im_saloutbill")) is done


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"kind": "server_exception"}, "500"),
        ({"kind": "throttle"}, "429"),
        ({"kind": "no_permission"}, "403"),
        ({"kind": "expire"}, "401"),
        ({"kind": "vendor", "code": "ar.100001"}, "ar.100001"),
    ],
)
async def test_refusals_on_demand(office: Office, rule: dict[str, str], code: str) -> None:
    await arm(office, **rule)
    assert await office.code(SAVE, {"data": [outbound("S-1")]}) == code
    assert office.state.bills("im_saloutbill") == []


async def test_locks_and_a_call_that_breaks_off(office: Office) -> None:
    bills = [outbound(f"S-{i}") for i in range(3)]
    await arm(office, "locked")
    assert failed(await office.save(*bills)).keys() == {"S-0", "S-1", "S-2"}
    await arm(office, "partly_locked")
    assert failed(await office.save(*bills)).keys() == {"S-0", "S-2"}
    await arm(office, "break_off", operation="submit")
    await office.save(bills[0], bills[2])
    assert (await office.step("Submit", "S-0", "S-1", "S-2"))["errorCode"] == "500"
    assert [await office.status_of(f"S-{i}") for i in range(3)] == ["B", "B", "A"]


async def test_a_call_that_comes_twice(office: Office) -> None:
    await arm(office, "deliver_twice", operation="submit")
    await office.save(outbound("S-1"))
    assert failed(await office.step("Submit", "S-1")).keys() == {"S-1"}
    assert await office.status_of("S-1") == "B"


async def test_token_calls_fail_too(office: Office) -> None:
    await arm(office, "throttle", operation="getToken")
    assert await office.code("/oauth2/getToken", office.token_request()) == "429"
    await arm(office, "server_error", operation="login.do")
    assert (await office.raw("/api/login.do", {})).status_code == 502


async def test_so_many_calls_at_once(office: Office) -> None:
    """Calls wait for their turn; all of them get through."""
    await post(office, "switches", call_ms=1, bill_ms=1, parallel=2)
    await asyncio.gather(*(office.save(outbound(f"S-{i}")) for i in range(6)))
    await post(office, "switches", parallel=None)
    await office.step("Submit", *(f"S-{i}" for i in range(6)))
    assert {bill.status for bill in office.state.bills("im_saloutbill")} == {"B"}


async def test_the_endpoints_of_the_sandbox(office: Office) -> None:
    await post(office, "seed", materials=[{"number": "NEW"}])
    await post(office, "api", path=SAVE, import_type="new", columns=["billno"])
    await office.save(outbound("S-1", sku="NEW"))
    assert failed(await office.save(outbound("S-1"))).keys() == {"S-1"}
    [bill] = (await office.raw("/_sandbox/bills?entity=im_saloutbill", method="GET")).json()
    assert bill["billno"] == "S-1"
    assert (await office.raw("/_sandbox/bills?entity=none", method="GET")).status_code == 404
    await post(office, "lock", entity="im_saloutbill", number="S-1", times=None)
    assert failed(await office.step("Submit", "S-1")).keys() == {"S-1"}
    await post(office, "lock", entity="im_saloutbill", number="S-1", times=0)
    await post(office, "period", closed_until="2026-12-31")
    assert failed(await office.save(outbound("S-2"))).keys() == {"S-2"}
    await post(office, "by-hand", do="delete", entity="im_saloutbill", number="S-1")
    assert office.state.bills("im_saloutbill") == []
    assert (await post(office, "switches", partial_failure="failure")) == {"partial_failure": "failure"}
    assert (await post(office, "expire-tokens"))["expired"] == 1
    assert (await post(office, "revoke")) == {"revoked": True}
    assert await office.code("/oauth2/getToken", office.token_request()) == "401"
    assert (await post(office, "revoke", revoked=False)) == {"revoked": False}
    for path, body in (
        ("switches", {"x": 1}),
        ("by-hand", {"do": "x"}),
        ("api", {"path": "/x"}),
        ("seed", {"x": [{}]}),
    ):
        assert (await office.raw(f"/_sandbox/{path}", body)).status_code == 400
