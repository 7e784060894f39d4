"""Batches that fail as a whole, and replies that do not say which bill they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connectors.galaxy.client import GalaxyErp
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.galaxy.state import GalaxyState
from tests.connectors.galaxy.kit import OUTSTOCK, access, outbound, status
from tests.connectors.scripted import Received, Reply, ScriptedVendor


class Server:
    """A server that saves and submits bills and stumbles over the ones it is told to stumble over.

    Args:
        poison: numbers that spoil every call they are part of, with the reply to it.
        most: more bills than this are too large a body.
    """

    def __init__(self, poison: dict[str, Reply] | None = None, most: int = 1000) -> None:
        self.poison = poison or {}
        self.most = most
        self.bills: dict[str, str] = {}
        self.calls: list[list[str]] = []

    async def __call__(self, request: Received) -> Reply:
        body = request.json()
        if request.path.endswith("ExecuteBillQuery.common.kdsvc"):
            asked = body["data"]["FilterString"]
            return Reply.of([[1, n, state, "A"] for n, state in self.bills.items() if f"'{n}'" in asked])
        data = body["data"]
        numbers = [model["FBillNo"] for model in data["Model"]] if "Model" in data else data["Numbers"]
        self.calls.append(numbers)
        if len(numbers) > self.most:
            return Reply(b"", 413)
        for number in numbers:
            if number in self.poison:
                return self.poison[number]
        self.bills |= dict.fromkeys(numbers, "A" if "Model" in data else "B")
        return Reply.of(status(True, done=[(number, index) for index, number in enumerate(numbers)]))


NULL_REFERENCE = Reply(b"response_error: ref is null")
BAD_KEY = Reply.of(status(False, 4, [("", "实体不存在此属性！[EntityType：BillHead", 0)]))
BAD_PARAMETER = Reply.of(status(False, 8, [("", "x", 0)]))
NUMBERS = [f"S-{n}" for n in range(10)]


def codes(verdicts: Mapping[str, Fault | None]) -> dict[str, str | None]:
    return {number: None if fault is None else fault.code for number, fault in verdicts.items()}


async def save(scripted: ScriptedVendor, server: Server, numbers: list[str]) -> dict[str, str | None]:
    scripted.handle = server
    async with GalaxyErp(access(scripted.url)) as erp:
        verdicts = await erp.save(OUTSTOCK, [outbound(number) for number in numbers], submit_and_audit=False)
    assert set(verdicts) == set(numbers)
    return codes(verdicts)


@pytest.mark.parametrize(
    ("reply", "code"), [(NULL_REFERENCE, "server_exception"), (BAD_KEY, "exception"), (BAD_PARAMETER, "parameter")]
)
async def test_the_bill_that_spoils_the_call_is_isolated(scripted: ScriptedVendor, reply: Reply, code: str) -> None:
    server = Server({"S-6": reply})
    assert await save(scripted, server, NUMBERS) == {**dict.fromkeys(NUMBERS), "S-6": code}
    assert len(server.calls) <= 9  # 1 whole, then two halves a level


async def test_two_bad_bills_in_both_halves_are_isolated(scripted: ScriptedVendor) -> None:
    server = Server({"S-1": BAD_PARAMETER, "S-8": BAD_PARAMETER})
    expected = {**dict.fromkeys(NUMBERS), "S-1": "parameter", "S-8": "parameter"}
    assert await save(scripted, server, NUMBERS) == expected


async def test_a_body_too_large_is_halved(scripted: ScriptedVendor) -> None:
    server = Server(most=3)
    assert await save(scripted, server, NUMBERS) == dict.fromkeys(NUMBERS)
    assert max(len(call) for call in server.calls[-4:]) <= 3


async def test_one_bill_alone_too_large(scripted: ScriptedVendor) -> None:
    assert await save(scripted, Server(most=0), ["S-0", "S-1"]) == dict.fromkeys(["S-0", "S-1"], "http_413")


async def test_a_sick_server_is_not_searched_for_bad_bills(scripted: ScriptedVendor) -> None:
    server = Server(dict.fromkeys(NUMBERS, NULL_REFERENCE))
    assert await save(scripted, server, NUMBERS) == dict.fromkeys(NUMBERS, "server_exception")
    assert len(server.calls) == 3


async def test_a_fault_half_way_keeps_what_was_done(scripted: ScriptedVendor) -> None:
    server = Server({"S-1": BAD_PARAMETER, "S-3": Reply(cut=0)})
    assert (await save(scripted, server, ["S-0", "S-1"])) == {"S-0": None, "S-1": "parameter"}
    server = Server({"S-1": BAD_PARAMETER, "S-3": Reply(status=502)})
    verdicts = await save(scripted, server, ["S-0", "S-1", "S-2", "S-3"])
    assert verdicts == {"S-0": None, "S-1": "parameter", "S-2": "http_502", "S-3": "http_502"}


async def test_the_same_holds_for_submitting(scripted: ScriptedVendor) -> None:
    server = scripted.handle = Server({"S-6": NULL_REFERENCE})
    server.bills = dict.fromkeys(NUMBERS, "A")
    async with GalaxyErp(access(scripted.url)) as erp:
        verdicts = await erp.submit(OUTSTOCK, NUMBERS)
    assert codes(verdicts) == {**dict.fromkeys(NUMBERS), "S-6": "server_exception"}


async def test_an_exception_in_the_simulated_tenant(tenant: GalaxyState, erp: GalaxyErp) -> None:
    """It hits one call only: the repetition by halves saves every bill, none twice."""
    tenant.faults.add(FaultRule(kind=FaultName.SERVER_EXCEPTION, operation="BatchSave"))
    assert await erp.save(OUTSTOCK, [outbound(n) for n in NUMBERS], submit_and_audit=True) == dict.fromkeys(NUMBERS)
    assert sorted(bill["number"] for bill in tenant.bills("SAL_OUTSTOCK")) == NUMBERS


async def submit(scripted: ScriptedVendor, replies: list[Any], numbers: list[str]) -> dict[str, Fault | None]:
    scripted.replies = [Reply.of(reply) for reply in replies]
    async with GalaxyErp(access(scripted.url)) as erp:
        return dict(await erp.submit(OUTSTOCK, numbers))


async def test_problems_that_name_no_bill_are_settled_by_status(scripted: ScriptedVendor) -> None:
    failed = status(False, 11, [("", "出错", None)])
    rows = [[1, "S-1", "B", "A"], [2, "S-2", "A", "A"], [3, "S-3", "Z", "B"]]
    verdicts = await submit(scripted, [failed, rows], ["S-1", "S-2", "S-3", "S-4"])
    assert codes(verdicts) == {
        "S-1": None,
        "S-2": "validation",
        "S-3": "validation",
        "S-4": "not_found",
    }


async def test_bills_the_reply_is_silent_about_are_asked_alone(scripted: ScriptedVendor) -> None:
    """Every error stands at place 0, as if the others had not been looked at."""
    together = status(False, 11, [("", "一号出错", 0)])
    rows = [[1, "S-1", "A", "A"], [2, "S-2", "A", "A"], [3, "S-3", "A", "A"]]
    alone = status(False, 11, [("FDate", "三号出错", 0)])
    replies = [together, rows, status(True, done=[("S-2", 0)]), alone, [rows[2]]]
    verdicts = await submit(scripted, replies, ["S-1", "S-2", "S-3"])
    assert verdicts["S-2"] is None
    first, third = verdicts["S-1"], verdicts["S-3"]
    assert first is not None
    assert third is not None
    assert (first.code, first.message) == ("validation", "一号出错")
    assert (third.kind, third.field, third.message) == (FaultKind.INVALID, "FDate", "三号出错")


async def test_success_that_leaves_a_bill_out_is_not_believed(scripted: ScriptedVendor) -> None:
    rows = [[2, "S-2", "A", "A"]]
    nothing = status(True)
    verdicts = await submit(scripted, [status(True, done=[("S-1", 0)]), rows, nothing, rows], ["S-1", "S-2"])
    assert verdicts["S-1"] is None
    missing = verdicts["S-2"]
    assert missing is not None
    assert (missing.kind, missing.code) == (FaultKind.TRANSIENT, "unanswered")


async def test_a_saved_bill_the_reply_leaves_out_is_looked_for(scripted: ScriptedVendor) -> None:
    scripted.replies = [Reply.of(status(True)), Reply.of([[1, "S-1", "A", "A"]])]
    async with GalaxyErp(access(scripted.url)) as erp:
        verdicts = await erp.save(OUTSTOCK, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    assert verdicts["S-1"] is None
    assert verdicts["S-2"] is not None
    assert verdicts["S-2"].code == "unanswered"


async def test_the_body_of_a_batch(scripted: ScriptedVendor) -> None:
    scripted.handle = Server()
    rules = {"OutStock-SalReturnStock": "OWN-RULE"}
    bill = outbound("S-1")
    bill.model["FEntity"][0]["FEntity_Link"] = [{"FEntity_Link_FRuleId": "OutStock-SalReturnStock", "FSId": "7"}]
    async with GalaxyErp(access(scripted.url, batch_threads=2, convert_rules=rules)) as erp:
        options = {"IsVerifyBaseDataField": False, "SubSystemId": "21"}
        await erp.save(OUTSTOCK, [bill, outbound("S-2"), outbound("S-3")], submit_and_audit=True, options=options)
        await erp.save(OUTSTOCK, [outbound("S-4")], submit_and_audit=False)
    many, single = (request.json() for request in scripted.received[:2])
    assert many["formid"] == "SAL_OUTSTOCK"
    model = many["data"].pop("Model")
    assert many["data"] == {
        "IsVerifyBaseDataField": False,
        "SubSystemId": "21",
        "IsAutoSubmitAndAudit": True,
        "BatchCount": 2,
    }
    assert next(iter(model[0])) == "FBillNo"
    assert model[0]["FEntity"][0]["FEntity_Link"] == [{"FEntity_Link_FRuleId": "OWN-RULE", "FSId": "7"}]
    assert bill.model["FEntity"][0]["FEntity_Link"][0]["FEntity_Link_FRuleId"] == "OutStock-SalReturnStock"
    assert "BatchCount" not in single["data"]


@pytest.mark.parametrize("price", ["***", "****.**"])
async def test_a_veiled_amount_is_no_amount(scripted: ScriptedVendor, price: str) -> None:
    scripted.replies = [Reply.of([[1, "S-1", 5, "SKU1", 2, price, "2026-09-01", "SHOP01", 1]])]
    async with GalaxyErp(access(scripted.url)) as erp:
        with pytest.raises(Fault) as raised:
            await erp.read(OUTSTOCK, ["S-1"])
    assert (raised.value.kind, raised.value.code, raised.value.field) == (
        FaultKind.REFUSED,
        "no_permission",
        "FAllAmount",
    )


@pytest.mark.parametrize("row", [[1, "S-1", "Q", "A"], [1, "S-1", "A"], [1, "S-1", None, "A"]])
async def test_rows_that_make_no_sense(scripted: ScriptedVendor, row: list[Any]) -> None:
    scripted.replies = [Reply.of([row])]
    async with GalaxyErp(access(scripted.url)) as erp:
        with pytest.raises(Fault) as raised:
            await erp.find(OUTSTOCK, ["S-1"])
    assert (raised.value.kind, raised.value.code) == (FaultKind.TRANSIENT, "bad_reply")


async def test_a_page_cut_by_the_server_is_not_the_last(scripted: ScriptedVendor) -> None:
    """A page of 10000 was asked for, the server gives 2000 at most."""

    async def vendor(request: Received) -> Reply:
        start = request.json()["data"]["StartRow"]
        return Reply.of([[n] for n in range(start, min(start + 2000, 4500))])

    scripted.handle = vendor
    async with GalaxyErp(access(scripted.url, page_size=10_000)) as erp:
        rows = await erp.query("BD_MATERIAL", ["FNumber"], [])
    assert [row["FNumber"] for row in rows] == list(range(4500))
