from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from temporalio import activity
from temporalio.client import WorkflowFailureError
from temporalio.exceptions import CancelledError

from activities.api import Reversed
from domain import holds
from domain.decisions import GapClosed
from domain.documents import DocumentState, HoldReason
from domain.faults import Fault, FaultKind
from tests.workflows.house import LONG_HISTORY, Handle, House
from tests.workflows.paper import Paper
from workflows import attributes
from workflows.document import DocumentWorkflow

SHORT = holds.make(HoldReason.STOCK_SHORT, "缺货", "Short", gap="stock:A")
DOWN = Fault(FaultKind.TRANSIENT, system="galaxy", code="timeout", message="no answer")


# ── days ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_person_answers_on_the_third_day(skipping: House) -> None:
    paper = skipping.paper()
    paper.answers("post", SHORT)
    handle = await skipping.hold(paper)
    before = len(paper.calls)
    await skipping.env.sleep(timedelta(days=3))
    assert (await handle.query(DocumentWorkflow.status)).state is DocumentState.HELD
    assert len(paper.calls) == before, "waiting costs nothing"
    await skipping.resume(paper)
    assert (await skipping.end(handle)).state is DocumentState.POSTED


# ── a history that grows long while waiting ─────────────────────────────────────────────────────────────────────────


async def _wait_into_a_new_run(house: House, paper: Paper) -> None:
    """Say things that free nothing until the server suggests a fresh history and the workflow has taken one."""
    handle = house.handle(paper)
    run = (await handle.describe()).run_id
    nothing = GapClosed(gap="none of ours")
    await asyncio.gather(*(handle.signal(DocumentWorkflow.gap_closed, nothing) for _ in range(LONG_HISTORY)))
    while (await handle.describe()).run_id == run:
        await handle.query(DocumentWorkflow.status)
    assert (await handle.query(DocumentWorkflow.status)).state is DocumentState.HELD


async def _long_held(house: House) -> tuple[Paper, Handle]:
    paper = house.paper()
    paper.answers("post", SHORT)
    handle = await house.hold(paper)
    await _wait_into_a_new_run(house, paper)
    return paper, handle


async def test_a_new_run_waits_in_the_same_hold_and_goes_on_when_resumed(dev: House) -> None:
    paper, handle = await _long_held(dev)
    status = await handle.query(DocumentWorkflow.status)
    assert (status.hold, status.version) == (SHORT, "v1")
    assert paper.steps == ["post", "hold"], "a new run looks at nothing and records nothing"
    description = await handle.describe()
    fields = description.typed_search_attributes
    assert fields[attributes.DOCUMENT_STATE] == "held"
    assert fields[attributes.HOLD_REASON] == "stock_short"
    assert list(fields[attributes.GAP]) == ["stock:A"]
    assert fields[attributes.SOURCE_NO] == paper.key.number
    await dev.resume(paper)
    assert (await dev.end(handle)).state is DocumentState.POSTED
    assert paper.written == ["+v1"]
    fields = (await handle.describe()).typed_search_attributes
    assert not fields.get(attributes.HOLD_REASON)
    assert not fields.get(attributes.GAP)


async def test_a_skip_in_a_new_run_is_the_end(dev: House) -> None:
    paper, handle = await _long_held(dev)
    await dev.skip(paper)
    assert (await dev.end(handle)).state is DocumentState.SKIPPED
    assert paper.steps[-1] == "decide", "nobody looks at it again"
    assert paper.written == []


async def test_a_gap_closed_in_a_new_run_frees_it(dev: House) -> None:
    paper, handle = await _long_held(dev)
    await handle.signal(DocumentWorkflow.gap_closed, GapClosed(gap="stock:A"))
    assert (await dev.end(handle)).state is DocumentState.POSTED
    assert paper.written == ["+v1"]


async def test_an_edit_in_a_new_run_is_told_from_the_version_it_was_held_with(dev: House) -> None:
    paper, handle = await _long_held(dev)
    await dev.edit(paper, "v1")
    assert (await handle.query(DocumentWorkflow.status)).state is DocumentState.HELD
    await dev.edit(paper, "v2")
    assert (await dev.end(handle)).version == "v2"


async def test_a_cancel_the_erp_refused_is_still_a_cancel_in_a_new_run(dev: House) -> None:
    paper = dev.paper(bill="v1")
    fault = Fault(FaultKind.REFUSED, system="galaxy", code="period_closed", message="已结账")
    paper.answers("reverse", Reversed(existed=True, hold=holds.reversal_refused("KP-1", fault)))
    handle = await dev.hold(paper, take_back=True, actor="lin", reason="twice")
    await _wait_into_a_new_run(dev, paper)
    await dev.resume(paper)
    assert (await dev.end(handle)).state is DocumentState.REVERSED
    assert paper.written == ["-v1"]
    last = paper.tries("reverse")[-1].argument
    assert (last.by_person, last.actor, last.reason) == (True, "lin", "twice")


async def test_a_cancel_said_while_waiting_counts_in_the_new_run(dev: House) -> None:
    paper, handle = await _long_held(dev)
    await dev.cancel(paper)
    assert (await dev.end(handle)).state is DocumentState.SKIPPED
    assert paper.written == []


# ── somebody ends the workflow in Web UI ────────────────────────────────────────────────────────────────────────────


async def _ends_cancelled(house: House, handle: Handle) -> bool:
    with pytest.raises(WorkflowFailureError) as ended:
        await house.end(handle)
    return isinstance(ended.value.cause, CancelledError)


async def test_ended_in_web_ui_while_held(house: House) -> None:
    paper = house.paper()
    paper.answers("post", SHORT)
    handle = await house.hold(paper)
    await handle.cancel()
    assert await _ends_cancelled(house, handle)
    assert paper.written == []


async def test_a_document_whose_workflow_was_ended_is_carried_by_a_new_one(dev: House) -> None:
    paper = dev.paper()
    paper.answers("post", SHORT)
    handle = await dev.hold(paper)
    await handle.cancel()
    assert await _ends_cancelled(dev, handle)
    assert (await dev.carry(paper)).state is DocumentState.POSTED
    assert paper.written == ["+v1"]


async def test_ended_in_web_ui_while_a_vendor_is_down(skipping: House) -> None:
    paper = skipping.paper()
    paper.answers("post", *[DOWN] * 3)
    handle = await skipping.start(paper)
    await skipping.env.sleep(timedelta(minutes=6))
    await handle.cancel()
    assert await _ends_cancelled(skipping, handle)
    assert paper.count("post") == 2


@pytest.mark.parametrize("step", ["post", "fetch"])
async def test_ended_in_web_ui_while_a_vendor_is_asked(dev: House, step: str) -> None:
    """It waits for the step to let go, so that nothing is written behind its back, and does not go on after it."""
    paper = dev.paper()

    async def hang() -> None:
        await dev.handle(paper).cancel()
        # Each beat asks the server whether the step is still wanted.
        while not activity.is_cancelled():
            activity.heartbeat(0)
            await asyncio.sleep(0.01)

    if step == "fetch":
        paper.answers("post", SHORT)
    paper.before(step, hang)
    handle = await dev.start(paper)
    if step == "fetch":
        await dev.until_held(paper)
        await dev.resume(paper, refetch=True)
    assert await _ends_cancelled(dev, handle)
    assert paper.steps[-1] == step
    assert paper.written == []
