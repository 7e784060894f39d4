from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from activities.api import Decided
from domain import holds
from domain.documents import DocumentState, HoldReason
from domain.faults import Fault, FaultKind
from store.errors import NotRecorded
from tests.workflows.house import QUEUES, House
from tests.workflows.paper import Paper

TIMEOUT = Fault(FaultKind.TRANSIENT, system="galaxy", code="timeout", message="no answer")
BUSY = Fault(FaultKind.THROTTLED, system="galaxy", code="busy", message="slow down")
EXPIRED = Fault(FaultKind.EXPIRED, system="galaxy", code="session", message="会话丢失")
DOWN = Fault(FaultKind.TRANSIENT, system="rates", code="503", message="maintenance")
STORE_DOWN = OperationalError("select", {}, OSError("no connection"))


# ── a vendor's passing trouble ──────────────────────────────────────────────────────────────────────────────────────


async def test_an_outage_that_passes_is_never_a_hold(skipping: House) -> None:
    paper = skipping.paper()
    paper.answers("post", TIMEOUT, TIMEOUT)
    assert (await skipping.carry(paper)).state is DocumentState.POSTED
    assert [call.attempt for call in paper.tries("post")] == [1, 2, 3]
    assert paper.minutes_between("post") == [5, 5]
    assert paper.recorded == []
    assert paper.written == ["+v1"]


@pytest.mark.parametrize("step", ["post", "reverse"])
async def test_an_outage_that_stays_is_held_after_three_tries(skipping: House, step: str) -> None:
    paper = skipping.paper()
    if step == "reverse":
        paper.book("v0")
    paper.answers(step, TIMEOUT, TIMEOUT, TIMEOUT)
    handle = await skipping.start(paper)
    await skipping.env.sleep(timedelta(minutes=11))
    status = await skipping.until_held(paper)
    assert status.hold == holds.unreachable("galaxy", "timeout", "no answer", QUEUES.erp)
    assert paper.count(step) == 3
    assert paper.minutes_between(step) == [5, 5]
    await skipping.resume(paper)
    assert (await skipping.end(handle)).state is DocumentState.POSTED
    assert paper.bill == "v1"


async def test_after_a_resume_the_tries_start_anew(skipping: House) -> None:
    paper = skipping.paper()
    paper.answers("post", *[TIMEOUT] * 5)
    handle = await skipping.start(paper)
    await skipping.env.sleep(timedelta(minutes=11))
    await skipping.until_held(paper)
    await skipping.resume(paper)
    await skipping.end(handle)
    assert [call.attempt for call in paper.tries("post")] == [1, 2, 3, 1, 2, 3]


async def test_being_throttled_never_uses_up_a_try(skipping: House) -> None:
    paper = skipping.paper()
    paper.answers("post", BUSY, BUSY, TIMEOUT, BUSY, BUSY, BUSY, TIMEOUT, BUSY)
    assert (await skipping.carry(paper)).state is DocumentState.POSTED
    assert paper.count("post") == 9
    assert paper.minutes_between("post") == [0, 0, 5, 0, 0, 0, 5, 0]
    assert paper.recorded == []


async def test_tries_used_up_between_throttled_ones_are_counted(hasty: House) -> None:
    paper = hasty.paper()
    paper.answers("post", TIMEOUT, BUSY, TIMEOUT, TIMEOUT)
    handle = await hasty.hold(paper)
    assert paper.recorded == [holds.unreachable("galaxy", "timeout", "no answer", QUEUES.erp)]
    assert paper.count("post") == 4
    await hasty.resume(paper)
    await hasty.end(handle)


async def test_a_reply_that_is_lost_after_the_bill_was_written_makes_no_second_bill(skipping: House) -> None:
    paper = skipping.paper()

    async def lose_the_reply() -> None:
        raise TIMEOUT

    paper.after("post", lose_the_reply)
    assert (await skipping.carry(paper)).state is DocumentState.POSTED
    assert paper.count("post") == 2
    assert paper.written == ["+v1"]


async def test_an_edit_during_an_outage_is_posted_instead(skipping: House) -> None:
    paper = skipping.paper()
    paper.answers("post", TIMEOUT)

    async def edit() -> None:
        await skipping.edit(paper, "v2")

    paper.before("post", edit)
    end = await skipping.carry(paper)
    assert end.version == "v2"
    assert paper.written == ["+v2"]


@pytest.mark.parametrize("step", ["post"])
async def test_refused_credentials_are_held_at_once(house: House, step: str) -> None:
    paper = house.paper()
    paper.answers(step, EXPIRED)
    handle = await house.hold(paper)
    assert paper.recorded == [holds.credentials("galaxy", "session", "会话丢失")]
    assert paper.count(step) == 1
    await house.resume(paper)
    assert (await house.end(handle)).state is DocumentState.POSTED


# ── exchange rates ──────────────────────────────────────────────────────────────────────────────────────────────────


def _outage(paper: Paper, minutes: float, fault: Fault = DOWN) -> None:
    """Whoever asks for a rate gets none for so many minutes, by the server's clock, from the first question on."""

    async def ask() -> None:
        first, now = paper.tries("find_rate")[0].at, paper.tries("find_rate")[-1].at
        if now - first < timedelta(minutes=minutes):
            raise fault

    paper.rate_known = False
    paper.before("find_rate", *[ask] * 100)


async def test_a_rate_that_is_known_is_not_asked_for(dev: House) -> None:
    paper = dev.paper()
    await dev.carry(paper)
    assert "find_rate" not in paper.steps


async def test_a_rate_that_is_not_known_is_found(dev: House) -> None:
    paper = dev.paper(rate_known=False)
    assert (await dev.carry(paper)).state is DocumentState.POSTED
    assert paper.steps == ["post", "find_rate", "post"]


async def test_a_rate_outage_of_twelve_minutes_heals_by_itself(skipping: House) -> None:
    paper = skipping.paper()
    _outage(paper, 12)
    assert (await skipping.carry(paper)).state is DocumentState.POSTED
    assert paper.minutes_between("find_rate") == [5, 5, 5]
    assert round((paper.tries("post")[-1].at - paper.tries("find_rate")[0].at).total_seconds() / 60) == 15
    assert paper.recorded == []


async def test_a_rate_outage_that_stays_is_held_after_fifteen_minutes(skipping: House) -> None:
    paper = skipping.paper()
    _outage(paper, 30)
    handle = await skipping.start(paper)
    await skipping.env.sleep(timedelta(minutes=14))
    assert paper.recorded == []
    await skipping.env.sleep(timedelta(minutes=2))
    status = await skipping.until_held(paper)
    assert status.hold == holds.rate_unavailable("USD", "2026-09-04", "maintenance")
    assert status.hold.gap == "rate:USD:2026-09-04"
    assert paper.minutes_between("find_rate") == [5, 5, 5]
    assert paper.written == []
    await skipping.env.sleep(timedelta(minutes=30))
    await skipping.resume(paper)
    assert (await skipping.end(handle)).state is DocumentState.POSTED


async def test_a_rate_of_today_that_is_not_out_yet_is_waited_for_all_day(skipping: House) -> None:
    paper = skipping.paper()
    _outage(paper, 420, Fault(FaultKind.THROTTLED, system="rates", code="not_yet", message="9:15", retry_after=1800))
    assert (await skipping.carry(paper)).state is DocumentState.POSTED
    assert paper.minutes_between("find_rate") == [30] * 14
    assert paper.recorded == []


@pytest.mark.parametrize("kind", [FaultKind.EXPIRED, FaultKind.INVALID, FaultKind.REFUSED])
async def test_a_rate_nobody_will_ever_have_is_held_at_once(dev: House, kind: FaultKind) -> None:
    paper = dev.paper(rate_known=False)
    paper.answers("find_rate", Fault(kind, system="rates", code="not_published", message="no such currency"))
    handle = await dev.hold(paper)
    assert paper.recorded[0].reason is HoldReason.RATE_UNAVAILABLE
    assert paper.count("find_rate") == 1
    await dev.resume(paper)
    await dev.end(handle)


# ── our own trouble ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step", ["post", "find_rate", "reverse"])
async def test_an_unexpected_error_in_a_step_is_held_as_a_defect_at_once(dev: House, step: str) -> None:
    paper = dev.paper(rate_known=step != "find_rate")
    if step == "reverse":
        paper.book("v0")
    paper.answers(step, KeyError("a customer's name"))
    handle = await dev.hold(paper)
    assert paper.recorded == [holds.defect(step, "KeyError")]
    assert paper.count(step) == 1
    await dev.resume(paper)
    assert (await dev.end(handle)).state is DocumentState.POSTED


async def test_a_defect_in_putting_the_hold_on_record_leaves_it_waiting_in_temporal(dev: House) -> None:
    paper = dev.paper()
    short = holds.make(HoldReason.STOCK_SHORT, "缺货", "Short", gap="stock:A")
    paper.answers("post", short)
    paper.answers("hold", KeyError("x"))
    handle = await dev.start(paper)
    status = await dev.until_held(paper, times=0)
    assert status.hold == short
    await dev.resume(paper)
    assert (await dev.end(handle)).state is DocumentState.POSTED


@pytest.mark.parametrize("freed_by", [Decided.RESUME, Decided.CANCEL, Decided.SOURCE_CHANGED, Decided.GAP_CLOSED])
async def test_a_defect_in_putting_a_decision_on_record_does_not_stop_it(dev: House, freed_by: Decided) -> None:
    paper = dev.paper(gaps=["A"])
    paper.answers("decide", *[KeyError("x")] * 3)
    handle = await dev.hold(paper)
    match freed_by:
        case Decided.RESUME:
            paper.gaps.clear()
            await dev.resume(paper)
        case Decided.CANCEL:
            await dev.cancel(paper)
        case Decided.SOURCE_CHANGED:
            paper.gaps.clear()
            await dev.edit(paper, "v2")
        case _:
            await dev.close_gap(paper)
    assert (await dev.end(handle)).state.is_final
    assert paper.count("decide") == 1


async def test_a_skip_that_cannot_be_put_on_record_is_no_skip(house: House) -> None:
    paper = house.paper()
    paper.answers("post", holds.make(HoldReason.STOCK_SHORT, "缺货", "Short"))
    paper.answers("decide", KeyError("x"))
    handle = await house.hold(paper)
    await house.skip(paper)
    status = await house.until_held(paper, 2)
    assert status.hold == holds.defect("decide", "KeyError")
    await house.skip(paper)
    assert (await house.end(handle)).state is DocumentState.SKIPPED
    assert paper.written == []


@pytest.mark.parametrize("trouble", [STORE_DOWN, NotRecorded("the store stopped"), ConnectionResetError("gone")])
async def test_store_trouble_is_tried_again_until_it_is_over(dev: House, trouble: Exception) -> None:
    paper = dev.paper()
    paper.answers("post", trouble)
    assert (await dev.carry(paper)).state is DocumentState.POSTED
    assert paper.count("post") == 2
    assert paper.recorded == []


async def test_store_trouble_in_a_vendor_step_uses_up_no_try(skipping: House) -> None:
    paper = skipping.paper()
    paper.answers("post", *[STORE_DOWN] * 6, TIMEOUT, STORE_DOWN, TIMEOUT)
    assert (await skipping.carry(paper)).state is DocumentState.POSTED
    assert paper.count("post") == 10
    assert paper.recorded == []


async def test_a_hold_whose_record_needs_several_tries_is_a_hold_all_the_same(dev: House) -> None:
    paper = dev.paper()
    paper.answers("post", holds.source_invalid("a", "b", "c"))
    paper.answers("hold", STORE_DOWN, STORE_DOWN)
    handle = await dev.start(paper)
    await dev.until_held(paper)
    assert paper.count("hold") == 3
    await dev.resume(paper)
    await dev.end(handle)
