from __future__ import annotations

from collections.abc import Callable

import pytest

from activities.api import RateUsed, Reversed
from domain import holds
from domain.documents import DocumentState, Hold, HoldReason
from domain.faults import Fault, FaultKind
from tests.workflows.house import House
from tests.workflows.paper import Paper

Way = Callable[[Paper, Hold], None]


def _from_post(paper: Paper, hold: Hold) -> None:
    # Where others may be closing the gap, it is looked at twice.
    looks = 2 if hold.reason in (HoldReason.MAPPING_MISSING, HoldReason.OUTBOUND_NOT_POSTED) else 1
    paper.answers("post", *[hold] * looks)


def _from_find_rate(paper: Paper, hold: Hold) -> None:
    paper.rate_known = False
    paper.answers("find_rate", RateUsed(hold=hold))


def _from_reverse(paper: Paper, hold: Hold) -> None:
    paper.book("v0")
    paper.answers("reverse", Reversed(existed=True, hold=hold))


REFUSED = Fault(FaultKind.REFUSED, system="galaxy", code="period_closed", message="已结账")
SHORT = Fault(FaultKind.REFUSED, system="galaxy", code=holds.STOCK_SHORT, message="库存不足")

EVERY_HOLD = [
    (_from_post, holds.source_invalid("items.0.qty", "a number", "x")),
    (_from_post, holds.make(HoldReason.GOODS_NOT_RECEIVED, "等入库", "Waiting", gap="receipt:AS1")),
    (_from_post, holds.mapping_missing([("sku", "ABC"), ("shop", "旗舰店")])),
    (_from_post, holds.outbound_not_posted(HoldReason.OUTBOUND_NOT_POSTED, ["L1"], "order_line:L1")),
    (_from_find_rate, holds.rate_unavailable("USD", "2026-09-04", "none")),
    (_from_post, holds.refused(SHORT)),
    (_from_post, holds.refused(REFUSED)),
    (_from_post, holds.conflict("KP-1")),
    (_from_reverse, holds.reversal_refused("KP-1", REFUSED)),
    (_from_post, holds.unreachable("galaxy", "timeout", "no answer")),
    (_from_post, holds.credentials("galaxy", "401", "no")),
    (_from_post, holds.defect("post", "KeyError")),
]


def test_every_reason_to_wait_is_tried() -> None:
    assert {hold.reason for _, hold in EVERY_HOLD} == set(HoldReason)


@pytest.mark.parametrize(("way", "hold"), EVERY_HOLD, ids=[f"{h.reason.value}{w.__name__}" for w, h in EVERY_HOLD])
async def test_a_held_document_is_on_record_once_shown_and_goes_on_when_told(dev: House, way: Way, hold: Hold) -> None:
    paper = dev.paper()
    way(paper, hold)
    handle = await dev.start(paper)
    status = await dev.until_held(paper)
    assert (status.state, status.hold, status.version) == (DocumentState.HELD, hold, paper.version)
    assert paper.recorded == [hold]
    assert paper.bill != paper.version
    answer = await dev.resume(paper, reason="looked at it")
    assert answer.accepted
    end = await dev.end(handle)
    assert end.state is DocumentState.POSTED
    assert paper.bill == paper.version
    assert [(d.decided.value, d.actor, d.reason) for d in paper.decided] == [("resume", "lin", "looked at it")]


async def test_it_may_be_held_again_and_again_each_time_for_another_reason(house: House) -> None:
    paper = house.paper(gaps=["A", "B"])
    handle = await house.hold(paper)
    await house.close_gap(paper)
    await house.until_held(paper, 2)
    paper.answers("post", holds.refused(SHORT))
    await house.close_gap(paper)
    await house.until_held(paper, 3)
    await house.resume(paper)
    end = await house.end(handle)
    assert end.state is DocumentState.POSTED
    assert [hold.gap or hold.reason.value for hold in paper.recorded] == [
        "mapping:sku:a",
        "mapping:sku:b",
        "stock_short",
    ]
    assert paper.written == ["+v1"]
