from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from activities.api import Amended, Reversed
from domain import holds
from domain.decisions import GapClosed, Resume, Skip
from domain.documents import DocumentState, HoldReason, SkipReason
from domain.faults import Fault, FaultKind
from tests.workflows.house import SLOW, Handle, House
from tests.workflows.paper import Paper
from workflows.document import DocumentWorkflow

INVALID = holds.source_invalid("items.0.qty", "a number", "x")
SHORT = holds.make(HoldReason.STOCK_SHORT, "缺货", "Short", gap="stock:A")


def _invalid(house: House, times: int = 1) -> Paper:
    paper = house.paper()
    paper.answers("post", *[INVALID] * times)
    return paper


def _type(error: WorkflowUpdateFailedError) -> str | None:
    assert isinstance(error.cause, ApplicationError)
    return error.cause.type


# ── resume ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_resume_by_signal_does_what_the_update_does(house: House) -> None:
    paper = _invalid(house)
    handle = await house.hold(paper)
    await handle.signal(DocumentWorkflow.resume_by_signal, Resume(actor="lin", reason="from Web UI"))
    assert (await house.end(handle)).state is DocumentState.POSTED
    assert [(d.decided.value, d.actor, d.reason) for d in paper.decided] == [("resume", "lin", "from Web UI")]


@pytest.mark.parametrize("step", ["decide", "amend"])
async def test_what_is_said_is_in_history_before_it_is_put_on_record(dev: House, step: str) -> None:
    """An update that was only heard is lost with the worker; then nothing of it may be on record."""
    paper = _invalid(dev)
    handle = await dev.hold(paper)
    seen: list[EventType.ValueType] = []

    async def look() -> None:
        seen.extend(event.event_type for event in (await handle.fetch_history()).events)

    paper.before(step, look)
    await (dev.resume(paper) if step == "decide" else dev.amend(paper))
    await dev.end(handle)
    assert EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED in seen


async def test_resume_by_signal_before_the_hold_is_forgotten(dev: House) -> None:
    paper = dev.paper()
    paper.answers("post", SHORT)

    async def too_early() -> None:
        await dev.handle(paper).signal(DocumentWorkflow.resume_by_signal, Resume(actor="lin"))

    paper.before("post", too_early)
    handle = await dev.hold(paper)
    assert paper.decided == []
    await dev.resume(paper)
    await dev.end(handle)


async def test_resume_with_refetch_reads_the_source_first(house: House) -> None:
    paper = _invalid(house)

    async def corrected() -> None:
        paper.version = "v2"

    paper.before("fetch", corrected)
    handle = await house.hold(paper)
    await house.resume(paper, refetch=True)
    end = await house.end(handle)
    assert paper.steps[1:] == ["hold", "decide", "fetch", "post"]
    assert end.version == "v2"


async def test_resume_whose_refetch_fails_goes_on_with_what_is_stored(dev: House) -> None:
    paper = _invalid(dev)
    paper.answers("fetch", Fault(FaultKind.EXPIRED, system="jushuitan", code="token", message="过期"))
    handle = await dev.hold(paper)
    await dev.resume(paper, refetch=True)
    assert (await dev.end(handle)).state is DocumentState.POSTED


async def test_resume_that_changes_nothing_leads_back_into_the_hold(dev: House) -> None:
    paper = _invalid(dev, times=2)
    handle = await dev.hold(paper)
    await dev.resume(paper)
    await dev.until_held(paper, 2)
    assert paper.recorded == [INVALID, INVALID]
    await dev.resume(paper)
    await dev.end(handle)


# ── amend ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_amend_lets_it_go_on_with_the_corrected_version(house: House) -> None:
    paper = _invalid(house)
    handle = await house.hold(paper)
    assert (await house.amend(paper)).accepted
    end = await house.end(handle)
    assert end.version == "amended-1"
    assert paper.written == ["+amended-1"]
    amended = paper.tries("amend")[0].argument
    assert (amended.actor, amended.reason, amended.corrections) == ("lin", "typing error", {"items.0.qty": "3"})
    assert [d.decided.value for d in paper.decided] == ["amend"]


async def test_an_invalid_correction_fails_the_update_and_nothing_else(house: House) -> None:
    paper = _invalid(house)
    paper.answers("amend", Amended(field="items.0.qty", expected="a number"))
    handle = await house.hold(paper)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await house.amend(paper)
    assert _type(refused.value) == "InvalidCorrection"
    assert "items.0.qty" in str(refused.value.cause)
    assert (await handle.query(DocumentWorkflow.status)).hold == INVALID
    assert paper.decided == []
    await house.amend(paper)
    assert (await house.end(handle)).state is DocumentState.POSTED


async def test_a_correction_that_fails_in_our_own_code_fails_the_update_and_it_stays_held(dev: House) -> None:
    paper = _invalid(dev)
    paper.answers("amend", KeyError("items"))
    handle = await dev.hold(paper)
    with pytest.raises(WorkflowUpdateFailedError):
        await dev.amend(paper)
    assert (await handle.query(DocumentWorkflow.status)).state is DocumentState.HELD
    await dev.amend(paper)
    assert (await dev.end(handle)).state is DocumentState.POSTED


async def test_nothing_to_correct_is_refused_before_any_step(dev: House) -> None:
    paper = _invalid(dev)
    handle = await dev.hold(paper)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await dev.amend(paper, corrections={})
    assert _type(refused.value) == "InvalidCorrection"
    assert paper.count("amend") == 0
    await dev.resume(paper)
    await dev.end(handle)


async def test_a_correction_still_being_written_when_the_document_is_posted_is_posted_too(dev: House) -> None:
    """The gap closes while a person's correction is on its way to the store: the older version is posted meanwhile."""
    paper = dev.paper()
    paper.answers("post", SHORT)
    handle = await dev.hold(paper, task_timeout=SLOW)

    async def free_it_and_wait_until_its_posting_is_heard_of() -> None:
        await handle.signal(DocumentWorkflow.gap_closed, GapClosed(gap="stock:A"))
        while await _vendor_steps_done(handle) < 2:
            await dev.heard(paper)
        await dev.heard(paper)

    paper.before("amend", free_it_and_wait_until_its_posting_is_heard_of)
    await dev.amend(paper)
    end = await dev.end(handle)
    assert end.version == "amended-1"
    assert paper.written == ["+v1", "-v1", "+amended-1"]


async def _vendor_steps_done(handle: Handle) -> int:
    events = (await handle.fetch_history()).events
    return len([event for event in events if event.event_type == EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED])


async def test_two_persons_cannot_correct_at_the_same_time(dev: House) -> None:
    paper = _invalid(dev)
    handle = await dev.hold(paper)
    answers = await asyncio.gather(dev.amend(paper), dev.amend(paper), return_exceptions=True)
    assert len([a for a in answers if not isinstance(a, BaseException)]) == 1
    assert len([a for a in answers if isinstance(a, WorkflowUpdateFailedError | RPCError)]) == 1
    await dev.end(handle)
    assert paper.count("amend") == 1
    assert paper.written == ["+amended-1"]


# ── skip ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_skip_ends_it_without_a_bill(house: House) -> None:
    paper = _invalid(house)
    handle = await house.hold(paper)
    await house.skip(paper)
    end = await house.end(handle)
    assert (end.state, end.skip_reason, end.version) == (DocumentState.SKIPPED, SkipReason.BY_PERSON, "v1")
    assert paper.written == []
    assert [(d.decided.value, d.actor, d.reason) for d in paper.decided] == [("skip", "lin", "posted by hand")]


@pytest.mark.parametrize("reason", ["", "  ", "　"])
async def test_skip_needs_a_reason(dev: House, reason: str) -> None:
    paper = _invalid(dev)
    handle = await dev.hold(paper)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await dev.skip(paper, reason)
    assert _type(refused.value) == "ReasonMissing"
    await dev.skip(paper)
    await dev.end(handle)


async def test_what_is_not_held_is_neither_skipped_nor_amended(dev: House) -> None:
    paper = dev.paper()
    refused: list[str | None] = []

    async def try_all() -> None:
        for decide in (dev.skip, dev.amend, dev.resume):
            with pytest.raises(WorkflowUpdateFailedError) as error:
                await decide(paper)
            refused.append(_type(error.value))

    paper.before("post", try_all)
    await dev.carry(paper)
    assert refused == ["NotHeld"] * 3
    assert paper.steps == ["post"]


async def test_a_document_that_has_ended_takes_no_decision(dev: House) -> None:
    paper = dev.paper()
    await dev.carry(paper)
    for decide in (dev.skip, dev.amend, dev.resume, dev.cancel):
        with pytest.raises(RPCError) as refused:
            await decide(paper)
        assert refused.value.status is RPCStatusCode.NOT_FOUND


async def test_a_skipped_document_whose_source_changes_at_that_moment_is_looked_at_again(house: House) -> None:
    paper = _invalid(house)
    handle = await house.hold(paper)

    async def edit() -> None:
        await house.edit(paper, "v2")

    paper.after("decide", edit)
    with suppress(RPCError):
        # The server may take the end of the workflow back for the news' sake, and the answer to the person with it.
        await house.skip(paper)
    end = await house.end(handle)
    assert end.state is DocumentState.POSTED
    assert paper.written == ["+v2"]


async def test_a_skip_after_lost_replies_takes_out_what_may_have_been_written(hasty: House) -> None:
    paper = hasty.paper()

    async def lose_the_reply() -> None:
        raise Fault(FaultKind.TRANSIENT, system="galaxy", code="timeout", message="no answer")

    paper.after("post", *[lose_the_reply] * 3)
    handle = await hasty.hold(paper)
    seen: list[object] = []

    async def look() -> None:
        seen.append((await handle.query(DocumentWorkflow.status)).state)
        with pytest.raises(WorkflowUpdateFailedError) as refused:
            await hasty.resume(paper)
        seen.append(_type(refused.value))

    paper.before("reverse", look)
    await hasty.skip(paper)
    end = await hasty.end(handle)
    assert end.state is DocumentState.REVERSED
    assert paper.written == ["+v1", "-v1"]
    assert seen == [DocumentState.RUNNING, "NotHeld"], "while the bill is taken out it is not held any more"
    argument = paper.tries("reverse")[0].argument
    assert (argument.by_person, argument.actor, argument.reason) == (True, "lin", "posted by hand")


async def test_a_skip_whose_bill_cannot_be_taken_out_waits_and_can_end_with_the_bill(hasty: House) -> None:
    paper = hasty.paper()
    paper.attempted = "v1"
    refused = Fault(FaultKind.REFUSED, system="galaxy", code="closed", message="已结账")
    stuck = Reversed(existed=True, hold=holds.reversal_refused("KP-1", refused))
    paper.answers("post", SHORT)
    paper.answers("reverse", stuck)
    handle = await hasty.hold(paper)
    paper.bill = "v1"
    await hasty.skip(paper)
    status = await hasty.until_held(paper, 2)
    assert status.hold == stuck.hold
    assert [d.decided.value for d in paper.decided] == ["skip"]
    await hasty.skip(paper)
    assert (await hasty.end(handle)).state is DocumentState.POSTED
    assert paper.bill == "v1"


# ── only one decision counts ────────────────────────────────────────────────────────────────────────────────────────


async def test_of_two_decisions_at_once_one_counts_and_the_other_is_told_so(dev: House) -> None:
    paper = _invalid(dev)
    handle = await dev.hold(paper)
    answers = await asyncio.gather(dev.skip(paper), dev.resume(paper), return_exceptions=True)
    accepted = [a for a in answers if not isinstance(a, BaseException)]
    end = await dev.end(handle)
    assert len(accepted) == 1
    skipped = not isinstance(answers[0], BaseException)
    assert end.state is (DocumentState.SKIPPED if skipped else DocumentState.POSTED)
    assert paper.written == ([] if skipped else ["+v1"])


@pytest.mark.parametrize("late", ["skip", "resume"])
async def test_a_decision_that_comes_while_another_is_put_on_record_is_refused(dev: House, late: str) -> None:
    """The store is slow, so the first decision is on its way to the record when the second person decides."""
    paper = _invalid(dev)
    handle = await dev.hold(paper, task_timeout=SLOW)
    answered = asyncio.Event()
    refused: list[str | None] = []

    async def second_person() -> None:
        argument = Skip(actor="wu", reason="mine") if late == "skip" else Resume(actor="wu")
        try:
            await handle.execute_update(late, argument)
        except WorkflowUpdateFailedError as error:
            refused.append(_type(error))
        answered.set()

    second: list[asyncio.Task[None]] = []

    async def store_is_slow() -> None:
        # The server hands the second update on with the next heartbeat of the workflow task, which this step holds up.
        second.append(asyncio.create_task(second_person()))
        await answered.wait()

    paper.before("decide", store_is_slow)
    await dev.resume(paper)
    end = await dev.end(handle)
    await second[0]
    assert refused == ["NotHeld"]
    assert end.state is DocumentState.POSTED
    assert [(d.decided.value, d.actor) for d in paper.decided] == [("resume", "lin")]


async def test_a_signal_does_not_overrule_a_decision_that_was_accepted(dev: House) -> None:
    paper = _invalid(dev)
    paper.answers("post", SHORT)
    handle = await dev.hold(paper, task_timeout=SLOW)

    async def resume_too_while_the_store_is_slow() -> None:
        await handle.signal(DocumentWorkflow.resume_by_signal, Resume(actor="wu"))
        await dev.heard(paper)

    paper.before("decide", resume_too_while_the_store_is_slow)
    await dev.resume(paper)
    await dev.until_held(paper, 2)
    assert [(d.decided.value, d.actor) for d in paper.decided] == [("resume", "lin")]
    await dev.skip(paper)
    assert (await dev.end(handle)).state is DocumentState.SKIPPED
