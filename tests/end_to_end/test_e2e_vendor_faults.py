"""What vendors do to us on an ordinary day: sessions end, calls are too many, bills are locked, refused, taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from domain import jsontext
from domain.decisions import Resume
from domain.documents import DocumentState, HoldReason
from domain.erp import Bill, BillStatus
from domain.journal import MappingRow
from sandbox.faults import FaultName, FaultRule
from tests.end_to_end.fixtures import SetUp
from tests.end_to_end.retail import Row
from tests.end_to_end.stage import FORMS, OUTBOUND, RETURN, Stage, Wish
from tests.end_to_end.stepwise import stepwise

OUTBOUND_QUERY = "/open/orders/out/simple/query"
AGAIN = Resume(actor="clerk", reason="mended")
SALE, BACK = Row("540001"), Row("C540002", quantity=-2, at="2010-12-01 12:00:00")


async def test_session_and_token_end_in_the_middle(stage: Stage) -> None:
    source, galaxy = stage.world.jushuitan, stage.galaxy
    await stage.feed(SALE, BACK)
    stage.world.release(1)
    for operation in ("ExecuteBillQuery", "BatchSave"):
        stage.lose(operation, FaultName.EXPIRE, skip=1 if operation == "ExecuteBillQuery" else 0)
    await stage.intake(OUTBOUND)
    await stage.posted(SALE.invoice)
    assert galaxy.faults.injected[FaultName.EXPIRE.value] == 2
    assert galaxy.sessions.expire_all() > 0
    source.tokens.cut_short(source.now(), timedelta(0))
    stage.world.release()
    await stage.intake(RETURN)
    await stage.posted(BACK.invoice)
    stage.assert_books_right()


async def test_throttling_uses_up_no_try(set_up: SetUp) -> None:
    stage = await set_up(Wish(patience={"transient_tries": 1}))
    await stage.show(SALE)
    stage.world.jushuitan.faults.add(FaultRule(kind=FaultName.THROTTLE, operation=OUTBOUND_QUERY, times=2))
    for operation in ("ExecuteBillQuery", "BatchSave"):
        stage.lose(operation, FaultName.THROTTLE, times=4)
    await stage.intake(OUTBOUND)
    await stage.posted(SALE.invoice)
    assert stage.galaxy.faults.injected[FaultName.THROTTLE.value] == 8
    assert stage.world.jushuitan.faults.injected[FaultName.THROTTLE.value] == 2
    stage.assert_books_right()


async def test_one_bad_bill_among_good_ones(set_up: SetUp) -> None:
    """Only the bad one waits, with Kingdee's own words; mended in Kingdee, it goes on."""
    # The call leaves as soon as all six are there; the long wait is for a slow machine, not for a result.
    stage = await set_up(Wish(worker={"linger": 10, "batch": 6}))
    rows = [Row(f"54000{i}", code="22423" if i == 3 else "85123A") for i in range(6)]
    numbers = await stage.show(*rows)
    wrong = {"material": "UNKNOWN", "unit": "Pcs", "batch_managed": "false", "service": "false"}
    await stage.store.put_mappings([MappingRow(collection="sku", key="22423", values=wrong)])
    await stage.intake(OUTBOUND)
    held = await stage.held("540003", HoldReason.ERP_REFUSED)
    await stage.posted(*[number for number in numbers if number != "540003"])
    assert stage.galaxy.calls.by_operation["BatchSave"] == 1, "they travelled together"
    assert held.hold is not None
    assert held.hold.code
    assert held.hold.field
    assert held.hold.field in held.hold.zh
    assert any("\u4e00" <= letter <= "\u9fff" for letter in held.hold.en), "the vendor's words are kept"
    assert stage.bills_of("540003") == []
    await stage.map("22423")
    await stage.decide("540003", "resume", AGAIN)
    await stage.posted("540003")
    stage.assert_books_right()


@pytest.mark.parametrize("operation", ["Submit", "Audit"])
async def test_bill_is_open_on_somebodys_screen(set_up: SetUp, operation: str) -> None:
    stage = await set_up(Wish(catalogue=stepwise()))
    numbers = await stage.show(Row("540001"), Row("540002"))
    stage.lose(operation, FaultName.LOCKED, times=3)
    await stage.intake(OUTBOUND)
    await stage.posted(*numbers)
    assert stage.galaxy.faults.injected[FaultName.LOCKED.value] == 3
    stage.assert_books_right()


async def test_vendor_is_down_for_good(set_up: SetUp) -> None:
    """All tries are used up: the document waits and says for whom; it goes on when the vendor is back."""
    stage = await set_up(Wish(patience={"transient_tries": 3}))
    await stage.show(SALE)
    stage.lose("BatchSave", FaultName.SERVER_ERROR, times=None)
    await stage.intake(OUTBOUND)
    await stage.held(SALE.invoice, HoldReason.SYSTEM_UNREACHABLE)
    assert stage.galaxy.calls.by_operation["BatchSave"] == 3
    stage.galaxy.faults.clear()
    await stage.decide(SALE.invoice, "resume", AGAIN)
    await stage.posted(SALE.invoice)
    stage.assert_books_right()


async def test_closed_period_holds_a_reversal(stage: Stage) -> None:
    await stage.show(SALE)
    await stage.intake(OUTBOUND)
    await stage.posted(SALE.invoice)
    [before] = stage.bills_of(SALE.invoice)
    stage.galaxy.switches.closed_until = str(before["head"]["FDate"])[:10]
    stage.world.jushuitan.cancel_outbound(stage.world.source_ids(SALE.invoice)["io_id"])
    await stage.intake(OUTBOUND)
    await stage.held(SALE.invoice, HoldReason.REVERSAL_REFUSED)
    assert stage.bills_of(SALE.invoice) == [before], "nothing is half undone"
    stage.galaxy.switches.closed_until = None
    await stage.decide(SALE.invoice, "resume", AGAIN)
    await stage.comes_to(SALE.invoice, DocumentState.REVERSED)
    assert stage.bills_of(SALE.invoice) == []
    stage.assert_books_right()


@pytest.mark.parametrize("audited", [False, True], ids=["saved", "audited"])
async def test_bill_number_is_taken(stage: Stage, audited: bool) -> None:
    """A bill we did not make stays as it is, whatever its state; freed, the number is ours."""
    await stage.show(Row("540001"), Row("540002", quantity=1))
    await stage.take_in(OUTBOUND)
    await stage.start("540001")
    await stage.posted("540001")
    foreign = await foreign_bill(stage, stage.bill_number("540002"), audited=audited)
    await stage.intake(OUTBOUND)
    await stage.held("540002", HoldReason.BILL_CONFLICT)
    assert stage.bills_of("540002") == [foreign]
    await stage.decide("540002", "resume", AGAIN)
    await stage.held("540002", HoldReason.BILL_CONFLICT)
    assert stage.bills_of("540002") == [foreign], "asking again does not make it ours"


async def foreign_bill(stage: Stage, number: str, *, audited: bool) -> dict[str, Any]:
    """Somebody types a bill into Kingdee under a number that is ours: the content of our first bill, changed."""
    record = await stage.record("540001")
    assert record.model is not None
    assert stage.shop is not None
    model = jsontext.loads(record.model)
    model["SubHeadEntity"]["FThirdBillNo"] = "by hand"
    erp, form = stage.shop.erps["main"], stage.shop.catalogue[OUTBOUND].form.readback()
    answers = await erp.save(form, [Bill(number=number, model=model)], submit_and_audit=audited)
    assert answers == {number: None}
    [bill] = stage.bills(FORMS[OUTBOUND], number)
    assert bill["status"] == (BillStatus.AUDITED if audited else BillStatus.CREATED)
    return bill
