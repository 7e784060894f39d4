"""Answers no simulator gives: shapes the vendor documents loosely, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.flagship.client import FlagshipErp
from domain.faults import Fault, FaultKind
from tests.connectors.flagship.kit import SALOUT, access, outbound
from tests.connectors.scripted import Received, Reply, ScriptedVendor

TOKEN = {"data": {"access_token": "T", "expires_in": 7199977}, "errorCode": 0, "status": True}
NOTHING = {"data": {"rows": [], "lastPage": True, "filter": "[x]"}, "errorCode": "0", "status": True}


class Vendor:
    """Answers a token, queries with nothing, and the rest with what a test says."""

    def __init__(self, scripted: ScriptedVendor) -> None:
        self.said: list[Reply] = []
        self.asked: list[Received] = []
        self.found: Any = NOTHING
        scripted.handle = self._handle

    async def _handle(self, request: Received) -> Reply:
        if request.path.endswith("getToken"):
            return Reply.of(TOKEN)
        self.asked.append(request)
        return Reply.of(self.found) if request.path.endswith("/query") else self.said.pop(0)


@pytest.fixture
def vendor(scripted: ScriptedVendor) -> Vendor:
    return Vendor(scripted)


@pytest.fixture
async def erp(scripted: ScriptedVendor, vendor: Vendor) -> AsyncIterator[FlagshipErp]:
    async with FlagshipErp(access(scripted.url)) as erp:
        yield erp


def rows(*rows: dict[str, Any], code: str = "0", status: bool = True) -> Reply:
    return Reply.of({"data": {"result": list(rows)}, "errorCode": code, "message": "", "status": status})


def row(index: int | str, done: bool | str, **more: Any) -> dict[str, Any]:
    return {"billIndex": index, "billStatus": done, "id": "7", "number": "", "type": "add", **more}


async def saved(erp: FlagshipErp, *numbers: str) -> dict[str, str | None]:
    bills = [outbound(number) for number in numbers]
    verdicts = await erp.save(SALOUT, bills, submit_and_audit=False)
    return {number: fault.code if fault else None for number, fault in verdicts.items()}


async def test_rows_decide_whatever_the_envelope_says(erp: FlagshipErp, vendor: Vendor) -> None:
    vendor.said = [rows(row("0", "true"), row(1, False, errors=["no"]), code="611", status=False)]
    assert await saved(erp, "S-1", "S-2") == {"S-1": None, "S-2": "refused"}


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ([{"rowMsg": ["a", "b"]}], "a; b"),
        (["a", {"code": 5}], 'a; {"code":5}'),
        ("a", "a"),
        ([], "failed without a message"),
        (None, "failed without a message"),
    ],
)
async def test_errors_of_any_shape(erp: FlagshipErp, vendor: Vendor, errors: Any, words: str) -> None:
    vendor.said = [rows(row(0, False, errors=errors))]
    fault = (await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False))["S-1"]
    assert fault is not None
    assert fault.message == words


async def test_a_bill_nobody_speaks_of_is_looked_for(erp: FlagshipErp, vendor: Vendor) -> None:
    vendor.said = [rows(row(0, True))]
    assert await saved(erp, "S-1", "S-2") == {"S-1": None, "S-2": "unanswered"}
    vendor.said = [Reply.of({"data": {}, "errorCode": "0", "status": True})]
    found = {"id": "8", "billno": "S-3", "billstatus": "A", "billentry": []}
    vendor.found = {"data": {"rows": [found], "lastPage": True}, "errorCode": "0", "status": True}
    assert await saved(erp, "S-3") == {"S-3": "bill_exists"}


@pytest.mark.parametrize("code", ["601", "604"])
async def test_a_duplicate_is_looked_for(erp: FlagshipErp, vendor: Vendor, code: str) -> None:
    found = {"id": "8", "billno": "S-1", "billstatus": "A", "billentry": []}
    vendor.found = {"data": {"rows": [found], "lastPage": True}, "errorCode": "0", "status": True}
    vendor.said = [Reply.of({"data": None, "errorCode": code, "message": "", "status": False})]
    verdicts = await saved(erp, "S-1", "S-2")
    assert verdicts["S-1"] == "bill_exists"
    assert verdicts["S-2"] in ("duplicate", "repeated")


async def test_a_failure_with_an_error_status_is_read_all_the_same(erp: FlagshipErp, vendor: Vendor) -> None:
    vendor.said = [Reply(b'{"errorCode":"603","message":"x","status":false,"data":null}', status=400)]
    assert await saved(erp, "S-1") == {"S-1": "validation"}


async def test_rows_under_an_error_status_are_asked_for_one_by_one(erp: FlagshipErp, vendor: Vendor) -> None:
    """What such an answer did is not told; each bill alone gets its own."""
    both = rows(row(0, True), row(1, False, errors=["no"]), code="611", status=False)
    vendor.said = [Reply(both.body, status=400), rows(row(0, True)), rows(row(0, False, errors=["no"]))]
    assert await saved(erp, "S-1", "S-2") == {"S-1": None, "S-2": "refused"}


async def test_a_token_whose_life_is_not_told(scripted: ScriptedVendor, vendor: Vendor) -> None:
    seconds = 0.0
    told = {**TOKEN["data"]} if isinstance(TOKEN["data"], dict) else {}
    del told["expires_in"]
    fetched = 0

    async def handle(request: Received) -> Reply:
        nonlocal fetched
        if request.path.endswith("getToken"):
            fetched += 1
            return Reply.of(TOKEN | {"data": told})
        return Reply.of(NOTHING)

    scripted.handle = handle
    async with FlagshipErp(access(scripted.url), clock=lambda: seconds) as erp:
        for at in (0, 6899, 6901):
            seconds = at
            await erp.find(SALOUT, ["S-1"])
    assert fetched == 2


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(b"[]"), "bad_reply"),
        (Reply(b"{}"), "bad_reply"),
        (Reply(b"<html>"), "not_json"),
        (Reply(b'{"errorCode":"0","status":true}'), "bad_reply"),
        (Reply(b'{"errorCode":"0","status":true,"data":{}}', status=500), "bad_reply"),
        (Reply(b"<html>", status=504), "http_504"),
        (Reply(b'{"err', cut=3), "protocol"),
    ],
)
async def test_an_answer_that_makes_no_sense_leaves_the_question_open(
    erp: FlagshipErp, vendor: Vendor, reply: Reply, code: str
) -> None:
    vendor.said = [reply]
    with pytest.raises(Fault) as raised:
        await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, code)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("400", FaultKind.INVALID),
        ("403", FaultKind.REFUSED),
        ("404", FaultKind.REFUSED),
        ("405", FaultKind.REFUSED),
        ("429", FaultKind.THROTTLED),
        ("500", FaultKind.TRANSIENT),
        ("603", FaultKind.INVALID),
        ("604", FaultKind.TRANSIENT),
        ("612", FaultKind.REFUSED),
        ("999", FaultKind.REFUSED),
        ("2551", FaultKind.EXPIRED),
        ("ar.100001", FaultKind.REFUSED),
    ],
)
async def test_codes_of_a_query(erp: FlagshipErp, vendor: Vendor, code: str, kind: FaultKind) -> None:
    vendor.found = {"data": None, "errorCode": code, "message": "x", "status": False}
    with pytest.raises(Fault) as raised:
        await erp.find(SALOUT, ["S-1"])
    assert raised.value.kind is kind
    assert raised.value.code != code or code == "ar.100001"


async def test_a_step_names_its_bills_by_id_where_the_very_ones_are_meant(erp: FlagshipErp, vendor: Vendor) -> None:
    vendor.said = [rows(row(0, True, id="7")), rows(row(0, True, id="7", number="S-1"))]
    assert await erp.unaudit(SALOUT, {"S-1": "7"}) == {"S-1": None}
    assert await erp.submit(SALOUT, ["S-1"]) == {"S-1": None}
    assert [request.json() for request in vendor.asked] == [{"data": {"id": ["7"]}}, {"data": {"billno": ["S-1"]}}]


async def test_a_save_says_what_it_is_and_how_long_it_may_take(erp: FlagshipErp, vendor: Vendor) -> None:
    vendor.said = [rows(row(0, True)), rows(row(0, True)), rows(row(0, True))]
    await saved(erp, "S-1")
    await saved(erp, "S-1")
    await saved(erp, "S-2")
    keys = [request.headers["idempotency-key"] for request in vendor.asked]
    assert keys[0] == keys[1] != keys[2]
    assert vendor.asked[0].headers["idempotency-timeout"] == "60"
    [sent] = vendor.asked[0].json()["data"]
    assert (sent["billno"], sent["biztime"]) == ("S-1", "2026-09-01 00:00:00")


@pytest.mark.parametrize("status", ["X", ""])
async def test_a_status_nobody_knows(erp: FlagshipErp, vendor: Vendor, status: str) -> None:
    found = {"id": "8", "billno": "S-1", "billstatus": status, "billentry": []}
    vendor.found = {"data": {"rows": [found]}, "errorCode": "0", "status": True}
    with pytest.raises(Fault) as raised:
        await erp.find(SALOUT, ["S-1"])
    assert raised.value.code == "bad_reply"
