from __future__ import annotations

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from activities.api import Course, Reversed
from domain import holds
from domain.decisions import Cancel
from domain.documents import DocumentState, HoldReason, SkipReason
from domain.faults import Fault, FaultKind
from tests.workflows.house import House
from workflows.document import DocumentWorkflow

BY_LIN = {"take_back": True, "actor": "lin", "reason": "ordered twice"}
REFUSED = Fault(FaultKind.REFUSED, system="galaxy", code="period_closed", message="已结账")
STUCK = Reversed(existed=True, hold=holds.reversal_refused("KP-1", REFUSED))


async def test_cancel_before_the_bill_is_written_leaves_none(house: House) -> None:
    paper = house.paper(rate_known=False)
    answers: list[object] = []

    async def cancel() -> None:
        answers.append((await house.cancel(paper)).accepted)

    paper.before("find_rate", cancel)
    end = await house.carry(paper)
    assert answers == [True]
    assert (end.state, end.skip_reason) == (DocumentState.SKIPPED, SkipReason.BY_PERSON)
    assert paper.written == []


async def test_cancel_while_the_bill_is_being_written_takes_it_out_again(house: House) -> None:
    paper = house.paper()

    async def cancel() -> None:
        await house.cancel(paper)

    paper.before("post", cancel)
    end = await house.carry(paper)
    assert end.state is DocumentState.REVERSED
    assert paper.written == ["+v1", "-v1"]
    argument = paper.tries("reverse")[0].argument
    assert (argument.by_person, argument.final) == (True, True)
    assert (argument.actor, argument.reason) == ("lin", "ordered twice")


async def test_cancel_after_the_bill_is_written_and_before_the_answer_is_heard(dev: House) -> None:
    paper = dev.paper()

    async def cancel() -> None:
        await dev.cancel(paper)

    paper.after("post", cancel)
    assert (await dev.carry(paper)).state is DocumentState.REVERSED
    assert paper.written == ["+v1", "-v1"]


async def test_cancel_while_held(house: House) -> None:
    paper = house.paper(gaps=["ABC"])
    handle = await house.hold(paper)
    await house.cancel(paper)
    end = await house.end(handle)
    assert (end.state, end.skip_reason) == (DocumentState.SKIPPED, SkipReason.BY_PERSON)
    assert [(d.decided.value, d.actor, d.reason) for d in paper.decided] == [("cancel", "lin", "ordered twice")]


async def test_cancel_of_a_posted_document_is_a_run_of_its_own(house: House) -> None:
    paper = house.paper()
    await house.carry(paper)
    end = await house.carry(paper, **BY_LIN)
    assert end.state is DocumentState.REVERSED
    assert paper.written == ["+v1", "-v1"]
    argument = paper.tries("reverse")[0].argument
    assert (argument.by_person, argument.actor, argument.reason) == (True, "lin", "ordered twice")


@pytest.mark.parametrize("reason", ["", " \t"])
async def test_cancel_needs_a_reason(dev: House, reason: str) -> None:
    paper = dev.paper(gaps=["ABC"])
    handle = await dev.hold(paper)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await handle.execute_update(DocumentWorkflow.cancel, Cancel(actor="lin", reason=reason))
    assert isinstance(refused.value.cause, ApplicationError)
    assert refused.value.cause.type == "ReasonMissing"
    await dev.close_gap(paper)
    assert (await dev.end(handle)).state is DocumentState.POSTED


async def test_a_second_cancel_while_the_bill_is_taken_out_changes_nothing(dev: House) -> None:
    paper = dev.paper(bill="v1")

    async def again() -> None:
        await dev.cancel(paper)

    paper.before("reverse", again)
    end = await dev.carry(paper, **BY_LIN)
    assert end.state is DocumentState.REVERSED
    assert paper.count("reverse") == 1


async def test_a_cancel_the_erp_refuses_waits_and_stays_a_cancel_when_resumed(dev: House) -> None:
    paper = dev.paper(bill="v1")
    paper.answers("reverse", STUCK)
    handle = await dev.hold(paper, **BY_LIN)
    assert paper.recorded[0].reason is HoldReason.REVERSAL_REFUSED
    await dev.resume(paper)
    assert (await dev.end(handle)).state is DocumentState.REVERSED
    assert paper.written == ["-v1"]


async def test_a_cancel_that_waits_is_tried_again_when_somebody_cancels_again(dev: House) -> None:
    paper = dev.paper(bill="v1")
    paper.answers("reverse", STUCK)
    handle = await dev.hold(paper, **BY_LIN)
    await dev.cancel(paper)
    assert (await dev.end(handle)).state is DocumentState.REVERSED


async def test_a_cancelled_document_is_not_posted_again_by_an_edit_meanwhile(dev: House) -> None:
    paper = dev.paper(bill="v1")

    async def edit() -> None:
        await dev.edit(paper, "v2")

    paper.before("reverse", edit)
    end = await dev.carry(paper, **BY_LIN)
    assert end.state in (DocumentState.REVERSED, DocumentState.SKIPPED)
    assert paper.written == ["-v1"]
    assert paper.bill is None


async def test_cancel_and_a_hold_found_at_the_same_time(dev: House) -> None:
    paper = dev.paper()
    paper.answers("post", holds.refused(REFUSED))

    async def cancel() -> None:
        await dev.cancel(paper)

    paper.before("post", cancel)
    end = await dev.carry(paper)
    assert end.state is DocumentState.SKIPPED
    assert [d.decided.value for d in paper.decided] == ["cancel"]
    assert paper.bill is None


async def test_cancel_while_an_edit_is_being_reposted(dev: House) -> None:
    paper = dev.paper(bill="v1", version="v2")

    async def cancel() -> None:
        await dev.cancel(paper)

    paper.before("reverse", cancel)
    end = await dev.carry(paper)
    assert paper.written == ["-v1"]
    assert end.state in (DocumentState.SKIPPED, DocumentState.REVERSED)
    assert paper.tries("post")[-1].argument.take_back
    assert paper.tries("reverse")[0].argument.final is False


async def test_the_course_of_a_cancel_is_the_only_thing_a_take_back_needs(dev: House) -> None:
    paper = dev.paper()
    paper.answers("post", paper.found(Course.REVERSE))
    end = await dev.carry(paper, **BY_LIN)
    assert (end.state, end.skip_reason) == (DocumentState.SKIPPED, SkipReason.BY_PERSON)
    assert paper.tries("post")[0].argument.take_back
