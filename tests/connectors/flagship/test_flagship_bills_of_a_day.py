"""The bills of a day: each of them once, whole, whatever the size of the pages and whatever happens between them."""

from __future__ import annotations

from datetime import date

import pytest

from connectors.flagship.client import FlagshipErp
from domain.erp import BillStatus, DatedBill, Match
from domain.faults import Fault, FaultKind
from sandbox.flagship.by_hand import ByHand
from sandbox.flagship.state import FlagshipState
from tests.connectors.flagship.kit import SALOUT, access, outbound

DAY = date(2026, 9, 1)


async def post(erp: FlagshipErp, *numbers: str, day: str = "2026-09-01") -> None:
    bills = [outbound(number, biztime=day, lines=1 + i % 3) for i, number in enumerate(numbers)]
    assert set((await erp.save(SALOUT, bills, submit_and_audit=False)).values()) == {None}


async def bills_of(erp: FlagshipErp, day: date = DAY) -> list[DatedBill]:
    return [bill async for page in erp.dated(SALOUT, day) for bill in page]


@pytest.mark.parametrize("zones", [False, True])
async def test_of_that_day_and_of_no_other(tenant: FlagshipState, erp: FlagshipErp, zones: bool) -> None:
    tenant.switches.multi_time_zone = zones
    await post(erp, "S-1", "S-2")
    await post(erp, "T-1", day="2026-08-31")
    await post(erp, "T-2", day="2026-09-02")
    first, second = await bills_of(erp)
    assert (first.bill.number, first.bill.status) == ("S-1", BillStatus.CREATED)
    assert [len(one.content.lines) for one in (first, second)] == [1, 2]
    assert [one.bill.number for one in await bills_of(erp, date(2026, 9, 2))] == ["T-2"]
    assert await bills_of(erp, date(2026, 9, 9)) == []


@pytest.mark.parametrize("size", [1, 2, 3, 7])
async def test_pages_of_any_size(flagship: str, size: int) -> None:
    numbers = [f"S-{i}" for i in range(6)]
    async with FlagshipErp(access(flagship, page_size=size)) as erp:
        await post(erp, *numbers)
        assert [one.bill.number for one in await bills_of(erp)] == numbers


async def test_what_comes_and_goes_between_pages_hides_nothing(tenant: FlagshipState, flagship: str) -> None:
    hand, seen = ByHand(tenant), list[str]()
    async with FlagshipErp(access(flagship, page_size=2)) as erp:
        await post(erp, *(f"S-{i}" for i in range(6)))
        async for page in erp.dated(SALOUT, DAY):
            if not seen:  # the first bill goes, and all others move up by one
                hand.delete("im_saloutbill", "S-0")
            seen += [one.bill.number for one in page]
    assert sorted(seen) == [f"S-{i}" for i in range(6)]


async def test_a_day_that_never_comes_to_rest_is_for_later(tenant: FlagshipState, flagship: str) -> None:
    async with FlagshipErp(access(flagship, page_size=2)) as erp:
        await post(erp, *(f"S-{i}" for i in range(4)))
        count = 4
        with pytest.raises(Fault) as raised:
            async for _ in erp.dated(SALOUT, DAY):
                await post(erp, f"S-{count}")
                count += 1
    assert raised.value.kind is FaultKind.TRANSIENT


async def test_red_bills_are_a_form_of_their_own(tenant: FlagshipState, erp: FlagshipErp) -> None:
    """Outbounds and returns are one entity; whoever reads the outbounds of a day does not want its returns."""
    await post(erp, "S-1")
    red = outbound("R-1", qty=-2, biztype_number="2101", invscheme_number="2101")
    assert await erp.save(SALOUT, [red], submit_and_audit=False) == {"R-1": None}
    for kind, number in (("210", "S-1"), ("2101", "R-1")):
        only = (Match(key="biztype_number", values=(kind,)),)
        form = SALOUT.model_copy(update={"head": (*SALOUT.head, "biztype_number"), "only": only})
        [bill] = [bill async for page in erp.dated(form, DAY) for bill in page]
        assert bill.bill.number == number
