"""The life of bills against the simulated tenant: found, saved, moved, read, each with its own verdict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal

import pytest

from connectors.galaxy.client import GalaxyErp
from domain.erp import BillStatus, Erp, Match, VeryBills
from domain.exchanges import exchange_log
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.galaxy.state import GalaxyState
from sandbox.galaxy.switches import EditLock
from tests.connectors.galaxy.kit import OUTSTOCK, access, outbound

Move = Callable[..., Awaitable[Mapping[str, Fault | None]]]
"""A step with bills, by number or by number and id; a mapping of the latter is good for the former."""


def said(fault: Fault | None) -> tuple[FaultKind, str] | None:
    return None if fault is None else (fault.kind, fault.code)


async def states(erp: GalaxyErp, *numbers: str) -> dict[str, BillStatus]:
    return {number: bill.status for number, bill in (await erp.find(OUTSTOCK, numbers)).items()}


async def very(erp: GalaxyErp, *numbers: str) -> VeryBills:
    """Number and id of the bills that are there; an id nobody has for the others."""
    found = await erp.find(OUTSTOCK, numbers)
    return {number: found[number].id if number in found else "1" for number in numbers}


async def test_it_is_an_erp(erp: GalaxyErp) -> None:
    as_interface: Erp = erp
    assert await as_interface.find(OUTSTOCK, []) == {}
    assert await as_interface.read(OUTSTOCK, []) == {}
    assert await as_interface.save(OUTSTOCK, [], submit_and_audit=True) == {}
    assert await as_interface.submit(OUTSTOCK, []) == {}
    assert await as_interface.query("SAL_OUTSTOCK", ["FBillNo"], [Match(key="FBillNo", values=())]) == []


async def test_step_by_step_and_all_the_way_back(erp: GalaxyErp) -> None:
    assert await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=False) == {"S-1": None}
    assert await states(erp, "S-1") == {"S-1": BillStatus.CREATED}
    bills = await very(erp, "S-1")
    steps: tuple[tuple[Move, BillStatus], ...] = (
        (erp.submit, BillStatus.SUBMITTED),
        (erp.withdraw, BillStatus.REAUDIT),
        (erp.submit, BillStatus.SUBMITTED),
        (erp.audit, BillStatus.AUDITED),
        (erp.unaudit, BillStatus.REAUDIT),
    )
    for step, reached in steps:
        for _ in range(2):  # whoever comes second finds it done
            assert await step(OUTSTOCK, bills) == {"S-1": None}
            assert await states(erp, "S-1") == {"S-1": reached}
    for _ in range(2):
        assert await erp.delete(OUTSTOCK, bills) == {"S-1": None}
        assert await states(erp, "S-1") == {}


async def test_what_takes_a_bill_back_hits_the_very_bill(tenant: GalaxyState, erp: GalaxyErp) -> None:
    """A call that comes late finds another bill under the number: nothing of it is touched, and ours is gone."""
    await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=True)
    old = await very(erp, "S-1")
    await erp.unaudit(OUTSTOCK, old)
    await erp.delete(OUTSTOCK, old)
    await erp.save(OUTSTOCK, [outbound("S-1", qty=5)], submit_and_audit=True)
    assert said((await erp.unaudit(OUTSTOCK, old))["S-1"]) == (FaultKind.REFUSED, "not_found")
    assert said((await erp.withdraw(OUTSTOCK, old))["S-1"]) == (FaultKind.REFUSED, "not_found")
    assert await erp.delete(OUTSTOCK, old) == {"S-1": None}
    assert await states(erp, "S-1") == {"S-1": BillStatus.AUDITED}
    [bill] = tenant.bills("SAL_OUTSTOCK")
    assert bill["lines"][0]["FRealQty"] == 5


async def test_one_bad_bill_does_not_fail_its_neighbours(erp: GalaxyErp) -> None:
    await erp.save(OUTSTOCK, [outbound("S-0")], submit_and_audit=False)
    bills = [outbound("S-1"), outbound("S-2", sku="UNKNOWN"), outbound("S-0"), outbound("S-4", FCustomerID=None)]
    verdicts = await erp.save(OUTSTOCK, bills, submit_and_audit=True, options={"IsVerifyBaseDataField": True})
    assert {number: said(fault) for number, fault in verdicts.items()} == {
        "S-1": None,
        "S-2": (FaultKind.INVALID, "validation"),
        "S-0": (FaultKind.REFUSED, "bill_exists"),
        "S-4": (FaultKind.INVALID, "validation"),
    }
    assert await states(erp, "S-1", "S-2", "S-4") == {"S-1": BillStatus.AUDITED}


async def test_stock_is_short(erp: GalaxyErp) -> None:
    short = outbound("S-2", sku="SKU2")
    verdicts = await erp.save(OUTSTOCK, [outbound("S-1"), short], submit_and_audit=True)
    assert said(verdicts["S-2"]) == (FaultKind.REFUSED, "stock_short")
    assert await states(erp, "S-1", "S-2") == {"S-1": BillStatus.AUDITED}
    allowed = {"InterationFlags": "STK_InvCheckResult"}
    assert await erp.save(OUTSTOCK, [short], submit_and_audit=True, options=allowed) == {"S-2": None}


async def test_stock_is_short_at_audit(erp: GalaxyErp) -> None:
    await erp.save(OUTSTOCK, [outbound("S-1"), outbound("S-2", sku="SKU2")], submit_and_audit=False)
    await erp.submit(OUTSTOCK, ["S-1", "S-2"])
    verdicts = await erp.audit(OUTSTOCK, ["S-1", "S-2"])
    assert verdicts["S-1"] is None
    assert said(verdicts["S-2"]) == (FaultKind.REFUSED, "stock_short")


async def test_wrong_states_are_judged_by_status(erp: GalaxyErp) -> None:
    await erp.save(OUTSTOCK, [outbound("A"), outbound("B"), outbound("C")], submit_and_audit=False)
    await erp.submit(OUTSTOCK, ["B", "C"])
    await erp.audit(OUTSTOCK, ["C"])
    wrong, gone = (FaultKind.REFUSED, "wrong_state"), (FaultKind.REFUSED, "not_found")
    steps: tuple[tuple[Move, dict[str, object]], ...] = (
        (erp.audit, {"A": wrong, "C": None, "X": gone}),
        (erp.delete, {"C": wrong, "B": wrong, "X": None}),
        (erp.withdraw, {"A": None, "C": wrong, "X": gone}),
        (erp.unaudit, {"A": None, "B": None, "X": gone}),
        (erp.submit, {"A": None, "B": None, "C": None, "X": gone}),
    )
    for step, expected in steps:
        verdicts = await step(OUTSTOCK, await very(erp, *expected))
        assert {number: said(fault) for number, fault in verdicts.items()} == expected, step


@pytest.mark.parametrize("msg_code", [0, 13])
async def test_a_locked_bill_is_for_later(tenant: GalaxyState, erp: GalaxyErp, msg_code: int) -> None:
    await erp.save(OUTSTOCK, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    tenant.switches.lock("SAL_OUTSTOCK", "S-1", EditLock(times=1, msg_code=msg_code))
    verdicts = await erp.submit(OUTSTOCK, ["S-1", "S-2"])
    assert said(verdicts["S-1"]) == (FaultKind.TRANSIENT, "edit_lock")
    assert verdicts["S-2"] is None
    assert await erp.submit(OUTSTOCK, ["S-1"]) == {"S-1": None}


@pytest.mark.parametrize("kind", [FaultName.LOSE_REPLY, FaultName.HANG])
async def test_a_lost_reply_leaves_the_question_open_and_asking_answers_it(
    tenant: GalaxyState, galaxy: str, kind: FaultName
) -> None:
    tenant.faults.add(FaultRule(kind=kind, operation="BatchSave"))
    async with GalaxyErp(access(galaxy, read_timeout=0.5)) as erp:
        with pytest.raises(Fault) as raised:
            await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=True)
        assert raised.value.kind is FaultKind.TRANSIENT
        assert await states(erp, "S-1") == {"S-1": BillStatus.AUDITED}
        repeated = await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=True)
        assert said(repeated["S-1"]) == (FaultKind.REFUSED, "bill_exists")
    assert len(tenant.bills("SAL_OUTSTOCK")) == 1


@pytest.mark.parametrize(
    ("rule", "kind", "code"),
    [
        (FaultRule(kind=FaultName.SERVER_ERROR), FaultKind.TRANSIENT, "http_502"),
        (FaultRule(kind=FaultName.HTML_PAGE), FaultKind.TRANSIENT, "not_json"),
        (FaultRule(kind=FaultName.THROTTLE), FaultKind.THROTTLED, "call_limit"),
        (FaultRule(kind=FaultName.NO_PERMISSION), FaultKind.REFUSED, "no_permission"),
        (FaultRule(kind=FaultName.VENDOR, code="6"), FaultKind.TRANSIENT, "database"),
    ],
)
async def test_a_call_that_fails_as_a_whole(
    tenant: GalaxyState, erp: GalaxyErp, rule: FaultRule, kind: FaultKind, code: str
) -> None:
    await erp.save(OUTSTOCK, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    for call in (
        lambda: erp.save(OUTSTOCK, [outbound("S-3"), outbound("S-4")], submit_and_audit=False),
        lambda: erp.submit(OUTSTOCK, ["S-1", "S-2"]),
        lambda: erp.find(OUTSTOCK, ["S-1"]),
        lambda: erp.read(OUTSTOCK, ["S-1"]),
    ):
        tenant.faults.add(rule)
        with pytest.raises(Fault) as raised:
            await call()
        assert (raised.value.kind, raised.value.code) == (kind, code)
    assert await states(erp, "S-1", "S-2", "S-3", "S-4") == {"S-1": BillStatus.CREATED, "S-2": BillStatus.CREATED}


async def test_a_wrong_data_centre_is_told_by_the_status(galaxy: str) -> None:
    async with GalaxyErp(access(galaxy, acct_id="none")) as erp:
        with pytest.raises(Fault) as raised:
            await erp.find(OUTSTOCK, ["S-1"])
    assert raised.value.code == "http_500"


async def test_numbers_are_found_as_the_server_compares_them(erp: GalaxyErp) -> None:
    await erp.save(OUTSTOCK, [outbound("Ab-1")], submit_and_audit=False)
    found = await erp.find(OUTSTOCK, ["AB-1", "Ab-1", "it's", "x' or 1=1 --"])
    assert {asked: bill.number for asked, bill in found.items()} == {"AB-1": "Ab-1", "Ab-1": "Ab-1"}


async def test_one_number_twice_in_a_call(tenant: GalaxyState, erp: GalaxyErp) -> None:
    bills = [outbound("S-1"), outbound("S-1"), outbound("s-1")]
    verdicts = await erp.save(OUTSTOCK, bills, submit_and_audit=False)
    assert verdicts["S-1"] is None
    assert said(verdicts["s-1"]) == (FaultKind.REFUSED, "bill_exists")
    assert len(tenant.bills("SAL_OUTSTOCK")) == 1


async def test_the_number_of_the_bill_is_the_one_that_counts(tenant: GalaxyState, erp: GalaxyErp) -> None:
    assert await erp.save(OUTSTOCK, [outbound("S-1", FBillNo="OTHER")], submit_and_audit=False) == {"S-1": None}
    assert [bill["number"] for bill in tenant.bills("SAL_OUTSTOCK")] == ["S-1"]


async def test_bills_are_read_back(erp: GalaxyErp) -> None:
    two_lines = outbound("S-2")
    two_lines.model["FEntity"].append({**two_lines.model["FEntity"][0], "FRealQty": "3.5", "FTaxPrice": "10.10"})
    await erp.save(OUTSTOCK, [outbound("S-1"), two_lines], submit_and_audit=False)
    contents = await erp.read(OUTSTOCK, ["S-1", "S-2", "S-3"])
    assert list(contents) == ["S-1", "S-2"]
    assert contents["S-1"].head == {
        "FDate": "2026-09-01T00:00:00",
        "FCustomerID.FNumber": "SHOP01",
        "FExchangeRate": "1",
    }
    assert [(line.material, line.quantity, line.amount) for line in contents["S-2"].lines] == [
        ("SKU1", Decimal("2"), Decimal("113.00")),
        ("SKU1", Decimal("3.5"), Decimal("35.35")),
    ]
    assert len({line.entry_id for content in contents.values() for line in content.lines}) == 3


async def test_long_lists_are_split_and_long_answers_paged(tenant: GalaxyState, galaxy: str) -> None:
    numbers = [f"S-{n:03}" for n in range(25)]
    async with GalaxyErp(access(galaxy, in_list=10, page_size=3)) as erp:
        await erp.save(OUTSTOCK, [outbound(number) for number in numbers], submit_and_audit=False)
        assert set(await erp.find(OUTSTOCK, numbers)) == set(numbers)
        assert {len(content.lines) for content in (await erp.read(OUTSTOCK, numbers)).values()} == {1}
        rows = await erp.query("SAL_OUTSTOCK", ["FBillNo"], [Match(key="FBillNo", values=tuple(numbers))])
        assert sorted(row["FBillNo"] for row in rows) == numbers
        assert await erp.submit(OUTSTOCK, numbers) == dict.fromkeys(numbers)
    assert tenant.calls.by_operation["Submit"] == 3


async def test_rows_by_conditions(erp: GalaxyErp) -> None:
    await erp.save(OUTSTOCK, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    await erp.submit(OUTSTOCK, ["S-2"])
    fields = ["FBillNo", "FDocumentStatus", "FMaterialID.FNumber", "FRealQty", "FEntity_FEntryID", "FNote"]
    matches = [Match(key="FMaterialID.FNumber", values=("SKU1",)), Match(key="FDocumentStatus", values=("A", "C"))]
    [row] = await erp.query("SAL_OUTSTOCK", fields, matches)
    assert row["FBillNo"] == "S-1"
    assert row["FRealQty"] == 2
    assert row["FNote"] in ("", None)
    assert list(row) == fields


async def test_rows_up_to_a_limit(galaxy: str) -> None:
    async with GalaxyErp(access(galaxy, page_size=2, in_list=2)) as erp:
        numbers = tuple(f"S-{n}" for n in range(6))
        await erp.save(OUTSTOCK, [outbound(number) for number in numbers], submit_and_audit=False)
        matches = [Match(key="FBillNo", values=numbers)]
        for limit in (0, 1, 2, 3, 5, 6, 9):
            assert len(await erp.query("SAL_OUTSTOCK", ["FBillNo"], matches, limit=limit)) == min(limit, 6)


async def test_a_field_the_form_does_not_have(erp: GalaxyErp) -> None:
    with pytest.raises(Fault) as raised:
        await erp.query("SAL_OUTSTOCK", ["FNoSuchField"], [])
    assert (raised.value.kind, raised.value.code) == (FaultKind.INVALID, "unknown_field")


async def test_personal_data_in_a_reply_without_keys_is_not_kept(erp: GalaxyErp) -> None:
    await erp.save(OUTSTOCK, [outbound("S-1")], submit_and_audit=False)
    with exchange_log() as log:
        rows = await erp.query("SAL_OUTSTOCK", ["FBillNo", "FLinkMan"], [Match(key="FBillNo", values=("S-1",))])
    assert rows == [{"FBillNo": "S-1", "FLinkMan": "王小明"}]
    assert "王小明" not in log[0].model_dump_json()


async def test_further_operations(tenant: GalaxyState, erp: GalaxyErp) -> None:
    await erp.save(OUTSTOCK, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    assert await erp.operate(OUTSTOCK, "Cancel", ["S-1"]) == {"S-1": None}
    assert {n: b.cancelled for n, b in (await erp.find(OUTSTOCK, ["S-1", "S-2"])).items()} == {
        "S-1": True,
        "S-2": False,
    }
    verdicts = await erp.operate(OUTSTOCK, "Cancel", ["S-1", "S-2", "S-3"])
    assert verdicts["S-2"] is None
    assert verdicts["S-3"] is not None
    assert tenant.calls.by_operation["ExcuteOperation"] == 2
