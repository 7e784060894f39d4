from __future__ import annotations

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.api import Course, DocumentEnd, Reversed
from domain import holds
from domain.documents import DocumentState, HoldReason, SkipReason
from domain.faults import Fault, FaultKind
from tests.workflows.house import House


async def test_skip_ends_it_and_the_books_are_not_touched(house: House) -> None:
    paper = house.paper()
    paper.answers("post", paper.found(Course.SKIP, skip_reason=SkipReason.REFUND_ONLY))
    end = await house.carry(paper)
    assert end == DocumentEnd(state=DocumentState.SKIPPED, version="v1", skip_reason=SkipReason.REFUND_ONLY)
    assert paper.steps == ["post"]


async def test_nothing_to_do_costs_one_step(dev: House) -> None:
    paper = dev.paper(bill="v1")
    end = await dev.carry(paper)
    assert end.state is DocumentState.POSTED
    assert end.bill_number == f"KP-{paper.key.number}"
    assert paper.steps == ["post"]


async def test_nothing_to_do_on_what_a_person_decided_ends_in_that_state(dev: House) -> None:
    paper = dev.paper()
    paper.answers("post", paper.found(Course.NOTHING, state=DocumentState.REVERSED))
    assert (await dev.carry(paper)).state is DocumentState.REVERSED


async def test_repost_takes_the_old_bill_out_before_the_new_one_goes_in(house: House) -> None:
    paper = house.paper(bill="v1", version="v2")
    end = await house.carry(paper)
    assert paper.written == ["-v1", "+v2"]
    assert end.version == "v2"
    assert not paper.tries("reverse")[0].argument.final


async def test_a_repost_whose_document_was_taken_back_meanwhile_posts_nothing(dev: House) -> None:
    paper = dev.paper(bill="v1", version="v2")

    async def take_back() -> None:
        paper.taken_back_at_source = True
        await dev.edit(paper, "v3")

    paper.after("reverse", take_back)
    end = await dev.carry(paper)
    assert end.state is DocumentState.SKIPPED
    assert paper.written == ["-v1"]


async def test_reverse_ends_it(house: House) -> None:
    paper = house.paper(bill="v1", version="v2", taken_back_at_source=True)
    end = await house.carry(paper)
    assert end == DocumentEnd(state=DocumentState.REVERSED, version="v2")
    assert paper.written == ["-v1"]
    argument = paper.tries("reverse")[0].argument
    assert (argument.final, argument.by_person) == (True, False)


async def test_reverse_that_finds_no_bill_was_taken_back_in_time(dev: House) -> None:
    paper = dev.paper()
    paper.answers("post", paper.found(Course.REVERSE))
    end = await dev.carry(paper)
    assert end == DocumentEnd(state=DocumentState.SKIPPED, version="v1", skip_reason=SkipReason.TAKEN_BACK)


@pytest.mark.parametrize("course", [Course.REVERSE, Course.REPOST])
async def test_a_reversal_the_erp_refuses_is_held_and_nothing_is_posted_beside_it(dev: House, course: Course) -> None:
    paper = dev.paper(bill="v1", version="v2", taken_back_at_source=course is Course.REVERSE)
    fault = Fault(FaultKind.REFUSED, system="galaxy", code="downstream", message="已生成下游单据")
    paper.answers("reverse", Reversed(existed=True, hold=holds.reversal_refused("KP-1", fault)))
    handle = await dev.hold(paper)
    assert paper.recorded[0].reason is HoldReason.REVERSAL_REFUSED
    assert paper.written == []
    await dev.resume(paper)
    await dev.end(handle)
    assert paper.written == (["-v1"] if course is Course.REVERSE else ["-v1", "+v2"])


async def test_skipping_a_document_whose_bill_stays_says_so(dev: House) -> None:
    paper = dev.paper(bill="v1", version="v2", taken_back_at_source=True)
    fault = Fault(FaultKind.REFUSED, system="galaxy", code="closed", message="已结账")
    paper.answers("reverse", Reversed(existed=True, hold=holds.reversal_refused("KP-1", fault)))
    handle = await dev.hold(paper)
    await dev.skip(paper)
    assert (await dev.end(handle)).state is DocumentState.POSTED
    assert paper.bill == "v1"


async def test_a_document_that_is_not_held_takes_no_resume(dev: House) -> None:
    paper = dev.paper()
    refused: list[object] = []

    async def try_to_resume() -> None:
        try:
            await dev.resume(paper)
        except WorkflowUpdateFailedError as error:
            assert isinstance(error.cause, ApplicationError)
            refused.append(error.cause.type)

    paper.before("post", try_to_resume)
    await dev.carry(paper)
    assert refused == ["NotHeld"]
    assert paper.decided == []
