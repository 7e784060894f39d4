"""The bills of a day: each of them once, whole, whatever the size of the pages and whatever happens between them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connectors.galaxy.client import GalaxyErp
from domain.erp import BillStatus, DatedBill
from domain.faults import Fault, FaultKind
from sandbox.galaxy.by_hand import ByHand
from sandbox.galaxy.state import GalaxyState
from tests.connectors.galaxy.kit import OUTSTOCK, access, outbound

DAY, NEXT = date(2026, 9, 1), date(2026, 9, 2)
FORM = OUTSTOCK.model_copy(update={"stock": "FStockID.FNumber", "date": "FDate"})


async def bills_of(erp: GalaxyErp, day: date = DAY) -> list[DatedBill]:
    return [bill async for page in erp.dated(FORM, day) for bill in page]


def numbers(bills: list[DatedBill]) -> list[str]:
    return [bill.bill.number for bill in bills]


def with_lines(number: str, count: int, **head: Any) -> Any:
    bill = outbound(number, **head)
    [line] = bill.model["FEntity"]
    bill.model["FEntity"] = [line | {"FRealQty": 1 + i} for i in range(count)]
    return bill


async def post(erp: GalaxyErp, *bills: Any) -> None:
    answers = await erp.save(OUTSTOCK, bills, submit_and_audit=True)
    assert set(answers.values()) == {None}


async def test_of_that_day_and_of_no_other(erp: GalaxyErp) -> None:
    other = [outbound(f"T-{i}", FDate=day) for i, day in enumerate(("2026-08-31", "2026-09-02"))]
    await post(erp, outbound("S-1"), *other, outbound("S-2", qty=3))
    first, second = await bills_of(erp)
    assert (first.bill.number, first.bill.status, first.bill.cancelled) == ("S-1", BillStatus.AUDITED, False)
    assert first.content.head["FCustomerID.FNumber"] == "SHOP01"
    [line] = second.content.lines
    assert (line.material, line.quantity, line.amount, line.stock) == ("SKU1", Decimal(3), Decimal("169.50"), "CK01")
    assert numbers(await bills_of(erp, NEXT)) == ["T-1"]
    assert await bills_of(erp, date(2026, 9, 9)) == []


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 100])
async def test_pages_of_any_size(tenant: GalaxyState, galaxy: str, size: int) -> None:
    """A bill whose rows lie on several pages comes once, with all of them."""
    async with GalaxyErp(access(galaxy, page_size=size)) as erp:
        await post(erp, *(with_lines(f"S-{i}", count) for i, count in enumerate((1, 3, 1, 2, 5, 1))))
        bills = await bills_of(erp)
    assert numbers(bills) == [f"S-{i}" for i in range(6)]
    assert [[int(line.quantity) for line in bill.content.lines] for bill in bills] == [
        *([1], [1, 2, 3], [1], [1, 2], [1, 2, 3, 4, 5], [1])
    ]


async def test_what_comes_and_goes_between_pages_hides_nothing(tenant: GalaxyState, galaxy: str) -> None:
    hand = ByHand(tenant)
    async with GalaxyErp(access(galaxy, page_size=2)) as erp:
        await post(erp, *(outbound(f"S-{i}") for i in range(6)))
        seen: list[str] = []
        async for page in erp.dated(FORM, DAY):
            seen += [bill.bill.number for bill in page]
            if seen == ["S-0"]:
                hand.delete("SAL_OUTSTOCK", "S-0")
                hand.copy("SAL_OUTSTOCK", "S-1", "S-9")
    assert seen == ["S-0", "S-1", "S-2", "S-3", "S-4", "S-5", "S-9"]


async def test_bills_that_are_not_audited_and_cancelled_ones_are_there(erp: GalaxyErp) -> None:
    await erp.save(OUTSTOCK, [outbound("S-1"), outbound("S-2")], submit_and_audit=False)
    assert await erp.operate(OUTSTOCK, "Cancel", ["S-2"]) == {"S-2": None}
    first, second = await bills_of(erp)
    assert (first.bill.status, first.bill.cancelled, second.bill.cancelled) == (BillStatus.CREATED, False, True)


async def test_a_day_is_read_in_few_calls(tenant: GalaxyState, erp: GalaxyErp) -> None:
    await post(erp, *(outbound(f"S-{i}") for i in range(30)))
    before = tenant.calls.by_operation["ExecuteBillQuery"]
    assert len(await bills_of(erp)) == 30
    assert tenant.calls.by_operation["ExecuteBillQuery"] == before + 1


async def test_a_query_that_fails_fails_the_reading(erp: GalaxyErp) -> None:
    with pytest.raises(Fault) as failed:
        await anext(erp.dated(FORM.model_copy(update={"stock": "FNothing"}), DAY))
    assert failed.value.kind is FaultKind.INVALID
