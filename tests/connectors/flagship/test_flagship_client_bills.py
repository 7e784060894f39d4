"""The life of bills against the simulated tenant: found, saved, moved, read, each with its own verdict."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal

import pytest

from connectors.flagship.client import FlagshipErp
from domain.erp import BillStatus, Erp, Match, VeryBills
from domain.exchanges import exchange_log
from domain.faults import Fault, FaultKind
from sandbox.faults import FaultName, FaultRule
from sandbox.flagship.apis import ImportType
from sandbox.flagship.config import PartialFailure
from sandbox.flagship.records import Record
from sandbox.flagship.state import FlagshipState
from tests.connectors.flagship.kit import QUERY, SALOUT, SAVE, access, outbound

Move = Callable[..., Awaitable[Mapping[str, Fault | None]]]
"""A step with bills, by number or by number and id; a mapping of the latter is good for the former."""


def said(fault: Fault | None) -> tuple[FaultKind, str] | None:
    return None if fault is None else (fault.kind, fault.code)


def quantities(bill: Record) -> list[Decimal]:
    return [line.values["qty"] for line in bill.lines]


async def states(erp: FlagshipErp, *numbers: str) -> dict[str, BillStatus]:
    return {number: bill.status for number, bill in (await erp.find(SALOUT, numbers)).items()}


async def very(erp: FlagshipErp, *numbers: str) -> VeryBills:
    """Number and id of the bills that are there; an id nobody has for the others."""
    found = await erp.find(SALOUT, numbers)
    return {number: found[number].id if number in found else "1" for number in numbers}


async def post(erp: FlagshipErp, *numbers: str) -> None:
    """Bills brought to audited."""
    assert set((await erp.save(SALOUT, [outbound(n) for n in numbers], submit_and_audit=False)).values()) == {None}
    assert set((await erp.submit(SALOUT, numbers)).values()) == {None}
    assert set((await erp.audit(SALOUT, numbers)).values()) == {None}


async def test_it_is_an_erp(erp: FlagshipErp) -> None:
    as_interface: Erp = erp
    assert await as_interface.find(SALOUT, []) == {}
    assert await as_interface.read(SALOUT, []) == {}
    assert await as_interface.save(SALOUT, [], submit_and_audit=False) == {}
    assert await as_interface.submit(SALOUT, []) == {}
    assert await as_interface.query("im_saloutbill", ["billno"], [Match(key="billno", values=())]) == []


async def test_step_by_step_and_all_the_way_back(tenant: FlagshipState, erp: FlagshipErp) -> None:
    assert await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False) == {"S-1": None}
    assert await states(erp, "S-1") == {"S-1": BillStatus.CREATED}
    bills = await very(erp, "S-1")
    steps: tuple[tuple[Move, BillStatus], ...] = (
        (erp.submit, BillStatus.SUBMITTED),
        (erp.withdraw, BillStatus.CREATED),
        (erp.submit, BillStatus.SUBMITTED),
        (erp.audit, BillStatus.AUDITED),
        (erp.unaudit, BillStatus.CREATED),
    )
    for step, reached in steps:
        for _ in range(2):  # whoever comes second finds it done
            assert await step(SALOUT, bills) == {"S-1": None}
            assert await states(erp, "S-1") == {"S-1": reached}
    for _ in range(2):
        assert await erp.delete(SALOUT, bills) == {"S-1": None}
        assert await states(erp, "S-1") == {}
    assert {balance.quantity for _, balance in tenant.stock.balances()} == {Decimal(1000)}


async def test_an_unaudit_may_lead_to_submitted(tenant: FlagshipState, erp: FlagshipErp) -> None:
    tenant.switches.unaudit_to = "B"
    await post(erp, "S-1")
    assert await erp.unaudit(SALOUT, await very(erp, "S-1")) == {"S-1": None}
    assert await states(erp, "S-1") == {"S-1": BillStatus.SUBMITTED}


async def test_save_submit_and_audit_at_once_is_not_offered(erp: FlagshipErp) -> None:
    with pytest.raises(ValueError, match="three calls"):
        await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=True)


async def test_what_takes_a_bill_back_hits_the_very_bill(tenant: FlagshipState, erp: FlagshipErp) -> None:
    """A call that comes late finds another bill under the number: nothing of it is touched, and ours is gone."""
    await post(erp, "S-1")
    old = await very(erp, "S-1")
    await erp.unaudit(SALOUT, old)
    await erp.delete(SALOUT, old)
    await erp.save(SALOUT, [outbound("S-1", qty=5)], submit_and_audit=False)
    await erp.submit(SALOUT, ["S-1"])
    await erp.audit(SALOUT, ["S-1"])
    assert said((await erp.unaudit(SALOUT, old))["S-1"]) == (FaultKind.REFUSED, "not_found")
    assert said((await erp.withdraw(SALOUT, old))["S-1"]) == (FaultKind.REFUSED, "not_found")
    assert await erp.delete(SALOUT, old) == {"S-1": None}
    assert await states(erp, "S-1") == {"S-1": BillStatus.AUDITED}
    [bill] = tenant.bills("im_saloutbill")
    assert quantities(bill) == [Decimal(5)]


@pytest.mark.parametrize("mode", list(PartialFailure))
async def test_one_bad_bill_does_not_fail_its_neighbours(
    tenant: FlagshipState, erp: FlagshipErp, mode: PartialFailure
) -> None:
    tenant.switches.partial_failure = mode
    await erp.save(SALOUT, [outbound("S-0")], submit_and_audit=False)
    bills = [outbound("S-1"), outbound("S-2", sku="UNKNOWN"), outbound("S-0"), outbound("S-4", customer_number="")]
    verdicts = await erp.save(SALOUT, bills, submit_and_audit=False)
    assert {number: said(fault) for number, fault in verdicts.items()} == {
        "S-1": None,
        "S-2": (FaultKind.REFUSED, "refused"),
        "S-0": (FaultKind.REFUSED, "bill_exists"),
        "S-4": (FaultKind.REFUSED, "refused"),
    }
    assert await states(erp, "S-1", "S-2", "S-4") == {"S-1": BillStatus.CREATED}


@pytest.mark.parametrize("mode", list(PartialFailure))
async def test_stock_is_short_at_audit(tenant: FlagshipState, erp: FlagshipErp, mode: PartialFailure) -> None:
    tenant.switches.partial_failure = mode
    await erp.save(SALOUT, [outbound("S-1"), outbound("S-2", sku="SKU2")], submit_and_audit=False)
    await erp.submit(SALOUT, ["S-1", "S-2"])
    verdicts = await erp.audit(SALOUT, ["S-1", "S-2"])
    assert verdicts["S-1"] is None
    assert said(verdicts["S-2"]) == (FaultKind.REFUSED, "stock_short")


async def test_wrong_states_are_judged_by_status(erp: FlagshipErp) -> None:
    await erp.save(SALOUT, [outbound("A"), outbound("B"), outbound("C")], submit_and_audit=False)
    await erp.submit(SALOUT, ["B", "C"])
    await erp.audit(SALOUT, ["C"])
    wrong, gone = (FaultKind.REFUSED, "wrong_state"), (FaultKind.REFUSED, "not_found")
    steps: tuple[tuple[Move, dict[str, object]], ...] = (
        (erp.audit, {"A": wrong, "C": None, "X": gone}),
        (erp.delete, {"C": wrong, "B": wrong, "X": None}),
        (erp.withdraw, {"A": None, "C": wrong, "X": gone}),
        (erp.unaudit, {"A": None, "B": None, "X": gone}),
        (erp.submit, {"A": None, "B": None, "C": None, "X": gone}),
    )
    for step, expected in steps:
        verdicts = await step(SALOUT, await very(erp, *expected))
        assert {number: said(fault) for number, fault in verdicts.items()} == expected, step


async def test_a_locked_bill_is_for_later(tenant: FlagshipState, erp: FlagshipErp) -> None:
    await erp.save(SALOUT, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    tenant.guards.lock("im_saloutbill", "S-1", times=1)
    verdicts = await erp.submit(SALOUT, ["S-1", "S-2"])
    assert said(verdicts["S-1"]) == (FaultKind.TRANSIENT, "edit_lock")
    assert verdicts["S-2"] is None
    assert await erp.submit(SALOUT, ["S-1"]) == {"S-1": None}


@pytest.mark.parametrize("kind", [FaultName.LOSE_REPLY, FaultName.HANG, FaultName.GATEWAY_TIMEOUT])
async def test_a_lost_reply_leaves_the_question_open_and_asking_answers_it(
    tenant: FlagshipState, flagship: str, kind: FaultName
) -> None:
    tenant.faults.add(FaultRule(kind=kind, operation="save"))
    async with FlagshipErp(access(flagship, read_timeout=0.5)) as erp:
        with pytest.raises(Fault) as raised:
            await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
        assert raised.value.kind is FaultKind.TRANSIENT
        assert await states(erp, "S-1") == {"S-1": BillStatus.CREATED}
        repeated = await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
        assert said(repeated["S-1"]) == (FaultKind.REFUSED, "bill_exists")
        # A corrected bill is no repetition of the call, but its number is taken.
        corrected = await erp.save(SALOUT, [outbound("S-1", qty=3)], submit_and_audit=False)
        assert said(corrected["S-1"]) == (FaultKind.REFUSED, "bill_exists")
    [bill] = tenant.bills("im_saloutbill")
    assert quantities(bill) == [Decimal(2)]


async def test_a_lost_reply_of_a_step(tenant: FlagshipState, erp: FlagshipErp) -> None:
    await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
    tenant.faults.add(FaultRule(kind=FaultName.LOSE_REPLY, operation="submit"))
    with pytest.raises(Fault) as raised:
        await erp.submit(SALOUT, ["S-1"])
    assert raised.value.kind is FaultKind.TRANSIENT
    assert await erp.submit(SALOUT, ["S-1"]) == {"S-1": None}


async def test_a_call_delivered_twice_makes_one_bill(tenant: FlagshipState, erp: FlagshipErp) -> None:
    tenant.faults.add(FaultRule(kind=FaultName.DELIVER_TWICE, operation="save"))
    verdicts = await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
    assert said(verdicts["S-1"]) == (FaultKind.REFUSED, "bill_exists")
    tenant.faults.add(FaultRule(kind=FaultName.DELIVER_TWICE, operation="submit"))
    assert await erp.submit(SALOUT, ["S-1"]) == {"S-1": None}
    assert len(tenant.bills("im_saloutbill")) == 1


async def test_what_was_deleted_cannot_be_sent_again_at_once(tenant: FlagshipState, erp: FlagshipErp) -> None:
    """The server takes the very same save for a repetition; that passes."""
    await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
    await erp.delete(SALOUT, await very(erp, "S-1"))
    again = await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
    assert said(again["S-1"]) == (FaultKind.TRANSIENT, "repeated")


@pytest.mark.parametrize("creates_only", [True, False])
async def test_a_save_that_overwrites_is_told_as_a_number_that_is_taken(
    tenant: FlagshipState, flagship: str, creates_only: bool
) -> None:
    """A tenant whose save API updates what is there: with `creates_only` off the bill is not even touched."""
    tenant.set_up(SAVE, import_type=ImportType.OVERRIDE_NEW)
    async with FlagshipErp(access(flagship, creates_only=creates_only)) as erp:
        await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
        verdicts = await erp.save(SALOUT, [outbound("S-1", comment="changed")], submit_and_audit=False)
        assert said(verdicts["S-1"]) == (FaultKind.REFUSED, "bill_exists")
    [bill] = tenant.bills("im_saloutbill")
    assert bill.values["comment"] == ("changed" if creates_only else "ref-S-1")


@pytest.mark.parametrize(
    ("rule", "kind", "code"),
    [
        (FaultRule(kind=FaultName.SERVER_ERROR), FaultKind.TRANSIENT, "http_502"),
        (FaultRule(kind=FaultName.HTML_PAGE), FaultKind.TRANSIENT, "not_json"),
        (FaultRule(kind=FaultName.THROTTLE), FaultKind.THROTTLED, "call_limit"),
        (FaultRule(kind=FaultName.NO_PERMISSION), FaultKind.REFUSED, "no_permission"),
        (FaultRule(kind=FaultName.CUT_BEFORE), FaultKind.TRANSIENT, "protocol"),
        (FaultRule(kind=FaultName.VENDOR, code="404"), FaultKind.REFUSED, "api_missing"),
    ],
)
async def test_a_call_that_fails_as_a_whole(
    tenant: FlagshipState, erp: FlagshipErp, rule: FaultRule, kind: FaultKind, code: str
) -> None:
    await erp.save(SALOUT, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    for call in (
        lambda: erp.save(SALOUT, [outbound("S-3"), outbound("S-4")], submit_and_audit=False),
        lambda: erp.submit(SALOUT, ["S-1", "S-2"]),
        lambda: erp.find(SALOUT, ["S-1"]),
        lambda: erp.read(SALOUT, ["S-1"]),
    ):
        tenant.faults.add(rule)
        with pytest.raises(Fault) as raised:
            await call()
        assert (raised.value.kind, raised.value.code) == (kind, code)
    assert await states(erp, "S-1", "S-2", "S-3", "S-4") == {"S-1": BillStatus.CREATED, "S-2": BillStatus.CREATED}


@pytest.mark.parametrize("code", ["999", "611", "701", "ar.100001", "603"])
async def test_a_batch_refused_as_a_whole_is_divided(tenant: FlagshipState, erp: FlagshipErp, code: str) -> None:
    """Nobody is told which bill is to blame; those that are not come through."""
    tenant.faults.add(FaultRule(kind=FaultName.VENDOR, code=code, operation="save"))
    assert set((await erp.save(SALOUT, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)).values()) == {None}
    tenant.faults.add(FaultRule(kind=FaultName.VENDOR, code=code, operation="submit"))
    assert set((await erp.submit(SALOUT, ["S-1", "S-2"])).values()) == {None}
    tenant.faults.add(FaultRule(kind=FaultName.VENDOR, code=code, operation="audit"))
    [fault] = (await erp.audit(SALOUT, ["S-1"])).values()
    assert fault is not None
    assert fault.kind in (FaultKind.REFUSED, FaultKind.INVALID)


async def test_a_call_that_breaks_off_in_the_middle(tenant: FlagshipState, erp: FlagshipErp) -> None:
    numbers = ["S-1", "S-2", "S-3", "S-4"]
    tenant.faults.add(FaultRule(kind=FaultName.BREAK_OFF, operation="save"))
    verdicts = await erp.save(SALOUT, [outbound(number) for number in numbers], submit_and_audit=False)
    assert {number: said(fault) for number, fault in verdicts.items()} == {
        **dict.fromkeys(numbers[:2], (FaultKind.REFUSED, "bill_exists")),
        **dict.fromkeys(numbers[2:]),
    }
    tenant.faults.add(FaultRule(kind=FaultName.BREAK_OFF, operation="submit"))
    assert await erp.submit(SALOUT, numbers) == dict.fromkeys(numbers)
    assert len(tenant.bills("im_saloutbill")) == 4


async def test_partly_locked(tenant: FlagshipState, erp: FlagshipErp) -> None:
    tenant.faults.add(FaultRule(kind=FaultName.PARTLY_LOCKED, operation="save"))
    verdicts = await erp.save(SALOUT, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    assert said(verdicts["S-1"]) == (FaultKind.TRANSIENT, "edit_lock")
    assert verdicts["S-2"] is None


async def test_a_sick_server_is_not_asked_bill_by_bill(tenant: FlagshipState, erp: FlagshipErp) -> None:
    tenant.faults.add(FaultRule(kind=FaultName.SERVER_EXCEPTION, operation="save", times=None))
    verdicts = await erp.save(SALOUT, [outbound(f"S-{i}") for i in range(8)], submit_and_audit=False)
    assert {said(fault) for fault in verdicts.values()} == {(FaultKind.TRANSIENT, "server_exception")}
    assert tenant.calls.by_operation["save"] == 3


async def test_reading_back(tenant: FlagshipState, erp: FlagshipErp) -> None:
    await post(erp, "S-1", "S-2")
    for zones in (False, True):
        tenant.switches.multi_time_zone = zones
        contents = await erp.read(SALOUT, ["S-1", "S-2", "X"])
        assert contents.keys() == {"S-1", "S-2"}
        content = contents["S-1"]
        assert content.head == {"comment": "ref-S-1", "biztime": "2026-09-01", "customer_number": "SHOP01"}
        [line] = content.lines
        told = (line.material, line.quantity, line.amount, line.stock)
        assert told == ("SKU1", Decimal(2), Decimal("113.00"), "CK01")


async def test_queries_give_lines_and_bills(erp: FlagshipErp) -> None:
    await erp.save(SALOUT, [outbound("S-1", lines=2), outbound("S-2", sku="SKU2")], submit_and_audit=False)
    by_line = [Match(key="billentry.srcsysbillentryid", values=("L-S-1", "L-S-2"))]
    rows = await erp.query("im_saloutbill", ["billno", "billentry.material_number", "billentry.qty"], by_line)
    assert [(row["billno"], row["billentry.material_number"], int(row["billentry.qty"])) for row in rows] == [
        *(("S-1", "SKU1", 2), ("S-1", "SKU1", 3), ("S-2", "SKU2", 2))
    ]
    # A bill is selected by its lines, and only the lines that meet the conditions are told.
    only = [*by_line, Match(key="billentry.material_number", values=("SKU2",)), Match(key="billstatus", values=("A",))]
    [row] = await erp.query("im_saloutbill", ["billno", "id"], only)
    assert row["billno"] == "S-2"
    assert len(await erp.query("im_saloutbill", ["billno"], by_line, limit=1)) == 1
    # A condition without a parameter of its own is checked on our side.
    here = [*by_line, Match(key="billentry.qty", values=("3",))]
    assert [row["billno"] for row in await erp.query("im_saloutbill", ["billno"], here)] == ["S-1"]


async def test_what_is_not_set_up_is_told_instead_of_guessed(tenant: FlagshipState, erp: FlagshipErp) -> None:
    """A parameter nobody set up is ignored without a word, and would make all bills answer to one number."""
    await erp.save(SALOUT, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    with pytest.raises(Fault) as raised:
        await erp.query("im_saloutbill", ["billno"], [Match(key="comment", values=("ref-S-1",))])
    assert raised.value.code == "binding_missing"
    with pytest.raises(Fault) as raised:
        await erp.query("no_entity", ["billno"], [])
    assert raised.value.code == "binding_missing"
    tenant.set_up(QUERY, columns=("id", "billno"))
    with pytest.raises(Fault) as raised:
        await erp.find(SALOUT, ["S-1"])
    assert (raised.value.kind, raised.value.code, raised.value.field) == (
        FaultKind.REFUSED, "column_missing", "billstatus",
    )  # fmt: skip
    tenant.set_up(QUERY, columns=None, filters={})
    with pytest.raises(Fault) as raised:
        await erp.find(SALOUT, ["S-1"])
    assert (raised.value.kind, raised.value.code) == (FaultKind.REFUSED, "filter_ignored")


async def test_one_number_twice_in_a_call(tenant: FlagshipState, erp: FlagshipErp) -> None:
    assert await erp.save(SALOUT, [outbound("S-1"), outbound("S-1", qty=9)], submit_and_audit=False) == {"S-1": None}
    [bill] = tenant.bills("im_saloutbill")
    assert quantities(bill) == [Decimal(2)]


async def test_exchanges_are_kept_without_secrets(flagship: str) -> None:
    with exchange_log() as log:
        async with FlagshipErp(access(flagship)) as erp:
            await erp.save(SALOUT, [outbound("S-1")], submit_and_audit=False)
    assert [exchange.operation for exchange in log] == ["getToken", "im_saloutbill save"]
    assert all("Demo@Secret" not in exchange.request and "OPENAPIAUTH" not in exchange.response for exchange in log)
    assert '"billno":"S-1"' in log[1].request
